"""The measures of the import engine: against its floor, of bad rows, of a million rows, against
the peers. Whatever is compared is measured in turns, several rounds, and the best of each counts,
so that a disturbance of the machine hits neither side alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from bench import workbook
from bench.child import ChildFailed, call
from bench.databases import Databases
from bench.peers import environment
from bench.report import Measure, Results

MILLION = 1_000_000
MILLION_READER_MB = 4096
PEER_ROWS = 10_000
MOST_MEMORY, MOST_READER, MOST_WITH_MILLION = 300, 1024, 3072
PEERS = (
    ("django_import_export", "bulk", "django-import-export with use_bulk", 50),
    ("django_import_export", "cached", "django-import-export, everything cached", 20),
    ("openpyxl_orm", "cached", "openpyxl and SQLAlchemy's ORM, look-ups cached", 15),
)
RUN = ["run"]


@dataclass
class Bench:
    """Where one kind of database is measured: its prepared database and the files."""

    databases: Databases
    folder: Path
    rows: int
    rounds: int
    results: Results
    prepared: str = ""
    measured: str = ""
    """The database of the latest measurement."""

    @property
    def new(self) -> Path:
        return self.file(workbook.NEW)

    def file(self, edition: str, bad: float = 0.0) -> Path:
        """The workbook of this edition, written when it is first asked for."""
        path = self.folder / f"{edition}-{self.rows}-{bad:g}.xlsx"
        if not path.exists():
            workbook.write(path, self.rows, edition=edition, bad=bad)
        return path

    def prepare(self) -> None:
        """Fill the database that every measurement begins with a copy of."""
        self.prepared = self.databases.new(f"prepared{self.rows}")
        old = self.file(workbook.OLD)
        call("bench.product:prepare", url=self.prepared, folder=self.own("prepared"), old=old)
        self.databases.settle(self.prepared)

    def own(self, name: str) -> Path:
        """A folder for the app's uploads."""
        return self.folder / f"{self.databases.name}-{name}"

    def measure(self, path: Path, steps: list[str], **limits: int) -> dict[str, Any]:
        """One import on a fresh copy of the database; see `house.measure`."""
        self.measured = self.databases.copy(self.prepared)
        told: dict[str, Any] = call(
            "bench.product:measure", url=self.measured, folder=self.own("measured"), path=path,
            steps=steps, **limits,
        )  # fmt: skip
        counted = told["counts"]["rows"]["total"]
        if counted != self.rows:
            raise ChildFailed(f"{counted} rows counted of {self.rows}: {told}")
        return told

    def measure_floor(self) -> dict[str, float]:
        """The floor of the import that was measured last; see `floor.measure`."""
        rows = self.folder / f"{self.databases.name}-{self.rows}.rows"
        if not rows.exists():
            call("bench.baseline:keep_rows", url=self.measured, codes=self.rows, rows=rows)
        url = self.databases.copy(self.prepared, "floor")
        told: dict[str, float] = call("bench.baseline:measure", url=url, path=self.new, rows=rows)
        return told

    def add(self, what: str, figure: float, **goal: Any) -> None:
        self.results.add(Measure(f"{what}, {self.databases.name}", figure, **goal))

    def keep(self, what: str, told: Any) -> None:
        self.results.raw.setdefault(self.databases.name, {})[what] = told


@contextmanager
def noting(results: Results, what: str) -> Iterator[None]:
    """What cannot be measured is told in the results, and the rest goes on."""
    try:
        yield
    except (ChildFailed, environment.NoPeer) as error:
        results.fail(what, error)


def whole_import(ground: Bench) -> float:
    """The import against its floor; its preview; its undoing; its memory. Gives its seconds."""
    runs: list[dict[str, Any]] = []
    floors: list[dict[str, float]] = []
    reviewed: list[dict[str, Any]] = []
    for _round in range(ground.rounds):
        runs.append(ground.measure(ground.new, RUN))
        floors.append(ground.measure_floor())
        reviewed.append(ground.measure(ground.new, ["preview", "run", "undo"]))
    run = min(_seconds(told, "run") for told in runs)
    floor = _floor(floors)
    preview, after, undo = (
        min(_seconds(told, step) for told in reviewed) for step in ("preview", "run", "undo")
    )
    ground.add("floor / whole import", floor / run, goal=0.5, at_least=True)
    worked = min(told["worked"]["run"] for told in runs)
    ground.add(
        "the same in processor seconds, the reader's included",
        min(told["worked"] for told in floors) / worked,
    )
    ground.add("preview / import", preview / run, goal=0.7)
    ground.add("import after a preview / import", after / run)
    ground.add("undo / import", undo / run, goal=1.1)
    _memory(ground, runs + reviewed)
    ground.keep("rows per second", round(ground.rows / run))
    ground.keep("seconds", {"run": runs, "floor": floors, "reviewed": reviewed})
    return run


