"""The floor: the least that an import of this file can cost with Python's drivers.

The fastest parse of the file, and an upsert of the customers that the import makes of it into the
product's own table, with its indexes and foreign keys, as the driver does it best. No checks, no
contacts, no group, no ledger, no before-images, one transaction.
"""

from __future__ import annotations

import gc
import pickle
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from python_calamine import CalamineWorkbook

from bench import child
from crmadmin.customers.models import Customer

KEPT = frozenset({"code_key", "created_at", "created_by_id"})
"""Columns of an existing customer that an upsert leaves alone."""
COLUMNS = tuple(c.name for c in Customer.__table__.columns if c.name != "id")
LISTED = ", ".join(COLUMNS)
SETS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in KEPT)
UPSERT = f"ON CONFLICT (code_key) DO UPDATE SET {SETS}"


def keep_rows(url: str, codes: int, rows: str) -> int:
    """Keep the customers as an import left them, as the driver gives and takes them."""
    found = f"SELECT {LISTED} FROM customer ORDER BY code_key"
    connection: Any
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        connection = psycopg.connect(url.replace("+psycopg", ""))
    kept = [tuple(row) for row in connection.execute(found).fetchall()]
    connection.close()
    if len(kept) != codes:
        raise AssertionError(f"{len(kept)} customers of a file with {codes}")
    Path(rows).write_bytes(pickle.dumps(kept))
    return len(kept)


def measure(url: str, path: str, rows: str) -> dict[str, float]:
    """Seconds of the parse and of the upsert in this process, and those that it worked."""
    customers = pickle.loads(Path(rows).read_bytes())  # noqa: S301 - written by keep_rows
    gc.collect()
    worked = child.seconds_worked()
    began = time.perf_counter()
    cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    parsed = time.perf_counter()
    if len(cells) <= len(customers):
        raise AssertionError(f"{len(cells)} rows read of {len(customers)}")
    del cells
    upsert = _sqlite if url.startswith("sqlite") else _postgresql
    # Opening the database is not part of it: the product has its connections, too.
    seconds = upsert(url, customers)
    return {
        "parse": parsed - began, "upsert": seconds, "worked": child.seconds_worked() - worked
    }  # fmt: skip


def _sqlite(url: str, customers: Sequence[tuple[Any, ...]]) -> float:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    marks = ", ".join("?" * len(COLUMNS))
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(f"INSERT INTO customer ({LISTED}) VALUES ({marks}) {UPSERT}", customers)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _postgresql(url: str, customers: Sequence[tuple[Any, ...]]) -> float:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE given ON COMMIT DROP AS"
                f" SELECT {LISTED} FROM customer WITH NO DATA"
            )
            with cursor.copy(f"COPY given ({LISTED}) FROM STDIN") as copy:
                for customer in customers:
                    copy.write_row(customer)
            cursor.execute(f"INSERT INTO customer ({LISTED}) SELECT {LISTED} FROM given {UPSERT}")
        connection.commit()
        return time.perf_counter() - began
