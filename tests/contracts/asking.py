"""Asks one address the same question about different values, and compares the answers.

What a request may carry is learnt from the code that reads it: `Noted` parameters remember which
names were asked of them. Nothing that an asked address writes is kept, so that each question finds
the database as the one before.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from walker import Records, Step, sign_in, steps
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from crmadmin.core.db import all_records, db, spec_of
from crmadmin.core.kinds import KINDS

COUNTED = "question_count"
CHANGING = re.compile(
    r"[\w-]{20,}\.[\w-]{6}\.[\w-]{27}|nonce=\"[^\"]+\"|[?&]v=\w+"
    r'|name="seen" type="hidden" value="\w+"'
    r'|(?<="collaborator-added": \{"id": ")\d+\.\w+'
)
"""What differs between two answers: tokens of forms and scripts, the digest of what was asked
(tests/web/test_hidden_duplicates.py holds that it is of nothing else), and the moment at which a
collaborator was made by the question itself."""
NOT_ASKED = {"metrics", "static", "admin.static"}
"""What this process has served so far, and files of the program: the same whoever asks."""


class Noted(ImmutableMultiDict):
    """Parameters of a request that remember by which names they were read."""

    names: ClassVar[set[str]] = set()

    def __getitem__(self, key: Any) -> Any:
        self.names.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: Any) -> bool:
        self.names.add(key)
        return super().__contains__(key)

    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        self.names.add(key)
        return super().get(key, *args, **kwargs)

    def getlist(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        self.names.add(key)
        return super().getlist(key, *args, **kwargs)


@dataclass(frozen=True)
class Answer:
    """What can be told of an answer: status, where it leads, its text, the statements and the time
    it took."""

    status: int
    leads_to: str
    text: str
    statements: int
    is_counted: bool
    seconds: float

    @property
    def told(self) -> tuple[Any, ...]:
        """What two answers must have in common to be told apart by nothing but their time, which is
        compared by `Pace`."""
        return self.status, self.leads_to, self.text, self.statements


@dataclass(frozen=True)
class Pace:
    """Whether two questions take the same time, on a machine that does other things as well.

    Whatever disturbs an answer makes it longer, so the shortest of several is the one to compare:
    both are asked again by turns until the shortest are alike. What one of them really does more (a
    statement, a pause) is in its shortest, too, and they are never alike.
    """

    seconds: float
    share: float
    """Alike are two times that differ by less than `seconds`, or by less than this part of them."""
    least: int
    most: int

    def difference(self, one: Callable[[], Answer], other: Callable[[], Answer]) -> str:
        """In words, or "" where there is none."""
        ones: list[float] = []
        others: list[float] = []
        for turn in range(self.most):
            for times, ask in ((ones, one), (others, other))[:: 1 if turn % 2 else -1]:
                times.append(ask().seconds)
            if turn + 1 >= self.least and self.are_alike(min(ones), min(others)):
                return ""
        return f"takes {min(ones) * 1000:.1f} or {min(others) * 1000:.1f} ms at the shortest"

    def are_alike(self, one: float, other: float) -> bool:
        return abs(one - other) < max(self.seconds, self.share * min(one, other))


def own_seconds() -> float:
    """A clock that stands still while this thread is ready and the machine runs something else; it
    goes on while the thread works, and while it waits for a lock, a pause or the database. Where
    the system does not tell, an ordinary clock."""
    if not TURNS.exists():
        return perf_counter()
    while True:
        before, now, after = _turns(), perf_counter(), _turns()
        if before == after:  # else something else ran between the two readings
            return now - before


def _turns() -> float:
    return int(TURNS.read_text().split()[1]) / 1e9


TURNS = Path("/proc/thread-self/schedstat")
"""Of Linux: nanoseconds that the thread worked, and that it waited for a processor."""


@dataclass
class Asking:
    """One person who asks, and what the database was asked meanwhile."""

    app: Flask
    client: FlaskClient
    statements: list[str] = field(default_factory=list)
    cookie: str = ""
    asked_at: float = 0.0
    elsewhere: float = 0.0
    """Seconds in which another program worked on a statement: PostgreSQL, whose share of a busy
    machine is its own. How many statements there are is compared, and SQLite tells how long they
    take."""
    parts: set[str] = field(default_factory=set)
    """Endpoints that answer a script with a part of a page, and others with the way to the page."""

    def ask(self, step: Step, values: Mapping[str, str], *, echo: Sequence[str] = ()) -> Answer:
        """The answer to a step with these parameters; what is in `echo` is blotted out of it."""
        self.statements.clear()
        self.client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], self.cookie)
        sent = {"data" if step.method == "POST" else "query_string": dict(values)}
        if step.method == "GET" and "?" in step.path:
            path, _, query = step.path.partition("?")
            sent = {"query_string": {**dict([query.split("=", 1)]), **values}}
        else:
            path = step.path
        if step.endpoint in self.parts:
            sent["headers"] = {"HX-Request": "true"}
        self.elsewhere = 0.0
        begun = own_seconds()
        answer = self.client.open(path, method=step.method, **sent)
        seconds = own_seconds() - begun - self.elsewhere
        made = Answer(
            answer.status_code, blotted(answer.headers.get("Location", ""), echo),
            blotted(text_of(answer), echo), len(self.statements),
            any(COUNTED in s for s in self.statements), seconds,
        )  # fmt: skip
        answer.close()
        self._give_numbers_back()
        return made

    def _give_numbers_back(self) -> None:
        """PostgreSQL gives the number of a record that was not kept to no other: without this, two
        answers that name what the question made would differ by that alone."""
        made = {s.split()[2] for s in self.statements if s.startswith("INSERT INTO ")}
        with self.app.app_context():
            if not made or db.engine.dialect.name != "postgresql":
                return
            with db.engine.begin() as connection:
                for name in sorted(made & {quoted(model) for model in all_records()}):
                    last = f"pg_get_serial_sequence('{name}', 'id'), coalesce(max(id), 0) + 1"
                    connection.exec_driver_sql(f"SELECT setval({last}, false) FROM {name}")

    def names_of(self, step: Step, base: Mapping[str, str]) -> list[str]:
        """The names of the parameters that the code behind an address looks at."""
        known: set[str] = set()
        if step.method == "GET" and self.ask(step, {}).status in (302, 303):
            self.parts.add(step.endpoint)
        for _again in range(2):  # some are read only where others are given
            Noted.names.clear()
            self.ask(step, {**dict.fromkeys(known, "1"), **base})
            known |= {n for n in Noted.names if isinstance(n, str)}
        Noted.names.clear()
        return sorted(known - {"csrf_token"})

    def base_of(self, step: Step) -> dict[str, str]:
        """The form of an address as its page shows it, with what is required and blank filled in:
        what is asked gets as far as a form that a person fills in."""
        if step.method != "POST":
            return {}
        found = FormValues()
        with self.client.get(step.path) as page:
            if page.status_code == 200 and page.mimetype == "text/html":
                found.feed(page.text)
        filled = {name: found.values.get(name) or "Vô thưởng vô phạt" for name in required_texts()}
        return {**found.values, **{n: v for n, v in filled.items() if n in found.values}}


def quoted(model: Any) -> str:
    """The name of a model's table as PostgreSQL's statements write it."""
    return str(db.engine.dialect.identifier_preparer.format_table(model.__table__))


class FormValues(HTMLParser):
    """What a browser would send of a page's fields."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        name = given.get("name", "")
        if tag == "input" and name and name != "csrf_token":
            is_box = given.get("type") in ("checkbox", "radio")
            if given.get("type") not in ("submit", "file") and (not is_box or "checked" in given):
                self.values.setdefault(name, given.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            self._area = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def required_texts() -> set[str]:
    """Names of fields of text without which a record of some kind cannot be saved."""
    return {
        f.name
        for model in all_records()
        for f in spec_of(model).fields
        if f.required and f.kind in (KINDS["text"], KINDS["long_text"])
    }


def text_of(answer: TestResponse) -> str:
    """What stands in an answer, headers for scripts and the parts of a workbook included."""
    told = "".join(v for k, v in answer.headers if k.startswith("HX-"))
    data = answer.get_data()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"\n".join(book.read(name) for name in sorted(book.namelist()))
    return told + data.decode("utf-8", "replace")


def blotted(text: str, echo: Sequence[str]) -> str:
    """A text without what differs from answer to answer, and without the question itself."""
    for value in echo_of(echo):
        ways = {value, str(escape(value)), json.dumps(value)[1:-1]}
        ways |= {quote(value), quote_plus(value), quote(value, "")}
        ways |= {quote(way, safe) for way in ways for safe in ("", "/")}  # an address in an address
        for way in sorted(ways, key=len, reverse=True):
            text = text.replace(way, "?")
    return CHANGING.sub("~", text)


def echo_of(asked: Sequence[str]) -> list[str]:
    """What an answer may repeat of a question: the value, one inside it, a number read of it."""
    inside = [value.partition("=")[2] for value in asked]
    figures = [value.lstrip("0") for value in (*asked, *inside) if value.isdecimal()]
    return sorted({*asked, *inside, *figures} - {""}, key=len, reverse=True)


@pytest.fixture
def nothing_is_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a request writes goes when it ends, and its parameters note who reads them."""
    noting = type("NotingRequest", (app.request_class,), {"parameter_storage_class": Noted})
    monkeypatch.setattr(app, "request_class", noting)
    monkeypatch.setattr(db.session, "commit", db.session.flush)
    app.config["WTF_CSRF_ENABLED"] = False


def asking(app: Flask, user_id: int) -> Iterator[Asking]:
    """One person, signed in; closes its ear to the database at the end."""
    made = Asking(app, app.test_client())
    sign_in(app, made.client, user_id)
    kept = made.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert kept is not None
    made.cookie = kept.value

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            made.statements.append(statement)
        made.asked_at = own_seconds()

    def done(*_: Any) -> None:
        made.elsewhere += own_seconds() - made.asked_at

    with app.app_context():
        engine = db.engine
    is_elsewhere = engine.dialect.name == "postgresql"
    event.listen(engine, "before_cursor_execute", note)
    if is_elsewhere:
        event.listen(engine, "after_cursor_execute", done)
    yield made
    event.remove(engine, "before_cursor_execute", note)
    if is_elsewhere:
        event.remove(engine, "after_cursor_execute", done)


def addresses(
    app: Flask, records: Records, whose: tuple[str, ...] = ("none", "own")
) -> Iterator[Step]:
    """GET and POST of every address; of a class of views whose records hide nothing, one view
    stands for all, so that the same catalog is not asked ten times."""
    seen: set[tuple[str, ...]] = set()
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.endpoint, r.rule)):
        if rule.endpoint in NOT_ASKED:
            continue
        same = _same_as(app, rule.endpoint)
        for step in steps(rule, records, thorough=False):
            shape = step.path.replace(rule.endpoint.partition(".")[0], "*")
            shape = re.sub(r"\bid=\d+", "", shape)
            mark = (same, step.method, step.whose, shape)
            if step.whose in whose and step.method in ("GET", "POST") and mark not in seen:
                seen.add(mark)
                yield step


def _same_as(app: Flask, endpoint: str) -> str:
    view = getattr(app.view_functions[endpoint], "__self__", None)
    spec = getattr(view, "spec", None)
    if spec is None or any(f.sensitive for f in spec.fields):
        return endpoint
    return f"{type(view).__name__}.{endpoint.rpartition('.')[2]}"
