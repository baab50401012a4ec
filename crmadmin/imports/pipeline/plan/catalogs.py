"""The outcome of catalog rows. Pure.

A record is known by its code, else by a second key: its name, or for collaborators the phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from crmadmin.core.text import code_key, name_key
from crmadmin.imports.pipeline.check import Checked
from crmadmin.imports.pipeline.plan.contacts import ContactIndex
from crmadmin.imports.pipeline.plan.outcomes import (
    Existing,
    Journal,
    Key,
    Known,
    PastOutcome,
    RecordShape,
    RowOutcome,
    Subject,
    ambiguous,
    duplicate,
    invalid,
)
from crmadmin.imports.records import OnDuplicate, Problem, Rules, State

SecondKey = tuple[str, Callable[[str], str]]
BY_NAME: SecondKey = ("name", name_key)
BY_PHONE: SecondKey = ("phone", str)


class CatalogPlanner:
    """Plans a file's rows batch by batch and remembers the records that it has met."""

    def __init__(self, shape: RecordShape, rules: Rules, second: SecondKey = BY_NAME) -> None:
        self._shape = shape
        self._rules = rules
        self._second = second
        self._met: dict[Key, Subject] = {}
        self._met_by_id: dict[int, Subject] = {}
        self._default: Subject | None = None
        self._codes: set[str] = set()
        self._journal = Journal()

    def plan(self, rows: Sequence[Checked], known: Known) -> list[RowOutcome]:
        """One outcome for each row, in order."""
        self._codes.update(code for row in rows if (code := row.key))
        return [self._outcome(row, known) for row in rows]

    def asked(self, codes: Iterable[str]) -> set[str]:
        """Which of these code keys the rows up to here have."""
        return self._codes.intersection(codes)

    def commit(self) -> None:
        """The block stands."""
        self._journal.commit()

    def settle(self) -> None:
        """Nothing waits to be written down."""

    def roll_back(self) -> None:
        """The block does not stand: forget it."""
        self._journal.roll_back()

    def replay(self, rows: Sequence[Checked], told: Mapping[int, PastOutcome]) -> None:
        """Take note of rows that were carried out already, and of what became of them."""
        self._codes.update(code for row in rows if (code := row.key))
        for row in rows:
            outcome = told.get(row.number)
            if outcome is None or outcome.existing is None or outcome.state is State.INVALID:
                continue
            there = outcome.existing
            met = self._met_by_id.get(there.id)
            if met is None:
                met = Subject(row.number, there.id, there.values, ContactIndex())
                self._met_by_id[there.id] = met
                self._remember(self._keys_of({**there.values, **outcome.before}), met)
                self._remember_default(row.values, met)
            self._remember(self.keys(row), met)
        self._journal.commit()

    def keys(self, row: Checked) -> list[Key]:
        """The row's keys, the stronger one first."""
        return self._keys_of(row.values)

    def _keys_of(self, values: Mapping[str, Any]) -> list[Key]:
        return [
            (column, make(value))
            for column, make in (("code", code_key), self._second)
            if (value := values.get(column))
        ]

    def _outcome(self, row: Checked, known: Known) -> RowOutcome:
        label = str(row.values.get("name") or row.values.get("code") or "")
        if row.problems:
            return invalid(row, label)
        keys = self.keys(row)
        if self._has_other_default(row, keys, known):
            return invalid(row, label, [self._second_default()])
        for key in self._matching(row, keys):
            if key in self._met:
                return self._again(row, keys, self._met[key], label)
            found = known.by_key.get(key, ())
            if len(found) > 1:
                return invalid(row, label, [_two(row, key[0], found)])
            if found:
                return self._met_existing(row, keys, found[0], label, known)
        if row.number in known.by_row:
            return self._met_existing(row, keys, known.by_row[row.number], label, known)
        return self._new(row, keys, label)

    def _matching(self, row: Checked, keys: list[Key]) -> list[Key]:
        """The keys by which the row may be an existing record.

        One with a code of its own but without a name is nobody else: were it found by the second
        key, it would depend on the rows around it whether it is valid.
        """
        return keys[:1] if len(keys) > 1 and self._shape.missing(row.values) else keys

    def _again(self, row: Checked, keys: list[Key], met: Subject, label: str) -> RowOutcome:
        """A later row that names a record of the file; its other keys mean that record too."""
        self._remember(keys, met)
        return RowOutcome(row.number, State.SKIPPED, label, met, warnings=row.warnings)

    def _new(self, row: Checked, keys: list[Key], label: str) -> RowOutcome:
        values = self._shape.new_values(row)
        problems = self._shape.missing(values)
        if problems:
            return invalid(row, label, problems)
        subject = Subject(row.number, None, values, ContactIndex())
        self._remember(keys, subject)
        self._remember_default(values, subject)
        outcome = RowOutcome(
            row.number, State.CREATED, label, subject, values, warnings=row.warnings
        )
        outcome.key = row.key
        return outcome

    def _met_existing(
        self, row: Checked, keys: list[Key], existing: Existing, label: str, known: Known
    ) -> RowOutcome:
        label = label or existing.label
        missing = self._shape.still_missing(row, known)
        if missing:
            return invalid(row, label, missing)
        met = self._met_by_id.get(existing.id)
        if met is not None:
            return self._again(row, keys, met, label)
        subject = Subject(row.number, existing.id, existing.values, ContactIndex())
        before = existing.values
        if self._default is not None and self._rules.on_duplicate is OnDuplicate.OVERWRITE:
            # An earlier row took the mark from whichever record had it.
            before = {**before, "is_default": False}
        outcome = RowOutcome(row.number, State.SKIPPED, label, subject, warnings=row.warnings)
        outcome.key, outcome.version = row.key, existing.version
        if self._rules.on_duplicate is OnDuplicate.OVERWRITE:
            changes = self._shape.changes(row, before, self._rules)
            problems = self._taken(row, keys, existing, changes, known)
            if problems:
                return invalid(row, label, problems)
            outcome.before, outcome.values = before, changes
            outcome.state = State.UPDATED if changes else State.UNCHANGED
        self._remember_default(row.values, subject)
        self._met_by_id[existing.id] = subject
        self._journal.note(lambda: self._met_by_id.pop(existing.id, None))
        # The keys that it had stay its own for the whole file: rows are planned against what was
        # there, not against what earlier rows of the file make of it.
        self._remember([*keys, *self._keys_of(existing.values)], subject)
        return outcome

    def _taken(
        self,
        row: Checked,
        keys: list[Key],
        existing: Existing,
        changes: dict[str, object],
        known: Known,
    ) -> list[Problem]:
        """A problem for each key that would change to one which another record has."""
        problems = []
        for key in keys:
            column = key[0]
            if column not in changes:
                continue
            # First those of the file, which a run has written by now and a preview has not.
            met = self._met.get(key)
            others = [e.label for e in known.by_key.get(key, ()) if e.id != existing.id]
            if met is not None and met.record_id != existing.id:
                others.insert(0, str(met.values.get("name") or met.values.get("code")))
            if others:
                problems.append(duplicate(column, str(row.values[column]), others[0]))
        return problems

    def _has_other_default(self, row: Checked, keys: list[Key], known: Known) -> bool:
        """Whether another record of the file is to be the default; a second would undo it."""
        chosen = self._default
        if not row.values.get("is_default") or chosen is None:
            return False
        earlier = known.by_row.get(row.number)
        is_same = earlier is not None and earlier.id == chosen.record_id
        return not is_same and all(self._met.get(key) is not chosen for key in keys)

    def _second_default(self) -> Problem:
        number = "" if self._default is None else str(self._default.number)
        return Problem("second_default", "is_default", "", {"row": number})

    def _remember(self, keys: list[Key], subject: Subject) -> None:
        for key in keys:
            if key not in self._met:
                self._met[key] = subject
                self._journal.note(partial(self._met.pop, key, None))

    def _remember_default(self, values: Any, subject: Subject) -> None:
        if values.get("is_default") and self._default is None:
            self._default = subject
            self._journal.note(lambda: setattr(self, "_default", None))


def _two(row: Checked, column: str, found: Sequence[Existing]) -> Problem:
    return ambiguous(column, str(row.values[column]), found[0].label, found[1].label)
