"""The bars of pages: what `bench.lists` measures, against the goals of the product."""

from __future__ import annotations

from typing import Any

from bench.child import call
from bench.sizes import Sizes

MOST = 1.5
MOST_OF_A_RECORD = 1.2
MOST_MEMORY = 1.3
MOST_KB = 60
MOST_STATEMENTS = 8
RECORD_PAGES = ("form", "details")


def pages(sizes: Sizes) -> None:
    """Every page of customers at the largest size against the same at the smallest."""
    ground, small, large = sizes.ground, str(sizes.smallest), str(sizes.largest)
    urls = {str(size): url for size, url in sizes.urls.items()}
    told: dict[str, Any] = call("bench.lists:measure", urls=urls, folder=sizes.folder)
    ground.keep("pages", told)
    ratios = {page: at[large]["ms"] / at[small]["ms"] for page, at in told.items()}
    times = f"{sizes.largest:,} / {sizes.smallest:,} customers"
    lists = [page for page in ratios if not page.startswith(RECORD_PAGES)]
    for page in (page for page in lists if not page.startswith(("sort ", "filter "))):
        ground.add(f"list, {page}, {times}", ratios[page], goal=MOST)
    for kind in ("sort", "filter"):
        some = {page: ratios[page] for page in lists if page.startswith(f"{kind} ")}
        if some:
            worst = max(some, key=lambda page: some[page])
            what = f"list, worst of {len(some)} {kind}s ({worst.removeprefix(kind).strip()})"
            ground.add(f"{what}, {times}", some[worst], goal=MOST)
            over = sum(ratio > MOST for ratio in some.values())
            ground.add(f"list, {kind}s that cost more than {MOST} ×", over, goal=0, unit="")
    for kind in RECORD_PAGES:
        some = {page: ratios[page] for page in ratios if page.startswith(f"{kind} ")}
        if some:
            ground.add(f"customer {kind}, {times}", min(some.values()), goal=MOST_OF_A_RECORD)
    _weights(sizes, told, lists)
    ground.add(f"list, first page, {sizes.largest:,} customers", told["first page"][large]["ms"],
               unit="ms")  # fmt: skip


def _weights(sizes: Sizes, told: dict[str, Any], lists: list[str]) -> None:
    """What the heaviest list page weighs, and how many statements the busiest asks."""
    large = str(sizes.largest)
    for what, goal, unit in (("kb", MOST_KB, "KB"), ("statements", MOST_STATEMENTS, "")):
        page = max(lists, key=lambda page: float(told[page][large][what]))
        name = "weight" if what == "kb" else "number of SQL statements"
        sizes.ground.add(
            f"list, largest {name} ({page})", told[page][large][what], goal=goal, unit=unit
        )


def memory(sizes: Sizes) -> None:
    """What a web process holds after it has shown all pages."""
    small, large = (
        call("bench.lists:memory", url=sizes.urls[size], folder=sizes.folder,
             filters_of=sizes.urls[sizes.smallest])["peak"]
        for size in (sizes.smallest, sizes.largest)
    )  # fmt: skip
    sizes.ground.keep("web process, MiB", {"smallest": small, "largest": large})
    times = f"{sizes.largest:,} / {sizes.smallest:,} customers"
    sizes.ground.add(f"memory of a web process, {times}", large / small, goal=MOST_MEMORY)
