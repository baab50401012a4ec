"""The form page of a group: Thêm mới → Lưu, Sửa → Cập nhật. Everything goes through a draft."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_datetime, format_decimal, ngettext
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.admin import extensions
from crmadmin.admin.form_fields import RecordForm
from crmadmin.core import merging, outside, records
from crmadmin.core.db import db
from crmadmin.core.merging import Difference
from crmadmin.core.spec import Words
from crmadmin.groups import drafts
from crmadmin.groups.conflicts import MEMBERS
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.shapes import DraftState
from crmadmin.groups.views import editing, halves
from crmadmin.groups.views.changes import typed_texts
from crmadmin.groups.views.editing import NEW_KEY, Editing
from crmadmin.groups.views.list import GroupList

MOMENT = "HH:mm dd/MM/yyyy"


class GroupForm(GroupList):
    """The form of a group."""

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Thêm mới → Lưu."""
        guard.require(Permission.GROUPS_EDIT)
        return self._page(NEW_KEY)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Sửa → Cập nhật."""
        return self._page(request.args.get("id", ""))

    def _page(self, key: str) -> ResponseReturnValue:
        try:
            edit = editing.editing(key)
        except drafts.Closed as error:
            return editing.come_back(error, key)
        return self._save(edit) if request.method == "POST" else self._show(edit)

    def _save(self, edit: Editing) -> ResponseReturnValue:
        """Keep what was typed, then write the draft to its group in one transaction."""
        draft = edit.begin()
        drafts.type_text(draft, **typed_texts())
        # Whatever comes of saving, what was typed is kept.
        db.session.commit()
        form: RecordForm = self.form(edit.group)
        if form.validate():
            form.leave_unchanged(edit.group)
            if not form.were_shown():
                return self._show(edit.again(), form=form)
        merge = request.form.get("merge") == "1"
        seen = outside.whole(request.form.get("seen_version"), 1)
        try:
            picks = request.form if merge else None
            group = drafts.save(draft, edit.group, merge=merge, seen_version=seen, picks=picks)
        except records.Invalid as invalid:
            db.session.rollback()
            return self._show(edit.again(), invalid)
        except drafts.Conflict as conflict:
            return self._conflict(edit, conflict)
        except drafts.Gone as gone:
            db.session.commit()
            flash(_gone_words(gone), "warning")
            return redirect(url_for(f"{self.endpoint}.create_view"))
        except drafts.Importing as importing:
            db.session.rollback()
            words = _("“%(file)s” is still being imported into this group. Wait until it is done.",
                      file=importing.file_name)  # fmt: skip
            return self._show(edit.again(), notes=[("bad", str(words))], status=409)
        except (drafts.Closed, drafts.Follows) as error:
            return editing.come_back(error, edit.key)
        db.session.commit()
        flash(_("Saved %(name)s.", name=group.name), "success")
        return redirect(url_for(f"{self.endpoint}.index_view", marked=group.id))

    def _show(
        self,
        edit: Editing,
        invalid: records.Invalid | None = None,
        notes: list[tuple[str, str]] | None = None,
        form: RecordForm | None = None,
        status: int = 200,
    ) -> ResponseReturnValue:
        state = editing.only(request.args) if request.method == "GET" else editing.page_state()
        context = halves.whole(edit, state)
        told: DraftState = context["told"]
        form = form or self.form(edit.group)
        if request.method == "GET":
            form["name"].data, form["description"].data = told.name, told.description
        if invalid is not None:
            form.refuse(self.problems_of(invalid))
        label, is_new = str(self.spec.label).lower(), edit.key == NEW_KEY
        html = render_template(
            "groups/form.html",
            **context,
            **halves.fields(context["search"]),
            view=self,
            form=form,
            title=_("Add %(what)s", what=label) if is_new else _("Edit %(what)s", what=label),
            is_gone=edit.is_gone,
            tab=_tab(edit, invalid),
            notes=[*_notes(edit, told), *(notes or [])],
            changed_words=_changed(edit),
            import_url=self._import_into(edit, told),
            delete_url=self._delete_url(edit.group),
            errors_count=len(invalid.problems) if invalid else 0,
            warnings_count=form.warning_count,
        )
        return html, 422 if invalid else status

    def _import_into(self, edit: Editing, told: DraftState) -> str:
        """Where Nhập khẩu leads: the wizard in the form's context."""
        if told.filter is not None or edit.is_gone:
            return ""
        return str(extensions.ask(self.spec.name, "import_into", draft=edit.key))

    def _conflict(self, edit: Editing, conflict: drafts.Conflict) -> ResponseReturnValue:
        """The page with both sides, and the way to have both."""
        theirs = [
            {
                "who": _who(saved.user),
                "when": format_datetime(saved.at, MOMENT),
                "members": _plus_minus(saved.added, saved.removed),
                "texts": [(_label(name), *pair) for name, pair in saved.texts.items()],
            }
            for saved in conflict.theirs
        ]
        told = drafts.state(edit.draft, edit.group)
        lines = [_described(line, conflict) for line in conflict.lines]
        is_answer = request.form.get("seen_version") == str(conflict.version)
        picks = merging.picked(lines, request.form if is_answer else {})
        context = {
            "lines": lines,
            "picks": picks,
            "asked": merging.unsettled(lines, picks, {}) if is_answer else [],
            "name": conflict.group.name,
            "theirs": theirs,
            "mine": _plus_minus(told.added, told.removed),
            "mine_texts": [
                (_label(name), getattr(edit.group, name), getattr(told, name))
                for name in told.changed_texts
            ],
            "lost": conflict.lost,
            "seen_version": conflict.version,
        }
        db.session.rollback()
        html = render_template(
            "groups/conflict.html",
            title=_("Changed meanwhile"),
            **context,
            save_url=url_for(f"{self.endpoint}.edit_view", id=edit.key),
            leave_url=url_for("groups.leave", key=edit.key),
            edit_url=url_for(f"{self.endpoint}.edit_view", id=edit.key),
        )
        return html, 409


