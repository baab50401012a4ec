"""One uploaded file and everything decided about it, and the fate of each of its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crmadmin.access.models import User
from crmadmin.core.db import Model, UtcDateTime, utcnow
from crmadmin.groups.models import CustomerGroup


class ImportBatch(Model):
    """Lần nhập. `status`: uploaded, previewed, running, done, stopped, refused.

    `digest` is the SHA-256 of the file: the same file again finds the records that its rows became.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), default="uploaded", index=True)
    file_name: Mapped[str] = mapped_column(String(255))
    file_path: Mapped[str | None] = mapped_column(String(255))
    file_size: Mapped[int] = mapped_column(Integer, default=0)
    digest: Mapped[str] = mapped_column(String(64), default="", index=True)
    sheet: Mapped[str | None] = mapped_column(String(255))
    header_row: Mapped[int | None] = mapped_column(Integer)
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    columns: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    planned: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    checkpoint: Mapped[int] = mapped_column(Integer, default=0)
    group_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("customer_group.id", ondelete="SET NULL"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    user: Mapped[User | None] = relationship()
    group: Mapped[CustomerGroup | None] = relationship()


class ImportRow(Model):
    """Dòng nhập: the fate of one row; `number` is the one Excel shows.

    `planned` is the state that the preview promised, `state` the one the run gave. `key` is the
    record's key as the file gives it, so that rows of one record are found without reading cells.
    `contact` (created, skipped) and `member` (added, already) are the fates beside the row's own.
    """

    __table_args__ = (Index("ix_import_row_state", "batch_id", "state", "number"),)

    batch_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("import_batch.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    planned: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[str | None] = mapped_column(String(16))
    key: Mapped[str | None] = mapped_column(String(64))
    contact: Mapped[str | None] = mapped_column(String(8))
    member: Mapped[str | None] = mapped_column(String(8))
    record_id: Mapped[int | None] = mapped_column(Integer, index=True)
    label: Mapped[str] = mapped_column(String(300), default="")
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    has_warnings: Mapped[bool] = mapped_column(Boolean, default=False)
    cells: Mapped[list[Any]] = mapped_column(JSON, default=list)
