"""How rows cross the pipe: nothing is lost or changed, and nothing but rows comes out."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmadmin.imports.reader import Limits, frames, packing
from crmadmin.imports.records import Block, Cell, CellError, FileRefused

LIMIT = Limits().cell_length
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", " ", "\u00a0\u200b", "\u200b", "\x7f", "a\x7fb", "\0", "a\0b", "\ud800"]),
)
DATES = st.dates(min_value=date(1900, 1, 1))
VALUES = st.one_of(
    TEXTS,
    st.floats(),
    st.integers(-(2**62), 2**62),
    st.booleans(),
    DATES,
    st.datetimes(min_value=datetime(1900, 1, 1)),  # noqa: DTZ001 - Excel knows no zones
    st.times(),
    st.just(CellError("#N/A")),
)
COLUMNS = st.sampled_from(
    [
        VALUES,
        TEXTS,
        st.just(""),
        st.floats(),
        st.one_of(DATES, st.just("")),
        st.floats(-9, 9).map(round).map(float),
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[Any]]:
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=5))
    height = draw(st.integers(0, 12))
    return [[draw(column) for column in columns] for _ in range(height)]


def through_the_pipe(rows: list[list[Any]], lead: int = 0) -> list[Block]:
    sent = [frames.encode(piece) for piece in packing.pieces(rows, Limits(), lead)]
    blocks: list[Block] = []
    for line in sent:
        after = blocks[-1].numbers[-1] if blocks else 0
        blocks.append(frames.decode_block(frames.decode(line), after))
    return blocks


def expected(value: Any) -> Cell:
    """One cell by itself, as the rules say it."""
    cell = packing.clean(value, LIMIT)
    if isinstance(cell, str):
        return cell.encode("utf-8", "replace").decode()
    return cell  # type: ignore[no-any-return]


@given(tables(), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_a_column_at_once_is_the_same_as_each_cell_by_itself(
    rows: list[list[Any]], lead: int
) -> None:
    wanted = [
        (number, (None,) * lead + tuple(map(expected, row)))
        for number, row in enumerate(rows, 1)
        if any(expected(value) is not None for value in row)
    ]
    got = [tuple(row) for block in through_the_pipe(rows, lead) for row in block.rows()]
    assert got == wanted
    types = [[type(cell) for cell in cells] for _, cells in got]
    assert types == [[type(cell) for cell in cells] for _, cells in wanted]


def test_many_rows_keep_their_numbers() -> None:
    rows = [["x"] if number % 3 else [""] for number in range(1, 2001)]
    numbers = [number for block in through_the_pipe(rows) for number in block.numbers]
    assert numbers == [number for number in range(1, 2001) if number % 3]


def test_a_frame_of_much_text_is_cut_into_smaller_ones() -> None:
    rows = [["x" * 30_000] for _ in range(500)]
    blocks = through_the_pipe(rows)
    assert len(blocks) > 3
    assert [row for block in blocks for row in block.columns[0]] == ["x" * 30_000] * 500


def test_durations_become_texts_and_zeros_are_values() -> None:
    [block] = through_the_pipe([[timedelta(days=1, hours=2), ""], [0.0, ""], [False, ""]])
    assert block.columns == [["1 day, 2:00:00", 0, False], [None, None, None]]


def test_what_no_number_can_be_is_an_error_cell() -> None:
    [block] = through_the_pipe([[float("inf")], [float("nan")], [1e300], [2.0**60]])
    error = CellError("#NUM!")
    assert block.columns == [[error, error, 1e300, 2.0**60]]


def test_a_text_longer_than_any_cell_is_unsafe() -> None:
    for value in ("x" * (LIMIT + 1), "x\x7f" * LIMIT):
        with pytest.raises(FileRefused, match="file_unsafe"):
            through_the_pipe([[value], ["y"]])


GOOD = {"count": 2, "at": 3, "columns": ["a\x7fb", [1, None], {"d": "2020-01-02\x7f"}]}


def test_a_frame_is_read_as_it_is_meant() -> None:
    assert frames.decode_block(GOOD, 2) == Block(
        [3, 4], [["a", "b"], [1, None], [date(2020, 1, 2), None]]
    )
    clock = {"count": 1, "at": [9], "columns": [[{"t": "10:00:00"}]]}
    assert frames.decode_block(clock).columns == [[time(10)]]


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 3},
        {"count": 0},
        {"count": "2"},
        {"count": True},
        {"at": 2},
        {"at": None},
        {"at": [3, 3]},
        {"at": [4, 3]},
        {"at": [3, 4, 5]},
        {"at": [3.0, 4.0]},
        {"columns": None},
        {"columns": [1]},
        {"columns": ["a"]},
        {"columns": ["a\x7fb\x7fc"]},
        {"columns": [[1]]},
        {"columns": [[1, {}]]},
        {"columns": [[1, [2]]]},
        {"columns": [[1, {"d": 5}]]},
        {"columns": [[1, {"x": "y"}]]},
        {"columns": [{"d": "2020-01-02\x7fhôm nay"}]},
        {"columns": [{"d": "2020-01-02"}]},
        {"columns": [{"x": "a\x7fb"}]},
        {"columns": [{}]},
    ],
)
def test_a_frame_that_is_anything_else_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever its words, it is one error
        frames.decode_block({**GOOD, **changes}, 2)


@pytest.mark.parametrize("line", [b"[]", b"1", b"", b'{"a": NaN}', b'{"a": Infinity}', b"\xff"])
def test_a_line_that_is_no_frame_is_none(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's and our own alike
        frames.decode(line)


def test_a_frame_is_one_line_of_json() -> None:
    line = frames.encode({"a": "x\ny\x7f"})
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"a": "x\ny\x7f"}
