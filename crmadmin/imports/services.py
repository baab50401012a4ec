"""What is done with one import: keep its file, read it, preview it, run it.

Each step commits. Nothing but the import's own tables is written before `run`. Where the work is
done (at once, or by a worker) is the caller's choice; an import remembers all it needs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import update

from crmadmin.access.models import User
from crmadmin.core import records as core_records
from crmadmin.core.db import acting_as, db, utcnow
from crmadmin.core.text import code, code_key, shorten, text
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports import ledger, queries, report
from crmadmin.imports.keeping import forget_old_files
from crmadmin.imports.kinds import KINDS, Kind
from crmadmin.imports.load import Loader, Race
from crmadmin.imports.mapping import ColumnMap, column_letter, find_header, heading_words, match
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.reader import Head, Limits, Reading, open_sheet
from crmadmin.imports.reader.limits import MEBIBYTE
from crmadmin.imports.records import CellError, FileRefused, Row, Rules, State, Status
from crmadmin.imports.walk import Step, Walk

COPY_BYTES = 1024 * 1024
STAGE_ROWS = 5000
RACES = 5
"""How often one batch is planned anew because somebody else wrote the same records."""


class FileTooLarge(ValueError):
    """The upload is larger than the setting allows; nothing of it is kept."""


class BadState(RuntimeError):
    """The import cannot do that where it stands, such as run twice."""


def uploads_folder() -> Path:
    """Where uploaded files are kept; for nobody but the application to read."""
    folder: Path = current_app.config["SETTINGS"].instance / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def create_batch(
    stream: IO[bytes],
    file_name: str,
    kind: Kind,
    rules: Rules,
    user: User,
    *,
    group: CustomerGroup | None = None,
    group_name: str | None = None,
) -> ImportBatch:
    """Keep an uploaded file and what was chosen for it. Raises FileTooLarge.

    The rows fill `group`, or the group called `group_name`, which `run` makes if there is none.
    """
    if group is None and group_name:
        group = queries.group_called(group_name)
    forget_old_files(uploads_folder())
    path, size, digest = _keep(stream, Path(file_name).suffix)
    options: dict[str, Any] = rules.to_dict()
    if group is None and group_name:
        options["group_name"] = group_name
    batch = ImportBatch(
        kind=kind.name,
        status=Status.UPLOADED.value,
        file_name=(text(Path(file_name).name) or "?")[:255],
        file_path=path.name,
        file_size=size,
        digest=digest,
        options=options,
        columns={},
        planned={},
        counts={},
        group_id=group.id if group is not None else None,
        user_id=user.id,
    )
    db.session.add(batch)
    db.session.commit()
    return batch


def _keep(stream: IO[bytes], suffix: str) -> tuple[Path, int, str]:
    """Copy the upload under a name of our own; the sender's is never part of a path."""
    suffix = suffix.lower() if suffix[1:].isalnum() and len(suffix) <= 6 else ""
    path = uploads_folder() / f"{secrets.token_hex(16)}{suffix}"
    limit = current_app.config["SETTINGS"].upload_max_bytes
    digest, size = hashlib.sha256(), 0
    path.touch(mode=0o600)
    try:
        with path.open("wb") as kept:
            while data := stream.read(COPY_BYTES):
                size += len(data)
                if size > limit:
                    raise FileTooLarge
                digest.update(data)
                kept.write(data)
    except BaseException:
        path.unlink()
        raise
    return path, size, digest.hexdigest()


def prepare(batch: ImportBatch) -> None:
    """Read the file into the ledger. A file that cannot be imported ends as `refused`."""
    kind = KINDS[batch.kind]
    ledger.clear(batch.id)
    db.session.commit()
    limits = Limits(memory=current_app.config["SETTINGS"].reader_max_mb * MEBIBYTE)

    def choose(head: Head) -> int | None:
        return find_header(head.rows, kind.columns, kind.key_columns)

    try:
        with open_sheet(uploads_folder() / str(batch.file_path), choose, limits) as reading:
            _stage(batch, kind, reading)
    except FileRefused as refusal:
        db.session.rollback()
        ledger.clear(batch.id)
        batch.status = Status.REFUSED.value
        batch.refusal = {"code": refusal.code, "params": refusal.params}
        batch.finished_at = utcnow()
        db.session.commit()


def _stage(batch: ImportBatch, kind: Kind, reading: Reading) -> None:
    column_map = match(reading.header.cells, kind.columns)
    named = {i for i, cell in enumerate(reading.header.cells) if heading_words(cell)}
    unnamed: set[int] = set()
    code_at = column_map.fields.get("code", -1)
    last = reading.header.number
    waiting: list[tuple[Row, str | None]] = []
    blank: list[int] = []
    for row in reading.rows:
        blank.extend(range(last + 1, row.number))
        last = row.number
        unnamed.update(i for i, c in enumerate(row.cells) if c is not None and i not in named)
        waiting.append((row, key_of(row, code_at)))
        if len(waiting) + len(blank) >= STAGE_ROWS:
            ledger.stage(batch.id, waiting, blank)
            db.session.commit()
            waiting, blank = [], []
    if last == reading.header.number:
        raise FileRefused("no_rows", sheet=shorten(reading.sheet))
    ledger.stage(batch.id, waiting, blank)
    letters = tuple(column_letter(i) for i in sorted(unnamed))
    batch.columns = ColumnMap(
        column_map.fields, column_map.headings, column_map.ignored, letters
    ).to_dict()
    batch.sheet = reading.sheet[:255]
    batch.header_row = reading.header.number
    db.session.commit()


