"""What is said about whole files, and about what only an import knows, in the user's language.

Problems of single values have their sentences in `core.messages`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from crmadmin.core import messages
from crmadmin.imports.records import State

FILE_SENTENCES: Mapping[str, LazyString] = {
    "file_encrypted": _l(
        "The file has a password: open it in Excel, remove the password and upload it again."
    ),
    "file_too_large": _l(
        "The file is too large to read: delete rows and columns that hold no data, or split it "
        "into several files."
    ),
    "file_too_slow": _l(
        "Reading the file takes too long: copy the data into a new workbook, or split it into "
        "several files."
    ),
    "file_unsafe": _l(
        "The file holds something no ordinary workbook does, so it was not opened: copy the data "
        "into a new workbook and upload that."
    ),
    "file_not_spreadsheet": _l(
        "This is not a spreadsheet, whatever its name says: open it in Excel and save it as "
        "Excel Workbook (.xlsx)."
    ),
    "file_damaged": _l(
        "The file is damaged or was not uploaded whole: open it in Excel, save it again and "
        "upload it again."
    ),
    "file_gone": _l("The uploaded file is no longer on the server: upload it again."),
    "file_changed": _l(
        "The file on the server is no longer the one that was uploaded: nothing more is read from "
        "it. Upload it again, and tell the administrator."
    ),
    "file_unsupported": _l(
        "Files of %(format)s and older cannot be read: open it in a spreadsheet program and save "
        "it as Excel Workbook (.xlsx)."
    ),
    "file_needs_memory": _l(
        "Reading the file takes more than the %(limit)s MiB of memory that are set aside for it: "
        "split it into several files, save it as CSV UTF-8, which needs little memory, or have "
        "CRM_READER_MAX_MB raised."
    ),
    "file_encoding": _l(
        "The letters of the file are neither in UTF-8 nor in UTF-16: open it in Excel and save it "
        "again as CSV UTF-8."
    ),
    "file_quotes": _l(
        "In row %(row)s a quotation mark is never closed, or a cell is longer than Excel allows: "
        "correct it, or save the data as Excel Workbook (.xlsx)."
    ),
    "too_many_columns": _l(
        "The sheet reaches beyond column %(limit)s: delete the columns at its right end that "
        "hold no data."
    ),
    "too_many_blank_rows": _l(
        "Row %(row)s has a value after a very long run of blank rows: delete it if it strayed "
        "there, or remove the blank rows."
    ),
    "no_header": _l(
        "No row with known column names was found: the first 20 rows need one with headings as "
        "in the template."
    ),
    "no_rows": _l("The sheet “%(sheet)s” has headings but no rows below them."),
}

OWN_SENTENCES: Mapping[str, LazyString] = {
    "second_default": _l("Row %(row)s is the default already; a list has only one."),
    "left_out": _l("You left this row behind."),
}

REASONS: Mapping[str, LazyString] = {
    "required": _l("Missing value"),
    "too_long": _l("Text too long"),
    "bad_phone": _l("Invalid phone number"),
    "bad_email": _l("Invalid email"),
    "bad_date": _l("Invalid date"),
    "future_date": _l("Date in the future"),
    "bad_tax_code": _l("Invalid tax code"),
    "bad_website": _l("Invalid web address"),
    "bad_number": _l("Not a whole number"),
    "bad_yes_no": _l("Neither yes nor no"),
    "bad_choice": _l("Not one of the choices"),
    "unknown_value": _l("Value not in the list"),
    "ambiguous_value": _l("Fits two records"),
    "inactive_value": _l("No longer in use"),
    "cell_error": _l("Error cell in Excel"),
    "duplicate_key": _l("Already taken by another record"),
    "second_default": _l("A second default"),
    "left_out": _l("Left behind by you"),
}
"""Codes of problems in a few words, for counting them."""

STATE_LABELS: Mapping[State, LazyString] = {
    State.CREATED: _l("New"),
    State.UPDATED: _l("Overwritten"),
    State.UNCHANGED: _l("Unchanged"),
    State.SKIPPED: _l("Skipped"),
    State.MERGED: _l("Joined to an earlier row"),
    State.INVALID: _l("With errors"),
    State.BLANK: _l("Blank rows"),
}

STATE_MEANINGS: Mapping[State, LazyString] = {
    State.CREATED: _l("A record that was not there before."),
    State.UPDATED: _l("An existing record got the values of the row."),
    State.UNCHANGED: _l("An existing record had all the values of the row already."),
    State.SKIPPED: _l("The record was there already and stays as it is."),
    State.MERGED: _l("A later row of the same code; it only brings its contact."),
    State.INVALID: _l("Not imported; each reason is named below."),
    State.BLANK: _l("Nothing in any cell."),
}


class _Parameters(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "–"


def file_message(code: str, params: Mapping[str, str]) -> str:
    """Why the whole file was refused, and the way out."""
    sentence = FILE_SENTENCES.get(code) or FILE_SENTENCES["file_damaged"]
    return str(sentence) % _Parameters(params)


def message(code: str, params: Mapping[str, str]) -> str:
    """The sentence about one problem or warning of a row."""
    if code in OWN_SENTENCES:
        return str(OWN_SENTENCES[code]) % _Parameters(params)
    return messages.message(code, params)
