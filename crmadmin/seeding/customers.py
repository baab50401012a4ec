"""One block of made-up customers and the people at them, column by column, ready to be written.

The same block every time for the same words of chance; nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from crmadmin.core.bulk import ColumnValues, Same
from crmadmin.core.db import spec_of
from crmadmin.customers.models import Contact, Customer
from crmadmin.imports.pipeline.new_rows import new_columns
from crmadmin.seeding import names, people, places
from crmadmin.seeding import weights as chances
from crmadmin.seeding.catalogs import Share
from crmadmin.seeding.people import COMPANY, PERSON, NamedPeople

YEARS = timedelta(days=730)
"""How far back the first customer was made."""
IMPORTED = 0.15
"""Share of customers that came in one of a few imports of their block: they have one moment."""
CHANGED = 0.6
"""Share of the others that was written again later."""
BARRED = 0.02
CONTACTED = {COMPANY: 0.66, PERSON: 0.1}
USUAL_CONTACTED = 0.3
MORE_CONTACTS = {1: 72, 2: 20, 3: 8}
FILLED = {"phone": 0.94, "email": 0.62, "address": 0.93, "province": 0.95, "note": 0.22}
BIRTHDAYS = {COMPANY: 0.6, PERSON: 0.45}
TAXED = {COMPANY: 0.9, PERSON: 0.12}
SHOPS_TAXED = 0.55
WITH_SITE = 0.4
LANDLINES = 0.55


@dataclass(frozen=True, slots=True)
class Frame:
    """What every block is made within: who owns customers, what catalogs hold, when it ends."""

    owners: tuple[int, ...]
    shares: tuple[Share, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class SeedBlock:
    """Columns of customers without their ids; of contacts, `at` says whose they are."""

    rows: int
    customers: dict[str, ColumnValues]
    contacts: dict[str, ColumnValues]
    at: list[int]


def block(words: str, codes: Sequence[str], frame: Frame) -> SeedBlock:
    """As many customers as there are codes. `words` begin the chance."""
    chance = Random(words)  # noqa: S311 - the same every time is what is wanted
    given = people.named(chance, len(codes))
    moments = _moments(chance, len(codes), frame.until)
    values = _values(chance, given, codes)
    values |= _classes(chance, len(codes), frame)
    values |= _barred(chance, values["owner_id"], moments, frame.until)
    customers = new_columns(spec_of(Customer), values)
    customers |= _stamps(values["owner_id"], moments)
    at = _who_has_contacts(chance, given)
    contacts = _contacts(chance, at)
    contacts |= _stamps(
        [values["owner_id"][i] for i in at], [(moments[i][0], moments[i][0]) for i in at]
    )
    return SeedBlock(len(codes), customers, contacts, at)


def _values(chance: Random, given: NamedPeople, codes: Sequence[str]) -> dict[str, Any]:
    sorts, rows = given.sorts, len(codes)
    where = chance.choices(
        places.PLACES, cum_weights=list(accumulate(p.people for p in places.PLACES)), k=rows
    )
    keep = chances.some
    return {
        "code": list(codes),
        "name": given.names,
        "kind": ["person" if sort == PERSON else "organization" for sort in sorts],
        "tax_code": _by_sort(chance, sorts, people.tax_codes(chance, given), TAXED, SHOPS_TAXED),
        "phone": keep(chance, _phones(chance, where, sorts), FILLED["phone"]),
        "email": keep(chance, people.emails(chance, given), FILLED["email"]),
        "website": _websites(chance, given),
        "address": keep(chance, people.addresses(chance, where, sorts), FILLED["address"]),
        "province": keep(chance, [place.name for place in where], FILLED["province"]),
        "birthday": _by_sort(
            chance, sorts, people.birthdays(chance, sorts), BIRTHDAYS, BIRTHDAYS[PERSON]
        ),
        "note": keep(chance, chances.many(chance, names.NOTES, rows), FILLED["note"]),
    }


def _by_sort(
    chance: Random, sorts: Sequence[str], values: Sequence[Any], shares: dict[str, float],
    usual: float,
) -> list[Any]:  # fmt: skip
    """The values, kept in another share for each sort of customer."""
    draw = chance.random
    return [
        value if draw() < shares.get(sort, usual) else None
        for sort, value in zip(sorts, values, strict=True)
    ]


def _phones(chance: Random, where: Sequence[places.Place], sorts: Sequence[str]) -> list[str]:
    fixed, mobile = people.landlines(chance, where), people.mobiles(chance, len(where))
    draw = chance.random
    return [
        fixed[i] if sort == COMPANY and draw() < LANDLINES else mobile[i]
        for i, sort in enumerate(sorts)
    ]


def _websites(chance: Random, given: NamedPeople) -> list[str | None]:
    draw = chance.random
    return [
        f"https://{domain}" if sort == COMPANY and draw() < WITH_SITE else None
        for sort, domain in zip(given.sorts, people.domains_of(chance, given), strict=True)
    ]


def _classes(chance: Random, rows: int, frame: Frame) -> dict[str, Any]:
    found: dict[str, Any] = {
        share.column: chance.choices(share.ids, cum_weights=list(accumulate(share.weights)), k=rows)
        for share in frame.shares
    }
    weights = list(accumulate(chances.zipf(len(frame.owners))))
    return {**found, "owner_id": chance.choices(frame.owners, cum_weights=weights, k=rows)}


Moments = list[tuple[datetime, datetime]]
"""When each was made and last written."""


def _moments(chance: Random, rows: int, until: datetime) -> Moments:
    first, length, draw = until - YEARS, YEARS.total_seconds(), chance.random
    imports = [first + timedelta(seconds=int(draw() * length)) for _ in range(3)]
    made: Moments = []
    for _ in range(rows):
        lot = draw()
        if lot < IMPORTED:
            moment = imports[int(lot / IMPORTED * len(imports))]
            made.append((moment, moment))
            continue
        created = draw() ** 0.8 * length  # a business that grows
        later = draw() ** 2 * (length - created) if draw() < CHANGED else 0.0
        moment = first + timedelta(seconds=created)
        made.append((moment, moment + timedelta(seconds=later)))
    return made


def _stamps(owners: Sequence[int], moments: Moments) -> dict[str, ColumnValues]:
    return {
        "created_at": [created for created, _updated in moments],
        "updated_at": [updated for _created, updated in moments],
        "created_by_id": owners,
        "updated_by_id": owners,
    }


def _barred(
    chance: Random, owners: Sequence[int], moments: Moments, until: datetime
) -> dict[str, Any]:
    """Those who are not to be contacted: why, by whom, and since when."""
    marked = [chance.random() < BARRED for _ in owners]
    reasons = chances.many(chance, names.REASONS, len(owners))
    since = [created + (until - created) * chance.random() for created, _updated in moments]
    return {
        "do_not_contact": marked,
        "do_not_contact_reason": _where(marked, reasons),
        "do_not_contact_since": _where(marked, since),
        "do_not_contact_by_id": _where(marked, owners),
    }


def _where(marked: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return [value if mark else None for mark, value in zip(marked, values, strict=True)]


def _who_has_contacts(chance: Random, given: NamedPeople) -> list[int]:
    """Places of the customers that have a contact, as often as they have one."""
    draw = chance.random
    having = [
        i for i, sort in enumerate(given.sorts) if draw() < CONTACTED.get(sort, USUAL_CONTACTED)
    ]
    each = chances.many(chance, MORE_CONTACTS, len(having))
    return [i for i, times in zip(having, each, strict=True) for _ in range(times)]


def _contacts(chance: Random, at: Sequence[int]) -> dict[str, ColumnValues]:
    rows = len(at)
    persons = people.people(chance, rows)
    sorts = [PERSON] * rows
    given = NamedPeople(
        sorts, [people.whole(p) for p in persons], [people.stem_of(p) for p in persons]
    )
    keep = chances.some
    values: dict[str, ColumnValues] = {
        "name": given.names,
        "title": keep(chance, chances.many(chance, names.TITLES, rows), 0.85),
        "phone": keep(chance, people.mobiles(chance, rows), 0.9),
        "email": keep(chance, people.emails(chance, given), 0.55),
        "birthday": keep(chance, people.birthdays(chance, sorts), 0.2),
        "is_primary": [i == 0 or at[i - 1] != of for i, of in enumerate(at)],
        "customer_id": Same(0),  # known when it is written
    }
    return new_columns(spec_of(Contact), values)
