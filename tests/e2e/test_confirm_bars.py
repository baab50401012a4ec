"""What confirms a page is in the window, however low that is: nobody scrolls to find it."""

from __future__ import annotations

from browser import set_screen
from pages import PAGES, Opened, fill, sheet
from person import Person, until
from served import Site

SIZES = ((1366, 768), (1366, 650), (820, 700), (390, 700))
PICKER = "#part-picker .pick-foot button"
THERE = "return [...document.querySelectorAll(arguments[0])].some(b => b.offsetParent)"
GROUP, PASTE = "/admin/groups/edit/?id=2", "Dán danh sách mã"

CONFIRMS = """
    const scope = document.querySelector('dialog[open]') ?? document.getElementById('main');
    const wanted = '[data-primary], .foot [type=submit], .foot-acts .btn, .pick-foot button,'
        + ' [data-error] .btn';
    const seen = [...(scope?.querySelectorAll(wanted) ?? [])].filter(
        (b) => b.offsetParent && b.getBoundingClientRect().width > 4
            && !b.matches('.visually-hidden'));
    return seen.map((button) => {
        const box = button.getBoundingClientRect();
        const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        const inside = box.top >= 0 && box.left >= 0
            && box.bottom <= innerHeight && box.right <= innerWidth;
        const words = button.innerText.trim() || button.name;
        return [words, inside ? (button.contains(at) ? '' : 'covered') : 'outside'];
    });
"""


def searched(person: Person) -> None:
    """The picker of a group's form, with customers found and some chosen."""
    if person.has("Thêm khách hàng", "tab"):
        person.press("Thêm khách hàng", "tab")
    person.press("Mặc định", "link").settle()


MORE = (
    Opened("group, picker", GROUP, searched),
    Opened("group, paste", GROUP, sheet("", PASTE, PASTE)),
    Opened("group, paste page", "/admin/groups/paste/?group=2"),
)


def wrong(person: Person) -> list[str]:
    """What confirms the page as it stands and cannot be pressed without scrolling."""
    found = person.driver.execute_script(CONFIRMS)
    return [f"{words}: {why}" for words, why in found if why]


def test_every_bar_that_confirms_is_in_the_window(person: Person, site: Site) -> None:
    fill(site)
    person.sign_in("an")
    found: dict[str, list[str]] = {}
    confirmed = set()
    for page in (*PAGES, *MORE):
        if page.name in ("not there",):
            continue
        set_screen(person.driver, 1366, 768)
        person.open(page.path)
        page.act(person)
        for width, height in SIZES:
            set_screen(person.driver, width, height)
            person.settle()
            if person.driver.execute_script(CONFIRMS):
                confirmed.add(page.name)
            if words := wrong(person):
                found[f"{page.name} at {width}x{height}"] = words
        person.complaints()
    assert found == {}
    assert len(confirmed) > 30


def test_customers_can_be_chosen_without_scrolling(person: Person, site: Site) -> None:
    fill(site)
    person.sign_in("an")
    for width, height in SIZES:
        set_screen(person.driver, width, height)
        person.open(GROUP)
        searched(person)
        until(lambda: person.driver.execute_script(THERE, PICKER), "the picker")
        assert wrong(person) == [], (width, height)


def test_a_jump_inside_the_page_leaves_its_bar_where_it_is(person: Person, site: Site) -> None:
    fill(site)
    person.sign_in("an")
    set_screen(person.driver, 1366, 650)
    person.open("/admin/customers/edit/?id=28")
    foot = "return document.querySelector('#main > .foot').getBoundingClientRect().bottom"
    assert person.driver.execute_script(foot) == 650
    # As the words for screen readers at the end of a long page: placed out of their own scroller.
    person.driver.execute_script(
        "const far = document.createElement('div'); far.style.height = '3000px';"
        "const word = document.createElement('span'); word.className = 'visually-hidden';"
        "document.querySelector('#main .scroll').append(far, word);"
        "document.getElementById('main').scrollTop = 400"
    )
    assert person.driver.execute_script(foot) == 650
