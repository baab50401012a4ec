"""Every id that a page posts has its proof with it, on both databases: another record that has the
number by now is never what was meant.

The pages are found by their links, their forms by what is on them. Each table's numbers begin
elsewhere, so that an id is known wherever it stands. What is posted without a proof must be named
in PLAIN, with the reason why it is safe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import factories
import pytest
from flask import Flask
from sheets import Sheet
from sqlalchemy import select, text
from visitor import TOKEN, NewVisitor, Visitor
from wizard import begun, workbook

from crmadmin.access import saved_views
from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator, CustomerSource, CustomerStatus, Industry
from crmadmin.core import marks, outside
from crmadmin.core.acts import PLANNED, BulkAct
from crmadmin.core.db import db, utcnow
from crmadmin.customers.acts import DELETE
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership

LIST = "/admin/customers/"
FIRST, APART = 500_000, 1_000
NUMBER = re.compile(r"(?<![0-9a-z.])(5[0-9]{5})(?![0-9])")
KEY = re.compile(r"(?<![0-9a-z])5[0-9]{5}\.[0-9a-z]{8,14}")

PLAIN = {
    r"contacts-\d+-id": "one of the contacts of the customer whose mark the form carries, at the "
                        "version that it was opened with",
    r"query|back": "the address of a list: which rows it matches is said before anything is done",
}  # fmt: skip
"""Names of controls whose ids need no proof of their own, and why."""

TWICE = 2
"""Pages of one endpoint that are looked at."""


@dataclass
class Form:
    """What a form posts: where, its marks, and its controls (name, value)."""

    action: str
    controls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def proofs(self) -> set[str]:
        return {v.split(".")[1] for n, v in self.controls if n == "_mark" and v.count(".") == 2}

    def unproven(self) -> list[str]:
        """What names a record by its number alone."""
        bare = NUMBER.findall(KEY.sub("", self.action))
        found = [self.action] if {*bare} - self.proofs else []
        for name, value in self.controls:
            bare = NUMBER.findall(KEY.sub("", value)) + NUMBER.findall(name)
            is_named = any(re.fullmatch(pattern, name) for pattern in PLAIN)
            if not is_named and {*bare} - self.proofs:
                found.append(f"{self.action}: {name}={value}")
        return found


class Page(HTMLParser):
    """The forms of a page that write, its links, the acts on ticked rows, and the ticks."""

    def __init__(self, at: str, html: str) -> None:
        super().__init__()
        self.at = at
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.acts: list[str] = []
        self.named: dict[str, Form] = {}
        self.beside: list[tuple[str, str, str]] = []
        self._form: Form | None = None
        self._select = ("", "")
        self.feed(html)
        for owner, name, value in self.beside:
            if owner in self.named:
                self.named[owner].controls.append((name, value))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {k: v or "" for k, v in attrs}
        self.links += [urljoin(self.at, has[n]) for n in ("href", "hx-get") if has.get(n)]
        if "formaction" in has and has.get("formmethod") == "post":
            self.acts.append(urljoin(self.at, has["formaction"]))
        if tag == "form":
            self._open(has)
        elif tag == "select":
            self._select = has.get("name", ""), has.get("form", "")
        elif tag == "option":
            self._add(*self._select, has.get("value", ""))
        elif has.get("name"):
            self._add(has["name"], has.get("form", ""), has.get("value", ""))

    def _open(self, has: dict[str, str]) -> None:
        form = Form(urljoin(self.at, has.get("action") or self.at))
        # The form around a list is sent by its buttons, which say where and how.
        if has.get("method", "get").lower() == "post" or has.get("id") == "bulk":
            self._form = form
            self.forms.append(form)
            self.named[has.get("id", "")] = form

    def _add(self, name: str, owner: str, value: str) -> None:
        if owner:
            self.beside.append((owner, name, value))
        elif self._form is not None:
            self._form.controls.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


@pytest.fixture(autouse=True)
def _far_apart(context: Flask) -> None:
    """The numbers of every table begin elsewhere."""
    on_sqlite = db.engine.dialect.name == "sqlite"
    for at, table in enumerate(db.metadata.sorted_tables):
        if "id" not in table.c or not table.c.id.primary_key:
            continue
        given = {"name": table.name, "last": FIRST + APART * at}
        if on_sqlite:
            db.session.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), given
            )
        else:
            quoted = {**given, "name": f'"{table.name}"'}
            db.session.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), quoted
            )
    db.session.commit()


@pytest.fixture
def an(_far_apart: None, context: Flask, people: dict[str, int], visitor: NewVisitor) -> Visitor:
    """An, where there is one of everything that can be posted about."""
    owner = db.session.get_one(User, people["an"])
    status, stopped = (factories.catalog(CustomerStatus, name) for name in ("Mới", "Cũ"))
    stopped.is_active = False
    factories.catalog(CustomerSource, "Hội chợ")
    factories.catalog(Collaborator, "Trần Tú")
    made = [factories.customer(owner, f"Công ty {n}", status_id=status.id) for n in range(3)]
    factories.contact(made[0], "Lan")
    groups = [factories.group(f"Nhóm {n}", updated_by_id=owner.id) for n in range(2)]
    db.session.add_all(
        [Membership(group_id=g.id, customer_id=made[0].id, added_by_id=owner.id) for g in groups]
    )
    saved_views.save(owner.id, "customer", "Của tôi", "q=a")
    db.session.commit()
    an = visitor("an")
    rows = (("Mã", "Tên khách hàng", "Nguồn khách hàng"), ("KH9", "Cá Vàng", "Triển lãm"))
    an.where = begun(an, "/admin/imports/new/customers-contacts", workbook(*rows))
    ticks = {"ids": [marks.key(made[2])]}
    Sheet(an, f"{LIST}bulk/owner/", ticks, LIST).choose(owner=str(people["mai"])).confirm()
    return an


def endpoint(an: Visitor, path: str) -> str:
    try:
        return str(an.app.url_map.bind("crm.example").match(urlsplit(path).path)[0])
    except Exception:  # no address of ours: a file, another site
        return ""


def crawled(an: Visitor) -> list[tuple[str, Page]]:
    """(endpoint, page) of all that the links of An's pages lead to, the sheets of acts included."""
    seen, times = set[str](), dict[str, int]()
    waiting = ["/admin/", f"{an.where}/mapping", f"{an.where}/preview"]
    found: list[tuple[str, Page]] = []
    while waiting:
        path = waiting.pop(0)
        name = endpoint(an, path)
        if path in seen or not name or times.get(name, 0) >= TWICE or "static" in name:
            continue
        seen.add(path)
        answer = an.get(path)
        answer.close()
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        times[name] = times.get(name, 0) + 1
        page = Page(path, answer.text)
        found.append((name, page))
        waiting += [link for link in page.links if urlsplit(link).netloc == ""]
        for url in page.acts:
            if url not in seen:
                seen.add(url)
                found += sheet(an, page, url, TOKEN.search(answer.text)[1])
    return found


