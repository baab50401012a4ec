"""What is done to many customers at once: a value given, deleted. See `core.acts`."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select

from crmadmin.core import acts, images, many
from crmadmin.core.acts import ROWS, ActKind, BulkAct
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer

SET, OWNER, DELETE = "customers.set", "customers.owner", "customers.delete"


def want(act: BulkAct, column: str, value: int | None) -> None:
    """Note on a plan which column is to get which value."""
    act.params = {**act.params, "column": column, "to": value}


def remove(act: BulkAct) -> BulkAct:
    """Delete the customers of a plan that are as they were seen, with contacts and memberships."""
    return many.do_at_once(act)


def _set(act: BulkAct) -> None:
    images.change(act, Customer, {str(act.params["column"]): act.params["to"]})


def _remove(act: BulkAct) -> None:
    images.keep_deleting(act, Customer)
    gone = delete(Customer).where(Customer.id.in_(acts.ids(act, acts.WRITTEN)))
    db.session.execute(gone.execution_options(synchronize_session=False))


def values_now(act: BulkAct, column: str) -> list[tuple[int | None, int]]:
    """(value, customers) of a ref column among the customers of a plan as they were seen, the most
    first."""
    found: Any = getattr(Customer, column)
    rows = db.session.execute(
        select(found, func.count())
        .select_from(Customer)
        .join(ROWS, ROWS.c.record_id == Customer.id)
        .where(*acts.rows(act, acts.SEEN))
        .group_by(found)
        .order_by(func.count().desc(), found)
    )
    return [(value, number) for value, number in rows]


def beside(act: BulkAct) -> int:
    """How many contacts the customers of a plan have."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Contact)
            .where(Contact.customer_id.in_(acts.ids(act, acts.SEEN)))
        )
        or 0
    )


def _about_customers() -> tuple[type[Any], ...]:
    return (Customer,)


acts.register(ActKind(
    SET, _about_customers, "bulk", images.undo, work=_set,
    title=_l("%(field)s: “%(value)s”"), label=_l("Set catalog value"), icon="tag",
))  # fmt: skip
acts.register(ActKind(
    OWNER, _about_customers, "bulk", images.undo, work=_set,
    title=_l("Owner: %(value)s"), label=_l("Change owner"), icon="user-share",
))  # fmt: skip
acts.register(ActKind(
    DELETE, _about_customers, "delete", images.undo, work=_remove, danger=True,
    title=_l("Delete customers"), label=_l("Delete"), icon="trash",
))  # fmt: skip
