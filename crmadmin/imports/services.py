"""What is done with one import: keep its file, look at it, match it, run it, take it back.

Each step commits. Nothing but the import's own tables is written before the run. The long work is
`tasks`', worked as jobs; `preview`, `run` and `undo` are for callers that wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm.attributes import flag_modified

from crmadmin.access.models import User
from crmadmin.core.db import db, lost, rows_written
from crmadmin.core.text import text
from crmadmin.groups import filling
from crmadmin.groups.models import CustomerGroup, GroupDraft, GroupStep
from crmadmin.imports import queries, report, source, standing, states
from crmadmin.imports.kinds import KINDS, ImportKind
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline import corrections, ledger
from crmadmin.imports.pipeline.references import decision_key
from crmadmin.imports.pipeline.target import DRAFT
from crmadmin.imports.records import JOBS, PREVIEW, RUN, UNDO, OnUnknown, Rules, State
from crmadmin.imports.source import uploads_folder
from crmadmin.imports.states import Action, Is, Status
from crmadmin.imports.undo import lost as undo_lost
from crmadmin.imports.undo.can_undo import ImportScope
from crmadmin.imports.undo.job import ACCEPTED, LOST
from crmadmin.imports.undo.lost import LostValue
from crmadmin.imports.uploads import keep
from crmadmin.jobs import periodic
from crmadmin.jobs import services as jobs
from crmadmin.jobs.models import Job, JobState


class BadState(RuntimeError):
    """The import cannot do that where it stands, such as run twice."""


class BadMapping(ValueError):
    """The columns cannot be matched like that. `code` is a stable word, `name` the column."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code)
        self.code, self.name = code, name


def create_batch(
    stream: IO[bytes],
    file_name: str,
    kind: ImportKind,
    rules: Rules,
    user: User,
    *,
    group: CustomerGroup | None = None,
    group_name: str | None = None,
    step: GroupStep | None = None,
) -> ImportBatch:
    """Keep an uploaded file and what was chosen for it. Raises keeping.FileTooLarge.

    The rows fill `group`, or the group called `group_name`, which `run` makes if there is none; or
    `step`, one of a draft: its group gets them when that is saved.
    """
    if group is None and group_name:
        group = queries.group_called(group_name)
    periodic.run_where_nobody_else_does()
    path, size, digest = keep(stream, Path(file_name).suffix)
    options: dict[str, object] = rules.to_dict()
    if group is None and group_name:
        options["group_name"] = group_name
    if step is not None:
        options[DRAFT] = db.session.get_one(GroupDraft, step.draft_id).group_id
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
        step_id=step.id if step is not None else None,
        user_id=user.id,
    )
    db.session.add(batch)
    db.session.commit()
    return batch


def start_preview(batch: ImportBatch, *, is_news: bool = True) -> Job:
    """Look at the file anew, as a job: what was read and what would happen. Commits.

    Its end is news for the bell, unless somebody waits for it.
    """
    _require(batch, Action.LOOK)
    running = jobs.active(batch.id, JOBS)
    if running is not None:
        jobs.ask_to_stop(running)
    batch.status = Status.UPLOADED.value
    corrections.set_aside(batch)
    batch.planned, batch.columns, batch.unknown = {}, {}, []
    batch.refusal, batch.header_row, batch.finished_at = None, None, None
    return jobs.enqueue(PREVIEW, batch.id, batch.user_id, is_news=is_news)


def start_run(batch: ImportBatch, *, strict: bool | None = None) -> Job:
    """Carry the import out, as a job. Raises BadState when it was carried out before.

    With the rule `strict` a single invalid row stops it with nothing written; the argument
    replaces what was chosen before.
    """
    if strict is not None:
        batch.options = {**batch.options, "strict": strict}
        db.session.flush()
    if jobs.active(batch.id, PREVIEW) is not None or not _claim(batch):
        raise BadState(batch.status)
    total = (batch.planned or {}).get("rows", {}).get("total")
    return jobs.enqueue(RUN, batch.id, batch.user_id, total=total)


def _claim(batch: ImportBatch) -> bool:
    """Take the import for one run alone; False when it runs or has run already.

    Not committed: the job that carries it out is, with it.
    """
    ready = states.at(Action.RUN_UNSEEN)
    claimed = db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.status.in_(ready))
        .values(status=Status.RUNNING.value)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(batch)
    return rows_written(claimed) > 0


class ValuesLost(RuntimeError):
    """Some old values cannot come back, which whoever asked for the undoing has not been told."""

    def __init__(self, lost: Sequence[LostValue]) -> None:
        super().__init__(", ".join(item.field for item in lost))
        self.lost = tuple(lost)


