"""The generated workbooks: any number of customers × 25 columns, the same ones every time.

Two editions of one row have the same code and other values, so that the old edition, imported
first, is what the new one overwrites. Some rows can be made bad. Written by the product's own
writer, as texts and dates inside the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from bench import words
from crmadmin.spreadsheets.book import DATE, TEXT, Book, ColumnFormat

NEW, OLD = "new", "old"
HEADINGS = (
    "Mã khách hàng", "Tên khách hàng", "Đối tượng", "Chủ sở hữu", "Loại khách hàng",
    "Nhóm khách hàng", "Kênh bán hàng", "Nguồn khách hàng", "Lĩnh vực", "Quy mô", "Trạng thái",
    "Phân cấp", "Mã số thuế", "Điện thoại", "Email", "Website", "Địa chỉ", "Tỉnh/Thành phố",
    "Ngày sinh / thành lập", "Ghi chú", "Người liên hệ", "Chức vụ liên hệ", "ĐT liên hệ",
    "Email liên hệ", "Ngày sinh liên hệ",
)  # fmt: skip
DATES = (18, 24)
"""Places of the columns with dates."""
CONTACT = slice(20, 25)
BLOCK = 5000
FIRST_DAY = date(1950, 1, 1)
DAYS = 20_000
TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
BAD = (
    (22, "chưa rõ"),
    (13, "không có"),
    (14, "khong-co@"),
    (18, "32/13/1990"),
    (11, "Hạng chưa có"),
)
"""Place and value of a cell that makes its row invalid."""

Values = tuple[Any, ...]


def write(path: Path, rows: int, *, edition: str = NEW, bad: float = 0.0) -> Path:
    """Write a workbook of the rows that `customers` gives."""
    columns = [
        ColumnFormat(format=DATE if place in DATES else TEXT) for place in range(len(HEADINGS))
    ]
    with (
        path.open("wb") as out,
        Book(out) as book,
        book.sheet("Khách hàng", columns, headings=HEADINGS, rows=rows) as sheet,
    ):
        sheet.add_all(customers(rows, edition, bad))
    return path


def customers(rows: int, edition: str = NEW, bad: float = 0.0) -> Iterator[Values]:
    """The first `rows` customers of the new edition; of the old one, every second of them.

    A share of `bad` has one cell that makes the row invalid.
    """
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        made = zip(*_block(first, edition), strict=True)
        kept = islice(made, 0, count, 2 if edition == OLD else 1)
        yield from _spoilt(kept, first, bad) if bad else kept


def _spoilt(rows: Iterator[Values], first: int, bad: float) -> Iterator[Values]:
    chance = Random(f"bad {first}")  # noqa: S311 - the same rows every time
    for row in rows:
        if chance.random() < bad:
            place, value = chance.choice(BAD)
            yield (*row[:place], value, *row[place + 1 :])
        else:
            yield row


def _block(first: int, edition: str) -> list[list[Any]]:
    """A whole block of rows, column by column."""
    chance = Random(f"{edition} {first}")  # noqa: S311 - the same rows every time
    numbers = range(first, first + BLOCK)
    # A third of the customers keep their name, and a third their contact, from the old edition.
    lasting = Random(f"lasting {first}")  # noqa: S311 - the same names every time
    names = _mixed(_names(chance, numbers), _names(lasting, numbers), 0)
    contacts = [
        _mixed(own, old, 1)
        for own, old in zip(_contacts(chance, numbers), _contacts(lasting, numbers), strict=True)
    ]
    catalogs = [_some(chance, chance.choices(v, k=BLOCK), 0.95) for v in words.CATALOGS.values()]
    kinds = ["Cá nhân" if n % 3 == 0 else "Tổ chức" for n in numbers]
    taxes = [None if n % 3 == 0 else code for n, code in zip(numbers, _taxes(chance), strict=True)]
    columns = [
        [f"KH{n:07d}" for n in numbers], names, kinds, chance.choices(words.OWNERS, k=BLOCK),
        *catalogs, taxes, _phones(chance, numbers), _emails(chance, numbers),
        _some(chance, _websites(chance, numbers), 0.5), _some(chance, _addresses(chance), 0.95),
        _some(chance, chance.choices(words.PROVINCES, k=BLOCK), 0.95),
        _some(chance, _days(chance), 0.7), _some(chance, _notes(chance), 0.5),
    ]  # fmt: skip
    return columns + contacts


def _mixed(own: list[Any], lasting: list[Any], third: int) -> list[Any]:
    """Two of three values from the first list, the others from the second."""
    pairs = enumerate(zip(own, lasting, strict=True))
    return [old if n % 6 // 2 == third else new for n, (new, old) in pairs]


def _some(chance: Random, values: list[Any], share: float) -> list[Any]:
    """The values, some of them blank."""
    return [value if chance.random() < share else None for value in values]


def _names(chance: Random, numbers: range) -> list[str]:
    people = _people(chance)
    forms, trades = chance.choices(words.FORMS, k=BLOCK), chance.choices(words.TRADES, k=BLOCK)
    houses = chance.choices(words.HOUSES, k=BLOCK)
    return [
        people[i] if n % 3 == 0 else f"{forms[i]} {trades[i]} {houses[i]} {n % 997}"
        for i, n in enumerate(numbers)
    ]


def _people(chance: Random) -> list[str]:
    parts = (chance.choices(some, k=BLOCK) for some in (words.FAMILY, words.MIDDLE, words.GIVEN))
    return list(map(" ".join, zip(*parts, strict=True)))


def _contacts(chance: Random, numbers: range) -> list[list[Any]]:
    """Columns: name, title, phone, email, birthday."""
    return [
        _people(chance),
        _some(chance, chance.choices(words.TITLES, k=BLOCK), 0.9),
        _phones(chance, numbers),
        _some(chance, _emails(chance, numbers), 0.8),
        _days(chance),  # the last column is full: a peer refuses rows that end early
    ]


def _phones(chance: Random, numbers: range) -> list[str]:
    """Numbers as people write them: most in one piece, some in groups."""
    prefixes = chance.choices(words.MOBILES, k=BLOCK)
    rest = chance.choices(range(10_000_000), k=BLOCK)
    return [
        f"{prefix} {n // 10_000:03d} {n % 10_000:04d}" if row % 5 == 0 else f"{prefix}{n:07d}"
        for row, prefix, n in zip(numbers, prefixes, rest, strict=True)
    ]


def _emails(chance: Random, numbers: range) -> list[str]:
    hosts = chance.choices(words.MAIL_HOSTS, k=BLOCK)
    users = chance.choices(("lienhe", "kinhdoanh", "muahang", "info", "ketoan"), k=BLOCK)
    rest = chance.choices(range(10_000), k=BLOCK)
    return [
        f"{user}{n}.{more}@{host}"
        for user, n, more, host in zip(users, numbers, rest, hosts, strict=True)
    ]


def _websites(chance: Random, numbers: range) -> list[str]:
    ends = chance.choices(words.DOMAINS, k=BLOCK)
    return [f"https://congty{n}.{end}" for n, end in zip(numbers, ends, strict=True)]


def _addresses(chance: Random) -> list[str]:
    houses = chance.choices(range(1, 999), k=BLOCK)
    streets, wards = chance.choices(words.STREETS, k=BLOCK), chance.choices(words.WARDS, k=BLOCK)
    return [f"Số {n} đường {s}, {w}" for n, s, w in zip(houses, streets, wards, strict=True)]


def _days(chance: Random) -> list[date]:
    return [FIRST_DAY + timedelta(n) for n in chance.choices(range(DAYS), k=BLOCK)]


def _notes(chance: Random) -> list[str]:
    texts, rest = chance.choices(words.NOTES, k=BLOCK), chance.choices(range(100), k=BLOCK)
    return [f"{text} ({n})" for text, n in zip(texts, rest, strict=True)]


def _taxes(chance: Random) -> Iterator[str]:
    """Tax codes whose check digit is right."""
    for given in chance.choices(range(10_000_000, 400_000_000), k=BLOCK):
        number = given
        total = 0
        while total % 11 == 0:  # such a number is not given out
            number += 1
            total = sum(w * int(d) for w, d in zip(TAX_WEIGHTS, f"{number:09d}", strict=True))
        yield f"{number:09d}{10 - total % 11}"
