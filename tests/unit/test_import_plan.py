"""What becomes of a row: duplicates, blanks, contacts, members. No database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crmadmin.imports.kinds import KINDS
from crmadmin.imports.pipeline.check import Checked
from crmadmin.imports.pipeline.plan import (
    CatalogPlanner,
    ContactIndex,
    CustomerPlanner,
    Existing,
    Known,
    MemberPlanner,
    RowOutcome,
)
from crmadmin.imports.pipeline.plan.catalogs import BY_NAME, BY_PHONE
from crmadmin.imports.pipeline.plan.outcomes import RecordShape, with_extra
from crmadmin.imports.records import NewRef, Problem, Rules, State

OWNER = 7


def rules(**options: Any) -> Rules:
    return Rules.from_mapping(options)


def shape(kind: str) -> RecordShape:
    fields = [c.spec for c in KINDS[kind].columns if not c.is_contact]
    defaults = {f.name: f.default for f in fields if f.default is not None and f.name != "position"}
    if kind.startswith("customers"):
        defaults["owner"] = OWNER
    return RecordShape(fields, defaults, [f.name for f in fields if f.required])


def customers(with_members: bool = False, **options: Any) -> CustomerPlanner:
    return CustomerPlanner(shape("customers-contacts"), rules(**options), with_members=with_members)


def row(number: int, contact: dict[str, Any] | None = None, **values: Any) -> Checked:
    return Checked(number, values=values, contact=contact)


def known(*records: Existing) -> Known:
    by_key: dict[tuple[str, str], list[Existing]] = {}
    for record in records:
        for column in ("code", "name", "phone", "email"):
            value = record.values.get(column)
            if value:
                by_key.setdefault((column, str(value).lower()), []).append(record)
    return Known(by_key)


def existing(key: int = 1, **values: Any) -> Existing:
    given = {"code": "KH1", "name": "Cũ", "phone": "+84912345678", "note": None, **values}
    return Existing(key, f"{given['code']} – {given['name']}", given)


def states(outcomes: list[RowOutcome]) -> list[str]:
    return [outcome.state.value for outcome in outcomes]


def test_a_new_row_is_created_with_defaults_for_its_blanks() -> None:
    [outcome] = customers().plan([row(2, name="Một", kind=None, owner=None)], Known())
    assert outcome.state is State.CREATED
    assert outcome.values == {"name": "Một", "kind": "organization", "owner": OWNER}


def test_a_new_row_without_a_name_is_invalid() -> None:
    [outcome] = customers().plan([row(2, code="A", name=None)], Known())
    assert outcome.state is State.INVALID
    assert [(p.code, p.column) for p in outcome.problems] == [("required", "name")]


def test_an_existing_code_is_skipped_whatever_its_case() -> None:
    [outcome] = customers().plan([row(2, code="kh1", name="Mới")], known(existing()))
    assert (outcome.state, outcome.values) == (State.SKIPPED, {})


def test_an_existing_row_needs_no_name() -> None:
    [outcome] = customers().plan([row(2, code="KH1", name=None)], known(existing()))
    assert outcome.state is State.SKIPPED


def test_overwrite_writes_only_what_differs() -> None:
    [outcome] = customers(on_duplicate="overwrite").plan(
        [row(2, code="kh1", name="Cũ", note="gọi lại")], known(existing())
    )
    assert (outcome.state, outcome.values) == (State.UPDATED, {"note": "gọi lại"})


def test_overwrite_with_nothing_new_is_unchanged() -> None:
    [outcome] = customers(on_duplicate="overwrite").plan(
        [row(2, code="kh1", name="Cũ")], known(existing())
    )
    assert outcome.state is State.UNCHANGED


def test_overwrite_keeps_cells_that_are_blank_in_the_file() -> None:
    [outcome] = customers(on_duplicate="overwrite").plan(
        [row(2, code="KH1", name="Mới", phone=None)], known(existing())
    )
    assert outcome.values == {"name": "Mới"}


def test_clear_empties_blank_cells_but_no_required_field_and_no_missing_column() -> None:
    [outcome] = customers(on_duplicate="overwrite", blank="clear").plan(
        [row(2, code="KH1", name=None, owner=None, kind=None, phone=None)],
        known(existing(owner=3, kind="person", email="a@example.com")),
    )
    assert outcome.values == {"phone": None}


def test_a_later_row_of_the_same_code_only_brings_its_contact() -> None:
    outcomes = customers().plan(
        [
            row(2, code="A", name="Một", contact={"name": "Lan"}),
            row(3, code="a", name=None, contact={"name": "Huệ"}),
        ],
        Known(),
    )
    assert states(outcomes) == ["created", "merged"]
    assert outcomes[1].contact == {"name": "Huệ"}
    assert outcomes[1].subject is outcomes[0].subject
    assert not outcomes[1].warnings


def test_the_first_valid_row_is_the_customer() -> None:
    bad = row(2, code="A", name="Hỏng")
    bad.problems = [Problem("bad_email", "email")]
    outcomes = customers().plan([bad, row(3, code="A", name="Một")], Known())
    assert states(outcomes) == ["invalid", "created"]


def test_a_later_row_that_says_otherwise_carries_a_warning_that_says_which() -> None:
    outcomes = customers().plan(
        [
            row(2, code="A", name="Một", phone="1", note=None),
            row(3, code="A", name="Khác", phone=None, note="có"),
        ],
        Known(),
    )
    [warning] = outcomes[1].warnings
    assert warning.code == "differs_from_first_row"
    assert warning.params == {"columns": "name", "row": "2"}


def test_a_row_with_no_code_never_matches_another_row() -> None:
    outcomes = customers().plan(
        [row(2, name="Một"), row(3, name="Một")], known(existing(name="Một"))
    )
    assert states(outcomes) == ["created", "created"]


def test_a_row_with_no_code_is_found_again_when_the_same_file_comes_again() -> None:
    found = Known(by_row={2: existing(name="Một")})
    assert states(customers().plan([row(2, name="Một")], found)) == ["skipped"]


def test_skipped_and_merged_rows_still_make_members_once() -> None:
    member = existing(key=2, code="KH2")
    member.is_member = True
    outcomes = customers(with_members=True).plan(
        [
            row(2, code="KH1", name="x"), row(3, code="KH2", name="x"),
            row(4, code="A", name="Một"), row(5, code="A", name="Một"),
        ],
        known(existing(), member),
    )  # fmt: skip
    assert [f.member_outcome for f in outcomes] == ["added", "already", "added", None]


def test_the_same_contact_is_never_added_twice() -> None:
    planner = customers()
    lan = {"name": "Lan", "phone": "+84912345678"}
    outcomes = planner.plan(
        [row(2, code="A", name="Một", contact=lan), row(3, code="A", contact={**lan, "name": "L"})],
        Known(),
    )
    assert [f.contact_outcome for f in outcomes] == ["created", "skipped"]


def test_with_contacts_skipped_only_the_first_contact_of_a_customer_goes_in() -> None:
    has_one = existing()
    has_one.contacts.add({"name": "Cũ"})
    outcomes = customers(contacts="skip").plan(
        [
            row(2, code="KH1", name="x", contact={"name": "Mới"}),
            row(3, code="A", name="Một", contact={"name": "Lan"}),
            row(4, code="A", name="Một", contact={"name": "Huệ"}),
        ],
        known(has_one),
    )
    assert [f.contact_outcome for f in outcomes] == ["skipped", "created", "skipped"]


def test_a_batch_that_could_not_be_written_leaves_no_trace_in_the_planner() -> None:
    planner = customers()
    rows = [row(2, code="A", name="Một", contact={"name": "Lan"}), row(3, code="A")]
    first = states(planner.plan(rows, Known()))
    planner.roll_back()
    assert states(planner.plan(rows, Known())) == first == ["created", "merged"]


def test_text_for_the_address_joins_it_once() -> None:
    assert with_extra(None, "Hải Dương") == "Hải Dương"
    assert with_extra("Số 1", "Hải Dương") == "Số 1, Hải Dương"
    assert with_extra("Số 1, hai duong", "Hải Dương") == "Số 1, hai duong"
    again = row(2, code="KH1", name="Cũ", address="Số 1")
    again.address_extra = "Hải Dương"
    [outcome] = customers(on_duplicate="overwrite").plan(
        [again], known(existing(address="Số 1, Hải Dương"))
    )
    assert outcome.state is State.UNCHANGED


@pytest.mark.parametrize(
    ("there", "new", "same"),
    [
        ({"phone": "1", "name": "A"}, {"phone": "1", "name": "B"}, True),
        ({"phone": "1", "name": "A"}, {"phone": "2", "name": "A"}, False),
        ({"phone": "1", "email": "x@y.vn"}, {"email": "X@y.vn", "name": "B"}, True),
        ({"email": "x@y.vn", "name": "A"}, {"email": "z@y.vn", "name": "A"}, False),
        ({"phone": "1", "name": "A"}, {"email": "z@y.vn", "name": "a"}, True),
        ({"name": "Lan"}, {"name": "LAN"}, True),
        ({"name": "Lan"}, {"name": "Huệ"}, False),
    ],
)
def test_contacts_are_the_same_by_phone_else_email_else_name(
    there: Mapping[str, Any], new: Mapping[str, Any], same: bool
) -> None:
    index = ContactIndex()
    index.add(there)
    assert (new in index) is same
    assert index.count == 1


# Catalogs


def catalog(kind: str = "industries", **options: Any) -> CatalogPlanner:
    second = BY_PHONE if kind == "collaborators" else BY_NAME
    return CatalogPlanner(shape(kind), rules(**options), second)


def test_a_catalog_row_is_found_by_code_else_by_name() -> None:
    there = existing(code="LV1", name="xây dựng")
    outcomes = catalog().plan(
        [row(2, code="lv1", name="Khác"), row(3, code=None, name="Xây  dựng".replace("  ", " "))],
        known(there),
    )
    assert states(outcomes) == ["skipped", "skipped"]


def test_a_later_row_that_names_the_same_record_is_skipped() -> None:
    outcomes = catalog().plan(
        [row(2, code="A", name="Một"), row(3, code=None, name="MỘT")], Known()
    )
    assert states(outcomes) == ["created", "skipped"]


def test_overwriting_a_name_that_another_record_has_is_a_problem_that_names_it() -> None:
    one, two = existing(1, code="A", name="một"), existing(2, code="B", name="hai")
    [outcome] = catalog(on_duplicate="overwrite").plan(
        [row(2, code="A", name="Hai")], known(one, two)
    )
    assert outcome.state is State.INVALID
    assert [(p.code, p.params["other"]) for p in outcome.problems] == [("duplicate_key", two.label)]


def test_a_file_makes_one_record_the_default() -> None:
    outcomes = catalog().plan(
        [row(2, name="Một", is_default=True), row(3, name="Hai", is_default=True)], Known()
    )
    assert states(outcomes) == ["created", "invalid"]
    assert [p.code for p in outcomes[1].problems] == ["second_default"]


def test_collaborators_may_share_a_name_but_not_a_phone() -> None:
    outcomes = catalog("collaborators").plan(
        [
            row(2, name="An", phone="+841"), row(3, name="An", phone="+842"),
            row(4, name="Bình", phone="+841"),
        ],
        Known(),
    )  # fmt: skip
    assert states(outcomes) == ["created", "created", "skipped"]


def test_a_phone_that_two_collaborators_have_is_ambiguous() -> None:
    there = known(existing(1, code="A", phone="+841"), existing(2, code="B", phone="+841"))
    [outcome] = catalog("collaborators").plan([row(2, name="An", phone="+841")], there)
    assert [p.code for p in outcome.problems] == ["ambiguous_value"]


def test_a_value_to_be_made_differs_from_every_record() -> None:
    new = NewRef("CollaboratorGroup", "Miền Tây")
    [outcome] = catalog("collaborators", on_duplicate="overwrite").plan(
        [row(2, code="KH1", group=new)], known(existing(group=4))
    )
    assert outcome.values == {"group": new}


# Codes of existing customers


def test_members_are_found_by_code_else_phone_else_email() -> None:
    one = existing(1, code="KH1", phone="+841")
    two = existing(2, code="KH2", phone="+842", email="b@example.com")
    outcomes = MemberPlanner().plan(
        [
            row(2, code="kh1", phone="+842"), row(3, code=None, phone="+842"),
            row(4, code=None, phone=None, email="B@example.com"), row(5, code="KHONGCO"),
            row(6, code=None, phone=None),
        ],
        known(one, two),
    )  # fmt: skip
    assert states(outcomes) == ["unchanged", "unchanged", "merged", "invalid", "invalid"]
    assert [f.member_outcome for f in outcomes] == ["added", "added", None, None, None]
    assert [p.code for f in outcomes[3:] for p in f.problems] == ["unknown_value", "required"]


def test_a_phone_of_two_customers_names_both() -> None:
    there = known(existing(1, code="KH1", phone="+841"), existing(2, code="KH2", phone="+841"))
    [outcome] = MemberPlanner().plan([row(2, code=None, phone="+841")], there)
    assert [p.code for p in outcome.problems] == ["ambiguous_value"]
