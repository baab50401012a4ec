"""The form pages of a record: Thêm mới, Sửa, and the page for an edit that came too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_datetime
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from crmadmin.access import guard, messages, questions, reach
from crmadmin.access.models import User
from crmadmin.access.questions import Question, TooManyQuestions
from crmadmin.admin.extensions import Card
from crmadmin.admin.form_fields import (
    RecordForm,
    RefField,
    SpecField,
    form_class,
    sections,
    shown,
    typed,
)
from crmadmin.admin.list import ListPages
from crmadmin.core import merging, options, outside, records
from crmadmin.core.db import db
from crmadmin.core.merging import THEIRS, Difference
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import FieldSpec, RecordSpec, Words


class FormPages(ListPages):
    """The forms of a new record and of a stored one, which lead back to the list."""

    form_template = "admin/model/form.html"
    extra_form: Mapping[str, object] = {}
    form_base = RecordForm

    def form_fields(self) -> list[FieldSpec]:
        """The fields that the current user may set."""
        closed = guard.closed_fields(self.spec.options.resource)
        return [f for f in self.spec.having("editable") if f.name not in closed]

    def form(
        self, record: AnyRecord | None = None, given: MultiDict[str, str] | None = None
    ) -> RecordForm:
        """The form, filled from the request (or `given`), else from the record, else with
        defaults."""
        made = form_class(
            self.spec, self.form_fields(), self.targets, self.form_base, self.extra_form
        )
        data = None if record is not None or request.method == "POST" else self.defaults()
        shown_as = _Shown(self.spec, record) if record is not None else None
        if given is None:  # as it was sent
            form = made(obj=shown_as, data=data)
        else:
            form = made(given, obj=shown_as, data=data)
        for field in form:
            if isinstance(field, RefField):
                field.load(getattr(record, field.spec.column) if record is not None else None)
                field.look_up_at(url_for(f"{field.target.__tablename__}.lookup"))
                if data is not None:
                    field.choose_default()
        return form

    def defaults(self) -> dict[str, object]:
        """What a new record's form begins with, by field name."""
        return {}

    def save_new(self, form: RecordForm) -> AnyRecord:
        """Write a new record; services raise records.Invalid."""
        made: AnyRecord = records.create(self.model, form.values())
        return made

    def save(self, record: AnyRecord, form: RecordForm) -> None:
        """Write a changed one; services raise records.Invalid and records.Stale."""
        records.change(record, form.values(), version_of(form))

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Thêm mới → Lưu."""
        form = self.form()
        record = self.added(form) if request.method == "POST" else None
        if record is None:
            return self.render_form(form, None)
        flash(_("Added %(name)s.", name=records.describe(record)), "success")
        return redirect(self.after_create(record))

    def added(self, form: RecordForm) -> Any | None:
        """The record that a posted form makes, committed; None where the form says why not."""
        if not (self.is_valid(form) and self.before_save(form, None)):
            return None
        try:
            record = self.save_new(form)
        except records.Invalid as invalid:
            db.session.rollback()
            form.refuse(self.problems_of(invalid))
            return None
        db.session.commit()
        return record

    def is_valid(self, form: RecordForm) -> bool:
        """Whether what was posted can be kept, and may be compared with other people's records."""
        user = guard.current_user()
        if user is not None and not reach.is_whole(self.model):
            try:
                questions.look(user.id, Question.TOLD)
            except TooManyQuestions as many:
                form.wait(many.seconds, messages.too_many_questions(many.seconds))
                return False
        return form.validate()

    def problems_of(self, invalid: records.Invalid) -> Mapping[str, str]:
        """What the user is told of values that cannot be kept: which record has one already only
        where they may read that record. That there is one is counted."""
        user = guard.current_user()
        if user is not None and invalid.hides(reach.reads):
            questions.ask(user.id, Question.TOLD)
        return invalid.named(reach.reads)

    def before_save(self, form: RecordForm, record: AnyRecord | None) -> bool:
        """A last look at a valid form: False shows it again, with what it warns of. Sent once more
        as it was shown, it is saved."""
        form.leave_unchanged(record)
        if form.were_shown(self.doubts(form, record)):
            return True
        self.tell_doubts(form)
        return False

    def doubts(self, form: RecordForm, record: AnyRecord | None) -> list[str]:
        """What a view of its own would have looked at again, as marks that differ when it does."""
        return []

    def tell_doubts(self, form: RecordForm) -> None:
        """Put them on the form in words."""

    def after_create(self, record: Any) -> str:
        """Where Lưu leads."""
        if "_add_another" in request.form:
            return url_for(f"{self.endpoint}.create_view")
        return url_for(f"{self.endpoint}.index_view", marked=record.id)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Sửa → Lưu; a record written meanwhile by someone else leads to the page with both."""
        record = self.load(request.args.get("id"), "edit")
        form = self.form(record)
        if request.method == "GET":
            self.open_with(form, record)
            return self.render_form(form, record)
        if "merging" in request.form:
            merged = self.merged_form(form, record)
            if merged is None:
                return self.conflict(form, record.id)
            form = merged
        if self.is_valid(form) and self.before_save(form, record):
            try:
                self.require_unmoved(form, record)
                self.save(record, form)
            except records.Invalid as invalid:
                db.session.rollback()
                form.refuse(self.problems_of(invalid))
            except records.Stale:
                db.session.rollback()
                return self.conflict(form, record.id)
            else:
                db.session.commit()
                flash(_("Saved %(name)s.", name=records.describe(record)), "success")
                return redirect(url_for(f"{self.endpoint}.index_view", marked=record.id))
        return self.render_form(form, record)

    def open_with(self, form: RecordForm, record: AnyRecord) -> None:
        """Let the form carry what it was opened with."""
        form.version.data = str(record.version)
        form.opened.data = merging.opened(self.stored_values(record))

    def require_unmoved(self, form: RecordForm, record: AnyRecord) -> None:
        """Raises records.Stale when something that the form can write is not what it was opened
        with: an import adds contacts without touching their customer."""
        base = merging.read_opened(form.opened.data)
        if merging.has_moved(base, self.stored_values(record)):
            raise records.Stale

    def render_form(self, form: RecordForm, record: AnyRecord | None) -> ResponseReturnValue:
        """The form page; 422 when it came back with problems, 429 when the user has to wait."""
        failed = bool(form.errors)
        html = render_template(self.form_template, **self.form_context(form, record))
        if form.seconds:
            return html, 429, {"Retry-After": str(form.seconds)}
        return html, 422 if failed else 200

    def form_context(self, form: RecordForm, record: AnyRecord | None) -> dict[str, Any]:
        """Everything that the form's templates read."""
        label = str(self.spec.label).lower()
        title = _("Edit %(what)s", what=label) if record else _("Add %(what)s", what=label)
        buttons = [("_save", _("Save"), True)]
        if record is None:
            buttons.insert(0, ("_add_another", _("Save and add another"), False))
        return {
            "view": self,
            "spec": self.spec,
            "form": form,
            "sections": sections(self.spec, form),
            "mode": "edit" if record else "create",
            "record": record,
            "title": title,
            "buttons": buttons,
            "back_url": url_for(f"{self.endpoint}.index_view"),
            "errors_count": sum(bool(e) for e in form.errors.values()),
            "warnings_count": form.warning_count,
            "delete_url": self._delete_url(record),
            "cards": [] if record is None else self.form_cards(record),
        }

    def form_cards(self, record: AnyRecord) -> list[Card]:
        """What other features show beside the form of a record."""
        return []

    def _delete_url(self, record: AnyRecord | None) -> str:
        if record is None or not self.may("delete"):
            return ""
        return url_for(f"{self.endpoint}.delete_view", id=record.id)

    # When somebody saved meanwhile

    def stored_values(self, record: AnyRecord) -> dict[str, object]:
        """Everything of a record that the form can write, by key, for `merging`."""
        return {f.name: getattr(record, f.column) for f in self.form_fields()}

    def known_names(self, form: RecordForm) -> set[str]:
        """The fields of a form, the password among them, and the columns of its rows."""
        return {field.short_name for field in form}

    def seen(self, record: AnyRecord) -> str:
        """What the page of both versions carries: that it showed what is stored now."""
        return merging.seen(record.version, self.stored_values(record))

    def form_values(self, form: RecordForm) -> dict[str, object]:
        """The same of a form that was validated."""
        return {f.short_name: f.data for f in form if isinstance(f, SpecField)}

    def in_words(self, form: RecordForm, key: str, column: str, value: object) -> tuple[Words, str]:
        """The label and the value of a line of the conflict page."""
        field = form.record_field(key)
        return field.spec.label, words_of(field, value)

    def lines(self, form: RecordForm, record: AnyRecord) -> Sequence[Difference]:
        """In what a form and its record differ."""
        return merging.lines(
            merging.read_opened(form.opened.data),
            self.form_values(form),
            self.stored_values(record),
            lambda key, column, value: self.in_words(form, key, column, value),
        )

    def merged_form(self, mine: RecordForm, record: AnyRecord) -> RecordForm | None:
        """The form as if somebody had typed what was chosen into it; None when something is still
        to be chosen, or the record changed once more."""
        mine.validate()  # makes values of what was typed; what is wrong shows in the merged form
        if request.form.get("merging") != self.seen(record):
            return None
        found = self.lines(mine, record)
        picks = merging.picked(found, request.form)
        if merging.unsettled(found, picks, request.form):
            return None
        given = self.merged(mine, record, picks)
        given.setlist("version", [str(record.version)])
        given.setlist("opened", [merging.opened(self.stored_values(record))])
        return self.form(record, given)

    def merged(
        self, mine: RecordForm, record: AnyRecord, picks: Mapping[str, str]
    ) -> MultiDict[str, str]:
        """What was typed, with the stored values where they were chosen."""
        given = MultiDict(request.form)
        for field in mine:
            if isinstance(field, SpecField) and picks.get(field.short_name) == THEIRS:
                value = getattr(record, field.spec.column)
                given.setlist(field.name, typed(field, value))
        return given

    def conflict(self, form: RecordForm, key: int) -> ResponseReturnValue:
        """The page that shows a stale edit beside what is stored now, to choose from."""
        current = self.load(key, "edit")
        found = self.lines(form, current)
        who = db.session.get(User, current.updated_by_id) if current.updated_by_id else None
        html = render_template(
            "errors/conflict.html",
            title=_("Changed meanwhile"),
            **merging.page_context(found, request.form, self.seen(current)),
            gone=merging.gone(
                merging.read_opened(form.opened.data), self.known_names(form), request.form
            ),
            who=who or _("Somebody"),
            when=format_datetime(current.updated_at, "HH:mm dd/MM/yyyy"),
            edit_url=url_for(f"{self.endpoint}.edit_view", id=key),
        )
        return html, 409


class _Shown:
    """A record as WTForms reads it: refs by their id."""

    def __init__(self, spec: RecordSpec, record: object) -> None:
        self.spec, self.record = spec, record

    def __getattr__(self, name: str) -> object:
        field = self.spec.by_name.get(name)
        return getattr(self.record, field.column if field else name)


def version_of(form: RecordForm) -> int:
    """The version that the form was opened with; 0, which no record has, when it was forged."""
    return outside.whole(form.version.data, 1) or 0


def words_of(field: SpecField, value: Any) -> str:
    """A stored value in words, for the conflict page; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(field, RefField):
        found = options.chosen(field.target, [value])
        return found[0].text if found else str(value)
    if field.spec.choices:
        return str(field.spec.choice_label(value))
    return shown(field.spec, value)
