"""`make bench`: measures imports, groups, pages and searches beside what they are compared with.

Times are of this machine and this minute; only ratios are worth keeping. What they mean is told in
docs/benchmarks.md. Writes bench/results.json, where figures that were not asked for stay as they
were; exit 1 when something could not be measured.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import groupbars, imports, listbars, report, searchbars
from bench.databases import KINDS, Databases
from bench.imports import Bench, noting
from bench.report import Results
from bench.sizes import SIZES, Sizes

AT_SIZES: dict[str, tuple[Callable[[Sizes], None], ...]] = {
    "pages": (listbars.pages, listbars.memory),
    "search": (searchbars.search,),
    "panels": (searchbars.panels,),
}
"""Measured on databases of several sizes."""
MEASURES = (*imports.MEASURES, "groups", *AT_SIZES, "peers")


def main() -> int:
    """Measure what the command line asks for."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that folders and servers go
    results = Results(options.rows)
    try:
        with tempfile.TemporaryDirectory(prefix="crm-bench-") as name:
            for kind in options.databases:
                with _started(kind, Path(name)) as databases:
                    _measure(databases, Path(name), options, results)
    finally:
        # What was measured before somebody stopped it, too.
        is_all = set(options.only) >= set(MEASURES) and set(options.databases) >= set(KINDS)
        results.save(anew=is_all)
    if options.docs:
        report.write_page()
    return 0 if results.is_whole else 1


@contextmanager
def _started(kind: str, folder: Path) -> Iterator[Databases]:
    databases = KINDS[kind](folder)
    try:
        yield databases
    finally:
        databases.close()


def _measure(
    databases: Databases, folder: Path, options: argparse.Namespace, results: Results
) -> None:
    """Everything of one database."""

    def ground(rows: int) -> Bench:
        return Bench(databases, folder, rows, options.rounds, results)

    usual = ground(options.rows)
    seconds: float | None = None
    wanted = [name for name in imports.MEASURES if name in options.only]
    if wanted:
        with noting(results, f"preparing {databases.name}"):
            usual.prepare()
    for name in wanted if usual.prepared else ():
        with noting(results, f"{name}, {databases.name}"):
            told = imports.MEASURES[name](usual)
            seconds = told if isinstance(told, float) else seconds
    if "groups" in options.only:
        with noting(results, f"groups, {databases.name}"):
            groupbars.groups(usual, options.customers)
    if options.million and usual.prepared:
        with noting(results, f"a million rows, {databases.name}"):
            imports.million(ground(options.million_rows), usual)
    _measure_at_sizes(Sizes(usual, tuple(options.sizes)), options.only)
    # What is slow and tells nothing of the database is measured on one of them.
    if databases.name != options.databases[0]:
        return
    if "peers" in options.only:
        with noting(results, "peers"):
            imports.peers(ground(options.peer_rows), seconds and options.rows / seconds)


def _measure_at_sizes(sizes: Sizes, only: list[str]) -> None:
    """Pages, searches and other panels on databases that are made for them, once."""
    wanted = [name for name in AT_SIZES if name in only]
    if not wanted:
        return
    name = sizes.ground.databases.name
    with noting(sizes.ground.results, f"seeding {name}"):
        sizes.prepare()
        for what in wanted:
            for measure in AT_SIZES[what]:
                with noting(sizes.ground.results, f"{what}, {name}"):
                    measure(sizes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the workbook")
    parser.add_argument("--rounds", type=int, default=2, help="times that everything is measured")
    parser.add_argument("--million", action="store_true", help="also import a million rows")
    parser.add_argument("--million-rows", type=int, default=imports.MILLION, help=argparse.SUPPRESS)
    parser.add_argument("--customers", type=int, default=imports.MILLION,
                        help="customers that groups are measured among")  # fmt: skip
    parser.add_argument("--sizes", type=_numbers, default=list(SIZES), metavar="N,N",
                        help="customers of the databases that pages are measured on")  # fmt: skip
    parser.add_argument("--peer-rows", type=int, default=imports.PEER_ROWS)
    parser.add_argument("--only", type=_words(MEASURES), default=list(MEASURES), metavar="A,B",
                        help=f"of {', '.join(MEASURES)}")  # fmt: skip
    parser.add_argument("--databases", type=_words(KINDS), default=list(KINDS), metavar="A,B",
                        help=f"of {', '.join(KINDS)}")  # fmt: skip
    parser.add_argument("--docs", action="store_true", help="put the table into docs/benchmarks.md")
    return parser.parse_args()


def _words(known: Iterable[str]) -> Callable[[str], list[str]]:
    """The type of an option that takes some of these words, with commas between."""

    def parse(given: str) -> list[str]:
        asked = [word for word in given.split(",") if word]
        if not asked or not set(asked) <= set(known):
            raise argparse.ArgumentTypeError(f"{given!r} is not some of {', '.join(known)}")
        return asked

    return parse


def _numbers(given: str) -> list[int]:
    """The type of an option that takes whole numbers, with commas between; the smallest first."""
    return sorted(int(part) for part in given.split(",") if part)


if __name__ == "__main__":
    sys.exit(main())
