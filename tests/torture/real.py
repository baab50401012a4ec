"""A real import that a broken-off worker could get wrong in every way, and all that it leaves.

New customers with and without a code, old ones that are overwritten, codes that come twice with a
second contact, a code that an automatic number took before, catalog values to be made, invalid and
blank rows, and a group to be filled.
"""

from __future__ import annotations

import io
import random
from functools import cache
from typing import Any

import factories
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from crmadmin.catalogs.models import Industry
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports import services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportChange, ImportRow
from crmadmin.imports.records import Rules
from crmadmin.jobs import services as jobs

HEADER = (
    "Mã khách hàng", "Tên khách hàng", "Điện thoại", "Email", "Lĩnh vực", "Ghi chú",
    "Người liên hệ", "Điện thoại liên hệ",
)  # fmt: skip
RULES = {"on_duplicate": "overwrite", "unknown": "create", "blank": "keep"}
OLD = 1500
"""Customers that are there before."""


@cache
def workbook(rows: int) -> bytes:
    """The same workbook every time."""
    chance = random.Random(20_000)  # noqa: S311 - the same rows every time
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Khách hàng")
    sheet.append(HEADER)
    for n in range(1, rows + 1):
        sheet.append(_row(n, rows, chance))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(n: int, rows: int, chance: random.Random) -> tuple[Any, ...]:
    phone = f"09{n:08d}"
    name, code = f"Công ty {n}", f"TT{n:06d}"
    what = chance.random()
    if what < 0.3:
        code = ""  # an automatic one
    elif what < 0.4:
        code = f"CU{chance.randrange(OLD):06d}"
    elif what < 0.5:
        code = f"TT{chance.randrange(1, n + 1):06d}"  # maybe met before, then its second contact
    elif what < 0.52:
        code = f"KH{chance.randrange(1, rows):06d}"  # as the automatic ones look
    elif what < 0.54:
        phone = "không có"
    elif what < 0.55:
        return ()
    industry = f"Lĩnh vực {chance.randrange(60)}"
    return (code, name, phone, f"a{n}@example.com", industry, f"dòng {n}", f"Người {n}", phone)


@cache
def unnumbered(rows: int) -> frozenset[str]:
    """The names in rows without a code, whose customers get automatic ones."""
    book = load_workbook(io.BytesIO(workbook(rows)), read_only=True)
    given = book.active.iter_rows(min_row=2, values_only=True)
    names = frozenset(row[1] for row in given if len(row) > 1 and not row[0])
    book.close()
    return names


def prepare(app: Flask, rows: int) -> int:
    """The uploaded import on a database that holds nothing else but old customers."""
    with app.app_context():
        an = factories.user("an")
        db.session.add_all(
            Customer(code=f"CU{n:06d}", name=f"Khách cũ {n}", owner_id=an.id, note="cũ")
            for n in range(OLD)
        )
        db.session.commit()
        batch = services.create_batch(
            io.BytesIO(workbook(rows)), "khach.xlsx", KINDS["customers-contacts"],
            Rules.from_mapping(RULES), an, group_name="Khách mời",
        )  # fmt: skip
        batch_id = int(batch.id)
        db.session.remove()
        return batch_id


def start(app: Flask, batch_id: int, *, preview: bool) -> int:
    """Ask for the preview or the run; gives the job."""
    with app.app_context():
        batch = db.session.get_one(ImportBatch, batch_id)
        job = services.start_preview(batch) if preview else services.start_run(batch)
        job_id = int(job.id)
        db.session.remove()
        return job_id


def left(app: Flask, batch_id: int, rows: int) -> dict[str, list[Any]]:
    """Everything that the import left, in words that are the same for equal imports.

    Which automatic codes the rows got may differ, but not that each has one of its own.
    """
    with app.app_context():
        customers = db.session.execute(select(Customer.id, Customer.code, Customer.name)).all()
        assert len({c.code for c in customers}) == len(customers)
        automatic = {c.id for c in customers if c.name in unnumbered(rows)}
        assert all(c.code.startswith("KH") for c in customers if c.id in automatic)
        called = {c.id: f"({c.name})" if c.id in automatic else c.code for c in customers}
        made = {
            "customers": select(
                Customer.id, Customer.name, Customer.phone, Customer.email, Customer.note,
                Customer.version, Industry.name,
            ).outerjoin(Industry, Industry.id == Customer.industry_id),
            "contacts": select(
                Contact.customer_id, Contact.name, Contact.phone, Contact.is_primary,
                Contact.import_id,
            ),
            "members": select(Membership.customer_id, CustomerGroup.name)
            .join(CustomerGroup, Membership.group_id == CustomerGroup.id),
            "ledger": select(
                ImportRow.record_id, ImportRow.number, ImportRow.state, ImportRow.key,
                ImportRow.contact, ImportRow.member, ImportRow.label, ImportRow.version,
                ImportRow.before, ImportRow.cells, ImportRow.problems, ImportRow.warnings,
            ).where(ImportRow.batch_id == batch_id),
        }  # fmt: skip
        found: dict[str, list[Any]] = {
            what: sorted(repr((called.get(id_), *rest)) for id_, *rest in db.session.execute(s))
            for what, s in made.items()
        }
        beside = {
            "industries": select(Industry.code, Industry.name).order_by(Industry.code),
            "changes": select(ImportChange.target, ImportChange.before)
            .order_by(ImportChange.target, ImportChange.id),
            "import": select(
                ImportBatch.status, ImportBatch.refusal, ImportBatch.counts, ImportBatch.columns,
            ),
        }  # fmt: skip
        found |= {what: [tuple(r) for r in db.session.execute(s)] for what, s in beside.items()}
        latest = jobs.latest("import.run", batch_id)
        found["job"] = [latest and (latest.state, latest.checkpoint, latest.done, latest.total)]
        db.session.remove()
        return found
