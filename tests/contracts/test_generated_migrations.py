"""What `flask db migrate` writes: on one engine, for both, with rows in the tables.

A copy of the project gets fields of every kind and two catalogs, then has them renamed, removed,
shortened, made required and unique. Each migration is generated on one engine and run up, down and
up on both, by the commands that people type.
"""

from __future__ import annotations

import json
import os
import pty
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from alembic.script import ScriptDirectory
from tutorials import ROOT, plain_copy

from crmadmin.core.kinds import KINDS

ENGINES = ("sqlite", "postgresql")
LINES = {
    KINDS["text"]: 'slogan: Mapped[str | None] = field.text(_l("Slogan"), searched=True)',
    KINDS["long_text"]: 'story: Mapped[str | None] = field.long_text(_l("Story"))',
    KINDS["email"]: 'mail: Mapped[str | None] = field.email(_l("Mail"))',
    KINDS["phone"]: 'hotline: Mapped[str | None] = field.phone(_l("Hotline"))',
    KINDS["website"]: 'site: Mapped[str | None] = field.website(_l("Site"))',
    KINDS["date"]: 'since: Mapped[date | None] = field.date(_l("Since"), filtered=True)',
    KINDS["datetime"]: 'seen_at: Mapped[datetime | None] = field.moment(_l("Seen"))',
    KINDS["number"]: 'firms: Mapped[int] = field.number(_l("Firms"), filtered=True)',
    KINDS["boolean"]: 'exports: Mapped[bool] = field.boolean(_l("Exports"), filtered=True)',
    KINDS["choice"]: 'pace: Mapped[str | None] = field.choice(_l("Pace"), [("a", _l("A"))])',
    KINDS["color"]: 'flag: Mapped[str] = field.color(_l("Flag"))',
    KINDS["tax_code"]: 'taxed: Mapped[str | None] = field.tax_code(_l("Taxed"))',
    KINDS["province"]: 'home: Mapped[str | None] = field.province(_l("Home"))',
    KINDS["ref"]: 'size_id: Mapped[int | None] = field.ref("CompanySize", _l("Size"))',
}
LINES |= {
    kind: f'of_{name}: Mapped[str | None] = field.{kind.helper or name}(_l("New"))'
    for name, kind in KINDS.items()
    if kind not in LINES and not kind.numbers_itself
}
"""A field of every kind, for Industry; codes stand on every record already."""
IN_USE = 'grown: Mapped[bool] = field.boolean(_l("Grown"), default=True, filtered=True)'
REGION = 'region_id: Mapped[int | None] = field.ref("Region", _l("Region"), filtered=True)'
OF_ZONE = 'zone_id: Mapped[int | None] = field.ref("Zone", _l("Zone"), filtered=True)'
REGIONS = """

class Region(Catalog, Model):
    __record__ = catalog("VUNG", _l("Region"), _l("Regions"))
"""
ZONE = """

class Zone(Catalog, Model):
    __record__ = catalog("KV", _l("Zone"), _l("Zones"))
"""
SEED = """
import app, datetime as dt, json
from crmadmin.core import records
from crmadmin.core.db import db, utcnow
from crmadmin.access.models import User
from crmadmin.catalogs.models import CompanySize, Industry, Region, Zone
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup
with app.create_app().app_context():
    lan = User(username="lan", full_name="Lan", role="sales")
    db.session.add(lan)
    db.session.flush()
    size = records.create(CompanySize, {"name": "Vua"})
    region = records.create(Region, {"name": "Bac"})
    zone = records.create(Zone, {"name": "Ven bien"})
    for n in (1, 2):
        records.create(Industry, {
            "name": f"Nganh {n}", "slogan": f"Loi {n}", "story": "Dai", "mail": "a@example.com",
            "hotline": f"+8491234567{n}", "site": "https://example.com/" + "x" * 50 * (n - 1),
            "since": dt.date(2020, 1, n), "seen_at": utcnow(), "firms": n, "exports": True,
            "pace": "a", "flag": "red", "taxed": "0101234567", "home": None, "size_id": size.id,
        })
    records.create(Customer, {"name": "Minh Phat", "owner_id": lan.id, "region_id": region.id,
                              "zone_id": zone.id})
    db.session.add(CustomerGroup(name="Loc", description="d", filter=f"region={region.id}"))
    db.session.commit()
"""
DRIVER = """
import contextlib, io, json, sys, traceback
import app
from sqlalchemy import text
from crmadmin.core.db import db
made, done = app.create_app(), []
for kind, step in json.load(open(sys.argv[1])):
    out, code = io.StringIO(), 0
    if kind == "flask":
        result = made.test_cli_runner().invoke(args=step)
        code = result.exit_code
        out.write(result.output)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            out.write("Traceback " + "".join(traceback.format_exception(result.exception)))
    elif kind == "python":
        with contextlib.redirect_stdout(out):
            exec(step, {})
    else:
        with made.app_context(), db.engine.begin() as c:
            found = c.execute(text(step))
            if found.returns_rows:
                out.write(json.dumps([list(map(str, row)) for row in found]))
    done.append([code, out.getvalue()])
json.dump(done, open(sys.argv[1], "w"))
"""
"""Runs steps in one process, as starting costs more than most of them."""
Step = tuple[str, object]


