"""One event, one JSON line. Values are escaped by the JSON writer, so no field can fake a line."""

from __future__ import annotations

import logging
import sys

import structlog
from flask import Flask


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """Makes one line of JSON of a record; deploy/gunicorn.conf.py names it too."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.contextvars.merge_contextvars,  # the request's number
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


def init_app(app: Flask) -> None:
    """Send the standard library's records through structlog's JSON renderer, once a process."""
    root = logging.getLogger()
    if any(isinstance(h.formatter, structlog.stdlib.ProcessorFormatter) for h in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO if not app.testing else logging.ERROR)
    app.logger.handlers.clear()
