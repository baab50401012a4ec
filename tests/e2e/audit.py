"""What a machine can say of a page: accessibility rules, width, and whether payloads ran."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from browser import set_screen, set_system_theme
from person import Person, until

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
WIDTHS = (390, 820, 1366, 1440)
PHONE_AND_DESK = (390, 1440)
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that a theme can break; every other one says the same of both themes."""

RUN = """
    const [only, done] = arguments;
    axe.run(document, {runOnly: only, resultTypes: ['violations']}).then(
        (found) => done(found.violations.map((v) => [v.id, v.nodes.map((n) =>
            `${n.target.join(' ')}: ` +
            n.any.concat(n.all, n.none).map((c) => c.message).join('; '))])),
        (error) => done([['axe', [String(error)]]]));
"""


@cache
def axe_source() -> str:
    """The rules themselves, from tests/e2e/vendor/axe."""
    return (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")


def broken_rules(person: Person, *rules: str) -> list[str]:
    """The rules (all, unless some are named) that the page breaks, each with where."""
    has_axe = person.driver.execute_script("return Boolean(window.axe)")
    if not has_axe:
        # The browser's own interface runs it, so the page keeps its content policy.
        person.driver.execute_script(axe_source())
    only = list(rules) if rules else list(TAGS)
    found: list[tuple[str, list[Any]]] = person.driver.execute_async_script(RUN, only)
    return [f"{rule}: {place}" for rule, places in found for place in places[:3]]


def in_every_look(person: Person) -> list[str]:
    """The broken rules at desk and phone width, light and dark."""
    found = []
    for theme in ("light", "dark"):
        set_system_theme(person.driver, theme)
        until(lambda wanted=theme: drawn_in(person) == wanted, f"the {theme} theme")
        for width in PHONE_AND_DESK:
            set_screen(person.driver, width)
            rules = COLOURS if theme == "dark" else ()
            found += [f"{width} {theme} {broken}" for broken in broken_rules(person, *rules)]
    set_system_theme(person.driver, "light")
    set_screen(person.driver, 1440)
    return found


def drawn_in(person: Person) -> str:
    """The theme of the page."""
    return str(person.driver.execute_script("return document.documentElement.dataset.bsTheme"))


SIDEWAYS = """
    const page = document.scrollingElement;
    if (page.scrollWidth <= innerWidth) return '';
    return `${page.scrollWidth} ` + [...document.querySelectorAll('body *')].filter((e) =>
        e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((e) =>
        e.tagName + '.' + e.className).join(' ');
"""
OUT_OF_CELLS = """
    return [...document.querySelectorAll('td, tbody th')].filter((cell) =>
        getComputedStyle(cell).overflowX === 'visible' && cell.scrollWidth > cell.clientWidth + 1
    ).slice(0, 3).map((cell) => `${cell.className}: ${cell.innerText}`).join('; ');
"""


UNREADABLE = """
    if (innerWidth < 768) return '';
    return [...document.querySelectorAll('table.fixed thead th')].filter((head) =>
        head.innerText.trim() && head.offsetParent && head.offsetWidth < 40 &&
        !head.querySelector(':scope > .visually-hidden:only-child')
    ).slice(0, 3).map((head) => `${head.innerText}: ${head.offsetWidth} px wide`).join('; ');
"""


SAYS_NOTHING = """
    const rows = [...document.querySelectorAll('main tbody tr, dialog[open] tbody tr')];
    return rows.filter((row) => row.offsetParent && row.textContent.trim() && !row.innerText.trim())
        .slice(0, 3).map((row) => `a row without words: ${row.textContent.trim().slice(0, 40)}`)
        .join('; ');
"""


NAMED_TWICE = """
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    return [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))]
        .slice(0, 3).map((id) => `two elements with the id ${id}`).join('; ');
"""


def too_wide(person: Person) -> list[str]:
    """The widths at which the page scrolls sideways, a table's cell runs into the next one, a
    column has no room for what is in it, a row shows nothing of what it says, or an id is given
    twice: what leads to the one finds the other."""
    found = []
    for width in WIDTHS:
        set_screen(person.driver, width)
        for script in (SIDEWAYS, OUT_OF_CELLS, UNREADABLE, SAYS_NOTHING, NAMED_TWICE):
            wide = person.driver.execute_script(script)
            if wide:
                found.append(f"{width}: {wide}")
    set_screen(person.driver, 1440)
    return found
