"""What a form and its live check say of other people's customers: that there is one, never which,
and not as often as one likes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import add_to_group, contact, customer
from flask import Flask
from members import filled, owner, several
from sqlalchemy import func, select
from visitor import PASSWORD

from crmadmin.access import questions
from crmadmin.access.models import QuestionCount, User
from crmadmin.access.questions import Limit, Question
from crmadmin.catalogs.models import Industry
from crmadmin.core import records
from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer

LIST = "/admin/customers/"
NEW, CHECK = f"{LIST}new/", f"{LIST}duplicates/"
PHONE, EMAIL, TAX = "+84980777154", "kin.dao@example.com", "0100109106"
TOLD = ("Kín Đáo", "MAT-7", "Lê Thị Mai", "chủ sở hữu mai", "Chủ sở hữu: mai")
"""What says which customer it is."""
FORM = {"name": "Khách của Sơn", "kind": "person"}


@pytest.fixture
def hidden(context: Flask, people: dict[str, int]) -> Customer:
    """Mai's customer, of whom Sơn may know nothing."""
    values = {"code": "MAT-7", "phone": PHONE, "email": EMAIL, "tax_code": TAX}
    made = customer(owner(people, "mai"), "Công ty Kín Đáo", **values)
    contact(made, phone=PHONE)
    db.session.commit()
    return made


def most(monkeypatch: pytest.MonkeyPatch, question: Question, number: int) -> None:
    """At most so many in an hour."""
    limits = {**questions.LIMITS, question: (Limit(number, timedelta(hours=1)),)}
    monkeypatch.setattr(questions, "LIMITS", limits)


def counted(people: dict[str, int], name: str) -> dict[str, int]:
    """Kind → how many questions of a person were counted."""
    db.session.rollback()
    rows = select(QuestionCount.kind, func.max(QuestionCount.number)).group_by(QuestionCount.kind)
    return dict(db.session.execute(rows.where(QuestionCount.user_id == people[name])).all())


@pytest.mark.parametrize("name", ["vy"])
@pytest.mark.parametrize("phone", ["0980777154", "0980000000", "0980"])
def test_the_check_answers_nobody_who_may_not_fill_in_the_form(
    hidden: Customer, people: dict, visitor, name: str, phone: str
) -> None:
    viewer = visitor(name)
    answer = viewer.post(CHECK, {"phone": phone}, page=LIST)
    assert answer.status_code == 403
    assert counted(people, name) == {}


GIVEN = [
    ("phone", "0980 777 154"), ("email", "Kin.Dao@example.com"), ("tax_code", TAX),
]  # fmt: skip


@pytest.mark.parametrize(("field", "typed"), GIVEN)
def test_the_check_tells_sales_only_that_there_is_one(
    hidden: Customer, people: dict, visitor, field: str, typed: str
) -> None:
    answer = visitor("son").post(CHECK, {field: typed}, page=NEW)
    assert answer.status_code == 200
    assert "Khách hàng không do bạn phụ trách" in answer.text
    assert not [word for word in TOLD if word in answer.text]
    assert "/admin/customers/details" not in answer.text
    assert counted(people, "son") == {"check": 1, "told": 1}


def test_ones_own_duplicate_is_named_beside_the_hidden_one(
    hidden: Customer, people: dict, visitor
) -> None:
    customer(owner(people, "son"), "Công ty Của Sơn", phone=PHONE)
    db.session.commit()
    answer = visitor("son").post(CHECK, {"phone": PHONE}, page=NEW)
    assert "Công ty Của Sơn" in answer.text
    assert "Khách hàng không do bạn phụ trách" in answer.text
    assert "Kín Đáo" not in answer.text


def test_the_check_leaves_out_no_customer_but_ones_own(
    hidden: Customer, people: dict, visitor
) -> None:
    """Else the number that makes “there is one” go away would be the one."""
    son = visitor("son")
    answers = {
        key: son.post(CHECK, {"phone": PHONE, "id": str(key)}, page=NEW).text
        for key in (hidden.id, hidden.id + 1)
    }
    assert answers[hidden.id] == answers[hidden.id + 1]


