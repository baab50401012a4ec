"""Writes to one customer with its contacts; to many at once: `acts`. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm.exc import StaleDataError

from crmadmin.core import records
from crmadmin.core.db import actor, db, spec_of, utcnow
from crmadmin.customers.models import Contact, Customer

CONTACT_FIELDS = tuple(f.name for f in spec_of(Contact).having("editable"))
"""What people may write of a contact: what its declaration says."""


def create(values: Mapping[str, Any], contacts: Sequence[Mapping[str, Any]]) -> Customer:
    """A new customer with its contacts, flushed. Raises records.Invalid."""
    given = {**values, **_contact_mark(None, values)}
    customer: Customer = records.create(Customer, given)
    set_contacts(customer, contacts)
    return customer


def change(
    customer: Customer,
    values: Mapping[str, Any],
    contacts: Sequence[Mapping[str, Any]],
    version: int | None = None,
) -> None:
    """Write a customer and its contacts. Raises records.Invalid and records.Stale."""
    given = {**values, **_contact_mark(customer, values)}
    changed = records.change(customer, given, version)
    try:
        if set_contacts(customer, contacts) and not changed:
            # A contact is part of its customer: the version must move, or two edits would pass.
            customer.updated_at = utcnow()
            db.session.flush()
    except StaleDataError as error:
        raise records.Stale from error


def set_contacts(customer: Customer, contacts: Sequence[Mapping[str, Any]]) -> bool:
    """Make the customer's contacts these: known ids are changed, others added, the rest removed.

    At most one is primary: the first that says so. Says whether anything differed.
    """
    known = {c.id: c for c in customer.contacts}
    primary = next((n for n, c in enumerate(contacts) if c.get("is_primary")), None)
    kept: list[Contact] = []
    differs = False
    for number, given in enumerate(contacts):
        values = {name: given.get(name) for name in CONTACT_FIELDS if name in given}
        values["is_primary"] = number == primary
        contact = known.get(given.get("id") or 0)
        if contact is None:
            contact = Contact(**values)
            customer.contacts.append(contact)
            differs = True
        else:
            changes = {k: v for k, v in values.items() if getattr(contact, k) != v}
            differs = differs or bool(changes)
            for name, value in changes.items():
                setattr(contact, name, value)
        kept.append(contact)
    for contact in list(customer.contacts):
        if contact not in kept:
            customer.contacts.remove(contact)
            differs = True
    db.session.flush()
    return differs


def _contact_mark(customer: Customer | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Since when and by whom a customer is not to be contacted, when the mark changes."""
    wanted = bool(values.get("do_not_contact", customer.do_not_contact if customer else False))
    if wanted == bool(customer.do_not_contact if customer else False):
        return {}
    return {
        "do_not_contact_since": utcnow() if wanted else None,
        "do_not_contact_by_id": actor.get() if wanted else None,
    }
