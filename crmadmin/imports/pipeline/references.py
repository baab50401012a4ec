"""Which record a value such as "Zalo" or "lan@example.com" means. Pure.

The records come from `queries`; what becomes of a value that means none is decided here by the
user's rule, and carried out by `write`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crmadmin.core.text import Refusal, code_key, email_key, fold, name_key, phone, shorten
from crmadmin.imports.records import NewRef, OnUnknown, Problem


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record as far as its names go. `names` is keyed by the column that holds each."""

    id: int
    label: str
    is_active: bool
    names: Mapping[str, str | None]


def phone_key(text: str) -> str:
    """The number in its stored form, or "" for what is none."""
    try:
        return phone(text) or ""
    except Refusal:
        return ""


def decision_key(text: str) -> str:
    """By what the user's decision about a text is kept: as names are compared."""
    return name_key(text)


_ANSWERS_KEPT = 50_000

Way = tuple[str, Callable[[str], str]]

CATALOG_WAYS: tuple[Way, ...] = (("code", code_key), ("name", name_key), ("name", fold))
COLLABORATOR_WAYS: tuple[Way, ...] = (
    ("code", code_key), ("phone", phone_key), ("name", name_key), ("name", fold),
)  # fmt: skip
USER_WAYS: tuple[Way, ...] = (
    ("username", name_key), ("email", email_key), ("full_name", name_key), ("full_name", fold),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a text means: a record's id, a record to be made, or nothing; and what is wrong."""

    value: int | NewRef | None = None
    problem: Problem | None = None
    warning: Problem | None = None
    is_unknown: bool = False
    """No record has such a name, whatever the user decided to do about it."""

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say about it."""
        return self.problem is None and self.warning is None


@dataclass
class RefTable:
    """All records that one ref field may name, found by several ways in turn.

    `unknown` is the rule for a text that fits none; `decided` what the user said of single ones
    (by `decision_key`): a record's id, or a rule. Answers are kept, since a column repeats its few
    values on every row.
    """

    target: str
    records: Sequence[NamedRecord]
    ways: tuple[Way, ...] = CATALOG_WAYS
    unknown: OnUnknown = OnUnknown.ERROR
    longest_name: int | None = None
    decided: Mapping[str, int | OnUnknown] = field(default_factory=dict)
    can_create: bool = True
    _by_key: list[dict[str, list[NamedRecord]]] = field(init=False)
    _answers: dict[str, Resolution] = field(init=False, default_factory=dict)
    _new: dict[str, NewRef] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_key = []
        for column, key in self.ways:
            found: dict[str, list[NamedRecord]] = defaultdict(list)
            for record in self.records:
                name = record.names.get(column)
                if name and (k := key(name)):
                    found[k].append(record)
            self._by_key.append(found)

    def resolve(self, text: str) -> Resolution:
        """The meaning of a tidied, non-blank text."""
        answer = self._answers.get(text)
        if answer is None:
            if len(self._answers) >= _ANSWERS_KEPT:
                self._answers.clear()
            answer = self._answers[text] = self._look_up(text)
        return answer

    def _look_up(self, text: str) -> Resolution:
        for (_, key), found in zip(self.ways, self._by_key, strict=True):
            records = found.get(key(text), ())
            active = [r for r in records if r.is_active]
            if len(active) == 1:
                return Resolution(active[0].id)
            if len(active) > 1:
                return Resolution(problem=_ambiguous(text, active))
            if records:
                params = {"value": shorten(text), "label": records[0].label}
                return Resolution(problem=_problem("inactive_value", text, params))
        decision = self.decided.get(decision_key(text), self.unknown)
        chosen = decision if isinstance(decision, OnUnknown) else None
        answer = self._chosen(text, decision) if chosen is None else self._unknown(text, chosen)
        return replace(answer, is_unknown=True)

    def _chosen(self, text: str, key: object) -> Resolution:
        """The record that the user mapped the text to, unless it went or was retired since."""
        record = next((r for r in self.records if r.id == key), None)
        if record is None:
            return Resolution(problem=_problem("unknown_value", text))
        if not record.is_active:
            params = {"value": shorten(text), "label": record.label}
            return Resolution(problem=_problem("inactive_value", text, params))
        return Resolution(record.id)

    def _unknown(self, text: str, rule: OnUnknown) -> Resolution:
        if rule is OnUnknown.BLANK:
            return Resolution(warning=_problem("left_blank", text))
        if rule is OnUnknown.CREATE and self.can_create:
            if self.longest_name is not None and len(text) > self.longest_name:
                params = {"limit": str(self.longest_name), "length": str(len(text))}
                return Resolution(problem=_problem("too_long", text, params))
            return Resolution(self._new.setdefault(name_key(text), NewRef(self.target, text)))
        return Resolution(problem=_problem("unknown_value", text))


def _problem(code: str, text: str, params: Mapping[str, Any] | None = None) -> Problem:
    return Problem(code, value=text, params={"value": shorten(text), **(params or {})})


def _ambiguous(text: str, records: list[NamedRecord]) -> Problem:
    first, second = records[0].label, records[1].label
    return _problem("ambiguous_value", text, {"first": first, "second": second})
