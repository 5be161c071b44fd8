"""Many runs, several runners, SIGKILL at random: every run ends well, and every task was entered exactly once.

FAULTLINE_FULL=1, as in `make proofs`, does it with 500 runs; FAULTLINE_SEED=N repeats the moments of the kills.
"""

from __future__ import annotations

import json
import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.proofs import FULL, SEED
from tests.support.running import Process, assert_sound, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database

pytestmark = pytest.mark.every_version

RUNS = 500 if FULL else 100
WIDTH = 8
RUNNERS = 4
KILLS_LEAST, KILLS_MOST = (15, 60) if FULL else (3, 6)
SECONDS = 240
MODULE = """
import time
from faultline import App, Job

app = App()

@app.handler("step", max_attempts=50)
def step(job: Job):
    with job.ledger(f"{job.run_id}/{job.task}") as tx:
        tx.execute("insert into done (run_id, task, needs) values (%s, %s, %s)",
                   (job.run_id, job.task, len(job.results)))
        time.sleep(0.002)
        tx.result = job.task
"""


def test_a_diamond_survives_runners_that_are_killed_at_random(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "steps.py").write_text(MODULE)
    db.execute("create table done (run_id bigint, task text, needs int, primary key (run_id, task))")
    retry = {"retry": {"max_attempts": 100, "backoff": {"kind": "fixed", "delay": "50ms"}}}
    middle = {f"m{n}": {"type": "step", "needs": "top"} for n in range(WIDTH)}
    tasks = {"top": {"type": "step"}, **middle, "bottom": {"type": "step", "needs": list(middle)}}
    spec = {"name": "diamond", "defaults": retry, "tasks": tasks}
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(spec))
    db.execute("select faultline.trigger_workflow('diamond') from generate_series(1, %s)", RUNS)
    left = "select count(*) from faultline.run_log where state = 'running'"

    with ExitStack() as stack:

        def start() -> Process:
            started = Process(tmp_path, db.dsn, "steps:app", "--lease", "1s", "--concurrency", "8")
            stack.callback(started.close)
            return started

        runners = [start() for _ in range(RUNNERS)]
        randomly = random.Random(SEED)
        killed = 0
        while killed < KILLS_MOST and db.scalar(left):
            time.sleep(randomly.uniform(0.05, 0.5))
            number = randomly.randrange(RUNNERS)
            runners[number].signal(signal.SIGKILL)
            runners[number].wait()
            runners[number] = start()
            killed += 1
        until(lambda: db.scalar(left) == 0, "every run is over", SECONDS)
        for runner in runners:
            runner.signal(signal.SIGTERM)
        for runner in runners:  # one that has only just begun knows no gentle end yet
            assert runner.wait() in {0, -signal.SIGTERM}, runner.output()
    with capsys.disabled():
        print(f"\ndiamonds: FAULTLINE_SEED={SEED} {RUNS} runs, {killed} kills", end=" ")
    assert killed >= KILLS_LEAST

    assert db.rows("select distinct state from faultline.run_log") == [("succeeded",)]
    per_task = "select task, count(*), min(needs), max(needs) from done group by task order by task"
    needs = {"top": 0, "bottom": WIDTH, **dict.fromkeys(middle, 1)}
    assert db.rows(per_task) == [(task, RUNS, needs[task], needs[task]) for task in sorted(needs)]
    assert db.scalar("select count(*) from faultline.ledger_entries") == RUNS * len(needs)
    assert_sound(db)