def flask(*arguments: str) -> Step:
    """A command of `flask --app app`."""
    return "flask", list(arguments)


def sql(statement: str) -> Step:
    """A statement in a transaction of its own; rows come as lists of texts."""
    return "sql", statement


@dataclass
class House:
    """A copy of the project, and a database of each engine that it migrates."""

    project: Path
    urls: dict[str, str]
    written: list[str] = field(default_factory=list)

    def run(self, engine: str, *steps: Step) -> list[tuple[int, str]]:
        """The exit code and the words of each step."""
        told = self.project.parent / "steps.json"
        told.write_text(json.dumps(steps))
        self.python(engine, "-c", DRIVER, str(told), stdin=subprocess.DEVNULL)
        found = [(code, str(words)) for code, words in json.loads(told.read_text())]
        assert not [words for _code, words in found if "Traceback" in words]
        return found

    def python(self, engine: str, *arguments: str, stdin: int) -> str:
        """What a Python program in the copy says."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.project, capture_output=True, text=True,
            timeout=300, check=False, stdin=stdin, env={
                "PATH": os.environ["PATH"], "DATABASE_URL": self.urls[engine],
                "SECRET_KEY": secrets.token_urlsafe(48), "PYTHONPATH": str(self.project),
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stderr

    def well(self, engine: str, *steps: Step) -> list[str]:
        """The words of each step, none of which may fail."""
        found = self.run(engine, *steps)
        assert not [words for code, words in found if code], found
        return [words for _code, words in found]

    def migrations(self) -> set[Path]:
        """The files of migrations."""
        return set((self.project / "migrations" / "versions").glob("*.py"))

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Replace words of a file, each of which must be there."""
        path = self.project / file
        text = path.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path.write_text(text)


MODELS, CUSTOMERS = "crmadmin/catalogs/models.py", "crmadmin/customers/models.py"


@pytest.fixture
def copied(house: ModuleType, tmp_path: Path) -> House:
    """The copy with new fields, both databases at the product's own last migration."""
    made = House(
        plain_copy(tmp_path), {e: house.new_database(e, tmp_path, "generated") for e in ENGINES}
    )
    for engine in ENGINES:
        made.well(engine, UPGRADE)
    path = made.project / MODELS
    source = path.read_text()
    start = source.index("class Industry(")
    end = source.index("\n\n\n", start)
    fields = "".join(f"    {line}\n" for line in LINES.values())
    imports = "from datetime import date, datetime\n"
    source = f"{source[:end]}\n\n{fields.rstrip()}{source[end:]}{REGIONS}{ZONE}"
    path.write_text(source.replace("\nfrom sqlalchemy", f"\n{imports}\nfrom sqlalchemy", 1))
    path = made.project / CUSTOMERS
    source = path.read_text()
    at = source.index("    collaborator_id: Mapped")
    path.write_text(
        f"{source[:at]}{REGION.join(('    ', chr(10)))}    {IN_USE}\n    {OF_ZONE}\n{source[at:]}"
    )
    return made


def test_every_kind_of_field_is_tried() -> None:
    assert {str(kind) for kind in LINES} == {*KINDS} - {"code"}


UPGRADE, CHECK = flask("db", "upgrade"), flask("db", "check")
"""`check` fails when the models say more than the database has."""
BACK = flask("db", "downgrade")


