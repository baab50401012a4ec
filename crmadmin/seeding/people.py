"""Columns of made-up people and companies: names, and what is written like the name. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from crmadmin.core.text import fold
from crmadmin.seeding import names, places, weights

FIRST_BIRTHDAY, BIRTHDAYS = date(1945, 1, 1), 22_600
FIRST_FOUNDED, FOUNDED = date(1988, 1, 1), 13_700
TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
COMPANY, SHOP, PERSON = "company", "shop", "person"
SORTS = {COMPANY: 48, SHOP: 7, PERSON: 45}
LONG_SHOP = 8
"""A business of this long a word is called by its owner's whole name."""
CITY_CODES = 2
"""Digits of the area codes whose numbers have eight digits more; the others have seven."""


@dataclass(frozen=True, slots=True)
class NamedPeople:
    """Column by column: what sort of customer, the name, and its stem in addresses of the net."""

    sorts: list[str]
    names: list[str]
    stems: list[str]


def people(chance: Random, how_many: int) -> list[tuple[str, str, str]]:
    """Family, middle and given names; the middle one may be ""."""
    family = weights.many(chance, names.FAMILY, how_many)
    men = (
        weights.many(chance, names.MIDDLE_MEN, how_many),
        weights.many(chance, names.GIVEN_MEN, how_many),
    )
    women = (
        weights.many(chance, names.MIDDLE_WOMEN, how_many),
        weights.many(chance, names.GIVEN_WOMEN, how_many),
    )
    sides = chance.choices((men, women), k=how_many)
    return [(family[i], side[0][i], side[1][i]) for i, side in enumerate(sides)]


def whole(person: tuple[str, str, str]) -> str:
    """The name as it is written."""
    family, middle, given = person
    return f"{family} {middle} {given}" if middle else f"{family} {given}"


def short(person: tuple[str, str, str]) -> str:
    """The name without the family's."""
    return f"{person[1]} {person[2]}".strip()


def stem_of(person: tuple[str, str, str]) -> str:
    """What a person's addresses of the net begin with."""
    family, _middle, given = person
    return f"{fold(given)}.{fold(family)}".replace(" ", "")


def named(chance: Random, how_many: int) -> NamedPeople:
    """Customers with their names."""
    sorts = weights.many(chance, SORTS, how_many)
    persons = people(chance, how_many)
    companies = _companies(chance, how_many)
    shops = weights.many(chance, names.SHOPS, how_many)
    found = NamedPeople(sorts, [], [])
    for sort, person, company, shop in zip(sorts, persons, companies, shops, strict=True):
        if sort == COMPANY:
            name, brand = company
            stem = fold(brand).replace(" ", "")
        elif sort == SHOP:
            name = f"{shop} {whole(person) if len(shop) > LONG_SHOP else short(person)}"
            stem = fold(name).replace(" ", "")
        else:
            name = whole(person)
            stem = stem_of(person)
        found.names.append(name)
        found.stems.append(stem)
    return found


def _companies(chance: Random, how_many: int) -> list[tuple[str, str]]:
    """Names of companies with their brands."""
    columns = [
        weights.many(chance, some, how_many)
        for some in (names.FORMS, names.TRADES, names.BRAND, names.BRAND, names.ENDINGS)
    ]
    made = []
    for form, trade, first, second, ending in zip(*columns, strict=True):
        brand = f"{first} {second}" if first != second else f"{first} Gia {second}"
        name = f"{form} {trade} {brand} {ending}" if ending else f"{form} {trade} {brand}"
        made.append((name, brand))
    return made


def mobiles(chance: Random, how_many: int) -> list[str]:
    """Mobile numbers in E.164."""
    prefixes = weights.many(chance, names.MOBILES, how_many)
    return [
        f"+84{prefix}{rest:07d}"
        for prefix, rest in zip(prefixes, numbers(chance, 10_000_000, how_many), strict=True)
    ]


def landlines(chance: Random, where: Sequence[places.Place]) -> list[str]:
    """A number of the area of each place, in E.164."""
    rest = numbers(chance, 1_000_000, len(where))
    pick = numbers(chance, 64, len(where))
    made = []
    for place, number, n in zip(where, rest, pick, strict=True):
        code = place.area_codes[n % len(place.area_codes)]
        first = 30 + n % 10 if len(code) == CITY_CODES else 3
        made.append(f"+84{code}{first}{number:06d}")
    return made


