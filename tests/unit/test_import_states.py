"""The states of an import are named in one file; everybody else asks what a state allows."""

import ast
import re
from pathlib import Path

import pytest

from crmadmin.imports.states import TABLE, Action, Is, Status, allows, at, is_, those

HOUSE = Path(__file__).parents[2]
TABLE_FILE = HOUSE / "crmadmin/imports/states.py"
CODE = [p for p in sorted((HOUSE / "crmadmin").rglob("*.py")) if p != TABLE_FILE]
TEMPLATES = sorted((HOUSE / "templates").rglob("*.html"))
WORDS = {status.value for status in Status}
OTHER_STATES = ("crmadmin/jobs/", "crmadmin/imports/records.py")
"""Files with states of something else, which share words with an import's."""


def _sets_a_status(node: ast.AST) -> bool:
    """Whether a state is written here: `x.status = …` or `status=…`, the one thing others may."""
    if isinstance(node, ast.keyword):
        return node.arg == "status"
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [t.attr if isinstance(t, ast.Attribute) else getattr(t, "id", "") for t in targets]
    return "status" in names


def _named(tree: ast.AST) -> list[int]:
    """Lines that name a state of an import without writing it."""
    written = {
        id(inner) for node in ast.walk(tree) if _sets_a_status(node) for inner in ast.walk(node)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("Status", s.name) for s in Status}
        and id(node) not in written
    ]


def _spelt(tree: ast.AST) -> list[int]:
    """Lines that hold two or more words of states together, or compare a status with one."""
    found = []
    for node in ast.walk(tree):
        inner = []
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            inner = [e.value for e in node.elts if isinstance(e, ast.Constant)]
            if inner and set(map(str, inner)) <= WORDS and len(inner) == len(node.elts):
                found.append(node.lineno)
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asks = any(isinstance(s, ast.Attribute) and s.attr.endswith("status") for s in sides)
            words = any(isinstance(s, ast.Constant) and s.value in WORDS for s in sides)
            if asks and words:
                found.append(node.lineno)
    return found


def test_no_other_file_of_the_code_names_a_state_but_to_set_it() -> None:
    spelt = {}
    for path in CODE:
        tree = ast.parse(path.read_text())
        lines = _named(tree)
        if not str(path.relative_to(HOUSE)).startswith(OTHER_STATES):
            lines += _spelt(tree)
        if lines:
            spelt[str(path.relative_to(HOUSE))] = lines
    assert not spelt


def test_no_template_names_a_state() -> None:
    asks = re.compile(r"status\s*(?:==|!=|in|not in)\s*[(\[]?\s*[\"']")
    assert not [path.name for path in TEMPLATES if asks.search(path.read_text())]


def test_every_state_has_its_line_and_leads_on() -> None:
    assert set(TABLE) == set(Status)
    for row in TABLE.values():
        assert row.page in {"progress", "mapping", "preview", "settings", "result"}
        assert row.allows


@pytest.mark.parametrize("act", list(Action))
def test_every_act_is_allowed_somewhere_and_not_everywhere(act: Action) -> None:
    assert 0 < len(at(act)) < len(Status)
    assert all(allows(status, act) for status in at(act))


@pytest.mark.parametrize("fact", list(Is))
def test_every_fact_is_true_of_some_states_and_not_of_all(fact: Is) -> None:
    assert 0 < len(those(fact)) < len(Status)
    assert all(is_(status, fact) for status in those(fact))


def test_what_was_written_can_no_longer_be_decided_otherwise() -> None:
    assert those(Is.WRITTEN)
    for status in those(Is.WRITTEN):
        for act in (
            Action.LOOK,
            Action.MAP,
            Action.CORRECT,
            Action.RUN,
            Action.RUN_UNSEEN,
            Action.ABANDON,
        ):
            assert not allows(status, act), (status, act)
