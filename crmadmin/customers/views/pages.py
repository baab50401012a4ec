"""Pages of customers: contacts in the form, duplicate warnings, columns of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField, HiddenField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from crmadmin.access import guard, messages, questions, reach
from crmadmin.access.questions import Question, TooManyQuestions
from crmadmin.admin import cells, list_page
from crmadmin.admin.cells import value_of
from crmadmin.admin.form import version_of, words_of
from crmadmin.admin.form_fields import RecordForm, SpecField, YesNoField, control, typed
from crmadmin.admin.preferences import list_columns, set_list_columns
from crmadmin.core import acts, codes, merging, outside, records, settings
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, spec_of
from crmadmin.core.list_state import ListState
from crmadmin.core.paging import Page
from crmadmin.core.spec import FieldSpec, Words
from crmadmin.customers import acts as customer_acts
from crmadmin.customers import queries, services
from crmadmin.customers.models import Contact, Customer
from crmadmin.customers.views.bulk import BulkPages

MOST_NAMED = 5
CONTACT_SPEC = spec_of(Contact)
MAIN_ONE = "is_primary"
CONTACT_FIELDS = tuple(f.name for f in CONTACT_SPEC.having("editable") if f.name != MAIN_ONE)
"""What a line of the contacts table has, as declared; which one is the main one stands beside."""
MOST_CONTACTS = 200
MAIN = "main-contact"


class ContactLine(PlainForm):
    """One line of the contacts table. A line with nothing in it is no contact."""

    id = HiddenField()
    is_primary = YesNoField(CONTACT_SPEC.field(MAIN_ONE))

    def of_contact(self, name: str) -> SpecField:
        """The field of the line for one of a contact."""
        found = self[name]
        if not isinstance(found, SpecField):
            raise TypeError(f"{name} is no field of a contact")
        return found

    def typed(self) -> list[SpecField]:
        """The fields that people type into, in the order of the declaration."""
        return [self.of_contact(name) for name in CONTACT_FIELDS]

    def is_blank(self) -> bool:
        """Whether nothing was typed in the line."""
        return not any((self[n].raw_data or [""])[0].strip() for n in CONTACT_FIELDS)

    def validate(self, extra_validators: Any = None) -> bool:
        """A blank line is fine: it is left out."""
        return self.is_blank() or bool(super().validate(extra_validators))


ContactForm: type[ContactLine] = type(
    "ContactForm",
    (ContactLine,),
    {name: control(CONTACT_SPEC.field(name)) for name in CONTACT_FIELDS},
)


def at_most(form: Any, field: FieldList[Any]) -> None:
    """More contacts than one form takes are refused; those that a customer has are kept. Raises
    ValidationError."""
    if len(field.entries) > max(MOST_CONTACTS, form.contacts_kept):
        raise ValidationError(
            _("A customer has at most %(most)s contacts in this form. Remove some, and save.",
              most=format_decimal(MOST_CONTACTS))
        )  # fmt: skip


class CustomerForm(RecordForm):
    """The generated form and its contacts."""

    # Not max_entries, which leaves the others out without a word.
    contacts = FieldList(FormField(ContactForm), validators=[at_most])
    contacts_kept = 0
    """Contacts that the customer has already: an import may have brought any number."""
    found: Sequence[queries.Duplicate] = ()
    """Customers that may be the same one."""

    def spec_fields(self) -> Iterator[SpecField]:
        """Also those of the contacts."""
        yield from super().spec_fields()
        for line in self.contacts:
            yield from (f for f in line.form if isinstance(f, SpecField))

    def leave_unchanged(self, record: Any) -> None:
        """Contacts are compared each with itself."""
        for f in super().spec_fields():
            if record is not None and getattr(record, f.spec.column) == f.data:
                f.notes = []
        known = {c.id: c for c in record.contacts} if record is not None else {}
        for line in self.contacts:
            kept = known.get(outside.record_id(line.form.id.data) or 0)
            for f in line.form.typed():
                if line.form.is_blank() or (kept and getattr(kept, f.spec.column) == f.data):
                    f.notes = []

    def contact_values(self) -> list[dict[str, Any]]:
        """The contacts as the service takes them, blank lines left out."""
        found = []
        for line in self.contacts:
            if not line.form.is_blank():
                values = {name: line.form[name].data for name in CONTACT_FIELDS}
                values["is_primary"] = bool(line.form.is_primary.data)
                values["id"] = outside.record_id(line.form.id.data)
                found.append(values)
        return found

    def contact_rows(self) -> dict[str, Any]:
        """The contacts by key, and which is the main one, for the page of a late edit."""
        return contact_rows(self.contact_values())


def customers(form: RecordForm) -> CustomerForm:
    """The form of a customer, which is the only one that the pages of customers make."""
    if not isinstance(form, CustomerForm):
        raise TypeError("not the form of a customer")
    return form


def contact_rows(contacts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Contacts as `core.merging` compares them: a row each by its id (new ones by their number),
    and the key of the main one, for at most one can be."""
    keyed = {
        f"contact-{given['id'] or f'new{number}'}": given for number, given in enumerate(contacts)
    }
    main = next((key for key, given in keyed.items() if given.get("is_primary")), None)
    rows = {key: {name: given[name] for name in CONTACT_FIELDS} for key, given in keyed.items()}
    return {**rows, MAIN: main}


