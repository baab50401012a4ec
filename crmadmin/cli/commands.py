"""`flask crm`: the group, and the commands of the house itself. Imports have their own module."""

from __future__ import annotations

import json
import signal
import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from crmadmin.access import services, setup
from crmadmin.access.messages import explain
from crmadmin.access.roles import Role
from crmadmin.cli import (
    backup,
    demo,
    export,
    imports,
    move,
    reference,
    reindex,
    seed,
    server,
    translations,
    worker,
)
from crmadmin.cli.checks import at_newest, check_command, refuse_unless_ready, refuse_weak_key
from crmadmin.core.text import Refusal

ANY_SCHEMA = {
    # The first four tell of the schema themselves, `demo` upgrades, two read no database.
    "backup", "restore", "move-to", "check", "demo", "reference", "translations",
}  # fmt: skip
"""Commands that begin wherever the database stands; every other one needs this code's migration."""


class Commands(AppGroup):
    """The group, whose commands refuse a database that is behind or ahead of its migrations."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Part of click: also what its decorators call."""
        if (name or cmd.name) not in ANY_SCHEMA and cmd.callback is not None:
            cmd.callback = at_newest(cmd.callback)
        super().add_command(cmd, name)


crm = Commands("crm", help="Commands of the CRM admin panel.")


def init_app(app: Flask) -> None:
    """Put `crm` under `flask`."""
    app.cli.add_command(crm)


@crm.command("create-user")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]))
@click.option("--full-name", help="As people see it; the user name unless given.")
@click.option("--email", help="May be used to sign in instead of the user name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create_user(
    name: str,
    role: str,
    full_name: str | None,
    email: str | None,
    *,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add a user, who signs in with the password that is read from standard input."""
    if not password_stdin:
        raise click.UsageError(
            "Nobody could sign in as a user without a password: pass one with --password-stdin."
        )
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.ClickException("There is no password on the first line of standard input.")
    try:
        user = services.create_user(name, role, password=password, full_name=full_name, email=email)
    except Refusal as refusal:
        raise click.ClickException(explain(refusal)) from refusal
    if as_json:
        click.echo(json.dumps({"id": user.id, "name": user.username, "role": user.role}))
    else:
        click.echo(f"{user.username} ({user.role})")


@crm.command("serve")
@click.option("--no-worker", is_flag=True, help="Only ask for jobs; `crm worker` works them.")
def serve(*, no_worker: bool) -> None:
    """Serve on 127.0.0.1:$PORT, and work jobs. Prints the setup token while there is no user."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # Werkzeug's LocalProxy
    settings = app.config["SETTINGS"]
    address = f"http://127.0.0.1:{settings.port}"
    refuse_weak_key()
    refuse_unless_ready()
    token = setup.issue_token()
    if token is not None:
        click.echo(f"First run: open {address}/setup and enter this one-time token: {token}")
    click.echo(f"Serving on {address} (Ctrl+C stops)")
    if no_worker:
        server.serve(app, settings.port)
        return
    # A supervisor's SIGTERM ends the server as Ctrl+C does, so that jobs are given back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with worker.working(app, threads=1):
        server.serve(app, settings.port)


crm.add_command(backup.backup_command)
crm.add_command(backup.restore_command)
crm.add_command(check_command)
crm.add_command(demo.demo_command)
crm.add_command(export.export_command)
crm.add_command(imports.import_command)
crm.add_command(imports.imports_command)
crm.add_command(imports.undo_command)
crm.add_command(imports.errors_command)
crm.add_command(imports.template_command)
crm.add_command(move.move_command)
crm.add_command(reference.reference_command)
crm.add_command(reindex.reindex_command)
crm.add_command(seed.seed_command)
crm.add_command(translations.translations_command)
crm.add_command(worker.worker_command)
