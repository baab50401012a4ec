"""What the reader makes of text files: encodings, delimiters, quotation marks, row numbers."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

import pytest
from reading import read, refusal

from crmadmin.imports.reader import Limits, open_sheet
from crmadmin.imports.records import CellError, FileRefused, Row
from crmadmin.spreadsheets.table import SheetColumn, write_csv

HEADER = Row(1, ("Mã", "Tên", "Ghi chú"))
TEXT = "Mã;Tên;Ghi chú\r\n0912;Nguyễn Ánh, Đào;\r\n\r\n;☺;x\r\n"
ROWS = [Row(2, ("0912", "Nguyễn Ánh, Đào")), Row(4, (None, "☺", "x"))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tep.csv"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_is_found_out(
    file: Path, content: bytes, delimiter: str
) -> None:
    if delimiter != ";":
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            content = content.replace(", ".encode(encoding), " ".encode(encoding))
            content = content.replace(";".encode(encoding), delimiter.encode(encoding))
    file.write_bytes(content)
    header, rows = read(file)
    assert header == HEADER
    assert [row.number for row in rows] == [2, 4]
    assert rows[0].cells == ("0912", "Nguyễn Ánh, Đào" if delimiter == ";" else "Nguyễn Ánh Đào")
    assert rows[1] == ROWS[1]


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv", ".CSV"])
def test_a_text_file_is_known_by_its_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"tep{suffix}"
    path.write_text(TEXT, encoding="utf-8", newline="")
    assert read(path) == (HEADER, ROWS)


@pytest.mark.parametrize("encoding", ["cp1258", "latin-1", "cp1252"])
def test_another_encoding_is_named_as_what_is_wrong(file: Path, encoding: str) -> None:
    file.write_bytes("Mã,Tên\nà,b\n".encode(encoding, "replace"))
    assert refusal(file) == "file_encoding"


def test_another_encoding_far_down_is_refused_before_any_row(file: Path) -> None:
    file.write_bytes("Mã,Tên\n".encode() + b"a,b\n" * 200_000 + b"\xe0,b\n")
    with pytest.raises(FileRefused, match="file_encoding"), open_sheet(file, lambda head: 1):
        pytest.fail("a row was sent")


def test_a_file_that_ends_within_a_letter_is_damaged(file: Path) -> None:
    file.write_bytes("Mã,Tên\na,Đ".encode()[:-1])
    assert refusal(file) == "file_damaged"


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 20, b"\x89PNG\r\n\x1a\n" + bytes(5000), b"\xff\xfe\x00\xd8" * 99],
)
def test_what_is_no_text_is_no_spreadsheet(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert refusal(file) == "file_not_spreadsheet"


def test_rows_are_counted_as_excel_shows_them(file: Path) -> None:
    file.write_text('a,b\n\n"mot\nhai","x"\n \n,,\nc\n', newline="")
    assert read(file)[1] == [Row(3, ("mot\nhai", "x")), Row(6, ("c",))]


def test_a_line_that_names_the_delimiter_is_obeyed_and_not_counted(file: Path) -> None:
    file.write_text("sep=|\na|b,c\n1|2\n", newline="")
    assert read(file) == (Row(1, ("a", "b,c")), [Row(2, ("1", "2"))])


def test_error_values_are_errors_and_texts_are_texts(file: Path) -> None:
    file.write_text('a,b,c\n#N/A,#DIV/0!,#khác\n\'=1+1,\'abc,"=""0912"""\n', newline="")
    assert read(file)[1] == [
        Row(2, (CellError("#N/A"), CellError("#DIV/0!"), "#khác")),
        Row(3, ("=1+1", "'abc", "0912")),
    ]


def test_what_our_own_export_wrote_comes_back_without_a_loss(file: Path) -> None:
    texts = ["=1+1", "+84912345678", "-", "@a", "'=x", '="a"', "a;b,c\td", 'nói "có"', "a\nb"]
    out = io.BytesIO()
    write_csv(out, [SheetColumn(f"c{n}") for n in range(len(texts))], [texts])
    file.write_bytes(out.getvalue())
    assert read(file)[1] == [Row(2, tuple(texts))]


@pytest.mark.parametrize(
    ("content", "row"), [('a,b\n1,2\n"3,4\n5,6\n', "3"), ('a,b\n"1\n2', "2"), ('a,"', "1")]
)
def test_a_quotation_mark_that_is_never_closed_is_refused(
    file: Path, content: str, row: str
) -> None:
    file.write_text(content)
    with pytest.raises(FileRefused) as caught:
        read(file)
    assert (caught.value.code, caught.value.params) == ("file_quotes", {"row": row})


def test_a_cell_longer_than_excel_allows_is_refused(file: Path) -> None:
    file.write_text("a\n" + "x" * 32_767 + "\n")
    assert len(str(read(file)[1][0].cells[0])) == 32_767
    file.write_text("a\n" + "x" * 32_768 + "\n")
    assert refusal(file) == "file_quotes"


def test_longer_and_shorter_rows_than_the_header_are_taken_as_they_are(file: Path) -> None:
    file.write_text("a,b,c\n1\n1,2,3,4,5\n", newline="")
    with open_sheet(file, lambda head: 1) as reading:
        [block] = reading.blocks
    assert block.numbers == [2, 3]
    assert block.columns == [["1", "1"], [None, "2"], [None, "3"], [None, "4"], [None, "5"]]


def test_an_empty_file_has_no_header(file: Path) -> None:
    file.write_bytes(b"")
    assert refusal(file) == "no_header"


def test_blocks_are_as_wide_as_the_header_even_where_rows_are_short(file: Path) -> None:
    file.write_text("a,b,c\n" + "1\n" * 9000, newline="")
    with open_sheet(file, lambda head: 1) as reading:
        blocks = list(reading.blocks)
    assert [len(block.numbers) for block in blocks] == [1999, 2000, 2000, 2000, 1001]
    assert {len(block.columns) for block in blocks} == {3}
    assert blocks[0].columns[2] == [None] * 1999


def test_a_text_file_needs_little_memory_however_long_it_is(file: Path) -> None:
    file.write_text("a,b\n" + "một,hai\n" * 500_000, newline="")
    limits = Limits(memory=128 * 1024 * 1024)
    with open_sheet(file, lambda head: 1, limits) as reading:
        assert sum(len(block.numbers) for block in reading.blocks) == 500_000
