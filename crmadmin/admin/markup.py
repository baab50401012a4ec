"""Pages are sent lighter than templates are written: a third of a list was blanks."""

from __future__ import annotations

import re

from jinja2.ext import Extension
from markupsafe import Markup

INDENTATION = re.compile(r"(?<=\n)[ \t]+")
ONLY_TAGS = re.compile(r"^((?:\{%(?:(?!%\})[^\n])*%\}|\{#(?:(?!#\})[^\n])*#\})+)$", re.MULTILINE)
ONE_WORD = re.compile(r'(?<= )([a-z-]+)="([\w-]+)"(?=[ >])')


class Unindented(Extension):
    """Takes the indentation out of a template's source, so what a template prints is untouched.

    A line with nothing but tags leaves no empty line behind; every other line break stays, because
    it keeps words apart. Lines keep their numbers, which errors name.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Jinja's hook for the source of a template."""
        return ONLY_TAGS.sub(_without_break, INDENTATION.sub("", source))


def lean(rows: Markup) -> Markup:
    """The rows of a table less what HTML lets one leave out: the end tags of cells, and the quotes
    around one word. Texts hold neither, for they are escaped."""
    shorter = ONE_WORD.sub(r"\1=\2", rows.replace("</td>", ""))
    return Markup(shorter)  # noqa: S704 - markup already, of which a part is taken away


def _without_break(line: re.Match[str]) -> str:
    tags, end = line[1][:-2], line[1][-2:]
    return line[1] if tags.endswith("-") else f"{tags}-{end}"
