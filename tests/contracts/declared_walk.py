"""Run in a process of its own by test_declared_at_run_time: looks for the tutorials' new fields and
catalog on every screen, as an administrator would, and prints what it found as one JSON object.

    python declared_walk.py PROJECT DATABASE_URL {declared|edited} WORK_FOLDER
"""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Check = Callable[["Walk"], None]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """One promise; its name is the sentence."""
    CHECKS[function.__name__] = function
    return function


class Walk:
    """An administrator's browser on an app with the new declarations."""

    def __init__(self, url: str, mode: str, folder: Path) -> None:
        from tutorials import declare

        import config
        from crmadmin.catalogs import models as catalogs
        from crmadmin.customers import models as customers

        if mode == "declared":
            declare(catalogs, customers)
        from visitor import PASSWORD, Visitor  # knows the imports, whose kinds are made once

        import app as wiring

        settings = config.Settings(
            database_url=url, secret_key="k" * 40, instance=folder, queue="here", testing=True
        )
        self.app = wiring.create_app(settings)
        from crmadmin.access import services
        from crmadmin.core import migrating
        from crmadmin.core.db import db

        self.db = db
        self.catalogs, self.customers = catalogs, customers
        with self.app.app_context():
            if mode == "declared":
                db.create_all()
                with db.engine.begin() as connection:
                    migrating.put_back(connection)
            self.user_id = services.create_user("an", "admin", password=PASSWORD).id
            db.session.remove()
        self.browser = Visitor(self.app)
        if self.browser.sign_in("an").status_code != 303:
            raise AssertionError("the administrator cannot sign in")

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def add(self, path: str, **values: Any) -> None:
        """Fill in the form at `path` and save it."""
        answer = self.browser.post(f"{path}new/", values)
        wrong = re.findall(r'<p class="msg".*?<span>(.*?)</span>', answer.text)
        assert answer.status_code == 302, f"{path}: {answer.status_code} {wrong}"
        self.page(answer.location)  # takes the message that names the record off the next page

    def record(self, model: type[Any], name: str) -> Any:
        """The one record of this name, read afresh."""
        with self.app.app_context():
            self.db.session.remove()
            return self.db.session.scalars(self.db.select(model).where(model.name == name)).one()

    def template(self, kind: str) -> list[str]:
        """The headings of a kind's template workbook."""
        from openpyxl import load_workbook

        answer = self.browser.get(f"/admin/imports/template/{kind}")
        assert answer.status_code == 200, f"no template {kind}: {answer.status_code}"
        sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
        return [str(c.value).rstrip(" *") for c in sheet[1]]

    def import_rows(self, kind: str, rows: list[list[Any]], **options: str) -> None:
        """Upload a workbook with these rows, the first the headings, and carry it out."""
        from openpyxl import Workbook

        book, data = Workbook(), io.BytesIO()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(data)
        data.seek(0)
        upload = {"file": (data, "rows.xlsx"), **options}
        seen = self.browser.post(
            f"/admin/imports/new/{kind}", upload, content_type="multipart/form-data"
        )
        assert seen.status_code == 303, seen.text[-1500:]
        place = seen.location.rsplit("/", 1)[0]
        done = self.browser.post(f"{place}/run", page=f"{place}/preview")
        assert done.status_code == 303, done.text[-1500:]


INDUSTRIES = "/admin/catalogs/industry/"
REGIONS = "/admin/catalogs/region/"
CUSTOMERS = "/admin/customers/"


@check
def the_policy_and_the_database_know_everything(walk: Walk) -> None:
    from crmadmin.access import policy
    from crmadmin.core.db import missing_tables, storage_faults

    with walk.app.app_context():
        assert policy.unclassified(walk.app) == []
        assert missing_tables(walk.db) == []
        assert storage_faults(walk.db) == []


@check
def the_form_has_the_new_fields_and_saves_them(walk: Walk) -> None:
    form = walk.page(f"{INDUSTRIES}new/")
    assert 'name="slogan"' in form
    assert 'name="exports"' in form
    walk.add(INDUSTRIES, name="Dệt may", slogan="Đường kim   vững chắc", exports="1")
    kept = walk.record(walk.catalogs.Industry, "Dệt may")
    assert (kept.slogan, kept.exports) == ("Đường kim vững chắc", True)
    assert "Đường kim vững chắc" in walk.page(f"{INDUSTRIES}edit/?id={kept.id}")


