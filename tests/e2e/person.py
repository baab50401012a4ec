"""A person at the browser: finds things by the words on screen, and waits for what should appear.

Words are accessible names as the browser itself computes them, so what is found here is what a
screen reader says. There is no sleep outside `until`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from factories import PASSWORD
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    JavascriptException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from served import Site

PATIENCE = 20
"""Seconds until something that does not appear is missing."""

PRESSED = ("button", "link", "menuitem", "menuitemradio", "option", "radio", "checkbox", "tab")
EXPECTED = r"status of (403|404|409|422|503)|htmx:(afterRequest|sendAbort)"

TYPED = ("textbox", "searchbox", "combobox", "spinbutton", "Date")

Name = str | re.Pattern[str]
Found = TypeVar("Found")


def until(found: Callable[[], Found], what: str, seconds: float = PATIENCE) -> Found:
    """What `found` answers as soon as it is something; fails with `what` after a while."""
    end = time.monotonic() + seconds
    while True:
        try:
            answer = found()
        except (StaleElementReferenceException, JavascriptException):
            answer = None  # the page was being replaced
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not after {seconds:g} s")
        time.sleep(0.04)


class Person:
    """Somebody who uses the site, in the one browser of the test process."""

    def __init__(self, driver: webdriver.Chrome, site: Site) -> None:
        self.driver, self.site = driver, site

    # Coming in

    def sign_in(self, name: str) -> Person:
        """Come back with a session that was started before."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Network.setCookie", self.site.cookie(name))
        return self

    def log_in(self, name: str, password: str = PASSWORD) -> Person:
        """Come in by the log-in page."""
        self.open("/login")
        self.fill("Tên đăng nhập hoặc email", name)
        self.fill("Mật khẩu", password)
        return self.go("Đăng nhập", "button")

    def open(self, path: str) -> Person:
        """Open an address of the site."""
        self.driver.get(self.site.url + path)
        return self

    # Finding

    def found(self, name: Name, *roles: str, within: WebElement | None = None) -> list[WebElement]:
        """What is on the page now under this name and one of these roles, role by role."""
        return [self._element(n["backendDOMNodeId"]) for n in self._nodes(name, roles, within)]

    def names(self, *roles: str, within: WebElement | None = None) -> list[str]:
        """The names of everything of these roles, role by role in page order."""
        return [_value(n, "name") for n in self._nodes(re.compile(""), roles, within)]

    def find(
        self, name: Name, *roles: str, within: WebElement | None = None, at: int = 0
    ) -> WebElement:
        """The same, waited for; the first one unless `at` says which."""
        wanted = name if isinstance(name, str) else name.pattern
        what = f"{'/'.join(roles)} named “{wanted}” on {self.path}"
        return until(lambda: self.found(name, *roles, within=within)[at:], what)[0]

    def has(self, name: Name, *roles: str) -> bool:
        """Whether it is there at this moment."""
        return bool(self._nodes(name, roles, None))

    def is_gone(self, name: Name, *roles: str) -> None:
        """Wait until it is not there any more."""
        until(lambda: not self.has(name, *roles), f"“{name}” gone from {self.path}")

    def reads(self, words: str, within: str = "main") -> None:
        """Wait until the words are on the page; blanks of any kind are one."""
        until(lambda: words in self.text(within), f"the words “{words}” on {self.path}")

    def text(self, within: str = "main") -> str:
        """What can be read in a part of the page."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return " ".join(str(self.driver.execute_script(script, within)).split())

    def rows(self) -> list[str]:
        """The names of the rows of the list on the page."""
        rows = "[...document.querySelectorAll('main tr[data-id]')]"
        name = "row.dataset.name ?? row.querySelector('.name').innerText"
        return list(self.driver.execute_script(f"return {rows}.map(row => {name})"))

    @property
    def path(self) -> str:
        """Where the browser is, without the site's address."""
        return str(self.driver.current_url).removeprefix(self.site.url)

    @property
    def focused(self) -> str:
        """The name of what has the focus."""
        return str(self.driver.switch_to.active_element.accessible_name)

    # Doing

    def press(
        self, name: Name, *roles: str, within: WebElement | None = None, at: int = 0
    ) -> Person:
        """Click a button, link, menu item, tick or choice; the first one unless `at` says which."""
        kinds = roles or PRESSED

        def tried() -> bool:
            there = self.found(name, *kinds, within=within)
            try:
                if there:
                    there[at].click()
            except ElementClickInterceptedException:
                return False  # something is on its way out, or in
            return bool(there)

        wanted = name if isinstance(name, str) else name.pattern
        until(tried, f"{'/'.join(kinds)} named “{wanted}” to press on {self.path}")
        return self

    def go(
        self,
        name: Name,
        *roles: str,
        within: WebElement | None = None,
        at: int = 0,
        seconds: float = PATIENCE,
    ) -> Person:
        """Click what leads to another page, and wait for that page."""
        return self.leads(lambda: self.press(name, *roles, within=within, at=at), seconds)

    def leads(self, act: Callable[[], object], seconds: float = PATIENCE) -> Person:
        """Do something that brings another page, and wait for that page."""
        script = "return document.readyState === 'complete' && performance.timeOrigin"
        before = self.driver.execute_script(script)
        act()
        until(
            lambda: self.driver.execute_script(script) not in (False, before),
            f"another page after {self.path}",
            seconds,
        )
        return self

    def settle(self) -> Person:
        """Wait until nothing that the page asked for is on its way."""
        script = "return !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
        until(lambda: self.driver.execute_script(script), f"quiet on {self.path}")
        return self

    def fill(self, name: Name, value: str, *, within: WebElement | None = None) -> Person:
        """Type into a field instead of what is in it."""
        field = self.find(name, *TYPED, within=within)
        field.clear()
        field.send_keys(value)
        return self

    def choose(self, name: Name, value: str, *, within: WebElement | None = None) -> Person:
        """Choose an option of a select, a native one or one with a search box."""
        field = self.find(name, "combobox", within=within)
        if field.tag_name == "select":
            script = (
                "const o = [...arguments[0].options].find(o => o.text.trim() === arguments[1]);"
                "if (o) { arguments[0].value = o.value;"
                "arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
                "arguments[0].dispatchEvent(new Event('change', {bubbles: true})); } return !!o"
            )
            assert self.driver.execute_script(script, field, value), f"no option “{value}”"
            return self
        field.click()
        field.send_keys(value)
        self.press(re.compile(f"^{re.escape(value)}"), "option")
        return self

    def value(self, name: Name) -> str:
        """What is in a field, or the words of what is chosen in it."""
        field = self.find(name, *TYPED)
        script = """
            const field = arguments[0];
            if (field.matches('select')) return field.selectedOptions[0]?.text.trim() ?? '';
            const box = field.closest('.ts-wrapper');
            return box ? box.querySelector('.item')?.innerText ?? '' : field.value;
        """
        return str(self.driver.execute_script(script, field))

    def holds(self, name: Name, value: str) -> None:
        """Wait until a field has this value."""
        until(lambda: self.value(name) == value, f"“{value}” in “{name}” on {self.path}")

    def lists(self, names: set[str]) -> None:
        """Wait until the list on the page has these rows and no others."""
        until(lambda: set(self.rows()) == names, f"{sorted(names)} in the list on {self.path}")

    def download_to(self, folder: Path) -> Person:
        """Where files go from now on."""
        where = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Page.setDownloadBehavior", where)
        return self

    def downloaded(self, folder: Path, ending: str) -> Path:
        """The file that arrived there."""
        return until(lambda: next(folder.glob(f"*{ending}"), None), f"a {ending} file")

    def attach(self, name: Name, file: Path) -> Person:
        """Choose a file."""
        self.find(name, "button").send_keys(str(file))
        return self

    def keys(self, *keys: str, holding: str = "") -> Person:
        """Press keys where the focus is, one after another; `holding` one meanwhile."""
        chain = ActionChains(self.driver)
        if holding:
            chain.key_down(holding)
        for key in keys:
            chain.send_keys(key)
        if holding:
            chain.key_up(holding)
        chain.perform()
        return self

    def tab_to(self, name: Name, most: int = 60) -> Person:
        """Press Tab until the focus is there."""
        matches = _matcher(name)
        for _step in range(most):
            if matches(self.focused):
                return self
            self.keys(Keys.TAB)
        raise AssertionError(f"Tab does not reach “{name}” on {self.path}")

    # Under the page

    def complaints(self) -> list[str]:
        """What the browser's console said since the last time: errors and refused content.

        A page that answers 4xx on purpose (a form with problems) is not one of them, nor is what
        was still on its way when the page was left.
        """
        log = self.driver.get_log("browser")
        return [
            entry["message"]
            for entry in log
            if entry["level"] in ("SEVERE", "WARNING") and not re.search(EXPECTED, entry["message"])
        ]

    def _nodes(
        self, name: Name, roles: tuple[str, ...], within: WebElement | None
    ) -> list[dict[str, Any]]:
        try:
            found = self._query(roles, within)
        except WebDriverException as error:
            if "CDP" in str(error) or "node" in str(error).lower():
                return []  # the page was being replaced
            raise
        matches = _matcher(name)
        return [
            node
            for node in found
            if not node.get("ignored")
            and node.get("backendDOMNodeId")
            and matches(_value(node, "name"))
        ]

    def _query(self, roles: tuple[str, ...], within: WebElement | None) -> list[dict[str, Any]]:
        cdp = self.driver.execute_cdp_cmd
        if within is None:
            root = cdp("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
            where: dict[str, Any] = {"nodeId": root}
        else:
            mark = "window.__within = arguments[0]"
            self.driver.execute_script(mark, within)
            held = cdp("Runtime.evaluate", {"expression": "window.__within"})["result"]
            where = {"objectId": held["objectId"]}
        # Asked for a name the browser passes over file inputs, so names are compared here. One
        # question a role is quicker than one about the whole page.
        return [
            node
            for role in roles
            for node in cdp("Accessibility.queryAXTree", {**where, "role": role})["nodes"]
        ]

    def _element(self, backend_id: int) -> WebElement:
        cdp = self.driver.execute_cdp_cmd
        try:
            held = cdp("DOM.resolveNode", {"backendNodeId": backend_id})["object"]["objectId"]
        except WebDriverException as error:
            raise StaleElementReferenceException(str(error)) from error
        keep = "function() { window.__held = this.nodeType === 1 ? this : this.parentElement }"
        cdp("Runtime.callFunctionOn", {"objectId": held, "functionDeclaration": keep})
        element = self.driver.execute_script("return window.__held")
        if element is None:
            raise StaleElementReferenceException("the page was replaced")
        return element


def _value(node: dict[str, Any], key: str) -> str:
    return " ".join(str(node.get(key, {}).get("value", "")).split())


def _matcher(name: Name) -> Callable[[str], bool]:
    if isinstance(name, str):
        return lambda text: text == name
    return lambda text: bool(name.search(text))
