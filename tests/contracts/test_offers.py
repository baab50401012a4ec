"""No page offers what its reader may not do: links, buttons and addresses for scripts lead to where
the reader's role may go, on an empty database and on a filled one; and the words of an empty page
do not send anybody there either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import factories
import pytest
from flask import Flask
from flask.testing import FlaskClient
from walker import Records, sign_in, steps
from werkzeug.exceptions import HTTPException

from crmadmin.access import guard, policy, roles
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission, find
from crmadmin.access.roles import Role
from crmadmin.admin.acts_view import doing
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core.db import db
from crmadmin.groups.models import Membership
from crmadmin.imports.models import ImportBatch

LINKS = ("href", "action", "formaction", "hx-get", "hx-post", "data-remote-url", "data-order-url")
POSTING = {"hx-post", "data-order-url"}
WORDS = {
    "create": r"thêm mới|\btạo\b|đặt tên",
    "edit": r"\bsửa\b|chọn khách hàng|đánh dấu",
    "import": r"nhập khẩu|nhập dữ liệu|nhập từ|excel|tệp mẫu",
    "bulk": r"bạn làm với nhiều|hoàn tác",
}
"""How an empty page would tell somebody to do such a thing, in Vietnamese."""
SEARCH = re.compile(r'name="(m?q)"')
PART = re.compile(r'href="[^"?]*\?[^"]*?((?:status|state|show|only)=[^"&]+)')


class Offers(HTMLParser):
    """The addresses of a page with their methods, and the words of its empty parts."""

    def __init__(self, page: str, at: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.words: list[str] = []
        self._at, self._form, self._blank = at, "GET", 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._form = (given.get("method") or "get").upper()
        if self._blank or set((given.get("class") or "").split()) & {"blank", "no-rows"}:
            self._blank += tag in ("section", "div")
        for name in LINKS:
            url = given.get(name)
            if url and urlsplit(url).netloc == "" and not url.startswith("#"):
                self.found.add((self._method(name), self._absolute(url)))

    def handle_endtag(self, tag: str) -> None:
        if self._blank and tag in ("section", "div"):
            self._blank -= 1

    def handle_data(self, data: str) -> None:
        if self._blank and data.strip():
            self.words.append(data.strip())

    def _method(self, name: str) -> str:
        if name in POSTING:
            return "POST"
        return self._form if name in ("action", "formaction") else "GET"

    def _absolute(self, url: str) -> str:
        path = urlsplit(url).path
        return path if path.startswith("/") else self._at + path


def pages(app: Flask, client: FlaskClient, records: Records) -> Iterator[tuple[str, str, Offers]]:
    """Address, endpoint and offers of every page that answers this client."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.endpoint, r.rule)):
        if rule.endpoint in ("access.logout", "static", "admin.static"):
            continue
        for step in steps(rule, records, thorough=False):
            if step.method != "GET" or step.whose not in ("own", "none"):
                continue
            for path, offers in look(client, step.path):
                yield path, rule.endpoint, offers


def look(client: FlaskClient, path: str) -> Iterator[tuple[str, Offers]]:
    """A page if it answers, and the same with nothing in its list: a search that finds nothing, and
    each part (a state, a kind of row) that its own links lead to."""
    with client.get(path) as answer:
        if answer.status_code != 200 or answer.mimetype != "text/html":
            return
        text, at = answer.text, urlsplit(path).path
    yield path, Offers(text, at)
    searches = set(SEARCH.findall(text.partition("<main")[2].partition("</main>")[0]))
    parts = {unescape(found) for found in PART.findall(text)}
    for query in sorted({f"{name}=khong-co-ai" for name in searches} | parts):
        again = f"{path}{'&' if '?' in path else '?'}{query}"
        with client.get(again) as answer:
            if answer.status_code == 200:
                yield again, Offers(answer.text, at)


def refused(app: Flask, user: User, offers: Offers) -> list[str]:
    """What is offered and may not be done."""
    found, adapter = [], app.url_map.bind("localhost")
    with app.test_request_context(), guard.acting(user):
        for method, path in sorted(offers.found):
            try:
                endpoint, _values = adapter.match(path, method)
            except HTTPException as error:
                found.append(f"{method} {path}, which is no address ({error.code})")
                continue
            if not guard.reaches(endpoint):
                found.append(f"{endpoint} ({method} {path})")
    return found


