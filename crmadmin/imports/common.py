"""What looking at a file and carrying it out have in common.

Noting what opening it found out, which columns go nowhere, and the group to be filled.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext as _

from crmadmin.core import records as core_records
from crmadmin.core.db import db
from crmadmin.core.text import shorten, text
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports import queries
from crmadmin.imports.kinds import ImportKind
from crmadmin.imports.models import ImportBatch, ImportChange
from crmadmin.imports.pipeline.ledger import Tally
from crmadmin.imports.pipeline.mapping import ColumnMap, heading_words
from crmadmin.imports.reader import Reading
from crmadmin.imports.records import Block, FileRefused
from crmadmin.imports.source import OpenedFile, remembered
from crmadmin.spreadsheets.parts import column_letters


def note_source(batch: ImportBatch, kind: ImportKind, source: OpenedFile) -> None:
    """What was found out by opening the file."""
    reading = source.reading
    batch.sheet, batch.header_row = reading.sheet[:255], reading.header.number
    known = {head["sheet"]: head for head in batch.heads or ()}
    known.update({head["sheet"]: head for head in source.heads})
    batch.heads = list(known.values())
    if "values" not in batch.options:
        memory = remembered(batch.user_id, kind, reading.header.cells)
        batch.options = {**batch.options, "values": dict(memory.values) if memory else {}}
    batch.options = {**batch.options, "mapped": source.how}
    batch.columns = source.column_map.to_dict()


class Unnamed:
    """Which columns without a heading hold values: they are named in the report."""

    def __init__(self, reading: Reading) -> None:
        cells = reading.header.cells
        self._named = {i for i, cell in enumerate(cells) if heading_words(cell)}
        self.found: set[int] = set()

    def watch(self, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            for index, column in enumerate(block.columns):
                is_told = index in self._named or index in self.found
                if not is_told and any(cell is not None for cell in column):
                    self.found.add(index)
            yield block

    def letters(self, mapped: ColumnMap) -> tuple[str, ...]:
        used = set(mapped.fields.values())
        return tuple(column_letters(i) for i in sorted(self.found - used))


def note_columns(batch: ImportBatch, found: ColumnMap, unnamed: Unnamed) -> None:
    letters = unnamed.letters(found)
    batch.columns = ColumnMap(found.fields, found.headings, found.ignored, letters).to_dict()


def require_rows(reading: Reading, tally: Tally) -> None:
    if not tally.total:
        raise FileRefused("no_rows", sheet=shorten(reading.sheet))


def find_group(batch: ImportBatch) -> None:
    """Note the group of the chosen name, if there is one by now."""
    name = batch.options.get("group_name")
    if batch.group_id is None and name:
        group = queries.group_called(name)
        batch.group_id = group.id if group is not None else None


def ensure_group(batch: ImportBatch) -> None:
    """Make the group that the rows are to fill, if there is none of that name."""
    find_group(batch)
    name = batch.options.get("group_name")
    if batch.group_id is None and name:
        words = _("Imported from %(file)s", file=batch.file_name)
        try:
            group = core_records.create(CustomerGroup, {"name": text(name), "description": words})
        except core_records.Invalid:
            # Somebody made it since it was looked for.
            find_group(batch)
        else:
            batch.group_id = group.id
            made = ImportChange(
                batch_id=batch.id, target=CustomerGroup.__name__, record_id=group.id
            )
            db.session.add(made)
    db.session.flush()
