"""A script as many write it: openpyxl reads, SQLAlchemy's ORM writes, look-ups are dictionaries.

It writes customers and contacts. Cells are stored as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine, ForeignKey, String, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

sys.path.insert(0, str(Path(__file__).parents[1]))

import columns

COMMIT_EVERY = 1000


class Base(DeclarativeBase):
    """The peer's own tables."""


def _catalog(name: str) -> type[Any]:
    members = {
        "__tablename__": name.lower(),
        "__annotations__": {"id": Mapped[int], "name": Mapped[str]},
        "id": mapped_column(primary_key=True),
        "name": mapped_column(String(255), unique=True),
    }
    return type(name, (Base,), members)


CATALOGS = {target: _catalog(target) for target, _heading in columns.REFS.values()}


def _ref(target: str) -> Any:
    return mapped_column(ForeignKey(f"{target.lower()}.id"), index=True)


class Customer(Base):
    """A customer with the fields of the workbook."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[int | None] = _ref("User")
    customer_type_id: Mapped[int | None] = _ref("CustomerType")
    sales_group_id: Mapped[int | None] = _ref("SalesGroup")
    channel_id: Mapped[int | None] = _ref("SalesChannel")
    source_id: Mapped[int | None] = _ref("CustomerSource")
    industry_id: Mapped[int | None] = _ref("Industry")
    company_size_id: Mapped[int | None] = _ref("CompanySize")
    status_id: Mapped[int | None] = _ref("CustomerStatus")
    tier_id: Mapped[int | None] = _ref("CustomerTier")
    tax_code: Mapped[str | None] = mapped_column(String(14))
    phone: Mapped[str | None] = mapped_column(String(32))
    email: Mapped[str | None] = mapped_column(String(254))
    website: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(500))
    province: Mapped[str | None] = mapped_column(String(64))
    birthday: Mapped[date | None]
    note: Mapped[str | None]


class Contact(Base):
    """A person at a customer."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    title: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(32))
    email: Mapped[str | None] = mapped_column(String(254))
    birthday: Mapped[date | None]

    customer: Mapped[Customer] = relationship()


engine = create_engine(f"sqlite:///{sys.argv[-1]}/peer.db")


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def prepare(_folder: Path, catalogs: dict[str, list[str]]) -> None:
    """Make the tables, and the records that customers refer to."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for target, names in catalogs.items():
            session.add_all(CATALOGS[target](name=name) for name in names)
        session.commit()


def run(path: Path) -> dict[str, int]:
    """Import the customers and contacts of a workbook."""
    told = {"created": 0, "updated": 0}
    with Session(engine, autoflush=False, expire_on_commit=False) as session:
        ids = {
            name: dict(session.execute(select(CATALOGS[target].name, CATALOGS[target].id)).all())
            for name, (target, _heading) in columns.REFS.items()
        }
        known = {customer.code: customer for customer in session.scalars(select(Customer))}
        for number, row in enumerate(_rows(path), 1):
            values = {name: row[heading] for name, heading in columns.PLAIN.items()}
            values["birthday"] = _day(row[columns.BIRTHDAY])
            for name, (_target, heading) in columns.REFS.items():
                values[f"{name}_id"] = ids[name][row[heading]] if row[heading] else None
            customer = known.get(values["code"])
            if customer is None:
                known[values["code"]] = customer = Customer(**values)
                session.add(customer)
                told["created"] += 1
            else:
                for name, value in values.items():
                    if value is not None:
                        setattr(customer, name, value)
                told["updated"] += 1
            contact = {name: row[heading] for name, heading in columns.CONTACT.items()}
            contact["birthday"] = _day(contact["birthday"])
            session.add(Contact(customer=customer, **contact))
            if number % COMMIT_EVERY == 0:
                session.commit()
        session.commit()
    return told


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    rows = load_workbook(path, read_only=True, data_only=True).worksheets[0].values
    headings = next(rows)
    for row in rows:
        yield dict(zip(headings, row, strict=False))


def _day(value: Any) -> date | None:
    return value.date() if value else None


if __name__ == "__main__":
    columns.main(prepare, {"cached": run})
