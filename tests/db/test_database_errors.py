"""Which errors of a database are nobody's mistake, and which are ours."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, exc, text

from crmadmin.core import database_errors
from crmadmin.core.database_errors import DatabaseTrouble


def postgresql(name: str) -> exc.DBAPIError:
    """What SQLAlchemy makes of an error that PostgreSQL names so."""
    original = getattr(psycopg.errors, name)("told")
    kinds = (exc.OperationalError, exc.IntegrityError, exc.InternalError, exc.ProgrammingError)
    kind = next(
        k for k in kinds if isinstance(original, getattr(psycopg, k.__name__))
    )  # as SQLAlchemy chooses it
    return kind("SELECT", {}, original)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("QueryCanceled", DatabaseTrouble.SLOW),
        ("LockNotAvailable", DatabaseTrouble.BUSY),
        ("DeadlockDetected", DatabaseTrouble.BUSY),
        ("TooManyConnections", DatabaseTrouble.BUSY),
        ("IdleInTransactionSessionTimeout", DatabaseTrouble.BUSY),
        ("AdminShutdown", DatabaseTrouble.DOWN),
        ("CannotConnectNow", DatabaseTrouble.DOWN),
        ("DiskFull", DatabaseTrouble.FULL),
        ("UniqueViolation", None),
        ("UndefinedTable", None),
    ],
)
def test_postgresql_s_codes(name: str, what: DatabaseTrouble | None) -> None:
    assert database_errors.of(postgresql(name)) is what


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ('connection failed: FATAL:  sorry, too many clients already', DatabaseTrouble.BUSY),
        ("FATAL:  remaining connection slots are reserved for roles with …", DatabaseTrouble.BUSY),
        ("connection failed: Connection refused", DatabaseTrouble.DOWN),
        ("the connection is closed", DatabaseTrouble.DOWN),
    ],
)  # fmt: skip
def test_a_refused_connection_has_only_words(words: str, what: DatabaseTrouble) -> None:
    error = exc.OperationalError("", {}, psycopg.OperationalError(words))
    assert database_errors.of(error) is what


def test_a_pool_without_a_connection_left_is_busy() -> None:
    assert database_errors.of(exc.TimeoutError("QueuePool limit reached")) is DatabaseTrouble.BUSY


def test_what_is_no_error_of_a_database_is_none() -> None:
    assert database_errors.of(ValueError()) is None
    assert database_errors.of(exc.InvalidRequestError()) is None


def test_sqlite_s_own_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmadmin.core.engine.PATIENCE", 0)
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    found = []
    with engine.connect() as first, engine.connect() as second:
        first.execute(text("CREATE TABLE t (a TEXT UNIQUE)"))
        first.commit()
        first.exec_driver_sql("INSERT INTO t VALUES ('a')")
        for statement in ("INSERT INTO t VALUES ('b')", "SELECT * FROM gone"):
            with pytest.raises(exc.DBAPIError) as raised:
                second.exec_driver_sql(statement)
            found.append(database_errors.of(raised.value))
            second.rollback()
        first.commit()
        pages = first.exec_driver_sql("PRAGMA page_count").scalar()
        first.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for statement in (
            "INSERT INTO t VALUES ('a')",
            "INSERT INTO t VALUES (hex(zeroblob(9999)))",
        ):
            with pytest.raises(exc.DBAPIError) as raised:
                first.exec_driver_sql(statement)
            found.append(database_errors.of(raised.value))
            first.rollback()
    engine.dispose()
    assert found == [DatabaseTrouble.BUSY, None, None, DatabaseTrouble.FULL]
    missing = create_engine(f"sqlite:///{tmp_path / 'no' / 'x.db'}")
    with pytest.raises(exc.OperationalError) as raised:
        missing.connect()
    assert database_errors.of(raised.value) is DatabaseTrouble.DOWN
