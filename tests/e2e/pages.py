"""Every kind of page of the product, with something on it: what the audits and pictures open."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import factories
from person import Person
from selenium.webdriver.common.keys import Keys
from served import Site
from sqlalchemy import select, text

from crmadmin.access import saved_views
from crmadmin.catalogs import models as catalogs
from crmadmin.core import acts
from crmadmin.core.db import db, utcnow
from crmadmin.customers import acts as customer_acts
from crmadmin.customers.models import Customer
from crmadmin.groups.models import Membership
from crmadmin.imports import services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import Rules
from crmadmin.imports.states import Status
from crmadmin.jobs.models import Job, JobState

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = ("Hoa Sen", "Cá Vàng", "Bánh Xe", "Sữa Non", "Gạch Đỏ", "Lúa Mới", "Trà Xanh")
HUES = ("blue", "green", "orange", "pink", "yellow", "red", "teal", "purple", "gray", "cyan")


class Opened(NamedTuple):
    """A page, or a state of it: its address, what is done there (nothing, mostly), and by whom."""

    name: str
    path: str
    act: Callable[[Person], object] = lambda _person: None
    who: str = "an"


def fill(site: Site, name: Callable[[str], str] = str) -> None:
    """Records of every kind, in every state that pages show. `name` may change every name."""
    with site.writing() as an:
        made = _catalogs(name)
        industries, tiers, helpers = made["Industry"], made["CustomerTier"], made["Collaborator"]
        for n in range(27):
            factories.customer(
                an,
                name(f"Công ty {NAMES[n % len(NAMES)]} {n}"),
                kind="person" if n % 5 == 0 else "organization",
                phone=f"+8491234{n:04d}",
                email=f"lien.he{n}@example.com",
                industry_id=industries[n % 4].id,
                tier_id=tiers[n % 3].id if n % 4 else None,
                status_id=made["CustomerStatus"][n % 4].id,
                sales_group_id=made["SalesGroup"][n % 4].id,
                source_id=made["CustomerSource"][n % 4].id,
                collaborator_id=helpers[0].id,
                do_not_contact=n % 20 == 0,
                note=name("Gặp ở hội chợ"),
                address=name("12 Lý Thường Kiệt"),
            )
        first = factories.customer(an, name("Công ty Cổ phần Xây dựng và Thương mại Hồng Hà"))
        factories.contact(first, name("Vũ Hồng Nhung"), title=name("Kế toán trưởng"))
        saved_views.save(an.id, "customer", name("Cần gọi trong tháng 11")[:60], "industry=2")
        saved_views.save(an.id, "customer", name("Khách hàng lớn")[:60], "status=2&sort=name")
        some = acts.plan(
            customer_acts.SET,
            Customer,
            [Customer.id < 4],
            {"field": "Phân cấp", "value": name("Vàng")},
        )
        factories.set_value(some, "tier_id", tiers[1].id)
        group = factories.group(name("Khách mời hội thảo"), name("Hà Nội, tháng 12"))
        factories.group(name("Sinh nhật quý IV"), name("Gửi thiệp"))
        db.session.add_all(
            Membership(group_id=group.id, customer_id=n) for n in range(first.id - 25, first.id + 1)
        )
        for carry_out in (services.run, services.preview) * 2 + (_undone,):
            with (SAMPLES / "customers-untidy.xlsx").open("rb") as stream:
                kind, rules = KINDS["customers-contacts"], Rules.from_mapping({})
                carry_out(services.create_batch(stream, "khách mới.xlsx", kind, rules, an))
        _at_work(3, Status.RUNNING, JobState.RUNNING)
        _at_work(4, Status.PAUSED, JobState.FAILED, error="Máy chủ hết chỗ.")
        name_of = io.BytesIO("Sổ tay\r\nTrang 1\r\n".encode())
        services.start_preview(
            services.create_batch(name_of, "không tiêu đề.csv", KINDS["customers"], Rules(), an)
        )
        with (SAMPLES / "customers-untidy.xlsx").open("rb") as stream:
            kind = KINDS["customers-contacts"]
            lost = services.create_batch(stream, "đọc không được.xlsx", kind, Rules(), an)
        services.preview(lost)
        db.session.flush()
        garbage = text("UPDATE import_batch SET mapping = :garbage WHERE id = :id")
        db.session.execute(garbage, {"garbage": '["no", "mapping"]', "id": lost.id})


def _undone(batch: ImportBatch) -> None:
    """Carry an import out and take it back."""
    services.run(batch)
    services.undo(batch)


def _at_work(number: int, status: Status, state: JobState, **job: object) -> None:
    """Put an import and its job where they are while a worker is at it."""
    db.session.get_one(ImportBatch, number).status = status.value
    found = db.session.scalars(select(Job).where(Job.subject_id == number).order_by(Job.id.desc()))
    last = found.first()
    assert last is not None
    values = {
        "task": "import.run", "state": state.value, "done": 30, "total": 60,
        "lease_until": utcnow() + timedelta(hours=1), "finished_at": None,
        "progress": {
            "phase": "write", "rows": {"total": 30, "created": 28, "invalid": 2},
            "recent": [{"row": 17, "code": "bad_phone", "column": "phone", "value": "12"}],
        },
    }  # fmt: skip
    for name, value in (values | job).items():
        setattr(last, name, value)


def _catalogs(name: Callable[[str], str]) -> dict[str, list[object]]:
    made: dict[str, list[object]] = {}
    for model in catalogs.all_catalogs():
        label = str(model.__record__.label)
        made[model.__name__] = [
            factories.catalog(
                model,
                name(f"{label} {n}"),
                color=HUES[n % len(HUES)],
                position=n,
                is_default=n == 1,
                is_active=n != 5,
                description=name("Mô tả"),
            )
            for n in range(1, 7)
        ]
    return made


def sheet(name: str, opener: str, title: str) -> Callable[[Person], object]:
    """Open a dialog over the page."""

    def act(person: Person) -> None:
        if name:
            person.press(re.compile(name), "checkbox", at=1)
        person.press(opener, "button", "link")
        person.find(title, "dialog")
        person.settle()

    return act


def choices(name: str) -> Callable[[Person], object]:
    """Open a filter."""

    def act(person: Person) -> None:
        person.press("Thêm bộ lọc", "button")
        person.press(name, "menuitem")
        person.find(name, "dialog")
        person.find("Áp dụng", "button")
        person.settle()

    return act


def quickly(words: str) -> Callable[[Person], object]:
    """Open the box of Ctrl K and type."""

    def act(person: Person) -> None:
        person.press(re.compile("Ctrl K"), "button")
        person.find("Tìm khách hàng, nhóm, lệnh", "combobox")
        if words:
            person.keys(words)
        person.find(re.compile("hoa|Tổng quan", re.IGNORECASE), "option")
        person.settle()

    return act


def menu(button: str, at: int = 0) -> Callable[[Person], object]:
    """Open a menu."""
    return lambda person: person.press(re.compile(button), "button", at=at)


def problems(person: Person) -> None:
    """Send a form with mistakes in it."""
    person.fill("Điện thoại", "12").fill("Ngày sinh / thành lập", "31/02/2020")
    person.go("Lưu", "button")


def stale(person: Person) -> None:
    """Save what someone else has saved meanwhile."""
    script = "document.querySelector('#record-form [name=version]').value = '999'"
    person.driver.execute_script(script)
    person.fill("Tên khách hàng", "Công ty Hoa Sen 3")
    person.go("Lưu", "button")


def replaced(field: str, value: str) -> Callable[[Person], object]:
    """Save a form of which a hidden field says something else than the page made it say."""

    def act(person: Person) -> None:
        script = "document.querySelector(`main form [name=${arguments[0]}]`).value = arguments[1]"
        person.driver.execute_script(script, field, value)
        person.go(re.compile("^(Lưu|Cập nhật)$"), "button")
        person.complaints()  # that it was refused is what is wanted

    return act


def duplicates(person: Person) -> None:
    """Type a phone number that somebody has."""
    person.fill("Tên khách hàng", "Hoa Sen").fill("Điện thoại", "0912 340 003").keys(Keys.TAB)
    person.reads("Trùng", within="#duplicates")


def chosen_value(person: Person) -> None:
    """The dialog that sets a value, with the old values and the new one."""
    sheet("^Chọn ", "Gán danh mục", "Gán danh mục")(person)
    for at in range(2):
        script = """
            const select = document.querySelectorAll('#sheet select')[arguments[0]];
            select.selectedIndex = Math.min(2, select.options.length - 1);
            select.dispatchEvent(new Event('change', {bubbles: true}));
        """
        person.driver.execute_script(script, at)
        person.settle()


def wrong_password(person: Person) -> None:
    """Change one's password without the present one, to an easy one."""
    for field in person.driver.find_elements("css selector", "input[type=password]"):
        field.send_keys("12345678")
    person.go("Đổi mật khẩu", "button")


