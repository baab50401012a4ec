"""The outcome of rows that only name existing customers, to be put in a group. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crmadmin.core.text import email_key
from crmadmin.imports.pipeline.check import Checked
from crmadmin.imports.pipeline.plan.outcomes import (
    Existing,
    Key,
    Known,
    PastOutcome,
    RowOutcome,
    Subject,
    ambiguous,
    invalid,
)
from crmadmin.imports.records import Problem, State

COLUMNS = ("code", "phone", "email")


class MemberPlanner:
    """Finds the customer of each row by code, else by phone, else by email; creates none.

    A row whose customer is found is `unchanged`: the customer stays as it is. A later row of the
    same customer is `merged`.
    """

    def __init__(self, *, with_members: bool = True) -> None:
        self._with_members = with_members
        self._met: set[int] = set()
        self._now: set[int] = set()

    def plan(self, rows: Sequence[Checked], known: Known) -> list[RowOutcome]:
        """One outcome for each row, in order."""
        return [self._outcome(row, known) for row in rows]

    def asked(self, codes: Iterable[str]) -> set[str]:
        """None: these rows make no records, so they ask for no codes."""
        return set()

    def commit(self) -> None:
        """The block stands."""
        self._met |= self._now
        self._now = set()

    def settle(self) -> None:
        """Nothing waits to be written down."""

    def roll_back(self) -> None:
        """The block does not stand: forget it."""
        self._now = set()

    def replay(self, rows: Sequence[Checked], told: Mapping[int, PastOutcome]) -> None:
        """Take note of rows that were carried out already, and of what became of them."""
        outcomes = (told.get(row.number) for row in rows)
        self._met.update(
            outcome.existing.id for outcome in outcomes if outcome and outcome.existing
        )

    def keys(self, row: Checked) -> list[Key]:
        """The first key that the row has; a row with a code is never found by its phone."""
        code = row.key
        if code:
            return [("code", code)]
        phone, email = row.values.get("phone"), row.values.get("email")
        if phone:
            return [("phone", phone)]
        return [("email", email_key(email))] if email else []

    def _outcome(self, row: Checked, known: Known) -> RowOutcome:
        label = str(next((v for c in COLUMNS if (v := row.values.get(c))), ""))
        if row.problems:
            return invalid(row, label)
        found = self._found(row, known)
        if isinstance(found, Problem):
            return invalid(row, label, [found])
        subject = Subject(row.number, found.id, found.values, found.contacts)
        if found.id in self._met or found.id in self._now:
            return RowOutcome(row.number, State.MERGED, found.label, subject, warnings=row.warnings)
        self._now.add(found.id)
        outcome = RowOutcome(
            row.number, State.UNCHANGED, found.label, subject, warnings=row.warnings
        )
        outcome.key, outcome.version = row.key, found.version
        if self._with_members:
            outcome.member_outcome = "already" if found.is_member else "added"
        return outcome

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
