"""Catalog values that no list has: what the form decides about each, and what leaving one costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from crmadmin.core import marks, records
from crmadmin.imports.kinds import TARGETS, ImportKind
from crmadmin.imports.mapping_page import MappingPage, UnknownValue
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.references import decision_key
from crmadmin.imports.records import OnUnknown

ValueDecisions = dict[str, dict[str, int | str]]
"""Import column → value as the file writes it → a record's id, create, blank or error."""

WORDS = (OnUnknown.CREATE.value, OnUnknown.BLANK.value)


def decided(form: MultiDict[str, str], page: MappingPage, kind: ImportKind) -> ValueDecisions:
    """What the form says of values otherwise than what is in force."""
    said = {key: OnUnknown.ERROR.value if to is None else to for key, to in _same(form, kind)}
    column, _colon, word = form.get("all", "").partition(":")
    found: ValueDecisions = {}
    for value in page.unknown:
        decision = said.get((value.column, value.value), value.decision)
        if value.column == column and word in WORDS and decision == OnUnknown.ERROR:
            decision = word
        if decision != value.decision:
            found.setdefault(value.column, {})[value.value] = decision
    return found


def unseen(batch: ImportBatch, page: MappingPage) -> ValueDecisions:
    """Values about which nothing was ever said, as the errors that they are."""
    known = batch.options.get("values") or {}
    found: ValueDecisions = {}
    for value in page.unknown:
        if value.is_undecided and decision_key(value.value) not in known.get(value.column, {}):
            found.setdefault(value.column, {})[value.value] = OnUnknown.ERROR.value
    return found


def _same(
    form: MultiDict[str, str], kind: ImportKind
) -> Iterator[tuple[tuple[str, str], int | str | None]]:
    """What the form decides; a record's number is below zero, which no decision may be, where
    another record has it by now."""
    said = dict(_said(form))
    for column in kind.refs:
        keys = [to for (name, _value), (how, to) in said.items() if name == column.name and not how]
        known = {abs(n): n for n in records.same_ids(TARGETS[column.spec.target], keys)}
        for (name, value), (how, to) in said.items():
            if name == column.name:
                named = marks.of_key(to)
                yield (name, value), how or (known[named[0]] if named is not None else None)


def _said(form: MultiDict[str, str]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Column and value → what the form decides about it: a word, or else the key of a record."""
    for name in form:
        match = re.fullmatch(r"value-([0-9]{1,5})", name)
        if match is None:
            continue
        number = match[1]
        how, to = form.get(f"how-{number}", ""), form.get(f"to-{number}", "")
        key = (form.get(f"column-{number}", ""), form[name])
        # A record that was chosen without a word about how means it.
        yield key, (how, "") if how in WORDS else ("", to)


def by_column(
    values: Sequence[UnknownValue],
) -> Iterator[tuple[UnknownValue, list[tuple[int, UnknownValue]]]]:
    """The unknown values numbered for the form, column by column as in the file."""
    columns: dict[str, list[tuple[int, UnknownValue]]] = {}
    for number, value in enumerate(values):
        columns.setdefault(value.column, []).append((number, value))
    for numbered in columns.values():
        yield numbered[0][1], numbered


def price(columns: int, values: Sequence[UnknownValue], total: int) -> str:
    """What not deciding costs; "" when all is decided."""
    parts = []
    if columns:
        shown = format_decimal(columns)
        parts.append(ngettext("%(count)s column", "%(count)s columns", columns, count=shown))
    if values:
        shown = format_decimal(len(values))
        parts.append(ngettext("%(count)s value", "%(count)s values", len(values), count=shown))
    if not parts:
        return ""
    what = parts[0]
    if len(parts) > 1:
        what = _("%(columns)s and %(values)s", columns=parts[0], values=parts[1])
    if not values:
        return str(_("%(what)s undecided: left out", what=what))
    return str(_("%(what)s undecided: %(rows)s", what=what, rows=_wrong_rows(values, total)))


def _wrong_rows(values: Sequence[UnknownValue], total: int) -> str:
    """How many rows they spoil; a row may have several of them, so the sum is the most."""
    rows = min(sum(value.rows for value in values), total)
    shown = format_decimal(rows)
    if len(values) == 1:
        return str(
            ngettext(
                "%(count)s row will have an error", "%(count)s rows will have errors", rows,
                count=shown,
            )
        )  # fmt: skip
    return str(_("up to %(count)s rows will have errors", count=shown))
