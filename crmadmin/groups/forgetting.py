"""What groups keep beside their members: changes that nobody saved, and those that were."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select

from crmadmin.core import retention
from crmadmin.core.bulk import delete_some
from crmadmin.core.db import db
from crmadmin.core.retention import Copy, Keep
from crmadmin.groups.models import GroupChange, GroupDraft, GroupStep

CHANGES = GroupChange.__table__


def forget_drafts() -> int:
    """Forget changes that were saved, or left unsaved, more than CRM_HISTORY_KEEP_DAYS ago.

    Their steps and lists of customers go with them; the lists first, some thousand customers in a
    transaction, for a group may have taken in a million. Commits.
    """
    since = retention.kept_since(Keep.HISTORY)
    is_left = GroupDraft.saved_at.is_(None) & (GroupDraft.updated_at < since)
    old = or_(GroupDraft.saved_at < since, is_left)
    found = db.session.scalars(select(GroupDraft.id).where(old).order_by(GroupDraft.id)).all()
    db.session.commit()
    for key in found:
        steps = select(GroupStep.id).where(GroupStep.draft_id == key)
        while delete_some(CHANGES, CHANGES.c.step_id.in_(steps)):
            db.session.commit()
        gone = delete(GroupDraft).where(GroupDraft.id == key, old)
        db.session.execute(gone.execution_options(synchronize_session=False))
        db.session.commit()
    return len(found)


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
