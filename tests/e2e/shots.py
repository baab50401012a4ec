"""Pictures of the main screens for the docs: `make shots` writes docs/screenshots.

The demo data is made anew in a folder that goes away afterwards. Each screen is drawn at desk,
tablet and phone width, light and dark: NAME-WIDTH.png and NAME-WIDTH-dark.png.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # started as a program, not by pytest

import browser  # noqa: E402 - after the path above
from pages import SAMPLES, Opened, menu, problems, sheet  # noqa: E402 - after the path above
from person import Person, until  # noqa: E402 - after the path above
from served import serving  # noqa: E402 - after the path above

import config  # noqa: E402 - after the path above
from app import create_app  # noqa: E402 - after the path above

SHOTS = ROOT / "docs" / "screenshots"
PASSWORD = "mưa rào trên phố"
WIDTHS = (1440, 820, 390)
THEMES = ("light", "dark")


def with_collaborator(person: Person) -> None:
    """The customer form with mistakes in it, and the dialog over it."""
    problems(person)
    sheet("", "Thêm cộng tác viên", "Thêm cộng tác viên")(person)


def untidy_columns(person: Person) -> None:
    """The columns of a workbook with mistakes, and its values that no list has."""
    person.attach("Chọn tệp", SAMPLES / "customers-untidy.xlsx")
    person.go("Nhập khẩu", "button")


def untidy_preview(person: Person) -> None:
    """What it comes to before anything is written."""
    untidy_columns(person)
    if person.path.endswith("/mapping"):
        person.go("Xem trước", "button")


SCREENS = (
    Opened("dashboard", "/admin/"),
    Opened("customers-list", "/admin/customers/"),
    Opened("customers-list-selection", "/admin/customers/", lambda p: tick(p, 3)),
    Opened("customer-form", "/admin/customers/new/", with_collaborator),
    Opened("customer-details", "/admin/customers/details/?id=7"),
    Opened("catalog-list", "/admin/catalogs/industry/"),
    Opened("catalog-list-menu", "/admin/catalogs/industry/", menu("^Tiện ích")),
    Opened("catalog-form", "/admin/catalogs/industry/new/"),
    Opened("import-wizard", "/admin/imports/new/customers-contacts?group=1"),
    Opened("import-mapping", "/admin/imports/new/customers-contacts", untidy_columns),
    Opened("import-preview", "/admin/imports/new/customers-contacts", untidy_preview),
    Opened("import-result", "/admin/imports/11/result"),
    Opened("import-undo", "/admin/imports/11/undo"),
    Opened("imports", "/admin/imports/"),
    Opened("groups", "/admin/groups/"),
    Opened("group-details", "/admin/groups/details/?id=1"),
    Opened("group-history", "/admin/groups/history/?id=1"),
    Opened("group-form", "/admin/groups/edit/?id=1"),
    Opened("users", "/admin/users/"),
    Opened("settings", "/admin/settings/"),
)


def tick(person: Person, many: int) -> None:
    """Choose the first rows of a list."""
    for name in person.rows()[:many]:
        person.press(f"Chọn {name}", "checkbox")


@contextmanager
def demo() -> Iterator[str]:
    """The address of a server with the demo data."""
    with tempfile.TemporaryDirectory() as folder:
        settings = config.Settings(
            database_url=f"sqlite:///{folder}/demo.db",
            secret_key="only-for-pictures-that-are-drawn-once",
            instance=Path(folder),
            demo_password=PASSWORD,
            queue="here",
        )
        app = create_app(settings)
        made = app.test_cli_runner().invoke(args=["crm", "demo"])
        if made.exit_code != 0:
            raise RuntimeError(made.output)
        with serving(app) as url:
            yield url


def draw(person: Person, name: str) -> None:
    """The page as it is now, in every width and theme."""
    for theme in THEMES:
        browser.set_system_theme(person.driver, theme)
        for width in WIDTHS:
            browser.set_screen(person.driver, width)
            person.settle()
            until(lambda: fonts_are_there(person), "the fonts")
            ending = "-dark" if theme == "dark" else ""
            person.driver.save_screenshot(str(SHOTS / f"{name}-{width}{ending}.png"))
    browser.set_system_theme(person.driver, "light")
    browser.set_screen(person.driver, 1440)


def fonts_are_there(person: Person) -> bool:
    """Whether text is drawn in its own letters."""
    return bool(person.driver.execute_script("return document.fonts.status === 'loaded'"))


def main(only: list[str]) -> None:
    """Draw every screen, or those that are named."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        url = stack.enter_context(demo())
        driver = browser.start()
        stack.callback(driver.quit)
        browser.forget(driver)
        person = Person(driver, SimpleNamespace(url=url))
        if not only or "login" in only:
            person.open("/login")
            draw(person, "login")
        person.log_in("an", PASSWORD)
        for screen in SCREENS:
            if not only or screen.name in only:
                person.open(screen.path)
                screen.act(person)
                draw(person, screen.name)


if __name__ == "__main__":
    main(sys.argv[1:])
