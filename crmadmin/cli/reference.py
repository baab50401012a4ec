"""`flask crm reference`: docs/reference.md, written from the declarations.

Only what the product itself reads stands there: record specs, import kinds, the role table, the
sentences of problems. What has to be explained stands in the pages beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

import config
from crmadmin.access.messages import EXPLANATIONS
from crmadmin.access.models import ROLE_WORDS
from crmadmin.access.permissions import Permission
from crmadmin.access.roles import CLOSED_FIELDS, Role, Scope, scope, sees_sensitive
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core.db import all_records, spec_of
from crmadmin.core.kinds import KINDS as FIELD_KINDS
from crmadmin.core.kinds import FieldKind
from crmadmin.core.messages import CODES, message
from crmadmin.core.spec import FieldSpec, RecordSpec, SensitiveIf, Words
from crmadmin.imports.kinds import KINDS, ImportKind
from crmadmin.imports.messages import FILE_SENTENCES, OWN_SENTENCES

PAGE = config.ROOT / "docs" / "reference.md"
OUT_OF_DATE = 1

HEAD = """\
# Reference

Written from the declarations by `flask --app app crm reference`; a test fails when it is out of
date. How to change what stands here: [Add a field](add-a-field.md),
[Add a catalog](add-a-catalog.md). The words are explained in the [glossary](glossary.md).
"""

PARAMETERS = (
    "value", "limit", "length", "digits", "label", "first", "second", "other", "owner", "columns",
    "old", "new", "choices", "row", "format", "sheet", "least", "most", "username",
)  # fmt: skip
"""What sentences have blanks for; the page shows ‹value› in their place."""


@click.command("reference")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the page is out of date.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="Another file than docs/reference.md.")  # fmt: skip
@with_appcontext
def reference_command(out: Path | None, *, check: bool) -> None:
    """Write docs/reference.md from the declarations."""
    path, text = out or PAGE, page()
    if check:
        current = path.exists() and path.read_text() == text
        click.echo("up to date" if current else f"{path.name} is out of date")
        sys.exit(0 if current else OUT_OF_DATE)
    path.write_text(text)
    click.echo(path.name)


def page() -> str:
    """The whole page, in English, with the Vietnamese words of records and fields beside."""
    with force_locale("en"):
        parts = [HEAD, *_records(), *_field_kinds(), *_kinds(), *_roles(), *_problems()]
    return "\n".join(parts).rstrip("\n") + "\n"


def _vietnamese(words: Words) -> str:
    with force_locale("vi"):
        return str(words)


def _table(head: str, rows: Iterable[Iterable[object]]) -> str:
    """A markdown table; `head` has its titles separated by `|`."""
    titles = [title.strip() for title in head.split("|")]
    lines = [titles, ["---"] * len(titles)]
    lines += [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


# Records


def _records() -> Iterator[str]:
    yield "## Records\n"
    catalogs = [spec_of(model) for model in all_catalogs()]
    # By name: which model is declared first depends on which module was imported first.
    others = [spec_of(model) for model in all_records() if model not in all_catalogs()]
    others.sort(key=lambda spec: spec.name)
    shared = tuple(f for f in catalogs[0].fields if all(f in s.fields for s in catalogs))
    yield "### What every catalog has\n"
    yield _fields(shared)
    for spec in catalogs:
        yield from _record(spec, shared)
    for spec in others:
        yield from _record(spec, ())


def _record(spec: RecordSpec, shared: tuple[FieldSpec, ...]) -> Iterator[str]:
    """`shared` are the fields that stand in a table of their own already."""
    options = spec.options
    yield f"### {spec.label} ({_vietnamese(spec.label)})\n"
    facts = [f"Table `{spec.name}`", f"permissions `{options.resource}:…`"]
    if options.prefix:
        facts.append(f"codes `{options.prefix}001`")
    if options.owner:
        facts.append(f"owned by `{options.owner}`")
    if shared:
        facts.append("[as every catalog](#what-every-catalog-has)")
    yield ", ".join(facts) + ".\n"
    if own := tuple(f for f in spec.fields if f not in shared):
        yield _fields(own)


def _fields(fields: Iterable[FieldSpec]) -> str:
    return _table(
        "field | label | Vietnamese | kind | rules | shown | headings in files | example",
        map(_field, fields),
    )


def _field(f: FieldSpec) -> tuple[str, ...]:
    headings = ", ".join(f.headings) if f.importable else "not imported"
    kind = f"→ {f.target}" if f.is_ref else f.kind.name
    return (
        f"`{f.name}`", str(f.label), _vietnamese(f.label), kind, "; ".join(_rules(f)),
        ", ".join(w for w in ("listed", "searched", "filtered") if getattr(f, w)), headings,
        f.example,
    )  # fmt: skip


FLAGS = {
    "required": "**required**",
    "unique": "unique",
    "past": "not in the future",
}


def _rules(f: FieldSpec) -> Iterator[str]:
    yield from (words for flag, words in FLAGS.items() if getattr(f, flag))
    if f.sensitive:
        where = f", {f.sensitive.words}" if isinstance(f.sensitive, SensitiveIf) else ""
        yield f"**masked for some roles**{where}"
    if f.max_length and f.kind.says_limit:
        yield f"at most {f.max_length:,} characters"
    if f.choices:
        yield "one of " + ", ".join(f"`{c.value}`" for c in f.choices)
    if f.default is not None:
        yield f"default `{f.default}`".lower()
    if not f.editable:
        yield "set by the system"


def _field_kinds() -> Iterator[str]:
    yield "## Kinds of field\n"
    yield "How to add one: [Add a kind of field](add-a-kind.md).\n"
    rows = (
        (f"`{kind.name}`", f"`field.{kind.helper or kind.name}`", kind.about,
         kind.storage.value, _finds(kind), kind.example)
        for kind in FIELD_KINDS.values()
    )  # fmt: skip
    yield _table("kind | declared with | what it is | kept as | found by | example", rows)


def _finds(kind: FieldKind) -> str:
    by = {"search": kind.searchable, "filter": kind.filterable, "order": kind.sortable}
    return ", ".join(word for word, is_so in by.items() if is_so)


# Imports


def _kinds() -> Iterator[str]:
    yield "## Import kinds\n"
    yield (
        "The word after `--kind`, and what is offered as *Chọn loại nhập khẩu*. A column is known "
        "by the headings of its field above; of the columns in bold a file needs one.\n"
    )
    rows = ((f"`{k.name}`", k.label, _vietnamese(k.label), _columns(k)) for k in KINDS.values())
    yield _table("kind | label | Vietnamese | columns, in the template's order", rows)


def _columns(kind: ImportKind) -> str:
    names = kind.key_columns
    return ", ".join(f"**{c.name}**" if c.name in names else c.name for c in kind.columns)


# Roles


def _roles() -> Iterator[str]:
    """What each role may do: a line a resource, then a line a permission."""
    yield "## Roles\n"
    yield "`own`: only records that the user owns or made. `–`: nothing.\n"
    resources = dict.fromkeys(p.resource for p in Permission)
    yield _table(
        "| " + " | ".join(f"{role.value} ({_vietnamese(ROLE_WORDS[role.label])})" for role in Role),
        ([resource, *(_may(role, resource) for role in Role)] for resource in resources),
    )
    masked = ", ".join(f"`{role.value}`" for role in Role if not sees_sensitive(role))
    yield f"Personal values are masked for {masked}.\n"
    yield from _permissions()


def _may(role: Role, resource: str) -> str:
    """What a role may do with a resource, in words: "all", or its actions by scope."""
    held = {p.action: scope(role, p) for p in Permission if p.resource == resource}
    if set(held.values()) == {Scope.ALL}:
        return "all"
    by = {s: ", ".join(a for a, found in held.items() if found is s) for s in Scope}
    parts = [by[Scope.ALL], f"own: {by[Scope.OWN]}" if by[Scope.OWN] else ""]
    return "; ".join(filter(None, parts)) or "–"


def _permissions() -> Iterator[str]:
    yield "## Permissions by role\n"
    yield "`own`: only records that the user owns or made. `–`: refused.\n"
    words = {Scope.NONE: "–", Scope.OWN: "own", Scope.ALL: "all"}
    yield _table(
        "permission | " + " | ".join(role.value for role in Role),
        ([f"`{p.value}`", *(words[scope(role, p)] for role in Role)] for p in Permission),
    )
    for (role, resource), names in CLOSED_FIELDS.items():
        fields = ", ".join(f"`{name}`" for name in sorted(names))
        yield f"`{role.value}` sees {fields} of `{resource}` but cannot set it.\n"


# Problems


def _problems() -> Iterator[str]:
    yield "## Problem and warning codes\n"
    yield "Stable words of `flask crm import --json`, with what a person reads.\n"
    blanks = {name: f"‹{name}›" for name in PARAMETERS}
    values = {code: message(code, blanks) for code in CODES}
    values |= {code: str(words) % blanks for code, words in OWN_SENTENCES.items()}
    yield "### Of a value or a row\n"
    yield _table("code | sentence", ((f"`{c}`", s) for c, s in sorted(values.items())))
    for title, sentences in (("Of a file", FILE_SENTENCES), ("Of signing in", EXPLANATIONS)):
        yield f"### {title}\n"
        yield _table(
            "code | sentence",
            ((f"`{code}`", str(words) % blanks) for code, words in sorted(sentences.items())),
        )