def refused_file(person: Person) -> None:
    """Upload what is no workbook."""
    person.attach("Chọn file", Path(__file__))
    person.go("Bắt đầu tải file", "button")


def left_out(person: Person) -> None:
    """Leave the first bad row out, or take it back where that was done before."""
    person.press(re.compile("^(Để lại|Lấy lại) dòng này"), "button").settle()


CUSTOMERS, INDUSTRY = "/admin/customers/", "/admin/catalogs/industry/"
FEW = f"{CUSTOMERS}?q=hoa+sen"
MEMBERS, MOVE = "/admin/groups/details/?id=1", "Chuyển sang nhóm khác"
INTO_GROUP = "Thêm vào nhóm khách hàng"

PAGES = (
    Opened("overview", "/admin/"),
    Opened("customers", f"{CUSTOMERS}?per_page=25"),
    Opened("customers, filtered", f"{CUSTOMERS}?industry=1&q=hoa"),
    Opened("customers, nothing found", f"{CUSTOMERS}?q=khong+co"),
    Opened("customers, filter menu", FEW, menu("^Thêm bộ lọc")),
    Opened("customers, choices of a filter", FEW, choices("Lĩnh vực")),
    Opened("customers, choices looked up", FEW, choices("Cộng tác viên")),
    Opened("customers, filter page", f"{CUSTOMERS}filter/province/?q=hoa"),
    Opened("customers, save a view", FEW, sheet("", "Lưu bộ lọc", "Lưu bộ lọc")),
    Opened("customers, save a view page", f"{CUSTOMERS}views/new/?q=hoa"),
    Opened("customers, view", f"{CUSTOMERS}?industry=2"),
    Opened("customers, saved views", FEW, sheet("", "Sửa bộ lọc đã lưu", "Bộ lọc đã lưu")),
    Opened("customers, saved views page", f"{CUSTOMERS}views/"),
    Opened("customers, set a value", FEW, sheet("^Chọn ", "Gán danh mục", "Gán danh mục")),
    Opened("customers, change owner", FEW, sheet("^Chọn ", "Đổi chủ sở hữu", "Đổi chủ sở hữu")),
    Opened("customers, delete", FEW, sheet("^Chọn ", "Xóa", "Xóa khách hàng")),
    Opened("customers, columns", FEW, sheet("", "Cột", "Cột")),
    Opened("customers, columns page", f"{CUSTOMERS}columns/"),
    Opened("acts on many", "/admin/acts/"),
    Opened("act on many", "/admin/acts/1/"),
    Opened("customer, new", f"{CUSTOMERS}new/"),
    Opened("customer, problems", f"{CUSTOMERS}new/", problems),
    Opened(
        "customer, collaborator",
        f"{CUSTOMERS}new/",
        sheet("", "Thêm cộng tác viên", "Thêm cộng tác viên"),
    ),
    Opened("customer, edit", f"{CUSTOMERS}edit/?id=28"),
    Opened("customer, changed meanwhile", f"{CUSTOMERS}edit/?id=3", stale),
    Opened("customer, gone", f"{CUSTOMERS}edit/?id=3", replaced("_mark", "customer.3.gone")),
    Opened("customer, form too old", f"{CUSTOMERS}edit/?id=3", replaced("csrf_token", "old")),
    Opened("customer, duplicates", f"{CUSTOMERS}new/", duplicates),
    Opened("customers, value chosen", FEW, chosen_value),
    Opened("customer, details", f"{CUSTOMERS}details/?id=28"),
    Opened("customer, delete page", f"{CUSTOMERS}delete/?id=28"),
    Opened("catalog", INDUSTRY),
    Opened("catalog, menu of a record", INDUSTRY, menu("^Việc với", 0)),
    Opened("catalog, acts of a record", f"{INDUSTRY}acts/?id=1"),
    Opened("catalog, utilities", INDUSTRY, menu("^Tiện ích")),
    Opened("catalog, new", f"{INDUSTRY}new/"),
    Opened("catalog, edit", f"{INDUSTRY}edit/?id=1"),
    Opened("catalog, merge", f"{INDUSTRY}merge/?id=1"),
    Opened("catalog, delete in use", f"{INDUSTRY}delete/?id=1"),
    Opened("catalog, delete", f"{INDUSTRY}delete/?id=6"),
    Opened("collaborators", "/admin/catalogs/collaborator/"),
    Opened("collaborator, new", "/admin/catalogs/collaborator/new/"),
    Opened("groups", "/admin/groups/"),
    Opened("group, new", "/admin/groups/new/"),
    Opened("group, edit", "/admin/groups/edit/?id=1"),
    Opened("group, details", "/admin/groups/details/?id=1"),
    Opened("group, delete", "/admin/groups/delete/?id=1"),
    Opened("groups, filtered", "/admin/groups/?owner=1&follows=0"),
    Opened("groups, delete many", "/admin/groups/", sheet("^Chọn ", "Xóa", "Xóa nhóm khách hàng")),
    Opened("group, history", "/admin/groups/history/?id=1"),
    Opened("group, move members", MEMBERS, sheet("^Chọn ", MOVE, MOVE)),
    Opened("group, take members out", MEMBERS, sheet("^Chọn ", "Bỏ khỏi nhóm", "Bỏ khỏi nhóm")),
    Opened("group, export", MEMBERS, sheet("", "Xuất Excel", "Xuất thành viên")),
    Opened("group, export page", "/admin/groups/export-members/?id=1"),
    Opened("group, copy", "/admin/groups/clone/?id=1"),
    Opened("groups, combine", "/admin/groups/combine/?id=1&with=2"),
    Opened("customers, into a group", FEW, sheet("^Chọn ", "Thêm vào nhóm", INTO_GROUP)),
    Opened("imports", "/admin/imports/"),
    Opened("import, catalog", "/admin/imports/new/industries"),
    Opened("import, refused file", "/admin/imports/new/industries", refused_file),
    Opened("import, customers", "/admin/imports/new/customers-contacts"),
    Opened("import, into a group", "/admin/imports/new/customers-contacts?group=1"),
    Opened("import, result", "/admin/imports/1/result"),
    Opened("import, preview", "/admin/imports/2/preview"),
    Opened("import, preview of good rows", "/admin/imports/2/preview?only=created"),
    Opened("import, columns", "/admin/imports/2/mapping"),
    Opened("import, settings", "/admin/imports/2/settings"),
    Opened("import, row left out", "/admin/imports/2/preview", left_out),
    Opened("import, undo", "/admin/imports/1/undo"),
    Opened("import, undone", "/admin/imports/5/result"),
    Opened("import, running", "/admin/imports/3/progress"),
    Opened("import, broken off", "/admin/imports/4/progress"),
    Opened("import, no header", "/admin/imports/6/mapping"),
    Opened("imports in one state", "/admin/imports/?status=done"),
    Opened("import, unreadable", "/admin/imports/7/preview"),
    Opened("bell", "/admin/", menu("^Thông báo")),
    Opened("users", "/admin/users/"),
    Opened("user, new", "/admin/users/new/"),
    Opened("user, edit", "/admin/users/edit/?id=2"),
    Opened("settings", "/admin/settings/"),
    Opened("profile", "/profile"),
    Opened("account menu", "/admin/", menu("^Trần Văn An")),
    Opened("quick search", "/admin/", quickly("")),
    Opened("quick search, found", "/admin/", quickly("hoa")),
    Opened("search page", "/admin/search/?q=hoa"),
    Opened("search page, everything", "/admin/search/"),
    Opened("profile, wrong password", "/profile", wrong_password),
    Opened("customer, to add for sales", f"{CUSTOMERS}new/", who="son"),
    Opened("customers of sales", CUSTOMERS, who="son"),
    Opened("groups for sales", "/admin/groups/details/?id=1", who="son"),
    Opened("group, history for sales", "/admin/groups/history/?id=1", who="son"),
    Opened("acts of marketing", "/admin/acts/", who="mai"),
    Opened("imports of marketing", "/admin/imports/", who="mai"),
    Opened("customers, masked", CUSTOMERS, who="vy"),
    Opened("customer, masked", f"{CUSTOMERS}details/?id=28", who="vy"),
    Opened("group, masked", "/admin/groups/details/?id=1", who="vy"),
    Opened("not allowed", "/admin/users/", who="vy"),
    Opened("not there", "/admin/customers/details/?id=4040"),
)
