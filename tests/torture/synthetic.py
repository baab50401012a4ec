"""The app with a task that writes numbered rows in blocks, as an import does, and hides nothing: a
row that is written twice is there twice. `flask --app synthetic:create_app crm worker` works it.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import Column, Integer, MetaData, Table, insert

import app
import config
from crmadmin.core.db import db
from crmadmin.jobs.work import Lease, Stopped, task

TASK = "import.torture"
BLOCK = 100
PAUSE = 0.01
KEY = "a-key-that-is-only-used-by-tests-and-is-long"

WRITTEN = Table(
    "torture_row",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("job_id", Integer),
    Column("number", Integer),
)


def create_app() -> Flask:
    """The app of a worker process; its database and folder come from the environment."""
    folder = Path(os.environ["TORTURE_FOLDER"])
    url = os.environ["TORTURE_DATABASE"]
    port = int(os.environ.get("PORT", "8000"))
    queue = os.environ.get("TORTURE_QUEUE", "")
    settings = config.Settings(url, KEY, instance=folder, testing=True, port=port, queue=queue)
    made = app.create_app(settings)
    logging.getLogger("crmadmin.jobs").setLevel(logging.INFO)
    return made


@task(TASK)
def write_rows(lease: Lease) -> None:
    """Write rows 1 to `total`, going on from the checkpoint."""
    total = lease.total or 0
    while lease.checkpoint < total:
        last = min(lease.checkpoint + BLOCK, total)
        numbers = range(lease.checkpoint + 1, last + 1)
        rows = [{"job_id": lease.job_id, "number": n} for n in numbers]
        db.session.execute(insert(WRITTEN), rows[: BLOCK // 2])
        lease.mark(last, last, {"last": last})
        db.session.execute(insert(WRITTEN), rows[BLOCK // 2 :])
        db.session.commit()
        if lease.should_stop:
            raise Stopped
        time.sleep(PAUSE)
