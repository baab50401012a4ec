"""A customer's marketing groups: the filter of the list, joining one, leaving one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from crmadmin.access import guard, policy
from crmadmin.access.permissions import Permission
from crmadmin.admin import bulk
from crmadmin.admin.extra_filters import ExtraFilter, is_id
from crmadmin.admin.selection import Selection, leave, parameters, selection
from crmadmin.admin.view_models import BulkAction
from crmadmin.core import acts, marks, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db
from crmadmin.core.list_state import Unread
from crmadmin.core.outside import record_ids
from crmadmin.customers import queries
from crmadmin.customers.models import Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups import lists
from crmadmin.groups import queries as group_queries
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.views import choice


class CustomerGroupPages:
    """Mixed into the customer view, before what its list does to many."""

    endpoint: str
    load: Any
    where: Any
    asked: Any
    scope: Any
    back_to_list: Any

    def more_filters(self) -> Sequence[ExtraFilter]:
        """Members of a group."""
        return (
            ExtraFilter(
                "group", _l("Marketing group"), is_id,
                lambda values: lists.in_groups(record_ids(values)), model=CustomerGroup,
                remote_url=url_for("customer_group.lookup"), trouble=_unreadable,
            ),
        )  # fmt: skip

    def bulk_actions(self) -> list[BulkAction]:
        """Ticked customers can be put into a group."""
        found: list[BulkAction] = super().bulk_actions()  # type: ignore[misc]  # RecordView's
        if found and guard.can(Permission.GROUPS_EDIT):
            url = url_for(f"{self.endpoint}.add_to_group")
            found.insert(-1 if found[-1].danger else len(found), _adding(url))
        return found

    @expose("/add-to-group/", methods=("GET", "POST"))
    def add_to_group(self) -> Any:
        """Thêm vào nhóm: the ticked customers, or all that match; with `id` one customer."""
        if "id" in request.args:
            return self.add_one()
        plan = bulk.opened(
            group_acts.ADD, self.plan_adding,
            lambda key: url_for(f"{self.endpoint}.add_to_group", act=key),
            url_for(f"{self.endpoint}.index_view"),
        )  # fmt: skip
        if not isinstance(plan, BulkAct):
            return plan
        form = choice.choice(parameters())
        group = choice.chosen(form)
        if bulk.is_confirmed() and form.validate() and group is not None:
            plan.params = {**plan.params, "group": group.name}
            db.session.flush()
            done = group_acts.add(plan, group)
            db.session.commit()
            bulk.tell(done, added_words(group, done.written, acts.fates(done).get("same", 0)))
            return leave(plan.params["back"])
        seen = Customer.id.in_(acts.ids(plan, acts.SEEN))
        already = (
            queries.count([seen, group_queries.member_where(group)]) if group is not None else 0
        )
        here = url_for(f"{self.endpoint}.add_to_group")
        html = render_template(
            "groups/act.html", title=_("Add to a group"), action=here, told_url=here,
            lead=counted(plan.picked), hidden=bulk.named(plan), form=form, fields=[form.target],
            notes=bulk.notes(plan),
            texts=told(group, plan.picked, already), label=_("Add to group"),
            disabled=not plan.picked, back_url=plan.params["back"],
        )  # fmt: skip
        return html, 422 if bulk.is_confirmed() else 200

    def plan_adding(self) -> BulkAct:
        """Keep which customers the ticks are about."""
        given = parameters()
        back = self.back_to_list(given.get("query", ""))
        where = self.of_selection(selection(Customer, given), "read")
        return acts.plan(group_acts.ADD, Customer, where, {"back": back})

    def add_one(self) -> Any:
        """Thêm vào nhóm on a customer's own page."""
        one = self.load(request.args["id"], "read")
        form = choice.choice(parameters())
        group = choice.chosen(form)
        back = url_for(f"{self.endpoint}.details_view", id=one.id)
        if request.method == "POST" and form.validate() and group is not None:
            params = {"back": back, "group": group.name}
            plan = acts.plan(group_acts.ADD, Customer, [Customer.id == one.id], params)
            done = group_acts.add(plan, group)
            db.session.commit()
            bulk.tell(done, added_words(group, done.written, acts.fates(done).get("same", 0)))
            return leave(back)
        already = (
            queries.count([Customer.id == one.id, group_queries.member_where(group)])
            if group is not None else 0
        )  # fmt: skip
        here = url_for(f"{self.endpoint}.add_to_group", id=one.id)
        html = render_template(
            "groups/act.html", title=_("Add to a group"), action=here, told_url=here,
            lead=records.describe(one), hidden=[], form=form, fields=[form.target],
            texts=told(group, 1, already), label=_("Add to group"), back_url=back,
        )  # fmt: skip
        return html, 422 if request.method == "POST" else 200

    def of_selection(self, chosen: Selection, action: str) -> list[Any]:
        """The conditions of a selection, within what this user may do that to."""
        if chosen.query is not None:
            return list(self.where(self.asked(chosen.args), action))
        return [*self.scope(action), Customer.id.in_(chosen.ids)]

    @expose("/leave-group/", methods=("POST",))
    def leave_group(self) -> Any:
        """Take one customer out of one group."""
        one = self.load(request.args.get("id"), "read")
        group = records.fetch(CustomerGroup, request.form.get("group"))
        marks.require(group)
        if group is None or group.filter is not None:
            flash(_("That group is gone, or follows a filter. Look again."), "warning")
        else:
            back = url_for(f"{self.endpoint}.details_view", id=one.id)
            params = {"back": back, "group": group.name}
            plan = acts.plan(group_acts.REMOVE, Customer, [Customer.id == one.id], params)
            done = group_acts.remove(plan, group)
            db.session.commit()
            words = _("%(customer)s left %(group)s.", customer=one.name, group=group.name)
            bulk.tell(done, words if done.written else "")
        return redirect(url_for(f"{self.endpoint}.details_view", id=one.id))

    def group_lines(self, record: Any) -> list[dict[str, Any]]:
        """The groups of a customer as its page lists them, and those of which nobody knows."""
        found, unread = group_queries.groups_of(record.id)
        return [
            {
                "id": group.id,
                "key": marks.key(group),
                "name": group.name,
                "url": url_for("customer_group.details_view", id=group.id),
                "follows": group.filter is not None,
                "unread": group in unread,
            }
            for group in (*found, *unread)
        ]

    def group_urls(self, record: Any) -> dict[str, str]:
        """Where a customer is put into a group and taken out; '' for who may not."""
        may = guard.can(Permission.GROUPS_EDIT)

        def at(name: str) -> str:
            return url_for(f"{self.endpoint}.{name}", id=record.id) if may else ""

        return {"join_url": at("add_to_group"), "leave_url": at("leave_group")}