def start_undo(batch: ImportBatch, user_id: int | None = None, *, accepts: str | None = "") -> Job:
    """Take the import back, as a job, in the name of the user who asks (else the one who imported).

    `accepts` is the `undo.token` of what is known to stay lost; None accepts whatever that is. An
    undoing that failed half-way goes on. Raises BadState when there is nothing to take back, and
    ValuesLost, with nothing done.
    """
    _require(batch, Action.UNDO)
    if jobs.active(batch.id, JOBS) is not None:
        raise BadState(batch.status)
    lost = undo_lost.of(ImportScope.of(batch))
    token = undo_lost.token(lost)
    if accepts is not None and accepts != token:
        db.session.rollback()
        raise ValuesLost(lost)
    if lost:
        told = [{"field": item.field, "rows": item.rows} for item in lost]
        batch.options = {**batch.options, ACCEPTED: token, LOST: told}
    before = jobs.latest(UNDO, batch.id)
    if before is not None and before.checkpoint and jobs.resume(before):
        return before
    return jobs.enqueue(UNDO, batch.id, user_id or batch.user_id)


def preview(batch: ImportBatch) -> report.Report:
    """`start_preview`, worked by this process at once. Raises JobFailed."""
    with jobs.worked_here():
        job = start_preview(batch, is_news=False)
    db.session.refresh(batch)
    _require_success(job)
    if states.is_(batch.status, Is.HEADLESS):
        # Nobody is here who could say which row is the header.
        batch.status = Status.REFUSED.value
        db.session.commit()
    return report.build(batch)


def run(batch: ImportBatch, *, strict: bool | None = None) -> report.Report:
    """`start_run`, worked by this process at once. Raises BadState, JobFailed."""
    with jobs.worked_here():
        job = start_run(batch, strict=strict)
    db.session.refresh(batch)
    _require_success(job)
    return report.build(batch)


def undo(batch: ImportBatch, user_id: int | None = None, *, accepts: str | None = "") -> None:
    """`start_undo`, worked by this process at once. Raises BadState, ValuesLost, JobFailed."""
    with jobs.worked_here():
        job = start_undo(batch, user_id, accepts=accepts)
    db.session.refresh(batch)
    _require_success(job)


class JobFailed(RuntimeError):
    """The work could not be finished; the text says why, for people."""


def _require_success(job: Job) -> None:
    if job.state == JobState.FAILED:
        raise JobFailed(job.error or "")


def stop(batch: ImportBatch) -> None:
    """Ask a running import to stop after the block at hand; what is written stays (Dừng)."""
    job = jobs.active(batch.id, JOBS)
    if job is None:
        return
    jobs.ask_to_stop(job)
    if job.state == JobState.STOPPED and job.task == RUN:
        # It had not begun: nobody else will say so.
        batch.status = Status.PAUSED.value
        db.session.commit()


def resume(batch: ImportBatch) -> None:
    """Go on with a paused import from its checkpoint (Tiếp tục). Raises BadState."""
    job = jobs.latest(RUN, batch.id)
    waits = states.allows(batch.status, Action.RESUME) or states.is_(batch.status, Is.WRITING)
    if not waits or job is None:
        raise BadState(batch.status)
    batch.status = Status.RUNNING.value
    if not jobs.resume(job):
        db.session.refresh(job)
        if job.state not in (JobState.QUEUED, JobState.RUNNING):
            raise BadState(job.state)


def restart(batch: ImportBatch) -> Job:
    """Everything chosen since the upload back to what was proposed, and look again (Làm mới)."""
    _require(batch, Action.LOOK)
    kept = {k: batch.options[k] for k in ("group_name", DRAFT) if k in batch.options}
    batch.options = {**Rules().to_dict(), **kept, "values": {}}
    source.forget(batch, KINDS[batch.kind])
    batch.mapping, batch.heads = None, []
    corrections.forget(batch)
    return start_preview(batch)


def would_look(batch: ImportBatch) -> bool:
    """The same, once what cannot be read is forgotten."""
    return states.allows(_told_status(batch), Action.LOOK)


def can_look(batch: ImportBatch) -> bool:
    """Whether the file may still be looked at anew: nothing of it was written."""
    return states.allows(batch.status, Action.LOOK)


def forget_lost(batch: ImportBatch) -> None:
    """Forget what is stored of an import and cannot be read; look at the file anew, if that may
    be. Commits."""
    for name in lost(batch):
        column = ImportBatch.__table__.columns[name]
        setattr(batch, name, None if column.nullable else column.default.arg(None))
        flag_modified(batch, name)  # what is lost equals what is empty
    batch.status = _told_status(batch)
    for fate in (ImportRow.state, ImportRow.planned):
        forgotten = update(ImportRow).where(*_unknown(batch, fate)).values({fate: None})
        db.session.execute(forgotten.execution_options(synchronize_session=False))
    db.session.commit()
    if can_look(batch):
        start_preview(batch)


def has_unknown_rows(batch: ImportBatch) -> bool:
    """Whether the outcome of some row is a word that another release stored."""
    found = [
        exists().where(*_unknown(batch, fate)) for fate in (ImportRow.state, ImportRow.planned)
    ]
    return bool(db.session.scalar(select(or_(*found))))


