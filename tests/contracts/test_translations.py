"""Both languages are complete: nothing untranslated, nothing fuzzy, nothing out of date."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import config
from crmadmin.cli.translations import FOLDER, KEYWORDS, LOCALES
from crmadmin.core.forms import WTFORMS

METHODS = [("crmadmin/**.py", "python"), ("templates/**.html", "jinja2")]
PLACEHOLDER = re.compile(r"%\((\w+)\)")


def catalogue(locale: str) -> Catalog:
    with (FOLDER / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def used() -> set[str]:
    """Every message that code and templates ask for, by its singular."""
    found = extract_from_dir(str(config.ROOT), METHODS, keywords=KEYWORDS)
    return {m if isinstance(m, str) else m[0] for _file, _line, m, _comments, _context in found}


def strings(message: Message) -> tuple[str, ...]:
    text = message.string
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_in_use_is_translated(locale: str) -> None:
    known = {(m.id if isinstance(m.id, str) else m.id[0]): m for m in catalogue(locale) if m.id}
    missing = sorted(m for m in used() if m not in known or not all(strings(known[m])))
    assert missing == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_message_is_fuzzy_or_no_longer_used(locale: str) -> None:
    messages = [m for m in catalogue(locale) if m.id]
    asked = used()
    assert [m.id for m in messages if m.fuzzy] == []
    stale = [m.id for m in messages if (m.id if isinstance(m.id, str) else m.id[0]) not in asked]
    assert stale == []


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_keep_the_placeholders(locale: str) -> None:
    wrong = []
    for message in (m for m in catalogue(locale) if m.id):
        ids = (message.id,) if isinstance(message.id, str) else message.id
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        wrong += [message.id for s in strings(message) if set(PLACEHOLDER.findall(s)) - wanted]
    assert wrong == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_compiled_catalogue_is_that_of_the_text_file(locale: str) -> None:
    with (FOLDER / locale / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        compiled = {_key(m): strings(m) for m in read_mo(file) if m.id}
    written = {_key(m): strings(m) for m in catalogue(locale) if m.id}
    assert compiled == written


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def test_every_vietnamese_translation_is_vietnamese() -> None:
    """A sentence of three words or more that equals its English was forgotten."""
    same = [
        m.id for m in catalogue("vi")
        if isinstance(m.id, str) and m.id == m.string and len(m.id.split()) > 2
    ]  # fmt: skip
    assert same == []


def test_the_words_that_wtforms_says_are_ours() -> None:
    vietnamese = catalogue("vi")
    for words in WTFORMS:
        assert words in vietnamese
