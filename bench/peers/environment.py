"""The peers' virtual environments, made in `bench/.venvs` when they are first needed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import words

FOLDER = Path(__file__).parent
VENVS = FOLDER.parent / ".venvs"


class NoPeer(RuntimeError):
    """The peer's environment cannot be made here, or the peer failed; the text says why."""


def python_of(peer: str) -> Path:
    """The Python of a peer's environment, made anew when its requirements changed."""
    asked = (FOLDER / peer / "requirements.txt").read_text()
    home = VENVS / peer
    python, made = home / "bin" / "python", home / "requirements.txt"
    if made.exists() and made.read_text() == asked:
        return python
    print(f"setting up {home.relative_to(FOLDER.parents[1])}", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(home)])
    requirements = str(FOLDER / peer / "requirements.txt")
    quietly = ["--quiet", "--disable-pip-version-check"]
    _run([str(python), "-m", "pip", "install", *quietly, "-r", requirements])
    made.write_text(asked)
    return python


def measure(peer: str, variant: str, old: Path, new: Path) -> dict[str, Any]:
    """What a peer made of the new workbook, the old one being there, and in how many seconds."""
    catalogs = json.dumps({"User": words.OWNERS, **words.CATALOGS})
    with tempfile.TemporaryDirectory() as folder:
        script = str(FOLDER / peer / "peer.py")
        arguments = [variant, str(old), str(new), catalogs, folder]
        said = _run([str(python_of(peer)), script, *arguments])
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeer((done.stderr or done.stdout).strip()[-2000:])
    return done.stdout
