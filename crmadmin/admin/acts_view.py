"""What was done to many records: one's own acts, what each came to, and taking it back."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from flask_babel import format_datetime, format_decimal, ngettext
from flask_babel import gettext as _

from crmadmin.access import guard, policy
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission, find
from crmadmin.access.policy import Helper
from crmadmin.admin import bulk
from crmadmin.admin.cells import local
from crmadmin.core import acts, many, marks, retention
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db
from crmadmin.core.outside import page_number
from crmadmin.core.retention import Keep
from crmadmin.core.spec import Words
from crmadmin.jobs import acts as jobs
from crmadmin.jobs.models import Job

PER_PAGE = 50
MOMENT = "HH:mm dd/MM/yyyy"
OTHERS = Permission.AUDIT_READ
"""Who may see, and take back, what others did."""


def doing() -> tuple[Permission, ...]:
    """What any act on many records asks of the user who does it or takes it back."""
    asked = {find(*pair) for kind in acts.kinds() for pair in kind.asks}
    return tuple(sorted(p for p in asked if p is not None))


class ActsView(BaseView):
    """A list, a page an act, and Hoàn tác: for users who can have an act here, or sees others'."""

    def __init__(self) -> None:
        super().__init__(name="acts", endpoint="acts", url="/admin/acts")
        for name in ("index", "show", "undo", "go_on"):
            policy.register(f"acts.{name}", Helper((OTHERS, *doing())))

    def _handle_view(self, name: str, **kwargs: object) -> None:
        if not guard.reaches(f"acts.{name}"):
            abort(403)

    @expose("/")
    def index(self) -> str:
        """One's own acts, the latest first; administrators see everybody's."""
        user = guard.current_user() or abort(403)
        mine = None if guard.can(OTHERS) else user.id
        page = acts.page(mine, page_number(request.args.get("page")), PER_PAGE)

        def link(number: int) -> str:
            return url_for("acts.index", page=number)

        return render_template(
            "admin/acts.html", title=_("Done to many"), lines=[_line(act) for act in page.rows],
            acts_too=any(map(guard.can, doing())),
            prev_url=link(page.number - 1) if page.number > 1 else "",
            next_url=link(page.number + 1) if page.has_next else "",
        )  # fmt: skip

    @expose("/<key>/")
    def show(self, key: str) -> ResponseReturnValue:
        """What an act came to, and what was left or stays, by name."""
        act = _load(key)
        job = jobs.job_of(act)
        if bulk.HTMX in request.headers and not acts.is_unfinished(act):
            return Response(headers={"HX-Refresh": "true"})  # what was asked for how far it is
        fates = _told(act)
        page = acts.named(
            act, *fates, number=page_number(request.args.get("page")), per_page=PER_PAGE
        )

        def link(number: int) -> str:
            return url_for("acts.show", key=act.id, page=number)

        return render_template(
            "admin/act.html", title=title_of(act), act=_line(act), params=act.params,
            rows=[(label or f"#{key}", fates[fate]) for key, label, fate in page.rows],
            total=page.total, until=_until(act), tried=nothing_back(act),
            back_url=act.params.get("back", ""), working=_working(act, job),
            prev_url=link(page.number - 1) if page.number > 1 else "",
            next_url=link(page.number + 1) if page.has_next else "",
        )  # fmt: skip

    @expose("/<key>/undo/", methods=("POST",))
    def undo(self, key: str) -> ResponseReturnValue:
        """Hoàn tác; rows that somebody wrote since stay, and are named."""
        act = _load(key)
        if not bulk.may_undo(act):
            abort(403)
        found = acts.undoing(act.id)
        if found is None:
            db.session.rollback()
            flash(str(_why_not(act)), "warning")
        elif many.is_long(found):
            jobs.start(found)
        else:
            acts.undo(found)
            db.session.commit()
            flash(*_undone(found))
        return redirect(url_for("acts.show", key=act.id), 303)

    @expose("/<key>/go-on/", methods=("POST",))
    def go_on(self, key: str) -> ResponseReturnValue:
        """Go on with an act whose job failed."""
        act = _load(key)
        if not bulk.may_undo(act):
            abort(403)
        if acts.is_unfinished(act) and jobs.is_halted(jobs.job_of(act)):
            jobs.go_on(act)
        return redirect(url_for("acts.show", key=key), 303)


def _why_not(act: BulkAct) -> Words:
    if acts.is_unfinished(act):
        return _("This is not finished yet.")
    return _("That was taken back already.")


