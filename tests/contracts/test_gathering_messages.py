"""`make translations`, in a copy of the project: adds what is new, takes out what nobody says any
more, tells both and what is untranslated, and leaves every other byte of both catalogues alone."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from tutorials import plain_copy

import config
from crmadmin.cli.translations import LOCALES


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, whose catalogues a test may change."""
    return plain_copy(tmp_path_factory.mktemp("words"))


def _files(project: Path) -> dict[str, bytes]:
    folder = project / "crmadmin" / "translations"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _gather(project: Path) -> str:
    """What the last line of `make translations` says."""
    recipe = (config.ROOT / "Makefile").read_text().split("\ntranslations:")[1].split("\n\n")[0]
    (line,) = [line.strip() for line in recipe.splitlines() if line.startswith("\t")]
    arguments = line.removeprefix("@$(FLASK) ").split()
    key = secrets.token_urlsafe(48)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments], cwd=project, text=True,
        env={"SECRET_KEY": key, "PYTHONPATH": str(project), "PATH": ""}, check=False,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_gathering_messages_changes_nothing_where_nothing_is_new(project: Path) -> None:
    before = _files(project)
    assert len(before) == 4
    assert _gather(project) == "".join(
        f"{locale}: 0 added, 0 removed, 0 untranslated\n" for locale in LOCALES
    )
    assert _files(project) == before


def test_gathering_messages_adds_what_is_new_and_nothing_else(project: Path) -> None:
    before = _files(project)
    place = project / "crmadmin" / "catalogs" / "models.py"
    source = place.read_text()
    new = """
from flask_babel import gettext as _, ngettext
def said() -> tuple[str, str]:
    words = _("Mountain rain over %(place)s", place=1)
    return words, ngettext("%(num)d cloud", "%(num)d clouds", 1)
"""
    place.write_text(source + new)
    told = _gather(project)
    after = _files(project)
    for locale in LOCALES:
        assert f"{locale}: 2 added, 0 removed, 2 untranslated" in told
        name = f"{locale}/LC_MESSAGES/messages.po"
        old, now = (files[name].decode() for files in (before, after))
        entries = {e for e in now.split("\n\n") if e not in set(old.split("\n\n"))}
        assert len(entries) == 2
        assert any(e.startswith('#, python-format\nmsgid "Mountain rain') for e in entries)
        left = [e for e in now.split("\n\n") if e not in entries]
        assert "\n\n".join(left) == old
        ids = re.findall(r'^msgid "(M[ou].*)"$', now, re.MULTILINE)
        assert ids == sorted(ids)
    assert told.count("  + Mountain rain over %(place)s\n") == 2
    assert told.count("  untranslated: Mountain rain over %(place)s\n") == 2
    # They are gone again when nobody says them any more, and named.
    place.write_text(source)
    told = _gather(project)
    assert told.count("  - Mountain rain over %(place)s\n") == 2
    assert _files(project) == before


def test_gathering_messages_tells_what_is_fuzzy_or_stands_there_twice(project: Path) -> None:
    before = _files(project)
    path = project / "crmadmin" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
    text = path.read_text()
    entry = next(e for e in text.split("\n\n") if e.startswith('msgid "Name"'))
    path.write_text(text.replace(entry, f"#, fuzzy\n{entry}\n\n{entry}"))
    told = _gather(project)
    assert "vi: 0 added, 1 removed, 1 untranslated\n  - Name\n  untranslated: Name\n" in told
    assert "en: 0 added, 0 removed, 0 untranslated" in told
    path.write_text(text)
    _gather(project)
    assert _files(project) == before
