"""The bars of searches, and other admin panels on the same customers of the same database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.child import call
from bench.imports import noting
from bench.peers.panels import MOST_SECONDS, PANELS, Panel
from bench.sizes import Sizes

MOST = 3
LEAST_MS = 5
"""A plain statement that takes less is quicker than fifty customers can be read from their rows."""
LEAST = 10
STOCK = "flask_admin"
PAGE = 200
PROVINCE = "Nghệ An"


def search(sizes: Sizes) -> None:
    """Searches among the most customers, against the plain statement and stock Flask-Admin."""
    ground, url = sizes.ground, sizes.urls[sizes.largest]
    asked: list[str] = call("bench.searches:words", url=url, folder=sizes.folder)
    told: dict[str, Any] = call("bench.searches:measure", url=url, folder=sizes.folder, asked=asked)
    ground.keep("searches", told)
    for text, found in told.items():
        what = f"search for “{text}”, {sizes.largest:,} customers"
        ground.add(f"{what} / plain statement", found["found_ms"] / found["raw_ms"],
                   goal=MOST if found["raw_ms"] >= LEAST_MS else None)  # fmt: skip
        ground.add(f"{what}: whole page / plain statement", found["ms"] / found["raw_ms"])
        if found["same"] != found["rows"]:
            ground.results.fail(what, f"{found['rows']} rows, of which {found['same']} are found")
    page, own, raw = (
        sum(found[what] for found in told.values()) for what in ("ms", "found_ms", "raw_ms")
    )
    ground.add("all searches / plain statements", own / raw, goal=MOST)
    ground.add("all searches: whole pages / plain statements", page / raw, goal=MOST)
    with noting(ground.results, f"stock Flask-Admin, {ground.databases.name}"):
        _stock(sizes, told)


def _stock(sizes: Sizes, told: dict[str, Any]) -> None:
    ground = sizes.ground
    answers: dict[str, Any] = {}
    with Panel(STOCK, sizes.urls[sizes.largest]) as panel:
        for text, found in told.items():
            answer = answers[text] = panel.ask(search=text)
            what = f"stock Flask-Admin's search for “{text}” / ours"
            if answer is None:
                ours = found["ms"] / 1000
                ground.add(f"{what}, given up after {MOST_SECONDS} s: at least",
                           MOST_SECONDS / ours, goal=LEAST, at_least=True)  # fmt: skip
            elif answer["rows"] or not found["rows"]:
                ratio = answer["seconds"] * 1000 / found["ms"]
                ground.add(what, ratio, goal=LEAST, at_least=True)
            else:
                what = f"stock Flask-Admin's search for “{text}”: rows that it shows"
                ground.add(f"{what} (ours {found['rows']})", 0, unit="")
    ground.keep("stock Flask-Admin's searches", answers)


def panels(sizes: Sizes) -> None:
    """The lists of other admin panels against ours."""
    ground, url = sizes.ground, sizes.urls[sizes.largest]
    requests = dict(_requests())
    seconds: list[float] = call("bench.searches:ours", url=url, folder=sizes.folder,
                                requests=list(requests.values()))  # fmt: skip
    ours = dict(zip(requests, seconds, strict=True))
    ground.keep("panels, ours", ours)
    for peer, title in PANELS.items():
        with noting(ground.results, f"{title}, {ground.databases.name}"), Panel(peer, url) as panel:
            told = {}
            for name, request in requests.items():
                answer = told[name] = panel.ask(**request)
                what = f"{title}, {name} / ours"
                if answer is None:
                    ground.add(f"{what}, given up after {MOST_SECONDS} s: at least",
                               MOST_SECONDS / ours[name])  # fmt: skip
                else:
                    ground.add(what, answer["seconds"] / ours[name])
            ground.keep(title, told)


def _requests() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "first page of the list", {}
    yield f"page {PAGE}", {"page": PAGE}
    yield "search", {"search": "Nguyễn Văn"}
    yield "filter by province", {"province": PROVINCE}
