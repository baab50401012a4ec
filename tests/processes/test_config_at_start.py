"""What a process makes of its settings when it starts, alone and with others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import config
from config import load

PROJECT = Path(config.__file__).parent

pytestmark = pytest.mark.usefixtures("root")


def test_a_weak_key_runs_commands_and_serves_nothing(tmp_path: Path) -> None:
    """As a script that only imports may set one."""
    environment = {
        **{k: v for k, v in os.environ.items() if k != "DATABASE_URL"},
        "CRM_INSTANCE": str(tmp_path), "SECRET_KEY": "check-" + "x" * 40, "PORT": "1",
    }  # fmt: skip

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *words],
            cwd=PROJECT, env=environment, text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip

    assert run("db", "upgrade").returncode == 0
    assert run("crm", "imports", "--json").returncode == 0
    for serves in (["crm", "serve"], ["crm", "check"]):
        done = run(*serves)
        assert done.returncode == 1
        assert "SECRET_KEY can be guessed" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    program = "import app\ntold = app.create_app()({}, print)\nprint(told)\napp.serving()"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, text=True,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert "503" in done.stdout
    assert done.returncode == 1
    assert "SECRET_KEY can be guessed" in done.stderr


def test_the_command_that_refusals_name_makes_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    program = config.KEY_MAKER.partition("-c ")[2].strip('"')
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
    monkeypatch.setenv("SECRET_KEY", made)
    assert load().secret_key == made


def test_processes_that_start_together_agree_on_one_key(root: Path) -> None:
    program = (
        f"import config, pathlib; config.ROOT = pathlib.Path({str(root)!r}); "
        "print(config.load().secret_key)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    keys = {process.communicate(timeout=60)[0] for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) > config.MINIMUM_KEY_LENGTH


def test_the_lists_are_not_read_before_a_password_is_chosen() -> None:
    program = "import sys, app; app.create_app(); print('zxcvbn' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"