def _memory(ground: Bench, told: list[dict[str, Any]]) -> None:
    peak = max(max(one["peak"].values()) for one in told)
    reader = max(one["reader"] for one in told)
    ground.add("memory of the importing process", peak, goal=MOST_MEMORY, unit="MiB")
    ground.add("memory of the reader", reader, goal=MOST_READER, unit="MiB")


def bad_rows(ground: Bench) -> None:
    """What invalid rows cost, and the workbook of the errors."""
    few, many = ground.file(workbook.NEW, 0.01), ground.file(workbook.NEW, 0.5)
    clean, slight, heavy = [], [], []
    for _round in range(ground.rounds):
        clean.append(_seconds(ground.measure(ground.new, RUN), "run"))
        slight.append(_seconds(ground.measure(few, RUN), "run"))
        told = ground.measure(many, ["run", "errors"])
        heavy.append(_seconds(told, "run") + _seconds(told, "errors"))
    ground.add("1 % bad rows / clean", min(slight) / min(clean), goal=1.05)
    ground.add("50 % bad rows and their workbook / clean", min(heavy) / min(clean), goal=1.5)
    ground.keep("bad rows", {"clean": clean, "1 %": slight, "50 % and workbook": heavy})


def pages(ground: Bench) -> None:
    """What visitors feel of an import."""
    url = ground.databases.copy(ground.prepared)
    told = call("bench.web:measure", url=url, folder=ground.own("web"), path=ground.new)
    if told["state"] != "done":
        raise ChildFailed(f"the import ended as {told['state']}")
    ground.add("list page p95, importing / idle", told["during"] / told["idle"], goal=2)
    ground.keep("list page, ms", told)


def million(large: Bench, usual: Bench) -> None:
    """A million rows, once: it takes minutes, fast ones and slow ones. So it is compared with the
    mean of what the usual number took right before and right after."""
    large.prepare()
    flanks = [_seconds(usual.measure(usual.new, RUN), "run")]
    told = large.measure(large.new, RUN, reader_mb=MILLION_READER_MB)
    flanks.append(_seconds(usual.measure(usual.new, RUN), "run"))
    times = large.rows / usual.rows
    large.add(
        f"{large.rows:,} rows / {usual.rows:,} rows",
        _seconds(told, "run") / mean(flanks), goal=1.1 * times,
    )  # fmt: skip
    peak, reader = told["peak"]["run"], told["reader"]
    large.add(f"memory at {large.rows:,} rows", peak, goal=MOST_MEMORY, unit="MiB")
    large.add(
        # The fork that checks the cells holds about what the importing process holds.
        f"memory of all processes at {large.rows:,} rows", 2 * peak + reader,
        goal=MOST_WITH_MILLION, unit="MiB",
    )  # fmt: skip
    large.keep(f"{large.rows} rows", {**told, "before and after": flanks})


def peers(ground: Bench, rate: float | None) -> None:
    """Rows per second against those of other tools, which import the same file.

    `rate` is ours with the large workbook of this run, on which the peers would take minutes.
    """
    ground.prepare()
    own = min(_seconds(ground.measure(ground.new, RUN), "run") for _ in range(ground.rounds + 1))
    floor = _floor([ground.measure_floor() for _ in range(ground.rounds + 1)])
    ground.keep(f"{ground.rows} rows", {"import": own, "floor": floor})
    for peer, variant, name, goal in PEERS:
        what = f"{name} / import of {ground.rows:,} rows"
        with noting(ground.results, what):
            told = _peer(ground, peer, variant)
            ground.add(what, told["seconds"] / own, goal=goal, at_least=True)
            ground.add(f"{name} / the floor of these rows", told["seconds"] / floor)
            ground.keep(name, told)
            if rate:
                theirs = ground.rows / told["seconds"]
                ground.add("the same by rows per second of the whole import", rate / theirs)


def _peer(ground: Bench, peer: str, variant: str) -> dict[str, Any]:
    told = environment.measure(peer, variant, ground.file(workbook.OLD), ground.new)
    if told["created"] + told["updated"] != ground.rows:
        raise environment.NoPeer(f"{peer} imported {told}")
    return told


def _floor(told: list[dict[str, float]]) -> float:
    """Seconds of the quickest parse and the quickest upsert."""
    return min(one["parse"] for one in told) + min(one["upsert"] for one in told)


def _seconds(told: dict[str, Any], step: str) -> float:
    return float(told["seconds"][step])


MEASURES: dict[str, Callable[[Bench], object]] = {
    "import": whole_import,
    "bad": bad_rows,
    "web": pages,
}
"""Of every database."""
