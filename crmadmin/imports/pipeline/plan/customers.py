"""The outcome of customer rows, with or without contacts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crmadmin.imports.pipeline.check import Checked
from crmadmin.imports.pipeline.plan.contacts import ContactIndex
from crmadmin.imports.pipeline.plan.outcomes import (
    Existing,
    Key,
    Known,
    PastOutcome,
    RecordShape,
    RowOutcome,
    Subject,
    invalid,
)
from crmadmin.imports.pipeline.plan.seen_rows import SeenRows
from crmadmin.imports.records import OnContact, OnDuplicate, Problem, Rules, State


class CustomerPlanner:
    """Plans a file's rows block by block and remembers the customers that it has met.

    `with_members`: whether a group is being filled. After each block say `commit` or `roll_back`.
    """

    def __init__(self, shape: RecordShape, rules: Rules, *, with_members: bool = False) -> None:
        self._shape = shape
        self._rules = rules
        self._overwrites = rules.on_duplicate is OnDuplicate.OVERWRITE
        self._with_members = with_members
        self._memory = SeenRows()
        self._met: dict[str, Subject] = {}
        self._refused: list[str] = []

    def plan(self, rows: Sequence[Checked], known: Known) -> list[RowOutcome]:
        """One outcome for each row, in order."""
        codes = [row.key for row in rows]
        self._met.update(self._memory.recall([code for code in codes if code]))
        return [self._outcome(row, code, known) for row, code in zip(rows, codes, strict=True)]

    def keys(self, row: Checked) -> list[Key]:
        """What the customer of the row is found by."""
        code = row.key
        return [("code", code)] if code else []

    def asked(self, codes: Iterable[str]) -> set[str]:
        """Which of these code keys the rows up to here have."""
        every = set(codes)
        return every.intersection([*self._met, *self._refused]) | self._memory.asked(every)

    def commit(self) -> None:
        """The block stands: keep what its rows said."""
        self._memory.keep(self._met, self._refused)
        self._forget()

    def settle(self) -> None:
        """There is time to write down what was kept last."""
        self._memory.settle()

    def roll_back(self) -> None:
        """The block does not stand: forget it."""
        self._forget()

    def _forget(self) -> None:
        self._met = {}
        self._refused = []

    def replay(self, rows: Sequence[Checked], told: Mapping[int, PastOutcome]) -> None:
        """Take note of rows that were carried out already, and of what became of them."""
        codes = [row.key for row in rows]
        self._met.update(self._memory.recall(code for code in codes if code))
        for row, code in zip(rows, codes, strict=True):
            outcome = told.get(row.number)
            if outcome is None or code is None:
                continue
            if outcome.state is State.INVALID:
                self._refused.append(code)
                continue
            if code not in self._met and outcome.existing is not None:
                there = outcome.existing
                self._met[code] = Subject(row.number, there.id, row.values, there.contacts)
        self.commit()

    def _outcome(self, row: Checked, code: str | None, known: Known) -> RowOutcome:
        values = row.values
        label = values.get("name") or values.get("code") or ""
        if row.problems:
            return self._invalid(row, code, label, ())
        met = self._met.get(code) if code else None
        if met is not None:
            outcome = RowOutcome(row.number, State.MERGED, label, met, warnings=row.warnings)
            outcome.warnings = [*row.warnings, *_differences(row, met)]
            outcome.key = code
        else:
            outcome = self._first(row, code, label, known)
        if row.contact is not None and outcome.subject is not None:
            self._plan_contact(row, outcome, outcome.subject)
        return outcome

    def _invalid(
        self, row: Checked, code: str | None, label: str, problems: Iterable[Problem]
    ) -> RowOutcome:
        if code and code not in self._met:
            self._refused.append(code)
        return invalid(row, label, problems)

    def _first(self, row: Checked, code: str | None, label: str, known: Known) -> RowOutcome:
        """The outcome of the first valid row of a customer."""
        existing = self._existing(row, code, known)
        if existing is None:
            values = self._shape.new_values(row)
            missing = self._shape.missing(values)
            if missing:
                return self._invalid(row, code, label, missing)
            subject = Subject(row.number, None, row.values, ContactIndex())
            outcome = RowOutcome(
                row.number, State.CREATED, label, subject, values, warnings=row.warnings
            )
            outcome.member_outcome = "added" if self._with_members else None
        elif missing := self._shape.still_missing(row, known):
            return self._invalid(row, code, label, missing)
        else:
            subject = Subject(row.number, existing.id, row.values, existing.contacts)
            outcome = RowOutcome(
                row.number, State.SKIPPED, label or existing.label, subject, warnings=row.warnings
            )
            outcome.version = existing.version
            if self._overwrites:
                outcome.before = existing.values
                outcome.values = self._shape.changes(row, existing.values, self._rules)
                outcome.state = State.UPDATED if outcome.values else State.UNCHANGED
            if self._with_members:
                outcome.member_outcome = "already" if existing.is_member else "added"
        outcome.key = code
        if code is not None:
            self._met[code] = subject
        return outcome

    def _existing(self, row: Checked, code: str | None, known: Known) -> Existing | None:
        """The customer of that code; for a row without one, what it became the last time."""
        if code is None:
            return known.by_row.get(row.number)
        found = known.by_key.get(("code", code), ())
        return found[0] if found else None

    def _plan_contact(self, row: Checked, outcome: RowOutcome, subject: Subject) -> None:
        contacts, contact = subject.contacts, row.contact
        if contact is None:
            return
        if contact in contacts:
            outcome.contact_outcome = "skipped"
            return
        if contacts.count and self._rules.contacts is OnContact.SKIP:
            outcome.contact_outcome = "skipped"
            return
        outcome.contact_outcome = "created"
        outcome.contact = contact
        contacts.add(contact)


def _differences(row: Checked, first: Subject) -> list[Problem]:
    """A warning that names the columns in which a later row of the same code says otherwise.

    A blank cell differs from nothing.
    """
    names = [
        name
        for name, value in row.values.items()
        if name != "code"
        and value is not None
        and first.values.get(name) is not None
        and value != first.values[name]
    ]
    if not names:
        return []
    params = {"columns": ",".join(names), "row": str(first.number)}
    return [Problem("differs_from_first_row", names[0], "", params)]
