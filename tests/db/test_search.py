"""Search for customers: the same answers from the index, from what waits, and from the records."""

from __future__ import annotations

from collections.abc import Callable

import factories
import pytest
from sqlalchemy import delete, select, text, update

from crmadmin.access.models import User
from crmadmin.core import listing, search
from crmadmin.core.db import db, spec_of
from crmadmin.core.list_state import ListState
from crmadmin.customers.models import DOCUMENTS, Contact, Customer

pytestmark = pytest.mark.usefixtures("context")


def settle() -> None:
    """What a worker does in the background."""
    while search.settle(db.session.connection(), DOCUMENTS) == search.CHUNK:
        pass
    db.session.commit()


def leave() -> None:
    """Everything waits: no worker came."""
    db.session.commit()


@pytest.fixture(params=[settle, leave])
def then(request: pytest.FixtureRequest) -> Callable[[], None]:
    """What became of what was written."""
    done: Callable[[], None] = request.param
    return done


@pytest.fixture
def owner(context: object) -> User:
    return factories.user("mai", "marketing")


def found(query: str, *, sees: bool = True, sort: str = "", **state: object) -> list[str]:
    """The names that a search shows, in order."""
    spec = spec_of(Customer)
    where = search.conditions(Customer, query, sees_sensitive=sees)
    asked = ListState(query=query, sort=sort, **state)  # type: ignore[arg-type]
    page = listing.page(spec, asked, where, list(spec.listed), sees_sensitive=sees)
    by_index = set(db.session.scalars(select(Customer.id).where(*where)))
    plain = [clause.plain for clause in where if isinstance(clause, search.Found)]
    assert by_index == set(db.session.scalars(select(Customer.id).where(*plain)))
    assert page.total == len(by_index)
    return [row.name for row in page.rows]


@pytest.fixture
def some(owner: User) -> None:
    """Customers that each question below is about."""
    rows = (
        ("Công ty TNHH Ánh Dương", {"code": "KH-001", "phone": "+84912345678"}),
        ("Nguyễn Văn An", {"code": "KH-002", "email": "an.nguyen@example.com"}),
        ("Lê Thị Hà", {"code": "LE-1", "phone": "+84987654321", "address": "12 Lê Lợi, Hà Nội"}),
        ("Trần Đức Lên", {"code": "KH-004", "tax_code": "0100109106"}),
        ("100% Cotton_Việt", {"code": "KH-005", "address": "Ngõ 5\\7 \"Chợ\" 'Hôm'"}),
        ("Đặng Y", {"code": "KH-006"}),
        ("Hợp tác xã An Bình", {"code": "AN"}),
    )
    for name, values in rows:
        factories.customer(owner, name, **values)
    at = db.session.scalars(select(Customer).where(Customer.code == "KH-004")).one()
    factories.contact(at, "Phạm Quỳnh Nga", phone="+84933112233", email="nga@lien-he.vn")


