"""A query that is a phone number asks for that number, whatever stands before and around it."""

from __future__ import annotations

import unicodedata

import pytest

from crmadmin.core.search import patterns
from crmadmin.core.text import dialled

NUMBER = "+84918700001"
SPELLINGS = (
    "tel:+84918700001", "tel:+84-918-700-001", "tel://0918700001", "TEL: (0918) 700 001",
    "Tel. 0918 700 001", "đt: 0918 700 001", "ĐT:0918.700.001", "đt 0918700001",
    "ÐT: 0918 700 001", "SĐT: 0918 700 001", "sđt.0918700001", "SDT=0918700001",
    "Điện thoại: 0918700001", "số điện thoại 0918 700 001", "Di động: 0918 700 001",
    unicodedata.normalize("NFD", "Số điện thoại: 0918 700 001"), "Hotline: 0918-700-001",
    "zalo 0918 700 001", "callto:0918700001", "sms:+84918700001", "ĐT：０９１８７００００１",
    "+84 (0) 918 700 001", "(+84)(0)918.700.001", "+840918700001", "\u202a0918 700 001\u202c",
    "＋８４９１８７００００１", "０９１８　７００　００１", "'0918700001", "“0918 700 001”",
    "<0918700001>", "«0918 700 001»", "=0918700001", "0918700001?", "0918 700 001!", "#0918700001",
)  # fmt: skip


@pytest.mark.parametrize("asked", SPELLINGS)
def test_a_number_with_what_was_copied_along_is_that_number(asked: str) -> None:
    assert dialled(asked) == NUMBER
    for indexed in (True, False):
        words = patterns(asked, indexed=indexed)
        assert [word[0] for word in words] == [f" {NUMBER} "], words


@pytest.mark.parametrize("asked", SPELLINGS)
def test_a_name_before_it_stays_a_word(asked: str) -> None:
    words = patterns(f"minh {asked}", indexed=True)
    assert [word[0] for word in words] == ["minh", f" {NUMBER} "], words


@pytest.mark.parametrize(
    "asked", ["tel", "đt 2024", "zalo", "zalo pay", "tel:", "hotline 24 7", "sms 091", "tel aviv"]
)
def test_what_is_no_number_is_words(asked: str) -> None:
    assert dialled(asked) is None
    assert patterns(asked, indexed=False)[0][0] == asked.split()[0].replace("đ", "d")


def test_letters_of_full_width_are_asked_for_as_plain_ones_as_well() -> None:
    assert patterns("ＮＧＵＹＥＮ", indexed=True) == [("ｎｇｕｙｅｎ", "nguyen")]
    assert patterns("ａ", indexed=True) == [(" ａ ", " a ")]
