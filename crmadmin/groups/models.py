"""Marketing groups of customers and who is in them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from crmadmin.core import fields as field
from crmadmin.core.db import Model, UtcDateTime, utcnow
from crmadmin.core.spec import RecordOptions
from crmadmin.core.stamps import Stamped
from crmadmin.core.text import name_key, sort_key


class CustomerGroup(Stamped, Model):
    """Nhóm khách hàng (Marketing): a list of customers; not the catalog, which is SalesGroup."""

    __record__ = RecordOptions(
        _l("Customer group"), _l("Customer groups"), resource="groups", order=("sort_key",)
    )

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    name: Mapped[str] = field.text(
        _l("Customer list name"), required=True, max_length=120, listed=True, searched=True,
        unique=True, span=12, headings=("Tên danh sách khách hàng", "Tên nhóm"),
        example="Khách mời hội thảo",
    )  # fmt: skip
    description: Mapped[str] = field.long_text(
        _l("Description"), required=True, max_length=2000, listed=True, searched=True,
        headings=("Mô tả",), example="Khách đã nhận lời mời tháng 10",
    )  # fmt: skip

    name_key: Mapped[str] = field.key(name_key, "name", length=240, unique=True)
    sort_key: Mapped[str] = field.key(sort_key, "name", length=400)
    search_text: Mapped[str] = field.search_text()

    def __str__(self) -> str:
        return self.name


class Membership(Model):
    """Thành viên: one customer in one group, when, by whom and from which import."""

    __tablename__ = "customer_group_member"

    group_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("customer_group.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow)
    added_by_id: Mapped[int | None] = field.stamp_user()
    import_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("import_batch.id", ondelete="SET NULL"), index=True
    )
