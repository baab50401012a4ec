"""`flask crm import`, `imports`, `undo-import`, `errors` and `template`.

Options and output only; the work is `imports.services`'. Exit 0 when all went in (or came back), 1
when the data had problems, 2 for wrong use.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask.cli import with_appcontext

from crmadmin.access import guard
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.core import outside
from crmadmin.core.db import reads_only
from crmadmin.core.private_files import whole_file
from crmadmin.imports import error_workbook, queries, services, template, undo, uploads
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.messages import STATE_LABELS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import OnBlank, OnContact, OnDuplicate, OnUnknown, Rules, State
from crmadmin.imports.report import Report

DATA_PROBLEMS = 1
UNDONE = ("created", "restored", "contacts", "members", "made", "changed", "gone")
"""What undoing counts: records that went, that came back, and so on (docs: commands)."""


ID = click.IntRange(1, outside.LARGEST)


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
    with guard.acting(acting_user(username)) as user:
        needed = [chosen.permission, *([Permission.GROUPS_IMPORT] if group_name else [])]
        if not all(map(guard.can, needed)):
            raise click.UsageError(f"{user.username} may not import {kind}.")
        with file.open("rb") as stream:
            try:
                batch = services.create_batch(
                    stream, file.name, chosen, Rules.from_mapping(options), user,
                    group_name=group_name,
                )  # fmt: skip
            except uploads.FileTooLarge:
                raise click.UsageError(f"{file.name} is larger than CRM_UPLOAD_MAX_MB.") from None
        try:
            report = services.preview(batch) if dry_run else services.run(batch)
        except services.JobFailed as failure:
            raise click.ClickException(f"Import {batch.id}: {failure}") from failure
        if as_json:
            click.echo(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            print_report(report)
    sys.exit(DATA_PROBLEMS if report.has_problems else 0)


def acting_user(username: str | None) -> User:
    """The user in whose name a command acts. Raises UsageError when there is none."""
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


@click.command("undo-import")
@click.argument("key", metavar="ID", type=ID)
@click.option("--as", "username", help="User who undoes it; else the first administrator.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--accept-loss", is_flag=True, help="Undo though some old values cannot come back.")
@with_appcontext
def undo_command(key: int, username: str | None, *, as_json: bool, accept_loss: bool) -> None:
    """Take an import back: what it made goes, what it overwrote comes back."""
    with guard.acting(acting_user(username)) as user:
        batch = _batch(user, key, Permission.IMPORTS_UNDO)
        try:
            services.undo(batch, user.id, accepts=None if accept_loss else "")
        except services.ValuesLost as error:
            raise click.ClickException(_cannot_come_back(error.lost)) from None
        except services.BadState:
            raise click.UsageError(
                f"Import {key} is {batch.status}: it cannot be undone."
            ) from None
        except services.JobFailed as failure:
            raise click.ClickException(str(failure)) from failure
        told = dict(batch.undone or {})
        kept = [
            {"row": k.number, "label": k.label, "reason": k.reason, "message": _why(k.reason)}
            for k in undo.kept_lines(batch)
        ]
        if as_json:
            counts = {name: told[name] for name in UNDONE}
            found = {"import": batch.id, "status": batch.status, "undone": counts}
            found |= {"kept_count": told["kept"], "kept": kept}
            click.echo(json.dumps(found, ensure_ascii=False))
        else:
            _print_undone(batch, told, kept)
    sys.exit(DATA_PROBLEMS if told["kept"] else 0)


def _cannot_come_back(lost: Sequence[undo.LostValue]) -> str:
    """Which old values an undoing would not bring back."""
    told = ", ".join(f"{item.field} ({item.rows})" for item in lost)
    return f"Nothing was undone. These old values cannot come back: {told}. --accept-loss goes on."


def _why(reason: str) -> str:
    return str(undo.REASONS.get(reason, reason))


def _print_undone(
    batch: ImportBatch, told: Mapping[str, Any], kept: Sequence[Mapping[str, Any]]
) -> None:
    click.echo(f"{batch.file_name}: {batch.status} (#{batch.id})")
    for name in UNDONE:
        click.echo(f"  {told[name]:>9,}  {name}")
    for line in kept:
        where = f"{line['row']} " if line["row"] else ""
        click.echo(f"  ! {where}{line['label']}: {line['message']}")
    if told["kept"] > len(kept):
        click.echo(f"  … {told['kept'] - len(kept):,} more")


def _batch(user: User, key: int, permission: Permission) -> ImportBatch:
    """An import within the user's scope."""
    batch = None
    if guard.can(permission):
        batch = queries.batch(key, guard.limited_to(permission))
    if batch is None:
        raise click.UsageError(f"{user.username} has no import {key}; see `flask crm imports`.")
    return batch


@contextmanager
def writing(out: Path) -> Iterator[BinaryIO]:
    """A file that is there when it is whole. Raises ClickException where it cannot be written."""
    try:
        with whole_file(out) as stream:
            yield stream
    except OSError as error:
        raise click.ClickException(f"{out} was not written: {error.strerror or error}") from error


@contextmanager
def reading() -> Iterator[None]:
    """Inside nothing is written: others may write while a long file is made."""
    token = reads_only.set(True)
    try:
        yield
    finally:
        reads_only.reset(token)


@click.command("errors")
@click.argument("key", metavar="ID", type=ID)
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option(
    "--ledger", is_flag=True, help="Every row and its outcome, not only the refused ones."
)
@click.option("--as", "username", help="User who asks; else the first administrator.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def errors_command(
    key: int, out: Path, username: str | None, *, ledger: bool, as_json: bool
) -> None:
    """Write the rows of an import that did not go in, to be mended and imported again."""
    with reading(), guard.acting(acting_user(username)) as user:
        batch = _batch(user, key, Permission.IMPORTS_READ)
        write = error_workbook.write_ledger if ledger else error_workbook.write_errors
        if not ledger and not error_workbook.can_write(batch):
            raise click.ClickException(f"The cells of import {key} were deleted with its file.")
        with writing(out) as stream:
            rows = write(batch, stream)
    _say_written(out, rows, as_json=as_json)


def _say_written(out: Path, rows: int, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": str(out), "rows": rows}, ensure_ascii=False))
    else:
        click.echo(f"{out} ({rows:,})" if rows else str(out))


@click.command("template")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--with-data", is_flag=True, help="Fill in the records of today.")
@click.option("--as", "username", help="Whose records these are; else the first administrator's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def template_command(
    kind: str, out: Path, username: str | None, *, with_data: bool, as_json: bool
) -> None:
    """Write the template workbook of a kind."""
    chosen, written = KINDS[kind], template.Written()
    if with_data:
        with reading(), guard.acting(acting_user(username)) as user:
            export = Permission(f"{chosen.spec.options.resource}:export")
            if not guard.can(export):
                raise click.UsageError(f"{user.username} may not export {kind}.")
            owner_id, masked = guard.limited_to(export), not guard.sees_sensitive()
            with writing(out) as stream:
                written = template.write(
                    chosen, stream, with_data=True, owner_id=owner_id, masked=masked
                )
    else:
        with writing(out) as stream:
            template.write(chosen, stream)
    if written.is_cut:
        click.echo(f"There is more: only the first {written.rows:,} rows are in it.", err=True)
    _say_written(out, written.rows, as_json=as_json)
