"""What nobody uses goes, of the theme: templates, macros, classes, icons, exports of scripts."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "crmadmin" / "static"

MADE_FROM_PARTS = re.compile(
    r"h-\w+"  # a color's hue
    r"|c\d+"  # a field's share of twelve columns
    r"|least-\d+"  # a list's width
    r"|note-\w+"  # what a message is
)
"""Classes whose names templates and code put together."""

OF_OTHERS = {"ts-control", "ts-dropdown", "highlight", "htmx-request"}
"""Classes that Tom Select and htmx set."""

FOUND_BY_FLASK_ADMIN = {"admin/model/create.html", "admin/model/edit.html"}


@cache
def templates() -> dict[str, str]:
    """Name → what stands there, without comments."""
    folder = ROOT / "templates"
    comment = re.compile(r"\{#.*?#\}", re.DOTALL)
    return {
        path.relative_to(folder).as_posix(): comment.sub("", path.read_text())
        for path in folder.rglob("*.html")
    }


@cache
def scripts() -> dict[str, str]:
    return {p.name: p.read_text() for p in [STATIC / "app.js", *(STATIC / "js").glob("*.js")]}


@cache
def code() -> str:
    return "\n".join(p.read_text() for p in (ROOT / "crmadmin").rglob("*.py"))


@cache
def sheets() -> str:
    text = "\n".join(p.read_text() for p in (STATIC / "css").glob("*.css"))
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def everything() -> str:
    return "\n".join([*templates().values(), *scripts().values(), code()])


def test_every_template_is_named_by_code_or_by_another() -> None:
    named = everything()
    # One of a kind of act is named by its kind: f"customers/bulk_{kind}.html".
    parts = re.findall(r'f"(\w[^"]*\.html)"', code())
    made = [re.compile(re.sub(r"\{[^}]*\}", r"\\w+", part)) for part in parts]
    alone = {
        name
        for name in templates()
        if f'"{name}"' not in named and not any(pattern.fullmatch(name) for pattern in made)
    }
    assert alone == FOUND_BY_FLASK_ADMIN


def test_every_macro_is_called() -> None:
    words = Counter(re.findall(r"\w+", "\n".join(templates().values())))
    once = {word for word, times in words.items() if times == 1}
    macros = {m for text in templates().values() for m in re.findall(r"macro (\w+)", text)}
    assert len(macros) > 40
    by_code = {m for m in macros if f'"{m}")' in code()}
    assert (macros & once) - by_code == set()


def test_every_macro_that_a_template_takes_is_used_there() -> None:
    taken = re.compile(r'\{%-?\s*from\s+"[^"]+"\s+import\s+(.*?)\s*-?%\}', re.DOTALL)
    idle = []
    for name, text in templates().items():
        rest = taken.sub("", text)
        for found in taken.findall(text):
            for one in found.removesuffix(" with context").split(","):
                word = one.split(" as ")[-1].strip()
                if not re.search(rf"(?<![\w\"-]){word}\b(?![\"-])", rest):
                    idle.append(f"{name}: {word}")
    assert idle == []


def test_every_class_of_a_stylesheet_is_used() -> None:
    selectors = re.sub(r'"[^"]*"', "", " ".join(re.findall(r"([^{}]+)\{", sheets())))
    classes = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", selectors))
    assert len(classes) > 200
    words = set(re.findall(r"[A-Za-z_][\w-]*", everything()))
    idle = {c for c in classes - words - OF_OTHERS if not MADE_FROM_PARTS.fullmatch(c)}
    assert idle == set()


def test_every_icon_of_the_sprite_is_used() -> None:
    sprite = re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text())
    assert len(sprite) > 50
    used = set(re.findall(r"[\"'#]([a-z][a-z0-9-]*)[\"']", everything()))
    assert [icon for icon in sprite if icon not in used] == []


def test_every_picture_is_used() -> None:
    named = everything() + sheets()
    assert [p.name for p in (STATIC / "img").iterdir() if p.name not in named] == []


def test_what_a_script_exports_another_one_imports() -> None:
    taken = {
        word.split(" as ")[0].strip()
        for text in scripts().values()
        for found in re.findall(r"import\s*\{([^}]*)\}", text)
        for word in found.split(",")
    }
    given = re.compile(r"^export (?:async )?(?:function|const|let) (\w+)", re.MULTILINE)
    exported = [name for text in scripts().values() for name in given.findall(text)]
    assert len(exported) > 30
    assert [name for name in exported if name not in taken] == []
