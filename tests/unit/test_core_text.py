"""What holds for every normaliser and key, whatever a cell contains."""

import contextlib
import datetime as dt
import math
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmadmin.core import text as formats
from crmadmin.core.messages import CODES
from crmadmin.core.text import Note, Province, Refusal

NORMALISERS = (
    formats.text,
    formats.long_text,
    formats.code,
    formats.phone,
    formats.email,
    formats.website,
    formats.date,
    formats.birthday,
    formats.tax_code,
    formats.yes_no,
    formats.whole_number,
    formats.province,
)
KEYS = (
    formats.fold,
    formats.heading_key,
    formats.name_key,
    formats.code_key,
    formats.email_key,
    formats.sort_key,
    formats.show_phone,
    formats.shorten,
)

TYPED = st.one_of(
    st.text(alphabet=st.characters(codec=None), max_size=60),
    st.text(alphabet="0123456789+-.()/ ,;eExX@abvn\u00a0\u200b\u0300\u0323Đđạ₫:T", max_size=30),
    st.from_regex(r"\+?[0-9 .()-]{6,20}", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}( [0-9:]{1,8})?", fullmatch=True),
    st.from_regex(r"[a-zA-Z.İßéạ]{1,9}@[a-zA-Zéạß.-]{1,12}\.(vn|com)", fullmatch=True),
    st.from_regex(r"(https?://)?[a-zA-Zéạß.-]{1,12}\.(vn|com|xn--p1ai)(/\S{0,9})?", fullmatch=True),
)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=0, max_value=10**14),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.times(),
    TYPED,
)


def _outcome(normalise, cell, notes):
    try:
        return normalise(cell, notes), None
    except Refusal as refusal:
        return None, refusal


@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda f: f.__name__)
@settings(max_examples=300, deadline=None)
@given(cell=CELLS)
@example(cell=10**5000)
@example(cell=-(10**5000))
@example(cell="\ud800")
@example(cell="a" + "\u0344" * 700)
@example(cell="\ufb2c" * 400)
@example(cell="lan@" + "ǰ" * 10 + ".vn")
def test_a_cell_gives_a_stable_value_or_a_refusal_that_can_be_told(normalise, cell):
    notes: list[Note] = []
    value, refusal = _outcome(normalise, cell, notes)
    if refusal is not None:
        assert refusal.code in CODES
        assert all(isinstance(told, str) for told in refusal.params.values())
        assert len(refusal.params["value"]) <= formats.SHOWN_LENGTH
        return
    assert {note.code for note in notes} <= CODES
    assert normalise(value) == value
    if isinstance(value, str):
        assert value == value.strip() != ""
        assert unicodedata.is_normalized("NFC", value)
        value.encode()
        assert not any(
            unicodedata.category(char) in ("Cc", "Cs") for char in value.replace("\n", "")
        )


@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda f: f.__name__)
def test_blanks_of_every_kind_are_none(normalise):
    for blank in (None, "", " ", "\t\r\n", "\u00a0", "\u200b\ufeff", "\u3000", "\u3164"):
        notes: list[Note] = []
        assert normalise(blank, notes) is None
        assert notes == []


@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda f: f.__name__)
def test_nan_is_a_refusal(normalise):
    with pytest.raises(Refusal):
        normalise(math.nan)


PIECES = {
    "digits": "9",
    "zeros": "0",
    "letters": "a",
    "blanks": " ",
    "letters and blanks": "a ",
    "lines": "x \n",
    "zero-width": "x\u200b",
    "controls": "\x00\x1b",
    "surrogates": "\ud800",
    "marks that must be sorted": "\u0300\u0316",
    "marks that decompose": "\u0344",
    "letters that decompose": "\ufb2c",
    "letters that grow": "\ufdfa",
    "capitals that grow": "İ",
    "dots": "a.",
    "at signs": "a@",
    "hosts": "a.vn/",
    "dashes": "1-",
    "slashes": "1/",
    "dates": "1/1/1900 ",
    "exponents": "1e",
    "conjunctions": " và ",
    "plus signs": "+84 ",
    "brackets": "((",
    "stars": "* ",
    "provinces": "tp city",
    "Vietnamese": "Nguyễn ",
    "VNI": "Nguyeãn aï ",
    "weak VNI": "aï",
    "TCVN3": "yÔ µ",
    "Chinese": "漢",
    "underscores": "_",
}


def _seconds(call, text):
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        with contextlib.suppress(Refusal):
            call(text)
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("call", [*NORMALISERS, *KEYS], ids=lambda f: f.__name__)
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_a_text_ten_times_as_long_costs_no_more_than_linear_work(call, piece):
    short, long = (piece * (size // len(piece)) for size in (10_000, 100_000))
    # A quadratic step costs 100 times as much. What takes under 5 ms at full length is no risk
    # and too short to compare.
    # A busy machine may take its time over one of the two: linear work passes at some look.
    assert any(_is_linear(call, short, long) for _look in range(5))


def _is_linear(call, short, long):
    full = _seconds(call, long)
    return full < 0.005 or full < 40 * _seconds(call, short)


def test_dates_and_times_of_any_zone_are_cells_too():
    zoned = dt.datetime(1992, 8, 9, 1, 2, tzinfo=dt.UTC)
    assert formats.date(zoned) == dt.date(1992, 8, 9)
    assert formats.text(zoned) == "09/08/1992 01:02"


def test_a_value_of_another_type_is_taken_as_its_text():
    assert formats.text(dt.timedelta(hours=30)) == "1 day, 6:00:00"
    assert formats.text(Province("01", "Hà Nội")) == "Hà Nội"
