"""Marketing groups of customers, who is in them, and every change of that, saved or not yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crmadmin.core import fields as field
from crmadmin.core.db import Kept, Model, UtcDateTime, utcnow
from crmadmin.core.field_names import (
    NO_NAMES,
    Renamed,
    all_rows,
    in_keys,
    in_query,
    keeps,
    of_table,
)
from crmadmin.core.spec import RecordOptions
from crmadmin.core.stamps import Stamped
from crmadmin.core.stored import ANY
from crmadmin.core.text import name_key, sort_key


def _in_params(value: object, renamed: Renamed) -> object:
    if not isinstance(value, dict) or "filter" not in value:
        return value
    return {**value, "filter": in_query(value["filter"], renamed)}


def _in_texts(value: object, renamed: Renamed) -> object:
    """What a group was called and followed until a draft was saved."""
    if renamed.table == CustomerGroup.__tablename__:
        return in_keys(value, renamed.old, renamed.new)
    return _in_params(value, renamed) if renamed.table == "customer" else value


SEARCH = keeps(in_query, of_table("customer"))
"""A search for customers."""


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

    updated_at: Mapped[datetime] = field.moment(
        _l("Updated"), filtered=True, sortable=True, order=field.LAST
    )

    filter: Mapped[str | None] = mapped_column(Text, info=SEARCH)
    """Nhóm động: the query string of the customer list whose matches are the members; None for an
    ordinary group, whose members are its memberships."""

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


NEW = 0
"""The `group_id` of a draft of a group that is not there yet."""


BEFORE = {
    "name?": (str, None), "description?": (str, None), "filter?": (str, None), "deleted?": ANY,
}  # fmt: skip
"""What a draft notes of its group: the texts as they were."""


class GroupDraft(Model):
    """Bản nháp: what one user changes in one group, until Lưu or Cập nhật; afterwards its history.

    `group_id` is no foreign key: the history outlives the group, and a group that is deleted under
    an open draft takes nothing from it. `base_version` is the group's version that the draft was
    begun on; `name`, `description` and `filter` are what was typed (None: untouched; a `filter` of
    "" makes the group an ordinary one). `added` and `removed` are the members that saving would add
    and take out, as counted when the group had `counted_version`. `saved_at`, `saved_version` (the
    group's after it) and `before` (name, description, filter until then) are of a saved one.
    """

    __table_args__ = (
        Index(
            "uq_group_draft_open", "user_id", "group_id", unique=True,
            sqlite_where=text("saved_at IS NULL"), postgresql_where=text("saved_at IS NULL"),
        ),
        Index("ix_group_draft_history", "group_id", "saved_version"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("user.id", ondelete="CASCADE"))
    group_id: Mapped[int] = mapped_column(Integer, default=NEW)
    base_version: Mapped[int] = mapped_column(Integer, default=0)
    name: Mapped[str | None] = mapped_column(Text, info=NO_NAMES)
    description: Mapped[str | None] = mapped_column(Text, info=NO_NAMES)
    filter: Mapped[str | None] = mapped_column(Text, info=SEARCH)
    added: Mapped[int] = mapped_column(Integer, default=0)
    removed: Mapped[int] = mapped_column(Integer, default=0)
    counted_version: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow)
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    saved_version: Mapped[int | None] = mapped_column(Integer)
    before: Mapped[dict[str, Any]] = mapped_column(
        Kept(BEFORE), default=dict, info=keeps(_in_texts, all_rows)
    )


class GroupStep(Model):
    """One step of a draft: a set of customers that come in (`adds`) or go.

    The latest step that names a customer decides, so taking a step back is deleting it. `kind` says
    how the set was chosen and `params` holds what a sentence about it needs; `rows` is its size.
    """

    __table_args__ = (Index("ix_group_step_draft", "draft_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(Integer, ForeignKey("group_draft.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    adds: Mapped[bool] = mapped_column(Boolean)
    params: Mapped[dict[str, object]] = mapped_column(
        Kept({str: (str, int, None)}), default=dict, info=keeps(_in_params, of_table("customer"))
    )
    rows: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow)


class GroupChange(Model):
    """One customer of a step's set."""

    __table_args__ = (Index("ix_group_change_customer", "customer_id", "step_id"),)

    step_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("group_step.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True
    )
