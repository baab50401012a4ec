"""The log of slow requests says where the time went, and nothing of what was asked for."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
from typing import Any

import pytest
from flask import Flask
from visitor import NewVisitor

from crmadmin.telemetry import logs


@pytest.fixture
def lines() -> Any:
    """What is logged while the test runs, as it would be written: parsed lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter())
    root = logging.getLogger("crmadmin")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def settings(app: Flask, **changes: Any) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], **changes)


def slow(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "slow request"]


def test_a_slow_request_is_one_line_without_what_was_typed(
    app: Flask, people: dict[str, int], visitor: NewVisitor, lines: Any
) -> None:
    mai = visitor("mai")
    settings(app, slow_ms=0)
    answer = mai.get("/admin/customers/?search=Nguyễn+Văn+Kín")
    (line,) = slow(lines())
    assert line["endpoint"] == "customer.index_view"
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "warning")
    assert line["ms"] >= line["sql_ms"] >= 0
    assert line["statements"] >= 1
    assert line["writer_wait_ms"] == 0
    assert line["request_id"] == answer.headers["X-Request-ID"]
    written = json.dumps(line, ensure_ascii=False)
    assert "Kín" not in written
    assert "search" not in written
    assert "mai" not in written


def test_a_quick_request_is_none(
    app: Flask, people: dict[str, int], visitor: NewVisitor, lines: Any
) -> None:
    settings(app, slow_ms=3_600_000)
    visitor("mai").get("/admin/customers/")
    assert slow(lines()) == []


def test_a_request_that_failed_is_timed_as_well(
    app: Flask, people: dict[str, int], visitor: NewVisitor, lines: Any
) -> None:
    settings(app, slow_ms=0)
    visitor().get("/admin/khong-co/")
    (line,) = slow(lines())
    assert (line["endpoint"], line["status"]) == ("none", 404)


def test_every_answer_has_a_number_that_no_stranger_chooses(
    app: Flask, visitor: NewVisitor
) -> None:
    nobody = visitor()
    seen = {nobody.get("/healthz").headers["X-Request-ID"] for _ in range(3)}
    assert len(seen) == 3
    given = {"X-Request-ID": "proxy-0123456789"}
    assert nobody.get("/healthz", headers=given).headers["X-Request-ID"] != "proxy-0123456789"
    settings(app, behind_proxy=True)
    assert nobody.get("/healthz", headers=given).headers["X-Request-ID"] == "proxy-0123456789"
    for bad in ("short", "a" * 65, "has space in it", "đường-dẫn-lạ"):
        answer = nobody.get("/healthz", headers={"X-Request-ID": bad.encode().decode("latin-1")})
        assert len(answer.headers["X-Request-ID"]) == 16


def test_what_a_request_logs_has_its_number(
    app: Flask, people: dict[str, int], visitor: NewVisitor, lines: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    an = visitor("an")

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("crmadmin.core.listing.page", broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = an.get("/admin/customers/")
    number = answer.headers["X-Request-ID"]
    (line,) = [x for x in lines() if x["event"] == "unhandled error"]
    assert line["request_id"] == number
    assert number in answer.text, "so that whoever sees the page can name it"
