"""Columns normalised at once give what their cells give one by one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmadmin.core.db import spec_of
from crmadmin.core.normalise import normaliser
from crmadmin.core.normalise_columns import column_normaliser
from crmadmin.core.text import Note, Refusal
from crmadmin.customers.models import Customer

SPEC = spec_of(Customer)
FIELDS = [f for f in SPEC.fields if f.importable]

WORDS = st.sampled_from(
    ["Công ty", "Nguyễn  Văn", " An", "Hà ", "a\u0301", "␟", "C«ng", "Nguyeãn", "x\u200by",
     "\u3164", "0912345678", "0912 345 678", "84912345678", "912345678", "0212345678", "A@B.VN",
     "a@b.com", "lan@", "https://a.vn", "HTTP://A.vn/x y", "a.vn", "09/08/1992", "31/02/1990",
     "Cá nhân", "Hà Nội", "Bình Dương", "0100109106", "12345", "NGUYỄN", "\ud800"]
)  # fmt: skip
CELLS = st.one_of(
    st.none(),
    WORDS,
    st.text(max_size=12),
    st.integers(-5, 10**10),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(dt.date(1850, 1, 1), dt.date(2080, 1, 1)),
    st.datetimes(),
    st.sampled_from(["x" * 300, "y" * 33, "z" * 5000]),
)
COLUMN = st.one_of(st.lists(CELLS, max_size=8), st.lists(WORDS, max_size=8))


def one_by_one(field: Any, cells: list[Any]) -> list[Any]:
    """Value, or what is said about the cell, of each."""
    normalise, found = normaliser(field), []
    for cell in cells:
        notes: list[Note] = []
        try:
            value = None if cell is None else normalise(cell, notes)
        except Refusal as refusal:
            found.append(("refused", refusal.code))
        else:
            found.append(("noted", cell) if notes else ("value", value))
    return found


def at_once(field: Any, cells: list[Any]) -> list[Any]:
    normalise = normaliser(field)
    said: dict[int, Any] = {}

    def slow(index: int, cell: Any) -> Any:
        notes: list[Note] = []
        try:
            value = normalise(cell, notes)
        except Refusal as refusal:
            said[index] = ("refused", refusal.code)
            return None
        said[index] = ("noted", cell) if notes else ("value", value)
        return value

    values = column_normaliser(field)(cells, slow)
    assert len(values) == len(cells)
    return [said.get(i, ("value", value)) for i, value in enumerate(values)]


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.name)
@settings(max_examples=150, deadline=None)
@given(cells=COLUMN)
def test_a_column_gives_what_its_cells_give(field: Any, cells: list[Any]) -> None:
    assert at_once(field, cells) == one_by_one(field, cells)


def test_what_is_usual_never_takes_the_slow_way() -> None:
    usual = {
        "name": ["Công ty TNHH Minh Phát", None, "Nguyễn Thị Lan"],
        "phone": ["0912345678", "0386 770 912", 912345678],
        "email": ["lienhe@example.com", "Lan.Nguyen@CONGTY.vn"],
        "birthday": [dt.date(1992, 8, 9), dt.datetime.fromisoformat("1992-08-09"), None],
        "website": ["https://congty.vn", "http://a.com.vn/x"],
    }

    def never(index: int, cell: Any) -> Any:
        raise AssertionError(cell)

    for name, cells in usual.items():
        values = column_normaliser(SPEC.field(name))(cells, never)
        assert [v is None for v in values] == [c is None for c in cells]
