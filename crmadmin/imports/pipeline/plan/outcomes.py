"""The shapes that planners take and give, and what they have in common. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmadmin.core.spec import FieldSpec
from crmadmin.core.text import code_key, fold, shorten
from crmadmin.imports.pipeline.check import Checked
from crmadmin.imports.pipeline.plan.contacts import ContactIndex
from crmadmin.imports.records import OnBlank, Problem, Rules, State


class _Nothing(dict[str, object]):
    """No values, and nobody puts any: the default of many objects, made once."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # dataclasses ask it of a default

    def __setitem__(self, key: str, value: object) -> None:
        raise TypeError("these are nobody's values")


NOTHING = _Nothing()

Key = tuple[str, str]
"""How a record is known: the column and its key, such as ("code", "kh000001")."""


@dataclass(slots=True)
class Existing:
    """A record of the database. `values` are keyed like a row's; refs are ids."""

    id: int
    label: str
    values: Mapping[str, object]
    contacts: ContactIndex = field(default_factory=ContactIndex)
    is_member: bool = False
    version: int = 1


@dataclass(slots=True)
class Known:
    """What the database holds about the rows of one batch.

    `by_key` gives every record that a key of the batch fits. Of an earlier import of this same
    file, `by_row` gives the record that a row became and `refused` the rows that were invalid.
    """

    by_key: Mapping[Key, Sequence[Existing]] = field(default_factory=dict)
    by_row: Mapping[int, Existing] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()


@dataclass(slots=True)
class Subject:
    """One record as this import knows it: the first row that named it, and what came since.

    `record_id` is None until the record was written.
    """

    number: int
    record_id: int | None
    values: Mapping[str, object]
    contacts: ContactIndex


@dataclass(slots=True)
class PastOutcome:
    """What the ledger says became of a row that was carried out before the work was cut off.

    `existing` is its record as it is now, with all contacts; `before` are the values that the row
    overwrote, by field.
    """

    state: State
    existing: Existing | None = None
    before: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class RowOutcome:
    """What becomes of one row.

    `values` are what `write` writes: all of a new record, only what changes of another one, whose
    values until then are in `before` and whose version was `version`. `key` is the row's own code,
    as codes are compared. `contact` is a contact to be added; `contact_outcome` and
    `member_outcome` are the words for the ledger.
    """

    number: int
    state: State
    label: str = ""
    subject: Subject | None = None
    values: dict[str, Any] = NOTHING
    before: Mapping[str, Any] = NOTHING
    version: int | None = None
    key: str | None = None
    contact: dict[str, object] | None = None
    contact_outcome: str | None = None
    member_outcome: str | None = None
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()


def invalid(row: Checked, label: str, problems: Iterable[Problem] = ()) -> RowOutcome:
    """The outcome of a row that has problems."""
    found = [*row.problems, *problems]
    outcome = RowOutcome(row.number, State.INVALID, label, problems=found, warnings=row.warnings)
    outcome.key = row.key
    return outcome


class RecordShape:
    """What planners need to know of a record's fields.

    `defaults` are values for blank cells of a new record, by field name.
    """

    def __init__(
        self, fields: Sequence[FieldSpec], defaults: Mapping[str, object], required: Iterable[str]
    ) -> None:
        self.fields = {f.name: f for f in fields}
        self._filled = tuple(defaults.items())
        self.required = tuple(required)
        self.clearable = frozenset(
            f.name for f in fields if not f.required and f.default is None and f.name != "code"
        )

    def missing(self, values: Mapping[str, object]) -> list[Problem]:
        """A problem for every required field that a new record would lack."""
        return [Problem("required", name) for name in self.required if values.get(name) is None]

    def still_missing(self, row: Checked, known: Known) -> list[Problem]:
        """What an existing record's row lacks, if the row was refused the last time.

        A row that names an existing record needs no name. But one that was refused for want of it
        must not come in when the same file comes again, only because a later row of the file
        made the record meanwhile.
        """
        return self.missing(row.values) if row.number in known.refused else []

    def new_values(self, row: Checked) -> dict[str, object]:
        """The values of a new record: the row's, with defaults for blanks."""
        values = row.values.copy()
        for name, default in self._filled:
            if values.get(name) is None:
                values[name] = default
        if row.address_extra:
            values["address"] = with_extra(values.get("address"), row.address_extra)
        return values

    def changes(self, row: Checked, existing: Mapping[str, Any], rules: Rules) -> dict[str, object]:
        """What overwriting would change: field → new value. A column the file lacks stays."""
        changed: dict[str, Any] = {}
        for name, value in row.values.items():
            if value is None and (rules.blank is OnBlank.KEEP or name not in self.clearable):
                continue
            if name == "code" and code_key(value) == code_key(existing.get("code") or ""):
                continue
            if value != existing.get(name):
                changed[name] = value
        if row.address_extra:
            before = existing.get("address")
            after = with_extra(changed.get("address", before), row.address_extra)
            changed.pop("address", None)
            if after != before:
                changed["address"] = after
        return changed


def with_extra(address: str | None, extra: str) -> str:
    """The address with a text at its end, unless it says so already."""
    if not address:
        return extra
    return address if fold(extra) in fold(address) else f"{address}, {extra}"


class Journal:
    """Takes back what a planner noted about a batch that then could not be written."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def note(self, undo: Callable[[], object]) -> None:
        """Remember how to take one step back."""
        self._undo.append(undo)

    def commit(self) -> None:
        """The batch was written; there is no way back."""
        self._undo.clear()

    def roll_back(self) -> None:
        """Forget the batch, latest step first."""
        while self._undo:
            self._undo.pop()()


def duplicate(column: str, value: str, label: str) -> Problem:
    """A value that another record has already and that must be its alone."""
    return Problem("duplicate_key", column, value, {"value": shorten(value), "other": label})


def ambiguous(column: str, value: str, first: str, second: str) -> Problem:
    """A value that fits two records."""
    params = {"value": shorten(value), "first": first, "second": second}
    return Problem("ambiguous_value", column, value, params)
