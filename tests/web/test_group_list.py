"""The list of groups: what it shows, filters, export, copies, and deleting many."""

from __future__ import annotations

import csv
import io
import re

from factories import group
from flask import Flask
from members import LIST, filled, members, several
from sheets import Sheet
from sqlalchemy import func, select

from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup


def row(page: str, name: str) -> str:
    """One row of the list, without blanks between words."""
    found = re.search(rf'<tr role="row"(?:(?!</tr>).)*>{name}</a>.*?</tr>', page, re.DOTALL)
    assert found, f"no row {name}"
    return " ".join(found[0].split())


def test_a_row_says_members_those_not_to_be_contacted_the_owner_and_when(
    context: Flask, people: dict, visitor
) -> None:
    loud, quiet = several(people, "A"), several(people, "B", do_not_contact=True)
    filled(people, "Khách mời", [*loud, *quiet])
    found = row(visitor("mai").get(LIST).text, "Khách mời")
    assert re.search(r'class="num" href="[^"]*details/\?id=1">2<', found)
    assert re.search(r'class="num" href="[^"]*contact=no">1<', found)
    assert "Lê Thị Mai" in found
    assert re.search(r'muted">\d\d/\d\d/\d{4}<', found)


def test_sua_is_a_link_in_the_row_for_who_may_edit(context: Flask, people: dict, visitor) -> None:
    made = filled(people, "Khách mời")
    assert re.search(
        rf'<a [^>]*href="edit/\?id={made.id}"[^>]*>Sửa</a>', visitor("mai").get(LIST).text
    )
    for name in ("son", "vy"):
        page = visitor(name).get(LIST).text
        assert "Khách mời" in page
        for word in (">Sửa<", "Thêm mới", "Nhân bản", ">Xóa<"):
            assert word not in page


def test_groups_are_filtered_by_owner_by_kind_and_by_when_they_changed(
    context: Flask, people: dict, visitor
) -> None:
    filled(people, "Của Mai")
    with acting_as(people["an"]):
        group("Của An", filter="q=hoa")
    db.session.commit()
    mai = visitor("mai")
    for query, there, gone in (
        (f"owner={people['mai']}", "Của Mai", "Của An"),
        ("follows=1", "Của An", "Của Mai"),
        ("follows=0", "Của Mai", "Của An"),
        ("updated_at_from=2000-01-01", "Của Mai", "không có gì"),
    ):
        page = mai.get(f"{LIST}?{query}").text
        assert f">{there}</a>" in page
        assert f">{gone}</a>" not in page
    assert 'role="row" data-id' not in mai.get(f"{LIST}?updated_at_to=2000-01-01").text


def test_a_filter_that_means_nothing_is_left_out(context: Flask, people: dict, visitor) -> None:
    filled(people, "Khách mời")
    for query in ("owner=abc", "owner=1,2", "follows=7", "follows=%00"):
        assert ">Khách mời</a>" in visitor("mai").get(f"{LIST}?{query}").text


def test_the_export_of_the_list_counts_as_the_list_does(
    context: Flask, people: dict, visitor
) -> None:
    filled(people, "Khách mời", several(people, "A", "B"))
    text = visitor("mai").get(f"{LIST}export/?format=csv").data.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["Tên danh sách khách hàng"] == "Khách mời"
    assert (line["Thành viên"], line["Không liên hệ"], line["Chủ sở hữu"]) == ("2", "0", "mai")


def test_a_copy_has_the_same_members_under_its_own_name(
    context: Flask, people: dict, visitor
) -> None:
    made = filled(people, "Khách mời", several(people, "A", "B"))
    url = f"{LIST}clone/?id={made.id}"
    mai = visitor("mai")
    assert "2 thành viên" in mai.get(url).text
    assert mai.post(url, {"name": "khách  mời"}).status_code == 422
    assert mai.post(url, {"name": " "}).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 1
    assert mai.post(url, {"name": "Khách mời tháng 11"}).status_code == 302
    copied = db.session.scalar(select(CustomerGroup).where(CustomerGroup.id != made.id))
    assert copied.name == "Khách mời tháng 11"
    assert members(copied.id) == members(made.id) == {"A", "B"}


def test_deleting_many_says_how_many_and_keeps_the_customers(
    context: Flask, people: dict, visitor
) -> None:
    one = filled(people, "Một", several(people, "A", "B"))
    two = filled(people, "Hai", several(people, "C"))
    filled(people, "Ba")
    ticked = {"ids": [str(one.id), str(two.id)], "query": "q=m&page=1"}
    sheet = Sheet(visitor("mai"), f"{LIST}bulk/delete/", ticked, LIST)
    assert "2 nhóm" in sheet.text
    assert "3 lượt thành viên" in sheet.text
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 3
    assert sheet.confirm().location == f"{LIST}?q=m"
    assert list(db.session.scalars(select(CustomerGroup.name))) == ["Ba"]
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 3


def test_all_groups_that_match_are_deleted_at_once(context: Flask, people: dict, visitor) -> None:
    for number in range(60):
        group(f"Xưa {number}")
    filled(people, "Mới")
    data = {"all_matching": "1", "query": "q=xua"}
    sheet = Sheet(visitor("an"), f"{LIST}bulk/delete/", data, LIST)
    assert sheet.confirm().status_code == 302
    assert list(db.session.scalars(select(CustomerGroup.name))) == ["Mới"]


def test_who_only_reads_deletes_and_copies_nothing(context: Flask, people: dict, visitor) -> None:
    made = filled(people, "Khách mời", several(people, "A"))
    for name in ("son", "vy"):
        browser = visitor(name)
        for path, data in (
            (f"clone/?id={made.id}", {"name": "X"}),
            ("bulk/delete/", {"ids": [str(made.id)], "seen": "1"}),
            (f"members/remove/?id={made.id}", {"ids": ["1"], "seen": "1-0"}),
        ):
            assert browser.get(LIST + path).status_code == 403
            assert browser.post(LIST + path, data, page=LIST).status_code == 403
    assert members(made.id) == {"A"}
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 1
