"""The fate of rows that only name existing customers, to be put in a group. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crmadmin.core.text import email_key
from crmadmin.imports.plan.fates import (
    Existing,
    Fate,
    Journal,
    Key,
    Known,
    Subject,
    ambiguous,
    code_of,
    invalid,
)
from crmadmin.imports.records import Problem, State
from crmadmin.imports.validate import Checked

COLUMNS = ("code", "phone", "email")


class MemberPlanner:
    """Finds the customer of each row by code, else by phone, else by email; creates none.

    A row whose customer is found is `unchanged`: the customer stays as it is. A later row of the
    same customer is `merged`.
    """

    def __init__(self, *, with_members: bool = True) -> None:
        self._with_members = with_members
        self._met: dict[int, Subject] = {}
        self.journal = Journal()

    def plan(self, rows: Sequence[Checked], known: Known) -> list[Fate]:
        """One fate for each row, in order."""
        return [self._fate(row, known) for row in rows]

    def keys(self, row: Checked) -> list[Key]:
        """The first key that the row has; a row with a code is never found by its phone."""
        code = code_of(row)
        if code:
            return [("code", code)]
        phone, email = row.values.get("phone"), row.values.get("email")
        if phone:
            return [("phone", phone)]
        return [("email", email_key(email))] if email else []

    def _fate(self, row: Checked, known: Known) -> Fate:
        label = str(next((v for c in COLUMNS if (v := row.values.get(c))), ""))
        if row.problems:
            return invalid(row, label)
        found = self._found(row, known)
        if isinstance(found, Problem):
            return invalid(row, label, [found])
        met = self._met.get(found.id)
        if met is not None:
            return Fate(row.number, State.MERGED, found.label, met, warnings=row.warnings)
        subject = Subject(row.number, found.id, found.values, found.contacts)
        self._met[found.id] = subject
        self.journal.note(lambda: self._met.pop(found.id, None))
        fate = Fate(row.number, State.UNCHANGED, found.label, subject, warnings=row.warnings)
        if self._with_members:
            fate.member_fate = "already" if found.is_member else "added"
        return fate

    def _found(self, row: Checked, known: Known) -> Existing | Problem:
        keys = self.keys(row)
        if not keys:
            return Problem("required", "code")
        [(column, key)] = keys
        found = known.by_key.get((column, key), ())
        value = str(row.values[column])
        if not found:
            return Problem("unknown_value", column, value, {"value": value})
        if len(found) > 1:
            return ambiguous(column, value, found[0].label, found[1].label)
        return found[0]
