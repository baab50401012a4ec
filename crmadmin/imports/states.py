"""Where an import stands, and what that allows: the one table of it.

Whoever needs to know whether something can be done asks `allows` or `at`; whoever needs a fact
about the state asks `is_` or `those`. No other file names a state, but where one is set. That a job
works an import at the moment is not its state; `standing` puts the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l


class Status(StrEnum):
    """Where an import stands. `unmapped`: no row of the file is a header; the user must say."""

    UPLOADED = "uploaded"
    UNMAPPED = "unmapped"
    PREVIEWED = "previewed"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    REFUSED = "refused"
    STOPPED = "stopped"
    UNDONE = "undone"


class Action(StrEnum):
    """What can be asked of an import; the pages and the addresses of it ask the same table."""

    LOOK = "look"
    """Have the file looked at anew, after anything about it was decided otherwise."""
    RETRY = "retry"
    """Begin a look that failed once more."""
    SETTINGS = "settings"
    """Choose other rules, or another file in the place of this one."""
    MAP = "map"
    """Decide about columns, sheet, header row and unknown values."""
    RESTART = "restart"
    """Take back what was decided since the upload."""
    PREVIEW = "preview"
    """See what would become of the rows."""
    CORRECT = "correct"
    """Correct cells, leave rows behind, take them back."""
    RUN = "run"
    """Carry out what the preview shows."""
    RUN_UNSEEN = "run_unseen"
    """Carry out, looked at or not: the command line does both in one go."""
    STOP = "stop"
    """Stop the run after the rows at hand."""
    RESUME = "resume"
    """Go on with a run that was stopped."""
    ABANDON = "abandon"
    """Leave with nothing kept."""
    RESULT = "result"
    """See what became of the rows."""
    ERRORS = "errors"
    """Take out the rows that did not go in, as a workbook."""
    LEDGER = "ledger"
    """Take out the whole ledger, as a workbook."""
    UNDO = "undo"
    """Take back what was written."""


class Is(StrEnum):
    """What is true of an import where it stands."""

    REFUSED = "refused"
    """The file cannot be imported."""
    HEADLESS = "headless"
    """Its header row is to be chosen first."""
    WRITING = "writing"
    """A run writes it, or will go on by itself; its file has to stay."""
    WRITTEN = "written"
    """Its ledger says what was done, not what would be."""
    STANDS = "stands"
    """Rows of it are in the lists."""
    OVER = "over"
    """Nothing more is written."""
    UNDONE = "undone"
    """It was taken back."""
    TO_COME = "to_come"
    """It may still fill the group that it is for."""
    SPENT = "spent"
    """Its file is kept for its days only; nothing waits for it."""
    HELD_UP = "held_up"
    """Errors kept all of it from going in."""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of the table. `page` is the step that shows an import that stands there."""

    label: LazyString
    hue: str
    page: str
    allows: frozenset[Action]
    facts: frozenset[Is]


_LEAVE = {Action.LOOK, Action.ABANDON}
_DECIDE = _LEAVE | {Action.SETTINGS, Action.MAP, Action.RESTART}
_CONFIRM = _DECIDE | {Action.PREVIEW, Action.CORRECT, Action.RUN, Action.RUN_UNSEEN, Action.ERRORS}
_TAKE_OUT = {Action.RESULT, Action.ERRORS, Action.LEDGER}


def _row(label: LazyString, hue: str, page: str, allows: set[Action], *facts: Is) -> StatusRow:
    return StatusRow(label, hue, page, frozenset(allows), frozenset(facts))


TABLE: Mapping[Status, StatusRow] = {
    Status.UPLOADED: _row(
        _l("Uploaded"), "gray", "progress", _LEAVE | {Action.RETRY, Action.RUN_UNSEEN},
        Is.TO_COME,
    ),
    Status.UNMAPPED: _row(
        _l("Waiting for columns"), "orange", "mapping", _DECIDE,
        Is.HEADLESS, Is.TO_COME,
    ),
    Status.PREVIEWED: _row(
        _l("Waiting for confirmation"), "orange", "preview", _CONFIRM,
        Is.TO_COME,
    ),
    Status.STOPPED: _row(
        _l("Stopped by errors"), "red", "preview", _CONFIRM,
        Is.HELD_UP, Is.TO_COME, Is.SPENT,
    ),
    Status.REFUSED: _row(
        _l("Refused"), "red", "settings", {Action.LOOK, Action.SETTINGS},
        Is.REFUSED, Is.HELD_UP, Is.SPENT,
    ),
    Status.RUNNING: _row(
        _l("Running"), "blue", "progress", {Action.STOP, Action.RESULT},
        Is.WRITING, Is.WRITTEN, Is.STANDS, Is.TO_COME,
    ),
    Status.PAUSED: _row(
        _l("Paused"), "yellow", "progress", _TAKE_OUT | {Action.RESUME, Action.UNDO},
        Is.WRITTEN, Is.STANDS, Is.TO_COME,
    ),
    Status.DONE: _row(
        _l("Done"), "green", "result", _TAKE_OUT | {Action.UNDO},
        Is.WRITTEN, Is.STANDS, Is.OVER, Is.SPENT,
    ),
    Status.UNDONE: _row(
        _l("Undone"), "gray", "result", _TAKE_OUT,
        Is.WRITTEN, Is.OVER, Is.UNDONE, Is.SPENT,
    ),
}  # fmt: skip
"""Everything that depends on the state of an import, line by line."""

UNKNOWN = _row(_l("Unknown state"), "red", "progress", set())
"""What another release left as the state of an import: it allows nothing, and nothing is known to
be true of it. Its page says so (`standing.unreadable`)."""

LABELS: Mapping[str, LazyString] = {status.value: row.label for status, row in TABLE.items()}
HUES: Mapping[str, str] = {status.value: row.hue for status, row in TABLE.items()}


def row_of(status: str) -> StatusRow:
    """The line of the table for a stored state."""
    return TABLE[Status(status)] if is_known(status) else UNKNOWN


def is_known(status: str) -> bool:
    """Whether the table has this state."""
    return status in LABELS


def told_by(*, is_undone: bool, is_refused: bool, has_written: bool, is_finished: bool) -> str:
    """Where an import stands whose stored state nobody knows, by what else is stored of it."""
    if is_undone:
        return Status.UNDONE.value
    if is_refused:
        return Status.REFUSED.value
    if not has_written:
        return Status.UPLOADED.value
    return Status.DONE.value if is_finished else Status.PAUSED.value


def allows(status: str, act: Action) -> bool:
    """Whether an import that stands there can be asked to do that."""
    return act in row_of(status).allows


def is_(status: str, fact: Is) -> bool:
    """Whether that is true of an import that stands there."""
    return fact in row_of(status).facts


def at(act: Action) -> tuple[str, ...]:
    """The states that allow an act, for a statement."""
    return tuple(status.value for status, row in TABLE.items() if act in row.allows)


def those(fact: Is) -> tuple[str, ...]:
    """The states of which a fact is true, for a statement."""
    return tuple(status.value for status, row in TABLE.items() if fact in row.facts)


def page_of(status: str) -> str:
    """The step that shows an import that stands there."""
    return row_of(status).page
