"""The fate of customer rows, with or without contacts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crmadmin.imports.plan.contacts import ContactIndex
from crmadmin.imports.plan.fates import (
    Existing,
    Fate,
    Journal,
    Known,
    Shape,
    Subject,
    code_of,
    invalid,
)
from crmadmin.imports.records import OnContact, OnDuplicate, Problem, Rules, State
from crmadmin.imports.validate import Checked


class CustomerPlanner:
    """Plans a file's rows batch by batch and remembers the customers that it has met.

    `with_members`: whether a group is being filled. `repeated`: the keys of the codes that the
    file has more than once; given them, no other customer is remembered beyond its row.
    """

    def __init__(
        self,
        shape: Shape,
        rules: Rules,
        *,
        with_members: bool = False,
        repeated: frozenset[str] | None = None,
    ) -> None:
        self._shape = shape
        self._rules = rules
        self._with_members = with_members
        self._repeated = repeated
        self._met: dict[str, Subject] = {}
        self.journal = Journal()

    def plan(self, rows: Sequence[Checked], known: Known) -> list[Fate]:
        """One fate for each row, in order."""
        return [self._fate(row, known) for row in rows]

    def _fate(self, row: Checked, known: Known) -> Fate:
        label = str(row.values.get("name") or row.values.get("code") or "")
        if row.problems:
            return invalid(row, label)
        code = code_of(row)
        met = self._met.get(code) if code else None
        if met is not None:
            fate = Fate(row.number, State.MERGED, label, met, warnings=row.warnings)
            fate.warnings = [*row.warnings, *_differences(row, met)]
        else:
            fate = self._first(row, code, label, known)
        if fate.subject is not None:
            self._plan_contact(row, fate, fate.subject)
        return fate

    def _first(self, row: Checked, code: str | None, label: str, known: Known) -> Fate:
        """The fate of the first valid row of a customer."""
        existing = self._existing(row, code, known)
        if existing is None:
            values = self._shape.new_values(row)
            missing = self._shape.missing(values)
            if missing:
                return invalid(row, label, missing)
            subject = Subject(row.number, None, row.values, ContactIndex())
            fate = Fate(row.number, State.CREATED, label, subject, values, warnings=row.warnings)
            fate.member_fate = "added" if self._with_members else None
        elif missing := self._shape.still_missing(row, known):
            return invalid(row, label, missing)
        else:
            subject = Subject(row.number, existing.id, row.values, existing.contacts)
            fate = Fate(
                row.number, State.SKIPPED, label or existing.label, subject, warnings=row.warnings
            )
            if self._rules.on_duplicate is OnDuplicate.OVERWRITE:
                fate.before = existing.values
                fate.values = self._shape.changes(row, existing.values, self._rules)
                fate.state = State.UPDATED if fate.values else State.UNCHANGED
            if self._with_members:
                fate.member_fate = "already" if existing.is_member else "added"
        self._remember(code, subject)
        return fate

    def _existing(self, row: Checked, code: str | None, known: Known) -> Existing | None:
        """The customer of that code; for a row without one, what it became the last time."""
        if code is None:
            return known.by_row.get(row.number)
        found = known.by_key.get(("code", code), ())
        return found[0] if found else None

    def _remember(self, code: str | None, subject: Subject) -> None:
        if code is None or (self._repeated is not None and code not in self._repeated):
            return
        self._met[code] = subject
        self.journal.note(lambda: self._met.pop(code, None))

    def _plan_contact(self, row: Checked, fate: Fate, subject: Subject) -> None:
        if row.contact is None:
            return
        is_extra = subject.contacts.count > 0 and self._rules.contacts is OnContact.SKIP
        if is_extra or row.contact in subject.contacts:
            fate.contact_fate = "skipped"
            return
        fate.contact_fate = "created"
        fate.contact = row.contact
        contacts, contact = subject.contacts, row.contact
        contacts.add(contact)
        self.journal.note(lambda: contacts.remove(contact))


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
