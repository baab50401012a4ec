"""How the built-in server is started: loopback only, proxy headers only behind a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import config
from crmadmin.cli import server


@pytest.mark.parametrize("behind_proxy", [True, False])
def test_forwarded_headers_reach_the_app_only_behind_a_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, behind_proxy: bool
) -> None:
    started: dict[str, Any] = {}
    monkeypatch.setattr(server, "waitress_serve", lambda app, **options: started.update(options))
    app = Flask("test")
    app.config["MAX_CONTENT_LENGTH"] = 1000
    app.config["SETTINGS"] = config.Settings(
        "sqlite://", "k" * 40, instance=tmp_path, behind_proxy=behind_proxy
    )
    server.serve(app, 8123)
    assert (started["host"], started["port"]) == ("127.0.0.1", 8123)
    assert started["max_request_body_size"] == 1000
    assert started["clear_untrusted_proxy_headers"] is not behind_proxy
