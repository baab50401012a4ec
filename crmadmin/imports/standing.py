"""Where an import stands together with the job that works it: what its pages may offer now.

An address asks the same before it does anything, so what is offered is what is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass

from crmadmin.core.db import lost
from crmadmin.imports import states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import JOBS, PREVIEW, RUN
from crmadmin.imports.states import Action, Is, Status
from crmadmin.jobs import services as jobs
from crmadmin.jobs.models import Job, JobState

MEANWHILE = frozenset({Action.LOOK, Action.ABANDON})
"""What can be asked for while a job works the import, too."""
DURING_RUN = frozenset({Action.RESULT})
"""What can be asked for while it is carried out. All the rest waits for the job's end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of an import, and its job that waits or runs, if there is one."""

    status: str
    job: Job | None
    batch: ImportBatch

    @property
    def is_working(self) -> bool:
        """Whether a job of this import waits or runs."""
        return self.job is not None

    @property
    def is_looking(self) -> bool:
        """Whether the file is looked at, or about to be."""
        return self.job is not None and self.job.task == PREVIEW

    def allows(self, act: str) -> bool:
        """Whether this can be asked of the import now; `act` is an Act, or the word of one."""
        if not can(self.batch, self.status, Action(act)):
            return False
        if self.job is None:
            return act != Action.STOP
        runs = self.job.task == RUN
        if act == Action.STOP:
            return runs and not self.job.asked_to_stop
        return act in MEANWHILE or (runs and act in DURING_RUN)

    def is_(self, fact: Is) -> bool:
        """Whether that is true of the import where it stands."""
        return states.is_(self.status, fact)


def unreadable(batch: ImportBatch) -> list[str]:
    """The columns of an import that hold what cannot be read, or a word of another release."""
    words = {"kind": batch.kind in KINDS, "status": states.is_known(batch.status)}
    return [*lost(batch), *(name for name, is_known in words.items() if not is_known)]


def of(batch: ImportBatch) -> Standing:
    """Where an import stands now. A run that was given up without a word is a paused one."""
    job = jobs.active(batch.id, JOBS)
    status = batch.status
    if job is None and states.is_(status, Is.WRITING) and has_failed(batch):
        status = Status.PAUSED.value
    return Standing(status, job, batch)


def can(batch: ImportBatch, status: str, act: Action) -> bool:
    """Whether an import that stands there can be asked to do that: an undoing needs old values."""
    is_forgotten = act == Action.UNDO and batch.history_gone_at is not None
    return states.allows(status, act) and not is_forgotten


def has_failed(batch: ImportBatch) -> bool:
    """Whether the run ended without its end: whoever worked it could not say so any more."""
    job = jobs.latest(RUN, batch.id)
    return job is not None and job.state in (JobState.FAILED, JobState.STOPPED)
