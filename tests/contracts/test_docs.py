"""Documentation that is wrong or missing fails here: settings, commands, options, records, fields,
permissions, words of the screen, and every link."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from babel.messages.pofile import read_po
from flask import Flask
from tutorials import BLOCK

import config
from crmadmin.access.permissions import Permission
from crmadmin.access.roles import Role
from crmadmin.cli.commands import crm
from crmadmin.cli.reference import page
from crmadmin.core.db import spec_of
from crmadmin.core.fields import Options
from crmadmin.core.messages import CODES
from crmadmin.imports.kinds import KINDS
from crmadmin.panel.build import declared

DOCS = config.ROOT / "docs"
PAGES = sorted([*config.ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FORBIDDEN = re.compile(
    r"(?<![\w.])/(?:work|tmp|root|home)/|localhost|\bTODO\b|\bTBD\b", re.IGNORECASE
)


def text(name: str) -> str:
    return (DOCS / name).read_text()


def prose(path: Path) -> str:
    """A page without its fenced code."""
    return BLOCK.sub("", path.read_text())


def anchor(heading: str) -> str:
    """A heading's address in its page, as forges make it."""
    plain = re.sub(r"[^\w\s-]", "", heading.strip().lower())
    return re.sub(r"\s", "-", plain)


def anchors(path: Path) -> set[str]:
    return {anchor(h) for h in re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)}


def named(path: Path) -> str:
    return str(path.relative_to(config.ROOT))


def config_names() -> set[str]:
    """Every variable that `config.py` reads."""
    source = (config.ROOT / "config.py").read_text()
    return set(re.findall(r'(?:environ\.get|_whole|_yes)\(\s*"([A-Z_]+)"', source))


def test_every_setting_is_documented_and_no_other() -> None:
    read = config_names()
    assert len(read) >= 10
    documented = set(re.findall(r"^\| `([A-Z_]+)`", text("settings.md"), re.MULTILINE))
    assert documented == read


DEFAULT = re.compile(r"^\| `([A-Z_]+)` \| `([^`]+)` \|", re.MULTILINE)


def test_setting_a_variable_to_its_documented_default_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    documented = dict(DEFAULT.findall(text("settings.md")))
    assert len(documented) >= 14
    for name in config_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CRM_INSTANCE", str(tmp_path))
    usual = config.load()
    for name, default in documented.items():
        if "…" not in default:
            monkeypatch.setenv(name, default)
            assert config.load() == usual, name
            monkeypatch.delenv(name)


def section(command: str) -> str:
    parts = re.split(r"^## ", text("commands.md"), flags=re.MULTILINE)
    found = [p for p in parts if p.startswith(f"`{command}`")]
    assert len(found) == 1, f"docs/commands.md needs one section for `{command}`"
    return found[0]


@pytest.mark.parametrize("name", sorted(crm.commands))
def test_every_command_and_option_is_documented_and_has_help(name: str) -> None:
    command = crm.commands[name]
    written = section(name)
    assert command.help, name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            long = next(o for o in parameter.opts if o.startswith("--"))
            assert f"`{long}`" in written, f"{name} {long}"


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = set(re.findall(r"^## `([\w-]+)`", text("commands.md"), re.MULTILINE))
    assert documented == set(crm.commands)


def test_the_make_targets_that_are_documented_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", (config.ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {
        (named(path), target)
        for path in PAGES
        for target in re.findall(r"(?:`|^)make ([\w-]+)", path.read_text(), re.MULTILINE)
    }
    assert len(told) > 10
    assert [(page_, target) for page_, target in told if target not in targets] == []


def test_the_reference_is_what_the_declarations_say(context: Flask) -> None:
    told = "out of date: run `flask --app app crm reference`"
    assert text("reference.md") == page(), told


def test_every_record_and_field_is_in_the_reference() -> None:
    parts = re.split(r"^### ", text("reference.md"), flags=re.MULTILINE)
    shared = next(p for p in parts if p.startswith("What every catalog has"))
    for model in declared():
        spec = spec_of(model)
        own = next((p for p in parts if f"Table `{spec.name}`," in p), "")
        assert own, f"{spec.name} is not documented"
        rows = own + (shared if "as every catalog" in own else "")
        for f in spec.fields:
            assert f"| `{f.name}` |" in rows, f"{spec.name}.{f.name}"


def test_every_kind_permission_role_and_code_is_in_the_reference() -> None:
    words = [*KINDS, *(p.value for p in Permission), *CODES]
    assert [w for w in words if f"| `{w}` |" not in text("reference.md")] == []
    assert "| permission | " + " | ".join(Role) + " |" in text("reference.md")


def test_every_record_is_in_the_glossary() -> None:
    glossary = text("glossary.md")
    assert [m.__name__ for m in declared() if f"`{m.__name__}`" not in glossary] == []


def test_options_that_the_tutorial_names_exist() -> None:
    table = re.findall(r"^\| (`\w+`(?:, `\w+`)*)", text("add-a-field.md"), re.MULTILINE)
    words = {word for cell in table for word in re.findall(r"\w+", cell)}
    assert {"listed", "searched", "filtered", "headings"} <= words <= set(Options.__annotations__)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, fragment = unquote(target).partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert there.is_relative_to(config.ROOT), target
        if fragment:
            assert fragment in anchors(there), target


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_page_names_a_machine_or_leaves_something_undone(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text()) == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, open_ = set(), [config.ROOT / "README.md"]
    while open_:
        path = open_.pop()
        if path in reached or not path.exists():
            continue
        reached.add(path)
        if path.is_dir():
            open_.append(path / "README.md")
        elif path.suffix == ".md":
            links = (unquote(t).partition("#")[0] for t in LINK.findall(prose(path)))
            open_ += [(path.parent / file).resolve() for file in links if file]
    assert [named(p) for p in PAGES if p not in reached] == []


