"""The bars of customer groups: what `bench.groups` measures, against the goals of the product."""

from __future__ import annotations

from bench.child import ChildFailed, call
from bench.groups import STOCK_SECONDS
from bench.imports import Bench

MEMBERS = 100_000
PAGE_KB = 100


def groups(ground: Bench, customers: int) -> None:
    """Adding, saving, pages and the picker, on `customers`, a tenth of them in the large group."""
    folder = ground.own("groups")
    url = ground.databases.new("groups")
    call("bench.groups:prepare", url=url, folder=folder, customers=customers,
         members=min(MEMBERS, customers // 10))  # fmt: skip
    ground.databases.settle(url)
    told = call("bench.groups:measure", url=url, folder=folder, rounds=ground.rounds + 1)
    many = f"{told['rows']:,}"
    insert = told["insert"]
    ground.add(f"adding all {many} matches / one INSERT … SELECT", told["add"] / insert, goal=2)
    ground.add(f"saving a draft of {many} additions / the same", told["save"] / insert, goal=3)
    ground.add(f"saving a draft of {many} removals / the same", told["save without them"] / insert,
               goal=3)  # fmt: skip
    for page, goal in (("details", 1.5), ("form", 1.5)):
        ratio = told[f"{page} Lớn"] / told[f"{page} Nhỏ"]
        ground.add(f"group {page} page, {many} members / 100", ratio, goal=goal)
        size = told[f"{page} Lớn bytes"] / 1000
        ground.add(f"group {page} page, {many} members", size, goal=PAGE_KB, unit="KB")
    ratio = told["picker Lớn"] / told["picker Trống"]
    ground.add(f"picker search among {customers:,}, {many} members / empty group", ratio, goal=1.5)
    ground.keep("groups", told)
    _stock(ground, url, told["form Lớn"] / 1000)


def _stock(ground: Bench, url: str, own: float) -> None:
    """Flask-Admin's own form, once, with a time limit."""
    what = "Flask-Admin's own form of that group / ours"
    try:
        stock = call("bench.groups:stock", at_most=STOCK_SECONDS, url=url)
    except ChildFailed as error:
        if str(STOCK_SECONDS) not in str(error):
            raise
        ground.add(f"{what}, given up after {STOCK_SECONDS} s: at least", STOCK_SECONDS / own)
    else:
        ground.add(what, stock["seconds"] / own)
        ground.keep("stock form", stock)
