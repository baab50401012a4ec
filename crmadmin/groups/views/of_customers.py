"""What groups add to customers: a filter of their list, joining and leaving, the groups of one."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.admin import bulk, extensions
from crmadmin.admin.extensions import Card, Extension, ExtensionPage
from crmadmin.admin.extra_filters import ExtraFilter, is_id
from crmadmin.admin.selection import leave, parameters, selection
from crmadmin.admin.view import RecordView
from crmadmin.admin.view_models import BulkAction
from crmadmin.core import acts, marks, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, spec_of
from crmadmin.core.list_state import Unread
from crmadmin.core.outside import record_ids
from crmadmin.core.records import AnyRecord
from crmadmin.customers import queries
from crmadmin.customers.models import Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups import lists
from crmadmin.groups import queries as group_queries
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.views import choice


def register() -> None:
    """Let the pages of customers show all this."""
    both, edit = ("GET", "POST"), Permission.GROUPS_EDIT
    extensions.register(
        Extension(
            "groups", spec_of(Customer).name, filters=filters, bulk_actions=bulk_actions,
            cards=cards, form_cards=form_cards, consequences=consequences,
            pages=(
                ExtensionPage("add_to_group", "/add-to-group/", add_to_group, edit, both),
                ExtensionPage("leave_group", "/leave-group/", leave_group, edit, ("POST",)),
            ),
        )
    )  # fmt: skip


def filters() -> Sequence[ExtraFilter]:
    """Members of a group."""
    return (
        ExtraFilter(
            "group", _l("Marketing group"), is_id,
            lambda values: lists.in_groups(record_ids(values)), model=CustomerGroup,
            remote_url=url_for("customer_group.lookup"), trouble=_unreadable,
        ),
    )  # fmt: skip


def bulk_actions(view: RecordView) -> Sequence[BulkAction]:
    """Ticked customers can be put into a group."""
    if not (view.may("bulk") and guard.can(Permission.GROUPS_EDIT)):
        return ()
    url = url_for(f"{view.endpoint}.add_to_group")
    return (bulk.offer(group_acts.ADD, "group", url),)


def add_to_group(view: RecordView) -> ResponseReturnValue:
    """Thêm vào nhóm: the ticked customers, or all that match; with `id` one customer."""
    if "id" in request.args:
        return _add_one(view)
    plan = bulk.opened(
        group_acts.ADD, lambda: _plan(view),
        lambda key: url_for(f"{view.endpoint}.add_to_group", act=key),
        url_for(f"{view.endpoint}.index_view"),
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
    already = queries.count([seen, group_queries.member_where(group)]) if group is not None else 0
    here = url_for(f"{view.endpoint}.add_to_group")
    html = render_template(
        "groups/act.html", title=_("Add to a group"), action=here, told_url=here,
        lead=counted(plan.picked), hidden=bulk.named(plan), form=form, fields=[form.ref("target")],
        notes=bulk.notes(plan),
        texts=told(group, plan.picked, already), label=_("Add to group"),
        disabled=not plan.picked, back_url=plan.params["back"],
    )  # fmt: skip
    return html, 422 if bulk.is_confirmed() else 200


def _plan(view: RecordView) -> BulkAct:
    """Keep which customers the ticks are about."""
    given = parameters()
    back = view.back_to_list(given.get("query", ""))
    where = view.of_selection(selection(Customer, given), "read")
    return acts.plan(group_acts.ADD, Customer, where, {"back": back})


def _add_one(view: RecordView) -> ResponseReturnValue:
    """Thêm vào nhóm on a customer's own page."""
    one = view.load(request.args["id"], "read")
    form = choice.choice(parameters())
    group = choice.chosen(form)
    back = url_for(f"{view.endpoint}.details_view", id=one.id)
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
    here = url_for(f"{view.endpoint}.add_to_group", id=one.id)
    html = render_template(
        "groups/act.html", title=_("Add to a group"), action=here, told_url=here,
        lead=records.describe(one), hidden=[], form=form, fields=[form.ref("target")],
        texts=told(group, 1, already), label=_("Add to group"), back_url=back,
    )  # fmt: skip
    return html, 422 if request.method == "POST" else 200


def leave_group(view: RecordView) -> ResponseReturnValue:
    """Take one customer out of one group."""
    one = view.load(request.args.get("id"), "read")
    group = records.fetch(CustomerGroup, request.form.get("group"))
    marks.require(group)
    if group is None or group.filter is not None:
        flash(_("That group is gone, or follows a filter. Look again."), "warning")
    else:
        back = url_for(f"{view.endpoint}.details_view", id=one.id)
        params = {"back": back, "group": group.name}
        plan = acts.plan(group_acts.REMOVE, Customer, [Customer.id == one.id], params)
        done = group_acts.remove(plan, group)
        db.session.commit()
        words = _("%(customer)s left %(group)s.", customer=one.name, group=group.name)
        bulk.tell(done, words if done.written else "")
    return redirect(url_for(f"{view.endpoint}.details_view", id=one.id))


def group_lines(record: AnyRecord) -> list[dict[str, object]]:
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


def _urls(view: RecordView, record: AnyRecord) -> dict[str, str]:
    """Where a customer is put into a group and taken out; '' for users who may not."""
    may = guard.can(Permission.GROUPS_EDIT)

    def at(name: str) -> str:
        return url_for(f"{view.endpoint}.{name}", id=record.id) if may else ""

    return {"join_url": at("add_to_group"), "leave_url": at("leave_group")}


def cards(view: RecordView, record: AnyRecord) -> Sequence[Card]:
    """The groups of a customer, and where one is put into them and taken out."""
    context = {"groups": group_lines(record), **_urls(view, record)}
    return (Card("groups/_of_customer.html", context),)


def form_cards(_view: RecordView, record: AnyRecord) -> Sequence[Card]:
    """The same beside the form, to look at."""
    readable = [line for line in group_lines(record) if not line["unread"]]
    return (Card("groups/_of_edited_customer.html", {"groups": readable}),)


def consequences(record: AnyRecord) -> Sequence[str]:
    """A deleted customer leaves their groups."""
    left = group_queries.group_count(record.id)
    return (_("It leaves %(num)s customer groups; the groups stay.", num=left),)


def _unreadable(values: Sequence[str]) -> Sequence[Unread]:
    """The chosen groups whose filter cannot be read: they have no members until it is mended. Read
    once a request, however often the page asks for the state of its list."""
    known: dict[tuple[str, ...], list[Unread]] = g.setdefault("unreadable_groups", {})
    if (asked := tuple(values)) not in known:
        found = lists.unreadable(record_ids(asked))
        known[asked] = [Unread("group", group.name) for group in found]
    return known[asked]


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
