"""An import at work: its page, stopping and going on, the bell that tells the end, the list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from wizard import CUSTOMERS, SOURCES, act, begun, count, leads, of, run, workbook

from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import Customer
from crmadmin.imports import correct, services
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.views import progress
from crmadmin.jobs.models import Job, JobState

HTMX = {"HX-Request": "true"}


def at_work(
    app: Flask, where: str, status: str, state: str, task: str = "import.run", **values: Any
) -> None:
    """Put an import and its last job where a worker would have them."""
    with app.app_context():
        batch = db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1]))
        batch.status = status
        job = db.session.scalars(select(Job).order_by(Job.id.desc())).first()
        assert job is not None
        job.task, job.state, job.finished_at = task, state, None
        job.started_at = utcnow()
        job.seen_at, job.checkpoint, job.done, job.progress = None, 0, 0, {}
        for name, value in values.items():
            setattr(job, name, value)
        db.session.commit()
        db.session.remove()


@pytest.fixture
def where(people: Any, visitor: Any) -> str:
    """An import of Mai's with one row, at its preview."""
    return begun(visitor("mai"), CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))


RUNNING = {
    "done": 400, "total": 1000,
    "progress": {
        "phase": "write", "rows": {"total": 400, "created": 398, "invalid": 2},
        "recent": [{"row": 17, "code": "bad_phone", "column": "phone", "value": "12"}],
    },
}  # fmt: skip


def test_a_running_import_shows_how_far_it_is_and_what_came_out(
    app: Flask, visitor: Any, where: str
) -> None:
    at_work(app, where, "running", "running", **RUNNING)
    browser = visitor("mai")
    assert leads(browser, where) == "progress"
    page = browser.get(f"{where}/progress").text
    for words in ("40%", "400 / 1.000 dòng", "398", "Dừng", "Có thể đóng trang này", "Lỗi gần nhất",
                  "Ghi khách hàng và liên hệ", "Tốc độ", "Còn khoảng"):  # fmt: skip
        assert words in page, words
    assert 'hx-trigger="every 1s"' in page
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d"></noscript>', page)


def test_only_the_moving_parts_are_sent_each_second(app: Flask, visitor: Any, where: str) -> None:
    at_work(app, where, "running", "running", **RUNNING)
    answer = visitor("mai").get(f"{where}/progress", headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    for block in ("so-far", "stages", "pg-h"):
        assert re.search(rf'id="{block}"[^>]* hx-swap-oob="true"', answer.text), block
    assert 'data-percent="40"' in answer.text


@pytest.mark.parametrize(("status", "state"), [("done", "done"), ("paused", "stopped")])
def test_the_page_is_led_on_when_the_work_ends(
    app: Flask, visitor: Any, where: str, status: str, state: str
) -> None:
    at_work(app, where, status, state)
    answer = visitor("mai").get(f"{where}/progress", headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].rstrip("/") == where


def test_a_file_that_is_still_read_has_its_page_too(app: Flask, visitor: Any, where: str) -> None:
    at_work(app, where, "uploaded", "running", "import.preview", done=0, total=None)
    browser = visitor("mai")
    for step in ("preview", "mapping", "settings", "result"):
        assert browser.get(f"{where}/{step}").status_code == 302, step
    page = browser.get(f"{where}/progress").text
    assert "Đang đọc tệp" in page
    assert "Bỏ qua" in page


def test_a_stop_is_asked_for_and_the_rest_goes_on_later(
    app: Flask, visitor: Any, where: str
) -> None:
    at_work(app, where, "running", "queued")
    browser = visitor("mai")
    assert act(browser, where, "stop", page="progress").status_code == 303
    assert of(app, where).status == "paused"
    assert leads(browser, where) == "progress"
    page = browser.get(f"{where}/progress").text
    for words in ("Lần nhập đang dừng", "Tiếp tục", "Hoàn tác"):
        assert words in page, words
    assert 'http-equiv="refresh"' not in page
    act(browser, where, "resume", page="progress")
    assert of(app, where).status == "done"
    assert count(app, Customer) == 1


def test_a_run_that_was_given_up_can_go_on(app: Flask, visitor: Any, where: str) -> None:
    at_work(app, where, "running", "failed", error="Mất kết nối.", finished_at=utcnow())
    browser = visitor("mai")
    assert leads(browser, where) == "progress"
    page = browser.get(f"{where}/progress").text
    assert "Lần nhập không chạy tiếp được" in page
    assert "Tiếp tục" in page
    act(browser, where, "resume", page="progress")
    assert count(app, Customer) == 1


def test_a_failed_reading_can_be_tried_again(app: Flask, visitor: Any, where: str) -> None:
    at_work(app, where, "uploaded", "failed", "import.preview", error="Máy chủ hết chỗ.")
    browser = visitor("mai")
    assert leads(browser, where) == "progress"
    page = browser.get(f"{where}/progress").text
    assert "Máy chủ hết chỗ." in page
    assert "Thử lại" in page
    act(browser, where, "resume", page="progress")
    assert leads(browser, where) == "preview"


@pytest.mark.parametrize("button", ["stop", "resume"])
def test_a_button_that_comes_too_late_does_no_harm(
    app: Flask, visitor: Any, where: str, button: str
) -> None:
    browser = visitor("mai")
    run(browser, where)
    assert act(browser, where, button, page="result").status_code == 303
    assert of(app, where).status == "done"
    assert count(app, Customer) == 1


def test_nothing_can_be_decided_while_a_job_works(app: Flask, visitor: Any, where: str) -> None:
    browser = visitor("mai")
    carried = browser.carried(f"{where}/preview", where)
    at_work(app, where, "previewed", "running", "import.preview")
    for button in ("mapping", "sheet", "settings", "rows/2/fix"):
        form = {**carried, "cell-name": "x", "sheet": "Sheet"}
        answer = browser.raw_post(f"{where}/{button}", form)
        assert answer.status_code == 303, button
        assert answer.headers["Location"].rstrip("/") == where, button


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 giây"), (9.4, "9 giây"), (60, "1 phút"), (65, "1 phút 5 giây"),
     (3600, "1 giờ"), (3700, "1 giờ 1 phút"), (7322, "2 giờ 2 phút")],
)  # fmt: skip
def test_lengths_of_time_are_said_in_two_units(app: Flask, seconds: float, words: str) -> None:
    with app.test_request_context():
        assert progress.spell(seconds) == words


