"""`flask crm translations`: new messages into both catalogues, those that nobody says any more out.

The files are edited, not written anew: what a person wrote in them stays to the letter, so that a
change shows what is new and nothing else.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import generate_po, read_po

import config

FOLDER = config.ROOT / "crmadmin" / "translations"
LOCALES = ("vi", "en")
SOURCES = (("crmadmin", "**.py", "python"), ("templates", "**.html", "jinja2"))
KEYWORDS = {
    "_": None, "_l": None, "gettext": None, "lazy_gettext": None,
    "ngettext": (1, 2), "lazy_ngettext": (1, 2),
}  # fmt: skip
WIDTH = 100
"""Characters of the longest line of a new entry."""

Id = str | tuple[str, ...]


@dataclass(slots=True)
class Gathered:
    """What became of one catalogue, by the English words."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)


@click.command("translations")
def translations_command() -> None:
    """Add new messages to both catalogues, take unused ones out, and compile them.

    Says what was added and removed, and what is untranslated in which language.
    """
    asked = used()
    for locale in LOCALES:
        told = gather(FOLDER / locale / "LC_MESSAGES" / "messages.po", locale, asked)
        click.echo(
            f"{locale}: {len(told.added)} added, {len(told.removed)} removed,"
            f" {len(told.untranslated)} untranslated"
        )
        for words, mark in (
            (told.added, "+"),
            (told.removed, "-"),
            (told.untranslated, "untranslated:"),
        ):
            for message in words:
                click.echo(f"  {mark} {message}")


def used() -> dict[str, Id]:
    """Every message that code and templates ask for: its singular, and its plural, if it has one.

    Where both ways are asked for, the one with a plural answers both.
    """
    found: dict[str, Id] = {}
    for folder, pattern, method in SOURCES:
        place = config.ROOT / folder
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(place), [(pattern, method)], keywords=KEYWORDS
        ):
            if isinstance(message, str):
                found.setdefault(message, message)
            else:
                found[message[0]] = tuple(message)
    return found


def gather(path: Path, locale: str, asked: dict[str, Id]) -> Gathered:
    """Bring one catalogue up to date, and its compiled file beside it."""
    text = path.read_text(encoding="utf-8")
    body = text.rstrip("\n")
    head, *entries = body.split("\n\n")
    told = Gathered()
    kept: list[tuple[str, str]] = []
    known: set[str] = set()
    for entry in entries:
        message = _message(entry, locale)
        words = _words(message.id) if message is not None else ""
        if message is not None and (words in known or asked.get(words) != _id(message)):
            told.removed.append(words)
            continue
        known.add(words)
        kept.append((words, entry))
    for words in sorted(asked.keys() - known):
        told.added.append(words)
        place = next((n for n, (other, _e) in enumerate(kept) if other > words), len(kept))
        kept.insert(place, (words, _entry(asked[words], locale)))
    made = "\n\n".join([head, *(entry for _words, entry in kept)]) + text[len(body) :]
    if made != text:
        path.write_text(made, encoding="utf-8")
    told.untranslated = _compile(path, locale)
    return told


def _message(entry: str, locale: str) -> Message | None:
    """The message of an entry; None for a comment that stands alone."""
    found = [m for m in read_po(io.StringIO(entry), locale=locale) if m.id]
    return found[0] if found else None


def _id(message: Message) -> Id:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def _words(id: object) -> str:
    return id if isinstance(id, str) else str(id[0])  # type: ignore[index]  # Babel: singular and plural


def _entry(id: Id, locale: str) -> str:
    """A new entry without a translation."""
    one = Catalog(locale=locale)
    one.add(id)
    return "".join(generate_po(one, omit_header=True, width=WIDTH)).strip("\n")


def _compile(path: Path, locale: str) -> list[str]:
    """Write the compiled catalogue, and give what is untranslated in it."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    made = io.BytesIO()
    write_mo(made, catalogue)
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != made.getvalue():
        compiled.write_bytes(made.getvalue())
    return list(_untranslated(catalogue))


def _untranslated(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        said = (message.string,) if isinstance(message.string, str) else message.string or ("",)
        if message.id and (message.fuzzy or not all(said)):
            yield _words(message.id)
