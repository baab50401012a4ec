"""Lịch sử: who changed what of a group, and when. What was saved, as the drafts hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from crmadmin.access import reach
from crmadmin.access.models import User
from crmadmin.admin import extensions
from crmadmin.admin.cells import local
from crmadmin.core.db import spec_of
from crmadmin.core.spec import Words
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.shapes import ImportedInto, Saved


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history: when, who, how many came and went, and what was done, in words;
    `texts` are (label, before, after), `links` lead to imports."""

    at: datetime
    user: User | None
    added: int
    removed: int
    title: Words
    lines: tuple[str, ...] = ()
    texts: tuple[tuple[Words, str, str], ...] = ()
    links: Mapping[str, str] | None = None


def events(found: list[Saved | ImportedInto]) -> list[Event]:
    """The lines of a page of the history. Users who see only their own customers are told what was
    done, but not to how many: that count covers everybody's."""
    keys = [step.import_id for one in found if isinstance(one, Saved) for step in one.steps]
    keys += [one.id for one in found if isinstance(one, ImportedInto)]
    link = import_links(keys)
    told = [_saved(one, link) if isinstance(one, Saved) else _imported(one, link) for one in found]
    if reach.is_whole(Customer):
        return told
    return [replace(event, added=0, removed=0, lines=(), links=None) for event in told]


def _saved(one: Saved, link: Callable[[int | None], str]) -> Event:
    spec = spec_of(CustomerGroup)
    labels = {name: spec.field(name).label for name in ("name", "description")}
    texts = [
        (labels[name], before or "", after or "")
        for name, (before, after) in one.texts.items()
        if name in labels and not one.is_new
    ]
    links = {step.words: link(step.import_id) for step in one.steps if step.import_id}
    return Event(
        local(one.at), one.user, one.added, one.removed, _title(one),
        tuple(step.words for step in one.steps), tuple(texts), links,
    )  # fmt: skip


def _title(one: Saved) -> Words:
    if one.is_new:
        return _("Made the group")
    if "filter" in one.texts:
        _before, after = one.texts["filter"]
        return _("Made it follow a filter") if after else _("Fixed its list of members")
    return _("Changed the group") if one.texts else _("Changed its members")


def _imported(one: ImportedInto, link: Callable[[int | None], str]) -> Event:
    shown = format_decimal(one.added)
    words = str(_("Import from %(file)s: %(count)s", file=one.file_name, count=shown))
    title = _("Imported into the group")
    return Event(local(one.at), one.user, one.added, 0, title, (words,), (), {words: link(one.id)})


def import_links(keys: Iterable[int | None]) -> Callable[[int | None], str]:
    """Import → its page, or "" where this user may not open it, or nothing is known of imports."""
    asked = {key for key in keys if key}
    found = extensions.ask(spec_of(CustomerGroup).name, "import_pages", asked) or {}
    return lambda key: found.get(key, "")


def neighbours(page: Any, link: Any) -> dict[str, str]:
    """Where the pages before and after are."""
    return {
        "prev_url": link(page.number - 1) if page.number > 1 else "",
        "next_url": link(page.number + 1) if page.has_next else "",
    }
