"""A group's members: who is in it since when, taking them out, moving and copying, the export.

Each act is about the members as they were when its sheet opened, says first to how many it will be
done, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from crmadmin.access import guard, reach
from crmadmin.access.permissions import Permission
from crmadmin.admin import bulk
from crmadmin.admin.cells import local
from crmadmin.admin.export import as_file
from crmadmin.admin.list import total_text
from crmadmin.admin.selection import Selection, leave, parameters, selection
from crmadmin.admin.view_models import BulkAction, PageView, Segment
from crmadmin.core import acts
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, spec_of
from crmadmin.core.facets import Condition
from crmadmin.core.listing import owned_by
from crmadmin.core.outside import page_number, words
from crmadmin.core.paging import DEFAULT_PER_PAGE
from crmadmin.core.search import conditions
from crmadmin.core.text import fold
from crmadmin.customers import queries as customer_queries
from crmadmin.customers.models import Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups import lists, queries
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.views import choice
from crmadmin.groups.views.acts import GroupActs
from crmadmin.groups.views.history import import_links
from crmadmin.groups.views.of_customers import added_words, counted, told

KINDS = {"copy": group_acts.COPY, "move": group_acts.MOVE, "remove": group_acts.REMOVE}


class MemberPages(GroupActs):
    """The members of a group."""

    def member_conditions(
        self, args: MultiDict[str, str], action: str = "customers:read"
    ) -> list[Condition]:
        """Scope, search and segment of the members that an address asks for."""
        query = words(args.get("q"))
        where: list[Condition] = conditions(Customer, query, sees_sensitive=guard.sees_sensitive())
        owner = guard.limited_to(action)
        if owner is not None:
            where.append(owned_by(Customer, owner))
        if args.get("contact") in ("no", "yes"):
            where.append(Customer.do_not_contact.is_(args["contact"] == "no"))
        return where

    def member_page(self, group: CustomerGroup) -> dict[str, object]:
        """A page of the members that this user may see, with what may be done to them."""
        where = self.member_conditions(request.args)
        number = page_number(request.args.get("page"))
        page = queries.members(group, number, DEFAULT_PER_PAGE, where)
        query = words(request.args.get("q"))

        def link(**changes: Any) -> str:
            args = {"id": group.id, "q": query or None, "contact": request.args.get("contact")}
            return url_for(f"{self.endpoint}.details_view", **{**args, **changes})

        shown = PageView.of(
            page, total_text=total_text(page), count_url="",
            prev_url=link(page=page.number - 1) if page.number > 1 else "",
            next_url=link(page=page.number + 1) if page.has_next else "",
        )  # fmt: skip
        return {
            "page": replace(shown, per_page_choices=()),
            "own_words": own_words(page.total, narrowed=bool(query or request.args.get("contact"))),
            "q": query,
            "segments": self.segments_of(group, link),
            "member_url": lambda customer: url_for("customer.details_view", id=customer.id),
            "import_page": import_links(member.import_id for member in page.rows),
            "local": local,
            "bulk_actions": self.member_acts(group),
        }

    def segments_of(self, group: CustomerGroup, link: Any) -> list[Segment]:
        """All members, those that may be written to, and those that may not."""
        chosen = request.args.get("contact")
        parts = ((_("All"), None), (_("May be contacted"), "yes"), (_("Do not contact"), "no"))
        return [
            (label, None, link(contact=value, page=None), (chosen or None) == value)
            for label, value in parts
        ]

    def member_acts(self, group: CustomerGroup) -> list[BulkAction]:
        """What may be done to ticked members; out of a group that follows a filter nobody goes."""
        if not self.may("edit"):
            return []

        offered = KINDS if group.filter is None else ("copy",)
        return [
            bulk.offer(KINDS[act], act, url_for(f"{self.endpoint}.{act}_members"))
            for act in offered
        ]

    @expose("/members/remove/", methods=("GET", "POST"))
    def remove_members(self) -> ResponseReturnValue:
        """Bỏ khỏi nhóm."""
        return self._act("remove")

    @expose("/members/move/", methods=("GET", "POST"))
    def move_members(self) -> ResponseReturnValue:
        """Chuyển sang nhóm khác."""
        return self._act("move")

    @expose("/members/copy/", methods=("GET", "POST"))
    def copy_members(self) -> ResponseReturnValue:
        """Chép sang nhóm khác."""
        return self._act("copy")

    def _act(self, act: str) -> ResponseReturnValue:
        group = self.load(request.values.get("id"), "edit")
        lists.require_readable(group)
        if group.filter is not None and act != "copy":
            flash(_("A dynamic group follows its filter: change the filter instead."), "warning")
            return leave(self._details(group))
        here = url_for(f"{self.endpoint}.{act}_members", id=group.id)
        plan = bulk.opened(
            KINDS[act], lambda: self._plan(act, group),
            lambda key: url_for(f"{self.endpoint}.{act}_members", id=group.id, act=key),
            self._details(group),
        )  # fmt: skip
        if not isinstance(plan, BulkAct):
            return plan
        if plan.params["group_id"] != group.id:
            abort(404)
        form = None if act == "remove" else choice.choice(parameters(), but={group.id})
        target = choice.chosen(form) if form is not None else None
        if bulk.is_confirmed() and (form is None or form.validate()):
            done, words = _carry_out(act, plan, group, target)
            db.session.commit()
            bulk.tell(done, words)
            return leave(plan.params["back"])
        counts = _counts([Customer.id.in_(acts.ids(plan, acts.SEEN))], target)
        html = render_template(
            "groups/act.html", **_texts(act, group, target, counts), action=here,
            told_url=here if form else "", hidden=bulk.named(plan), lead=counted(plan.picked),
            notes=bulk.notes(plan),
            form=form, fields=[form.ref("target")] if form is not None else [],
            disabled=not plan.picked, back_url=plan.params["back"],
        )  # fmt: skip
        return html, 422 if bulk.is_confirmed() else 200

    def _plan(self, act: str, group: CustomerGroup) -> BulkAct:
        """Keep which members the ticks are about, and the page that they were ticked in."""
        given = parameters()
        chosen = selection(Customer, given)
        found = self.member_conditions(chosen.args)
        if chosen.query is None:
            found.append(Customer.id.in_(chosen.ids))
        args = Selection(query=given.get("query", "")).args
        kept: dict[str, Any] = {
            name: args[name] for name in ("q", "contact", "page") if args.get(name)
        }
        params = {
            "group_id": group.id, "group": group.name,
            "back": url_for(f"{self.endpoint}.details_view", id=group.id, **kept),
        }  # fmt: skip
        return acts.plan(KINDS[act], Customer, [queries.member_where(group), *found], params)

    def _details(self, group: CustomerGroup) -> str:
        return url_for(f"{self.endpoint}.details_view", id=group.id)

    @expose("/export-members/")
    def export_members(self) -> ResponseReturnValue:
        """Xuất Excel: first what will be in the file and what is left out, then with `format` the
        file. Customers who are not to be contacted are left out unless `all` is said."""
        group = self.load(request.args.get("id"), "export")
        guard.require(Permission.CUSTOMERS_EXPORT)
        lists.require_readable(group)
        everybody = self.member_conditions(request.args, Permission.CUSTOMERS_EXPORT)
        where = [queries.member_where(group), *everybody]
        reachable = [*where, Customer.do_not_contact.is_(False)]
        back = self._details(group)
        if "format" in request.args:
            name = _file_name(group)
            wanted = where if request.args.get("all") == "1" else reachable
            return as_file(spec_of(Customer), wanted, name, back)
        total = customer_queries.count(where)
        quiet = total - customer_queries.count(reachable)
        query = request.args.get("q", "")
        return render_template(
            "groups/act.html", title=_("Export members"), method="get", back_url=back,
            action=url_for(f"{self.endpoint}.export_members"), disabled=not total,
            hidden=[("id", group.id), *([("q", query)] if query else [])],
            lead=ngettext("%(count)s customer", "%(count)s customers", total - quiet,
                          count=format_decimal(total - quiet)),
            texts=[_quiet_words(quiet), *_masked_words()], buttons=[("format", "csv", "CSV")],
            check=("all", _all_words(quiet)) if quiet else None,
            main=("format", "xlsx"), label=_("Export to Excel"),
        )  # fmt: skip


def own_words(count: int, *, narrowed: bool) -> str:
    """That the members listed are only those of the user, and how many that is; '' for users who
    see everybody. `narrowed`: the count is of a search within them."""
    if reach.is_whole(Customer):
        return ""
    if narrowed:
        return _("Only your own customers are listed.")
    return ngettext(
        "%(count)s customer of yours in this group", "%(count)s customers of yours in this group",
        count, count=format_decimal(count),
    )  # fmt: skip


def _counts(where: Sequence[Condition], target: CustomerGroup | None) -> tuple[int, int]:
    """How many customers an act is about, and how many of them the target has already."""
    wanted = customer_queries.count(where)
    if target is None:
        return wanted, 0
    return wanted, customer_queries.count([*where, queries.member_where(target)])


def _carry_out(
    act: str, plan: BulkAct, group: CustomerGroup, target: CustomerGroup | None
) -> tuple[BulkAct, str]:
    """Write; gives what was done, and that in words."""
    if target is None:
        done = group_acts.remove(plan, group)
        return done, ngettext(
            "Removed %(count)s customer from the group.",
            "Removed %(count)s customers from the group.", done.written,
            count=format_decimal(done.written),
        )  # fmt: skip
    plan.params = {**plan.params, "into": target.name}
    db.session.flush()
    if act == "copy":
        done = group_acts.copy(plan, group, target)
        return done, added_words(target, done.written, acts.fates(done).get(acts.SAME, 0))
    done = group_acts.move(plan, group, target)
    return done, ngettext(
        "Moved %(count)s customer to “%(group)s”.", "Moved %(count)s customers to “%(group)s”.",
        done.written, count=format_decimal(done.written), group=target.name,
    )  # fmt: skip


def _texts(
    act: str, group: CustomerGroup, target: CustomerGroup | None, counts: tuple[int, int]
) -> dict[str, object]:
    """The words of the sheet of an act."""
    if act == "remove":
        stay = _("They leave “%(group)s” and stay in the system.", group=group.name)
        return {
            "title": _("Remove from the group"), "label": _("Remove from the group"),
            "texts": [stay], "danger": True,
        }  # fmt: skip
    texts = told(target, *counts)
    if act == "copy":
        return {"title": _("Copy to another group"), "label": _("Copy"), "texts": texts}
    texts.append(_("They leave “%(group)s”.", group=group.name))
    return {"title": _("Move to another group"), "label": _("Move"), "texts": texts}


def _quiet_words(quiet: int) -> str:
    if not quiet:
        return _("Nobody in the group is marked not to be contacted.")
    return ngettext(
        "%(count)s customer is not to be contacted and is left out.",
        "%(count)s customers are not to be contacted and are left out.", quiet,
        count=format_decimal(quiet),
    )  # fmt: skip


def _all_words(quiet: int) -> str:
    return ngettext(
        "Take in the %(count)s customer who is not to be contacted",
        "Take in the %(count)s customers who are not to be contacted", quiet,
        count=format_decimal(quiet),
    )  # fmt: skip


def _masked_words() -> list[str]:
    """The fields that are masked in the file for the user who asks for it."""
    sensitive = [str(f.label).lower() for f in spec_of(Customer).fields if f.sensitive]
    if guard.sees_sensitive() or not sensitive:
        return []
    return [_("Masked for you where they are personal: %(fields)s.", fields=", ".join(sensitive))]


def _file_name(group: CustomerGroup) -> str:
    """A file name that every system takes: the group's name in plain letters."""
    plain = "-".join(fold(group.name).split())
    kept = "".join(c for c in plain if c.isascii() and (c.isalnum() or c == "-")).strip("-")
    return kept[:60] or f"group-{group.id}"