def sheet(an: Visitor, page: Page, url: str, token: str) -> list[tuple[str, Page]]:
    """A sheet as it opens on the ticked rows, and with each of its catalogs chosen."""
    bulk = page.named["bulk"]
    ticks = [value for name, value in bulk.controls if name == "ids"]
    proof = [value for name, value in bulk.controls if name == "_mark"]
    more = {"id": bulk_id} if (bulk_id := dict(bulk.controls).get("id")) else {}
    sent = {"ids": ticks, "csrf_token": token, "_mark": proof, **more}
    answer = an.raw_post(url, sent, headers={"HX-Request": "true"})
    assert answer.status_code == 200, (url, answer.status_code)
    opened = Page(url, answer.text)
    found = [(endpoint(an, url) or url, opened)]
    act = dict(opened.named["sheet-form"].controls)["act"]
    fields = {v for n, v in opened.named["sheet-form"].controls if n == "field" and v}
    for name in sorted(fields):
        chosen = an.get(url, query_string={"act": act, "field": name})
        found.append((url, Page(url, chosen.text)))
    return found


def test_every_id_that_is_posted_proves_which_record_it_names(an: Visitor) -> None:
    pages = crawled(an)
    unproven = {told for _name, page in pages for form in page.forms for told in form.unproven()}
    assert not unproven, "\n".join(sorted(unproven))
    with_forms = {name.rpartition(".")[2] or name for name, page in pages if page.forms}
    looked_at = {
        "edit_view", "create_view", "delete_view", "merge", "bulk", "saved_views", "mapping",
        "preview", "details_view", "index_view", "add_to_group", "combine", "copy_members",
    }  # fmt: skip
    assert looked_at <= with_forms, looked_at - with_forms
    ids = [v for _n, page in pages for f in page.forms for _name, v in f.controls if KEY.search(v)]
    assert len(ids) > 200, len(ids)


