"""What the browser tests share: one browser a process, the served app, and a person in it.

A test runs on the first database of the run; one marked `databases.every_database` on all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import browser
import pytest
from databases import DATABASES
from flask import Flask
from person import Person
from selenium import webdriver
from served import Site, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is e2e; pytest hands over those of the others as well."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test says where the browser was and what could be read there."""
    report = yield
    person = getattr(item, "funcargs", {}).get("person")
    if report.failed and report.when == "call" and isinstance(person, Person):
        report.sections.append(("page", f"{person.path}\n{person.text('body')}"))
    return report


@pytest.fixture(params=DATABASES[:1])
def database(request: pytest.FixtureRequest) -> str:
    """The first database of the run, unless a test asks for more."""
    return str(request.param)


@pytest.fixture(scope="session")
def _driver() -> Iterator[webdriver.Chrome]:
    """The browser of this process. A system without one fails the test, with the way to get it."""
    try:
        driver = browser.start()
    except browser.NoBrowser as missing:
        pytest.fail(str(missing), pytrace=False)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def _serve() -> Iterator[Callable[[Flask], str]]:
    """Serves an app until the run ends; asked again for the same app, gives the same address."""
    with ExitStack() as stack:
        yield cache(lambda app: stack.enter_context(serving(app)))


@pytest.fixture
def site(app: Flask, _serve: Callable[[Flask], str]) -> Site:
    """The app on an empty database, served, with An, Mai, Sơn and Vy."""
    return Site(app, _serve(app))


@pytest.fixture
def person(_driver: webdriver.Chrome, site: Site) -> Iterator[Person]:
    """Nobody yet, at a browser as new; after the test its console must have been quiet."""
    browser.forget(_driver)
    somebody = Person(_driver, site)
    yield somebody
    assert not somebody.complaints()
