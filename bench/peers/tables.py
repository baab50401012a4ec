"""The tables of the product as one would declare them to show them: what a list needs.

Runs in the environments of the panels that are built on SQLAlchemy.
"""

from __future__ import annotations

from datetime import datetime

import asking
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The tables are there already."""


class Named:
    """A catalog's record."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class CustomerStatus(Named, Base):
    __tablename__ = asking.CATALOGS["status"]


class SalesGroup(Named, Base):
    __tablename__ = asking.CATALOGS["sales_group"]


class CustomerSource(Named, Base):
    __tablename__ = asking.CATALOGS["source"]


class CustomerTier(Named, Base):
    __tablename__ = asking.CATALOGS["tier"]


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    full_name: Mapped[str]

    def __str__(self) -> str:
        return self.full_name


class Customer(Base):
    """A customer, as far as a list shows it, searches it and filters by it."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    tax_code: Mapped[str | None]
    address: Mapped[str | None]
    province: Mapped[str | None]
    updated_at: Mapped[datetime]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    status_id: Mapped[int | None] = mapped_column(ForeignKey("customer_status.id"))
    sales_group_id: Mapped[int | None] = mapped_column(ForeignKey("sales_group.id"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("customer_source.id"))
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("customer_tier.id"))

    owner: Mapped[User] = relationship()
    status: Mapped[CustomerStatus | None] = relationship()
    sales_group: Mapped[SalesGroup | None] = relationship()
    source: Mapped[CustomerSource | None] = relationship()
    tier: Mapped[CustomerTier | None] = relationship()

    def __str__(self) -> str:
        return self.name
