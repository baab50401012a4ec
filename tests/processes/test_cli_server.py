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
    tmp_path: Path, *, behind_proxy: bool
) -> None:
    app = Flask("test")
    app.config["MAX_CONTENT_LENGTH"] = 1000
    app.config["SETTINGS"] = config.Settings(
        "sqlite://", "k" * 40, instance=tmp_path, behind_proxy=behind_proxy
    )
    made: Any = server.server(app, 0)
    try:
        assert made.effective_host == "127.0.0.1"
        assert made.adj.max_request_body_size == 1000
        assert made.adj.clear_untrusted_proxy_headers is not behind_proxy
    finally:
        made.close()
