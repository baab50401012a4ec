"""Pages and searches of the customer list, on whatever customers there are."""

from __future__ import annotations

import time

from bench import house
from crmadmin.core.db import spec_of
from crmadmin.core.listing import ListState, page, search
from crmadmin.customers.models import Customer

LOOKS = 5
FAR = 1_000_000
"""A page beyond the last one, for which the last one is shown."""


def measure(url: str, folder: str) -> dict[str, float]:
    """Milliseconds of each kind of page, best of several looks."""
    with house.make_app(url, folder).app_context():
        return {
            "first page of the list": _milliseconds("", 1),
            "last page of the list": _milliseconds("", FAR),
            "search for two words and a number": _milliseconds("sao viet 199", 1),
        }


def _milliseconds(words: str, number: int) -> float:
    spec = spec_of(Customer)
    state = ListState(query=words, page=number)
    where = search(Customer, words, sees_sensitive=True)
    seconds = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        page(spec, state, where, spec.listed)
        seconds.append(time.perf_counter() - began)
    return min(seconds) * 1000
