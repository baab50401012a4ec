"""The web server of `make run` and `make demo`: one process, several threads."""

from __future__ import annotations

from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

THREADS = 8


def serve(app: Flask, port: int) -> None:
    """Serve until interrupted, on the loopback address only."""
    server(app, port).run()


def server(app: Flask, port: int) -> Any:
    """A server that listens already; `run` serves, `close` ends it."""
    limit = app.config["MAX_CONTENT_LENGTH"]
    # Forwarded headers tell the truth behind a proxy, and are anybody's invention without one.
    behind_proxy = app.config["SETTINGS"].behind_proxy
    made = create_server(
        app, host="127.0.0.1", port=port, threads=THREADS, ident=None,
        max_request_body_size=limit, clear_untrusted_proxy_headers=not behind_proxy,
    )  # fmt: skip
    made.channel_class = _channel(app)
    return made


def _channel(app: Flask) -> type[HTTPChannel]:
    """A connection whose requests, where the app is never asked, are answered with our pages.

    Waitress itself would say in bare English what it could not read, with none of our headers.
    """

    class Refusal(ErrorTask):  # type: ignore[misc]  # waitress ships no types
        def execute(self) -> None:
            answer = app.extensions["answer before the app is asked"](app, self.request.error.code)
            body = answer.get_data()
            self.status = answer.status
            self.response_headers.extend(answer.headers.items())
            self.set_close_on_finish()
            self.content_length = len(body)
            self.write(body)

    class Channel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
        error_task_class = Refusal

    return Channel