@pytest.mark.parametrize(("field", "typed"), [*GIVEN, ("code", "mat-7")])
def test_the_form_tells_sales_only_that_there_is_one(
    hidden: Customer, people: dict, visitor, field: str, typed: str
) -> None:
    answer = visitor("son").post(NEW, {**FORM, field: typed})
    assert "Hãy hỏi quản trị viên" in answer.text or "hỏi quản trị viên về" in answer.text
    assert not [word for word in TOLD if word in answer.text.replace("mat-7", "")]
    assert counted(people, "son") == {"told": 1}
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_the_proof_of_what_was_shown_holds_nothing_of_the_hidden_customer(
    hidden: Customer, people: dict, visitor
) -> None:
    son = visitor("son")

    def mark() -> str:
        page = son.post(NEW, {**FORM, "phone": PHONE}).text
        return page.split('name="seen"', 1)[1].split('value="', 1)[1].split('"', 1)[0]

    before = mark()
    records.delete(db.session.get_one(Customer, hidden.id))
    db.session.flush()
    customer(owner(people, "an"), "Khác", phone=PHONE, id=7001)
    db.session.commit()
    assert mark() == before
    assert son.post(NEW, {**FORM, "phone": PHONE, "seen": before}).status_code == 302


def test_who_reads_every_customer_is_told_which(hidden: Customer, people: dict, visitor) -> None:
    mai = visitor("mai")
    assert "MAT-7 – Công ty Kín Đáo" in mai.post(CHECK, {"phone": PHONE}, page=NEW).text
    given = {**FORM, "owner": str(people["mai"]), "code": "mat-7"}
    assert "MAT-7 – Công ty Kín Đáo" in mai.post(NEW, given).text
    assert counted(people, "mai") == {"check": 1}


