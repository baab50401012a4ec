"""The policy, kept by the whole app: every address × role × method × own, foreign, missing,
malformed record. What is refused writes nothing, what only reads writes nothing, nothing crashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import factories
import pytest
from factories import ROLES
from flask import Flask
from flask.testing import FlaskClient
from walker import Records, Step, Watch, sign_in, steps
from werkzeug.test import TestResponse

from crmadmin.access import policy
from crmadmin.access.policy import NOBODY, PUBLIC
from crmadmin.access.roles import Role, Scope
from crmadmin.catalogs.models import Collaborator, all_catalogs
from crmadmin.core.db import db
from crmadmin.groups.models import Membership
from crmadmin.imports.models import ImportBatch, ImportRow

OWNED = ("customer", "imports")
"""Kinds of records that have an owner; the others are everybody's."""

TABLES_OF_CATALOGS = frozenset(m.__tablename__ for m in all_catalogs())

# Fields that no form has, sent with every form.
FORGED = {
    "id": "1", "user_id": "1", "owner_id": "1", "created_by_id": "1", "session_epoch": "99",
    "password_hash": "x", "is_admin": "1", "search_text": "x", "name_key": "x",
}  # fmt: skip


def test_every_address_is_classified(app: Flask) -> None:
    assert policy.unclassified(app) == []


def test_the_policy_names_no_address_that_is_gone(app: Flask) -> None:
    assert policy.stale(app) == []


def test_only_what_strangers_need_is_public(app: Flask) -> None:
    endpoints = {r.endpoint for r in app.url_map.iter_rules()}
    public = {e for e in endpoints if policy.rule(e) is PUBLIC}
    known = {
        "static", "admin.static", "healthz", "readyz", "metrics", "index",
        "access.login", "access.setup",
    }  # fmt: skip
    assert public <= known


def test_addresses_that_write_take_no_get(app: Flask) -> None:
    # They are walked below as well; this names the ones that have no page of their own.
    doing = {"stop", "use_again", "make_default", "order", "order_by_name", "run", "logout"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.rpartition(".")[2] in doing:
            assert "GET" not in (rule.methods or set()), rule.endpoint


PHONE, EMAIL = "+84912345678", "chim.hoang.yen@example.com"
SECRETS = {
    "son": ("Hồ sơ của an", "Hồ sơ của mai", "Hồ sơ của vy", "tệp của"),
    "mai": ("tệp của an", "tệp của son"),
    "vy": ("912345678", "912 345 678", "912.345.678", "chim.hoang.yen", "tệp của"),
    "nobody": ("Hồ sơ của", "912345678", "912 345 678", "chim.hoang.yen", "tệp của"),
}
"""What must stand in no answer to a person: others' records, masked values."""


@pytest.fixture
def stock(app: Flask, cast: dict[str, int]) -> dict[str, Records]:
    """For each person records of their own and of somebody else, of every kind."""
    with app.app_context():
        shared = {m.__tablename__: factories.catalog(m).id for m in all_catalogs()}
        ways = {"phone": PHONE, "email": EMAIL}
        shared["collaborator"] = factories.catalog(Collaborator, **ways).id
        shared["customer_group"] = factories.group().id
        owned: dict[str, dict[str, int]] = {}
        for name, key in cast.items():
            owner = db.session.get(factories.User, key)
            customer = factories.customer(owner, f"Hồ sơ của {name}", **ways)
            factories.contact(customer, **ways)
            db.session.add(Membership(group_id=shared["customer_group"], customer_id=customer.id))
            batch = ImportBatch(
                kind="customers-contacts", status="done", file_name=f"tệp của {name}", user_id=key
            )
            db.session.add(batch)
            db.session.flush()
            db.session.add(ImportRow(batch_id=batch.id, number=2, state="created"))
            owned[name] = {"customer": customer.id, "imports": batch.id}
        db.session.commit()
        db.session.remove()
    return {name: _records(name, cast, shared, owned) for name in [*ROLES, "nobody"]}


def _records(
    name: str, cast: dict[str, int], shared: dict[str, int], owned: dict[str, dict[str, int]]
) -> Records:
    other = "mai" if name != "mai" else "an"
    mine = owned.get(name, owned["son"])
    ids = {kind: {"own": key} for kind, key in shared.items()}
    for kind in OWNED:
        ids[kind] = {"own": mine[kind], "foreign": owned[other][kind]}
    ids["user"] = {"own": cast.get(name, cast["son"]), "foreign": cast[other]}
    return Records(ids)


@pytest.fixture
def watch(app: Flask, stock: dict[str, Records]) -> Iterator[Watch]:
    app.config["WTF_CSRF_ENABLED"] = False  # the guard has to hold by itself
    made = Watch(app)
    yield made
    made.close()


def is_refused(answer: TestResponse) -> bool:
    return answer.status_code in (400, 401, 403, 404, 405) or _is_to_log_in(answer)


def _is_to_log_in(answer: TestResponse) -> bool:
    return answer.status_code == 302 and (answer.location or "").startswith("/login")


def complaint(step: Step, answer: TestResponse, role: Role | None) -> str | None:
    """What is wrong with an answer, by the policy table alone."""
    status = answer.status_code
    if status >= 500:
        return f"{step} failed: {status}"
    if status == 405:
        return None
    rule = policy.rule(step.endpoint)
    if rule is PUBLIC:
        return None
    if role is None:
        return None if _is_to_log_in(answer) or status == 404 else f"{step} let nobody in: {status}"
    scope = policy.scope(role, rule)
    if rule is NOBODY or scope is Scope.NONE:
        return None if status in (403, 404) else f"{step} let {role} in: {status}"
    return _complaint_of_scope(step, status, scope)


def _complaint_of_scope(step: Step, status: int, scope: Scope) -> str | None:
    kind = step.endpoint.rpartition(".")[0]
    leads_to_record = step.names_record and not step.endpoint.endswith(NO_RECORD)
    # OPTIONS only names methods; a path with nothing in it is the address of something else.
    if not leads_to_record or step.method == "OPTIONS" or status == 308:
        return None
    if step.whose in ("missing", "malformed"):
        return None if status in (400, 403, 404) else f"{step} found something: {status}"
    if step.whose == "foreign" and scope is Scope.OWN and kind in OWNED:
        return None if status in (403, 404) else f"{step} leaked: {status}"
    if step.method == "GET" and status in (401, 403, 404):
        return f"{step} was refused to one who may: {status}"
    return None


NO_RECORD = (
    ".index_view", ".index", ".create_view", ".create_and_select", ".lookup", ".columns",
    ".duplicates", ".order", ".order_by_name", ".bulk", ".new", ".upload", ".template", ".count",
    ".export", ".seen", ".filter_view", ".save_view", ".saved_views",
)  # fmt: skip
"""Addresses of record views that name no single record."""


@pytest.mark.parametrize("name", [*ROLES, "nobody"])
def test_every_address_keeps_to_the_table_and_refusals_write_nothing(
    app: Flask, cast: dict[str, int], stock: dict[str, Records], watch: Watch, name: str
) -> None:
    role = Role(ROLES[name]) if name in ROLES else None
    client = app.test_client()
    sign_in_anew(app, client, cast.get(name), watch)
    wrong: list[str] = []
    walked = 0
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.endpoint, r.rule)):
        for step in steps(rule, stock[name], thorough=_is_worth_it(rule.endpoint, role)):
            answer, text = ask(client, step)
            walked += 1
            found = [complaint(step, answer, role), careless(answer)]
            found += [f"told {s!r}" for s in SECRETS.get(name, ()) if s in text]
            changed = watch.changed()
            if changed and (step.method != "POST" or is_refused(answer)):
                found.append(f"wrote although it answered {answer.status_code}")
            wrong += [f"{step}: {what}" for what in found if what]
        if rule.endpoint.startswith("access."):  # some of them end sessions
            sign_in_anew(app, client, cast.get(name), watch)
    assert not wrong, "\n".join(wrong)
    assert walked > 500


