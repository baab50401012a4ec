"""What the product writes is nobody else's to read: databases, queues, exports, backups, uploads.

A file is made with mode 0600 and a folder with 0700, whatever the shell that started the process
would have allowed; what an earlier version made is put right at the start.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import make_url

OTHERS = 0o077
"""The rights of everybody but the owner."""

log = logging.getLogger(__name__)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file for the body to write, which is there under its name when all of it is, and on the
    disk; whatever had the name is there until then. Raises OSError, and leaves nothing."""
    at = path.resolve()
    part = at.with_name(f".{at.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            part.chmod(0o600)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(at)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def keep_private(instance: Path, database_url: str) -> None:
    """Let this process make files for itself alone, and take the rights of others from those that
    are there: in the instance's folder, and SQLite's wherever they are.
    """
    os.umask(os.umask(OTHERS) | OTHERS)
    for path in {*_files_of(instance), *_databases(database_url)}:
        _tighten(path)


def _files_of(instance: Path) -> Iterator[Path]:
    """Only the folder's own: uploads, which may be thousands, have always been private."""
    if instance.is_dir():
        yield from (path for path in instance.iterdir() if not path.is_dir())


def _databases(database_url: str) -> Iterator[Path]:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        file = Path(str(url.database))
        yield from file.parent.glob(f"{file.name}*") if file.parent.is_dir() else ()


def _tighten(path: Path) -> None:
    try:
        mode = path.lstat()
        if stat.S_ISREG(mode.st_mode) and mode.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(mode.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return  # SQLite takes its own files away
    except OSError:
        # Somebody else's: `crm check` cannot mend it either, but whoever runs the server can.
        log.warning("others may read %s, and this user may not change that", path.name)
