"""Nobody learns what they may not see: not from an answer, and not by asking yes or no.

Canaries stand in every field that is declared sensitive, of every record, and in everything of a
customer who is somebody else's. Every address is asked as every role that may not see them: shown,
searched, filtered, sorted, compared, looked up, counted. Which parameters an address takes is
learnt from the code that reads them, so a new field or address is asked without being named here.

Where two questions must be answered alike, so must their statements be as many, and neither may
take longer: every question by what can be told on a busy machine at all (GROSS), those of addresses
that find by a tenth (FINE).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import pytest
from asking import Answer, Asking, Pace, addresses, asking, nothing_is_kept
from factories import ROLES, add_to_group
from flask import Flask
from sqlalchemy import inspect, select, update
from walker import MISSING, Records, Step

from crmadmin.access import roles
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.access.roles import Scope
from crmadmin.catalogs.models import Collaborator, all_catalogs
from crmadmin.core import records
from crmadmin.core.db import acting_as, all_records, db, spec_of
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.spec import FieldSpec, derived_values
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership

__all__ = ["nothing_is_kept"]

UNSEEING = [name for name, role in ROLES.items() if not roles.sees_sensitive(role)]
LIMITED = [n for n, r in ROLES.items() if roles.scope(r, Permission.CUSTOMERS_READ) is Scope.OWN]


GROSS = Pace(seconds=0.01, share=0.4, least=1, most=60)
FINE = Pace(seconds=0.001, share=0.1, least=5, most=40)


@dataclass(frozen=True)
class Canary:
    """One value as it is stored, as people type it, and as it may be written in an answer."""

    stored: Any
    typed: str
    written: tuple[str, ...]

    @property
    def prefix(self) -> str:
        return self.typed[: len(self.typed) * 2 // 3]


def phone(figures: str) -> Canary:
    spaced = f"{figures[:3]} {figures[3:6]} {figures[6:]}"
    return Canary(f"+84{figures}", f"0{figures}", (figures, spaced, spaced.replace(" ", ".")))


def email(name: str) -> Canary:
    return Canary(f"{name}@oanh.example", f"{name}@oanh.example", (name,))


def text(words: str) -> Canary:
    return Canary(words, words, (words,))


def day(value: date) -> Canary:
    forms = tuple(value.strftime(f) for f in ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"))
    return Canary(value, forms[0], forms)


CANARIES: dict[FieldKind, tuple[Canary, Canary, Canary]] = {
    KINDS["phone"]: (phone("977531864"), phone("968642975"), phone("986420753")),
    KINDS["email"]: (email("chim.yen"), email("hong.hac"), email("vanh.khuyen")),
    KINDS["tax_code"]: (text("8463917205"), text("7352806194"), text("6241795083")),
    KINDS["code"]: (text("XQ-CHIMYEN"), text("WJ-HONGHAC"), text("VK-KHUYENB")),
    KINDS["text"]: (text("Zuzana Kolibri"), text("Wolfgang Storch"), text("Yolanda Pinson")),
    KINDS["long_text"]: (text("Zuzana Kolibri"), text("Wolfgang Storch"), text("Yolanda Pinson")),
    KINDS["website"]: (
        text("https://chimyen.example"), text("https://honghac.example"),
        text("https://khuyenb.example"),
    ),
    KINDS["date"]: (day(date(1937, 11, 23)), day(date(1938, 10, 24)), day(date(1939, 12, 25))),
}  # fmt: skip
"""By kind of field: a value that is stored, another, and one that is in no record. One value stands
in every field of its kind: whatever is compared with it, there is something to be found."""
FIRST, SECOND, ABSENT = 0, 1, 2
IDS = ("700001", "700002", "700003")
"""Of a hidden record, of another one, and of none."""


def canary(f: FieldSpec, which: int) -> Any:
    """What is stored in a field; a kind that cannot be marked yet is to be added to CANARIES."""
    assert f.kind in CANARIES, f"{f.name}: no canary of kind {f.kind}"
    return CANARIES[f.kind][which].stored


def sensitive(model: type[Any]) -> list[FieldSpec]:
    return [f for f in spec_of(model).fields if f.sensitive]


def test_there_is_something_to_hide_and_somebody_to_hide_it_from() -> None:
    assert UNSEEING
    assert LIMITED
    assert {Customer, Contact, Collaborator, User} <= {m for m in all_records() if sensitive(m)}


# Who is there


def make(model: type[Any], owner: int, **values: Any) -> Any:
    """A record of any kind, with what it needs to be one."""
    spec = spec_of(model)
    given = dict(values)
    for f in spec.fields:
        if f.required and f.kind in (KINDS["text"], KINDS["long_text"]):
            given.setdefault(f.name, f"{f.name} {len(given)} {model.__name__}".replace(" ", "-"))
    if spec.options.owner:
        given.setdefault(spec.options.owner, owner)
    for column in inspect(model).local_table.columns:
        if column.foreign_keys and not column.nullable and column.name not in given:
            table = next(iter(column.foreign_keys)).column.table
            given[column.name] = db.session.scalar(select(table.c.id).order_by(table.c.id.desc()))
    return records.create(model, given)


def names_only(cast: dict[str, int], found: dict[str, int]) -> Records:
    """The records to ask for; parts of a group's form are asked for that group."""
    ids = {view: {"own": key} for view, key in {"user": cast["an"], **found}.items()}
    return Records(ids, {"groups": "customer_group"})