def careless(answer: TestResponse) -> str | None:
    """What every answer has to carry and this one does not."""
    needed = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
    missing = [h for h in needed if h not in answer.headers]
    return f"has no {', '.join(missing)}" if missing else None


def _is_worth_it(endpoint: str, role: Role | None) -> bool:
    """Whether malformed ids get as far as the record view here."""
    rule = policy.rule(endpoint)
    if role is None or isinstance(rule, policy.Access):
        return False
    view = endpoint.rpartition(".")[0]
    is_repeated = view in TABLES_OF_CATALOGS and view not in ("industry", "collaborator")
    return policy.scope(role, rule) is not Scope.NONE and not is_repeated


def sign_in_anew(app: Flask, client: FlaskClient, user_id: int | None, watch: Watch) -> None:
    """A new session for a user; nobody needs none."""
    if user_id is not None:
        sign_in(app, client, user_id)
        watch.changed()


def ask(client: FlaskClient, step: Step, **form: str) -> tuple[TestResponse, str]:
    """The answer to a step, and its text where it is text."""
    data = {**FORGED, **form} if step.method == "POST" else None
    answer = client.open(step.path, method=step.method, data=data)
    is_text = (answer.mimetype or "").startswith(("text/html", "application/json"))
    text = answer.get_data(as_text=True) if is_text else ""
    answer.close()
    return answer, text


TOKENS = ("none", "wrong", "another session's", "of before signing in")


@pytest.mark.parametrize("kind", TOKENS)
def test_no_form_anywhere_is_accepted_without_the_sessions_own_token(
    app: Flask, cast: dict[str, int], stock: dict[str, Records], watch: Watch, kind: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    an = app.test_client()
    token = _token(app, cast, kind)
    sign_in_anew(app, an, cast["an"], watch)
    wrong: list[str] = []
    asked = 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or set()):
            continue
        for step in steps(rule, stock["an"], thorough=False):
            if step.method == "POST" and step.whose in ("own", "none"):
                answer, _text = ask(an, step, **token)
                asked += 1
                if answer.status_code not in (400, 403, 404) or watch.changed():
                    wrong.append(f"{step}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert asked > 100


def _token(app: Flask, cast: dict[str, int], kind: str) -> dict[str, str]:
    if kind == "none":
        return {}
    if kind == "wrong":
        return {"csrf_token": "IjEi.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"}
    other = app.test_client()
    if kind == "another session's":
        sign_in(app, other, cast["mai"])
    page = other.get("/profile" if kind == "another session's" else "/login").text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return {"csrf_token": found[1]}


def test_every_action_of_the_table_is_a_method_of_some_view(app: Flask) -> None:
    methods = {rule.endpoint.rpartition(".")[2] for rule in app.url_map.iter_rules()}
    without_address = {"ajax_lookup", "ajax_update", "action_view"}
    assert set(policy.ACTIONS) - without_address <= methods
