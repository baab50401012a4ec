"""The product with any number of made-up customers, filled by the code of `crm seed`.

The customers are the same ones for every size: the first ten thousand of a million are those of a
small database.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_migrate import upgrade

from bench import product, words
from crmadmin.access import services
from crmadmin.core.db import acting_as
from crmadmin.seeding import services as seeding

GROUPS = 12
NUMBER = 5
"""Which customers; any number would do."""


def today() -> str:
    """The last midnight: what the moments of every database of a run count back from."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=1)).isoformat()


def prepare(url: str, folder: str, customers: int, until: str) -> dict[str, Any]:
    """Make the tables, people, customers and groups. Gives the rows of each table, and seconds."""
    app = product.make_app(url, folder)
    with app.app_context():
        upgrade()
        # In English, whose words the benchmark reads on the pages.
        admin = services.create_user(
            product.ADMIN, "admin", password=product.PASSWORD, full_name="Trần Văn An", locale="en"
        )
        for name in words.OWNERS:
            services.create_user(name, "sales", full_name=name)
        with acting_as(admin.id):
            began = time.perf_counter()
            seeded = seeding.seed(customers, GROUPS, NUMBER, until=datetime.fromisoformat(until))
            return {"seconds": time.perf_counter() - began, "rows": seeded.rows}
