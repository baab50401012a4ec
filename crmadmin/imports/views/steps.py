"""Where an import stands, and what moves it on: run, stop, go on, start over, leave."""

from __future__ import annotations

import time

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.core.db import db, reads_only
from crmadmin.imports import mapping_page, services, standing, states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import JOBS
from crmadmin.imports.states import Action, Is
from crmadmin.imports.views.base import back_url, batch_of, blueprint, changing
from crmadmin.jobs import services as jobs

PATIENCE = 2.0
"""Seconds for which an answer waits for a job, so that small files need no progress page."""

LOOK_EVERY = 0.04


def is_working(batch: ImportBatch) -> bool:
    """Whether a job of this import waits or runs."""
    return jobs.active(batch.id, JOBS) is not None


def step_of(batch: ImportBatch) -> str:
    """The endpoint of the step at which an import stands."""
    now = standing.of(batch)
    if now.is_working:
        return "imports.progress"
    if now.allows(Action.RUN) and not now.is_(Is.HELD_UP) and asks_first(batch):
        return "imports.mapping"
    return f"imports.{states.page_of(now.status)}"


def asks_first(batch: ImportBatch) -> bool:
    """Whether columns or values wait for the user's word before the preview is worth reading.

    Only of customers: the guide to the catalogs goes from the file straight to "Nhập dữ liệu",
    so there the preview names what is undecided and leads back.
    """
    return KINDS[batch.kind].takes_group and mapping_page.needs_decision(batch)


def move_on(batch: ImportBatch, *, to: str = "imports.show") -> Response:
    """Answer a button that started a job: wait a moment for it, then lead to where it stands."""
    settle(batch)
    return redirect(url_for(to, id=batch.id), 303)


def settle(batch: ImportBatch) -> None:
    """Wait for the import's job, for a short while; the import is as the job left it.

    Who waited here sees the outcome on the page that follows: it is no news for the bell.
    """
    end = time.monotonic() + PATIENCE
    # What is looked at here must not hold SQLite's one write lock, which the job needs.
    token = reads_only.set(True)
    try:
        db.session.rollback()
        while is_working(batch) and time.monotonic() < end:
            db.session.rollback()
            time.sleep(LOOK_EVERY)
        has_ended = not is_working(batch)
        db.session.refresh(batch)
        db.session.rollback()
    finally:
        reads_only.reset(token)
    user = guard.current_user()
    if has_ended and user is not None:
        jobs.mark_subject_seen(user.id, batch.id, JOBS)


@blueprint.get("/<id>/")
def show(id: str) -> Response:
    """The step at which an import stands."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    return redirect(url_for(step_of(batch), id=batch.id))


@blueprint.post("/<id>/run")
def run(id: str) -> Response:
    """Carry the import out, once."""
    batch = changing(id)
    if is_working(batch):
        settle(batch)  # a correction that was typed just before is being looked at
    now = standing.of(batch)
    if now.is_working and not now.is_(Is.WRITTEN):
        flash(_("The file is still being read. Look at the preview first."), "warning")
        return redirect(url_for("imports.show", id=batch.id), 303)
    if not now.allows(Action.RUN):
        return not_now(batch)
    try:
        services.start_run(batch, strict=request.form.get("strict") == "1")
    except services.BadState:
        return not_now(batch)
    return move_on(batch)


def not_now(batch: ImportBatch) -> Response:
    """Answer a button of a page that shows the import as it stood before."""
    if standing.of(batch).is_(Is.WRITTEN):
        flash(_("This import was carried out already."), "warning")
    else:
        flash(_("The import stands elsewhere by now: this is where it is."), "warning")
    return redirect(url_for("imports.show", id=batch.id), 303)


@blueprint.post("/<id>/stop")
def stop(id: str) -> Response:
    """Ask the run to stop after the rows at hand; what it wrote stays (Dừng)."""
    batch = changing(id)
    if standing.of(batch).allows(Action.STOP):
        services.stop(batch)
    return move_on(batch)


@blueprint.post("/<id>/resume")
def resume(id: str) -> Response:
    """Go on where it stopped (Tiếp tục); a look at the file that failed is begun anew."""
    batch = changing(id)
    now = standing.of(batch)
    try:
        if now.allows(Action.RETRY):
            services.start_preview(batch)
        elif now.allows(Action.RESUME):
            services.resume(batch)
        else:
            raise services.BadState(now.status)
    except services.BadState:
        flash(_("This import is not waiting."), "warning")
        return redirect(url_for("imports.show", id=batch.id), 303)
    return move_on(batch)


@blueprint.post("/<id>/restart")
def restart(id: str) -> Response:
    """Start the settings over: as they were right after the upload (Làm mới)."""
    batch = changing(id)
    if not standing.of(batch).allows(Action.RESTART):
        return not_now(batch)
    try:
        services.restart(batch)
    except services.BadState:
        return not_now(batch)
    return move_on(batch)


@blueprint.post("/<id>/abandon")
def abandon(id: str) -> Response:
    """Leave with nothing kept: neither the file nor what was decided (Bỏ qua)."""
    batch = changing(id, Permission.IMPORTS_DELETE)
    if not standing.of(batch).allows(Action.ABANDON):
        return not_now(batch)
    back = back_url(batch)
    try:
        services.abandon(batch)
    except services.BadState:
        return not_now(batch)
    flash(_("The import was left. Nothing of it was kept."), "success")
    return redirect(back, 303)
