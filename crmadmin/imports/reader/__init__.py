"""The only package that opens a spreadsheet, and it does so only in a disposable child process.

`open_sheet` and `read_heads` are the ways in. What may be in a file is `guard`'s and `child`'s
business, how rows cross the pipe is `packing`'s and `frames`', what it may cost is `limits`'.
"""

from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.reader.parent import Head, Reading, open_sheet, read_heads

__all__ = ["Head", "Limits", "Reading", "open_sheet", "read_heads"]
