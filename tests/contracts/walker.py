"""Walks every address of the app as one person, and tells what each answer did to the database.

`Watch` knows whether stored data changed: it notes every statement that could write, and compares
a digest of all tables only after one ran. `Walk` turns an address rule into concrete requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.routing import Rule as UrlRule

from crmadmin.access import guard, sessions
from crmadmin.access.models import User
from crmadmin.core.db import db

READING = (
    "SELECT",
    "PRAGMA",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SHOW",
    "WITH",
)

MISSING = "2147483000"
MALFORMED = (
    "abc", "", "0", "-1", "1,2", "1.5", "1'--", "%", "٣", "\x00", "9" * 40, "1 OR 1=1", "../1",
    "[]",
)  # fmt: skip

PATH_VALUES: Mapping[str, tuple[str, ...]] = {
    "kind": ("customers-contacts", "customer-sources", "nothing"),
    "act": ("set", "owner", "delete", "nothing"),
    "filter_name": ("industry", "owner", "nothing"),
    "filename": ("app.js", "../config.py", "nothing"),
}
"""Values for parts of addresses that are no ids: real ones, and one that does not exist."""


class Watch:
    """Whether the stored data is what it was at the last look."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.wrote = True
        self.digest = ""
        with app.app_context():
            self.engine = db.engine
        event.listen(self.engine, "before_cursor_execute", self._note)
        self.changed()

    def close(self) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def changed(self) -> bool:
        """Whether anything is stored differently since the last call."""
        if not self.wrote:
            return False
        before, self.digest = self.digest, self._look()
        self.wrote = False
        return before != self.digest

    def _note(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(READING):
            self.wrote = True

    def _look(self) -> str:
        found = hashlib.sha256()
        with self.app.app_context():
            for table in db.metadata.sorted_tables:
                rows = db.session.execute(select(table)).all()
                found.update(f"{table.name}{sorted(map(repr, rows))}".encode())
            db.session.remove()
        return found.hexdigest()


@dataclass(frozen=True)
class Step:
    """One request: what it is, and whose record it names."""

    endpoint: str
    method: str
    path: str
    whose: str
    names_record: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path[:80]} ({self.endpoint}, {self.whose})"


@dataclass
class Records:
    """Ids to ask for: kind of record → {"own": id, "foreign": id}."""

    ids: Mapping[str, Mapping[str, int]]
    by_prefix: Mapping[str, str] = field(default_factory=dict)

    def of(self, endpoint: str) -> Mapping[str, int]:
        view = endpoint.rpartition(".")[0]
        return self.ids.get(self.by_prefix.get(view, view), {})


def steps(rule: UrlRule, records: Records, *, thorough: bool) -> Iterator[Step]:
    """Every request that one address rule stands for.

    `thorough` asks for malformed ids as well; who is refused before the id is looked at, and the
    second and later of ten views of one class, do without.
    """
    methods = rule.methods or set()
    for whose, key in _keys(rule, records, thorough=thorough):
        if whose in ("none", "own", "foreign"):
            asked = methods | {"POST"}
        else:
            asked = methods & {"GET", "POST"}
        for path in _paths(rule, key):
            for method in sorted(asked):
                yield Step(rule.endpoint, method, path, whose, bool(records.of(rule.endpoint)))


def _keys(rule: UrlRule, records: Records, *, thorough: bool) -> list[tuple[str, str]]:
    own = records.of(rule.endpoint)
    if not own:
        return [("none", MISSING)]
    named = [(whose, str(key)) for whose, key in own.items()]
    malformed = MALFORMED if thorough else ()
    return [*named, ("missing", MISSING), *(("malformed", text) for text in malformed)]


def _paths(rule: UrlRule, key: str) -> list[str]:
    parts = sorted(rule.arguments)
    if not parts:
        return [f"{rule.rule}?id={quote(key, safe='')}"]
    paths = [rule.rule]
    for part in parts:
        values = PATH_VALUES.get(part, (key,))
        paths = [_filled(path, part, value) for path in paths for value in values]
    return paths


def _filled(path: str, part: str, value: str) -> str:
    before, _, rest = path.partition("<")
    inside, _, after = rest.partition(">")
    if inside.rpartition(":")[2] == part:
        return f"{before}{quote(value, safe='')}{after}"
    return f"{before}<{inside}>" + _filled(after, part, value)


def sign_in(app: Flask, client: FlaskClient, user_id: int) -> None:
    """Give the client a session, without a password."""
    with app.app_context():
        user = db.session.get(User, user_id)
        assert isinstance(user, User)
        token = sessions.start(user, is_kept=True)
        db.session.commit()
        db.session.remove()
    with client.session_transaction() as kept:
        kept.clear()
        kept.permanent = True
        kept.update(guard.cookie_values(token))
