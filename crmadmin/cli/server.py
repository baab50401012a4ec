"""The web server of `make run` and `make demo`: one process, several threads."""

from __future__ import annotations

from flask import Flask
from waitress import serve as waitress_serve

THREADS = 8


def serve(app: Flask, port: int) -> None:
    """Serve until interrupted, on the loopback address only."""
    limit = app.config["MAX_CONTENT_LENGTH"]
    # Forwarded headers tell the truth behind a proxy, and are anybody's invention without one.
    behind_proxy = app.config["SETTINGS"].behind_proxy
    waitress_serve(
        app, host="127.0.0.1", port=port, threads=THREADS, ident=None,
        max_request_body_size=limit, clear_untrusted_proxy_headers=not behind_proxy,
    )  # fmt: skip
