"""What becomes of each row: checked values × what exists × the user's rules. Pure.

The preview and the run ask the same planner, so they cannot differ; nothing in here knows which
of the two is asking. Writing is `load`'s business.
"""

from crmadmin.imports.plan.catalogs import CatalogPlanner
from crmadmin.imports.plan.contacts import ContactIndex
from crmadmin.imports.plan.customers import CustomerPlanner
from crmadmin.imports.plan.fates import Existing, Fate, Known, Subject
from crmadmin.imports.plan.members import MemberPlanner

__all__ = [
    "CatalogPlanner",
    "ContactIndex",
    "CustomerPlanner",
    "Existing",
    "Fate",
    "Known",
    "MemberPlanner",
    "Subject",
]
