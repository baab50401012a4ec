"""The wizard of imports in the form of a group: where it leads back to, and what it says."""

from __future__ import annotations

from factories import group
from flask import Flask
from sqlalchemy import select
from wizard import CUSTOMERS, act, begun, count, of, run, upload, workbook

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts
from crmadmin.groups.models import NEW, CustomerGroup, GroupDraft, GroupStep, Membership

ROWS = (("Mã KH", "Tên KH"), ("K001", "Khách một"), ("K002", "Khách hai"))
FORM = "/admin/groups/new/"


def test_the_wizard_of_a_new_group_leads_back_to_its_form(
    app: Flask, people: dict, visitor
) -> None:
    mai = visitor("mai")
    page = mai.get(f"{CUSTOMERS}?draft=new").text
    assert '<input type="hidden" name="draft" value="new">' in page
    assert f'href="{FORM}"' in page
    assert 'name="group_name"' not in page
    where = begun(mai, CUSTOMERS, workbook(*ROWS), draft="new")
    run(mai, where)
    page = mai.get(f"{where}/result").text
    assert f'href="{FORM}"' in page
    assert "Khách hàng sẽ vào nhóm khi bạn lưu nhóm" in page
    assert (count(app, Customer), count(app, Membership)) == (2, 0)
    with app.app_context():
        draft = drafts.find(people["mai"], NEW)
        assert draft is not None
        assert drafts.state(draft, None).added == 2
        drafts.discard(draft)
        db.session.commit()
    page = mai.get(f"{where}/result").text
    assert "không vào nhóm nào" in page
    assert f'href="{FORM}"' not in page
    assert count(app, Customer) == 2


def test_bo_qua_leaves_neither_customers_nor_a_step(app: Flask, people: dict, visitor) -> None:
    mai = visitor("mai")
    where = begun(mai, CUSTOMERS, workbook(*ROWS), draft="new")
    answer = act(mai, where, "abandon")
    assert answer.headers["Location"].endswith(FORM)
    assert (count(app, Customer), count(app, GroupStep), count(app, GroupDraft)) == (0, 0, 1)


def test_the_wizard_of_a_group_that_is_there_leads_back_to_its_form(
    context: Flask, people: dict, visitor
) -> None:
    key = group("Khách mời").id
    db.session.commit()
    mai = visitor("mai")
    page = f"{CUSTOMERS}?draft={key}"
    where = begun(mai, CUSTOMERS, workbook(*ROWS), page=page, draft=str(key))
    edit = f"/admin/groups/edit/?id={key}"
    assert f'href="{edit}"' in mai.get(f"{where}/settings").text
    run(mai, where)
    assert f'href="{edit}"' in mai.get(f"{where}/result").text
    draft = db.session.scalars(select(GroupDraft)).one()
    drafts.save(draft, db.session.get(CustomerGroup, key))
    db.session.commit()
    page = mai.get(f"{where}/result").text
    assert f"/admin/groups/details/?id={key}" in page
    assert "đã ở trong nhóm" in page
    db.session.rollback()
    assert of(context, where).group_id == key


def test_a_group_that_is_gone_or_follows_a_filter_is_not_imported_into(
    context: Flask, people: dict, visitor
) -> None:
    key = group("Khách mời", filter="name=a").id
    db.session.commit()
    mai = visitor("mai")
    assert mai.get(f"{CUSTOMERS}?draft=999").status_code == 404
    assert mai.get(f"{CUSTOMERS}?draft=x").status_code == 404
    page = f"{CUSTOMERS}?draft={key}"
    answer = upload(mai, CUSTOMERS, workbook(*ROWS), page=page, draft=str(key))
    assert answer.status_code == 422
    assert "cố định danh sách" in answer.text
    assert count(context, GroupStep) == 0


def test_another_file_in_the_place_of_the_first_fills_one_step(
    app: Flask, people: dict, visitor
) -> None:
    mai = visitor("mai")
    where = begun(mai, CUSTOMERS, workbook(*ROWS), draft="new")
    again = upload(mai, f"{where}/settings", workbook(*ROWS[:2]), page=f"{where}/settings")
    assert again.status_code == 303
    run(mai, str(again.headers["Location"]).rstrip("/"))
    assert (count(app, GroupStep), count(app, Customer)) == (1, 1)
