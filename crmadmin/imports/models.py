"""One uploaded file and everything decided about it, and the outcome of each of its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crmadmin.access.models import User
from crmadmin.core.db import Kept, Model, UtcDateTime, utcnow
from crmadmin.core.field_names import NO_NAMES
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports import kept_names as names
from crmadmin.imports import shapes
from crmadmin.jobs.models import Job

Job.__table__.c.progress.info.update(names.RECENT)


class ImportBatch(Model):
    """Lần nhập. `status` is one of `states.Status`.

    `digest` is the SHA-256 of the file: the same file again finds the records that its rows became.
    `heads` are the first rows of every sheet as they were read, `mapping` what the user chose by
    hand instead of what was proposed, `columns` the map that is in force. `unknown` lists the
    catalog values that no record has, `planned` and `counts` what the preview promised and the run
    did, `undone` what undoing gave. The customers join `group_id`, or, with `step_id`, the draft of
    a group that somebody is editing. From `history_gone_at` on old values are no longer kept, so it
    cannot be undone.
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
    options: Mapped[dict[str, Any]] = mapped_column(
        Kept(shapes.OPTIONS), default=dict, info=names.DECIDED
    )
    columns: Mapped[dict[str, Any]] = mapped_column(
        Kept(shapes.COLUMNS), default=dict, info=names.MAPPED
    )
    planned: Mapped[dict[str, Any]] = mapped_column(
        Kept(shapes.COUNTS), default=dict, info=NO_NAMES
    )
    counts: Mapped[dict[str, Any]] = mapped_column(Kept(shapes.COUNTS), default=dict, info=NO_NAMES)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(
        Kept(shapes.REFUSAL, optional=True), info=NO_NAMES
    )
    heads: Mapped[list[dict[str, Any]]] = mapped_column(
        Kept(shapes.HEADS), default=list, info=NO_NAMES
    )
    mapping: Mapped[dict[str, Any] | None] = mapped_column(
        Kept(shapes.MAPPING, optional=True), info=names.MAPPED
    )
    unknown: Mapped[list[dict[str, Any]]] = mapped_column(
        Kept(shapes.UNKNOWN), default=list, info=names.SAID_OF
    )
    undone: Mapped[dict[str, Any] | None] = mapped_column(
        Kept(shapes.UNDONE, optional=True), info=NO_NAMES
    )
    group_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("customer_group.id", ondelete="SET NULL"), index=True
    )
    step_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("group_step.id", ondelete="SET NULL"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    history_gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    user: Mapped[User | None] = relationship()
    group: Mapped[CustomerGroup | None] = relationship()


class ImportRow(Model):
    """Dòng nhập: the outcome of one row; `number` is the one Excel shows.

    `planned` is the state that the preview promised, `state` the one the run gave. `key` is the
    record's code as the file gives it. `contact` (created, skipped) and `member` (added, already)
    are the outcomes beside the row's own. `cells` are kept of rows that were refused, and of no
    others. `before` holds the values (by column) that the row overwrote and `version` the one that
    the record had after this import, which is how undoing knows that nobody edited it since.
    `kept` says why undoing left the record alone.
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
    version: Mapped[int | None] = mapped_column(Integer)
    before: Mapped[dict[str, Any] | None] = mapped_column(
        Kept(shapes.IMAGE, optional=True), info=names.OWN_IMAGE
    )
    kept: Mapped[str | None] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(300), default="")
    problems: Mapped[list[dict[str, Any]]] = mapped_column(
        Kept(shapes.PROBLEMS), default=list, info=names.SAID_OF
    )
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(
        Kept(shapes.PROBLEMS), default=list, info=names.SAID_OF
    )
    has_warnings: Mapped[bool] = mapped_column(Boolean, default=False)
    cells: Mapped[list[Any]] = mapped_column(Kept(shapes.CELLS), default=list, info=NO_NAMES)


class ImportFix(Model):
    """A cell that the user corrected in the preview, or, with the column "", a row left out."""

    batch_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("import_batch.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    column: Mapped[str] = mapped_column(String(64), primary_key=True, info=names.NAMED)
    value: Mapped[str] = mapped_column(Text, default="", info=NO_NAMES)


class ImportChange(Model):
    """A record beside the rows' own that an import made (`before` is None) or changed.

    Such as a catalog value that the file named, or the old default of a catalog. `target` is the
    model's name.
    """

    __table_args__ = (Index("ix_import_change_batch", "batch_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("import_batch.id", ondelete="CASCADE")
    )
    target: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, default=1)
    before: Mapped[dict[str, Any] | None] = mapped_column(
        Kept(shapes.IMAGE, optional=True), info=names.SIDE_IMAGE
    )


class ImportMemory(Model):
    """How a user mapped a file with these headings the last time.

    `headings` is the digest of the header's cells; `fields` maps import columns to headings and
    `values` holds what was decided about unknown catalog values.
    """

    user_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    headings: Mapped[str] = mapped_column(String(64), primary_key=True)
    fields: Mapped[dict[str, int]] = mapped_column(
        Kept({str: int}), default=dict, info=names.BY_COLUMN
    )
    values: Mapped[dict[str, Any]] = mapped_column(
        Kept(shapes.DECISIONS), default=dict, info=names.BY_COLUMN
    )
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow)
