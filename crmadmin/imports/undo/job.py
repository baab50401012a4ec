"""The job that takes an import back: block after block, each one transaction with a checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from crmadmin.access.models import User
from crmadmin.core.db import acting_as, db, utcnow
from crmadmin.groups import filling
from crmadmin.imports import states
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.records import UNDO
from crmadmin.imports.states import Action, Status
from crmadmin.imports.undo import lost, rows, side_effects
from crmadmin.imports.undo.can_undo import GONE, ImportScope, KeptLine
from crmadmin.imports.undo.rows import Counts
from crmadmin.jobs.work import Failed, Lease, Stopped, task

ACCEPTED, LOST = "undo_accepted", "undo_lost"
"""Options of an import whose undoing was asked for: the token of what stays lost, and that."""
LAST = 1 << 21
"""More than any row's number: the checkpoint is a phase times this, plus how far it got."""

RACES = 5
MOST_NAMED = 100
"""Records beside the rows that are named one by one in the history."""


@task(UNDO)
def run(lease: Lease) -> None:
    """Take the import of a job back. Goes on from its checkpoint; does nothing the second time."""
    batch = db.session.get(ImportBatch, lease.subject_id, populate_existing=True)
    if batch is None:
        raise Failed(_("The import is gone."))
    if not states.allows(batch.status, Action.UNDO):
        return
    if batch.history_gone_at is not None and not lease.checkpoint:
        raise Failed(_("The old values of this import are no longer kept."))
    if not lease.checkpoint:
        _require_told(batch)
    user = db.session.get(User, lease.user_id or batch.user_id or 0)
    language = (user and user.locale) or "vi"
    with acting_as(user.id if user else None), force_locale(language):
        _Undoing(lease, batch).work()


def _require_told(batch: ImportBatch) -> None:
    """Before the first write: nothing is lost that whoever asked had not seen. Raises Failed."""
    now = lost.of(ImportScope.of(batch))
    if now and lost.token(now) != (batch.options or {}).get(ACCEPTED):
        raise Failed(_("Some old values cannot come back any more: look at the question again."))


class _Undoing:
    """One undoing, as far as this lease takes it."""

    def __init__(self, lease: Lease, batch: ImportBatch) -> None:
        self._lease = lease
        self._batch = batch
        self._scope = ImportScope.of(batch)
        self._total = db.session.scalar(
            select(func.count()).select_from(ImportRow).where(ImportRow.batch_id == batch.id)
        )

    def work(self) -> None:
        """Both walks through the ledger, then what stands beside it. The last step is not
        committed: it goes with the job's end."""
        phase, reached = divmod(self._lease.checkpoint, LAST)
        if phase == 0:
            self._walk(0, reached, lambda at, counts: rows.remove_made(self._scope, at, counts))
            phase, reached = 1, 0
        if phase == 1:
            self._walk(1, reached, lambda at, counts: _back(self._scope, at, counts))
        self._end()

    def _walk(
        self, phase: int, reached: int, step: Callable[[int, Counts], tuple[int, int] | None]
    ) -> None:
        while True:
            found = self._try(partial(step, reached))
            if found is None:
                return
            (last, done), counts = found
            reached = last
            progress = {"phase": "undo", "undone": dict(counts)}
            self._lease.mark(
                phase * LAST + reached, self._lease.done + done, progress, total=self._total
            )
            db.session.commit()
            if self._lease.should_stop:
                raise Stopped

    def _try(self, step: Callable[[Counts], Any]) -> Any:
        """A block and the counts with it; again, when somebody else wrote the same meanwhile."""
        for attempt in range(RACES):
            counts: Counts = Counter(self._lease.progress.get("undone") or {})
            try:
                found = step(counts)
            except IntegrityError:
                db.session.rollback()
                if attempt == RACES - 1:
                    raise
                continue
            return None if found is None else (found, counts)
        raise AssertionError("unreachable")

    def _end(self) -> None:
        if self._batch.group_id is not None:
            filling.count_anew(self._batch.group_id)
        found = self._try(lambda counts: (side_effects.take_back(self._scope, counts),))
        (beside,), counts = found
        rows.note_contacts(self._scope)
        batch = self._batch
        batch.undone = self._told(counts, beside)
        batch.undone_at = utcnow()
        batch.status = Status.UNDONE.value
        self._lease.mark(
            2 * LAST, self._total or 0, {"phase": "done", "undone": batch.undone}, total=self._total
        )

    def _told(self, counts: Counts, beside: list[KeptLine]) -> dict[str, object]:
        """What the history keeps of it."""
        stays = select(func.count()).select_from(ImportRow).where(
            ImportRow.batch_id == self._scope.batch_id,
            ImportRow.kept.is_not(None),
            ImportRow.kept != GONE,
        )  # fmt: skip
        names = ("created", "restored", "contacts", "members", "made", "changed", "gone")
        return {
            **{name: counts[name] for name in names},
            "kept": (db.session.scalar(stays) or 0) + len(beside),
            "beside": [
                {"label": line.label, "reason": line.reason} for line in beside[:MOST_NAMED]
            ],
            "user": self._lease.user_id,
            **self._lost(),
        }

    def _lost(self) -> dict[str, object]:
        """What stayed lost, as it was told before the first write."""
        told = (self._batch.options or {}).get(LOST)
        return {"lost": told} if told else {}


def _back(scope: ImportScope, reached: int, counts: Counts) -> tuple[int, int] | None:
    """One block from the end towards the first row; what is reached grows all the same."""
    found = rows.restore(scope, LAST - reached, counts)
    return None if found is None else (LAST - found[0], found[1])