@pytest.fixture
def marked(app: Flask, cast: dict[str, int]) -> Records:
    """A record of every kind, with a canary in every sensitive field; somebody who shares its other
    values stands beside it, and a group holds whom a search for the phone finds."""
    with app.app_context():
        found: dict[str, int] = {}
        for model in (m for m in all_records() if m is not CustomerGroup):
            hidden = {f.column: canary(f, FIRST) for f in sensitive(model)}
            if "kind" in spec_of(model).by_name:
                hidden["kind"] = "person"  # of a company some of it is public
            found[spec_of(model).name] = make(model, cast["mai"], **hidden).id
        wanted = CANARIES[KINDS["phone"]][FIRST].typed
        found["customer_group"] = make(CustomerGroup, 0, filter=f"phone={wanted}").id
        db.session.commit()
        db.session.remove()
    return names_only(cast, found)


@pytest.fixture
def person(app: Flask, cast: dict[str, int], name: str) -> Iterator[Asking]:
    yield from asking(app, cast[name])


# Values that a role sees masked


@pytest.mark.parametrize("name", UNSEEING)
def test_no_answer_shows_a_masked_value(person: Asking, marked: Records) -> None:
    secrets = [w for kind in hidden_kinds() for w in CANARIES[kind][FIRST].written]
    told, asked = [], 0
    for step in addresses(person.app, marked):
        answer = person.ask(step, {})
        asked += answer.status == 200
        told += [f"{step} told {s}" for s in secrets if s in answer.text]
    assert not told, "\n".join(told)
    assert asked > 30


@pytest.mark.parametrize("name", UNSEEING)
def test_no_answer_says_yes_or_no_about_a_masked_value(
    person: Asking, marked: Records, nothing_is_kept: None
) -> None:
    kinds = hidden_kinds()
    wrong, asked = [], 0
    for step, base, parameter in questions(person, marked):
        for value, absent in values_of(kinds):
            echo = [value, absent]
            found = person.ask(step, {**base, parameter: value}, echo=echo)
            none = person.ask(step, {**base, parameter: absent}, echo=echo)
            asked += 1
            wrong += apart(person, (step, base, parameter), (value, absent), (found, none))
    assert not wrong, "\n".join(wrong[:40])
    assert asked > 1000


def apart(
    person: Asking,
    question: tuple[Step, dict[str, str], str],
    values: tuple[str, str],
    answers: tuple[Answer, Answer],
) -> list[str]:
    """By what two values of a question are told apart: by the answers, or by how long they take."""
    step, base, parameter = question
    where = f"{step} {parameter}={values[0]} or {values[1]}"
    if answers[0].told != answers[1].told:
        return [f"{where}: {difference(*answers)}"]
    if GROSS.are_alike(answers[0].seconds, answers[1].seconds):
        return []
    one, other = (partial(person.ask, step, {**base, parameter: value}) for value in values)
    late = GROSS.difference(one, other)
    return [f"{where}: {late}"] if late else []