@check
def the_list_has_a_column_of_the_listed_field(walk: Walk) -> None:
    walk.add(INDUSTRIES, name="Gốm sứ", slogan="Lửa và đất")
    page = walk.page(INDUSTRIES)
    assert "Slogan" in page
    assert "Lửa và đất" in page
    assert "sort=slogan" in page
    assert walk.browser.get(f"{INDUSTRIES}?sort=-slogan").status_code == 200


@check
def the_filter_finds_by_the_new_field(walk: Walk) -> None:
    walk.add(INDUSTRIES, name="Thủy sản", exports="1")
    walk.add(INDUSTRIES, name="Bảo hiểm")
    assert re.search('formaction="[^"]*exports', walk.page(INDUSTRIES))
    found = walk.page(f"{INDUSTRIES}?exports=1&per_page=100")
    assert "Thủy sản" in found
    assert "Bảo hiểm" not in found


@check
def the_search_finds_by_the_new_field(walk: Walk) -> None:
    walk.add(INDUSTRIES, name="Vận tải", slogan="Đi khắp nẻo đường")
    walk.add(INDUSTRIES, name="Luyện kim")
    found = walk.page(f"{INDUSTRIES}?q=khap+neo")
    assert "Vận tải" in found
    assert "Luyện kim" not in found


@check
def the_template_has_a_column_for_each_new_field(walk: Walk) -> None:
    assert {"Khẩu hiệu", "Xuất khẩu"} <= set(walk.template("industries"))


@check
def the_import_fills_the_new_fields(walk: Walk) -> None:
    walk.import_rows(
        "industries",
        [["Tên", "Khẩu hiệu", "Xuất khẩu"], ["Nông sản", "Từ ruộng ra thế giới", "Có"]],
    )
    made = walk.record(walk.catalogs.Industry, "Nông sản")
    assert (made.slogan, made.exports) == ("Từ ruộng ra thế giới", True)
    assert "tu ruong" in made.search_text
    walk.import_rows(
        "industries", [["Tên", "Mô tả"], ["Nông sản", "Lúa"]], on_duplicate="overwrite"
    )
    kept = walk.record(walk.catalogs.Industry, "Nông sản")
    assert kept.description == "Lúa"
    assert "tu ruong" in kept.search_text, "an overwrite forgot a field that the file lacks"


@check
def the_menu_and_the_tabs_show_the_new_catalog(walk: Walk) -> None:
    home = walk.page("/admin/")
    assert re.search(rf'href="{REGIONS}"[^>]*>\s*Regions', home)
    assert f'href="{REGIONS}"' in walk.page(INDUSTRIES).split("page-head", 1)[0]


@check
def the_new_catalog_numbers_its_records(walk: Walk) -> None:
    walk.add(REGIONS, name="Miền Bắc")
    assert walk.record(walk.catalogs.Region, "Miền Bắc").code.startswith("VUNG")
    assert "Miền Bắc" in walk.page(f"{REGIONS}?q=mien+bac")


@check
def the_new_catalog_is_imported(walk: Walk) -> None:
    assert "Tên" in walk.template("regions")
    assert "/admin/imports/new/regions" in walk.page(REGIONS)
    walk.import_rows("regions", [["Mã", "Tên"], ["MT", "Miền Trung"], [None, "Tây Nguyên"]])
    assert walk.record(walk.catalogs.Region, "Miền Trung").code == "MT"
    assert walk.record(walk.catalogs.Region, "Tây Nguyên").code.startswith("VUNG")


@check
def customers_are_filtered_by_the_new_catalog(walk: Walk) -> None:
    walk.add(REGIONS, name="Miền Nam", is_active="1")
    region = walk.record(walk.catalogs.Region, "Miền Nam")
    assert 'name="region"' in walk.page(f"{CUSTOMERS}new/")
    owner = str(walk.user_id)
    walk.add(
        CUSTOMERS, name="Công ty Sao Nam", region=str(region.id), owner=owner, kind="organization"
    )
    walk.add(CUSTOMERS, name="Công ty Vô Danh", owner=owner, kind="organization")
    assert re.search('formaction="[^"]*region', walk.page(CUSTOMERS))
    found = walk.page(f"{CUSTOMERS}?region={region.id}")
    assert "Công ty Sao Nam" in found
    assert "Công ty Vô Danh" not in found
    made = walk.record(walk.customers.Customer, "Công ty Sao Nam")
    assert "Miền Nam" in walk.page(f"{CUSTOMERS}details/?id={made.id}")
    assert f"region={region.id}" in walk.page(REGIONS), "the usage does not lead to its customers"