def _working(act: BulkAct, job: Job | None) -> dict[str, object] | None:
    """How far an unfinished act is; None of one that has ended."""
    if not acts.is_unfinished(act):
        return None
    done, total = (job.done, job.total or act.picked) if job is not None else (0, act.picked)
    return {
        "done": done, "total": total, "is_undoing": act.state == acts.UNDOING,
        "is_halted": jobs.is_halted(job), "why": job.error if job is not None else "",
        "url": url_for("acts.show", key=act.id),
        "go_on_url": url_for("acts.go_on", key=marks.key(act)) if bulk.may_undo(act) else "",
    }  # fmt: skip


def _load(key: str) -> BulkAct:
    """An act of one's own, or of anybody for users who may see that; else 404, like one not
    there."""
    act, user = acts.find(key), guard.current_user()
    if act is None or user is None or act.state == acts.PLANNED:
        abort(404)
    if act.user_id != user.id and not guard.can(OTHERS):
        abort(404)
    marks.require(act)
    return act


def _undone(act: BulkAct) -> tuple[str, str]:
    if act.state == acts.DONE:
        return nothing_back(act), "warning"
    words = ngettext(
        "Taken back: %(count)s is as it was.", "Taken back: %(count)s are as they were.",
        act.back, count=format_decimal(act.back),
    )  # fmt: skip
    if not act.stayed:
        return words, "success"
    told, taken = [str(words)], acts.fates(act).get(acts.TAKEN, 0)
    if stay := act.stayed - taken:
        told.append(ngettext(
            "%(count)s stays as it is, for it was changed since: see below.",
            "%(count)s stay as they are, for they were changed since: see below.",
            stay, count=format_decimal(stay),
        ))  # fmt: skip
    if taken:
        told.append(ngettext(
            "%(count)s could not come back: see below.",
            "%(count)s could not come back: see below.",
            taken, count=format_decimal(taken),
        ))  # fmt: skip
    return " ".join(told), "warning"


def nothing_back(act: BulkAct) -> str:
    """That the last try to take an act back brought nothing back, and what can be done."""
    if act.state != acts.DONE or not act.stayed:
        return ""
    words = ngettext(
        "Nothing was taken back: %(count)s was changed since, or its place is taken.",
        "Nothing was taken back: %(count)s were changed since, or their places are taken.",
        act.stayed, count=format_decimal(act.stayed),
    )  # fmt: skip
    return f"{words} " + _("Take back first what was done to them later; then this can be, too.")


def _told(act: BulkAct) -> dict[str, Words]:
    """The fates that the page of an act lists, in words."""
    told: dict[str, Words] = {acts.LEFT: _("left: changed or deleted meanwhile")}
    if act.state == acts.UNDONE:
        told[acts.STAYS] = _("stays: changed since the act")
        told[acts.TAKEN] = _(
            "could not come back: its place is taken, or what it belongs to is gone"
        )
        told[acts.PARTLY] = _("is back, without a value that was deleted meanwhile")
    return told


def _until(act: BulkAct) -> str:
    return str(format_datetime(local(retention.goes_at(Keep.FILES, act.created_at)), MOMENT))


def _line(act: BulkAct) -> dict[str, object]:
    """An act as its list and its page show it."""
    who = db.session.get(User, act.user_id)
    by = db.session.get(User, act.undone_by_id) if act.undone_by_id else None
    can = act.state == acts.DONE and act.written > 0 and bulk.may_undo(act)
    return {
        "title": title_of(act),
        "url": url_for("acts.show", key=act.id),
        "who": str(who or _("Somebody")),
        "when": format_datetime(local(act.done_at or act.created_at), MOMENT),
        "written": act.written,
        "left": act.left,
        "is_foreign": acts.named_by(act) is None or act.state not in acts.STATES,
        "is_undone": act.state == acts.UNDONE,
        "is_unfinished": acts.is_unfinished(act),
        "undone_by": str(by or _("Somebody")),
        "undone_when": format_datetime(local(act.undone_at), MOMENT) if act.undone_at else "",
        "back": act.back,
        "stayed": act.stayed,
        "undo_url": url_for("acts.undo", key=marks.key(act)) if can else "",
    }


def title_of(act: BulkAct) -> str:
    """What was done, in a few words."""
    spec = bulk.spec_of_act(act)
    return acts.title_of(act, str(spec.plural).lower() if spec is not None else act.target)
