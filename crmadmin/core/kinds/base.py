"""What a kind of field is: one object that says how its values are read, kept, shown and found.

Pure, and so are the kinds: what a database, a form or a workbook makes of them is written once
where it is done (`core.fields`, `admin.form_fields`), by the words that stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from crmadmin.core.normalise import Normalise
from crmadmin.core.normalise_columns import ColumnNormaliser
from crmadmin.core.text import Refusal

if TYPE_CHECKING:
    from crmadmin.core.spec import FieldSpec, Words

MASK = "***"


def marked(words: str) -> str:
    """Marks words for the translators: imported as `_`, for a kind knows no language. They are
    translated where they are shown (`core.words.translated`)."""
    return words


def mask_whole(_value: Any) -> str:
    """Nothing of it: the first figures of a personal ID tell where, what and when somebody was
    born, and of few possible values each letter is too much."""
    return MASK


class Storage(Enum):
    """What the database keeps of a value; `core.fields` knows the type of the column.

    There is none for fractions: SQLite has no exact ones. A kind that has them keeps the smallest
    unit as a whole number, and shows it with a comma.
    """

    STRING = "a text of at most `max_length` characters"
    TEXT = "a text of any length"
    DATE = "a day"
    MOMENT = "a moment, in UTC"
    WHOLE = "a whole number of 32 bits"
    LARGE_WHOLE = "a whole number of 64 bits"
    YES_NO = "true or false"
    LINK = "the id of another record"


class Control(Enum):
    """What a form draws; `admin.form_fields` has the field of each."""

    LINE = "one line to type in"
    LINES = "several lines"
    TICK = "a box to tick"
    CHOICE = "a list of the field's choices, or the kind's values"
    RECORD = "a list of the records of another model"


class CellFormat(StrEnum):
    """How Excel shows a cell; the values are Excel's own."""

    TEXT = "@"
    WHOLE = "0"
    GROUPED = "#,##0"
    DATE = "dd/mm/yyyy"
    MOMENT = "dd/mm/yyyy hh:mm"


@dataclass(frozen=True, slots=True)
class Value:
    """One of the few values that a kind has.

    `text` stands in addresses, `stored` in the database, `written` in the cells of a template that
    an import reads again; `words` are for the screen.
    """

    text: str
    stored: Any
    words: Words
    written: Words


@dataclass(frozen=True, slots=True)
class Span:
    """A filter from one value to another, both included.

    `read` gives an end from an address, where it stands as its `str`; None for a blank or what
    cannot be read, which is said with the reason `unreadable` of the message `unread`. `show` is
    for people, `control` the type of the inputs, `mode` what keys a phone offers.
    """

    read: Callable[[str], Any]
    show: Callable[[Any], str]
    unreadable: str = "number"
    control: str = "text"
    mode: str = "numeric"


def end_of(normalise: Normalise) -> Callable[[str], Any]:
    """How the ends of a span are read where people type them as they fill in the field."""

    def read(text: str) -> Any:
        try:
            return normalise(text, None)
        except Refusal:
            return None

    return read


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FieldKind:
    """What a field holds. Give what is not usual; a new kind is a module here and nothing else.

    **Name.** `name` is the stable word in the reference and in messages to developers; `helper`
    the function of `core.fields`, the name unless told; `about` what a value is, in English;
    `example` one that is read.

    **Reading.** `normalise` turns what was typed into what is stored (see `core.text`);
    `normalise_past` does where a field says `past=True`. `column` makes the normaliser of a whole
    column of cells, which must agree with the other; without one each text is read once and
    remembered.

    **Keeping.** `defaults` are options of a field that gives none itself. `nullable=False` never
    keeps NULL. `has_one_form` says that equal values are equal as they are stored: a unique field
    then has a unique column, and no key beside it. `numbers_itself` takes codes from a sequence.

    **Forms.** `control` and `mode` (the keys that a phone offers); `show` is a value the way people
    type it. `is_segmented` shows two or three required choices side by side, `has_hues` paints
    them.

    **Lists.** `cell` is the look in templates/admin/model/_cells.html, `display` what it draws of a
    value (the value itself unless told), `width` the class of the column, `align` "end" for
    figures. `fits_a_column=False` is too long for the list of customers.

    **Finding.** `sortable`, `searchable`, `filterable`; `sort_suffix` ends the name of the column
    that holds a key to sort by, such as `code_key`; `span` filters from one value to another,
    else by equal values, which `read_choice` reads from an address. `exact` makes of a query what
    a record is known by, in the field's column plus `exact_suffix`.

    **Hiding.** `mask` is what stands in place of a sensitive value; nothing of it unless told.

    **Files.** `format` and `cell_width` of a column; `hint` what the template says of it;
    `says_limit` adds how many characters fit; `keeps_zeros` writes a number that a file has for it
    as the digits it is.

    `values` are all that there are, for a kind of few; `choices` (value, words) those that each of
    its fields gets; `takes_choices` says that a field is nothing without. `sentences` say what the
    codes of its own refusals and warnings mean; `core.messages` has those of formats that are
    shared.
    """

    name: str
    about: str
    normalise: Normalise
    example: str = ""
    helper: str = ""
    normalise_past: Normalise | None = None
    column: Callable[[FieldSpec], ColumnNormaliser] | None = None
    storage: Storage = Storage.STRING
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    nullable: bool = True
    has_one_form: bool = False
    numbers_itself: bool = False
    control: Control = Control.LINE
    mode: str = ""
    show: Callable[[Any], str] = str
    is_segmented: bool = False
    has_hues: bool = False
    cell: str = "text"
    display: Callable[[Any], Any] | None = None
    width: str = ""
    align: str = ""
    fits_a_column: bool = True
    sortable: bool = True
    sort_suffix: str = ""
    searchable: bool = False
    filterable: bool = True
    span: Span | None = None
    read_choice: Callable[[str], Any] | None = None
    exact: Callable[[str], str | None] | None = None
    exact_suffix: str = ""
    mask: Callable[[Any], str] = mask_whole
    format: CellFormat = CellFormat.TEXT
    cell_width: int = 14
    hint: str = ""
    says_limit: bool = False
    keeps_zeros: bool = False
    values: tuple[Value, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    takes_choices: bool = False
    sentences: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<FieldKind {self.name}>"

    @property
    def is_ref(self) -> bool:
        """Whether it names a record of another model."""
        return self.storage is Storage.LINK

    @property
    def is_yes_no(self) -> bool:
        """Whether it is true or false: a box that is ticked or not, and so never blank."""
        return self.storage is Storage.YES_NO

    @property
    def is_moment(self) -> bool:
        """Whether it is a moment, which people see in their time zone."""
        return self.storage is Storage.MOMENT

    @property
    def is_measured(self) -> bool:
        """Whether max_length is a promise about its texts; where the values are known it is not."""
        return self.storage in (Storage.STRING, Storage.TEXT) and not self.values
