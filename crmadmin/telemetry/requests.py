"""Every request is timed and numbered; a slow one is a line in the log.

The line says where time went (SQL, waiting to write, the rest) and nothing of what was asked for.
"""

from __future__ import annotations

import logging
import re
import secrets
from time import perf_counter

import structlog
from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from crmadmin.telemetry.metrics import Spent, figures, share, spent

HEADER = "X-Request-ID"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "none"
"""The endpoint of requests for addresses that do not exist."""
_NUMBER = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Time every request. Before all other hooks, so that theirs is timed as well."""
    folder = app.config["SETTINGS"].metrics_folder
    if folder is not None:
        share(folder)
    app.before_request(begin)
    app.after_request(note)
    app.teardown_request(_forget)


def begin() -> None:
    """Start the clock, and number the request for everything that is logged while it lasts."""
    spent.set(Spent())
    structlog.contextvars.bind_contextvars(request_id=_number())


def number() -> str:
    """The request's number: it is in its log lines, in its answer and on its error page."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def note(response: Response) -> Response:
    """Count an answer, and log it when it took long."""
    cost = spent.get()
    if cost is None:
        return response
    seconds = perf_counter() - cost.began
    endpoint = request.endpoint or NOWHERE
    method = request.method if request.method in METHODS else "other"
    counted = figures()
    counted.requests.labels(endpoint, method, f"{response.status_code // 100}xx").observe(seconds)
    counted.statements.labels(endpoint).observe(cost.statements)
    if seconds * 1000 >= current_app.config["SETTINGS"].slow_ms:
        counted.slow.labels(endpoint).inc()
        log.warning("slow request", extra=_told(endpoint, method, response.status_code, cost))
    response.headers[HEADER] = number()
    return response


def _told(endpoint: str, method: str, status: int, cost: Spent) -> dict[str, object]:
    return {
        "endpoint": endpoint,
        "method": method,
        "status": status,
        "ms": round((perf_counter() - cost.began) * 1000),
        "statements": cost.statements,
        "sql_ms": round(cost.sql_seconds * 1000),
        "writer_wait_ms": round(cost.writer_wait * 1000),
    }


def _number() -> str:
    """The number that our own proxy gave it, else one of ours: anybody else could fake a trail."""
    given = request.headers.get(HEADER, "")
    is_ours = current_app.config["SETTINGS"].behind_proxy and _NUMBER.fullmatch(given)
    return given if is_ours else secrets.token_hex(8)


def _forget(_error: BaseException | None) -> None:
    spent.set(None)
    structlog.contextvars.unbind_contextvars("request_id")
