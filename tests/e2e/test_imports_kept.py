"""Imports that wait or are over, in the browser: what a page offers is given, what can no longer be
done is said before it is, and a page of one file never carries out another."""

from __future__ import annotations

import io
from pathlib import Path

import audit
import openpyxl
from databases import every_database
from person import Person, until
from served import Site
from sqlalchemy import select

from crmadmin.catalogs.models import Industry
from crmadmin.core import records
from crmadmin.core.db import db, utcnow
from crmadmin.imports import services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.records import Rules
from crmadmin.imports.states import Status


def begun(site: Site, kind: str, name: str, *rows: tuple[str, ...], **rules: str) -> int:
    """An import of a workbook with these rows, looked at and waiting for a word."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    with site.writing() as an:
        made = services.create_batch(
            io.BytesIO(out.getvalue()), name, KINDS[kind], Rules.from_mapping(rules), an
        )
        services.preview(made)
        return int(made.id)


def industries(site: Site) -> dict[str, str | None]:
    """Name → description of what is stored."""
    with site.app.app_context():
        found = dict(db.session.execute(select(Industry.name, Industry.description)).all())
        db.session.remove()
    return found


HEAD = ("Mã", "Tên", "Mô tả")


@every_database
def test_a_paused_import_gives_the_workbooks_that_it_offers(
    person: Person, site: Site, tmp_path: Path
) -> None:
    key = begun(site, "industries", "ngành.xlsx", HEAD, ("A", "Gỗ", "mới"), ("B", "", "x"))
    with site.writing():
        batch = db.session.get_one(ImportBatch, key)
        services.run(batch)
        batch.status = Status.PAUSED.value
    person.sign_in("an").download_to(tmp_path).open(f"/admin/imports/{key}/result")
    person.press("Tải sổ kết quả", "link")
    ledger = person.downloaded(tmp_path, ".xlsx")
    assert openpyxl.load_workbook(ledger).worksheets
    ledger.unlink()
    person.press("Tải các dòng lỗi", "link")
    errors = person.downloaded(tmp_path, ".xlsx")
    cells = [str(c.value) for row in openpyxl.load_workbook(errors).worksheets[0] for c in row]
    assert "B" in cells
    assert "Gỗ" not in cells
    assert audit.in_every_look(person) == []


@every_database
def test_undoing_says_which_old_values_are_lost_before_anything_is_taken_back(
    person: Person, site: Site
) -> None:
    with site.writing():
        records.create(Industry, {"code": "A", "name": "Gỗ", "description": "cũ"})
    key = begun(
        site, "industries", "ngành.xlsx", HEAD, ("A", "Gỗ", "mới"), ("C", "Giấy", "mới"),
        on_duplicate="overwrite",
    )  # fmt: skip
    with site.writing():
        services.run(db.session.get_one(ImportBatch, key))
        for row in db.session.scalars(select(ImportRow).where(ImportRow.before.is_not(None))):
            row.before = {**(row.before or {}), "slogan": "Bền"}  # a field of that time
    person.sign_in("an").open(f"/admin/imports/{key}/result").go("Hoàn tác", "link")
    person.reads("slogan")
    assert industries(site) == {"Gỗ": "mới", "Giấy": "mới"}
    assert audit.in_every_look(person) == []
    person.go("Hoàn tác, bỏ các giá trị này", "button")
    until(lambda: industries(site) == {"Gỗ": "cũ"}, "the import is taken back")
    person.open(f"/admin/imports/{key}/result").reads("slogan")


@every_database
def test_a_preview_of_one_file_never_carries_out_another(person: Person, site: Site) -> None:
    mine = begun(site, "industries", "của tôi.xlsx", HEAD, ("A", "Gỗ", "mới"))
    person.sign_in("an").open(f"/admin/imports/{mine}/preview")
    begun(site, "industries", "của người khác.xlsx", HEAD, ("B", "Gốm", "mới"))
    with site.writing():
        # The first one goes and the second has its number: so SQLite gave numbers out again, and
        # so does an older backup.
        old, new = db.session.scalars(select(ImportBatch).order_by(ImportBatch.id))
        old.file_name, old.file_path, old.created_at = new.file_name, new.file_path, utcnow()
        new.file_path = None
        db.session.flush()
        db.session.delete(new)
    person.go("Nhập dữ liệu", "button")
    person.find("Bản ghi này không còn nữa", "heading")
    assert industries(site) == {}
    with site.app.app_context():
        assert db.session.scalars(select(ImportBatch.status)).all() == [Status.PREVIEWED]
        db.session.remove()
