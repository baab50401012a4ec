"""Sheets of acts on many records: a plan is made when one opens, and carried out once; what it came
to is told with the way back. See `core.acts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.access.permissions import find
from crmadmin.admin.selection import leave
from crmadmin.admin.view_models import BulkAction, MenuItem
from crmadmin.core import acts, many, marks
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import all_records, db, spec_of
from crmadmin.core.spec import RecordSpec
from crmadmin.jobs import acts as jobs

HTMX = "HX-Request"


def offer(kind: str, name: str, url: str) -> BulkAction:
    """The kind of act as a list offers it for its ticked rows; `name` is the list's own for it."""
    found = acts.registered(kind)
    return BulkAction(name, found.label, found.icon, url, found.danger)


def menu_item(kind: str, url: str, method: str = "get", **more: Any) -> MenuItem:
    """The kind of act as a menu offers it for one record, or for all of a list."""
    found = acts.registered(kind)
    return MenuItem(found.label, url, found.icon, method, found.danger, **more)


def opened(
    kind: str, plan: Callable[[], BulkAct], here: Callable[[str], str], back: str
) -> BulkAct | ResponseReturnValue:
    """The plan that a sheet is about, or the answer where there is none.

    A list posts its ticks, which makes the plan; the sheet names it from then on by its key, which
    `here` puts into the sheet's address.
    """
    if "act" in request.values:
        act = acts.planned(request.values["act"], kind)
        if act is not None:
            return act
        flash(_("This was done already, or was open for too long. Tick the rows again."), "warning")
        return leave(back)
    if request.method != "POST":
        flash(_("Tick the rows first."), "warning")
        return leave(back)
    act = plan()
    missing = _ticked() - act.picked
    if missing > 0:
        act.params = {**act.params, "missing": missing}
    db.session.commit()
    return act if HTMX in request.headers else redirect(here(marks.key(act)), 303)


def _ticked() -> int:
    """How many rows were ticked one by one."""
    return 0 if request.form.get("all_matching") == "1" else len({*request.form.getlist("ids")})


def named(act: BulkAct) -> list[tuple[str, str]]:
    """The plan that a sheet is about, as hidden fields."""
    return [("act", marks.key(act))]


def notes(act: BulkAct) -> list[tuple[str, str]]:
    """What a sheet says before its question, (kind, words): ticked rows that are not among its."""
    missing = act.params.get("missing") or 0
    if not missing:
        return []
    words = ngettext(
        "%(count)s ticked row is left out: it was deleted, moved or replaced meanwhile.",
        "%(count)s ticked rows are left out: they were deleted, moved or replaced meanwhile.",
        missing, count=format_decimal(missing),
    )  # fmt: skip
    return [("warn", words)]


def carry_out(act: BulkAct, words: Callable[[int], str]) -> ResponseReturnValue:
    """Do what a plan's `params` say: at once, or as a job whose page tells how far it is."""
    back = act.params["back"]
    if many.is_long(act):
        page = url_for("acts.show", key=act.id)
        jobs.start(act)
        return leave(page)
    done = many.do_at_once(act)
    db.session.commit()
    tell(done, words(done.written))
    return leave(back)


def is_confirmed() -> bool:
    """Whether the sheet itself was sent, and not the list that opens it."""
    return request.method == "POST" and "act" in request.form


def tell(act: BulkAct, words: str) -> None:
    """Say what an act came to, what was left and its names; with the way back."""
    told = [str(words)]
    if act.left:
        told.append(left_words(act))
    if not (act.written or act.left):
        told.append(str(_("Nothing had to be changed.")))
    kind = "warning" if act.left or not act.written else "success"
    flash(message(act, " ".join(told)), kind)


def message(act: BulkAct, text: str) -> Any:
    """A message with the way back, as `_flashes.html` shows it."""
    undo = url_for("acts.undo", key=marks.key(act)) if act.written else ""
    return {"text": text, "undo_url": undo, "url": url_for("acts.show", key=act.id)}


def left_words(act: BulkAct) -> str:
    """What was left, by name: the first of them."""
    page = acts.named(act, acts.LEFT)
    names = ", ".join(label for _id, label, _fate in page.rows)
    more = act.left - len(page.rows)
    return ngettext(
        "%(count)s was left as it is, for it was changed or deleted meanwhile: %(names)s",
        "%(count)s were left as they are, for they were changed or deleted meanwhile: %(names)s",
        act.left, count=format_decimal(act.left), names=names,
    ) + (f", … (+{format_decimal(more)})." if more else ".")  # fmt: skip


def spec_of_act(act: BulkAct) -> RecordSpec | None:
    """What the act's own rows are; None for a record that the product no longer has."""
    return next((spec_of(m) for m in all_records() if m.__tablename__ == act.target), None)


def may_undo(act: BulkAct) -> bool:
    """Whether the current user may do what undoing comes to, at all."""
    kind, spec = acts.named_by(act), spec_of_act(act)
    if kind is None:
        return False
    resource = kind.resource or (spec.options.resource if spec is not None else "")
    permission = find(resource, kind.action)
    return permission is not None and guard.can(permission)
