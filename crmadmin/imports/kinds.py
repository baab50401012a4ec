"""What can be imported: one Kind for each choice of "Chọn loại nhập khẩu", and its columns.

Derived from the record specs, so a field that a model declares importable is a column here and in
the template. How rows of a kind are planned and written is `plan`'s and `write`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from flask_babel import lazy_gettext as _l

from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.catalogs import models as catalogs
from crmadmin.core.db import spec_of
from crmadmin.core.spec import RecordSpec, Words
from crmadmin.customers.models import Contact, Customer
from crmadmin.imports.pipeline.mapping import CONTACT_PREFIX, ImportColumn

CUSTOMER_ORDER = (
    "code", "name", "kind", "owner", "customer_type", "sales_group", "channel", "source",
    "industry", "company_size", "status", "tier", "collaborator", "tax_code", "phone", "email",
    "website", "address", "province", "birthday", "note",
)  # fmt: skip
CONTACT_ORDER = ("name", "title", "phone", "email", "birthday")
CATALOG_ORDER = (
    "code", "name", "phone", "email", "group", "tax_code", "bank_account", "bank_name", "address",
    "description", "position", "is_active", "is_default", "color",
)  # fmt: skip


class Family(StrEnum):
    """How rows of a kind are planned and written."""

    CUSTOMERS = "customers"
    MEMBERS = "members"
    CATALOG = "catalog"


@dataclass(frozen=True)
class ImportKind:
    """One kind of import. `name` is the stable word of the command line and the addresses."""

    name: str
    family: Family
    model: type[Any]
    label: Words
    help: Words | None = None
    with_contacts: bool = False
    only: tuple[str, ...] = ()

    @cached_property
    def spec(self) -> RecordSpec:
        return spec_of(self.model)

    @cached_property
    def stored_fields(self) -> tuple[tuple[str, str], ...]:
        """(field, column) of everything that the record stores."""
        return tuple((f.name, f.column) for f in self.spec.fields)

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """The fields that the record stores."""
        return tuple(name for name, _column in self.stored_fields)

    @cached_property
    def column_of(self) -> Mapping[str, str]:
        """Field → column of everything that the record stores."""
        return dict(self.stored_fields)

    @cached_property
    def read_columns(self) -> tuple[Any, ...]:
        """What planning needs of a record: id, version and keys, then the values of
        `field_names`. The other columns are long and nobody looks at them."""
        table = self.model.__table__.c
        stored = [table[column] for _name, column in self.stored_fields]
        keys = [table[name] for name in ("id", "version", *KEYS) if name in table]
        return (*(key for key in keys if key not in set(stored)), *stored)

    @property
    def permission(self) -> Permission:
        """What the importer must hold."""
        return Permission(f"{self.spec.options.resource}:import")

    @property
    def takes_group(self) -> bool:
        """Whether its rows can fill a customer group."""
        return self.family is not Family.CATALOG

    @cached_property
    def columns(self) -> tuple[ImportColumn, ...]:
        """The columns in template order."""
        order = self.only or (CATALOG_ORDER if self.family is Family.CATALOG else CUSTOMER_ORDER)
        by_name = self.spec.by_name
        own = [by_name[n] for n in order if n in by_name and by_name[n].importable]
        # A field that the order above does not name yet still is a column: the last ones.
        if not self.only:
            own += [f for f in self.spec.having("importable") if f.name not in order]
        columns = [ImportColumn(f.name, f, (str_source(f.label), *f.headings)) for f in own]
        if self.with_contacts:
            contact = spec_of(Contact)
            columns += [
                ImportColumn(CONTACT_PREFIX + n, f, (str_source(f.label), *f.headings))
                for n in CONTACT_ORDER
                if (f := contact.field(n)).importable
            ]
        return tuple(columns)

    @cached_property
    def key_columns(self) -> frozenset[str]:
        """Columns of which a header must have one: by these a record is known."""
        names = {"code", "name", "phone"} if self.spec.model is catalogs.Collaborator else {
            "code", "name"
        }  # fmt: skip
        return frozenset(self.only or names)

    def column(self, name: str) -> ImportColumn | None:
        return next((c for c in self.columns if c.name == name), None)

    @property
    def refs(self) -> tuple[ImportColumn, ...]:
        """Columns that name a record of another table."""
        return tuple(c for c in self.columns if c.spec.is_ref)


KEYS = ("code_key", "name_key", "email_key", "phone")
"""Columns by which rows find records, in those tables that have them."""


def str_source(words: Words) -> str:
    """The untranslated text of a lazy translation: English, and the same in every locale."""
    arguments = getattr(words, "_args", None)
    return str(arguments[0]) if arguments else str(words)


def _catalog(model: type[Any]) -> ImportKind:
    spec = spec_of(model)
    return ImportKind(spec.options.kind or _plural(spec.name), Family.CATALOG, model, spec.plural)


def _plural(table: str) -> str:
    """The kind's word from the table's: customer_status → customer-statuses."""
    word = table.replace("_", "-")
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("s") else "s")


_ALL = (
    ImportKind(
        "customers-contacts", Family.CUSTOMERS, Customer, _l("Customers and contacts"),
        _l("Each row is one customer and at most one of its contacts."), with_contacts=True,
    ),
    ImportKind(
        "customers", Family.CUSTOMERS, Customer, _l("Customers"),
        _l("Customers only. Contact columns are ignored and named in the report."),
    ),
    ImportKind(
        "codes", Family.MEMBERS, Customer, _l("Codes of existing customers only"),
        _l("Puts existing customers in the group by code, phone or email. Creates none."),
        only=("code", "phone", "email"),
    ),
    *map(_catalog, catalogs.all_catalogs()),
)  # fmt: skip

KINDS: Mapping[str, ImportKind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind by its name, in the order in which they are offered."""

CUSTOMER_KINDS: tuple[ImportKind, ...] = tuple(k for k in _ALL if k.takes_group)


def kind_of(model: type[Any]) -> ImportKind | None:
    """The kind that fills a model's table: what "Nhập dữ liệu" of its list opens."""
    return next((k for k in _ALL if k.model is model), None)


_NAMED: tuple[type[Any], ...] = (*catalogs.all_catalogs(), User)

TARGETS: Mapping[str, type[Any]] = MappingProxyType({m.__name__: m for m in _NAMED})
"""Models that a ref column may name, by the word in its spec."""
