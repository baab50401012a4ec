"""`flask crm backup` and `restore`: one file with all tables and the uploads that belong to them.

A zip archive: `manifest.json` (what is in it, with checksums), `data.sqlite` (the tables without
indexes, of whichever database) and `uploads/`. A restore is a move from that SQLite file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Column, Connection, MetaData, Table, select

from crmadmin.access import sessions
from crmadmin.cli import schema
from crmadmin.cli.move import opened, refusals
from crmadmin.core import copy_database, numbering
from crmadmin.core.db import db, utcnow
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.source import uploads_folder

FORMAT = 1
MANIFEST, DATA, UPLOADS = "manifest.json", "data.sqlite", "uploads/"
PLACES = ".crm-"
"""How the folders are called that commands work in."""
LONGEST = timedelta(days=1)
"""A command that writes nothing for so long was killed."""
QUICKLY = 3
"""How hard to compress: three quarters of what is to be had, in a third of the time."""


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def backup_command(file: Path, *, as_json: bool) -> None:
    """Write all tables and uploaded files into a new FILE; people may work meanwhile."""
    if file.exists():
        raise click.ClickException(f"{file.name} is there already; a backup overwrites nothing.")
    with refusals(), _workplace(file.absolute().parent) as folder:
        with copy_database.reading(db.engine, alone=False) as source:
            schema.require_newest(source)
            made = _copy_out(source, folder / DATA)
            names = _uploads(source)
        manifest = {
            "format": FORMAT, "revision": schema.newest(), "made_at": utcnow().isoformat(),
            "tables": schema.as_json(made),
        }  # fmt: skip
        packed = folder / "packed"
        packed.touch(mode=0o600)
        manifest |= _pack(packed, folder / DATA, names, manifest)
        # Whole and on the disk, or not there; and never instead of what somebody else just made.
        os.link(packed, file)
    _tell(manifest, as_json=as_json, did="saved")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def restore_command(file: Path, *, as_json: bool) -> None:
    """Fill this empty database from a backup: all of it, or nothing. Everybody signs in again."""
    folder = Path(current_app.instance_path)
    with refusals(), _workplace(folder) as place, _archive(file) as archive:
        manifest = _manifest(archive)
        schema.prepare(db.engine, "this database")
        archive.extract(DATA, place)
        with _uploads_kept(archive, manifest["uploads"]):
            _copy_in(f"sqlite:///{place / DATA}", manifest["tables"])
    _tell(manifest, as_json=as_json, did="restored")


def _copy_out(source: Connection, path: Path) -> dict[str, copy_database.Content]:
    """All tables into a new SQLite file, without what only makes them slower to write."""
    plain = MetaData()
    for table in copy_database.tables():
        columns = (Column(c.name, c.type, primary_key=c.primary_key) for c in table.columns)
        numbering.never_again(Table(table.name, plain, *columns))
    path.touch(mode=0o600)
    with opened(f"sqlite:///{path}") as engine, copy_database.writing(engine) as target:
        plain.create_all(target)
        made = copy_database.copy(source, target, schema.progress)
        copy_database.keep_numbers(source, target)
        return made


def _copy_in(url: str, promised: dict[str, Any]) -> None:
    with (
        opened(url) as engine,
        copy_database.reading(engine, alone=False) as source,
        copy_database.writing(db.engine) as target,
    ):
        schema.refuse_rows(target, "this database")
        with copy_database.indexes_last(target):
            made = copy_database.copy(source, target, schema.progress)
        if schema.as_json(made) != promised:
            raise copy_database.CannotCopy(
                "the backup does not hold what it says; it was changed since"
            )
        # A page that was opened, or a session that was ended, after the backup was made would count
        # again: versions and sessions are as they were before.
        target.execute(sessions.end_everybodys())
        copy_database.finish(source, target, schema.progress)


def _uploads(source: Connection) -> list[str]:
    """The files that the imports of this state of the database name."""
    path = ImportBatch.file_path
    found = source.scalars(select(path).where(path.is_not(None)).order_by(path))
    return sorted({Path(str(name)).name for name in found})


def _pack(packed: Path, data: Path, names: list[str], manifest: dict[str, Any]) -> dict[str, Any]:
    """Write the archive; gives which uploaded files are in it, and which were gone."""
    kept: list[dict[str, Any]] = []
    missing: list[str] = []
    with packed.open("wb") as raw:
        with ZipFile(raw, "w", ZIP_DEFLATED, compresslevel=QUICKLY) as archive:
            archive.write(data, DATA)
            for name in names:
                path = uploads_folder() / name
                try:
                    with path.open("rb") as file:
                        digest = hashlib.file_digest(file, "sha256").hexdigest()
                    archive.write(path, UPLOADS + name)
                except FileNotFoundError:
                    missing.append(name)  # its days were over, maybe just now
                else:
                    kept.append({"name": name, "sha256": digest})
            found = {"uploads": kept, "missing": missing}
            archive.writestr(MANIFEST, json.dumps(manifest | found, indent=1))
        raw.flush()
        os.fsync(raw.fileno())
    return found


@contextmanager
def _archive(file: Path) -> Iterator[ZipFile]:
    """The opened archive; whatever is wrong with it is said in a sentence."""
    try:
        with ZipFile(file) as archive:
            yield archive
    except (BadZipFile, KeyError, EOFError) as error:
        raise copy_database.CannotCopy(
            f"{file.name} is no backup, or not a whole one: {error}"
        ) from error


def _manifest(archive: ZipFile) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if made.get("format") != FORMAT:
        raise copy_database.CannotCopy(f"this version reads backups of format {FORMAT} only")
    if made.get("revision") != schema.newest():
        raise copy_database.CannotCopy(
            f"the backup has the schema {made.get('revision')}, this version {schema.newest()}: "
            "restore it with the version that made it, then upgrade"
        )
    return made


@contextmanager
def _uploads_kept(archive: ZipFile, listed: list[dict[str, Any]]) -> Iterator[None]:
    """Put uploaded files where they belong; away again when the body fails. Raises CannotMove."""
    made: list[Path] = []
    try:
        for upload in listed:
            path = uploads_folder() / Path(upload["name"]).name
            with archive.open(UPLOADS + upload["name"]) as packed:
                made += _put(packed, path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != upload["sha256"]:
                raise copy_database.CannotCopy(
                    f"the uploaded file {path.name} is not as it was saved"
                )
        yield
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _put(packed: IO[bytes], path: Path) -> list[Path]:
    """Write a file that is not there; gives it then."""
    if path.exists():
        return []
    path.touch(mode=0o600)
    with path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return [path]


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder for nobody else, on the same disk; gone afterwards."""
    try:
        _sweep(folder)
        with TemporaryDirectory(prefix=PLACES, dir=folder) as made:
            yield Path(made)
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename or folder}") from error


def _sweep(folder: Path) -> None:
    """Take away what a command left that was killed over its work: it holds everything."""
    for left in folder.glob(f"{PLACES}*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > LONGEST.total_seconds():
            shutil.rmtree(left, ignore_errors=True)


def _tell(manifest: dict[str, Any], *, as_json: bool, did: str) -> None:
    tables = manifest["tables"]
    rows = sum(table["rows"] for table in tables.values())
    files = {"files": len(manifest["uploads"]), "missing": len(manifest["missing"])}
    if as_json:
        click.echo(json.dumps({"tables": tables, "rows": rows, "uploads": files}))
        return
    click.echo(f"{did}: {rows:,} rows in {len(tables)} tables, {files['files']} uploaded files.")
    if did == "restored":
        click.echo("Everybody signs in again, with the password of the day of the backup.")
