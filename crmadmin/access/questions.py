"""Limits on questions whose answer tells of other people's records: yes, there is one, or no.

A form has to say that a code is taken, and a check for duplicates that there may be one; asked
often enough, each would give away a whole list. So every such question is counted for the user who
asks, in the database, which all web processes share, and who asks too many has to wait. The bounds
are far above what filling in forms comes to. A GET is never counted, because it writes nothing:
what answers a GET looks only at what the user may read anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from crmadmin.access.models import QuestionCount
from crmadmin.core.db import db, dialect_name, insert_or_nothing, utcnow
from crmadmin.telemetry.metrics import figures


class Question(StrEnum):
    """What is asked. The values are stored, and label the metric."""

    CHECK = "check"
    """What a form collides with, asked while it is filled in."""
    TOLD = "told"
    """An answer “there is one” about a record that the user may not read, whoever asked for it."""
    PASTE = "paste"
    """A pasted list of codes, phones or emails."""


class Limit(NamedTuple):
    """At most so many in every window of this length; windows begin at whole multiples of it."""

    most: int
    window: timedelta


QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
LIMITS: Mapping[Question, tuple[Limit, ...]] = MappingProxyType(
    {
        Question.CHECK: (Limit(240, QUARTER), Limit(3000, DAY)),
        Question.TOLD: (Limit(30, QUARTER), Limit(150, DAY)),
        Question.PASTE: (Limit(60, QUARTER), Limit(600, DAY)),
    }
)


class TooManyQuestions(RuntimeError):
    """The user has asked too many. `seconds` until the next one is answered, at least 1."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many questions; next in {seconds} s")
        self.seconds = seconds


def look(user_id: int, question: Question) -> None:
    """Raise TooManyQuestions when one more would be refused; counts nothing.

    Asked before anything is compared: at the limit “there is one” and “there is none” are refused
    alike, or the refusal would be the answer.
    """
    now = utcnow()
    counts = _counted(user_id, question, now)
    _refuse(question, now, {key: number + 1 for key, number in counts.items()})


def ask(user_id: int, question: Question) -> None:
    """Count one question, or raise TooManyQuestions. Commits: whoever asks has nothing pending."""
    now = utcnow()
    windows = _windows(question, now)
    old = QuestionCount.since < now - DAY
    db.session.execute(delete(QuestionCount).where(QuestionCount.user_id == user_id, old))
    blank = [
        {"user_id": user_id, "kind": question.value, "seconds": s, "since": since, "number": 0}
        for s, since in windows
    ]
    db.session.execute(insert_or_nothing(QuestionCount.__table__, dialect_name(db.session)), blank)
    rows = db.session.execute(
        update(QuestionCount)
        .where(QuestionCount.user_id == user_id, _among(question, windows))
        .values(number=QuestionCount.number + 1)
        .returning(QuestionCount.seconds, QuestionCount.number)
        .execution_options(synchronize_session=False)
    )
    counts: dict[int, int] = dict(rows.all())
    try:
        _refuse(question, now, counts)
    except TooManyQuestions:
        db.session.rollback()
        raise
    db.session.commit()
    figures().questions.labels(question.value, "answered").inc()


def _counted(user_id: int, question: Question, now: datetime) -> dict[int, int]:
    found = select(QuestionCount.seconds, QuestionCount.number).where(
        QuestionCount.user_id == user_id, _among(question, _windows(question, now))
    )
    return dict(db.session.execute(found).all())


def _windows(question: Question, now: datetime) -> list[tuple[int, datetime]]:
    """(length in seconds, begin) of the windows that `now` is in."""
    lengths = [int(limit.window.total_seconds()) for limit in LIMITS[question]]
    at = int(now.timestamp())
    return [(s, datetime.fromtimestamp(at - at % s, UTC)) for s in lengths]


def _among(question: Question, windows: list[tuple[int, datetime]]) -> ColumnElement[bool]:
    those = [and_(QuestionCount.seconds == s, QuestionCount.since == since) for s, since in windows]
    return and_(QuestionCount.kind == question.value, or_(*those))


def _refuse(question: Question, now: datetime, counts: Mapping[int, int]) -> None:
    at = int(now.timestamp())
    full = [
        int(limit.window.total_seconds())
        for limit in LIMITS[question]
        if counts.get(int(limit.window.total_seconds()), 0) > limit.most
    ]
    if full:
        figures().questions.labels(question.value, "refused").inc()
        raise TooManyQuestions(max(s - at % s for s in full))
