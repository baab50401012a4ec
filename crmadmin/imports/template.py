"""The template workbook of an import kind (Tải file mẫu): headings, examples, live lists.

Made from the same columns that `mapping` recognises, so what is typed into it is understood. It is
blank, or holds what is there today (`template_data`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from flask_babel import format_decimal, get_locale, gettext
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.core.words import translated
from crmadmin.imports import template_data
from crmadmin.imports.examples import examples
from crmadmin.imports.kinds import TARGETS, ImportKind
from crmadmin.imports.pipeline.mapping import ImportColumn
from crmadmin.spreadsheets.book import (
    TEXT,
    Book,
    ColumnFormat,
    Offer,
    Sheet,
    column_letters,
    sheet_title,
)


def _(words: str, **values: Any) -> str:
    return str(gettext(words, **values))


LIST_ROWS = 2000
"""How many rows below the last filled one get lists."""

LONGEST_LIST = 1000
"""Values of a catalog that are offered; more make a list that nobody scrolls."""

MOST_ROWS = 50_000
"""Rows of current data in one template."""


class Written(NamedTuple):
    """How many rows of current data a template holds, and whether there were more."""

    rows: int = 0
    is_cut: bool = False


def heading_of(column: ImportColumn) -> str:
    """The heading in the user's language; both languages' headings are recognised."""
    written = column.spec.headings
    if str(get_locale()) == "en" or not written:
        return column.headings[0]
    return written[0]


def write(
    kind: ImportKind,
    out: BinaryIO,
    *,
    with_data: bool = False,
    owner_id: int | None = None,
    masked: bool = False,
) -> Written:
    """Write the template of a kind, with what the catalogs hold now in its lists.

    `with_data` fills in the records, MOST_ROWS at most: with `owner_id` only that user's own (see
    `guard.limited_to`), `masked` for users who do not see sensitive values in full.
    """
    written = Written()
    found = [(index, column, _offered(column)) for index, column in enumerate(kind.columns)]
    lists = [(index, column, names[:LONGEST_LIST]) for index, column, names in found if names]
    cut = [column for _index, column, names in found if len(names) > LONGEST_LIST]
    with Book(out) as book:
        rows = template_data.rows(kind, owner_id, masked=masked) if with_data else ()
        with _data(book, kind) as sheet:
            written = _fill(sheet, rows)
            for used, (index, column, values) in enumerate(lists):
                sheet.offer(_offer(index, column, used, len(values), written.rows))
        _example(book, kind)
        _help(book, kind, written, cut)
        _lists(book, [values for _index, _column, values in lists])
    return written


def _data(book: Book, kind: ImportKind) -> Any:
    """The sheet to fill in; its columns are formatted so that Excel eats no zeros."""
    columns = [ColumnFormat(_width(c), c.spec.kind.format) for c in kind.columns]
    headings = [_starred(kind, column) for column in kind.columns]
    notes = {place: _rule(kind, column) for place, column in enumerate(kind.columns)}
    return book.sheet(_("Data"), columns, headings=headings, notes=notes)


def _fill(sheet: Sheet, rows: Iterable[list[Any]]) -> Written:
    waiting = iter(rows)
    written = sheet.add_all(islice(waiting, MOST_ROWS))
    return Written(written, next(waiting, None) is not None)


def _starred(kind: ImportKind, column: ImportColumn) -> str:
    return heading_of(column) + (" *" if _is_required(kind, column) else "")


def _is_required(kind: ImportKind, column: ImportColumn) -> bool:
    """Starred: what a new record needs; fields with a default, and contacts, may be blank."""
    if column.is_contact:
        return False
    if kind.only:
        return column.name == kind.only[0]
    spec = column.spec
    return spec.required and spec.default is None and column.name != "owner"


def _width(column: ImportColumn) -> int:
    longest = max(len(heading_of(column)) + 4, len(column.spec.example) + 2)
    return min(max(column.spec.kind.cell_width, longest), 48)


def _example(book: Book, kind: ImportKind) -> None:
    """Filled rows, on a sheet of their own so that they are not imported by mistake."""
    columns = [ColumnFormat(_width(column), TEXT) for column in kind.columns]
    headings = [_starred(kind, column) for column in kind.columns]
    with book.sheet(_("Example"), columns, headings=headings) as sheet:
        sheet.add_all(
            [example.get(column.name) or None for column in kind.columns]
            for example in examples(kind)
        )


def _help(book: Book, kind: ImportKind, written: Written, cut: Sequence[ImportColumn]) -> None:
    headings = [_("Column"), _("What to write"), _("Example")]
    widths = [ColumnFormat(28, TEXT), ColumnFormat(70, TEXT), ColumnFormat(32, TEXT)]
    with book.sheet(_("How to fill in"), widths, headings=headings) as sheet:
        for column in kind.columns:
            sheet.wrap([_starred(kind, column), _rule(kind, column), column.spec.example])
        for column in cut:
            most = format_decimal(LONGEST_LIST)
            words = _("The drop-down list has the first %(most)s values; type others.", most=most)
            sheet.wrap([heading_of(column), words])
        if written.is_cut:
            most = format_decimal(MOST_ROWS)
            sheet.wrap(
                ["", _("There is more data: only the first %(most)s rows are here.", most=most)]
            )


def _rule(kind: ImportKind, column: ImportColumn) -> str:
    """What a column takes, in one or two sentences."""
    spec = column.spec
    if column.name == "code" and not kind.only:
        return _("At most 32 characters. Leave blank to have the next code made.")
    parts = [_("Required.")] if _is_required(kind, column) else []
    parts.append(_kind_rule(column))
    if spec.max_length and spec.kind.says_limit and column.name != "code":
        parts.append(_("At most %(limit)s characters.", limit=spec.max_length))
    return " ".join(filter(None, parts))


def _kind_rule(column: ImportColumn) -> str:
    spec = column.spec
    if spec.choices:
        return _("One of: %(values)s.", values=", ".join(str(c.label) for c in spec.choices))
    if column.name == "owner":
        return _("User name, email or full name. Blank means the person who imports.")
    return translated(spec.kind.hint)


def _offer(index: int, column: ImportColumn, used: int, length: int, filled: int) -> Offer:
    """The drop-down list of a column, whose values stand in a column of the hidden sheet."""
    title = sheet_title(_("Lists")).replace("'", "''")
    place, values = column_letters(index), column_letters(used)
    return Offer(
        where=f"{place}2:{place}{filled + LIST_ROWS + 1}",
        values=f"'{title}'!${values}$1:${values}${length}",
        title=heading_of(column),
        words=_("This value is not in the list yet."),
    )


def _lists(book: Book, lists: list[list[str]]) -> None:
    if not lists:
        return
    longest = max(map(len, lists))
    with book.sheet(_("Lists"), [ColumnFormat(24, TEXT)] * len(lists), hidden=True) as sheet:
        sheet.add_all(
            [values[row] if row < len(values) else None for values in lists]
            for row in range(longest)
        )


def _offered(column: ImportColumn) -> list[str]:
    spec = column.spec
    if spec.values:
        return [str(value.written) for value in spec.values]
    if not spec.is_ref:
        return []
    model = TARGETS[spec.target]
    if model is User:
        names = select(User.username).where(User.is_active).order_by(User.username_key)
    else:
        names = select(model.name).where(model.is_active).order_by(model.position, model.sort_key)
    return list(db.session.scalars(names.limit(LONGEST_LIST + 1)))
