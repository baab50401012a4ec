"""What the form does to its draft: texts, customers in and out, steps taken back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from crmadmin.access import guard
from crmadmin.core import htmx, outside
from crmadmin.core.db import db
from crmadmin.groups import drafts, following
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.shapes import Outcome
from crmadmin.groups.views import halves
from crmadmin.groups.views.editing import MEMBERS as OF_MEMBERS
from crmadmin.groups.views.editing import (
    Editing,
    back_to_form,
    blueprint,
    editing,
    half,
    only,
    page_state,
    page_url,
    reach,
    say,
    ticked,
)

TYPED = ("name", "description")


@blueprint.get("/draft/<key>/members")
def members(key: str) -> ResponseReturnValue:
    """The left half: another page of it, a search in it, or only what changed."""
    edit = editing(key)
    asked = only(request.args, *OF_MEMBERS)
    state = MultiDict([*only(page_state(), but=OF_MEMBERS).items(multi=True), *asked.items()])
    if not htmx.is_asking():
        return redirect(page_url(key, only(request.args)))
    told = drafts.state(edit.draft, edit.group)
    context = {**halves.common(edit, state, told), **halves.members(edit, state, told)}
    return half(key, state, "groups/_members.html", context)


@blueprint.get("/draft/<key>/picker")
def picker(key: str) -> ResponseReturnValue:
    """The right half: a search, a page of it, or (Mặc định) all customers again."""
    edit = editing(key)
    asked = only(request.args, but=OF_MEMBERS)
    state = MultiDict([*only(page_state(), *OF_MEMBERS).items(), *asked.items(multi=True)])
    if not htmx.is_asking():
        return redirect(page_url(key, only(request.args)))
    counts_all = request.args.get("count") == "all"
    context = {
        **halves.common(edit, state, drafts.state(edit.draft, edit.group)),
        **halves.matches(edit, state, all_of_them=counts_all),
    }
    if request.headers.get("HX-Target") == "picker":
        return half(
            key, state, "groups/_picker.html", {**context, **halves.fields(context["search"])}
        )
    return half(key, state, "groups/_found_answer.html", context)


@blueprint.post("/draft/<key>/text")
def text(key: str) -> ResponseReturnValue:
    """Keep what is typed as name and description; nothing is begun by typing nothing."""
    edit = editing(key)
    typed = typed_texts()
    if edit.draft is not None or differs(edit.group, typed):
        drafts.type_text(edit.begin(), **typed)
        db.session.commit()
    if not htmx.is_asking():
        return back_to_form(key, "")
    edit = edit.again()
    told = drafts.state(edit.draft, edit.group)
    return render_template("groups/_unsaved.html", **halves.common(edit, page_state(), told))


def typed_texts() -> dict[str, str]:
    """The texts that the request carries, as they were typed."""
    sent = {name: request.form[name] for name in TYPED if name in request.form}
    return {name: value.replace("\0", "") for name, value in sent.items()}


def differs(group: CustomerGroup | None, typed: Mapping[str, str]) -> bool:
    """Whether any text is another than the group has."""
    return any(value.strip() != (getattr(group, name, "") or "") for name, value in typed.items())


@blueprint.post("/draft/<key>/pick")
def pick(key: str) -> ResponseReturnValue:
    """Chọn khách hàng: the ticked ones, or all that the search shown matches."""
    edit = editing(key)
    matching = request.form.get("all_matching") == "1"
    ids = ticked("more") if matching else ticked("ids", "more")
    if not (matching or ids):
        return _done(edit, _("Tick the customers first."), "warn")
    draft, outcomes = edit.begin(), []
    if matching:
        search = following.asked(request.form.get("query", ""))
        where = [*reach(), *search.where(sees_sensitive=guard.sees_sensitive())]
        outcomes.append(drafts.pick_matching(draft, where, {"query": search.text}))
    if ids:
        outcomes.append(drafts.pick(draft, ids, reach()))
    said = picked_words(*outcomes)
    kind = "good" if any(outcome.changed for outcome in outcomes) else "warn"
    return _done(edit, said, kind, **{"group-picked": {}})


def picked_words(*outcomes: Outcome) -> str:
    """What choosing customers gave: how many came in, were there already, are gone."""
    changed = sum(outcome.changed for outcome in outcomes)
    already = sum(outcome.already for outcome in outcomes)
    missing = sum(outcome.missing for outcome in outcomes)
    said = [
        ngettext(
            "%(count)s customer added to the draft.",
            "%(count)s customers added to the draft.",
            changed, count=format_decimal(changed),
        )
    ]  # fmt: skip
    if already:
        said.append(_("Already in the group: %(count)s.", count=format_decimal(already)))
    if missing:
        said.append(_("No longer there: %(count)s.", count=format_decimal(missing)))
    return " ".join(str(s) for s in said)


@blueprint.post("/draft/<key>/remove")
def remove(key: str) -> ResponseReturnValue:
    """Take members out: one, the ticked ones, or all that the search in the group matches."""
    edit = editing(key)
    if request.form.get("all_matching") == "1" and not request.form.get("only"):
        where = halves.members_where(only(request.form, "mq"))
        outcome = drafts.remove_matching(edit.begin(), where)
    else:
        ids = ticked("only") or ticked("ids")
        if not ids:
            return _done(edit, _("Tick the members first."), "warn")
        outcome = drafts.remove(edit.begin(), ids)
    said = ngettext(
        "%(count)s member taken out of the draft.",
        "%(count)s members taken out of the draft.",
        outcome.changed, count=format_decimal(outcome.changed),
    )  # fmt: skip
    return _done(edit, said, "good" if outcome.changed else "warn")


@blueprint.post("/draft/<key>/undo")
def undo(key: str) -> ResponseReturnValue:
    """Hoàn tác: one step, what was done to one customer, or everything done to members."""
    edit = editing(key)
    if edit.draft is None:
        return _done(edit, _("There is nothing left to undo."), "warn")
    told = [request.form.get(name, "") for name in ("step", "customer")]
    step, customer = map(outside.record_id, told)
    if any(told) and step is None and customer is None:
        return _done(edit, _("There is nothing left to undo."), "warn")
    if step is not None:
        drafts.take_back(edit.draft, step)
    elif customer is not None:
        drafts.take_back_customer(edit.draft, customer)
    else:
        followed = edit.draft.filter is not None
        drafts.take_back_all(edit.draft)
        if followed:
            # Another kind of group: the whole form is another.
            db.session.commit()
            return htmx.go(page_url(edit.key, page_state()))
    return _done(edit, _("Undone."), "good")


def _done(edit: Editing, text: str, kind: str, **events: object) -> ResponseReturnValue:
    db.session.commit()
    if not htmx.is_asking():
        return back_to_form(edit.key, text, "success" if kind == "good" else "warning")
    return say(halves.answer(edit), text, kind, **events)