def test_what_a_select_looks_up_or_a_dialog_adds_is_proven_too(an: Visitor) -> None:
    collaborators, users = "/admin/catalogs/collaborator/lookup/?q=tu", "/admin/users/lookup/?q=an"
    for url in (
        f"{collaborators}&proof=1",
        f"{users}&proof=1",
        f"{an.where}/options?column=source",
    ):
        found = an.get(url).json["results"]
        assert found, url
        assert all(KEY.fullmatch(option["id"]) for option in found), url
    plain = an.get(collaborators).json["results"]
    assert [type(option["id"]) for option in plain] == [int]  # for the address of a list
    url = "/admin/catalogs/collaborator/create-and-select/"
    added = an.post(url, {"name": "Trần Tú Anh", "color": "gray"}, page=f"{LIST}new/")
    assert KEY.search(added.headers["HX-Trigger"])


def replace(record: Any) -> None:
    """Another record has its number now, as a restore from an older backup brings it about."""
    now = db.session.get_one(type(record), record.id)
    now.name, now.created_at = "Kẻ lạ", utcnow()
    db.session.commit()
    db.session.remove()


def test_a_chosen_record_that_is_another_by_now_is_not_saved_and_not_chosen_again(
    an: Visitor,
) -> None:
    """For every ref of the customer's form."""
    page = f"{LIST}new/"
    chosen = db.session.scalars(select(CustomerStatus).where(CustomerStatus.is_active)).one()
    person = db.session.scalars(select(Collaborator)).one()
    for name, record in (("status", chosen), ("collaborator", person)):
        sent = {"name": "Sen Vàng", name: marks.key(record)}
        replace(record)
        answer = an.post(page, sent, page=page)
        assert answer.status_code == 422, name
        assert "vừa bị xóa: hãy chọn bản ghi khác" in answer.text
        assert 'selected value="5' not in field_of(answer.text, name)
    found = db.session.scalars(select(Customer.id).where(Customer.name == "Sen Vàng")).all()
    assert found == []


def field_of(page: str, name: str) -> str:
    return page.split(f'name="{name}"', 1)[1].split("</select>", 1)[0]


def test_a_ticked_row_that_is_another_by_now_is_left_out_and_that_is_said(an: Visitor) -> None:
    first, second = db.session.scalars(select(Customer).order_by(Customer.id).limit(2)).all()
    ticks = {"ids": [marks.key(first), marks.key(second)]}
    replace(first)
    sheet = Sheet(an, f"{LIST}bulk/delete/", ticks, LIST)
    assert "1 dòng đã chọn không được tính" in sheet.text
    assert sheet.confirm().status_code == 302
    names = db.session.scalars(select(Customer.name).order_by(Customer.id)).all()
    assert names == ["Kẻ lạ", "Công ty 2"]