@pytest.mark.parametrize("name", UNSEEING)
def test_no_order_or_choice_depends_on_a_masked_field(
    person: Asking, marked: Records, nothing_is_kept: None
) -> None:
    """A second record with other values is sorted before or after: neither may show."""
    fields = sorted({f.name for m in all_records() for f in sensitive(m)})
    echo = [*fields, "zzzzz"]
    wrong = []
    for step, base, parameter in questions(person, marked):
        if step.method == "GET":
            none = person.ask(step, {**base, parameter: "zzzzz"}, echo=echo)
            for name in fields:
                found = person.ask(step, {**base, parameter: name}, echo=echo)
                if found.told != none.told:
                    wrong.append(f"{step} {parameter}={name}: {difference(found, none)}")
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.parametrize("name", UNSEEING)
def test_no_page_changes_with_what_is_hidden_in_a_masked_value(
    app: Flask, person: Asking, marked: Records
) -> None:
    before = pages(person, marked)
    with app.app_context():
        for model in all_records():
            for record in db.session.scalars(select(model)):
                hide_otherwise(record)
        db.session.commit()
        db.session.remove()
    after = pages(person, marked)
    wrong = [f"{s}: {difference(before[s], after[s])}" for s in before if before[s] != after[s]]
    assert not wrong, "\n".join(wrong)


def hide_otherwise(record: Any) -> None:
    """Change what a mask leaves out of every sensitive value, and nothing else."""
    spec = spec_of(type(record))
    changed = {f.column: otherwise(f, getattr(record, f.column)) for f in sensitive(type(record))}
    if changed := {name: value for name, value in changed.items() if value is not None}:
        columns = {c.key: getattr(record, c.key) for c in type(record).__table__.columns}
        derived = derived_values(spec, {**columns, **changed})
        table = type(record).__table__
        db.session.execute(update(table).where(table.c.id == record.id), {**changed, **derived})


def otherwise(f: FieldSpec, value: Any) -> Any:
    if value is None:
        return None
    if f.kind is KINDS["phone"]:
        return f"{value[:6]}000{value[-3:]}"
    if f.kind is KINDS["email"]:
        return f"{value[:1]}xyz{value[value.index('@') :]}"
    return CANARIES[f.kind][ABSENT].stored


def hidden_kinds() -> list[FieldKind]:
    return sorted({f.kind for model in all_records() for f in sensitive(model)}, key=str)


def questions(person: Asking, known: Records) -> Iterator[tuple[Step, dict[str, str], str]]:
    """Every address that lets the person in, its form, and one parameter after the other. Of an
    address with a word in it (the name of a filter, say) the first word that leads somewhere."""
    asked = set()
    for step in addresses(person.app, known):
        base = person.base_of(step)
        same = (step.endpoint, step.method, step.whose)
        if same in asked or person.ask(step, base).status in (403, 404, 405):
            continue
        asked.add(same)
        names = {*person.names_of(step, base), *base} or {"q"}
        for parameter in sorted(names - SECRETS_OF_ONES_OWN):
            yield step, base, parameter


SECRETS_OF_ONES_OWN = {"id", "csrf_token", "password", "current", "new", "again", "token"}
"""Parameters that are no questions about records: one's own passwords. `id` is asked by itself."""


def values_of(kinds: Sequence[FieldKind]) -> Iterator[tuple[str, str]]:
    """(a value that is stored, one of the same form that is not): whole; the beginning of one; and
    one as the query string of a list, which some addresses take."""
    for kind in kinds:
        yield CANARIES[kind][FIRST].typed, CANARIES[kind][ABSENT].typed
    found, _other, absent = CANARIES[KINDS["phone"]]
    yield found.prefix, absent.prefix
    yield f"q={found.typed}", f"q={absent.typed}"


def pages(person: Asking, known: Records) -> dict[str, tuple[Any, ...]]:
    return {str(s): person.ask(s, {}).told for s in addresses(person.app, known) if is_page(s)}


def is_page(step: Step) -> bool:
    return step.method == "GET"


def difference(one: Answer | tuple[Any, ...], other: Answer | tuple[Any, ...]) -> str:
    """In which way two answers differ, and where their texts begin to."""
    a = one.told if isinstance(one, Answer) else one
    b = other.told if isinstance(other, Answer) else other
    names = ("status", "leads_to", "text", "statements")
    parts = [n for n, x, y in zip(names, a, b, strict=True) if x != y]
    if "text" in parts:
        at = next((n for n, (x, y) in enumerate(zip(a[2], b[2], strict=False)) if x != y), 0)
        parts.append(f"{a[2][max(0, at - 40) : at + 40]!r} / {b[2][max(0, at - 40) : at + 40]!r}")
    return ", ".join([*parts, f"{a[0]}/{b[0]}", f"{a[3]}/{b[3]} statements"])


