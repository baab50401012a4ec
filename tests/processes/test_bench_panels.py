"""Asking other panels: the best of some answers, no waiting for ever, and what went wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.peers import panels
from bench.peers.environment import NoPeer
from bench.peers.panels import Panel

SCRIPT = """
import json, sys, time
print("ready", flush=True)
for number, line in enumerate(sys.stdin):
    asked = json.loads(line)
    time.sleep(asked.get("sleeps", 0))
    if asked.get("fails"):
        sys.exit("no such page")
    print(json.dumps({"seconds": 3 - number, "rows": 50, "bytes": 9}), flush=True)
"""


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Panel:
    (tmp_path / "made_up").mkdir()
    (tmp_path / "made_up" / "peer.py").write_text(SCRIPT)
    monkeypatch.setattr(panels, "FOLDER", tmp_path)
    monkeypatch.setattr(panels, "python_of", lambda _peer: Path(sys.executable))
    monkeypatch.setattr(panels, "MOST_SECONDS", 0.3)
    return Panel("made_up", "sqlite:///nowhere.db")


def test_the_best_of_some_looks_counts(panel: Panel) -> None:
    with panel:
        assert panel.ask() == {"seconds": 1, "rows": 50, "bytes": 9}


def test_a_panel_that_does_not_answer_is_given_up_and_started_anew(panel: Panel) -> None:
    with panel:
        assert panel.ask(sleeps=60) is None
        found = panel.ask(search="an")
        assert found is not None
        assert found["seconds"] == 1


def test_a_panel_that_fails_says_why(panel: Panel) -> None:
    with panel, pytest.raises(NoPeer, match="no such page"):
        panel.ask(fails=True)
