"""/metrics: who may ask, what is counted, and that nothing of what people typed is in it."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from visitor import NewVisitor

import config
from crmadmin.core.db import db, utcnow
from crmadmin.jobs import work
from crmadmin.jobs.models import Job
from crmadmin.telemetry.metrics import figures

HERE = "127.0.0.1"
TOKEN = "a-token-of-the-scraper"
LINE = re.compile(r"^(crm_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def change_settings(app: Flask, **changes: Any) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], **changes)


def read(visitor: NewVisitor) -> dict[tuple[str, str], float]:
    """What /metrics says: (name, labels as written) → value."""
    answer = visitor(address=HERE).get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return {(name, labels): float(value) for name, labels, value in LINE.findall(answer.text)}


def test_without_a_token_only_this_machine_may_ask(app: Flask, visitor: NewVisitor) -> None:
    assert visitor(address="192.0.2.1").get("/metrics").status_code == 403
    assert visitor(address="::1").get("/metrics").status_code == 200
    assert visitor(address="").get("/metrics").status_code == 403
    assert visitor(address=HERE).get("/metrics").status_code == 200


def test_with_a_token_whoever_has_it_may_ask(app: Flask, visitor: NewVisitor) -> None:
    change_settings(app, metrics_token=TOKEN)
    assert visitor(address=HERE).get("/metrics").status_code == 403
    stranger = visitor(address="192.0.2.1")
    for wrong in ("Bearer nothing", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN} ", "Bearer ", "é"):
        answer = stranger.get("/metrics", headers={"Authorization": wrong})
        assert answer.status_code == 403, wrong
        assert "crm_" not in answer.text
    answer = stranger.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200


def test_a_request_is_counted_by_its_endpoint_and_nothing_that_was_typed(
    app: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    mai = visitor("mai")
    before = read(visitor)
    assert mai.get("/admin/customers/?search=0912345678").status_code == 200
    mai.get("/admin/khong-co/")
    mai.client.open("/admin/customers/", method="NONSENSE", base_url=mai.base_url)
    after = read(visitor)

    def more(name: str, labels: str) -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    listed = 'endpoint="customer.index_view",method="GET",status="2xx"'
    assert more("crm_request_seconds_count", listed) == 1
    assert more("crm_request_statements_count", 'endpoint="customer.index_view"') == 1
    assert 1 <= more("crm_request_statements_sum", 'endpoint="customer.index_view"') < 60
    nowhere = 'endpoint="none",method="GET",status="4xx"'
    assert more("crm_request_seconds_count", nowhere) == 1
    assert more("crm_request_seconds_count", nowhere.replace("GET", "other")) == 1
    text = visitor(address=HERE).get("/metrics").text
    assert "0912345678" not in text
    assert "NONSENSE" not in text
    assert "mai" not in re.sub(r"email|maintenance", "", text)


def test_the_work_in_progress_is_counted(
    app: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    now = utcnow()
    with app.app_context():
        db.session.add_all(
            [
                Job(task="import.run", subject_id=1, state="done", done=500, progress={}),
                Job(
                    task="import.run", subject_id=2, state="running", done=3000, progress={},
                    started_at=now - timedelta(seconds=10),
                ),
                Job(
                    task="import.preview", subject_id=3, state="queued", progress={},
                    created_at=now - timedelta(seconds=90),
                ),
                Job(task="import.preview", subject_id=4, state="queued", progress={}),
            ]
        )  # fmt: skip
        db.session.commit()
        db.session.remove()
    found = read(visitor)
    assert found["crm_import_rows_total", ""] == 3500
    assert 200 < found["crm_import_rows_per_second", ""] <= 300
    assert found["crm_jobs", 'state="running",task="import.run"'] == 1
    assert found["crm_jobs", 'state="queued",task="import.preview"'] == 2
    assert 90 <= found["crm_job_oldest_waiting_seconds", ""] < 120
    assert found["crm_database_up", ""] == 1


def test_rows_are_counted_of_the_tasks_that_say_that_they_write_rows(
    app: Flask, visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_TASKS", dict(work._TASKS))
    monkeypatch.setattr(work, "_WRITING_ROWS", set(work._WRITING_ROWS))
    assert work.writing_rows() == {"import.run"}
    work.task("letters.write", writes_rows=True)(lambda turn: None)
    work.task("letters.look")(lambda turn: None)
    with app.app_context():
        for task in ("letters.write", "letters.look", "import.run"):
            db.session.add(Job(task=task, subject_id=1, state="done", done=500, progress={}))
        db.session.commit()
        db.session.remove()
    assert read(visitor)["crm_import_rows_total", ""] == 1000


def test_connections_in_use_are_counted(app: Flask, visitor: NewVisitor) -> None:
    name = ("crm_pool_connections_in_use", "")
    before = read(visitor)[name]
    with app.app_context(), db.engine.connect(), db.engine.connect() as second:
        assert read(visitor)[name] == before + 2
        second.invalidate()
    assert read(visitor)[name] == before


def test_an_idle_installation_says_so(app: Flask, visitor: NewVisitor) -> None:
    found = read(visitor)
    assert found["crm_job_oldest_waiting_seconds", ""] == 0
    assert found["crm_import_rows_per_second", ""] == 0


def test_a_database_that_does_not_answer_is_a_figure_too(
    app: Flask, visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "execute", gone)
    monkeypatch.setattr(db.session, "scalar", gone)
    found = read(visitor)
    assert found["crm_database_up", ""] == 0
    assert ("crm_import_rows_total", "") not in found


def test_sqlite_s_writers_are_timed(
    app: Flask, people: dict[str, int], visitor: NewVisitor, database: str
) -> None:
    name = ("crm_writer_wait_seconds_count", 'by="request"')
    before = read(visitor).get(name, 0)
    visitor("mai")
    assert (read(visitor).get(name, 0) > before) == (database == "sqlite")


COUNT = """
from crmadmin.telemetry.metrics import figures
figures().requests.labels("x.y", "GET", "2xx").observe(0.2)
figures().connections.inc()
"""
READ = """
import os
from pathlib import Path
from flask import Flask
import config
from crmadmin.telemetry import metrics, metrics_page
metrics.figures().connections.inc()
folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
app = Flask("x")
app.config["SETTINGS"] = config.Settings("sqlite://", "k" * 32, metrics_folder=folder)
with app.app_context():
    print(metrics_page.generate_latest(metrics_page._counted()).decode())
"""


def test_whichever_process_is_asked_answers_for_all(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(program: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=config.ROOT,
            stdout=subprocess.PIPE, text=True, timeout=60, check=True,
        ).stdout  # fmt: skip

    run(COUNT)
    run(COUNT)
    text = run(READ)
    labels = 'endpoint="x.y",method="GET",status="2xx"'
    assert f"crm_request_seconds_count{{{labels}}} 2.0" in text
    assert "crm_pool_connections_in_use 1.0" in text, "a dead process has nothing in use"


def test_every_figure_is_documented() -> None:
    page = (config.ROOT / "docs" / "monitoring.md").read_text()
    source = "".join(
        (config.ROOT / "crmadmin" / path).read_text()
        for path in ("telemetry/metrics.py", "telemetry/metrics_page.py", "jobs/job_metrics.py")
    )
    names = set(re.findall(r'"(crm_\w+)"', source)) - {"crm_began"}
    assert len(names) > 8
    written = set(re.findall(r"`(crm_\w+?)(?:_total)?`", page))
    assert written == names
    assert figures()
