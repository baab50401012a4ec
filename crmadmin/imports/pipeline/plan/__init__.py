"""What becomes of each row: checked values × what exists × the user's rules. Pure.

The preview and the run ask the same planner, so they cannot differ; nothing in here knows which
of the two is asking. `write` writes.
"""

from crmadmin.imports.pipeline.plan.catalogs import CatalogPlanner
from crmadmin.imports.pipeline.plan.contacts import ContactIndex
from crmadmin.imports.pipeline.plan.customers import CustomerPlanner
from crmadmin.imports.pipeline.plan.members import MemberPlanner
from crmadmin.imports.pipeline.plan.outcomes import Existing, Known, RowOutcome, Subject

__all__ = [
    "CatalogPlanner",
    "ContactIndex",
    "CustomerPlanner",
    "Existing",
    "Known",
    "MemberPlanner",
    "RowOutcome",
    "Subject",
]
