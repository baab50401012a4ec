"""What fills a group from outside says itself what groups need to know of steps and history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from factories import customer, group, user
from flask import Flask
from sqlalchemy import Select, literal, null, select

from crmadmin.access.models import User
from crmadmin.core.db import db, utcnow
from crmadmin.groups import drafts, history, sources
from crmadmin.groups.models import CustomerGroup, GroupDraft, GroupStep
from crmadmin.groups.shapes import ImportedInto
from crmadmin.groups.sources import Brought, Source
from crmadmin.groups.steps import group_of
from crmadmin.imports.pipeline.target import Imports


class Post(Source):
    """Letters: one is being read into each step there is, and one filled a group."""

    def filled(self) -> Any:
        return select(
            GroupStep.id.label("step_id"), literal(7).label("id"), literal("thư").label("name"),
            literal(True).label("is_writing"),
        )  # fmt: skip

    def straight(self, group_id: int) -> Any:
        found = select(CustomerGroup.created_at.label("at"), null(), literal(7).label("id"))
        return found.where(CustomerGroup.id == group_id)

    def brought(self, ids: Sequence[int]) -> list[Brought]:
        return [Brought(key, None, utcnow(), 3, "thư") for key in ids]


class Told(Source):
    """Fills nothing, and keeps what it was told."""

    def __init__(self) -> None:
        self.saved_into: list[tuple[list[int], int]] = []

    def saved(self, step_ids: Select[Any], group_id: int) -> None:
        self.saved_into.append((list(db.session.scalars(step_ids)), group_id))


Giving = Callable[[Source], None]


@pytest.fixture
def give() -> Iterator[Giving]:
    """Let groups ask another source for the length of a test."""
    before = sources.source()
    yield sources.register
    sources.register(before)


@pytest.fixture
def an(context: Flask) -> User:
    """Who edits the group."""
    made = user("an")
    db.session.commit()
    return made


@pytest.fixture
def draft(an: User) -> GroupDraft:
    """A new member picked, and a step that is filled from outside."""
    one, made = customer(an, "Khách"), group("Nhóm")
    db.session.commit()
    found = drafts.begin(an.id, made)
    drafts.pick(found, [one.id])
    drafts.import_step(found, "a.xlsx")
    db.session.commit()
    return found


def test_imports_are_what_groups_ask(context: Flask) -> None:
    assert isinstance(sources.source(), Imports)


def test_a_draft_that_is_being_filled_is_not_saved_and_its_steps_say_by_what(
    draft: GroupDraft, give: Giving
) -> None:
    give(Post())
    assert [(s.import_id, s.is_importing) for s in drafts.step_list(draft)] == [(7, True)] * 2
    with pytest.raises(drafts.Importing) as refused:
        drafts.save(draft, group_of(draft))
    assert (refused.value.file_name, refused.value.import_id) == ("thư", 7)


def test_what_fills_a_draft_is_told_of_its_steps_when_it_is_saved(
    draft: GroupDraft, give: Giving
) -> None:
    told = Told()
    give(told)
    [step] = db.session.scalars(select(GroupStep.id).where(GroupStep.kind == "import"))
    done = drafts.save(draft, group_of(draft))
    db.session.commit()
    assert told.saved_into == [([step], done.id)]


@pytest.mark.parametrize("source", [Source(), Post()], ids=["none", "post"])
def test_the_history_of_a_group_names_what_filled_it_straight(
    draft: GroupDraft, give: Giving, source: Source
) -> None:
    give(Source())
    [only] = drafts.step_list(draft)
    assert (only.import_id, only.rows) == (None, 1)
    group_id = drafts.save(draft, group_of(draft)).id
    db.session.commit()
    give(source)
    told = [line for line in history.page(group_id, 1).rows if isinstance(line, ImportedInto)]
    assert [(line.id, line.added, line.file_name) for line in told] == (
        [(7, 3, "thư")] if isinstance(source, Post) else []
    )
