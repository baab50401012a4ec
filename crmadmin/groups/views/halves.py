"""What the templates of the group form read: the members' half, the picker's half, the footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import make_response, render_template, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.core.facets import Condition
from crmadmin.core.outside import page_number, words
from crmadmin.core.paging import Page
from crmadmin.core.search import conditions
from crmadmin.core.spec import Words
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, following, picker, queries
from crmadmin.groups.shapes import DraftState
from crmadmin.groups.views.editing import (
    MEMBERS,
    NEW_KEY,
    Editing,
    only,
    page_state,
    page_url,
    reach,
)

SHOWN = ("all", "added", "removed")
PICKER_COLUMNS = (("code", "w-s"), ("name", ""), ("owner", "w-l"), ("sales_group", "w-s2"))


def whole(edit: Editing, state: MultiDict[str, str]) -> dict[str, Any]:
    """Both halves and the footer."""
    told = drafts.state(edit.draft, edit.group)
    return {
        **common(edit, state, told),
        **members(edit, state, told),
        **matches(edit, state),
    }


def common(edit: Editing, state: MultiDict[str, str], told: DraftState) -> dict[str, object]:
    """What every part reads: addresses, the state of the draft, and what is not saved in words."""
    return {
        "window_key": edit.window_key,
        "is_new": edit.key == NEW_KEY,
        "told": told,
        "unsaved": unsaved(told),
        "back": page_url(edit.key, state).partition("?")[2],
        "version": edit.draft.base_version if edit.draft else (edit.group or _Fresh).version,
        "urls": {name: url_for(f"groups.{name}", key=edit.key) for name in ADDRESSES},
        "customer_url": customer_url if guard.can(Permission.CUSTOMERS_READ) else None,
        "follows": _follows(told),
        "trouble": _trouble(told),
    }


ADDRESSES = (
    "members", "picker", "text", "pick", "remove", "undo", "paste", "follow", "freeze", "leave",
)  # fmt: skip


class _Fresh:
    version = 0


def customer_url(customer: Customer) -> str:
    """Where a customer's name leads."""
    return url_for("customer.details_view", id=customer.id)


def unsaved(told: DraftState) -> str:
    """+12 và −3 thành viên, sửa mô tả; "" when there is nothing to save."""
    said = []
    if told.added or told.removed:
        said.append(_members_words(told.added, told.removed))
    names = {
        "name": _("name edited"),
        "description": _("description edited"),
        "filter": _("now follows a filter") if told.filter is not None else _("filter taken away"),
    }
    said += [str(names[n]) for n in ("name", "description", "filter") if n in told.changed_texts]
    if not said and not told.is_empty:
        said.append(_("steps without effect"))
    return ", ".join(said)


def _members_words(added: int, removed: int) -> str:
    plus, minus = format_decimal(added), format_decimal(removed)
    if added and removed:
        return str(_("+%(added)s and −%(removed)s members", added=plus, removed=minus))
    if added:
        return str(ngettext("+%(count)s member", "+%(count)s members", added, count=plus))
    return str(ngettext("−%(count)s member", "−%(count)s members", removed, count=minus))


def members_where(state: MultiDict[str, str]) -> list[Condition]:
    """The conditions of Tìm trong nhóm, within what the user may see."""
    query = words(state.get("mq"))
    return [*reach(), *conditions(Customer, query, sees_sensitive=guard.sees_sensitive())]


def members(edit: Editing, state: MultiDict[str, str], told: DraftState) -> dict[str, object]:
    """The left half: who is in the group once the draft is saved, what changed first."""
    shown = state.get("show", "all")
    shown = shown if shown in SHOWN else "all"
    number = page_number(state.get("mpage"))
    page = queries.draft_members(
        edit.draft, edit.group, shown, members_where(state), number, picker.PER_PAGE
    )
    rest = only(state, but=MEMBERS)

    def link(**changes: object) -> str:
        args: dict[str, Any] = {**only(state, "mq", "show").to_dict(), **changes}
        return url_for("groups.members", key=edit.key, **args)

    return {
        "mpage": page,
        "mq": state.get("mq", ""),
        "shown": shown,
        "show_urls": [
            (which, _show_words(which, told), link(show=None if which == "all" else which))
            for which in SHOWN
        ],
        "m_prev": link(mpage=page.number - 1) if page.number > 1 else "",
        "m_next": link(mpage=page.number + 1) if page.has_next else "",
        "m_rest": list(rest.items(multi=True)),
        "every_url": page_url(edit.key, rest),
    }


