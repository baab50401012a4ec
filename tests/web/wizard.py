"""The wizard of imports as a visitor walks it: files, uploads, and where each step is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select

from crmadmin.core.db import db
from crmadmin.imports.models import ImportBatch

DATA = Path(__file__).parents[2] / "samples"
SOURCES = "/admin/imports/new/customer-sources"
CUSTOMERS = "/admin/imports/new/customers-contacts"


def workbook(*rows: tuple[Any, ...], sheets: dict[str, list[tuple[Any, ...]]] | None = None) -> Any:
    """A workbook with these rows, and further sheets behind the first."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in (sheets or {}).items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def upload(
    browser: Any,
    path: str,
    file: Any,
    name: str = "tep.xlsx",
    *,
    page: str | None = None,
    **form: str,
) -> Any:
    """What answers an upload from `page`, which is at the same address if none is given."""
    given = {"file": (file, name), **form}
    return browser.post(path, given, page=page, content_type="multipart/form-data")


def begun(browser: Any, path: str, file: Any, name: str = "tep.xlsx", **form: str) -> str:
    """Upload, and the address of the import that begins with it, without a slash at its end."""
    answer = upload(browser, path, file, name, **form)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.headers["Location"]).rstrip("/")


def act(browser: Any, where: str, doing: str, page: str = "preview", **form: Any) -> Any:
    """Press a button of an import: `doing` is the last part of its address."""
    return browser.post(f"{where}/{doing}", form, page=f"{where}/{page}")


def run(browser: Any, where: str, **form: str) -> Any:
    """Press the button that writes."""
    return act(browser, where, "run", **form)


def leads(browser: Any, where: str) -> str:
    """The step to which an import leads: the last part of its address."""
    answer = browser.get(f"{where}/")
    assert answer.status_code == 302, answer.status_code
    return str(answer.headers["Location"]).rsplit("/", 1)[-1]


def count(app: Flask, model: type[Any], *where: Any) -> int:
    """How many records there are."""
    with app.app_context():
        number = db.session.scalar(select(func.count()).select_from(model).where(*where))
        db.session.remove()
    return int(number or 0)


def of(app: Flask, where: str) -> ImportBatch:
    """The import at an address, as it stands."""
    with app.app_context():
        batch = db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1]))
        db.session.expunge_all()
        db.session.remove()
    return batch
