"""Made-up customers: every value is one that the product itself would keep, unchanged."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from stdnum.vn import mst

from crmadmin.core.bulk import Same
from crmadmin.core.db import spec_of
from crmadmin.core.normalise import normaliser
from crmadmin.core.text import PROVINCES, name_key
from crmadmin.core.text.phones import MOBILE_PREFIXES
from crmadmin.customers.models import Contact, Customer
from crmadmin.seeding import names, places
from crmadmin.seeding.catalogs import Share
from crmadmin.seeding.customers import YEARS, Frame, SeedBlock, block
from crmadmin.seeding.groups import free_names, sizes

UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
ROWS = 3000
FRAME = Frame((5, 6, 7, 8), (Share("status_id", (None, 1, 2), (0.1, 0.6, 0.3)),), UNTIL)
CODES = [f"KH{n:06d}" for n in range(ROWS)]


@pytest.fixture(scope="module")
def made() -> SeedBlock:
    return block("1 0", CODES, FRAME)


def values(columns: dict[str, Any], name: str) -> list[Any]:
    assert not isinstance(columns[name], Same), name
    return list(columns[name])


def filled(columns: dict[str, Any], name: str) -> list[Any]:
    found = [value for value in values(columns, name) if value is not None]
    assert found, name
    return found


@pytest.mark.parametrize(
    "name",
    ["code", "name", "kind", "tax_code", "phone", "email", "website", "address", "province",
     "birthday", "note", "do_not_contact_reason"],
)  # fmt: skip
def test_every_value_of_a_customer_is_kept_as_a_form_would_keep_it(
    made: SeedBlock, name: str
) -> None:
    normalise = normaliser(spec_of(Customer).field(name))
    for value in filled(made.customers, name):
        notes: list[Any] = []
        assert normalise(value, notes) == value
        assert notes == [], value


@pytest.mark.parametrize("name", ["name", "title", "phone", "email", "birthday"])
def test_every_value_of_a_contact_is_kept_as_a_form_would_keep_it(
    made: SeedBlock, name: str
) -> None:
    normalise = normaliser(spec_of(Contact).field(name))
    for value in filled(made.contacts, name):
        assert normalise(value, None) == value


def test_the_same_words_of_chance_make_the_same_block_and_others_another(made: SeedBlock) -> None:
    again, other = block("1 0", CODES, FRAME), block("2 0", CODES, FRAME)
    assert (again.customers["name"], again.customers["updated_at"]) == (
        made.customers["name"], made.customers["updated_at"],
    )  # fmt: skip
    assert again.contacts["phone"] == made.contacts["phone"]
    assert other.customers["name"] != made.customers["name"]


def test_shares_are_about_what_they_are_meant_to_be(made: SeedBlock) -> None:
    columns = made.customers
    assert 0.35 < len(set(made.at)) / ROWS < 0.45
    assert 0.01 < sum(values(columns, "do_not_contact")) / ROWS < 0.03
    assert 0.4 < values(columns, "kind").count("person") / ROWS < 0.5
    assert 0.05 < values(columns, "status_id").count(None) / ROWS < 0.15
    owners = [owner for owner, _times in Counter(values(columns, "owner_id")).most_common()]
    assert owners == [5, 6, 7, 8]
    named = zip(values(columns, "name"), values(columns, "kind"), strict=True)
    family = Counter(name.split()[0] for name, kind in named if kind == "person")
    assert family.most_common(1)[0][0] == "Nguyễn"
    assert 0.25 < family["Nguyễn"] / family.total() < 0.38


def test_moments_lie_in_the_two_years_before_and_in_order(made: SeedBlock) -> None:
    created, updated = values(made.customers, "created_at"), values(made.customers, "updated_at")
    assert all(
        UNTIL - YEARS <= one <= two <= UNTIL for one, two in zip(created, updated, strict=True)
    )
    months = Counter((moment.year, moment.month) for moment in updated)
    assert len(months) >= 24
    assert max(Counter(updated).values()) > 50, "an import gives many the same moment"


def test_who_is_not_to_be_contacted_has_a_reason_a_moment_and_somebody(made: SeedBlock) -> None:
    named = [f"do_not_contact{end}" for end in ("", "_reason", "_since", "_by_id")]
    for mark, *others in zip(*(values(made.customers, name) for name in named), strict=True):
        assert [other is not None for other in others] == [mark] * 3


def test_exactly_the_first_contact_of_a_customer_is_primary(made: SeedBlock) -> None:
    primary = [at for at, is_it in zip(made.at, values(made.contacts, "is_primary"), strict=True)
               if is_it]  # fmt: skip
    assert primary == sorted(set(made.at))


def test_tax_codes_of_companies_have_the_right_check_digit(made: SeedBlock) -> None:
    codes = [code for code in filled(made.customers, "tax_code") if len(code) != 12]
    assert len(codes) > ROWS // 4
    assert all(map(mst.is_valid, codes))
    assert any("-" in code for code in codes)


def test_provinces_and_mobile_prefixes_are_those_of_the_product() -> None:
    assert {place.name for place in places.PLACES} == {unit.name for unit in PROVINCES}
    assert set(names.MOBILES) <= MOBILE_PREFIXES


def test_groups_grow_from_ten_members_to_a_hundred_thousand() -> None:
    assert sizes(5, 1_000_000) == [10, 100, 1000, 10_000, 100_000]
    assert sizes(3, 40) == [10, 14, 20]
    assert sizes(2, 4) == [4, 4]
    assert sizes(1, 1_000_000) == [1000]


def test_names_of_groups_never_come_twice() -> None:
    some = list(islice(free_names(set()), 2000))
    assert len({name_key(name) for name in some}) == 2000
    assert some[0] not in set(islice(free_names({name_key(some[0])}), 2000))