def key_of(row: Row, code_at: int) -> str | None:
    """The code of a row as it is compared, cut to what the ledger keeps."""
    cell = row.cells[code_at] if 0 <= code_at < len(row.cells) else None
    written = None if isinstance(cell, CellError) else code(cell)
    return code_key(written)[:64] if written else None


def preview(batch: ImportBatch) -> report.Report:
    """Say what the run would do; writes the import's own ledger only."""
    if not _is_read(batch):
        prepare(batch)
    if batch.status == Status.REFUSED:
        return report.build(batch)
    _find_group(batch)
    with _working(batch) as walk:
        for step in walk.steps():
            ledger.record(batch.id, step.fates, step.cells, done=False)
            db.session.commit()
    batch.status = Status.PREVIEWED.value
    batch.planned = report.counts(batch.id, ImportRow.planned)
    db.session.commit()
    return report.build(batch)


def run(batch: ImportBatch, *, strict: bool | None = None) -> report.Report:
    """Carry the import out. Raises BadState when it was carried out before.

    With the rule `strict` a single invalid row stops it with nothing written; the argument
    replaces what was chosen at the upload.
    """
    if strict is not None:
        batch.options = {**batch.options, "strict": strict}
    rules = Rules.from_mapping(batch.options)
    if not _is_read(batch):
        prepare(batch)
    if batch.status == Status.REFUSED:
        return report.build(batch)
    if not _claim(batch):
        raise BadState(batch.status)
    try:
        is_done = _write_whole(batch) if rules.strict else _write(batch)
    except BaseException:
        # What was committed stands and is found again as existing: the import can be run anew.
        db.session.rollback()
        _set_status(batch, Status.PREVIEWED)
        raise
    if not is_done:
        preview(batch)
        _set_status(batch, Status.STOPPED)
        return report.build(batch)
    batch.counts = report.counts(batch.id, ImportRow.state)
    batch.finished_at = utcnow()
    _set_status(batch, Status.DONE)
    return report.build(batch)


def _is_read(batch: ImportBatch) -> bool:
    return batch.header_row is not None or batch.status == Status.REFUSED


def _set_status(batch: ImportBatch, status: Status) -> None:
    batch.status = status.value
    db.session.commit()


def _claim(batch: ImportBatch) -> bool:
    """Take the import for this process alone; False when it runs or has run already."""
    ready = (Status.UPLOADED.value, Status.PREVIEWED.value, Status.STOPPED.value)
    claimed: Any = db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.status.in_(ready))
        .values(status=Status.RUNNING.value)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    db.session.refresh(batch)
    return bool(claimed.rowcount)


@contextmanager
def _working(batch: ImportBatch) -> Iterator[Walk]:
    """A walk through the rows, with everything written inside stamped as the importer's."""
    user = db.session.get(User, batch.user_id) if batch.user_id is not None else None
    if user is None:
        raise BadState("the importer is gone")
    with acting_as(user.id):
        yield Walk(KINDS[batch.kind], batch, user)


def _write(batch: ImportBatch) -> bool:
    """Write the good rows, one transaction for each batch of them."""
    with _working(batch) as walk:
        _ensure_group(batch)
        db.session.commit()
        loader = Loader(KINDS[batch.kind], batch)
        for step in walk.steps(lock=True):
            _write_step(batch, walk, loader, step)
    return True


def _write_step(batch: ImportBatch, walk: Walk, loader: Loader, step: Step) -> None:
    """Write one batch of rows; plan it anew when somebody else wrote the same records."""
    for _attempt in range(RACES):
        try:
            loader.write(step.fates)
        except Race:
            db.session.rollback()
            walk.journal.roll_back()
            step = walk.plan(step.raw, lock=True)
            continue
        _record(batch, step)
        loader.commit()
        walk.journal.commit()
        return
    raise Race(f"rows up to {step.last} met other writers {RACES} times")


def _write_whole(batch: ImportBatch) -> bool:
    """Write all rows in one transaction, or nothing at all when one is invalid."""
    for _attempt in range(RACES):
        try:
            with _working(batch) as walk:
                _ensure_group(batch)
                loader = Loader(KINDS[batch.kind], batch)
                for step in walk.steps(lock=True):
                    if any(fate.state is State.INVALID for fate in step.fates):
                        db.session.rollback()
                        return False
                    loader.write(step.fates)
                    _record(batch, step)
                loader.commit()
                return True
        except Race:
            db.session.rollback()
    raise Race(f"the whole import met other writers {RACES} times")


def _record(batch: ImportBatch, step: Step) -> None:
    """The ledger and the checkpoint, in the transaction of the rows themselves."""
    ledger.record(batch.id, step.fates, step.cells, done=True)
    db.session.flush()


def _find_group(batch: ImportBatch) -> None:
    """Note the group of the chosen name, if there is one by now."""
    name = batch.options.get("group_name")
    if batch.group_id is None and name:
        group = queries.group_called(name)
        batch.group_id = group.id if group is not None else None


def _ensure_group(batch: ImportBatch) -> None:
    """Make the group that the rows are to fill, if there is none of that name."""
    _find_group(batch)
    name = batch.options.get("group_name")
    if batch.group_id is None and name:
        words = _("Imported from %(file)s", file=batch.file_name)
        try:
            group = core_records.create(CustomerGroup, {"name": text(name), "description": words})
        except core_records.Invalid:
            # Somebody made it since it was looked for.
            _find_group(batch)
        else:
            batch.group_id = group.id
    db.session.flush()
