"""A form, a button or an import whose record was deleted writes nothing to the one that has its
number now, on both databases, however the number came to be given again.

Every address that is posted to and names a record is tried: those of the `url_map`, so that one
that is added later is covered, or must be named here as one that names no record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import select, text
from visitor import MODELS, NewVisitor, Visitor

from app import create_app
from crmadmin.access import saved_views
from crmadmin.access.models import SavedView, User
from crmadmin.core import marks
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts
from crmadmin.groups.models import CustomerGroup, GroupChange, Membership
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.records import State

GONE = "Bản ghi này không còn nữa"
AGAIN = "Hãy mở lại trang này"

NO_RECORD = {
    "create_view", "columns", "save_view", "duplicates", "order_by_name", "create_and_select",
    "lookup", "upload", "seen",
}  # fmt: skip
"""Names of pages that are posted to and name no record that is there."""
NAMED_OTHERWISE = {
    "bulk": "rows that were ticked: their own guard",
    "order": "rows of the list in their order: their own guard",
    "saved_views": "one's own views, tried below",
}
OF_NO_RECORD = ("access", "settings", "metrics", "csp", "palette", "admin")

VIEWS = sorted(set(MODELS) - {"contact"})
"""Contacts have no pages of their own."""

TYPED = {
    "name": "Đã nhập xong", "description": "Mô tả đã nhập", "version": "1", "username": "da.nhap",
    "full_name": "Đã nhập xong", "role": "viewer", "kind": "customers-contacts", "color": "gray",
    "cell-name": "Đã nhập xong", "how": "union", "ids": "1", "sheet": "Sheet", "lines": "KH1",
    "query": "q=a", "group": "0", "target": "0", "locale": "vi", "theme": "auto",
}  # fmt: skip


@cache
def posted(settings: Any) -> tuple[tuple[str, str], ...]:
    """(endpoint, address with %s for the id) of all that is posted to and names a record."""
    found = []
    for rule in create_app(settings).url_map.iter_rules():
        view, _dot, name = rule.endpoint.partition(".")
        if "POST" not in (rule.methods or ()) or view in OF_NO_RECORD or not name:
            continue
        if name in NO_RECORD or name in NAMED_OTHERWISE:
            continue
        path = rule.rule.replace("<whole(most=1048576):number>", "2")
        part = next((p for p in ("<id>", "<key>") if p in path), "")
        found.append((rule.endpoint, path.replace(part, "%s") if part else f"{path}?id=%s"))
    return tuple(sorted(found))


@pytest.fixture
def addresses(app: Flask) -> tuple[tuple[str, str], ...]:
    return posted(app.config["SETTINGS"])


def stored() -> str:
    """A digest of everything, but for who is signed in."""
    found = hashlib.sha256()
    for table in db.metadata.sorted_tables:
        if table.name not in ("user_session", "login_throttle"):
            rows = db.session.execute(select(table)).all()
            found.update(f"{table.name}{sorted(map(repr, rows))}".encode())
    db.session.rollback()
    return found.hexdigest()


def take_number_of(old: Any, new: Any) -> None:
    """Let `new`, made now, have the number of `old`, which goes: as SQLite did, or an older backup
    does."""
    table, wanted, now = type(old).__tablename__, old.id, new.id
    db.session.delete(old)
    new.created_at = utcnow()
    db.session.commit()
    db.session.execute(text(f'UPDATE "{table}" SET id = :w WHERE id = :n'), {"w": wanted, "n": now})
    db.session.commit()
    db.session.remove()


def pair(model: type[Any], owner: User) -> tuple[Any, Any]:
    """Two records of a kind, the second of which nothing refers to."""
    if model is User:
        made = [factories.user(f"nguoi{n}", "sales") for n in (1, 2)]
    elif model is Customer:
        made = [factories.customer(owner, f"Công ty {n}") for n in (1, 2)]
    elif model is BulkAct:
        given = {"user_id": owner.id, "kind": "set", "target": "customer", "state": "done"}
        made = [BulkAct(**given), BulkAct(**given)]
        db.session.add_all(made)
    elif model is CustomerGroup:
        made = [factories.group(f"Nhóm {n}") for n in (1, 2)]
    elif model is ImportBatch:
        made = [
            ImportBatch(kind="customer-types", file_name=f"{n}.xlsx", status="previewed",
                        user_id=owner.id, options={}, heads=[])
            for n in (1, 2)
        ]  # fmt: skip
        db.session.add_all(made)
    else:
        made = [factories.catalog(model, f"Giá trị {n}") for n in (1, 2)]
    db.session.commit()
    return made[0], made[1]


def form(visitor: Visitor, proof: list[str]) -> dict[str, Any]:
    return {**TYPED, "csrf_token": visitor.token("/profile"), "_mark": proof}


def each(addresses: tuple[tuple[str, str], ...]) -> Iterator[tuple[type[Any], str, str]]:
    for endpoint, path in addresses:
        yield MODELS[endpoint.partition(".")[0]], endpoint, path


def test_every_address_that_writes_to_a_record_is_tried(addresses: Any) -> None:
    names = {endpoint.partition(".")[2] for endpoint, _path in addresses}
    assert {"edit_view", "delete_view", "merge", "stop", "use_again", "make_default"} <= names
    assert {"pick", "text", "freeze", "remove_members", "clone", "leave_group"} <= names
    assert {"run", "choose", "fix", "start_undo", "abandon", "change", "resume"} <= names
    assert all(endpoint.partition(".")[0] in MODELS for endpoint, _path in addresses)


@pytest.mark.parametrize("view", VIEWS)
def test_what_was_made_for_a_deleted_record_writes_nothing_to_another(
    context: Flask, people: dict[str, int], visitor: NewVisitor, addresses: Any, view: str
) -> None:
    an = visitor("an")
    owner = db.session.get_one(User, people["an"])
    tried = [found for found in each(addresses) if found[1].partition(".")[0] == view]
    if view == "user":
        tried = [found for found in tried if not found[1].endswith("delete_view")]
    old, new = pair(MODELS[view], owner) if tried else (None, None)
    if old is None:
        return
    number, proof = old.id, [marks.mark(old)]
    take_number_of(old, new)
    before = stored()
    for _model, endpoint, path in tried:
        answer = an.raw_post(path % number, form(an, proof))
        assert (answer.status_code, GONE in answer.text) == (409, True), endpoint
        assert stored() == before, endpoint
        unproven = an.raw_post(path % number, form(an, []))
        assert (unproven.status_code, AGAIN in unproven.text) == (409, True), endpoint
        assert stored() == before, endpoint


@pytest.mark.parametrize("view", VIEWS)
def test_what_was_made_for_a_record_that_is_just_gone_says_so(
    context: Flask, people: dict[str, int], visitor: NewVisitor, addresses: Any, view: str
) -> None:
    an = visitor("an")
    owner = db.session.get_one(User, people["an"])
    old, _new = pair(MODELS[view], owner)
    number, proof = old.id, [marks.mark(old)]
    db.session.delete(old)
    db.session.commit()
    before = stored()
    for _model, endpoint, path in each(addresses):
        if endpoint.partition(".")[0] == view and endpoint != "user.delete_view":
            answer = an.raw_post(path % number, form(an, proof))
            assert (answer.status_code, GONE in answer.text) == (409, True), endpoint
            assert an.raw_post(path % number, form(an, [])).status_code == 404, endpoint
    assert stored() == before


@pytest.mark.parametrize("view", sorted(set(MODELS) - {"acts", "contact", "imports", "groups"}))
def test_the_page_keeps_what_was_typed_and_makes_a_new_record_of_it(
    context: Flask, people: dict[str, int], visitor: NewVisitor, view: str
) -> None:
    """Opened in the browser, as people do: the page itself carries the proof."""
    an = visitor("an")
    model = MODELS[view]
    old, new = pair(model, db.session.get_one(User, people["an"]))
    index = an.app.url_map.bind("crm.example").build(f"{view}.index_view", {})
    here = f"{index}edit/?id={old.id}"
    carried = an.carried(here, "/profile")
    assert carried["_mark"] == [marks.mark(old)]
    take_number_of(old, new)
    before = stored()
    typed = {**TYPED, **carried, "industry": "", "password": "không ai thấy"}
    answer = an.raw_post(here, typed)
    assert answer.status_code == 409
    label = "full_name" if view == "user" else "name"
    assert f'<td class="mine">{TYPED[label]}</td>' in answer.text
    assert "không ai thấy" not in answer.text
    assert stored() == before
    assert f'action="{index}new/"' in answer.text
    assert f'name="{label}" value="{TYPED[label]}"' in answer.text
    assert 'name="version"' not in answer.text


def test_a_ticked_customer_who_is_another_by_now_does_not_come_in(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    an = visitor("an")
    old, new = pair(Customer, db.session.get_one(User, people["an"]))
    other = factories.customer(db.session.get_one(User, people["an"]), "Người thứ ba")
    db.session.commit()
    page = an.get("/admin/groups/new/").text
    ticks = [marks.key(old), marks.key(other)]
    assert all(f'value="{tick}"' in page for tick in ticks)
    kept = other.id
    take_number_of(old, new)
    answer = an.post("/admin/groups/draft/new/pick", {"ids": ticks}, page="/admin/groups/new/")
    assert answer.status_code == 303
    draft = drafts.find(people["an"], 0)
    assert draft is not None
    assert draft.added == 1
    assert "Không còn trong hệ thống: 1" in an.get("/admin/groups/new/").text
    chosen = select(GroupChange.customer_id)
    assert db.session.scalars(chosen).all() == [kept]


def test_a_draft_of_a_deleted_group_becomes_a_new_one_and_leaves_the_stranger(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    an = visitor("an")
    owner = db.session.get_one(User, people["an"])
    customer = factories.customer(owner, "Hoa Sen")
    old, new = pair(CustomerGroup, owner)
    here = f"/admin/groups/edit/?id={old.id}"
    number = old.id
    an.post(f"/admin/groups/draft/{number}/pick", {"ids": str(customer.id)}, page=here)
    carried = an.carried(here, "/profile")
    take_number_of(old, new)
    seen = db.session.get_one(CustomerGroup, number).version
    answer = an.raw_post(here, {**carried, "name": "Tên tôi gõ", "description": "Mô tả tôi gõ"})
    assert answer.status_code == 302
    assert answer.location.endswith("/admin/groups/new/")
    draft = drafts.find(people["an"], 0)
    assert draft is not None
    assert (draft.name, draft.description, draft.added) == ("Tên tôi gõ", "Mô tả tôi gõ", 1)
    stranger = db.session.get_one(CustomerGroup, number)
    assert (stranger.name, stranger.version) == ("Nhóm 2", seen)
    assert db.session.scalars(select(Membership)).all() == []


def test_a_saved_view_that_took_anothers_number_keeps_its_name(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    an = visitor("an")
    first = saved_views.save(people["an"], "customer", "Một", "q=a")
    second = saved_views.save(people["an"], "customer", "Hai", "q=b")
    db.session.commit()
    here, number = "/admin/customers/views/", first.id
    carried = an.carried(here, "/profile")
    assert marks.mark(first) in carried["_mark"]
    take_number_of(first, second)
    for sent in ({f"name-{number}": "Đổi"}, {"remove": str(number)}, {"default": str(number)}):
        assert an.raw_post(here, {**carried, **sent}).status_code == 409, sent
        view = db.session.scalars(select(SavedView)).one()
        assert (view.name, view.is_default) == ("Hai", False)
        db.session.remove()


def test_the_menu_of_a_row_is_that_of_the_record_that_was_listed(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    an = visitor("an")
    old, new = pair(MODELS["industry"], db.session.get_one(User, people["an"]))
    link = f"acts/?id={marks.key(old)}"
    assert f'href="/admin/catalogs/industry/{link}"' in an.get("/admin/catalogs/industry/").text
    take_number_of(old, new)
    answer = an.get(f"/admin/catalogs/industry/{link}")
    assert (answer.status_code, GONE in answer.text) == (409, True)


def test_a_mark_tells_nobody_whether_a_record_of_others_is_there(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    """A made-up mark is answered the same for a record of somebody else and for none."""
    hers = factories.customer(db.session.get_one(User, people["mai"]), "Của Mai")
    db.session.commit()
    son = visitor("son")
    texts = []
    for number in (hers.id, 999_999):
        sent = {"csrf_token": son.token("/profile"), "_mark": f"customer.{number}.honcjiq6z1"}
        answer = son.raw_post(f"/admin/customers/edit/?id={number}", sent)
        assert answer.status_code == 409
        texts.append(answer.text.count(GONE))
    assert texts[0] == texts[1] > 0
    true = {"csrf_token": son.token("/profile"), "_mark": marks.mark(hers)}
    assert son.raw_post(f"/admin/customers/edit/?id={hers.id}", true).status_code == 404


def test_a_refusal_carries_no_mark_of_the_record_that_it_refuses(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    """It would tell that there is such a record, and when it was made."""
    hers = factories.customer(db.session.get_one(User, people["mai"]), "Của Mai")
    his = factories.customer(db.session.get_one(User, people["son"]), "Của Sơn")
    db.session.commit()
    theirs, own, numbers = marks.mark(hers), marks.mark(his), (hers.id, his.id)
    son = visitor("son")
    for page in ("edit", "details"):
        refused = son.get(f"/admin/customers/{page}/?id={numbers[0]}")
        assert (refused.status_code, theirs in refused.text) == (404, False), page
        assert "_mark" not in refused.text, page
    assert own in son.get(f"/admin/customers/edit/?id={numbers[1]}").text


def test_the_ledger_links_to_the_record_that_the_row_became_and_to_no_other(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    an = visitor("an")
    owner = db.session.get_one(User, people["an"])
    old, new = pair(Customer, owner)
    batch = ImportBatch(
        kind="customers", file_name="a.xlsx", status="done", user_id=owner.id, options={},
        finished_at=utcnow(), heads=[],
        counts={
            "rows": {"total": 1, **dict.fromkeys(State, 0), "created": 1},
            "contacts": {"created": 0, "skipped": 0}, "members": {"added": 0, "already": 0},
        },
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    row = {"number": 2, "state": "created", "record_id": old.id, "version": 1, "label": "Hoa Sen"}
    db.session.add(ImportRow(batch_id=batch.id, **row))
    db.session.commit()
    here, link = f"/admin/imports/{batch.id}/result?only=all", f"details/?id={old.id}"
    assert link in an.get(here).text
    take_number_of(old, new)
    page = an.get(here).text
    assert link not in page
    assert re.search(r"Hoa Sen <span class=.?muted.?>\(đã xóa\)", page)
