"""In the browser: a form whose record was deleted, and whose number another one has by now."""

from __future__ import annotations

from datetime import date

import audit
import factories
from browser import set_screen
from person import Person
from served import Site
from sqlalchemy import text
from test_confirm_bars import SIZES, wrong

from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import Customer


def test_what_was_typed_for_a_deleted_customer_is_shown_and_makes_a_new_one(
    person: Person, site: Site
) -> None:
    with site.writing() as an:
        much = {
            "phone": "+84912345678", "email": "a@hoasen.vn", "address": "12 Lý Thường Kiệt",
            "tax_code": "0100109106", "birthday": date(1992, 8, 9), "note": "Gặp ở hội chợ",
        }  # fmt: skip
        made = factories.customer(an, "Công ty Hoa Sen", **much)
        for name in ("Nhung", "Lan", "Hòa"):
            factories.contact(made, name, phone="+84987654321", email="b@hoasen.vn")
        old = made.id
        other = factories.customer(an, "Công ty Bánh Xe").id
    person.sign_in("an").open(f"/admin/customers/edit/?id={old}")
    with site.writing():
        db.session.delete(db.session.get_one(Customer, old))
        db.session.get_one(Customer, other).created_at = utcnow()
        db.session.flush()
        db.session.execute(text(f"UPDATE customer SET id = {old} WHERE id = {other}"))
    person.fill("Tên khách hàng", "Hoa Sen miền Nam").fill("Website", "https://hoasen.vn")
    person.go("Lưu", "button")
    person.find("Bản ghi này không còn nữa", "heading")
    person.reads("Hoa Sen miền Nam")
    person.reads("https://hoasen.vn")
    assert audit.in_every_look(person) == []
    for width, height in SIZES:
        set_screen(person.driver, width, height)
        assert wrong(person) == [], "its buttons are in the window"
    person.go("Thêm thành bản ghi mới", "button")
    person.find("Hoa Sen miền Nam", "heading")
    with site.app.app_context():
        assert db.session.get_one(Customer, old).name == "Công ty Bánh Xe"
        assert db.session.query(Customer).count() == 2
        db.session.remove()
