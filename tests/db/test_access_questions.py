"""Questions about other people's records: counted for each user, window by window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from factories import user
from flask import Flask
from sqlalchemy import select

from crmadmin.access import questions
from crmadmin.access.models import QuestionCount
from crmadmin.access.questions import Limit, Question, TooManyQuestions
from crmadmin.core.db import db
from crmadmin.telemetry.metrics import figures

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """A clock that a test sets; three questions a quarter of an hour, five a day."""
    now = [NOON]
    monkeypatch.setattr(questions, "utcnow", lambda: now[0])
    limits = {Question.TOLD: (Limit(3, QUARTER), Limit(5, DAY)), Question.CHECK: ()}
    monkeypatch.setattr(questions, "LIMITS", {**questions.LIMITS, **limits})
    return now


def asked(key: int, most: int = 100) -> int:
    """How many questions are answered before one is refused."""
    for number in range(most):
        try:
            questions.look(key, Question.TOLD)
            questions.ask(key, Question.TOLD)
        except TooManyQuestions:
            return number
    return most


def test_so_many_are_answered_in_each_window(context: Flask, clock: list[datetime]) -> None:
    key = user("son").id
    db.session.commit()
    assert asked(key) == 3
    with pytest.raises(TooManyQuestions) as caught:
        questions.look(key, Question.TOLD)
    assert caught.value.seconds == 900
    clock[0] += timedelta(minutes=14, seconds=59)
    with pytest.raises(TooManyQuestions) as caught:
        questions.ask(key, Question.TOLD)
    assert caught.value.seconds == 1
    clock[0] += timedelta(seconds=1)
    assert asked(key) == 2  # five a day
    clock[0] += timedelta(hours=12)
    assert asked(key) == 3


def test_everybody_is_counted_by_themselves(context: Flask, clock: list[datetime]) -> None:
    keys = [user(name).id for name in ("son", "mai")]
    db.session.commit()
    assert [asked(key) for key in keys] == [3, 3]


def test_what_is_refused_is_not_counted_and_what_is_old_goes(
    context: Flask, clock: list[datetime]
) -> None:
    key = user("son").id
    db.session.commit()
    asked(key)
    for _ in range(5):
        with pytest.raises(TooManyQuestions):
            questions.ask(key, Question.TOLD)
    numbers = dict(db.session.execute(select(QuestionCount.seconds, QuestionCount.number)).all())
    assert numbers == {900: 3, 86400: 3}
    clock[0] += timedelta(days=2)
    questions.ask(key, Question.TOLD)
    assert len(db.session.scalars(select(QuestionCount.since)).all()) == 2


def test_the_figures_tell_how_many_were_answered_and_refused(
    context: Flask, clock: list[datetime]
) -> None:
    key = user("son").id
    db.session.commit()

    def number(outcome: str) -> float:
        return figures().questions.labels("told", outcome)._value.get()

    before = number("answered"), number("refused")
    asked(key)
    assert (number("answered") - before[0], number("refused") - before[1]) == (3, 1)
