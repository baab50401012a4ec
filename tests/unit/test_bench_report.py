"""Figures of a run are kept beside those of others, and put into the page of benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import report
from bench.report import Measure, Results


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "results.json"
    monkeypatch.setattr(report, "RESULTS", path)
    return path


def ran(anew: bool, *measures: Measure) -> None:
    made = Results(10)
    made.raw["sqlite"] = {m.what: m.figure for m in measures}
    for measure in measures:
        made.add(measure)
    made.save(anew=anew)


def figures(path: Path) -> dict[str, float]:
    return {m["what"]: m["figure"] for m in json.loads(path.read_text())["measures"]}


def test_a_run_of_a_part_leaves_the_other_figures(results: Path) -> None:
    ran(True, Measure("import", 2.0), Measure("worst of 3 filters (status), sqlite", 1.4))
    ran(False, Measure("worst of 3 filters (kind), sqlite", 1.2))
    assert figures(results) == {"import": 2.0, "worst of 3 filters (kind), sqlite": 1.2}
    assert json.loads(results.read_text())["raw"]["sqlite"]["import"] == 2.0
    ran(True, Measure("import", 3.0))
    assert figures(results) == {"import": 3.0}


def test_a_figure_that_is_measured_again_keeps_its_place(results: Path) -> None:
    ran(True, Measure("import", 2.0), Measure("undo", 1.0))
    ran(False, Measure("seeding", 9.0), Measure("import", 1.5))
    assert list(figures(results).items()) == [("import", 1.5), ("undo", 1.0), ("seeding", 9.0)]


def test_the_page_shows_what_was_measured(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    ran(True, Measure("import", 2.0, goal=1.5))
    report.write_page()
    text = page.read_text()
    assert "| import | 2.00 × | ≤ 1.5 × | missed |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
