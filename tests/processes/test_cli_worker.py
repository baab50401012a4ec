"""Processes are ended by word at any moment, also while they wait for just that."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOURCES = [PROJECT / "app.py", *sorted((PROJECT / "crmadmin").rglob("*.py"))]
QUIET = {"sys.exit"}
"""What a handler may call: it takes no lock. Whatever the signal came in between may have it."""

AT_EVERY_STEP = """
import os, signal, sys, threading
from crmadmin.cli.worker import hearing_the_end

def sent_at(step):
    steps = 0
    def trace(frame, event, arg):
        nonlocal steps
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.%s)
        return trace
    late = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    late.start()
    sys.settrace(trace)
    until_told()
    sys.settrace(None)
    late.cancel()
    return steps >= step

step = 0
with hearing_the_end() as until_told:
    while sent_at(step + 1):
        step += 1
print(step)
"""


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_wait_for_it_at_whatever_step_it_comes(number: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_EVERY_STEP % number],
        cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 2  # else nothing was tried


def test_a_signal_that_comes_before_the_wait_ends_it() -> None:
    code = (
        "import os, signal\n"
        "from crmadmin.cli.worker import hearing_the_end\n"
        "with hearing_the_end() as until_told:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    until_told()\n"
        "print('ended', signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout == "ended True\n", done.stderr


def test_no_handler_of_a_signal_takes_a_lock() -> None:
    handlers = 0
    for source in SOURCES:
        tree = ast.parse(source.read_text())
        functions = {x.name: x for x in ast.walk(tree) if isinstance(x, ast.FunctionDef)}
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or ast.unparse(call.func) != "signal.signal":
                continue
            handler: ast.AST = call.args[1]
            if isinstance(handler, ast.Name):
                handler = functions.get(handler.id, handler)
            called = {ast.unparse(x.func) for x in ast.walk(handler) if isinstance(x, ast.Call)}
            assert called <= QUIET, f"{source.name}:{call.lineno} calls {called - QUIET}"
            handlers += 1
    assert handlers >= 3
