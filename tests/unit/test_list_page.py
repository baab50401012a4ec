"""A list is never too narrow to be read: the stylesheet and the reckoning agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmadmin.admin.list_page import LEAST_SHARE, NARROWEST, PIXELS, STEP, WIDEST, least_width
from crmadmin.admin.view_models import ListColumn

CSS = Path(__file__).parents[2] / "crmadmin" / "static" / "css"
STYLES = (CSS / "app-widths.css").read_text(encoding="utf-8")
OWN = set(re.findall(r'width="(w-\w+)"', "".join(
    path.read_text(encoding="utf-8") for path in (CSS.parents[1]).rglob("*.py")
)))  # fmt: skip


def test_the_widths_are_those_of_the_stylesheet() -> None:
    found = dict(re.findall(r"\.(w-\w+) \{\s+width: (\d+)px;", STYLES))
    assert {name: int(found[name]) for name in PIXELS} == dict(PIXELS)


def test_every_width_that_a_field_or_column_names_is_known() -> None:
    assert OWN
    assert set(PIXELS) >= OWN


def test_the_stylesheet_has_every_least_width() -> None:
    found = {
        int(a): int(b) for a, b in re.findall(r"\.least-(\d+) \{\s+min-width: (\d+)px", STYLES)
    }
    assert found == {width: width for width in range(NARROWEST, WIDEST + 1, STEP)}


@pytest.mark.parametrize("widths", [[""], ["", "w-m"], ["", "", "w-xl"], ["", *["w-xl"] * 9]])
def test_every_column_without_a_width_is_left_enough(widths: list[str]) -> None:
    columns = [ListColumn(str(n), str(n), "text", width=width) for n, width in enumerate(widths)]
    name = least_width(columns, ["w-chk", None, False])
    least = int(name.removeprefix("least-"))
    fixed = 44 + sum(PIXELS[width] for width in widths if width)
    assert (least - fixed) / widths.count("") >= min(LEAST_SHARE, NARROWEST - fixed)


def test_a_list_of_everything_has_a_class_all_the_same() -> None:
    assert least_width([ListColumn(str(n), "x", "text") for n in range(99)]) == f"least-{WIDEST}"