# The bell


def bell(browser: Any) -> str:
    page = browser.get("/admin/").text
    return page[page.index('id="bell"') :][:3000]


def test_what_ends_while_one_is_elsewhere_is_told_by_the_bell_until_it_was_seen(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    assert "data-news" not in bell(browser)
    run(browser, where)
    at_work(app, where, "done", JobState.DONE.value)
    told = bell(browser)
    assert "tep.xlsx" in told
    assert "1 dòng đã vào" in told
    assert f"{where}/" in told
    assert browser.get(f"{where}/result").status_code == 200
    assert "data-news" in bell(browser)
    assert browser.post("/admin/imports/seen", {}, page="/admin/").status_code == 303
    assert "data-news" not in bell(browser)


def test_the_news_of_one_import_is_seen_alone(app: Flask, visitor: Any, where: str) -> None:
    browser = visitor("mai")
    at_work(app, where, "done", "done")
    other = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Hai",)), "hai.xlsx")
    at_work(app, other, "done", "done")
    key = where.rsplit("/", 1)[-1]
    browser.post("/admin/imports/seen", {"import": key}, page="/admin/")
    told = bell(browser)
    assert "hai.xlsx" in told
    assert "tep.xlsx" not in told


def test_nobody_sees_or_marks_the_news_of_others(app: Flask, visitor: Any, where: str) -> None:
    at_work(app, where, "done", "done")
    an = visitor("an")
    assert "data-news" not in bell(an)
    an.post("/admin/imports/seen", {"import": where.rsplit("/", 1)[-1]}, page="/admin/")
    assert "data-news" in bell(visitor("mai"))


def test_who_imports_nothing_has_no_bell(people: Any, visitor: Any) -> None:
    for name in ("son", "vy"):
        browser = visitor(name)
        assert 'id="bell"' not in browser.get("/admin/").text
        assert browser.post("/admin/imports/seen", {}, page="/profile").status_code == 403


def test_a_failure_is_told_by_the_bell(app: Flask, visitor: Any, where: str) -> None:
    at_work(app, where, "paused", "failed", error="Mất kết nối.", finished_at=utcnow())
    assert "không chạy xong được" in bell(visitor("mai"))


# The list of all imports


def test_the_list_is_narrowed_by_state_in_its_address(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    done = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)), "xong.xlsx")
    run(browser, done)
    begun(browser, SOURCES, workbook(("Tên",), ("Hội chợ",)), "cho.xlsx")
    every = browser.get("/admin/imports/").text
    assert "xong.xlsx" in every
    assert "cho.xlsx" in every
    for words in ("Tất cả", "Xong", "Chờ xác nhận", "Nguồn khách hàng", "Trần Văn An"):
        assert words in every, words
    ended = browser.get("/admin/imports/?status=done").text
    assert "xong.xlsx" in ended
    assert "cho.xlsx" not in ended
    assert browser.get("/admin/imports/?status=running").status_code == 200
    for query in ("?status=nonsense", "?page=9999999999", "?status=done&page=x"):
        assert browser.get(f"/admin/imports/{query}").status_code == 200


@pytest.mark.parametrize(
    "status", ["uploaded", "unmapped", "running", "paused", "refused", "stopped", "undone"]
)
def test_the_list_has_words_for_every_state(
    app: Flask, visitor: Any, where: str, status: str
) -> None:
    at_work(app, where, status, "done")
    page = visitor("mai").get(f"/admin/imports/?status={status}")
    assert page.status_code == 200
    assert "tep.xlsx" in page.text


@pytest.mark.parametrize("small", [5000, 0])
def test_cells_that_are_mended_are_no_news_each(
    app: Flask, people: Any, visitor: Any, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(correct, "SMALL", small)
    rows = (("Mã KH", "Tên", "Email"), *((f"A{n % 2}", f"Tên {n}", "lan@") for n in range(6)))
    browser = visitor("mai")
    where = begun(browser, CUSTOMERS, workbook(*rows))
    for row in range(2, 7):
        act(browser, where, f"rows/{row}/fix", **{"cell-email": f"lan{row}@congty.vn"})
    page = browser.get("/admin/").text
    assert page.count("data-news=") <= (0 if small else 1)


def test_an_import_has_one_notice_whatever_was_done_with_it(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    with app.app_context():
        batch = db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1]))
        for _ in range(3):
            services.start_preview(batch)
        services.start_run(batch)
        db.session.remove()
    told = bell(browser)
    assert told.count("tep.xlsx") == 1
    assert "1 dòng đã vào" in told
