"""`flask crm export`: customers, or the members of a group, as a spreadsheet.

The same columns, scope and masking as on screen, for the user that `--as` names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import with_appcontext
from werkzeug.datastructures import MultiDict

from crmadmin.access import guard
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.cli.imports import acting_user, reading, writing
from crmadmin.core import exports, listing, options, outside
from crmadmin.core.db import spec_of
from crmadmin.core.list_state import UNSET, read_state, unknown
from crmadmin.core.spec import RecordSpec
from crmadmin.customers import queries as customers
from crmadmin.customers.models import Customer
from crmadmin.groups import queries
from crmadmin.groups.following import is_readable
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports.queries import group_called

EVERYBODY = "customers"


@click.command("export")
@click.argument("what", metavar="customers|GROUP")
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE",
              help="As in the list's address: q=hoa, status=3, status=NAME.")  # fmt: skip
@click.option("--all", "with_all", is_flag=True, help="Of a group, also the not contactable.")
@click.option("--as", "username", help="User who exports; else the first administrator.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def export_command(
    what: str, out: Path, filters: Sequence[str], username: str | None, *, with_all: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Write customers, or the members of a group, to OUT.xlsx or OUT.csv."""
    ending = out.suffix.lower().removeprefix(".")
    if ending not in exports.TYPES:
        raise click.UsageError(f"{out.name}: the file must end in .xlsx or .csv.")
    with reading(), guard.acting(acting_user(username)) as user:
        where = [*_scope(user, what), *_clauses(spec_of(Customer), filters)]
        left_out = 0
        if what != EVERYBODY:
            where.append(queries.member_where(_group(what)))
            if not with_all:
                everybody = customers.count(where)
                where.append(Customer.do_not_contact.is_(False))
                left_out = everybody - customers.count(where)
        rows = _write(out, ending, where)
    if as_json:
        told = {"file": str(out), "rows": rows, "left_out": left_out}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{out} ({rows:,})")
    if left_out:
        click.echo(f"{left_out:,} not to be contacted, left out; --all takes them in.", err=True)


def _scope(user: User, what: str) -> list[Any]:
    """The condition of the user's rights. Raises UsageError for users who may not export."""
    needed = [Permission.CUSTOMERS_EXPORT]
    if what != EVERYBODY:
        needed.append(Permission.GROUPS_EXPORT)
    if not all(map(guard.can, needed)):
        raise click.UsageError(f"{user.username} may not export {what}.")
    owner = guard.limited_to(Permission.CUSTOMERS_EXPORT)
    return [] if owner is None else [listing.owned_by(Customer, owner)]


def _group(name: str) -> CustomerGroup:
    group = group_called(name)
    if group is None:
        raise click.UsageError(f"There is no group called {name!r}; or say {EVERYBODY}.")
    if not is_readable(group.filter):
        raise click.ClickException(f"The filter of {name!r} cannot be read: mend it on its page.")
    return group


def _clauses(spec: RecordSpec, filters: Sequence[str]) -> list[Any]:
    """What the filters ask for. Raises UsageError for one that is not understood."""
    given: MultiDict[str, str] = MultiDict()
    for text in filters:
        pairs = outside.parameters(text)
        if not pairs:
            raise click.UsageError(f"--filter {text!r} is not NAME=VALUE.")
        for name, value in pairs.items(multi=True):
            given.add(name, _value(spec, name, value))
    sees = guard.sees_sensitive()
    state = read_state(spec, given, sees_sensitive=sees)
    for part in [*state.unread, *unknown(spec, given, ())]:
        raise click.UsageError(f"--filter: {part.words}")
    zone = current_app.config["SETTINGS"].timezone
    return list(listing.clauses(spec, state, sees_sensitive=sees, zone=zone))


def _value(spec: RecordSpec, name: str, value: str) -> str:
    """A filter's value as lists have it: the id of a record that is given by its name or code."""
    field = spec.by_name.get(name)
    if field is None or not field.is_ref or value == UNSET:
        return value
    target = getattr(spec.model, field.name).property.mapper.class_
    if outside.record_id(value) is not None:
        return value
    found = [
        option
        for option in options.lookup(target, value, sees_sensitive=guard.sees_sensitive())
        if value.casefold() in (option.text.casefold(), option.hint.casefold())
    ]
    if not found:
        raise click.UsageError(f"--filter {name}: there is no {value!r}.")
    return str(found[0].id)


def _write(out: Path, ending: str, where: Sequence[Any]) -> int:
    zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
    look = exports.ExportStyle(zone, guard.sees_sensitive())
    try:
        with writing(out) as stream:
            return exports.write(stream, ending, spec_of(Customer), where, look)
    except exports.TooMany as many:
        most = f"{exports.MOST_ROWS:,}"
        raise click.ClickException(f"One file holds at most {most} rows, not {many}.") from many
