"""Records that tests need, made in one line and flushed; give what the test is about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement

from crmadmin.access import services
from crmadmin.access.models import User
from crmadmin.core import many, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import acting_id, db
from crmadmin.customers import acts as customer_acts
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.saving import InstantStep, apply_now
from crmadmin.groups.shapes import Applied

NUMBER = count(1)
PASSWORD = "mưa rào trên phố"
PEOPLE = {
    "an": ("admin", "Trần Văn An"),
    "mai": ("marketing", "Lê Thị Mai"),
    "son": ("sales", "Phạm Sơn"),
    "vy": ("viewer", "Đỗ Vy"),
}
"""The four people: user name → role and name."""
ROLES = {name: role for name, (role, _full) in PEOPLE.items()}


def people() -> dict[str, int]:
    """The four, who can sign in with `PASSWORD`, committed: user name → id."""
    made = {
        name: services.create_user(
            name, role, password=PASSWORD, full_name=full, email=f"{name}@example.com"
        ).id
        for name, (role, full) in PEOPLE.items()
    }
    db.session.commit()
    return made


def user(name: str = "", role: str = "admin", **values: Any) -> User:
    """A user who cannot sign in with a password."""
    name = name or f"user{next(NUMBER)}"
    made = User(username=name, full_name=values.pop("full_name", name.title()), role=role, **values)
    db.session.add(made)
    db.session.flush()
    return made


def catalog(model: type[Any], name: str = "", **values: Any) -> Any:
    """A catalog record with the next automatic code."""
    return records.create(model, {"name": name or f"{model.__name__} {next(NUMBER)}", **values})


def customer(owner: User, name: str = "", **values: Any) -> Customer:
    """A customer with the next automatic code."""
    given = {"name": name or f"Công ty {next(NUMBER)}", "owner_id": owner.id, **values}
    made: Customer = records.create(Customer, given)
    return made


def contact(of: Customer, name: str = "Vũ Hồng Nhung", **values: Any) -> Contact:
    """A person at a customer."""
    made = Contact(customer_id=of.id, name=name, **values)
    db.session.add(made)
    db.session.flush()
    return made


def group(name: str = "", description: str = "Khách của tháng", **values: Any) -> CustomerGroup:
    """An empty marketing group."""
    given = {"name": name or f"Nhóm {next(NUMBER)}", "description": description, **values}
    made: CustomerGroup = records.create(CustomerGroup, given)
    return made


def add_to_group(group: CustomerGroup, where: Sequence[ColumnElement[bool]]) -> Applied:
    """Bring the customers that meet the conditions into a group at once, as its pages do."""
    return apply_now(acting_id(), group, [InstantStep(True, where)])


def set_value(act: BulkAct, column: str, value: int | None) -> BulkAct:
    """Give one column of ref a value on the customers of a plan, at once."""
    customer_acts.want(act, column, value)
    return many.do_at_once(act)
