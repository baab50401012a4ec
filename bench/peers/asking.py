"""What the panels share that show the same customers: they are asked line by line.

A panel's `peer.py URL FOLDER` opens the database and says `ready`; then each line that it is given
is a request as JSON, and the answer is a line, too: seconds, rows of the page, its bytes. Runs in
the peers' environments, so it knows nothing but the standard library.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

PAGE = 50
COLUMNS = (
    "code", "name", "phone", "status", "sales_group", "source", "tier", "owner", "updated_at"
)  # fmt: skip
"""What the list of the product shows, too."""
SEARCHED = ("code", "name", "phone", "email", "tax_code", "address")
PLAIN = ("code", "name", "kind", "phone", "email", "tax_code", "address", "province")
CATALOGS = {
    "status": "customer_status", "sales_group": "sales_group", "source": "customer_source",
    "tier": "customer_tier",
}  # fmt: skip
"""Field → the table of what it refers to. The owner is a `user`."""

Ask = Callable[[dict[str, Any]], str]
"""Takes a request and gives the page. Requests: `{"page": 2}`, `{"search": …}`, `{"province": …}`
or nothing at all for the first page."""


def main(open_: Callable[[str, str], Ask], row: str) -> None:
    """Answer requests until there are no more. `row` stands in the page once for every row."""
    url, folder = sys.argv[1:]
    ask = open_(url, folder)
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        page = ask(json.loads(line))
        seconds = time.perf_counter() - began
        told = {"seconds": seconds, "rows": page.count(row), "bytes": len(page.encode())}
        print(json.dumps(told), flush=True)
