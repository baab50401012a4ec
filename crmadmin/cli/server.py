"""The web server of `make run` and `make demo`: one process, several threads."""

from __future__ import annotations

from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.server import create_server
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

THREADS = 8
LONGEST_LINE = 8_192
"""Bytes of a line that says how long the next piece of a body is, and of what follows the last."""
LARGEST_CHUNK = 2**40
"""Bytes that a piece of a body may announce; the body's own limit is far below."""


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
        parser_class = Request

    return Channel


class Request(HTTPRequestParser):  # type: ignore[misc]  # waitress ships no types
    """What waitress reads, and a refusal of what two readers could understand in two ways.

    A request whose end is doubtful may hide another one behind it: a proxy sees one, the server
    two. And whatever cannot be read is answered; waitress would hang up, with a traceback in the
    log.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Part of waitress. Raises its ParsingError, which becomes our page of 400."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("a number or an address is none") from error
        if "TRANSFER_ENCODING" in self.headers or (
            self.chunked and "CONTENT_LENGTH" in self.headers
        ):
            raise ParsingError("the length is said in two ways, or in one this version lacks")
        if "," in self.headers.get("HOST", "") or (
            self.version == "1.1" and "HOST" not in self.headers
        ):
            raise ParsingError("there is not one Host")
        if self.chunked:
            self.body_rcv: Any = Chunks(self.body_rcv.buf)


class Chunks(ChunkedReceiver):  # type: ignore[misc]  # waitress ships no types
    """A body in pieces, whose own words about them are bounded: waitress keeps them all, and copies
    what it has with every packet."""

    def received(self, data: bytes) -> int:
        """Part of waitress: how many of the bytes were taken."""
        taken: int = super().received(data)
        words = max(len(self.control_line), len(self.trailer))
        if words > LONGEST_LINE or self.chunk_remainder > LARGEST_CHUNK:
            self.error = BadRequest("the pieces of the body cannot be told apart")
        return taken
