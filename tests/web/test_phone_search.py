"""A phone number is found however it is spelt, wherever one searches, and finds that number only;
and Ð, which nobody can tell from Đ, is found by d."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from factories import catalog, contact, customer, group
from flask import Flask
from test_group_form import HTMX, NEW, act
from visitor import Visitor

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator
from crmadmin.core import search
from crmadmin.core.db import db
from crmadmin.customers.models import DOCUMENTS
from crmadmin.groups.models import Membership

SPELLINGS = (
    "0918700001", "0918 700 001", "0918.700.001", "0918-700-001", "(0918) 700 001",
    "(0918)700-001", "0918 - 700 - 001", "0918\u00a0700\u00a0001", "0918–700–001", " 0918 700 001 ",
    "+84918700001", "+84 918 700 001", "+84.918.700.001", "(+84) 918 700 001", "84918700001",
    "84 918 700 001", "0084918700001", "918700001", "918 700 001", "918.700.001",
    "０９１８７００００１", "0918700001,", "0918.700.001;", "0918 700 001,",
    "tel:+84918700001", "ĐT: 0918.700.001", "+84 (0) 918 700 001",
    "０９１８　７００　００１", "“0918 700 001”",
)  # fmt: skip
NUMBER = "+84918700001"
WANTED = "Ngọc Sáng"
OTHERS = {
    # Each holds the parts of the number somewhere, or the whole as a part of a longer one.
    "Phần Rời A": {"phone": "+84918111700", "code": "KH-001"},
    "Phần Rời B": {"phone": "+84918111222", "code": "700-001"},
    "Dài Hơn C": {"phone": "+842918700001"},
    "Khác Số D": {"phone": "+84918700002"},
}


@pytest.fixture(params=[True, False], ids=["settled", "waiting"])
def stock(context: Flask, people: dict[str, int], request: pytest.FixtureRequest) -> int:
    """Customers and collaborators, of each one with the number; a group of all. Gives its id."""
    an = db.session.get_one(User, people["an"])
    made = [customer(an, name, **values) for name, values in OTHERS.items()]
    made.append(customer(an, WANTED, phone=NUMBER))
    contact(customer(an, "Nhà Của Liên Hệ"), "Bà Tư", phone=NUMBER)
    for name, values in OTHERS.items():
        catalog(Collaborator, f"CTV {name}", **values)
    catalog(Collaborator, f"CTV {WANTED}", phone=NUMBER)
    everybody = group("Tất cả")
    db.session.add_all(Membership(group_id=everybody.id, customer_id=c.id) for c in made)
    db.session.commit()
    while request.param and search.settle(db.session.connection(), DOCUMENTS) == search.CHUNK:
        pass
    db.session.commit()
    return everybody.id


def _paste(who: Visitor, asked: str, _group: int) -> str:
    return str(act(who, "paste", lines=asked).text)


def _page(path: str, **headers: str) -> Callable[[Visitor, str, int], str]:
    def read(who: Visitor, asked: str, group_id: int) -> str:
        answer = who.get(path.format(q=quote(asked), group=group_id), headers=headers)
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True) if not answer.is_json else str(answer.json)

    return read


HX = {"HX-Current-URL": f"http://crm.example{NEW}", **HTMX}
PLACES: dict[str, Callable[[Visitor, str, int], str]] = {
    "the list of customers": _page("/admin/customers/?q={q}"),
    "the palette": _page("/admin/search/?q={q}"),
    "the look-up of customers": _page("/admin/customers/lookup/?q={q}"),
    "the list of collaborators": _page("/admin/catalogs/collaborator/?q={q}"),
    "the look-up of collaborators": _page("/admin/catalogs/collaborator/lookup/?q={q}"),
    "the members of a group": _page("/admin/groups/details/?id={group}&q={q}"),
    "the members in the form": _page("/admin/groups/draft/{group}/members?mq={q}", **HX),
    "the picker": _page("/admin/groups/draft/new/picker?phone={q}", **HX),
    "the box for pasted lists": _paste,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_number_is_found_however_it_is_spelt_and_nothing_else_is(
    stock: int, visitor, place: str
) -> None:
    an, read = visitor("an"), PLACES[place]
    for asked in SPELLINGS:
        page = read(an, asked, stock)
        if place == "the box for pasted lists":
            assert "Tìm thấy 1 khách hàng" in page, asked
            continue
        assert WANTED in page, (place, asked)
        assert not [name for name in OTHERS if name in page], (place, asked)


def test_a_persons_number_finds_the_customer_whom_they_belong_to(stock: int, visitor) -> None:
    an = visitor("an")
    for asked in SPELLINGS:
        assert "Nhà Của Liên Hệ" in an.get(f"/admin/customers/?{urlencode({'q': asked})}").text


def test_a_name_and_a_number_find_what_has_both(stock: int, visitor) -> None:
    an = visitor("an")
    for asked, is_there in (
        ("ngoc 0918.700.001", True),
        ("(0918) 700 001 sang", True),
        ("roi 0918 700 001", False),
    ):
        page = an.get(f"/admin/customers/?{urlencode({'q': asked})}").text
        assert (WANTED in page) is is_there, asked
        assert "Phần Rời" not in page


def test_a_part_of_a_number_is_found_whatever_stands_in_it(stock: int, visitor) -> None:
    an = visitor("an")
    for asked in ("0918.700", "(0918)", "918-700", "0918 700"):
        assert WANTED in an.get(f"/admin/customers/?{urlencode({'q': asked})}").text, asked


def test_who_sees_numbers_masked_finds_nobody_by_them(stock: int, visitor) -> None:
    vy = visitor("vy")
    for place, read in PLACES.items():
        if place in ("the members in the form", "the picker", "the box for pasted lists"):
            continue  # not for viewers at all
        for asked in SPELLINGS:
            page = read(vy, asked, stock)
            assert WANTED not in page, (place, asked)


def test_codes_and_texts_that_look_like_a_number_are_found_by_it(
    context: Flask, people: dict[str, int], visitor
) -> None:
    an = db.session.get_one(User, people["an"])
    customer(an, "Mã Là Số", code="0918700001")
    customer(an, "Shop 0918 700 001")
    customer(an, "Thuế Chi Nhánh", tax_code="0700234564-001")
    db.session.commit()
    who = visitor("an")
    for asked, there in (
        ("0918700001", "Mã Là Số"), ("0918 700 001", "Shop 0918 700 001"),
        ("0700234564", "Thuế Chi Nhánh"),
    ):  # fmt: skip
        assert there in who.get(f"/admin/customers/?{urlencode({'q': asked})}").text, asked


LIKE_D = ("Đặng Văn Lữ", "Ðặng Văn Lữ", "Ɖặng Văn Lữ")


def test_a_d_that_only_looks_like_one_is_found(
    context: Flask, people: dict[str, int], visitor
) -> None:
    an = db.session.get_one(User, people["an"])
    for name in LIKE_D:
        customer(an, name)
        catalog(Collaborator, name)
    db.session.commit()
    who = visitor("an")
    for path in ("/admin/customers/", "/admin/catalogs/collaborator/"):
        for asked in ("dang", "đặng", "Ðặng", "ÐẶNG VĂN", "Ɖặng"):
            page = who.get(f"{path}?{urlencode({'q': asked})}").text
            for name in LIKE_D:
                assert name in page, (path, asked, name)


TYPED = (
    "ngoc sang", "Ngọc Sáng", unicodedata.normalize("NFD", "Ngọc Sáng"), "ＮＧＯＣ ｓáｎｇ",
    "ｎｇｏｃ　ｓａｎｇ", "ngọc\u200b sáng", "NGO\u0323C\u00a0SA\u0301NG",
)  # fmt: skip


def test_a_name_is_found_whatever_keyboard_and_form_it_was_typed_with(stock: int, visitor) -> None:
    an = visitor("an")
    places = {**PLACES, "the picker": _page("/admin/groups/draft/new/picker?name={q}", **HX)}
    del places["the box for pasted lists"]  # which takes codes, numbers and addresses
    for place, read in places.items():
        for asked in TYPED:
            assert WANTED in read(an, asked, stock), (place, asked)


def test_a_code_of_full_width_is_found(context: Flask, people: dict[str, int], visitor) -> None:
    customer(db.session.get_one(User, people["an"]), "Mã Rộng", code="KH00077")
    db.session.commit()
    an = visitor("an")
    for asked in ("ＫＨ０００７７", "ｋｈ０００７７", "kh０００77"):
        for path in ("/admin/customers/", "/admin/search/", "/admin/customers/lookup/"):
            page = an.get(f"{path}?{urlencode({'q': asked})}").text
            assert "KH00077" in page, (path, asked)
        assert "Tìm thấy 1 khách hàng" in str(act(an, "paste", lines=asked).text), asked


def test_pages_of_the_palette_are_found_as_typed(people: dict[str, int], visitor) -> None:
    an = visitor("an")
    for asked in ("khach hang", "ｋｈａｃｈ", unicodedata.normalize("NFD", "khách hàng")):
        assert "/admin/customers/" in an.get(f"/admin/search/?{urlencode({'q': asked})}").text


def test_a_word_for_phone_alone_or_before_other_figures_is_a_word(
    context: Flask, people: dict[str, int], visitor
) -> None:
    an = db.session.get_one(User, people["an"])
    customer(an, "Cửa Hàng ĐT 2024")
    customer(an, "Zalo Pay")
    customer(an, "Ngõ 2024")
    db.session.commit()
    who = visitor("an")
    for asked, there in (
        ("đt 2024", "Cửa Hàng ĐT 2024"),
        ("zalo", "Zalo Pay"),
        ("zalo pay", "Zalo Pay"),
    ):
        page = who.get(f"/admin/customers/?{urlencode({'q': asked})}").text
        assert there in page, asked
        assert "Ngõ 2024" not in page, asked