def _show_words(which: str, told: DraftState) -> str:
    return {
        "all": str(_("All")),
        "added": str(_("Added %(count)s", count=format_decimal(told.added))),
        "removed": str(_("Taken out %(count)s", count=format_decimal(told.removed))),
    }[which]


def matches(
    edit: Editing, state: MultiDict[str, str], *, all_of_them: bool = False
) -> dict[str, Any]:
    """The right half: the search, a page of what it finds, and what of that is in the group."""
    asked = only(state, but=MEMBERS)
    sees = guard.sees_sensitive()
    found = following.read(asked, sees_sensitive=sees)
    where = [*reach(), *found.where(sees_sensitive=sees)]
    page = picker.page(found, where, all_of_them=all_of_them, sees_sensitive=sees)

    def link(**changes: object) -> str:
        args: dict[str, Any] = {**asked.to_dict(flat=False), **changes}
        return url_for("groups.picker", key=edit.key, **args)

    return {
        "page": page,
        "search": found,
        "unread": [part.words for part in found.unread],
        "matching": matching_words(page),
        "marks": queries.in_group(edit.draft, edit.group, [c.id for c in page.rows]),
        "columns": [_column(*column, found, link) for column in PICKER_COLUMNS],
        "p_prev": link(page=page.number - 1) if page.number > 1 else "",
        "p_next": link(page=page.number + 1) if page.has_next else "",
        "p_count": "" if page.exact else link(count="all"),
        "p_rest": list(only(state, *MEMBERS).items(multi=True)),
        "p_query": found.text,
        "is_open": state.get("closed") != "1",
        "sees_private": sees,
    }


def _column(name: str, width: str, found: following.Search, link: Any) -> dict[str, object]:
    by = found.state.sort == name
    towards = "descending" if found.state.descending else "ascending"
    turned = f"-{name}" if by and towards == "ascending" else name
    return {
        "name": name,
        "label": _brief(name),
        "width": width,
        "sorted": towards if by else None,
        "url": link(sort=turned, page=None),
    }


def _brief(name: str) -> Words:
    spec = picker.field(name)
    return _("Cust. name") if name == "name" else spec.brief or spec.label


def matching_words(page: Page) -> str:
    """214 khách hàng khớp."""
    if not page.exact:
        return str(_("more than %(count)s customers match", count=format_decimal(page.total)))
    shown = format_decimal(page.total)
    return str(
        ngettext("%(count)s customer matches", "%(count)s customers match", page.total, count=shown)
    )


def fields(search: following.Search) -> dict[str, Any]:
    """The picker's own form."""
    found = picker.choices(search)
    first, more = found[: len(picker.FIRST)], found[len(picker.FIRST) :]
    words = search.words
    return {
        "first_choices": first,
        "more_choices": more,
        "words": words,
        "more_set": any(c.is_set for c in more) or bool({*words} - {"code", "name"}),
        "brief": {name: _brief(name) for name in picker.TYPED},
    }


def _follows(told: DraftState) -> Sequence[tuple[Any, str]] | None:
    return None if told.filter is None else picker.in_words(following.kept(told.filter))


def _trouble(told: DraftState) -> list[str]:
    """The parts of the followed filter that cannot be read, in words."""
    return [] if told.filter is None else [t.words for t in following.trouble(told.filter)]


def answer(edit: Editing) -> Response:
    """Both halves and the footer after a change, for htmx."""
    context = whole(edit.again(), page_state())
    return make_response(render_template("groups/_answer.html", **context))


def matching_now(count: int) -> str:
    """How many match a filter at this moment."""
    return str(
        ngettext(
            "%(count)s customer matches now",
            "%(count)s customers match now",
            count, count=format_decimal(count),
        )
    )  # fmt: skip
