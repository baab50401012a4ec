"""`make bench`: ratios measured side by side, on a database of its own; writes results.json.

Times are of this machine and this minute; only ratios are worth keeping. The whole import
(reading, checking, planning, ledger, membership) is compared with its floor: the fastest parse of
the same file plus a raw driver insert of the same rows.
"""

from __future__ import annotations

import json
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

import config
from app import create_app
from crmadmin.access import guard, services
from crmadmin.core.db import db, spec_of
from crmadmin.core.listing import ListState, page, search
from crmadmin.customers.models import Customer
from crmadmin.imports import services as imports
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.records import Rules

ROWS = 20_000
HEADINGS = ["Mã khách hàng", "Tên khách hàng", "Điện thoại", "Email", "Địa chỉ", "Ghi chú"]


def timed(act: Callable[[], Any]) -> float:
    """Seconds that a call took."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def workbook(path: Path, rows: int) -> None:
    """A tidy customer workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Khách hàng")
    sheet.append(HEADINGS)
    for n in range(rows):
        sheet.append([f"KH{n:07d}", f"Công ty TNHH Sao Việt {n}", f"09{n:08d}",
                      f"lienhe{n}@example.com", f"Số {n} đường Láng", None])  # fmt: skip
    book.save(path)


def floor(path: Path, folder: Path) -> float:
    """The fastest parse of the file and a raw insert of its rows."""

    def act() -> None:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[1:]
        connection = sqlite3.connect(folder / "floor.db")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE customer (id INTEGER PRIMARY KEY, code TEXT UNIQUE, name TEXT,"
            " phone TEXT, email TEXT, address TEXT, note TEXT)"
        )
        connection.executemany(
            "INSERT INTO customer (code, name, phone, email, address, note) VALUES (?,?,?,?,?,?)",
            rows,
        )
        connection.commit()
        connection.close()

    return timed(act)


def whole_import(path: Path) -> float:
    """The same file through the product, into a group."""
    admin = services.create_user("an", "admin")
    with guard.acting(admin), path.open("rb") as stream:
        batch = imports.create_batch(
            stream, path.name, KINDS["customers-contacts"], Rules.from_mapping({}), admin,
            group_name="Bench",
        )  # fmt: skip
        return timed(lambda: imports.run(batch))


def list_page(words: str, number: int) -> float:
    """One page of the customer list."""
    spec = spec_of(Customer)
    state = ListState(query=words, page=number)
    where = search(Customer, words, sees_sensitive=True)
    return min(timed(lambda: page(spec, state, where, spec.listed)) for _ in range(5))


def main() -> None:
    """Run everything and print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "customers.xlsx"
        workbook(path, ROWS)
        settings = config.Settings(
            database_url=f"sqlite:///{folder / 'bench.db'}", secret_key="b" * 40, instance=folder
        )
        app = create_app(settings)
        with app.app_context():
            db.create_all()
            lowest, whole = floor(path, folder), whole_import(path)
            results = {
                "machine": f"{platform.machine()}, Python {platform.python_version()}",
                "rows": ROWS,
                "import_seconds": round(whole, 2),
                "floor_seconds": round(lowest, 2),
                "floor_by_import": round(lowest / whole, 3),
                "first_page_ms": round(list_page("", 1) * 1000, 1),
                "last_page_ms": round(list_page("", 10_000) * 1000, 1),
                "search_ms": round(list_page("sao viet 199", 1) * 1000, 1),
            }
    (Path(__file__).parent / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    for key, value in results.items():
        print(f"{key:>18}  {value}")


if __name__ == "__main__":
    main()
