"""The steps of a walk, read and checked beside the work of this thread.

A small file is checked by a thread that is a block ahead. A big one is worth a process of its own:
then this one has the database to itself.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from crmadmin.imports.common import Unnamed
from crmadmin.imports.pipeline import parallel
from crmadmin.imports.pipeline.blocks import Part, Step, Walk
from crmadmin.imports.pipeline.prefetch import Fetching, Outlook, ahead
from crmadmin.imports.reader import Reading
from crmadmin.imports.records import Block, FileRefused

APART_BYTES = 1024 * 1024
"""Files from this size on are checked by a process of their own."""


def steps(
    walk: Walk,
    reading: Reading,
    unnamed: Unnamed,
    size: int,
    *,
    checkpoint: int = 0,
    making: bool = False,
) -> Fetching[Step]:
    """The steps of the file, none of which reaches over the checkpoint; close it to end them.

    `size` is the file's, in bytes. With `making` derived columns are made there as well.
    """
    outlook = Outlook()
    found = _steps(walk, reading, unnamed, size, outlook, checkpoint=checkpoint, making=making)
    return Fetching(found, outlook)


def _steps(
    walk: Walk,
    reading: Reading,
    unnamed: Unnamed,
    size: int,
    outlook: Outlook,
    *,
    checkpoint: int,
    making: bool,
) -> Generator[Step, None, None]:
    blocks = unnamed.watch(_split(reading.blocks, checkpoint))
    if parallel.IS_POSSIBLE and size >= APART_BYTES:
        parts = _apart(walk, reading, unnamed, blocks, outlook, making=making)
    else:
        parts = ahead(walk.parts(blocks), outlook)
    try:
        for part in parts:
            yield walk.step(part)
    finally:
        parts.close()


def _apart(
    walk: Walk,
    reading: Reading,
    unnamed: Unnamed,
    blocks: Iterator[Block],
    outlook: Outlook,
    *,
    making: bool,
) -> Generator[Any, None, None]:
    def make() -> Iterator[Part]:
        for part in walk.parts(blocks, making=making):
            part.pack()
            yield part

    def last() -> tuple[Any, ...]:
        return reading.last, unnamed.found, walk.validator.unfamiliar

    try:
        end, unnamed.found, walk.validator.unfamiliar = yield from parallel.apart(
            make, last, [reading.pipe], outlook
        )
    except FileRefused as refusal:
        raise reading.explained(refusal) from None
    reading.taken_apart(end)


def _split(blocks: Iterator[Block], checkpoint: int) -> Iterator[Block]:
    """The blocks, none of which reaches over the checkpoint."""
    for block in blocks:
        numbers, columns = block
        if not numbers[0] <= checkpoint < numbers[-1]:
            yield block
            continue
        cut = sum(number <= checkpoint for number in numbers)
        yield Block(numbers[:cut], [column[:cut] for column in columns])
        yield Block(numbers[cut:], [column[cut:] for column in columns])
