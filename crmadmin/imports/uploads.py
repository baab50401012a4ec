"""Keeping an uploaded file. How long it is kept is `forgetting`'s."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import IO

from flask import current_app

from crmadmin.imports.source import uploads_folder

COPY_BYTES = 1024 * 1024


class FileTooLarge(ValueError):
    """The upload is larger than the setting allows; nothing of it is kept."""


def keep(stream: IO[bytes], suffix: str) -> tuple[Path, int, str]:
    """Copy an upload under a name of our own; the sender's is never part of a path.

    Gives where it is, its bytes and its SHA-256. Raises FileTooLarge.
    """
    suffix = suffix.lower() if suffix[1:].isalnum() and len(suffix) <= 6 else ""
    path = uploads_folder() / f"{secrets.token_hex(16)}{suffix}"
    limit = current_app.config["SETTINGS"].upload_max_bytes
    digest, size = hashlib.sha256(), 0
    path.touch(mode=0o600)
    try:
        with path.open("wb") as kept:
            while data := stream.read(COPY_BYTES):
                size += len(data)
                if size > limit:
                    raise FileTooLarge
                digest.update(data)
                kept.write(data)
    except BaseException:
        path.unlink()
        raise
    return path, size, digest.hexdigest()
