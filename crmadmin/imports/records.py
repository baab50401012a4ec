"""The plain data that travels through an import: cells, rows, states, problems, rules, outcomes.

Nothing here reads a file or a database and nothing here decides anything; see `reader`,
`mapping`, `check`, `plan` and `write` for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell in which Excel shows an error instead of a value, such as `#N/A`."""

    text: str

    def __str__(self) -> str:
        return self.text


Cell = str | int | float | bool | date | datetime | time | CellError | None


class Row(NamedTuple):
    """One row of a sheet: the number that Excel shows, and its cells from column A on."""

    number: int
    cells: tuple[Cell, ...]


class Block(NamedTuple):
    """Some rows of a sheet, column by column.

    `numbers` are Excel's, ascending, of rows that hold a value; each of `columns`, from column A
    on, is as long as they are, with None for a blank cell.
    """

    numbers: list[int]
    columns: list[list[Cell]]

    def rows(self) -> list[Row]:
        """The same rows, one by one."""
        if not self.columns:
            return [Row(number, ()) for number in self.numbers]
        cells = zip(*self.columns, strict=True)
        return [Row(number, row) for number, row in zip(self.numbers, cells, strict=True)]


class State(StrEnum):
    """Where a row of the file ends; every row is in exactly one of these."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    MERGED = "merged"
    INVALID = "invalid"
    BLANK = "blank"


PREVIEW, RUN, UNDO = "import.preview", "import.run", "import.undo"
"""The jobs of an import."""
JOBS = "import."
"""What their names begin with."""


class OnDuplicate(StrEnum):
    SKIP = "skip"
    OVERWRITE = "overwrite"


class OnContact(StrEnum):
    ADD = "add"
    SKIP = "skip"


class OnBlank(StrEnum):
    KEEP = "keep"
    CLEAR = "clear"


class OnUnknown(StrEnum):
    ERROR = "error"
    CREATE = "create"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user decided about one import (Thiết lập bản ghi trùng)."""

    on_duplicate: OnDuplicate = OnDuplicate.SKIP
    contacts: OnContact = OnContact.ADD
    blank: OnBlank = OnBlank.KEEP
    unknown: OnUnknown = OnUnknown.ERROR
    strict: bool = False

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> Rules:
        """Build the rules from stored or submitted words; ValueError for a word that is none."""
        return cls(
            on_duplicate=OnDuplicate(options.get("on_duplicate") or OnDuplicate.SKIP),
            contacts=OnContact(options.get("contacts") or OnContact.ADD),
            blank=OnBlank(options.get("blank") or OnBlank.KEEP),
            unknown=OnUnknown(options.get("unknown") or OnUnknown.ERROR),
            strict=bool(options.get("strict")),
        )

    def to_dict(self) -> dict[str, object]:
        """The rules as JSON can hold them; `from_mapping` reads it back."""
        return {
            "on_duplicate": self.on_duplicate.value,
            "contacts": self.contacts.value,
            "blank": self.blank.value,
            "unknown": self.unknown.value,
            "strict": self.strict,
        }


class FileRefused(Exception):
    """The whole file cannot be imported.

    `code` is one of the stable words (`file_encrypted`, `no_header`, …); `params` fill its
    message.
    """

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong (or, as a warning, remarkable) about one cell of one row.

    `column` is the name of the import column, such as `contact_phone`, or "" for the whole row;
    `value` is the cell as text; `params` fill the message of `code`.
    """

    code: str
    column: str = ""
    value: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "column": self.column,
            "value": self.value,
            "params": dict(self.params),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Problem:
        return cls(
            code=stored["code"],
            column=stored.get("column", ""),
            value=stored.get("value", ""),
            params=stored.get("params") or {},
        )


@dataclass(frozen=True, slots=True)
class NewRef:
    """A catalog value that no record has yet and that the rules say to create."""

    target: str
    name: str
