"""A system without Chromium: the browser tests fail there, and say what to do."""

from __future__ import annotations

import browser
import pytest


def test_a_system_without_chromium_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.shutil, "which", lambda _name: None)
    with pytest.raises(browser.NoBrowser, match="apt-get install chromium"):
        browser.start()
