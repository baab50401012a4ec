"""What groups keep beside their members: changes that nobody saved, and those that were."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_

from crmadmin.core import retention
from crmadmin.core.db import db, rows_written
from crmadmin.core.retention import Copy, Keep
from crmadmin.groups.models import GroupDraft


def forget_drafts() -> int:
    """Forget changes that were saved, or left unsaved, more than CRM_HISTORY_KEEP_DAYS ago.

    Their steps and lists of customers go with them. Commits.
    """
    since = retention.kept_since(Keep.HISTORY)
    is_left = GroupDraft.saved_at.is_(None) & (GroupDraft.updated_at < since)
    old = or_(GroupDraft.saved_at < since, is_left)
    gone = db.session.execute(
        delete(GroupDraft).where(old).execution_options(synchronize_session=False)
    )
    db.session.commit()
    return rows_written(gone)


retention.register(
    Copy(
        "changes of groups",
        (
            "group_draft.name", "group_draft.description", "group_draft.filter",
            "group_draft.before", "group_step.params",
        ),
        Keep.HISTORY,
        forget_drafts,
        every=timedelta(days=1),
    )
)  # fmt: skip
