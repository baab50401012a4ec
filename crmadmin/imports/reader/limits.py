"""What reading a file may cost, and the operating system's limits on the child that reads it."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from crmadmin.imports.records import FileRefused

MEBIBYTE = 1024 * 1024
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one reading. Sizes in bytes, times in seconds."""

    memory: int = 1024 * MEBIBYTE
    """What the child may hold."""
    cpu: int = 60
    wait: int = 180
    """How long the parent waits for the child in all, its own work between frames apart."""
    inflated: int = 768 * MEBIBYTE
    """All XML parts of the package together."""
    entries: int = 10_000
    rows: int = 1_048_576
    columns: int = 1_024
    cell_length: int = 32_767
    """Excel's own limit for a cell."""
    blank_run: int = 100_000
    """Blank rows in a row: more means a value that strayed to the end of the sheet."""

    @classmethod
    def within(cls, memory: int) -> Self:
        """The limits that go with so much memory: who gives more of it gives time to fill it."""
        usual = cls()
        more = max(1.0, memory / usual.memory)
        return cls(
            memory=memory,
            cpu=round(usual.cpu * more),
            wait=round(usual.wait * more),
            inflated=round(usual.inflated * more),
        )

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**values)


def needs_memory(limit: int) -> FileRefused:
    """What is said about a file that takes more memory than it may."""
    return FileRefused("file_needs_memory", limit=str(limit // MEBIBYTE))


def apply_to_this_process(limits: Limits) -> None:
    """Bound this process: memory, processor time, no files written, no core dump.

    On a system without these limits (Windows) only the parent's wall clock holds.
    """
    if sys.platform == "win32":
        return
    import resource

    # What is asked for and never used counts as address space too, half as much again for a large
    # sheet. So where the memory in use can be seen, that is watched, and this is the last line.
    addresses = limits.memory * 3 // 2 if _STATM.exists() else limits.memory
    for what, bound in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_AS, addresses),
    ):
        # A stricter limit that is in force already stays.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (bound, bound))


def memory_in_use() -> int:
    """The bytes of memory that this process holds; 0 where the system does not tell."""
    if sys.platform == "win32" or not _STATM.exists():
        return 0
    import resource

    return int(_STATM.read_bytes().split()[1]) * resource.getpagesize()
