"""The template workbook of an import kind (Tải file mẫu): headings, examples, live lists.

Made from the same columns that `mapping` recognises, so what is typed into it is understood.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from flask_babel import get_locale, gettext
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.core.sheets import DATE, TEXT, WHOLE, heading_cell, put, sheet_title
from crmadmin.core.spec import FieldKind
from crmadmin.core.text import PROVINCES
from crmadmin.imports.kinds import TARGETS, Kind
from crmadmin.imports.mapping import ImportColumn


def _(words: str, **values: Any) -> str:
    return str(gettext(words, **values))


LIST_ROWS = 2000
"""How many rows below the heading get lists and formats."""

LONGEST_LIST = 1000
"""Values of a catalog that are offered; more make a list that nobody scrolls."""

_FORMATS = {FieldKind.NUMBER: WHOLE, FieldKind.DATE: DATE}
_WIDTHS = {FieldKind.LONG_TEXT: 36, FieldKind.CODE: 16, FieldKind.DATE: 16, FieldKind.NUMBER: 10}


def heading_of(column: ImportColumn) -> str:
    """The heading in the user's language; both languages' headings are recognised."""
    written = column.spec.headings
    if str(get_locale()) == "en" or not written:
        return column.headings[0]
    return written[0]


def write(kind: Kind, out: BinaryIO) -> None:
    """Write the template of a kind, with what the catalogs hold now in its lists."""
    book = Workbook()
    sheet = book.active
    sheet.title = sheet_title(_("Data"))
    _head(sheet, kind)
    _example(book.create_sheet(sheet_title(_("Example"))), kind)
    _help(book.create_sheet(sheet_title(_("How to fill in"))), kind)
    _lists(book, sheet, kind)
    book.save(out)


def _head(sheet: Any, kind: Kind) -> None:
    """The headings; the columns below them are formatted so that Excel eats no zeros."""
    for index, column in enumerate(kind.columns, 1):
        cell = heading_cell(sheet.cell(1, index), _starred(kind, column))
        cell.comment = Comment(_rule(kind, column), "CRM+", width=280, height=120)
        letter = get_column_letter(index)
        dimension = sheet.column_dimensions[letter]
        dimension.width = _width(column)
        dimension.number_format = _FORMATS.get(column.spec.kind, TEXT)
    sheet.freeze_panes = "A2"


def _starred(kind: Kind, column: ImportColumn) -> str:
    return heading_of(column) + (" *" if _is_required(kind, column) else "")


def _is_required(kind: Kind, column: ImportColumn) -> bool:
    """Starred: what a new record needs; fields with a default, and contacts, may be blank."""
    if column.is_contact:
        return False
    if kind.only:
        return column.name == kind.only[0]
    spec = column.spec
    return spec.required and spec.default is None and column.name != "owner"


def _width(column: ImportColumn) -> int:
    longest = max(len(heading_of(column)) + 4, len(column.spec.example) + 2)
    return min(max(_WIDTHS.get(column.spec.kind, 14), longest), 48)


def _example(sheet: Any, kind: Kind) -> None:
    """A filled row, on a sheet of its own so that it is not imported by mistake."""
    for index, column in enumerate(kind.columns, 1):
        heading_cell(sheet.cell(1, index), _starred(kind, column))
        put(sheet.cell(2, index), column.spec.example)
        sheet.column_dimensions[get_column_letter(index)].width = _width(column)
    sheet.freeze_panes = "A2"


def _help(sheet: Any, kind: Kind) -> None:
    for index, words in enumerate((_("Column"), _("What to write"), _("Example")), 1):
        heading_cell(sheet.cell(1, index), words)
    for number, column in enumerate(kind.columns, 2):
        put(sheet.cell(number, 1), _starred(kind, column))
        put(sheet.cell(number, 2), _rule(kind, column)).alignment = Alignment(wrap_text=True)
        put(sheet.cell(number, 3), column.spec.example)
    for letter, width in (("A", 28), ("B", 70), ("C", 32)):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"


def _rule(kind: Kind, column: ImportColumn) -> str:
    """What a column takes, in one or two sentences."""
    spec = column.spec
    if column.name == "code" and not kind.only:
        return _("At most 32 characters. Leave blank to have the next code made.")
    parts = [_("Required.")] if _is_required(kind, column) else []
    parts.append(_kind_rule(column))
    if spec.max_length and spec.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        parts.append(_("At most %(limit)s characters.", limit=spec.max_length))
    return " ".join(filter(None, parts))


def _kind_rule(column: ImportColumn) -> str:
    spec = column.spec
    if spec.choices:
        return _("One of: %(values)s.", values=", ".join(str(c.label) for c in spec.choices))
    if column.name == "owner":
        return _("User name, email or full name. Blank means the person who imports.")
    rules = {
        FieldKind.PHONE: _("A phone number, such as 0912 345 678. One number in a cell."),
        FieldKind.EMAIL: _("One email address."),
        FieldKind.DATE: _("Day/month/year, such as 09/08/1992."),
        FieldKind.TAX_CODE: _("10 or 13 digits, or a personal ID of 12 digits."),
        FieldKind.BOOLEAN: _("Có or Không."),
        FieldKind.NUMBER: _("A whole number."),
        FieldKind.WEBSITE: _("A web address."),
        FieldKind.PROVINCE: _("A province or city; names from before July 2025 are understood."),
        FieldKind.REF: _("The code or the name of a record; choose from the list."),
    }
    return rules.get(spec.kind, "")


def _lists(book: Any, sheet: Any, kind: Kind) -> None:
    """Drop-down lists, whose values stand on a hidden sheet."""
    values_sheet = book.create_sheet(sheet_title(_("Lists")))
    values_sheet.sheet_state = "hidden"
    title = values_sheet.title.replace("'", "''")
    used = 0
    for index, column in enumerate(kind.columns, 1):
        values = _offered(column)
        if not values:
            continue
        used += 1
        for number, value in enumerate(values, 1):
            put(values_sheet.cell(number, used), value)
        letter = get_column_letter(used)
        # A warning, not a stop: a new value may be meant, and the import names it.
        rule = DataValidation(
            type="list",
            formula1=f"'{title}'!${letter}$1:${letter}${len(values)}",
            allow_blank=True,
            errorStyle="warning",
            showErrorMessage=True,
            errorTitle=heading_of(column)[:32],
            error=_("This value is not in the list yet."),
        )
        place = get_column_letter(index)
        rule.add(f"{place}2:{place}{LIST_ROWS + 1}")
        sheet.add_data_validation(rule)


def _offered(column: ImportColumn) -> list[str]:
    spec = column.spec
    if spec.choices:
        return [str(choice.label) for choice in spec.choices]
    if spec.kind is FieldKind.BOOLEAN:
        return ["Có", "Không"]
    if spec.kind is FieldKind.PROVINCE:
        return [province.name for province in PROVINCES]
    if spec.kind is not FieldKind.REF:
        return []
    model = TARGETS[spec.target]
    if model is User:
        names = select(User.username).where(User.is_active).order_by(User.username_key)
    else:
        names = select(model.name).where(model.is_active).order_by(model.position, model.sort_key)
    return list(db.session.scalars(names.limit(LONGEST_LIST)))
