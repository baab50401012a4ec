"""`flask crm seed`: made-up customers and groups in any number, to try the product at size."""

from __future__ import annotations

import json
import sys
import time

import click
from flask.cli import with_appcontext

from crmadmin.access import guard
from crmadmin.cli.imports import acting_user
from crmadmin.core.bulk import Taken
from crmadmin.core.db import db, missing_tables
from crmadmin.seeding import services

EVERY = 1.0
"""Seconds between two lines of progress."""


class ProgressLine:
    """Says on standard error how far it is: one line that changes, or now and then another."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._heard = self._said = time.monotonic()
        self._redraws = sys.stderr.isatty()

    def told(self, table: str, done: int, total: int) -> None:
        """Take in that so many of the rows of a table are written."""
        now = time.monotonic()
        began = self._began.setdefault(table, self._heard)
        self._heard = now
        if done < total and now - self._said < (EVERY if self._redraws else 10 * EVERY):
            return
        self._said = now
        rate = f", {done / (now - began):,.0f} a second" if now > began else ""
        line = f"{table}: {done:,} of {total:,}{rate}"
        end = "\n" if done >= total or not self._redraws else ""
        click.echo(("\r\033[K" if self._redraws else "") + line + end, err=True, nl=False)


@click.command("seed")
@click.option("--customers", required=True, type=click.IntRange(1, services.MOST_CUSTOMERS),
              help="How many customers to add, at most 10 million.")  # fmt: skip
@click.option("--groups", default=0, type=click.IntRange(0, services.MOST_GROUPS),
              help="How many groups to add, of 10 to 100,000 members.")  # fmt: skip
@click.option("--seed", "number", default=1, show_default=True,
              help="Another number makes other customers.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def seed_command(customers: int, groups: int, number: int, *, as_json: bool) -> None:
    """Add made-up Vietnamese customers; the same ones for the same database and seed."""
    if missing_tables(db):
        raise click.UsageError("The database has no tables yet: run `flask db upgrade`.")
    began = time.monotonic()
    with guard.acting(acting_user(None)):
        try:
            seeded = services.seed(customers, groups, number, told=ProgressLine().told)
        except Taken as taken:
            db.session.rollback()
            raise click.ClickException(
                f"Somebody wrote the same rows meanwhile; the blocks before stay. {taken}"
            ) from taken
    seconds = time.monotonic() - began
    if as_json:
        told = {"seed": number, "rows": seeded.rows, "seconds": round(seconds, 1)}
        click.echo(json.dumps(told))
        return
    for table, rows in seeded.rows.items():
        click.echo(f"{rows:>12,}  {table}")
    click.echo(f"{seconds:,.0f} seconds")