def test_at_the_limit_found_and_not_found_are_refused_alike(
    hidden: Customer, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    most(monkeypatch, Question.TOLD, 2)
    son = visitor("son")
    for _ in range(2):
        assert son.post(CHECK, {"phone": PHONE}, page=NEW).status_code == 200
    answers = [son.post(CHECK, {"phone": p}, page=NEW) for p in (PHONE, "0912000111")]
    assert [a.status_code for a in answers] == [429, 429]
    assert answers[0].text == answers[1].text
    assert all(1 <= int(a.headers["Retry-After"]) <= 3600 for a in answers)
    assert "Hãy thử lại sau" in answers[0].text
    forms = [son.post(NEW, {**FORM, "phone": p}) for p in (PHONE, "0912000111")]
    assert [f.status_code for f in forms] == [429, 429]
    assert 'value="Khách của Sơn"' in forms[0].text
    assert "Hãy thử lại sau" in forms[0].text
    assert counted(people, "son")["told"] == 2


def test_checks_are_limited_for_everybody_by_themselves(
    hidden: Customer, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    most(monkeypatch, Question.CHECK, 3)
    an, mai = visitor("an"), visitor("mai")
    found = [an.post(CHECK, {"phone": "0912000111"}, page=NEW).status_code for _ in range(4)]
    assert found == [200, 200, 200, 429]
    assert mai.post(CHECK, {"phone": "0912000111"}, page=NEW).status_code == 200


def test_pasted_lists_are_limited_and_what_was_pasted_stays(
    hidden: Customer, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    most(monkeypatch, Question.PASTE, 1)
    mai, path = visitor("mai"), "/admin/groups/draft/new/paste"
    assert "Kín Đáo" in mai.post(path, {"lines": "MAT-7"}).text or counted(people, "mai")
    refused = mai.post(path, {"lines": "0980777154"})
    assert refused.status_code == 429
    assert "0980777154" in refused.text
    assert "Hãy thử lại sau" in refused.text


def test_a_working_day_of_forms_is_far_from_the_limits() -> None:
    """Three checks and a save for each customer, one a minute and a half, for eight hours."""
    for limit in questions.LIMITS[Question.CHECK]:
        minutes = min(limit.window.total_seconds() / 60, 480)
        assert limit.most > minutes / 1.5 * 4


def test_sales_count_of_a_catalog_their_own_customers_as_the_list_behind_shows(
    context: Flask, people: dict, visitor
) -> None:
    industry = records.create(Industry, {"name": "Xây dựng"})
    several(people, "A", "B", "C", whose="mai", industry_id=industry.id)
    several(people, "D", whose="son", industry_id=industry.id)
    db.session.commit()
    for name, count in (("son", 1), ("mai", 4)):
        browser = visitor(name)
        page = browser.get("/admin/catalogs/industry/").text
        assert f">{count} khách hàng</a>" in page, name
        behind = browser.get(f"{LIST}?industry={industry.id}").text
        assert behind.count("data-id=") == count


def test_sales_count_of_a_group_their_own_members(context: Flask, people: dict, visitor) -> None:
    theirs = several(people, "A", "B", "C", whose="mai", do_not_contact=True)
    mine = several(people, "D", whose="son")
    filled(people, "Tết", [*theirs, *mine])
    filled(people, "Cá nhân", filter="kind=organization")
    for name, count in (("son", 1), ("mai", 4)):
        page = visitor(name).get("/admin/groups/").text
        assert page.count(f'">{count}</a>') == 2, name
        assert ('">3</a>' in page) == (name == "mai")


def test_the_history_of_a_group_tells_sales_what_was_done_but_not_to_how_many(
    context: Flask, people: dict, visitor
) -> None:
    theirs = several(people, *"ABCDEFG", whose="mai")
    group = filled(people, "Tết")
    with acting_as(people["mai"]):
        add_to_group(group, [Customer.id.in_([c.id for c in theirs])])
    db.session.commit()
    path = f"/admin/groups/history/?id={group.id}"
    assert "+7" in visitor("mai").get(path).text
    page = visitor("son").get(path)
    assert page.status_code == 200
    assert "Lê Thị Mai" in page.text
    assert "+7" not in page.text
    assert "7 khách hàng" not in page.text


def test_a_group_found_by_a_masked_value_shows_nobody_to_who_sees_it_masked(
    hidden: Customer, people: dict, visitor
) -> None:
    group = filled(people, "Đầu số 0980", filter="phone=0980")
    path = f"/admin/groups/details/?id={group.id}"
    assert "Kín Đáo" in visitor("mai").get(path).text
    viewer = visitor("vy")
    page = viewer.get(path).text
    assert "Kín Đáo" not in page
    assert "chỉ xem được dạng che" in page
    assert "Kín Đáo" not in viewer.get(f"{LIST}?group={group.id}").text
    assert "Đầu số 0980" not in viewer.get(f"{LIST}details/?id={hidden.id}").text
    assert "chỉ xem được dạng che" in viewer.get("/admin/groups/").text


def test_a_viewer_cannot_try_out_email_addresses_on_their_own_profile(
    context: Flask, people: dict, visitor
) -> None:
    viewer = visitor("vy")
    page = viewer.get("/profile").text
    assert 'name="email"' not in page
    assert "Chỉ quản trị viên mới đổi được email của bạn." in page
    version = page.split('name="version"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    given = {"version": version, "full_name": "Vy", "locale": "vi", "theme": "auto"}
    answer = viewer.post("/profile", {**given, "email": "an@example.com"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert db.session.get_one(User, people["vy"]).email == "vy@example.com"


def test_an_address_that_is_taken_is_told_and_counted(
    context: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    most(monkeypatch, Question.TOLD, 1)
    mai = visitor("mai")
    page = mai.get("/profile").text
    version = page.split('name="version"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    given = {"version": version, "full_name": "Mai", "locale": "vi", "theme": "auto"}
    given["current"] = PASSWORD
    assert mai.post("/profile", {**given, "email": "an@example.com"}).status_code == 422
    assert counted(people, "mai") == {"told": 1}
    for address in ("an@example.com", "moi@example.com"):
        assert mai.post("/profile", {**given, "email": address}).status_code == 429
