"""`/metrics`: what the processes counted, and what only the database knows, for Prometheus.

There is nothing about a person in it, but how much a company works is nobody's business: without a
token only this machine may ask.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from flask import Flask, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from crmadmin.core.db import db
from crmadmin.core.engine import has_free_connection
from crmadmin.telemetry.metrics import figures, forget_dead

Ask = Callable[[], Iterable[Metric]]
"""Asks the database for figures that no process counts."""

log = logging.getLogger(__name__)


class _Asked(Collector):
    """The answers of the database; without them when it does not answer."""

    def __init__(self, questions: Iterable[Ask]) -> None:
        self._questions = tuple(questions)

    def collect(self) -> Iterable[Metric]:
        found: list[Metric] = []
        is_up = True
        try:
            # Nobody waits here for a connection when there are none: that is what is to be seen.
            for ask in self._questions if has_free_connection(db.engine) else ():
                found += ask()
        except SQLAlchemyError:
            log.warning("no figures from the database", exc_info=True)
            db.session.rollback()
            found, is_up = [], False
        up = GaugeMetricFamily("crm_database_up", "Whether the database answers", value=int(is_up))
        return [up, *found]


def init_app(app: Flask, questions: Iterable[Ask]) -> None:
    """Answer at /metrics. `questions` are those of the features that have figures."""
    asked = CollectorRegistry()
    asked.register(_Asked(questions))

    @app.get("/metrics")
    def metrics() -> Response:
        """Figures in Prometheus' text format."""
        if not _may_ask():
            return _plain("Ask from this machine, or with the token.\n", 403)
        text = generate_latest(_counted()) + generate_latest(asked)
        return Response(text, content_type=CONTENT_TYPE_LATEST)


def _plain(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")


def _counted() -> CollectorRegistry:
    """What this process counted, or all that share its folder."""
    own = figures().registry
    if own is not None:
        return own
    folder: Path = current_app.config["SETTINGS"].metrics_folder
    forget_dead(folder)
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody, path=str(folder))  # type: ignore[no-untyped-call]  # prometheus_client
    return everybody


def _may_ask() -> bool:
    token = current_app.config["SETTINGS"].metrics_token
    if not token:
        return _is_here(request.remote_addr)
    given = request.headers.get("Authorization", "").encode(errors="replace")
    return hmac.compare_digest(given, f"Bearer {token}".encode())


def _is_here(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False  # a socket in the file system, whose other end could be anybody's proxy
