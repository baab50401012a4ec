"""What the reads and writes of groups give to screens: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crmadmin.access.models import User
from crmadmin.core.spec import Words
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, GroupDraft, GroupStep


class StepKind(StrEnum):
    """How the customers of a step were chosen."""

    PICK = "pick"
    MATCHING = "matching"
    PASTE = "paste"
    IMPORT = "import"
    FREEZE = "freeze"
    CLONE = "clone"
    COPY = "copy"
    MOVE = "move"
    COMBINE = "combine"


TEXTS = ("name", "description", "filter")
"""The columns of a group that a draft may change."""


@dataclass(frozen=True, slots=True)
class Member:
    """A customer in a group: since when, by whom and how; `how` is words for the screen.

    Of a group that follows a filter only the customer is known.
    """

    customer: Customer
    added_at: datetime | None = None
    added_by: User | None = None
    how: Words = ""
    import_id: int | None = None


@dataclass(frozen=True, slots=True)
class DraftMember:
    """A row of the form: a customer and what the draft does to it (added, removed or nothing)."""

    customer: Customer
    change: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What choosing customers gave.

    `asked` were asked for, `found` of them are there and within reach, `already` of these were so
    before (in the group when adding, outside when removing); `missing` were not found. `step` is
    None when nothing was found.
    """

    step: GroupStep | None
    asked: int
    found: int
    already: int
    missing: int

    @property
    def changed(self) -> int:
        """How many came in or went."""
        return self.found - self.already


@dataclass(frozen=True, slots=True)
class DraftStep:
    """One step as the form and the history list it. While its import has not run, the step has no
    rows."""

    id: int
    kind: str
    adds: bool
    rows: int
    words: str
    created_at: datetime
    params: Mapping[str, object]
    import_id: int | None = None
    is_importing: bool = False


@dataclass(frozen=True, slots=True)
class DraftState:
    """What a draft does to its group as things stand: 1.284 → 1.293, +12 / −3.

    `name`, `description` and `filter` are the texts as they would be after saving; `filter` is the
    query of a group that follows one, else None. `changed_texts` are names out of TEXTS.
    """

    members_before: int
    added: int
    removed: int
    members_after: int
    steps: Sequence[DraftStep]
    changed_texts: tuple[str, ...]
    name: str
    description: str
    filter: str | None
    draft: GroupDraft | None = None
    group: CustomerGroup | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to save and nothing to lose."""
        return not self.steps and not self.changed_texts

    @property
    def imported(self) -> int:
        """How many customers came by imports of the draft: they stay when it is thrown away."""
        return sum(step.rows for step in self.steps if step.kind == StepKind.IMPORT)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved draft, for the history and the conflict page: who, when, +N/−M, texts before and
    after (name → (before, after), only those that changed). `is_new` made the group, `deleted`
    ended it."""

    id: int
    user: User | None
    at: datetime
    added: int
    removed: int
    texts: Mapping[str, tuple[str | None, str | None]]
    steps: Sequence[DraftStep] = ()
    is_new: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ImportedInto:
    """An import straight into a group, for the history."""

    id: int
    user: User | None
    at: datetime
    added: int
    file_name: str


@dataclass(frozen=True, slots=True)
class Both:
    """Customers that both sides of a conflict touched contrarily: how many, the first names."""

    count: int = 0
    names: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two groups side by side, in customers."""

    only_a: int
    both: int
    only_b: int

    @property
    def union(self) -> int:
        """In either of them."""
        return self.only_a + self.both + self.only_b


@dataclass(frozen=True, slots=True)
class Applied:
    """What an act on a group, saved at once, did: `asked` customers, of whom `added` came in and
    `removed` went; the rest were so before."""

    asked: int
    added: int
    removed: int