def told_to(user: User, endpoint: str, words: str) -> list[str]:
    """What the words of an empty page tell this user to do although they may not."""
    view = endpoint.rpartition(".")[0]
    resource = policy.policy._records.get(view, view)
    with guard.acting(user):
        closed = [a for a in WORDS if not any(map(guard.can, _asked(resource, a)))]
    return [
        f"{action}: {found[0]!r} in {words!r}"
        for action in closed
        if (found := re.search(WORDS[action], words.lower()))
    ]


def _asked(resource: str, action: str) -> Sequence[Permission]:
    """The permission of an action on a resource; where that has no such action, everybody's."""
    if action == "bulk":
        return doing()
    one = find(resource, action)
    return [one] if one is not None else [p for p in Permission if p.action == action]


NOTHING = Records({})


@pytest.fixture
def filled(app: Flask) -> Records:
    """A record of every kind, and an import that is done."""
    with app.app_context():
        an = factories.user("chu", "admin")
        ids = {m.__tablename__: factories.catalog(m).id for m in all_catalogs()}
        customer = factories.customer(an, "Công ty Hoa")
        factories.contact(customer)
        group, empty = factories.group("Có người"), factories.group("Trống")
        db.session.add(Membership(group_id=group.id, customer_id=customer.id))
        batch = ImportBatch(
            kind="customers-contacts", status="done", file_name="a.xlsx", user_id=an.id
        )
        db.session.add(batch)
        db.session.flush()
        ids |= {"customer": customer.id, "user": an.id, "imports": batch.id}
        both = {"own": group.id, "foreign": empty.id}
        db.session.commit()
        db.session.remove()
    return Records({**{k: {"own": v} for k, v in ids.items()}, "customer_group": both})


def walk(app: Flask, role: str, records: Records) -> list[str]:
    """The faults of all pages for one role, each with the first page that has it."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with app.app_context():
        user = factories.user("ai", role)
        db.session.commit()
        key = user.id
        db.session.expunge(user)
        db.session.remove()
    sign_in(app, client, key)
    wrong: dict[str, str] = {}
    walked = 0
    for path, endpoint, offers in pages(app, client, records):
        walked += 1
        for what in refused(app, user, offers):
            wrong.setdefault(what.split(" ")[0], f"{path} offers {what}")
        with app.test_request_context():
            for what in told_to(user, endpoint, " ".join(offers.words)):
                wrong.setdefault(what, f"{path} says {what}")
    assert walked > 15
    return [*wrong.values()]


ROLES = [role.value for role in Role]


@pytest.mark.parametrize("role", ROLES)
def test_pages_of_an_empty_database_offer_only_what_their_reader_may_do(
    app: Flask, role: str
) -> None:
    wrong = walk(app, role, NOTHING)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_pages_of_records_offer_only_what_their_reader_may_do(
    app: Flask, filled: Records, role: str
) -> None:
    wrong = walk(app, role, filled)
    assert not wrong, "\n".join(wrong)


CHANGING = {p for p in Permission if p.action not in ("read", "lookup") and p.resource != "profile"}
TAKEN = sorted({p.action for p in CHANGING} | {p.resource for p in CHANGING})
"""Each action on everything, and everything that can be done to one resource."""


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("taken", TAKEN)
def test_whoever_is_refused_one_thing_more_is_not_offered_it_either(
    app: Flask, filled: Records, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    """Roles of tomorrow: an administrator without one action, or with nothing but to read."""
    table = roles.TABLE[Role.ADMIN]
    left = {p: s for p, s in table.items() if p not in CHANGING or taken not in p.split(":")}
    assert len(left) < len(table)
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Role.ADMIN: left})
    wrong = walk(app, "admin", filled)
    assert not wrong, "\n".join(wrong)


def test_the_walk_knows_an_offer_that_is_refused(app: Flask) -> None:
    page = '<section class="blank"><p>Chọn khách hàng ở trang Sửa</p><a href="new/">+</a></section>'
    offers = Offers(page, "/admin/groups/")
    user: Any = User(role="viewer", username="vy", is_active=True)
    assert refused(app, user, offers) == ["customer_group.create_view (GET /admin/groups/new/)"]
    with app.test_request_context():
        (told,) = told_to(user, "customer_group.details_view", " ".join(offers.words))
    assert told.startswith("edit: ")