@check
def customers_that_are_saved_or_renamed_afterwards_are_found(walk: Walk) -> None:
    """The customer's table was made anew on SQLite: what notes changes must be there."""
    values = {"owner": str(walk.user_id), "kind": "organization"}
    walk.add(CUSTOMERS, name="Công ty Hừng Đông", **values)
    assert "Công ty Hừng Đông" in walk.page(f"{CUSTOMERS}?q=hung+dong")
    made = walk.record(walk.customers.Customer, "Công ty Hừng Đông")
    renamed = {**values, "name": "Công ty Rạng Ngời", "code": made.code, "version": made.version}
    answer = walk.browser.post(f"{CUSTOMERS}edit/?id={made.id}", renamed)
    assert answer.status_code == 302, answer.text[-1500:]
    walk.page(answer.location)
    assert "Công ty Rạng Ngời" in walk.page(f"{CUSTOMERS}?q=rang+ngoi")
    assert "Công ty Rạng Ngời" not in walk.page(f"{CUSTOMERS}?q=hung+dong")
    with walk.app.app_context(), walk.db.engine.connect() as connection:
        from crmadmin.core import migrating

        assert migrating.missing(connection) == []


@check
def customers_are_imported_with_the_new_catalog(walk: Walk) -> None:
    assert "Vùng miền" in walk.template("customers-contacts")
    rows = [["Mã KH", "Tên KH", "Vùng miền"], ["SB01", "Công ty Sông Bé", "Đông Nam Bộ"]]
    walk.import_rows("customers-contacts", rows, unknown="create")
    region = walk.record(walk.catalogs.Region, "Đông Nam Bộ")
    assert walk.record(walk.customers.Customer, "Công ty Sông Bé").region_id == region.id


@check
def a_record_in_use_is_refused_to_be_deleted_and_can_be_merged(walk: Walk) -> None:
    walk.add(REGIONS, name="Ven biển", is_active="1")
    region = walk.record(walk.catalogs.Region, "Ven biển")
    walk.add(
        CUSTOMERS, name="Công ty Sóng", region=str(region.id), owner=str(walk.user_id),
        kind="organization",
    )  # fmt: skip
    where = f"{REGIONS}delete/?id={region.id}"
    answer = walk.browser.post(where, {"version": str(region.version)})
    assert answer.status_code == 409
    assert walk.record(walk.catalogs.Region, "Ven biển").id == region.id
    assert walk.browser.get(f"{REGIONS}merge/?id={region.id}").status_code == 200


@check
def many_customers_get_the_new_value_at_once(walk: Walk) -> None:
    from sheets import Sheet

    walk.add(REGIONS, name="Hải đảo", is_active="1")
    region = walk.record(walk.catalogs.Region, "Hải đảo")
    names = ["Công ty Đảo Xa", "Công ty Đảo Gần"]
    for name in names:
        walk.add(CUSTOMERS, name=name, owner=str(walk.user_id), kind="organization")
    ticked = [str(walk.record(walk.customers.Customer, name).id) for name in names]
    sheet = Sheet(walk.browser, f"{CUSTOMERS}bulk/set/", {"ids": ticked}, CUSTOMERS)
    assert 'value="region"' in sheet.text
    answer = sheet.choose(field="region", value=str(region.id)).confirm()
    assert answer.status_code == 302, answer.text[-1500:]
    kept = {walk.record(walk.customers.Customer, name).region_id for name in names}
    assert kept == {region.id}


def main(project: str, url: str, mode: str, folder: str) -> None:
    sys.path[:0] = [project, str(HERE), str(HERE.parent), str(HERE.parent / "web")]
    walk = Walk(url, mode, Path(folder))
    found = {}
    for name, function in CHECKS.items():
        try:
            function(walk)
        except Exception:
            found[name] = traceback.format_exc()
        else:
            found[name] = ""
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