def numbers(chance: Random, below: int, how_many: int) -> list[int]:
    """Whole numbers from 0, quicker than so many calls of randrange."""
    draw = chance.random
    return [int(draw() * below) for _ in range(how_many)]


def emails(chance: Random, given: NamedPeople) -> list[str]:
    """An address for each: people's at the usual hosts, companies' mostly at their own domain."""
    count = len(given.names)
    hosts = weights.many(chance, names.MAIL_HOSTS, count)
    boxes = weights.many(chance, names.MAILBOXES, count)
    rest = numbers(chance, 10_000, count)
    domains = domains_of(chance, given)
    own = numbers(chance, 10, count)
    made = []
    for i, sort in enumerate(given.sorts):
        if sort == COMPANY and own[i] < 7:
            made.append(f"{boxes[i]}@{domains[i]}")
        else:
            made.append(f"{given.stems[i]}{rest[i]}@{hosts[i]}")
    return made


def domains_of(chance: Random, given: NamedPeople) -> list[str]:
    """A domain for each; many companies share a brand, so most have a number in it."""
    ends = weights.many(chance, names.DOMAINS, len(given.names))
    rest = numbers(chance, 1000, len(given.names))
    return [f"{stem}{n}.{end}" for stem, n, end in zip(given.stems, rest, ends, strict=True)]


def tax_codes(chance: Random, given: NamedPeople) -> list[str]:
    """Companies' codes, some of them of branches; the personal ID of people and shops."""
    count = len(given.names)
    starts = weights.many(chance, places.TAX_PLACES, count)
    homes = chance.choices(places.ID_PLACES, k=count)
    rest, branch = numbers(chance, 10_000_000, count), numbers(chance, 200, count)
    made = []
    for i, sort in enumerate(given.sorts):
        if sort == COMPANY:
            code = _with_check_digit(starts[i], rest[i])
            made.append(f"{code}-{branch[i] + 1:03d}" if branch[i] < 10 else code)
        else:
            year = rest[i] % 45 + 60  # 1960 to 2004
            century = (2 if year > 99 else 0) + branch[i] % 2
            made.append(f"{homes[i]}{century}{year % 100:02d}{rest[i] % 1_000_000:06d}")
    return made


def _with_check_digit(start: str, rest: int) -> str:
    while True:
        digits = f"{start}{rest:07d}"
        total = sum(w * int(d) for w, d in zip(TAX_WEIGHTS, digits, strict=True))
        if total % 11:
            return f"{digits}{10 - total % 11}"
        rest = (rest + 1) % 10_000_000  # such a number is not given out


def birthdays(chance: Random, sorts: Sequence[str]) -> list[date]:
    """Birthdays of people, and when companies were founded."""
    days = numbers(chance, BIRTHDAYS, len(sorts))
    return [
        FIRST_BIRTHDAY + timedelta(n) if sort == PERSON else FIRST_FOUNDED + timedelta(n % FOUNDED)
        for sort, n in zip(sorts, days, strict=True)
    ]


def addresses(chance: Random, where: Sequence[places.Place], sorts: Sequence[str]) -> list[str]:
    """A house in a street, a village, or for some companies a lot in an industrial park."""
    count = len(where)
    streets = weights.many(chance, places.STREETS, count)
    houses, pick = numbers(chance, 480, count), numbers(chance, 1000, count)
    made = []
    for i, place in enumerate(where):
        ward = place.wards[pick[i] % len(place.wards)]
        if sorts[i] == COMPANY and place.parks and pick[i] < 100:
            park = place.parks[pick[i] % len(place.parks)]
            made.append(f"Lô {'ABCDE'[pick[i] % 5]}{houses[i] % 20 + 1}, KCN {park}")
        elif ward.startswith("xã"):
            made.append(f"{places.VILLAGES[pick[i] % 5].capitalize()} {houses[i] % 12 + 1}, {ward}")
        else:
            lane = f"/{pick[i] % 90 + 1}" if pick[i] % 4 == 0 else ""
            made.append(f"{houses[i] + 1}{lane} {streets[i]}, {ward}")
    return made
