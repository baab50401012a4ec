"""No file of the product is anybody else's to read, whatever the shell allows."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import factories
import pytest
from flask import Flask

import config
from crmadmin.core.db import db
from crmadmin.core.private_files import whole_file

FLASK = [str(Path(sys.executable).parent / "flask"), "--app", "app"]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


def run(instance: Path, *words: str, given: str = "") -> None:
    """A command of the product, from a shell that lets everybody read."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "DATABASE"))}
    done = subprocess.run(
        [*FLASK, *words], cwd=config.ROOT, text=True, capture_output=True, check=False, umask=0o022,
        input=given, env={**environment, "CRM_INSTANCE": str(instance)}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def readable(folder: Path) -> dict[str, str]:
    """Files and folders with rights for others: name → mode."""
    modes = {p: stat.S_IMODE(p.lstat().st_mode) for p in [folder, *folder.rglob("*")]}
    return {str(p.relative_to(folder.parent)): oct(m) for p, m in modes.items() if m & 0o077}


def test_what_commands_write_is_private(instance: Path) -> None:
    run(instance, "db", "upgrade")
    run(instance, "crm", "create-user", "an", "--role", "admin", "--password-stdin",
        given="mot mat khau dai 47 chu\n")  # fmt: skip
    sample = config.ROOT / "samples" / "customers-tidy.xlsx"
    run(
        instance,
        "crm",
        "import",
        str(sample),
        "--kind",
        "customers-contacts",
        "--unknown",
        "create",
        "--json",
    )
    out = instance / "out"
    out.mkdir(mode=0o700)
    run(instance, "crm", "export", "customers", str(out / "all.xlsx"))
    run(instance, "crm", "export", "customers", str(out / "all.csv"))
    run(instance, "crm", "errors", "1", str(out / "errors.xlsx"), "--ledger")
    run(instance, "crm", "template", "customers", str(out / "template.xlsx"), "--with-data")
    run(instance, "crm", "backup", str(out / "backup.zip"))
    assert len(list(out.iterdir())) == 5
    assert (instance / "crm.db").exists()
    assert readable(instance) == {}


def test_what_an_earlier_version_left_open_is_closed_at_the_start(instance: Path) -> None:
    run(instance, "db", "upgrade")
    old = [path for path in instance.iterdir() if path.is_file()]
    assert old
    for path in old:
        path.chmod(0o644)
    run(instance, "crm", "check")
    assert readable(instance) == {}


def _run_out_of_room(path: Path) -> None:
    with whole_file(path) as stream:
        stream.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_there_when_it_is_whole_and_what_was_there_stays_until_then(
    tmp_path: Path,
) -> None:
    path = tmp_path / "all.csv"
    path.write_bytes(b"of yesterday")
    with pytest.raises(OSError, match="No space"):
        _run_out_of_room(path)
    assert path.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [path]
    with whole_file(path) as stream:
        stream.write(b"whole")
        assert path.read_bytes() == b"of yesterday"
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "command",
    [("export", "customers", "{out}"), ("template", "customers", "{out}"),
     ("template", "customers", "{out}", "--with-data")],
)  # fmt: skip
def test_a_command_that_cannot_write_its_file_says_so_in_a_sentence(
    context: Flask, tmp_path: Path, command: tuple[str, ...]
) -> None:
    factories.user("an", "admin")
    db.session.commit()
    out = tmp_path / "nowhere" / "all.xlsx"
    told = context.test_cli_runner().invoke(
        args=["crm", *(word.format(out=out) for word in command)]
    )
    assert told.exit_code == 1, told.output
    assert "was not written" in told.output
    assert isinstance(told.exception, SystemExit)
