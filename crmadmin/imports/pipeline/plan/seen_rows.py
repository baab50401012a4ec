"""What the earlier rows of a file said, for later rows that name the same record. Bounded memory.

A file may have a million rows and come back to any code at any distance, so what was said is kept
in a private database of this process, which goes to disk by itself and vanishes with it. Not what
exists (that is `Known`): only what this file said. Pure: no database of the product.
"""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from crmadmin.imports.pipeline.plan.contacts import ContactIndex
from crmadmin.imports.pipeline.plan.outcomes import Subject

_CONTACT = ("phone", "email", "name")


class SeenRows:
    """Records of the file by the key of their code: the first row that named each, its contacts.

    A key whose rows were all invalid is known too, as asked for and no more.
    """

    def __init__(self) -> None:
        # The empty name means a temporary file that SQLite makes when its cache is full.
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-16384"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute(
            "CREATE TABLE said (key TEXT PRIMARY KEY, number INT, record INT, cells BLOB)"
            " WITHOUT ROWID"
        )
        self._columns: tuple[str, ...] = ()
        self._fresh: Mapping[str, Subject] = {}
        self._fresh_invalid: tuple[str, ...] = ()

    def recall(self, keys: Iterable[str]) -> dict[str, Subject]:
        """The records of these keys that earlier rows named."""
        found = {}
        for key, number, record, cells in self._rows(keys):
            if cells is not None:
                values, contacts = pickle.loads(cells)  # noqa: S301 - this process wrote it, nobody else can
                index = ContactIndex()
                for contact in contacts:
                    index.add(dict(zip(_CONTACT, contact, strict=True)))
                named = dict(zip(self._columns, values, strict=True))
                found[key] = Subject(number, record, named, index)
        return found

    def asked(self, keys: Iterable[str]) -> set[str]:
        """Which of the keys some earlier row has, valid or not."""
        return {row[0] for row in self._rows(keys)}

    def _rows(self, keys: Iterable[str]) -> list[Any]:
        wanted = list(keys)
        if not {*self._fresh, *self._fresh_invalid}.isdisjoint(wanted):
            self.settle()
        statement = "SELECT * FROM said WHERE key IN (SELECT value FROM json_each(?))"
        return self._file.execute(statement, (json.dumps(wanted),)).fetchall()

    def keep(self, subjects: Mapping[str, Subject], invalid: Iterable[str] = ()) -> None:
        """Remember records by key, and keys that only invalid rows had so far.

        All rows of a file have the same columns. The records must not change any more.
        """
        self.settle()
        self._fresh, self._fresh_invalid = subjects, tuple(invalid)

    def settle(self) -> None:
        """Write down what was kept last, at a moment when there is time for it."""
        if not self._fresh and not self._fresh_invalid:
            return
        self._file.execute("BEGIN")
        self._file.executemany(
            "INSERT OR IGNORE INTO said (key) VALUES (?)", [(key,) for key in self._fresh_invalid]
        )
        self._file.executemany(
            "INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?)",
            [(key, s.number, s.record_id, self._packed(s)) for key, s in self._fresh.items()],
        )
        self._file.execute("COMMIT")
        self._fresh, self._fresh_invalid = {}, ()

    def _packed(self, subject: Subject) -> bytes:
        if not self._columns:
            self._columns = tuple(subject.values)
        contacts = [tuple(map(contact.get, _CONTACT)) for contact in subject.contacts.added]
        return pickle.dumps((tuple(subject.values.values()), contacts), 5)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