def _tab(edit: Editing, invalid: records.Invalid | None) -> str:
    """The part that a phone shows first."""
    return "part-texts" if edit.key == NEW_KEY or invalid else "part-members"


def _described(line: Difference, conflict: drafts.Conflict) -> Difference:
    """A line of the conflict page in words."""
    if line.key != MEMBERS:
        return replace(line, label=_label(line.key))
    both = conflict.both
    names = ", ".join(both.names) + (", …" if both.count > len(both.names) else "")
    label = ngettext(
        "%(count)s customer whom one of you put in and the other took out: %(names)s",
        "%(count)s customers whom one of you put in and the other took out: %(names)s",
        both.count, count=format_decimal(both.count), names=names,
    )  # fmt: skip
    return replace(line, label=label, mine=_("As you had it"), theirs=_("As it was saved"))


def _label(name: str) -> Words:
    return {
        "name": _("Customer list name"),
        "description": _("Description"),
        "filter": _("Filter"),
    }[name]


def _plus_minus(added: int, removed: int) -> list[tuple[str, str]]:
    """+12 and −3 with their colours; nothing for nothing."""
    signs = (("+", added, "green"), ("−", removed, "red"))
    return [(f"{sign}{format_decimal(count)}", color) for sign, count, color in signs if count]


def _changed(edit: Editing) -> str:
    """Cập nhật gần nhất 14:05 18/11/2026 bởi Đỗ Thành An."""
    group = edit.group
    if group is None:
        return ""
    when = format_datetime(group.updated_at, MOMENT)
    if not group.updated_by_id:
        return str(_("Last changed %(when)s", when=when))
    who = _who(db.session.get(User, group.updated_by_id))
    return str(_("Last changed %(when)s by %(who)s", when=when, who=who))


def _who(user: User | None) -> str:
    return str((user.full_name or user.username) if user else _("Somebody"))


def _notes(edit: Editing, told: DraftState) -> list[tuple[str, str]]:
    """What one should know before going on: a group that is gone or that others have saved."""
    found: list[tuple[str, str]] = []
    if edit.is_gone:
        found.append(("warn", str(_(
            "This group was deleted meanwhile. Your changes are still here: Save makes a new group."
        ))))  # fmt: skip
    elif edit.draft is not None and _is_older(edit.draft.base_version, edit.group):
        found.append(("warn", str(_(
            "Somebody saved this group after you began. Saving shows both sides first."
        ))))  # fmt: skip
    elif edit.key == NEW_KEY and edit.draft is not None and not told.is_empty:
        when = format_datetime(edit.draft.created_at, MOMENT)
        found.append(("", str(_("Your draft of a new group, begun at %(when)s.", when=when))))
    return found


def _is_older(version: int, group: CustomerGroup | None) -> bool:
    return group is not None and version < group.version


def _gone_words(gone: drafts.Gone) -> str:
    if gone.by is not None and gone.by.user is not None:
        return str(_(
            "%(who)s deleted this group meanwhile. Your changes are here as a new group: "
            "save it, or go back.", who=_who(gone.by.user),
        ))  # fmt: skip
    return str(_(
        "This group was deleted meanwhile. Your changes are here as a new group: "
        "save it, or go back."
    ))  # fmt: skip