QUESTIONS = [
    # accents, đ, case, and the same typed as separate marks
    ("anh duong", {"Công ty TNHH Ánh Dương"}),
    ("ÁNH DƯƠNG", {"Công ty TNHH Ánh Dương"}),
    ("A\u0301nh Du\u031bo\u031bng", {"Công ty TNHH Ánh Dương"}),
    ("dang", {"Đặng Y"}),
    ("Đức", {"Trần Đức Lên"}),
    ("nguyen van", {"Nguyễn Văn An"}),
    # several words in any order, in several fields
    ("an nguyễn", {"Nguyễn Văn An"}),
    ("lợi thị", {"Lê Thị Hà"}),
    ("nguyen duong", set()),
    # parts of words and of numbers
    ("uong", {"Công ty TNHH Ánh Dương"}),
    ("345678", {"Công ty TNHH Ánh Dương"}),
    ("0912345", {"Công ty TNHH Ánh Dương"}),
    ("+8491", {"Công ty TNHH Ánh Dương"}),
    ("0912 345 678", {"Công ty TNHH Ánh Dương"}),
    ("00109", {"Trần Đức Lên"}),
    # words of two letters begin a word, of one letter are a word
    ("lê", {"Lê Thị Hà", "Trần Đức Lên"}),
    ("hà", {"Lê Thị Hà"}),
    ("an", {"Nguyễn Văn An", "Hợp tác xã An Bình", "Công ty TNHH Ánh Dương"}),
    ("y", {"Đặng Y"}),
    ("12 lê", {"Lê Thị Hà"}),
    # nothing is special
    ("100%", {"100% Cotton_Việt"}),
    ("cotton_v", {"100% Cotton_Việt"}),
    ("%", set()),
    ("___", set()),
    ("5\\7", {"100% Cotton_Việt"}),
    ('"cho"', {"100% Cotton_Việt"}),
    ("'hom'", {"100% Cotton_Việt"}),
    ("an* OR binh", set()),
    ('binh" OR "an', set()),
    ("public:binh", set()),
    # the people at a customer
    ("quỳnh nga", {"Trần Đức Lên"}),
    ("nga đức", {"Trần Đức Lên"}),
    ("0933112", {"Trần Đức Lên"}),
    ("lien-he.vn", {"Trần Đức Lên"}),
]


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(("query", "names"), QUESTIONS, ids=[q for q, _n in QUESTIONS])
def test_a_query_finds(query: str, names: set[str], then: Callable[[], None]) -> None:
    then()
    assert set(found(query)) == names


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("query", ["0912345", "an.nguyen@", "0933112", "lien-he.vn", "an.n"])
def test_who_sees_numbers_masked_does_not_find_by_them(
    query: str, then: Callable[[], None]
) -> None:
    then()
    assert found(query, sees=False) == []
    assert found("quỳnh nga", sees=False) == ["Trần Đức Lên"]


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("AN", ["Hợp tác xã An Bình", "Công ty TNHH Ánh Dương", "Nguyễn Văn An"]),
        ("an.nguyen@example.com", ["Nguyễn Văn An"]),
        ("le", ["Lê Thị Hà", "Trần Đức Lên"]),
        ("le-1", ["Lê Thị Hà"]),
    ],
)
def test_what_was_asked_for_by_code_comes_first_then_names_that_begin_so(
    query: str, names: list[str], then: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    then()
    assert found(query) == names
    # The same when too many match to be sorted, and are walked.
    monkeypatch.setattr(listing, "COUNT_CAP", 0)
    spec, where = spec_of(Customer), search.conditions(Customer, query, sees_sensitive=True)
    walked = listing.page(spec, ListState(query=query), where, [], sees_sensitive=True)
    assert [row.name for row in walked.rows] == names


def test_names_are_sorted_as_vietnamese_read_them(owner: User, then: Callable[[], None]) -> None:
    names = ["An", "Ánh", "Bình", "Dũng", "Đào", "Giang", "Lê", "Lề", "Ông", "Ơn"]
    for name in reversed(names):
        factories.customer(owner, f"{name} Vũ")
    then()
    assert found("vu", sort="name") == [f"{name} Vũ" for name in names]
    assert found("vu") == [f"{name} Vũ" for name in names]
    assert found("vu", sort="name", descending=True) == [f"{n} Vũ" for n in reversed(names)]


@pytest.mark.usefixtures("some")
def test_every_way_of_writing_is_found_at_once_and_after_settling(owner: User) -> None:
    settle()
    assert found("sao mai") == []
    at = db.session.scalars(select(Customer).where(Customer.code == "KH-006")).one()
    at.name = "Sao Mai"
    db.session.commit()
    assert found("sao mai") == ["Sao Mai"]
    assert found("dang") == []
    db.session.execute(
        update(Customer).where(Customer.id == at.id).values(search_text=" kim ngan ", name="Kim")
    )
    assert found("kim ngan") == ["Kim"]
    settle()
    assert found("kim ngan") == ["Kim"]
    contact = db.session.scalars(select(Contact)).one()
    contact.customer_id = at.id
    db.session.commit()
    assert found("quỳnh nga") == ["Kim"]
    settle()
    assert found("quỳnh nga") == ["Kim"]
    db.session.execute(delete(Contact))
    assert found("quỳnh nga") == []
    settle()
    db.session.execute(delete(Customer).where(Customer.id == at.id))
    assert found("kim ngan") == []
    settle()
    assert search.compare(db.session.connection(), DOCUMENTS).is_right


def test_an_index_that_differs_is_told_and_made_anew(owner: User) -> None:
    one, two, three = (factories.customer(owner, name).id for name in ("Một", "Hai", "Ba"))
    settle()
    connection = db.session.connection()
    assert search.compare(connection, DOCUMENTS) == search.Compared(0, 0, 0, 0)
    for statement in (
        f"DELETE FROM customer_search WHERE rowid = {one}",
        f"UPDATE customer_search SET public = ' khac ' WHERE rowid = {two}",
        "INSERT INTO customer_search (rowid, public, private) VALUES (999999, ' thua ', '')",
    ):
        connection.execute(text(statement))
    told = search.compare(connection, DOCUMENTS)
    assert (told.missing, told.different, told.left_over) == (1, 1, 1)
    assert told.unwatched == 0
    drop = "DROP TRIGGER customer_search_contact_delete"
    if connection.dialect.name == "postgresql":
        drop += " ON contact"
    connection.execute(text(drop))
    assert search.compare(connection, DOCUMENTS).unwatched == 1
    assert not told.is_right
    heard: list[int] = []
    assert search.rebuild(connection, DOCUMENTS, heard.append) == 3
    assert heard
    assert search.compare(connection, DOCUMENTS).is_right
    assert found("ba") == ["Ba"]
    # Its triggers are there as before.
    db.session.get_one(Customer, three).name = "Bốn"
    db.session.commit()
    assert found("bon") == ["Bốn"]


def test_settling_takes_a_little_at_a_time(owner: User) -> None:
    for n in range(5):
        factories.customer(owner, f"Khách {n}")
    connection = db.session.connection()
    waiting = search.pending(connection, DOCUMENTS)
    assert waiting >= 5
    assert search.settle(connection, DOCUMENTS, most=2) == 2
    assert search.pending(connection, DOCUMENTS) == waiting - 2
    assert len(found("khach")) == 5
