"""The theme's own promises: icons exist, nothing is inline, no template of Flask-Admin is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "crmadmin" / "static"
SPRITE = set(
    re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8"))
)
ICON_CALL = re.compile(r'\bicon\("([a-z0-9-]+)"')
INLINE = re.compile(
    r"\son[a-z]+\s*=\s*[\"']|\sstyle\s*=\s*[\"']|<style\b|javascript:", re.IGNORECASE
)
SCRIPT = re.compile(r"<script\b[^>]*>")
IMPORT_MAP = '<script type="importmap" nonce="'
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def markup(path: Path) -> str:
    """A template without its comments."""
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_a_template_uses_only_icons_of_the_sprite(template: Path) -> None:
    assert set(ICON_CALL.findall(markup(template))) <= SPRITE


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_a_template_carries_no_inline_style_or_script(template: Path) -> None:
    text = markup(template)
    assert INLINE.findall(text) == []
    # An import map cannot be a file of its own yet: it stands under the answer's nonce.
    own = [t for t in SCRIPT.findall(text) if " src=" not in t and not t.startswith(IMPORT_MAP)]
    assert own == []


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_a_template_builds_only_on_templates_of_our_own(template: Path) -> None:
    named = re.findall(r'\{%-?\s*(?:extends|include|from|import)\s+"([^"]+)"', markup(template))
    assert [name for name in named if not (ROOT / "templates" / name).is_file()] == []


def test_every_stylesheet_is_linked_by_the_base_template() -> None:
    linked = re.search(r"for name in (\[[^\]]+\])", markup(ROOT / "templates/admin/base.html"))
    assert linked is not None
    names = set(re.findall(r'"([a-z]+)"', linked.group(1)))
    assert {f"app-{name}.css" for name in names} == {p.name for p in (STATIC / "css").glob("*.css")}


def test_every_script_module_is_reached_from_the_entry() -> None:
    reached: set[Path] = set()
    waiting = [STATIC / "app.js"]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            text = module.read_text(encoding="utf-8")
            waiting += [
                (module.parent / n).resolve() for n in re.findall(r'from "(\./[^"]+)"', text)
            ]
    alone = {STATIC / "js" / "theme-boot.js"}  # runs by itself, before the first paint
    assert reached | alone == {*(STATIC / "js").glob("*.js"), STATIC / "app.js"}


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=lambda p: p.name)
def test_a_stylesheet_loads_only_files_that_are_here(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    assert "@import" not in text
    targets = re.findall(r'url\("?([^")]+)"?\)', text)
    assert [t for t in targets if not (sheet.parent / t).resolve().is_file()] == []


def test_every_sentence_a_script_says_has_its_words() -> None:
    said = set()
    for module in (STATIC / "js").glob("*.js"):
        said |= set(re.findall(r'words\("([a-z_]+)"', module.read_text(encoding="utf-8")))
    offered = set(re.findall(r'data-key="([a-z_]+)"', markup(ROOT / "templates/admin/_texts.html")))
    assert said == offered