def test_a_merge_does_not_go_into_a_record_that_was_never_chosen(an: Visitor) -> None:
    source, target = (factories.catalog(Industry, name) for name in ("Một", "Hai"))
    db.session.commit()
    page = f"/admin/catalogs/industry/merge/?id={source.id}"
    carried = an.carried(page, page)
    sent = {**carried, "target": marks.key(target), "version": str(source.version)}
    replace(target)
    assert an.raw_post(page, sent).status_code == 422
    assert db.session.scalar(select(Industry.name).where(Industry.name == "Một")) == "Một"


def test_a_value_of_a_file_is_not_matched_with_a_record_that_was_never_chosen(an: Visitor) -> None:
    source = db.session.scalars(select(CustomerSource)).one()
    where = f"{an.where}/mapping"
    page = Page(where, an.get(where).text)
    form = next(f for f in page.forms if any(n.startswith("value-") for n, _v in f.controls))
    number = next(n.removeprefix("value-") for n, _v in form.controls if n.startswith("value-"))
    value = dict(form.controls)[f"value-{number}"]
    sent = {
        f"value-{number}": value, f"column-{number}": "source", f"how-{number}": "match",
        f"to-{number}": marks.key(source),
    }  # fmt: skip
    replace(source)
    answer = an.post(form.action, sent, page=where)
    assert answer.status_code == 422
    assert "hãy chọn lại" in answer.text.lower()


def test_of_two_sheets_of_one_person_each_does_what_it_showed(an: Visitor) -> None:
    """Two tabs: the older one is carried out after the newer one was opened, and the other way
    round; a sheet's number alone, or with another one's proof, is no plan."""
    a, b, c = db.session.scalars(select(Customer).order_by(Customer.id)).all()
    older = Sheet(an, f"{LIST}bulk/delete/", {"ids": [marks.key(a)]}, LIST)
    newer = Sheet(an, f"{LIST}bulk/delete/", {"ids": [marks.key(b), marks.key(c)]}, LIST)
    number = parse_qsl(urlsplit(older.at).query)[0][1].partition(".")[0]
    other = parse_qsl(urlsplit(newer.at).query)[0][1].partition(".")[2]
    for forged in (number, f"{number}.{other}"):
        answer = older.confirm(act=forged)
        assert answer.status_code == 302
        assert db.session.scalars(select(Customer.id)).all() != [], forged
        assert len(db.session.scalars(select(Customer.id)).all()) == 3, forged
        db.session.rollback()
    assert older.confirm().status_code == 302
    left = db.session.scalars(select(Customer.name).order_by(Customer.id)).all()
    assert left == ["Công ty 1", "Công ty 2"]
    assert newer.confirm().status_code == 302
    assert db.session.scalars(select(Customer.id)).all() == []
    # Sent again, either does nothing.
    assert newer.confirm().status_code == 302
    done = db.session.scalars(select(BulkAct.written).where(BulkAct.kind == DELETE)).all()
    assert sorted(done) == [1, 2]


@pytest.mark.parametrize(
    "act", ["bulk/delete/", "bulk/set/", "add-to-group/", "../groups/bulk/delete/"]
)
def test_more_ticks_than_are_taken_at_once_are_refused_and_not_cut(an: Visitor, act: str) -> None:
    url = urljoin(LIST, act)
    ids = [str(n) for n in range(1, outside.MOST_IDS + 2)]
    answer = an.post(url, {"ids": ids}, page=LIST)
    assert answer.status_code == 400
    assert "tối đa 5.000 dòng" in answer.text
    assert db.session.scalar(select(BulkAct.id).where(BulkAct.state == PLANNED)) is None


def test_more_ticks_of_the_picker_than_are_taken_at_once_are_refused(an: Visitor) -> None:
    ids = " ".join(str(n) for n in range(1, outside.MOST_IDS + 2))
    answer = an.post("/admin/groups/draft/new/pick", {"more": ids}, page="/admin/groups/new/")
    assert answer.status_code == 400
    assert "tối đa 5.000 dòng" in answer.text
    assert db.session.scalars(select(CustomerGroup.id)).all() != []
