"""`flask crm import`, `imports` and `template`: files in, and the workbook to fill in.

Options and output only; the work is `imports.services`'. Exit 0 when all went in, 1 when the data
had problems, 2 for wrong use.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from crmadmin.access import guard
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.imports import queries, services, template
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.messages import STATE_LABELS
from crmadmin.imports.records import OnBlank, OnContact, OnDuplicate, OnUnknown, Rules, State
from crmadmin.imports.report import Report

DATA_PROBLEMS = 1


def _words(options: Any) -> click.Choice[str]:
    return click.Choice([option.value for option in options])


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, type=click.Choice(list(KINDS)), help="What a row is.")
@click.option("--group", "group_name", help="Customer group to fill; made if there is none.")
@click.option("--on-duplicate", type=_words(OnDuplicate), default=OnDuplicate.SKIP.value,
              show_default=True, help="A code that the system has already.")  # fmt: skip
@click.option("--contacts", type=_words(OnContact), default=OnContact.ADD.value,
              show_default=True, help="Second and later contacts of one customer.")  # fmt: skip
@click.option("--blank", type=_words(OnBlank), default=OnBlank.KEEP.value,
              show_default=True, help="Blank cells when overwriting.")  # fmt: skip
@click.option("--unknown", type=_words(OnUnknown), default=OnUnknown.ERROR.value,
              show_default=True, help="Catalog values that no record has.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Write nothing if any row is invalid.")
@click.option("--as", "username", help="User who imports; else the first administrator.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def import_command(
    file: Path,
    kind: str,
    group_name: str | None,
    username: str | None,
    *,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Import a spreadsheet and print its ledger."""
    chosen = KINDS[kind]
    if group_name is not None and not chosen.takes_group:
        raise click.UsageError(f"--group does not go with --kind {kind}.")
    if group_name is not None and not group_name.strip():
        raise click.UsageError("--group needs a name.")
    with guard.acting(_importer(username)) as user:
        needed = [chosen.permission, *([Permission.GROUPS_IMPORT] if group_name else [])]
        if not all(map(guard.can, needed)):
            raise click.UsageError(f"{user.username} may not import {kind}.")
        with file.open("rb") as stream:
            try:
                batch = services.create_batch(
                    stream, file.name, chosen, Rules.from_mapping(options), user,
                    group_name=group_name,
                )  # fmt: skip
            except services.FileTooLarge:
                raise click.UsageError(f"{file.name} is larger than CRM_UPLOAD_MAX_MB.") from None
        report = services.preview(batch) if dry_run else services.run(batch)
        if as_json:
            click.echo(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            print_report(report)
    sys.exit(DATA_PROBLEMS if report.has_problems else 0)


def _importer(username: str | None) -> User:
    user = queries.importer(username)
    if user is None:
        who = f"no active user is called {username!r}" if username else "there is no administrator"
        raise click.UsageError(f"{who}; see `flask crm create-user --help`.")
    return user


def print_report(report: Report) -> None:
    """The ledger for people."""
    found = report.to_json()
    click.echo(f"{report.batch.file_name}: {found['status']} (#{found['import']})")
    for state in State:
        click.echo(f"  {report.rows[state]:>9,}  {STATE_LABELS[state]}")
    click.echo(f"  {report.total:>9,}  =")
    for name in ("contacts", "members"):
        counts = ", ".join(f"{word} {number:,}" for word, number in found[name].items())
        click.echo(f"  {name}: {counts}")
    if report.ignored:
        click.echo(f"  columns ignored: {', '.join(report.ignored)}")
    for mark, lines in (("!", found["problems"]), ("?", found["warnings"])):
        for line in lines:
            where = f"{line['row']} {line['column']}".strip()
            click.echo(f"  {mark} {where}: {line['message']}")


@click.command("imports")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--most", default=50, show_default=True, help="How many, the latest first.")
@with_appcontext
def imports_command(most: int, *, as_json: bool) -> None:
    """List the imports."""
    listed = [
        {
            "import": batch.id,
            "kind": batch.kind,
            "status": batch.status,
            "file": batch.file_name,
            "user": batch.user.username if batch.user else None,
            "at": batch.created_at.isoformat(),
            "rows": (batch.counts or batch.planned or {}).get("rows", {}),
        }
        for batch in queries.batches(None, most)
    ]
    if as_json:
        click.echo(json.dumps({"imports": listed}, ensure_ascii=False))
        return
    for line in listed:
        total = line["rows"].get("total", 0)
        click.echo(f"#{line['import']} {line['at'][:16]} {line['kind']} {line['status']} "
                   f"{total:,} {line['file']}")  # fmt: skip


@click.command("template")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@with_appcontext
def template_command(kind: str, out: Path) -> None:
    """Write the template workbook of a kind."""
    with out.open("wb") as stream:
        template.write(KINDS[kind], stream)
    click.echo(str(out))


commands = (import_command, imports_command, template_command)
"""For the `crm` group."""
