"""The browser libraries in static/vendor: every file is accounted for, unchanged and licensed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "crmadmin" / "static" / "vendor"
NOT_LISTED = {"MANIFEST.json", "README.md"}
ENTRIES = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))


def test_every_file_in_vendor_is_listed_once() -> None:
    found = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file()}
    listed = [entry["file"] for entry in ENTRIES]
    assert sorted(listed) == sorted(found - NOT_LISTED)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_file_is_what_its_package_published(entry: dict[str, str]) -> None:
    content = (VENDOR / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_file_names_its_package_version_and_licence(entry: dict[str, str]) -> None:
    assert entry["source"].startswith(f"{entry['name']}@{entry['version']}")
    assert entry["license"]
    assert (VENDOR / entry["license_file"]).stat().st_size > 0