# Customers who are somebody else's


@pytest.fixture
def foreign(app: Flask, cast: dict[str, int]) -> Records:
    """A record of every kind that Sơn may read, and two customers of other people, each with
    canaries in everything: name, code, phone, contacts, owner."""
    with app.app_context():
        found: dict[str, int] = {}
        for model in (m for m in all_records() if m not in (User, CustomerGroup, Contact)):
            found[spec_of(model).name] = make(model, cast["son"]).id
        own = found["customer"]
        make(Contact, 0, customer_id=own)
        group = make(CustomerGroup, 0, name="Thường")
        found["customer_group"] = group.id
        with acting_as(cast["mai"]):
            add_to_group(group, [Customer.id == own])
        for which in (FIRST, SECOND):
            stranger(which)
        db.session.commit()
        db.session.remove()
    return names_only(cast, found)


def everything(model: type[Any], which: int) -> dict[str, Any]:
    """A canary in every field that can hold one."""
    fields = [f for f in spec_of(model).fields if f.kind in CANARIES]
    return {f.column: canary(f, which) for f in fields if f.max_length is None or f.max_length > 13}


def stranger(which: int) -> Customer:
    """Somebody's customer: all that is known of them is a canary."""
    key, word = int(IDS[which]), CANARIES[KINDS["text"]][which].typed
    names = {"username": word.replace(" ", "."), "full_name": word, "role": "admin"}
    db.session.add(User(id=key, **names))
    db.session.flush()
    customer: Customer = records.create(
        Customer, {"id": key, "owner_id": key, **everything(Customer, which)}
    )
    records.create(Contact, {"id": key, "customer_id": key, **everything(Contact, which)})
    return customer


def secrets(which: int) -> list[str]:
    return [w for canaries in CANARIES.values() for w in canaries[which].written]


@pytest.mark.parametrize("name", LIMITED)
def test_of_other_peoples_customers_an_answer_says_at_most_that_there_is_one(
    person: Asking, foreign: Records, nothing_is_kept: None
) -> None:
    """Found and not found are alike; where they are not, the question was counted, and the answer
    is the same whoever was found, and shows nothing of them."""
    wrong, asked, counted = [], 0, 0
    for step, base, parameter in questions(person, foreign):
        for first, second, absent in triples():
            echo, where = [first, second, absent], f"{step} {parameter}={first}"
            one = person.ask(step, {**base, parameter: first}, echo=echo)
            none = person.ask(step, {**base, parameter: absent}, echo=echo)
            asked += 1
            if shown := [s for s in secrets(FIRST) if s in one.text]:
                wrong.append(f"{where} told {shown}")
            values, answers = (first, absent), (one, none)
            if one.told != none.told:
                counted += 1
                if not one.is_counted:
                    wrong.append(f"{where}: not counted, {difference(one, none)}")
                two = person.ask(step, {**base, parameter: second}, echo=echo)
                values, answers = (first, second), (one, two)
            wrong += apart(person, (step, base, parameter), values, answers)
    assert not wrong, "\n".join(wrong[:40])
    assert asked > 1000
    assert counted >= 3  # the form to add a customer: its code, its phone, its email


def triples() -> Iterator[tuple[str, str, str]]:
    """The values of a hidden customer, of another one and of none: whole, and their beginnings."""
    yield IDS
    for kind in (KINDS["code"], KINDS["phone"], KINDS["email"], KINDS["tax_code"]):
        one, two, none = CANARIES[kind]
        yield one.typed, two.typed, none.typed
    one, two, none = CANARIES[KINDS["text"]]
    yield one.prefix, two.prefix, none.prefix


@pytest.mark.parametrize("name", LIMITED)
def test_a_record_out_of_reach_is_answered_like_one_that_is_not_there(
    person: Asking, foreign: Records
) -> None:
    theirs = Records({"customer": {"own": int(IDS[FIRST])}, "user": {"own": int(IDS[FIRST])}})
    wrong = []
    for step in addresses(person.app, theirs, ("own",)):
        missing = Step(
            step.endpoint, step.method, step.path.replace(IDS[FIRST], MISSING), "missing", True
        )
        there = person.ask(step, {}, echo=[IDS[FIRST], MISSING])
        gone = person.ask(missing, {}, echo=[IDS[FIRST], MISSING])
        if there.told != gone.told:
            wrong.append(f"{step}: {difference(there, gone)}")
        elif late := GROSS.difference(
            partial(person.ask, step, {}), partial(person.ask, missing, {})
        ):
            wrong.append(f"{step}: {late}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", LIMITED)
