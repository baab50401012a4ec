"""What is done with whole groups: a copy of one, two put together, and what happened to one."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from crmadmin.access import guard, reach
from crmadmin.admin.form_fields import form_class
from crmadmin.admin.selection import leave
from crmadmin.core import marks, records
from crmadmin.core.db import db
from crmadmin.core.outside import page_number
from crmadmin.core.spec import Words
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, lists, queries, services
from crmadmin.groups.models import NEW, CustomerGroup
from crmadmin.groups.views import history as group_history
from crmadmin.groups.views.pages import GroupPages

NAME_LENGTH = 120


class GroupActs(GroupPages):
    """What is done with whole groups."""

    @expose("/clone/", methods=("GET", "POST"))
    def clone(self) -> ResponseReturnValue:
        """Nhân bản: the same members under a name of its own."""
        group = self.load(request.args.get("id"), "read")
        form = form_class(self.spec, [self.spec.field("name")], {})()
        if request.method == "GET":
            form["name"].data = _("Copy of %(name)s", name=group.name)[:NAME_LENGTH]
        elif form.validate() and form.were_shown():
            try:
                made = services.clone(group, form["name"].data)
            except records.Invalid as invalid:
                db.session.rollback()
                form.refuse(self.problems_of(invalid))
            else:
                db.session.commit()
                flash(_("Added %(name)s.", name=made.name), "success")
                return leave(url_for(f"{self.endpoint}.index_view", marked=made.id))
        form["name"].id = "clone-name"  # the page below may have a `name` of its own
        members = queries.member_counts([group.id]).get(group.id, 0)
        html = render_template(
            "groups/act.html", title=_("Duplicate “%(name)s”", name=group.name), form=form,
            fields=[form["name"]], seen=form.seen.data or "", label=_("Duplicate"),
            texts=[_copied(group, members)],
            action=url_for(f"{self.endpoint}.clone", id=group.id),
            back_url=url_for(f"{self.endpoint}.details_view", id=group.id),
        )  # fmt: skip
        return html, 422 if request.method == "POST" else 200

    @expose("/combine/", methods=("GET", "POST"))
    def combine(self) -> ResponseReturnValue:
        """Two groups: how many are in which, and a new group of the part that is wanted."""
        first = self.load(request.args["id"], "read") if "id" in request.args else None
        second = records.fetch(CustomerGroup, request.args.get("with", ""))
        pair = (first, second) if first and second and first.id != second.id else None
        if request.method == "POST":
            how = request.form.get("how", "")
            if pair is None or how not in services.HOW:
                abort(404)
            marks.require(pair[1])
            lists.require_readable(*pair)
            services.combine(*pair, how)
            db.session.commit()
            return redirect(url_for(f"{self.endpoint}.create_view"))
        lists.require_readable(first, second)
        parts = _parts(*pair) if pair is not None else []
        return render_template(
            "groups/combine.html", title=_("Combine two groups"), first=first, second=second,
            same=first is not None and first is second, parts=parts, options=lists.names(),
            chosen=next((how for how, _label, count in parts if count), ""),
            action=url_for(f"{self.endpoint}.combine"), draft=_unsaved(),
            make_url=_making(self.endpoint, *pair) if pair is not None else "",
            back_url=url_for(f"{self.endpoint}.index_view"),
            draft_url=url_for(f"{self.endpoint}.create_view"),
        )  # fmt: skip

    @expose("/history/")
    def history(self) -> str:
        """Lịch sử: who changed what of the group, and when."""
        group = self.load(request.args.get("id"), "read")
        page = queries.history(group.id, page_number(request.args.get("page")))

        def link(number: int) -> str:
            return url_for(f"{self.endpoint}.history", id=group.id, page=number)

        return render_template(
            "groups/history.html", **self.head(group), **group_history.neighbours(page, link),
            events=group_history.events(list(page.rows)), own_only=not reach.is_whole(Customer),
        )  # fmt: skip


def _copied(group: CustomerGroup, members: int) -> str:
    if group.filter is not None:
        return _("The copy follows the same filter.")
    return ngettext(
        "The copy has the same %(count)s member.", "The copy has the same %(count)s members.",
        members, count=format_decimal(members),
    )  # fmt: skip


def _making(endpoint: str, first: Any, second: Any) -> str:
    return url_for(f"{endpoint}.combine", **{"id": first.id, "with": second.id})


def _parts(a: CustomerGroup, b: CustomerGroup) -> list[tuple[str, Words, int]]:
    """What a new group can be made of: how, in words, and how many that is."""
    counts = services.overlap(a, b)
    return [
        ("union", _("In either group"), counts.union),
        ("overlap", _("In both groups"), counts.both),
        ("a_minus_b", _("Only in “%(name)s”", name=a.name), counts.only_a),
        ("b_minus_a", _("Only in “%(name)s”", name=b.name), counts.only_b),
    ]


def _unsaved() -> str:
    """What this user has already begun as a new group, in words; '' when there is nothing."""
    user = guard.current_user()
    draft = drafts.find(user.id, NEW) if user is not None else None
    if draft is None:
        return ""
    state = drafts.state(draft, None)
    if state.is_empty:
        return ""
    return _(
        "You have a new group that is not saved (+%(count)s). The customers are added to it.",
        count=format_decimal(state.added),
    )