def _look(slogan: str, region: str) -> list[Step]:
    """What the rows of some tables hold."""
    return [
        sql(f"SELECT name, {slogan}, exports, firms, size_id FROM industry ORDER BY id"),
        sql(f"SELECT name, {region}, grown FROM customer"),
        sql("SELECT filter FROM customer_group"),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_generated_on_one_engine_runs_on_both_with_rows(copied: House, engine: str) -> None:
    there = copied.migrations()
    copied.well(engine, flask("db", "migrate", "-m", "new fields"))
    (first,) = copied.migrations() - there
    for each in ENGINES:
        copied.well(each, UPGRADE, CHECK, ("python", SEED))
    for file, old, new in CHANGES:
        copied.edit(file, (old, new))
    second = _generate(copied, engine)
    for each in ENGINES:
        _run_both_ways(copied, each)
    for text in (first.read_text(), second.read_text()):
        assert not re.search(r"sqlite\.|postgresql\.|\bsa\.[A-Z]+\(|::", text), text
        assert not re.search(r"sa\.Boolean\(\).*server_default='", text)


SLIPS = (
    "rename=industry.slogan:moto", "rename=industry.slogn:motto", "rename=industry.mail:area_id",
    "rename=customer.zone_id:area_id", "drop=industry.motto", "drop=zones",
)  # fmt: skip
"""Answers with a slip of the pen, which would let go what they were to keep."""


def _generate(house: House, engine: str) -> Path:
    """Nobody answers: nothing is written, and the sentence says how to. Then with the answers."""
    there = house.migrations()
    command = ("db", "migrate", "-m", "changed fields")
    answers = ["-x", "rename=industry.slogan:motto", "-x", "drop=industry.mail"]
    answers += ["-x", "rename=customer.region_id:area_id"]
    unanswered = house.run(
        engine,
        flask(*command, *answers[2:]),
        flask(*command, *answers[:4]),
        flask(*command, "-x", "nonsense=1"),
        *(flask(*command, *answers, "-x", slip) for slip in SLIPS),
    )
    told_of = ("rename=industry.slogan:motto", "rename=customer.region_id:area_id", "nonsense=1")
    for (code, said), told in zip(unanswered, (*told_of, *SLIPS), strict=True):
        assert code == 1
        assert f"-x {told}" in said
    assert house.migrations() == there
    house.well(engine, flask(*command, *answers))
    (made,) = house.migrations() - there
    return made


def test_where_nothing_changed_no_migration_is_written(
    house: ModuleType, database: str, tmp_path: Path
) -> None:
    made = House(plain_copy(tmp_path), {database: house.new_database(database, tmp_path, "same")})
    there = made.migrations()
    said = made.well(database, UPGRADE, flask("db", "migrate", "-m", "nothing"))
    assert "No changes in schema detected." in said[-1]
    assert made.migrations() == there


def _run_both_ways(house: House, engine: str) -> None:
    """The rows in the way are named one after the other; then up, down, up, down to the start."""
    look = _look("slogan", "region_id")
    said = house.run(
        engine, *look,
        sql("UPDATE industry SET hotline = '+84900000000'"), UPGRADE,
        sql("UPDATE industry SET home = 'Hà Nội'"), UPGRADE,
        sql("UPDATE industry SET site = 'https://example.com/'"), UPGRADE,
        sql("UPDATE industry SET hotline = NULL WHERE name = 'Nganh 2'"), *look, UPGRADE, CHECK,
        *_look("motto", "area_id"), BACK, *look, UPGRADE, *_look("motto", "area_id"),
        flask("db", "downgrade", "--", "-2"), flask("db", "upgrade", "+1"),
    )  # fmt: skip
    codes, words = zip(*said, strict=True)
    before, now = words[:3], words[15:18]
    _told_in_turn([said[n] for n in (4, 6, 8)])
    assert not any(codes[9:]), [words for code, words in said[9:] if code]
    assert words[10:13] == before
    told = words[13]
    assert "industry.mail: what 2 records hold goes with it" in told
    assert "zone: what 1 record holds goes with it" in told
    assert now[:2] == before[:2]
    region = json.loads(before[1])[0][1]
    assert (before[2], now[2]) == (f'[["region={region}"]]', f'[["area={region}"]]')
    assert words[19:22] == before
    assert words[23:26] == now


def _told_in_turn(refused: Sequence[tuple[int, str]]) -> None:
    """A missing value, a length that is too short, a value that two share, in any order."""
    found = {
        "home": "industry.home: 2 records have no value", "site": "hold more than 60 characters",
        "hotline": "2 records share their value with another",
    }  # fmt: skip
    for code, said in refused:
        assert code == 1
        assert "Nganh" in said
        assert "Nothing was changed." in said
        (column,) = [name for name in found if f"industry.{name}: " in said]
        assert found[column] in said


def test_on_a_terminal_it_is_asked_whether_a_field_was_renamed(copied: House) -> None:
    there = copied.migrations()
    copied.well("sqlite", flask("db", "migrate", "-m", "new fields"), UPGRADE)
    (first,) = copied.migrations() - there
    copied.edit(MODELS, ("slogan: Mapped", "motto: Mapped"))
    master, slave = pty.openpty()
    os.write(master, b"y\n")
    command = ("-m", "flask", "--app", "app", "db", "migrate", "-m", "renamed")
    said = copied.python("sqlite", *command, stdin=slave)
    assert "Did you rename industry.slogan to motto?" in said
    (second,) = copied.migrations() - there - {first}
    assert "new_column_name='motto'" in second.read_text()
    assert "carry_renamed_field(op.get_bind(), 'industry', 'slogan', 'motto')" in second.read_text()


def test_a_catalog_that_looks_renamed_is_not_thrown_away(copied: House) -> None:
    there = copied.migrations()
    copied.well("sqlite", flask("db", "migrate", "-m", "new fields"), UPGRADE)
    copied.edit(MODELS, ("class Zone(", "class Coast("))
    copied.edit(CUSTOMERS, (f"    {OF_ZONE}\n", ""))
    made = copied.migrations()
    ((code, said), _again) = copied.run(
        "sqlite", flask("db", "migrate", "-m", "no"),
        flask("db", "migrate", "-m", "two things", "-x", "drop=zone"),
    )  # fmt: skip
    assert code == 1
    assert "The table zone goes and coast comes" in said
    assert "-x drop=zone" in said
    assert len(made - there) == 1
    assert len(copied.migrations() - made) == 1


CHANGES = (
    (MODELS, "slogan: Mapped", "motto: Mapped"),
    (MODELS, "    " + LINES[KINDS["email"]] + "\n", ""),
    (MODELS, 'field.website(_l("Site"))', 'field.website(_l("Site"), max_length=60)'),
    (MODELS, 'field.phone(_l("Hotline"))', 'field.phone(_l("Hotline"), unique=True)'),
    (MODELS, 'home: Mapped[str | None] = field.province(_l("Home"))',
     'home: Mapped[str] = field.province(_l("Home"), required=True)'),
    (MODELS, ZONE, "\n"),
    (CUSTOMERS, f"    {OF_ZONE}\n", ""),
    (CUSTOMERS, "region_id: Mapped", "area_id: Mapped"),
)  # fmt: skip
"""A field renamed, one removed, one shorter, one unique, one required; a catalog that goes with the
link to it; a link renamed with its indexes."""


def test_two_last_migrations_are_explained_with_the_command_that_joins_them(
    house: ModuleType, database: str, tmp_path: Path
) -> None:
    """One's own, and one that an update brought: what `make run` says, and that it is enough."""
    made = House(plain_copy(tmp_path), {database: house.new_database(database, tmp_path, "heads")})
    recipe = (ROOT / "Makefile").read_text().partition("\nrun:")[2].partition("\n\n")[0]
    assert "@$(FLASK) db upgrade" in recipe
    made.well(database, UPGRADE)
    (last,) = ScriptDirectory(str(made.project / "migrations")).get_heads()
    for name, words in (("own_01", "regions of our own"), ("upd_01", "what the update brought")):
        (made.project / "migrations" / "versions" / f"{name}.py").write_text(
            f'"""{words}.\n"""\nrevision = "{name}"\ndown_revision = "{last}"\n'
            "def upgrade() -> None: pass\ndef downgrade() -> None: pass\n"
        )
    refused = made.run(database, UPGRADE, flask("crm", "backup", str(tmp_path / "b.zip")))
    for code, said in refused:
        assert code == 1
        for words in ("own_01 (regions of our own.)", "upd_01 (what the update brought.)"):
            assert words in said
    found = re.search(r"`flask --app app (db merge [^`]*)`", refused[0][1])
    assert found is not None
    made.well(database, flask(*shlex.split(found[1])), UPGRADE, CHECK)