def test_no_number_counts_what_is_out_of_reach(
    app: Flask, person: Asking, foreign: Records
) -> None:
    """Every page is the same whether or not others have one customer more: of the same catalogs, in
    the same groups, found by the same filters."""
    before = pages(person, foreign)
    with app.app_context():
        links = {f.column: f for f in spec_of(Customer).refs if f.target != "User"}
        known = {m.__name__: foreign.ids[m.__tablename__]["own"] for m in all_catalogs()}
        more = stranger(ABSENT)
        values = {column: known[f.target] for column, f in links.items()}
        db.session.execute(
            update(Customer).where(Customer.id == more.id).values(**values, do_not_contact=True)
        )
        group = foreign.ids["customer_group"]["own"]
        db.session.add(Membership(group_id=group, customer_id=more.id))
        db.session.commit()
        db.session.remove()
    after = pages(person, foreign)
    wrong = [f"{s}: {difference(before[s], after[s])}" for s in before if before[s] != after[s]]
    assert not wrong, "\n".join(wrong)


# That the canaries would be found


@pytest.mark.parametrize("name", ["an"])
def test_who_may_see_finds_by_the_same_questions(
    person: Asking, marked: Records, nothing_is_kept: None
) -> None:
    """Without this the tests above could be asking nothing."""
    found: set[str] = set()
    for step in addresses(person.app, marked):
        if step.endpoint in FINDING - found and finds(person, step):
            found.add(step.endpoint)
    assert found == FINDING


def finds(person: Asking, step: Step) -> bool:
    """Whether any parameter of an address tells a canary from a value that is in no record."""
    base = person.base_of(step)
    names = {*person.names_of(step, base), *base} - SECRETS_OF_ONES_OWN
    for parameter in sorted(names, key=lambda name: (name not in asked_by(), name)):
        for value, absent in values_of(hidden_kinds()):
            echo = [value, absent]
            yes = person.ask(step, {**base, parameter: value}, echo=echo)
            no = person.ask(step, {**base, parameter: absent}, echo=echo)
            if yes.told != no.told:
                return True
    return False


def asked_by() -> set[str]:
    """Parameters by which records are found: words, codes, and what would be compared."""
    return {"q", "codes"} | {f.name for m in all_records() for f in sensitive(m)}


FINDING = {
    "customer.index_view", "customer.lookup", "customer.duplicates", "palette.index",
    "collaborator.index_view", "user.index_view", "groups.look_up",
}  # fmt: skip


# The time of an answer: on SQLite, where all of the work is in the thread that answers


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("name", UNSEEING)
def test_a_masked_value_is_not_told_by_how_long_the_answer_takes(
    person: Asking, marked: Records, nothing_is_kept: None
) -> None:
    asked = [(value, value, absent) for value, absent in values_of(hidden_kinds())]
    assert not (late := finely_timed(person, marked, asked)), "\n".join(late)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("name", LIMITED)
def test_other_peoples_customers_are_not_told_by_how_long_the_answer_takes(
    person: Asking, foreign: Records, nothing_is_kept: None
) -> None:
    assert not (late := finely_timed(person, foreign, list(triples()))), "\n".join(late)


def finely_timed(
    person: Asking, known: Records, values: Sequence[tuple[str, str, str]]
) -> list[str]:
    """Of the addresses that find, asked by what finds: the questions that take longer for one value
    than for another, though both are answered alike. A value that is there is compared with one
    that is not; where the answer may say that there is one, with another that is there."""
    found, seen = [], set()
    for step in addresses(person.app, known):
        if step.endpoint not in FINDING or (step.endpoint, step.method) in seen:
            continue
        seen.add((step.endpoint, step.method))
        base = person.base_of(step)
        names = {*person.names_of(step, base), *base} & asked_by()
        for parameter, (value, another, absent) in product(sorted(names), values):
            one, two, none = (
                partial(person.ask, step, {**base, parameter: v}, echo=[value, another, absent])
                for v in (value, another, absent)
            )
            if (told := one()).status in (403, 404, 405):
                break
            against, other = (absent, none) if told.told == none().told else (another, two)
            if late := FINE.difference(one, other):
                found.append(f"{step} {parameter}={value} or {against}: {late}")
    return found
