"""The house of docs/deploy.md on PostgreSQL: two web processes, two workers, two imports at once,
people who edit meanwhile; then a web process and a worker are killed, and nothing is missing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import factories
import pytest
from browsing import Browser, Unanswered
from editors import Edits, editing
from factories import PASSWORD
from flask import Flask
from flask_migrate import upgrade
from machines import Machines, free_port
from sqlalchemy import func, select
from two_files import EMAILS, FILES, INDUSTRIES, OLD, PHONES, ROWS, File

from app import create_app
from crmadmin.access import services
from crmadmin.catalogs.models import Industry
from crmadmin.core import copy_database, search
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.jobs.models import Job

PEOPLE = (("an", "admin"), ("binh", "admin"), ("mai", "marketing"), ("son", "sales"))
EDITED = range(0, OLD, 15)
"""Those whose notes people write meanwhile."""
ENOUGH = 15
"""Edits of each kind that were answered; as many more as there is time for."""
NEW_IMPORT = "/admin/imports/new/customers-contacts"

pytestmark = pytest.mark.postgresql


@pytest.fixture
def crm(house: ModuleType, tmp_path: Path) -> Iterator[Flask]:
    """An installation on PostgreSQL with three people, old customers and a group."""
    if "postgresql" not in house.DATABASES:
        pytest.skip("CRM_TEST_DATABASES leaves PostgreSQL out")
    url = house.new_database("postgresql", tmp_path, "processes")
    app = create_app(house.make_settings(url, tmp_path, queue=""))
    with app.app_context():
        upgrade()
        for name, role in PEOPLE:
            services.create_user(name, role, password=PASSWORD, full_name=name.title())
        owner = services.create_user("lan", "sales", full_name="Lan")
        son = db.session.scalars(select(type(owner)).filter_by(username="son")).one()
        db.session.add_all(
            Customer(code=f"CU{n:04d}", name=f"Khách cũ {n}", owner_id=son.id, note="cũ")
            for n in range(OLD)
        )
        db.session.flush()
        factories.group("Nhóm cũ")
        db.session.commit()
        db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def machines(crm: Flask) -> Iterator[Machines]:
    settings = crm.config["SETTINGS"]
    made = Machines(settings.database_url, settings.secret_key, settings.instance)
    yield made
    made.close()


def read(app: Flask, statement: Any) -> list[Any]:
    """Rows as committed."""
    with app.app_context(), db.engine.connect() as connection:
        return list(connection.execute(statement).all())


def until(is_so: Callable[[], Any], seconds: float, what: str) -> Any:
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


def signed_in(ports: list[int], *names: str) -> dict[str, Browser]:
    browsers = {name: Browser(ports) for name in names}
    for name, browser in browsers.items():
        browser.sign_in(name, PASSWORD)
    return browsers


def upload(browser: Browser, file: File) -> str:
    """Begin an import; gives its address once the preview stands."""
    rules = {
        "kind": "customers-contacts", "on_duplicate": "overwrite", "contacts": "add",
        "blank": "keep", "unknown": "create", "group_name": file.group,
    }  # fmt: skip
    answer = browser.upload(NEW_IMPORT, file.workbook(), f"{file.mark}.xlsx", rules)
    assert answer.status == 303, answer.text[:1000]
    return answer.location.rstrip("/")


def previewed(browser: Browser, where: str) -> bool:
    return browser.get(f"{where}/").location.endswith("/preview")


def running(app: Flask) -> dict[int, Any]:
    """The imports that are being written, by their number."""
    asked = select(Job.__table__).where(Job.task == "import.run")
    return {job.subject_id: job for job in read(app, asked)}


def number_of(where: str) -> int:
    """The import at this address."""
    return int(where.rsplit("/", 1)[-1])


def ids_of(app: Flask) -> dict[str, int]:
    """The customers by their codes."""
    return dict(read(app, select(Customer.code, Customer.id)))


def edited(app: Flask) -> list[int]:
    """The customers whose notes Sơn writes."""
    ids = ids_of(app)
    return [ids[f"CU{n:04d}"] for n in EDITED]


def group_of(app: Flask) -> tuple[int, list[int]]:
    """The group that was there before, and the customers that Mai picks into it, in order."""
    ((key,),) = read(app, select(CustomerGroup.id).where(CustomerGroup.name == "Nhóm cũ"))
    ids = ids_of(app)
    return key, [ids[f"CU{n:04d}"] for n in range(400, OLD)]


def pid_of(job: Any) -> int:
    return int(job.worker.split(":")[-2])


def press(browser: Browser, where: str) -> None:
    """The button that writes. It answers when the import is done, or after a moment."""
    answer = browser.post(f"{where}/run", [], page=f"{where}/preview")
    assert answer.status == 303


@contextmanager
def importing(app: Flask, people: dict[str, Browser], where: dict[str, str]) -> Iterator[Any]:
    """Both imports are being written; gives the job of one that is in the middle."""

    def broken_off() -> Any:
        jobs = [job for job in running(app).values() if job.state == "running"]
        if len(jobs) < 2:
            return None
        # One thread a worker: each of them has one.
        assert pid_of(jobs[0]) != pid_of(jobs[1])
        return next((job for job in jobs if 0 < job.done < ROWS - 1), None)

    with ThreadPoolExecutor(2) as pool:
        pressed = [pool.submit(press, people[f.person], where[f.mark]) for f in FILES]
        yield until(broken_off, 30, "the imports are not written at the same time")
        for asked in pressed:
            with suppress(Unanswered):
                asked.result()


def test_nothing_is_lost_when_a_web_process_and_a_worker_are_killed(
    crm: Flask, machines: Machines
) -> None:
    ports = [free_port(), free_port()]
    webs = [machines.web(port) for port in ports]
    workers = [machines.worker(), machines.worker()]
    for port in ports:
        machines.ready(port)
    people = signed_in(ports, *dict(PEOPLE))
    where = {file.mark: upload(people[file.person], file) for file in FILES}
    for file in FILES:
        seen = partial(previewed, people[file.person], where[file.mark])
        until(seen, 40, f"no preview of {file.mark}")

    son = people["son"]
    with (
        editing((son, edited(crm)), (people["mai"], *group_of(crm))) as (notes, members),
        importing(crm, people, where) as broken_off,
    ):
        workers.remove(pid_of(broken_off))
        machines.kill(pid_of(broken_off))
        machines.kill(webs[0])
        before = len(son.asked)
        until(lambda: all(j.state == "done" for j in running(crm).values()), 60, "not done")
        until(lambda: all(e.statuses[302] >= ENOUGH for e in (notes, members)), 30, "no edits")

    assert {pid_of(job) for job in running(crm).values()} == set(workers)
    # People went on at the other web process, signed in as they were.
    assert set(son.asked[:before]) == set(ports)
    assert set(son.asked[before + 2 :]) == {ports[1]}
    assert "crm_import_rows_total" in Browser(ports[1:]).get("/metrics").text
    assert people["binh"].get(f"{where['PA']}/result", of=ports[1]).status == 200
    for edits in (notes, members):
        said = f"{edits.statuses}\n{machines.log.read_text()[-8000:]}"
        assert set(edits.statuses) <= {302, 409, "unanswered"}, said
        assert edits.statuses["unanswered"] <= 5, said
    check_ledger(crm, where)
    check_customers(crm, notes)
    check_group(crm, members)
    check_search(crm)
    assert [machines.end(pid) for pid in (webs[1], *workers)] == [0, 0]


def check_ledger(app: Flask, where: dict[str, str]) -> None:
    """Every row of both files has its fate, once, and the counts say the same."""
    for file in FILES:
        number = number_of(where[file.mark])
        mine = ImportRow.batch_id == number
        found = dict(read(app, select(ImportRow.state, func.count()).where(mine).group_by("state")))
        rows = list(file.rows())
        bad = sum(file.is_bad(n) for n in range(ROWS - 1))
        updated = sum(row[0].startswith("CU") for n, row in enumerate(rows) if not file.is_bad(n))
        made = ROWS - 1 - bad - updated
        assert found == {"created": made, "updated": updated, "invalid": bad}, file.mark
        of_it = select(ImportBatch.status, ImportBatch.counts).where(ImportBatch.id == number)
        ((status, counts),) = read(app, of_it)
        assert status == "done"
        told = counts["rows"]
        assert told["total"] == ROWS - 1
        assert {k: told[k] for k in found} == found
        distinct = select(func.count(ImportRow.number.distinct())).where(mine)
        assert read(app, distinct) == [(ROWS - 1,)]
        group = select(func.count()).select_from(Membership).join(CustomerGroup)
        assert read(app, group.where(CustomerGroup.name == file.group)) == [(made + updated,)]


def check_customers(app: Flask, notes: Edits) -> None:
    """Each valid row's values stand at its customer, each answered note too, and nothing else."""
    asked = select(
        Customer.id, Customer.code, Customer.name, Customer.phone, Customer.email, Customer.note,
        Industry.name.label("industry"),
    ).outerjoin(Industry, Customer.industry_id == Industry.id)  # fmt: skip
    by_name = {row.name: row for row in read(app, asked)}
    wanted: dict[str, dict[str, Any]] = {
        f"Khách cũ {n}": {"code": f"CU{n:04d}", "phone": None, "email": None} for n in range(OLD)
    }
    people: Counter[tuple[str, str]] = Counter()
    for file, column in ((PHONES, "phone"), (EMAILS, "email")):
        for n, (code, name, value, industry, person) in enumerate(file.rows()):
            if not name or file.is_bad(n):
                continue
            kept = f"+84{value[1:]}" if column == "phone" else value
            before = wanted.get(name, {"phone": None, "email": None})
            code = before.get("code") or code
            wanted[name] = {**before, "code": code, column: kept, "industry": industry}
            people[name, person] += 1
    assert set(by_name) == set(wanted)
    assert len({row.code for row in by_name.values()}) == len(by_name)
    for name, values in wanted.items():
        row = by_name[name]
        if not values["code"]:
            assert row.code.startswith("KH"), name
            values = {**values, "code": row.code}
        if name.startswith("Khách cũ") and values["phone"] and values["email"]:
            values = {**values, "industry": row.industry}  # whichever file came last
        assert {k: getattr(row, k) for k in values} == values, name
        allowed = notes.allow(row.id, "cũ" if name.startswith("Khách cũ") else None)
        assert row.note in allowed, (name, row.note, allowed)
    found = Counter(
        (name, person)
        for name, person in read(app, select(Customer.name, Contact.name).join(Contact.customer))
    )
    assert found == people
    industries = read(app, select(Industry.name))
    assert sorted(industries) == sorted((f"Lĩnh vực {n}",) for n in range(INDUSTRIES))


def check_group(app: Flask, members: Edits) -> None:
    """The text that was saved last, and with it everybody who had been picked until then."""
    key, picked = group_of(app)
    ((text,),) = read(app, select(CustomerGroup.description).where(CustomerGroup.id == key))
    assert text in members.allow("group", "")
    turn = int(text.split(",")[0].removeprefix("lần "))
    asked = select(Membership.customer_id).where(Membership.group_id == key)
    there = {id_ for (id_,) in read(app, asked)}
    assert there <= set(picked[: turn + 2])
    assert picked[turn] in there
    assert len(there) >= turn + 1 - members.statuses["unanswered"]


def check_search(app: Flask) -> None:
    """The index knows what the imports and the people wrote, or that it has to look again."""
    with app.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        for documents in search.declared():
            assert search.compare(connection, documents).is_right