def _unknown(batch: ImportBatch, fate: Any) -> tuple[ColumnElement[bool], ...]:
    return ImportRow.batch_id == batch.id, fate.not_in([state.value for state in State])


def _told_status(batch: ImportBatch) -> str:
    """Where an import stands; of one whose stored state nobody knows, by what else is stored."""
    if states.is_known(batch.status):
        return batch.status
    written = exists().where(ImportRow.batch_id == batch.id, ImportRow.state.is_not(None))
    return states.told_by(
        is_undone=batch.undone_at is not None,
        is_refused=batch.refusal is not None,
        has_written=bool(db.session.scalar(select(written))),
        is_finished=batch.finished_at is not None,
    )


def abandon(batch: ImportBatch) -> None:
    """Leave with nothing kept: the import, its ledger and its file go (Bỏ qua). Commits."""
    _require(batch, Action.ABANDON)
    jobs.forget(batch.id, JOBS)
    name = batch.file_path
    ledger.clear(batch.id)
    if batch.step_id is not None:
        filling.forget(batch.step_id)
    db.session.delete(batch)
    db.session.commit()
    if name:
        (uploads_folder() / Path(name).name).unlink(missing_ok=True)


def choose_rules(batch: ImportBatch, rules: Rules) -> Job:
    """Other rules for duplicates, blanks and unknown values; looks again."""
    _require(batch, Action.LOOK)
    batch.options = {**batch.options, **rules.to_dict()}
    return start_preview(batch)


def choose_columns(
    batch: ImportBatch, sheet: str, header: int | None, fields: Mapping[str, int] | None
) -> Job:
    """Another sheet, header row or match of columns, by hand; remembered; looks again.

    `fields` maps import columns to the places of the file's columns from 0; None lets them be
    proposed for that header. Raises BadMapping.
    """
    _require(batch, Action.LOOK)
    kind = KINDS[batch.kind]
    head = next((h for h in batch.heads if h["sheet"] == sheet), None)
    if head is None:
        raise BadMapping("no_such_sheet")
    row = next((r for r in head["rows"] if r[0] == header), None)
    if header is not None and row is None:
        raise BadMapping("no_such_row")
    if fields is not None:
        _check_fields(kind, fields)
        if row is not None:
            source.remember(batch, kind, row[1], fields=fields)
    batch.mapping = {
        "sheet": sheet, "header": header, "fields": None if fields is None else dict(fields)
    }  # fmt: skip
    return start_preview(batch)


def _check_fields(kind: ImportKind, fields: Mapping[str, int]) -> None:
    for name in fields:
        if kind.column(name) is None:
            raise BadMapping("no_such_column", name)
    if kind.key_columns.isdisjoint(fields):
        raise BadMapping("no_key_column")
    places = list(fields.values())
    if len(set(places)) != len(places) or min(places) < 0 or max(places) >= source.HEAD_CELLS:
        raise BadMapping("column_twice")


def decide(batch: ImportBatch, decisions: queries.Decisions) -> Job:
    """What unknown catalog values become: {column: {value: record id | create | blank | error}}.

    Remembered for files like this one; looks again. Raises BadMapping.
    """
    _require(batch, Action.LOOK)
    kind = KINDS[batch.kind]
    user = db.session.get(User, batch.user_id) if batch.user_id is not None else None
    values = {name: dict(said) for name, said in (batch.options.get("values") or {}).items()}
    for name, said in decisions.items():
        column = next((c for c in kind.refs if c.name == name), None)
        if column is None:
            raise BadMapping("no_such_column", name)
        for written, decision in said.items():
            if not isinstance(decision, int):
                may = user is not None and queries.may_create(column.spec.target, user.role)
                if decision not in set(OnUnknown) or (decision == OnUnknown.CREATE and not may):
                    raise BadMapping("bad_decision", name)
            elif not queries.can_mean(column, decision):
                raise BadMapping("bad_decision", name)
            values.setdefault(name, {})[decision_key(written)] = decision
    batch.options = {**batch.options, "values": values}
    header = _header_cells(batch)
    if header is not None:
        source.remember(batch, kind, header, values=values)
    return start_preview(batch)


def _header_cells(batch: ImportBatch) -> list[str] | None:
    for head in batch.heads:
        for number, cells in head["rows"]:
            if head["sheet"] == batch.sheet and number == batch.header_row:
                return list(cells)
    return None


def _require(batch: ImportBatch, act: Action) -> None:
    db.session.flush()  # what the caller changed already is not to be lost
    db.session.refresh(batch, with_for_update=True)
    if states.is_(batch.status, Is.WRITING) and standing.has_failed(batch):
        # Whoever worked it could not say so itself any more.
        batch.status = Status.PAUSED.value
    if not standing.can(batch, batch.status, act):
        raise BadState(batch.status)
