"""Work in a process of its own: what is measured starts from the same, and has its own memory.

`call("bench.baseline:measure", …)` runs that function in a new Python and gives what it returns, as
far as JSON has it. Run as a program, it is that new Python.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STATUS = Path("/proc/self/status")


class ChildFailed(RuntimeError):
    """The process ended with an error; the text is the end of what it said."""


def call(function: str, *, at_most: float | None = None, **arguments: Any) -> Any:
    """The function's answer, from a process that begins and ends with it. Raises ChildFailed,
    also when there is none after `at_most` seconds."""
    with tempfile.NamedTemporaryFile() as answer:
        asked = json.dumps(arguments, default=str)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "bench.child", function, asked, answer.name],
                cwd=ROOT, capture_output=True, text=True, check=False, timeout=at_most,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ChildFailed(f"{function}: no answer after {at_most:g} seconds") from error
        if done.returncode:
            said = (done.stderr or done.stdout)[-3000:] or f"ended with {done.returncode}"
            raise ChildFailed(f"{function}: {said}")
        return json.loads(Path(answer.name).read_text())


def peak() -> float:
    """The most memory that this process had at a time since `forget_peak`, in MiB."""
    if STATUS.exists():
        lines = STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Measure the memory from now on, where the system can do that."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak_of_children() -> float:
    """The most memory of any process that this one started and that ended, in MiB.

    Not less than what this process had itself when it started them.
    """
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def seconds_worked() -> float:
    """Processor seconds of this process and of those that it started and that ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Run the function that the command line names."""
    function, asked, answer = sys.argv[1:]
    module, _, name = function.partition(":")
    given = getattr(importlib.import_module(module), name)(**json.loads(asked))
    Path(answer).write_text(json.dumps(given))


if __name__ == "__main__":
    main()