class CustomerView(BulkPages):
    """Khách hàng."""

    form_template = "customers/form.html"
    form_base = CustomerForm

    # List

    def list_fields(self) -> list[FieldSpec]:
        """The user's own choice of columns, else those declared `listed`."""
        chosen = list_columns(self.spec.name)
        known = [n for n in chosen if n in self.spec.by_name and self.spec.field(n).exported]
        return [self.spec.field(n) for n in known] or super().list_fields()

    def list_context(self, state: ListState, page: Page, fields: list[FieldSpec]) -> dict[str, Any]:
        """Rows have no menu: the name leads to the customer, and acts are for ticked rows."""
        return {**super().list_context(state, page, fields), "row_menu": None}

    def urls(self) -> dict[str, str]:
        """Beside the usual ones, the choice of columns."""
        made = super().urls()
        made["columns"] = url_for(f"{self.endpoint}.columns")
        return made

    def abilities(self) -> dict[str, bool]:
        """Everybody chooses their own columns."""
        return {**super().abilities(), "columns": True}

    def empty_help(self) -> Words | None:
        """Users who see only their own customers are told so."""
        if reach.is_whole(self.model):
            return super().empty_help()
        return _("You see only customers that you own.")

    def record_url(self, record: Any) -> str:
        """A customer's name leads to its page."""
        return url_for(f"{self.endpoint}.details_view", id=record.id)

    @expose("/columns/", methods=("GET", "POST"))
    def columns(self) -> Any:
        """Which columns one's own list shows, and in which order."""
        fields = [f for f in self.spec.fields if f.exported and f.kind.fits_a_column]
        offered = list(dict.fromkeys([*self.spec.listed, *fields]))
        if request.method == "POST":
            posted = {*request.form.getlist("columns"), "name"}
            set_list_columns(self.spec.name, _in_order(self.spec.listed, offered, posted))
            db.session.commit()
            return redirect(url_for(f"{self.endpoint}.index_view"))
        shown = [f.name for f in self.list_fields()]
        lost = [n for n in list_columns(self.spec.name) if n not in {f.name for f in offered}]
        return render_template(
            "admin/model/columns.html", spec=self.spec, lost=lost,
            action=url_for(f"{self.endpoint}.columns"),
            back_url=url_for(f"{self.endpoint}.index_view"),
            most_named=MOST_NAMED,
            choices=[(f.name, f.label, f.name in shown or f.name == "name", f.name == "name")
                     for f in offered],
        )  # fmt: skip

    # Form

    def defaults(self) -> dict[str, Any]:
        """Owned by who creates it. Selects begin with their catalog's default record by themselves,
        but for the one that is looked up."""
        user = guard.current_user()
        collaborator = records.default_id(self.targets["Collaborator"])
        return {
            "owner": user.id if user else None,
            "kind": "organization",
            "collaborator": collaborator,
        }

    def form(self, record: Any = None, given: MultiDict[str, str] | None = None) -> RecordForm:
        """With the contacts, and the code that a blank would get as placeholder."""
        form = super().form(record, given)
        customers(form).contacts_kept = len(record.contacts) if record is not None else 0
        if record is None:
            form.record_field("code").placeholder = _(
                "Automatic: %(code)s", code=codes.preview(self.model)
            )
        return form

    def form_context(self, form: RecordForm, record: Any | None) -> dict[str, Any]:
        """With the empty contact line that the page copies, and the possible duplicates."""
        context = super().form_context(form, record)
        adds = guard.can("collaborators:create")
        return {
            **context,
            **self.duplicate_lines(customers(form).found),
            "blank_contact": ContactForm(prefix="contacts-__n__-"),
            "duplicates_url": url_for(f"{self.endpoint}.duplicates"),
            "collaborator_url": url_for("collaborator.create_and_select") if adds else "",
        }

    def duplicate_lines(self, found: Sequence[queries.Duplicate]) -> dict[str, Any]:
        """The possible duplicates as the panel shows them, and whether there are more of them."""
        lines = [self.duplicate_line(duplicate) for duplicate in found]
        return {"duplicates": lines, "has_more": any(d.has_more for d in found)}

    def duplicate_line(self, duplicate: queries.Duplicate) -> dict[str, Any]:
        """A possible duplicate as the panel beside the form shows it."""
        customer = duplicate.customer
        label = str(self.spec.field(duplicate.field).label).lower()
        why = _("Same %(field)s", field=label)
        if customer is None:
            name = _("A customer who is not among yours")
            return {"name": name, "url": "", "why": why, "owner": ""}
        name, url = records.describe(customer), self.record_url(customer)
        return {"name": name, "url": url, "why": why, "owner": customer.owner.full_name}

    def doubts(self, form: RecordForm, record: Any | None) -> list[str]:
        """Possible duplicates, by what was typed otherwise than it is kept."""
        values = {
            name: value
            for name, value in form.values().items()
            if record is None or getattr(record, name) != value
        }
        mine = customers(form)
        mine.found = self._duplicates(values, record.id if record else None)
        return [_mark(mine.found)] if mine.found else []

    def tell_doubts(self, form: RecordForm) -> None:
        """At the fields; the panel beside the form lists them. One whom the user may not read is
        counted. Raises TooManyQuestions."""
        found = customers(form).found
        _count_hidden(found)
        self._warn(form, found)

    def _duplicates(
        self, values: Mapping[str, Any], except_id: int | None
    ) -> list[queries.Duplicate]:
        """Possible duplicates by the fields that this user sees in full."""
        sees = guard.sees_sensitive()
        fields = settings.duplicate_fields()
        fields = tuple(n for n in fields if sees or not self.spec.field(n).sensitive)
        return queries.duplicates(values, fields, except_id)

    def _warn(self, form: RecordForm, found: Sequence[queries.Duplicate]) -> None:
        told = set()
        for duplicate in found:
            if duplicate.field in form and duplicate.field not in told:
                told.add(duplicate.field)
                form.record_field(duplicate.field).extra_warnings.append(
                    self.duplicate_words(duplicate)
                )

    def duplicate_words(self, duplicate: queries.Duplicate) -> Any:
        """“Email đã tồn tại ở khách hàng KH000012 – Công ty A, chủ sở hữu lan”, with a link."""
        customer = duplicate.customer
        label = str(self.spec.field(duplicate.field).label)
        if customer is None:
            return _(
                "%(label)s already exists at a customer who is not among yours. Ask an "
                "administrator before you save, or save if it is another customer.", label=label,
            )  # fmt: skip
        url = self.record_url(customer)
        shown = Markup('<a href="{}" target="_blank">{}</a>').format(
            url, records.describe(customer)
        )
        words = Markup(_("%(label)s already exists at customer %(record)s, owner %(owner)s."))  # noqa: S704 - our own sentence; what goes in is escaped by %
        return words % {"label": label, "record": shown, "owner": customer.owner.full_name}

    @expose("/duplicates/", methods=("POST",))
    def duplicates(self) -> Any:
        """What the form being typed collides with; asked by htmx when a field is left."""
        form = self.form()
        values = {}
        for name in settings.duplicate_fields():
            if name in form and form[name].validate(form):
                values[name] = form[name].data
        try:
            _count_check()
            found = self._duplicates(values, self._edited())
            _count_hidden(found)
        except TooManyQuestions as many:
            words = messages.too_many_questions(many.seconds)
            html = render_template("customers/_duplicates.html", problem=words)
            return html, 429, {"Retry-After": str(many.seconds)}
        return render_template("customers/_duplicates.html", **self.duplicate_lines(found))

    def _edited(self) -> int | None:
        """The customer whose form is checked, who is no duplicate of themselves; not any customer:
        whose number makes “there is one” go away would be the one."""
        record = records.fetch(self.model, request.form.get("id", ""))
        return record.id if record is not None and self.reaches("edit", record) else None

    def save_new(self, form: RecordForm) -> Any:
        """Users who may not set the owner own what they add."""
        values = form.values()
        user = guard.current_user()
        if values.get("owner_id") is None and user is not None:
            values["owner_id"] = user.id
        return services.create(values, customers(form).contact_values())

    def save(self, record: Any, form: RecordForm) -> None:
        """The customer and its contacts under one version."""
        services.change(record, form.values(), customers(form).contact_values(), version_of(form))

    # When somebody saved meanwhile

    def stored_values(self, record: Any) -> dict[str, Any]:
        """With the contacts."""
        return {**super().stored_values(record), **self.contacts_of(record)}

    def known_names(self, form: RecordForm) -> set[str]:
        """With the columns of contacts."""
        return {*super().known_names(form), *CONTACT_FIELDS}

    def contacts_of(self, record: Any) -> dict[str, Any]:
        """The contacts of a record by key, and which is the main one."""
        names = (*CONTACT_FIELDS, "is_primary")
        return contact_rows(
            [{"id": c.id, **{name: getattr(c, name) for name in names}} for c in record.contacts]
        )

    def form_values(self, form: RecordForm) -> dict[str, Any]:
        """With the contacts."""
        return {**super().form_values(form), **customers(form).contact_rows()}

    def in_words(self, form: RecordForm, key: str, column: str, value: Any) -> tuple[Words, str]:
        """A contact that one side does not have is shown whole, else field by field."""
        if key == MAIN:
            return _("Main contact"), self.contact_name(form, value)
        if not key.startswith("contact-"):
            return super().in_words(form, key, column, value)
        if column:
            label = CONTACT_SPEC.field(column).label
            name = self.contact_name(form, key)
            return f"{label} ({name})", words_of(ContactForm().of_contact(column), value)
        if value is None:
            return "", _("No such contact")
        parts = [words_of(ContactForm().of_contact(name), value[name]) for name in CONTACT_FIELDS]
        return _("Contact %(name)s", name=value["name"]), " · ".join(p for p in parts if p)

    def contact_name(self, form: RecordForm, key: str | None) -> str:
        """Who stands behind the key of a contact: as it was typed, else as it is stored."""
        row = customers(form).contact_rows().get(key) if key else None
        if row is not None:
            return str(row["name"] or "")
        found = records.fetch(Contact, key.rpartition("-")[2]) if key else None
        return found.name if found is not None else ""

    def merged(
        self, mine: RecordForm, record: Any, picks: Mapping[str, str]
    ) -> MultiDict[str, str]:
        """With the contacts as they were chosen."""
        given = super().merged(mine, record, picks)
        for name in [name for name in given if name.startswith("contacts-")]:
            del given[name]
        theirs = self.contacts_of(record)
        rows, main = merging.merged_rows(customers(mine).contact_rows(), theirs, picks, MAIN)
        fields = ContactForm()
        for number, (key, row) in enumerate(rows.items()):
            at, name_of = f"contacts-{number}", key.rpartition("-")[2]
            given[f"{at}-id"] = str(outside.record_id(name_of) or "")
            for name, value in row.items():
                given[f"{at}-{name}"] = typed(fields.of_contact(name), value)[0]
            if key == main:
                given[f"{at}-is_primary"] = "y"
        return given

    def after_create(self, record: Any) -> str:
        """To the customer's page, unless another is to be added."""
        if "_add_another" in request.form:
            return url_for(f"{self.endpoint}.create_view")
        return self.record_url(record)

    # Details

    def details_context(self, record: Any) -> dict[str, Any]:
        """With contacts."""
        context = super().details_context(record)
        fields = [CONTACT_SPEC.field(n) for n in CONTACT_FIELDS]
        columns = list_page.columns(self.endpoint, ListState(), fields, sees_sensitive=False)
        contacts = [
            (
                c.is_primary,
                [
                    cells.cell(k, c, value_of(f, c), "")
                    for k, f in zip(columns, fields, strict=True)
                ],
            )
            for c in record.contacts
        ]
        return {
            **context,
            "contacts": contacts,
            "contact_fields": fields,
        }

    def erase(self, record: Any) -> BulkAct:
        """With contacts and memberships."""
        act = acts.plan(customer_acts.DELETE, Customer, [Customer.id == record.id])
        if not customer_acts.remove(act).written:
            raise records.Stale
        return act

    def details_template(self) -> str:
        """With contacts."""
        return "customers/details.html"

    def consequences(self, record: Any) -> list[str]:
        """What goes with a customer."""
        return [_("%(num)s contacts are deleted too.", num=len(record.contacts))]


def _in_order(
    first: Sequence[FieldSpec], offered: Sequence[FieldSpec], posted: set[str]
) -> list[str]:
    """The chosen columns: those of the usual list in its order, then the others as declared."""
    names = [f.name for f in (*first, *offered) if f.name in posted]
    return list(dict.fromkeys(names))


def _mark(found: Sequence[queries.Duplicate]) -> str:
    """A digest of the warnings shown: other ones ask again."""
    # Of one who is not said, nothing goes into it that could be found out by trying.
    lines = (f"{d.field}:{d.customer.id if d.customer else ''}:{d.value}" for d in found)
    return hashlib.sha256("|".join(sorted(lines)).encode()).hexdigest()[:32]


def _count_check() -> None:
    """One more question of the form being typed. Raises TooManyQuestions, also when the user has
    been told of too many others: then “none” is not said either."""
    if user := guard.current_user():
        questions.look(user.id, Question.TOLD)
        questions.ask(user.id, Question.CHECK)


def _count_hidden(found: Sequence[queries.Duplicate]) -> None:
    """That there is a customer whom the user may not read is told now. Raises TooManyQuestions."""
    user = guard.current_user()
    if user is not None and any(d.customer is None for d in found):
        questions.ask(user.id, Question.TOLD)
