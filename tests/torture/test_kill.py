"""kill -9 of whoever works a real import, at random moments: nothing lost, nothing twice. Nor when
one is only frozen, and goes on when another has taken over.

CRM_TORTURE_ROUNDS says how many kills there are on each database: a few in every test run, 200 in
`make torture`. Each import is compared, in all that it left, with one that nobody disturbed.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
import real
from flask import Flask
from workers import Workers

ROUNDS = int(os.environ.get("CRM_TORTURE_ROUNDS", "2"))
ROWS = int(os.environ.get("CRM_TORTURE_ROWS", "6000"))
MOST_KILLS = 4
"""Of one import; a fifth at the same place would have it given up."""
FROZEN_SECONDS = 6.0
MOST_SECONDS = 5.0
"""Until another worker has taken up what a dead one held."""


def ended(job: Any) -> bool:
    return job.state in ("done", "failed", "stopped")


def undisturbed(app: Flask, workers: Workers, *, preview: bool) -> tuple[dict[str, Any], float]:
    """What the import leaves, and how long the run takes."""
    batch_id = real.prepare(app, ROWS)
    if preview:
        workers.until(real.start(app, batch_id, preview=True), ended)
    began = time.monotonic()
    job = workers.until(real.start(app, batch_id, preview=False), ended)
    assert job.state == "done"
    return real.left(app, batch_id, ROWS), time.monotonic() - began


def break_off(workers: Workers, job_id: int, rows: int, seconds: float) -> float | None:
    """Kill whoever works the job so long after so many rows are done; the seconds until another
    took it up."""
    workers.until(job_id, lambda job: ended(job) or (job.token and job.done >= rows))
    time.sleep(seconds)
    held = workers.job(job_id)
    killed = workers.holder(job_id)
    if killed is None:
        return None
    workers.kill(killed)
    began = time.monotonic()
    next_one = workers.start()
    workers.until(job_id, lambda job: job.token != held.token or ended(job))
    waited = time.monotonic() - began
    workers.ready(next_one)  # so that there is one that can take over when the next is killed
    return waited


def freeze(workers: Workers, job_id: int, seconds: float) -> None:
    """Stop whoever works the job after so long, until it is taken for dead; then let it go on."""
    time.sleep(seconds)
    held = workers.job(job_id)
    frozen = workers.holder(job_id)
    if frozen is None:
        return
    workers.send(frozen, signal.SIGSTOP)
    end = time.monotonic() + FROZEN_SECONDS
    while time.monotonic() < end and workers.job(job_id).token == held.token:
        time.sleep(0.05)  # on SQLite it may hold the lock, and nobody can take the job up
    time.sleep(0.5)
    workers.send(frozen, signal.SIGCONT)


@pytest.mark.parametrize("preview", [False, True], ids=["at once", "after a preview"])
def test_killed_at_random_moments_an_import_is_the_same(
    app: Flask, workers: Workers, empty: Callable[[], None], *, preview: bool
) -> None:
    seed = int(os.environ.get("CRM_TORTURE_SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)  # noqa: S311 - so that a fault can be met again
    for pid in (workers.start(), workers.start()):
        workers.ready(pid)
    wanted, seconds = undisturbed(app, workers, preview=preview)
    waits: list[float] = []

    def see_through(job_id: int, most: int) -> None:
        # By rows, so that nearly every kill meets an import that still goes on.
        for rows in sorted(chance.randrange(ROWS) for _ in range(most)):
            wait = break_off(workers, job_id, rows, chance.uniform(0, seconds / 5))
            if wait is None:
                break
            waits.append(wait)
        assert workers.until(job_id, ended).state == "done", (seed, len(waits))

    imports = 0
    while len(waits) * 2 < ROUNDS:
        imports += 1
        empty()
        batch_id = real.prepare(app, ROWS)
        if preview:
            see_through(real.start(app, batch_id, preview=True), most=imports % 2)
        see_through(real.start(app, batch_id, preview=False), most=MOST_KILLS)
        found = real.left(app, batch_id, ROWS)
        for what, rows in wanted.items():
            assert found[what] == rows, f"{what} (seed {seed}): {found['job']} {found['import']}"
    told = f"{len(waits)} kills in {imports} imports of {ROWS} rows ({seconds:.1f} s undisturbed)"
    print(f"\n{told}; taken up after {max(waits):.1f} s at most; seed {seed}")  # noqa: T201 - the result of `make torture`
    assert max(waits) <= MOST_SECONDS


def test_workers_that_wake_after_they_were_taken_for_dead_change_nothing(
    app: Flask, workers: Workers, empty: Callable[[], None]
) -> None:
    seed = int(os.environ.get("CRM_TORTURE_SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)  # noqa: S311 - so that a fault can be met again
    for pid in (workers.start(), workers.start()):
        workers.ready(pid)
    wanted, seconds = undisturbed(app, workers, preview=False)
    for _ in range(-(-ROUNDS // 10)):
        empty()
        batch_id = real.prepare(app, ROWS)
        job_id = real.start(app, batch_id, preview=False)
        for _time in range(2):
            freeze(workers, job_id, chance.uniform(0, seconds / 2))
        assert workers.until(job_id, ended).state == "done", seed
        time.sleep(1)
        found = real.left(app, batch_id, ROWS)
        for what, rows in wanted.items():
            assert found[what] == rows, f"{what} (seed {seed}): {found['job']} {found['import']}"
