"""Acts on very many customers, as a worker does them: seconds, the longest block, memory.

    .venv/bin/python -m bench.acts sqlite:///copy.db folder 100000

The database is one of `crm seed` (or a copy: it is written, and taken back). The longest block is
how long a form waits at most, for on SQLite it is how long the lock is held.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from bench import child, product
from crmadmin.access.models import User
from crmadmin.catalogs.models import CustomerStatus
from crmadmin.core import acts, many
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import acting_as, db
from crmadmin.core.engine import long_work
from crmadmin.customers import acts as customers
from crmadmin.customers.models import Customer


def measure(url: str, folder: str, rows: int) -> dict[str, Any]:
    """Plan, carry out and take back each long act on so many customers."""
    app = product.make_app(url, folder)
    with app.app_context():
        long_work.set(True)
        user_id = db.session.scalar(select(func.min(User.id)))
        status = db.session.scalar(select(func.min(CustomerStatus.id)))
        db.session.commit()
        with acting_as(user_id):
            return {
                "set": _one(customers.SET, rows, ("status_id", status)),
                "delete": _one(customers.DELETE, rows, None),
            }


def _one(kind: str, rows: int, wanted: tuple[str, int | None] | None) -> dict[str, Any]:
    child.forget_peak()
    told: dict[str, Any] = {}

    def plan() -> BulkAct:
        last = select(Customer.id).order_by(Customer.id).limit(1).offset(rows)
        act = acts.plan(kind, Customer, [Customer.id < last.scalar_subquery()])
        if wanted is not None:
            customers.want(act, *wanted)
        db.session.commit()
        return act

    act = _timed(told, "plan", plan)
    for step in ("do", "undo"):
        many.begin(act)
        db.session.commit()
        told[step] = _walk(act)
    told.update(written=act.written, back=act.back, stayed=act.stayed, peak=round(child.peak()))
    return told


def _walk(act: BulkAct) -> dict[str, float]:
    """All blocks of an act: seconds by the clock and of this processor, and the longest block."""
    began, worked, longest = time.perf_counter(), time.process_time(), 0.0
    block = began
    for _rows in many.go_on(act):
        db.session.commit()
        longest = max(longest, time.perf_counter() - block)
        block = time.perf_counter()
    db.session.commit()
    longest = max(longest, time.perf_counter() - block)
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "worked": round(time.process_time() - worked, 2),
        "longest block": round(longest, 2),
    }


def _timed(told: dict[str, Any], name: str, step: Callable[[], BulkAct]) -> BulkAct:
    began, worked = time.perf_counter(), time.process_time()
    done = step()
    told[name] = {
        "seconds": round(time.perf_counter() - began, 2),
        "worked": round(time.process_time() - worked, 2),
    }
    return done


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3])), indent=1))