def _unreadable(values: Sequence[str]) -> Sequence[Unread]:
    """The chosen groups whose filter cannot be read: they have no members until it is mended. Read
    once a request, however often the page asks for the state of its list."""
    known: dict[tuple[str, ...], list[Unread]] = g.setdefault("unreadable_groups", {})
    if (asked := tuple(values)) not in known:
        found = lists.unreadable(record_ids(asked))
        known[asked] = [Unread("group", group.name) for group in found]
    return known[asked]


def register(endpoint: str) -> None:
    """The rules of these pages: who sees a customer and may change groups."""
    policy.register(f"{endpoint}.add_to_group", Permission.GROUPS_EDIT)
    policy.register(f"{endpoint}.leave_group", Permission.GROUPS_EDIT)


def _adding(url: str) -> BulkAction:
    return BulkAction("group", _("Add to group"), "users-plus", url)


def repeated(chosen: Selection) -> list[tuple[str, str]]:
    """A selection as hidden fields."""
    if chosen.query is not None:
        return [("all_matching", "1"), ("query", chosen.query)]
    return [("ids", str(key)) for key in chosen.ids]


def counted(number: int) -> str:
    """How many customers an act is about."""
    return ngettext(
        "%(count)s customer selected", "%(count)s customers selected", number,
        count=format_decimal(number),
    )  # fmt: skip


def told(group: CustomerGroup | None, wanted: int, already: int) -> list[str]:
    """What adding to the chosen group would come to."""
    if group is None:
        return [_("Customers already in the group stay in it once.")]
    lines = [
        ngettext(
            "%(count)s customer joins “%(group)s”.", "%(count)s customers join “%(group)s”.",
            wanted - already, count=format_decimal(wanted - already), group=group.name,
        )
    ]  # fmt: skip
    return lines + ([_already(already)] if already else [])


def added_words(group: CustomerGroup, added: int, already: int) -> str:
    """What adding to a group came to."""
    words = ngettext(
        "Added %(count)s customer to “%(group)s”.", "Added %(count)s customers to “%(group)s”.",
        added, count=format_decimal(added), group=group.name,
    )  # fmt: skip
    return f"{words} {_already(already)}" if already else str(words)


def _already(number: int) -> str:
    return ngettext(
        "%(count)s is in it already.", "%(count)s are in it already.", number,
        count=format_decimal(number),
    )  # fmt: skip
