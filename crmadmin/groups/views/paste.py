"""Dán danh sách mã: a sheet that takes codes, phones or emails, and says whom they name."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from crmadmin.access import guard, messages, questions
from crmadmin.access.questions import Question, TooManyQuestions
from crmadmin.core import htmx, records
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, paste, queries
from crmadmin.groups.shapes import StepKind
from crmadmin.groups.views.changes import picked_words
from crmadmin.groups.views.editing import (
    Editing,
    back_to_form,
    blueprint,
    editing,
    page_state,
    page_url,
    reach,
    say,
)
from crmadmin.groups.views.halves import answer

MOST_SHOWN = 200
"""Lines that are listed; the others are counted."""


@blueprint.get("/draft/<key>/paste", endpoint="paste")
def ask(key: str) -> ResponseReturnValue:
    """The sheet with its empty field."""
    return _sheet(editing(key), "")


@blueprint.post("/draft/<key>/paste", endpoint="look_up")
def look_up(key: str) -> ResponseReturnValue:
    """Say whom the lines name; with `choose`, bring them into the draft."""
    edit = editing(key)
    text = request.form.get("lines", "")
    if not text.strip():
        return _sheet(edit, "", _("Paste the list first.")), 422
    try:
        questions.ask(edit.user_id, Question.PASTE)
        found = paste.look_up(text, reach(), sees_sensitive=guard.sees_sensitive())
    except TooManyQuestions as many:
        words = messages.too_many_questions(many.seconds)
        return _sheet(edit, text, words), 429, {"Retry-After": str(many.seconds)}
    except paste.TooManyLines as too_long:
        words = _(
            "The list has %(count)s lines. At most %(most)s can be looked up at once: split it.",
            count=format_decimal(too_long.lines), most=format_decimal(paste.MOST_LINES),
        )  # fmt: skip
        return _sheet(edit, text, words), 422
    also = records.same_ids(Customer, request.form.getlist("also"))
    if request.form.get("choose") == "1" and (found.found or also):
        return _choose(edit, [*found.ids, *also])
    return _sheet(edit, text, pasted=found)


def _choose(edit: Editing, ids: list[int]) -> ResponseReturnValue:
    outcome = drafts.pick(edit.begin(), ids, reach(), StepKind.PASTE)
    db.session.commit()
    said = picked_words(outcome)
    if not htmx.is_asking():
        return back_to_form(edit.key, said)
    made = say(answer(edit), said, "good" if outcome.changed else "warn", **{"sheet-close": {}})
    # The question came from the sheet; what it changed is the form behind it.
    made.headers["HX-Retarget"], made.headers["HX-Reswap"] = "#members", "outerHTML"
    return made


def _sheet(edit: Editing, text: str, error: str = "", pasted: paste.Pasted | None = None) -> str:
    ids = pasted.ids if pasted else []
    already = queries.in_group(edit.draft, edit.group, ids) if ids else {}
    return render_template(
        "groups/paste.html",
        title=_("Paste a list of codes"),
        lines=text,
        error=error,
        pasted=pasted,
        already=sum(mark in ("member", "added") for mark in already.values()),
        most=MOST_SHOWN,
        action=url_for("groups.look_up", key=edit.key),
        back_url=page_url(edit.key, page_state()),
        version=edit.group.version if edit.group else 0,
    )
