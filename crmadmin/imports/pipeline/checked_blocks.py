"""Blocks that are read and checked ahead, beside the work of this thread.

A small file is checked by a thread that is a block ahead. A big one is worth a process of its own:
then this one has the database to itself.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from crmadmin.imports.common import Unnamed
from crmadmin.imports.pipeline import parallel
from crmadmin.imports.pipeline.blocks import CheckedBlock, Pipeline, PlannedBlock
from crmadmin.imports.pipeline.prefetch import Prefetched, Readiness, prefetch
from crmadmin.imports.reader import Reading
from crmadmin.imports.records import Block, FileRefused

FORK_BYTES = 1024 * 1024
"""Files from this size on are checked by a process of their own."""


def prefetched(
    pipeline: Pipeline,
    reading: Reading,
    unnamed: Unnamed,
    size: int,
    *,
    checkpoint: int = 0,
    making: bool = False,
) -> Prefetched[PlannedBlock]:
    """The blocks of the file, none of which reaches over the checkpoint; close it to end them.

    `size` is the file's, in bytes. With `making` derived columns are made there as well.
    """
    readiness = Readiness()
    found = _prepared(
        pipeline, reading, unnamed, size, readiness, checkpoint=checkpoint, making=making
    )
    return Prefetched(found, readiness)


def _prepared(
    pipeline: Pipeline,
    reading: Reading,
    unnamed: Unnamed,
    size: int,
    readiness: Readiness,
    *,
    checkpoint: int,
    making: bool,
) -> Generator[PlannedBlock, None, None]:
    blocks = unnamed.watch(_split(reading.blocks, checkpoint))
    if parallel.IS_POSSIBLE and size >= FORK_BYTES:
        checked = _forked(pipeline, reading, unnamed, blocks, readiness, making=making)
    else:
        checked = prefetch(pipeline.check(blocks), readiness)
    try:
        for checked_block in checked:
            yield pipeline.unpack(checked_block)
    finally:
        checked.close()


def _forked(
    pipeline: Pipeline,
    reading: Reading,
    unnamed: Unnamed,
    blocks: Iterator[Block],
    readiness: Readiness,
    *,
    making: bool,
) -> Generator[Any, None, None]:
    def make() -> Iterator[CheckedBlock]:
        for checked_block in pipeline.check(blocks, making=making):
            checked_block.pack()
            yield checked_block

    def last() -> tuple[Any, ...]:
        return reading.last, unnamed.found, pipeline.validator.unfamiliar

    try:
        end, unnamed.found, pipeline.validator.unfamiliar = yield from parallel.forked(
            make, last, [reading.pipe], readiness
        )
    except FileRefused as refusal:
        raise reading.explained(refusal) from None
    reading.read_elsewhere(end)


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