def test_the_readme_is_read_in_two_minutes() -> None:
    page = (config.ROOT / "README.md").read_text()
    assert len(prose(config.ROOT / "README.md").split()) <= 280
    assert page.count("![") == 1, "a picture"
    [commands] = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert [line.split("#")[0].strip() for line in commands.splitlines()] == [
        "make demo", "make run",
    ]  # fmt: skip
    read_on = re.search(r"^## Read on\n\n((?:- .*\n)+)", page, re.MULTILINE)
    assert read_on is not None
    assert read_on[1].count("\n") == 3


CHANGES = (config.ROOT / "CHANGELOG.md").read_text()
SORTS = ["Added", "Changed", "Fixed", "Security"]


def test_the_changelog_has_versions_newest_first_down_from_what_is_not_released() -> None:
    heads = re.findall(r"^## (.+)$", CHANGES, re.MULTILINE)
    assert heads[0] == "Unreleased"
    told = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) · (2\d{3}-\d\d-\d\d)", h) for h in heads[1:]]
    versions = [tuple(map(int, t.groups()[:3])) for t in told if t]
    assert len(versions) == len(heads) - 1 > 0
    assert versions == sorted(set(versions), reverse=True)
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
    assert ".".join(map(str, versions[0])) == project["version"]


def test_every_version_sorts_its_changes_once() -> None:
    for version in re.split(r"^## ", CHANGES, flags=re.MULTILINE)[1:]:
        sorts = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert sorts == [s for s in SORTS if s in sorts], version.splitlines()[0]
        for part in re.split(r"^### .+$", version, flags=re.MULTILINE)[1:]:
            assert re.match(r"\s*- ", part), "a heading without changes"


def test_no_change_is_told_twice() -> None:
    said = Counter(re.findall(r"^- (.{40})", CHANGES, re.MULTILINE))
    assert [words for words, times in said.items() if times > 1] == []


def test_every_decision_has_its_three_parts_and_stands_in_the_list() -> None:
    decisions = sorted((DOCS / "adr").glob("[0-9]*.md"))
    numbers = [int(p.name[:4]) for p in decisions]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in decisions:
        parts = re.findall(r"^## (\w+)$", path.read_text(), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences"], path.name
        assert f"]({path.name})" in text("adr/README.md"), path.name


@pytest.mark.parametrize("path", sorted((DOCS / "adr").glob("[0-9]*.md")), ids=named)
def test_every_decision_says_when_it_was_taken_and_whether_it_is_in_force(path: Path) -> None:
    title, _blank, status = path.read_text().splitlines()[:3]
    assert re.fullmatch(rf"# {path.name[:4]} \S.*", title)
    assert re.fullmatch(r"2\d{3}-\d\d-\d\d · (in force|replaced by \[\d{4}\]\(.+\))", status)


PACKAGES = "|".join(p.parent.name for p in (config.ROOT / "crmadmin").glob("*/__init__.py"))
IN_CODE = re.compile(rf"`(?:crmadmin[./])?((?:{PACKAGES})(?:[./]\w+)+)(?:\.py)?`")


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_module_that_a_page_names_is_there(path: Path) -> None:
    lost = [name for name in IN_CODE.findall(prose(path)) if not is_in_code(name)]
    assert lost == []


def is_in_code(name: str) -> bool:
    """Whether `core.outside` or `access/roles.py` is a module, or its last part a name in one."""
    place = config.ROOT / "crmadmin" / name.removesuffix(".py").replace(".", "/")
    if place.is_dir() or place.with_suffix(".py").exists():
        return True
    module = place.parent if place.parent.is_dir() else place.parent.with_suffix(".py")
    source = module / "__init__.py" if module.is_dir() else module
    return source.exists() and re.search(rf"\b{place.name}\b", source.read_text()) is not None


def spoken(language: str) -> set[str]:
    """Every sentence of the interface in a language, without what is filled in."""
    path = config.ROOT / "crmadmin" / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalog = read_po(file)
    strings = (m.string if isinstance(m.string, str) else m.string[0] for m in catalog if m.id)
    return {"CRM", "Marketing", *strings}


@pytest.mark.parametrize("page_", ["user-guide.vi.md", "user-guide.md"])
def test_the_words_that_a_guide_puts_in_italics_are_on_the_screen(page_: str) -> None:
    known = spoken("vi")
    written = re.sub(r"\*\*.*?\*\*", "", prose(DOCS / page_), flags=re.DOTALL)
    italics = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", written)
    words = {re.sub(r"\s+", " ", part).strip() for it in italics for part in it.split("›")}
    words -= {"italics", "nghiêng", "Vietnamese"}
    assert len(words) > 40
    assert sorted(words - known) == []


BAR = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/\S+?\.py)::(\w+)`")
BARS = 28


def test_every_bar_of_security_names_its_tests_and_its_figure() -> None:
    bars = BAR.findall(text("security.md"))
    assert [int(number) for number, *_ in bars] == list(range(1, BARS + 1))
    for number, bar, held_by, figure in bars:
        assert bar.strip(), number
        assert figure.strip(), number
        assert TEST.search(held_by) or held_by.strip() == "not built yet", number


def test_every_test_that_a_page_names_is_there() -> None:
    named_tests = {found for path in PAGES for found in TEST.findall(path.read_text())}
    assert len(named_tests) > 40
    for file, name in sorted(named_tests):
        path = config.ROOT / file
        assert path.exists(), file
        assert re.search(rf"^ *def {name}\(", path.read_text(), re.MULTILINE), f"{file}::{name}"
