"""Every kind of act on many records brings its own words: the pages of acts know none by name."""

from __future__ import annotations

import re

import pytest
from factories import customer
from flask import Flask
from flask_babel import force_locale
from markupsafe import escape
from visitor import NewVisitor

from config import ROOT
from crmadmin.access.models import User
from crmadmin.admin import bulk, extensions
from crmadmin.core import acts, images, many
from crmadmin.core.acts import ActKind, BulkAct
from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer
from crmadmin.panel import build as _features  # noqa: F401 - they register their kinds

KINDS = {kind.name: kind for kind in acts.kinds()}
ICONS = (ROOT / "crmadmin/static/icons.svg").read_text("utf-8")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_says_in_both_languages_what_was_done_and_what_a_list_offers(
    context: Flask, name: str
) -> None:
    kind, told = KINDS[name], {}
    for locale in ("vi", "en"):
        with force_locale(locale):
            title = acts.title_of(BulkAct(kind=name, target="customer", params={}), "khách")
            told[locale] = (title, str(kind.label))
    assert all(title and "%(" not in title for title, _label in told.values())
    assert all(label for _title, label in told.values())
    assert all(
        vi != en for vi, en in zip(*told.values(), strict=True) if re.search(r"[a-z]{3}", en)
    )
    assert f'id="{kind.icon}"' in ICONS


def test_an_act_that_one_file_brings_is_offered_told_and_taken_back(
    context: Flask, people: dict[str, int], visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "_KINDS", dict(acts._KINDS))
    monkeypatch.setattr(extensions, "_EXTENSIONS", dict(extensions._EXTENSIONS))
    acts.register(ActKind(
        "test.rename", lambda: (Customer,), "bulk", images.undo, title="Called “%(name)s” & co",
        label="Give another name", icon="tag",
        work=lambda act: images.change(act, Customer, {"name": act.params["name"]}),
    ))  # fmt: skip
    extensions.register(extensions.Extension(
        "test", "customer",
        bulk_actions=lambda view: [bulk.offer("test.rename", "rename", "/somewhere")],
    ))  # fmt: skip
    an = db.session.get_one(User, people["an"])
    one = customer(an, "Công ty Một")
    db.session.commit()
    browser = visitor("an")
    listed = browser.get("/admin/customers/").text
    assert "Give another name" in listed
    assert "/somewhere" in listed

    with acting_as(an.id):
        plan = acts.plan("test.rename", Customer, [Customer.id == one.id], {"name": "Hai <b>"})
        act = many.do_at_once(plan)
        db.session.commit()
    title = str(escape("Called “Hai <b>” & co"))
    page = browser.get(f"/admin/acts/{act.id}/").text
    assert title in page
    assert title in browser.get("/admin/acts/").text
    [address] = re.findall(r'action="(/admin/acts/[^"]+/undo/)"', page)
    browser.post(address, page=f"/admin/acts/{act.id}/")
    db.session.expire_all()
    assert db.session.get_one(Customer, one.id).name == "Công ty Một"


def test_an_act_of_a_kind_that_is_no_more_is_listed_by_its_name_and_not_taken_back(
    context: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    act = BulkAct(
        user_id=people["an"], kind="gone.away", target="customer", state=acts.DONE, written=1
    )  # fmt: skip
    db.session.add(act)
    db.session.commit()
    browser = visitor("an")
    for address in ("/admin/acts/", f"/admin/acts/{act.id}/"):
        page = browser.get(address)
        assert page.status_code == 200
        assert "gone.away" in page.text
        assert "/undo/" not in page.text
