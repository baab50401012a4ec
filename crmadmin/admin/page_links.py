"""Where the pages beside one are: behind its last row, before its first, or by number."""

from __future__ import annotations

from collections.abc import Callable

from crmadmin.core.paging import Page

Link = Callable[..., str]


def neighbours(page: Page, link: Link) -> dict[str, str]:
    """`first_url`, `prev_url`, `next_url` and `last_url` of a page, '' where there is none.

    A walked list is gone through from row to row, so that page 10,000 costs what page 2 does. A
    page without a number was reached from the end, and so are those before it.
    """
    is_first = page.number == 1 or not page.rows
    if not page.walks:
        return {
            "first_url": "" if is_first else link(),
            "prev_url": "" if is_first else link(page=page.number - 1),
            "next_url": link(page=page.number + 1) if page.has_next else "",
            "last_url": link(page=page.pages) if page.has_next else "",
        }

    def numbered(step: int, **place: object) -> str:
        number = page.number + step if page.number else None
        return link(page=number if number != 1 else None, **place)

    return {
        "first_url": "" if is_first else link(),
        "prev_url": "" if is_first else _previous(page, numbered, link),
        "next_url": numbered(1, after=page.rows[-1].id) if page.has_next else "",
        "last_url": link(page=page.pages if page.exact else None, last=1) if page.has_next else "",
    }


def _previous(page: Page, numbered: Callable[..., str], link: Link) -> str:
    return link() if page.number == 2 else numbered(-1, before=page.rows[0].id)
