"""Taking back one import (Hoàn tác), from its ledger and its before-images.

Created records go, overwritten values come back, its contacts and memberships go, and so do the
catalog values and the group that it made, where nothing else uses them. A record that somebody
edited since, or that others built upon, is left as it is and listed. Afterwards the database is as
it was before the import, but for ids, versions, timestamps and the history itself.
"""

from crmadmin.imports.undo.can_undo import REASONS, KeptLine
from crmadmin.imports.undo.job import run
from crmadmin.imports.undo.lost import LostValue, token
from crmadmin.imports.undo.preview import UndoPreview, kept_lines, preview

__all__ = [
    "REASONS", "KeptLine", "LostValue", "UndoPreview", "kept_lines", "preview", "run", "token",
]  # fmt: skip
