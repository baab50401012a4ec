"""What is done with the whole draft: Trở về, following the filter, freezing the list."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from crmadmin.core import htmx
from crmadmin.core.db import db
from crmadmin.customers import queries as customers
from crmadmin.groups import drafts, following, picker
from crmadmin.groups.shapes import DraftState
from crmadmin.groups.views import halves
from crmadmin.groups.views.editing import (
    blueprint,
    editing,
    page_state,
    page_url,
    reach,
)


def list_url() -> str:
    """The list of groups."""
    return url_for("customer_group.index_view")


@blueprint.get("/draft/<key>/leave")
def leave(key: str) -> ResponseReturnValue:
    """Trở về: asks when there is something to lose, and says what."""
    edit = editing(key)
    told = drafts.state(edit.draft, edit.group)
    if told.is_empty:
        return htmx.go(list_url())
    return render_template(
        "groups/ask.html",
        title=_("Throw the changes away?"),
        lead=halves.unsaved(told),
        texts=_lost(told),
        action=url_for("groups.throw_away", key=edit.key),
        label=_("Throw away"),
        stay=_("Keep editing"),
        danger=True,
        forgets=edit.window_key,
        back_url=page_url(edit.key, page_state()),
    )


def _lost(told: DraftState) -> Sequence[str]:
    said = [str(_("Nothing of this is saved yet: going back throws it away."))]
    if told.imported:
        count = format_decimal(told.imported)
        said.append(
            ngettext(
                "%(count)s customer came by import and stays in the system, outside the group.",
                "%(count)s customers came by import and stay in the system, outside the group.",
                told.imported, count=count,
            )
        )  # fmt: skip
    return said


@blueprint.post("/draft/<key>/leave")
def throw_away(key: str) -> ResponseReturnValue:
    """Throw the draft away; the customers that imports brought stay."""
    edit = editing(key)
    if edit.draft is not None:
        stay = drafts.state(edit.draft, edit.group).imported
        drafts.discard(edit.draft)
        db.session.commit()
        if stay:
            flash(
                ngettext(
                    "Nothing was saved. %(count)s imported customer stays in the system.",
                    "Nothing was saved. %(count)s imported customers stay in the system.",
                    stay, count=format_decimal(stay),
                ),
                "warning",
            )  # fmt: skip
    return htmx.go(list_url())


@blueprint.get("/draft/<key>/follow")
def follow(key: str) -> ResponseReturnValue:
    """Nhóm theo bộ lọc này: asks first, with the conditions and how many match now."""
    edit = editing(key)
    search = following.asked(request.args.get("query", ""))
    conditions = picker.in_words(search)
    count = customers.count([*reach(), *search.where()])
    told = drafts.state(edit.draft, edit.group)
    texts = [_("Whoever matches is a member, also customers who are added later.")]
    if told.filter is None and told.members_after:
        texts.append(
            _("This takes the place of the list of %(count)s members.",
              count=format_decimal(told.members_after))
        )  # fmt: skip
    return render_template(
        "groups/ask.html",
        title=_("Group by this filter"),
        lead=halves.matching_now(count),
        conditions=conditions or [(_("Everybody"), _("no condition is set"))],
        texts=texts,
        hidden=[("query", search.text)],
        action=url_for("groups.start_following", key=edit.key),
        label=_("Follow the filter"),
        stay=_("Cancel"),
        back_url=page_url(edit.key, page_state()),
    )


@blueprint.post("/draft/<key>/follow")
def start_following(key: str) -> ResponseReturnValue:
    """Let the group follow the search, in the draft."""
    edit = editing(key)
    drafts.follow(edit.begin(), request.form.get("query", ""))
    db.session.commit()
    return htmx.go(page_url(edit.key, page_state()))


@blueprint.post("/draft/<key>/freeze")
def freeze(key: str) -> ResponseReturnValue:
    """Cố định danh sách: those who match now become the members of an ordinary group."""
    edit = editing(key)
    outcome = drafts.freeze(edit.begin())
    db.session.commit()
    flash(
        ngettext(
            "The list is fixed: %(count)s member.",
            "The list is fixed: %(count)s members.",
            outcome.found, count=format_decimal(outcome.found),
        ),
        "success",
    )  # fmt: skip
    return htmx.go(page_url(edit.key, page_state()))
