"""Several processes under one: all cores at work, crashes repaired, signals handed on, sources watched."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from faultline import DatabaseUnavailable
from faultline.settings import RunnerOptions
from faultline.supervisor import run
from tests.support.running import as_runner, assert_sound, enqueue, events, fetch, job, process, state, states, until

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.running import Process

MODULE = """
import asyncio, os
from faultline import App, Job

app = App()

@app.handler("nap")
async def nap(job: Job):
    await asyncio.sleep(job.payload.get("seconds", 0.01))
    return os.getpid()

@app.handler("version")
async def version(job: Job):
    return 1
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(MODULE)
    return tmp_path


def runners(db: Database) -> set[int]:
    """The process ids of the runners that are there."""
    return {pid for (pid,) in db.rows("select pid from faultline.runner_overview")}


def messages(supervisor: Process) -> list[dict[str, Any]]:
    lines = []
    for line in supervisor.output().splitlines():
        with suppress(ValueError):
            lines.append(json.loads(line))
    return lines


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_processes_share_the_work_and_end_when_it_is_done(db: Database, module: Path) -> None:
    enqueue(db, "nap", count=300)
    # Paused until both are there, or the first may have done it all before.
    db.execute("select faultline.pause_queue('default')")
    with process(
        module, as_runner(db.dsn), "jobs:app", "--processes", "2", "--until-empty", "--concurrency", "5"
    ) as many:
        until(lambda: len(runners(db)) == 2, "both are there")
        db.execute("select faultline.resume_queue('default')")
        assert many.wait() == 0
    assert states(db) == {"succeeded": 300}
    assert len({pid for (pid,) in db.rows("select result from faultline.jobs")}) == 2
    assert runners(db) == set()
    assert {line["process"] for line in messages(many) if "serves" in line["message"]} == {"[0]", "[1]"}
    assert_sound(db)


def test_a_child_that_crashes_is_started_again(db: Database, module: Path) -> None:
    with process(module, as_runner(db.dsn), "jobs:app", "--processes", "2", "--lease", "1s") as supervisor:
        first = until(lambda: len(runners(db)) == 2 and runners(db), "two are there")
        (job_id,) = enqueue(db, "nap", '{"seconds": 1}')
        until(lambda: state(db, job_id) == "running", "one has the job")
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(runners(db) - first) == 2, "two others are there")
        until(lambda: state(db, job_id) == "succeeded", "the job has run again")
        assert len(events(db, "expire")) == 1
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait() == 0
    ended = [line["message"] for line in messages(supervisor) if "started again" in line["message"]]
    assert len(ended) == 2
    assert all("SIGKILL" in line for line in ended)


def two_free_ports() -> int:
    """The first of two ports in a row that nobody has, below those that the system gives away."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


def test_each_child_serves_metrics_on_a_port_of_its_own(db: Database, module: Path) -> None:
    port = two_free_ports()
    arguments = ["jobs:app", "--processes", "2", "--metrics-port", str(port)]
    with process(module, as_runner(db.dsn), *arguments) as supervisor:
        until(lambda: len(runners(db)) == 2, "two are there")
        shown = {json.loads(fetch(port + number, "/health")[1])["runner"] for number in (0, 1)}
        assert shown == {str(runner) for (runner,) in db.rows("select runner from faultline.runner_overview")}
        supervisor.signal(signal.SIGINT)
        assert supervisor.wait() == 0


def test_children_finish_their_jobs_when_the_supervisor_is_told_to_stop(db: Database, module: Path) -> None:
    (job_id,) = enqueue(db, "nap", '{"seconds": 0.5}')
    with process(module, as_runner(db.dsn), "jobs:app", "--processes", "2") as supervisor:
        until(lambda: state(db, job_id) == "running", "it runs")
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait() == 0
    assert state(db, job_id) == "succeeded"
    assert runners(db) == set()


def test_the_end_of_the_terminal_is_no_hurry_however_often_it_is_told(db: Database, module: Path) -> None:
    (job_id,) = enqueue(db, "nap", '{"seconds": 1}')
    with process(module, as_runner(db.dsn), "jobs:app", "--processes", "2") as supervisor:
        until(lambda: state(db, job_id) == "running", "it runs")
        for _ in range(3):
            supervisor.signal(signal.SIGHUP)
            time.sleep(0.05)
        assert supervisor.wait() == 0
    assert state(db, job_id) == "succeeded"
    assert runners(db) == set()


def test_the_end_of_the_terminal_is_nothing_to_a_supervisor_that_began_with_it_ignored(
    db: Database, module: Path
) -> None:
    with process(module, as_runner(db.dsn), "jobs:app", "--processes", "2", ignored="HUP") as supervisor:
        until(lambda: len(runners(db)) == 2, "both are there")
        supervisor.signal(signal.SIGHUP)
        (job_id,) = enqueue(db, "nap")
        until(lambda: state(db, job_id) == "succeeded", "they go on")
        assert len(runners(db)) == 2
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait() == 0


def test_a_second_signal_hurries_the_children(db: Database, module: Path) -> None:
    (job_id,) = enqueue(db, "nap", '{"seconds": 60}')
    with process(module, as_runner(db.dsn), "jobs:app", "--processes", "2", "--grace", "60s") as supervisor:
        until(lambda: state(db, job_id) == "running", "it runs")
        supervisor.signal(signal.SIGTERM)
        until(lambda: any("stopping" in line["message"] for line in messages(supervisor)), "it stops")
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait(20) == 0
    assert state(db, job_id) == "queued"
    assert db.scalar("select failures from faultline.jobs_live") == 0


def test_children_do_not_outlive_their_supervisor(db: Database, module: Path) -> None:
    with process(module, as_runner(db.dsn), "jobs:app", "--processes", "2") as supervisor:
        pids = until(lambda: len(runners(db)) == 2 and runners(db), "two are there")
        supervisor.signal(signal.SIGKILL)
        supervisor.wait()
        until(lambda: runners(db) == set(), "they have left the list, as after SIGTERM")
        until(lambda: all(gone(pid) for pid in pids), "they are gone")


def test_a_module_that_can_not_be_loaded_ends_it_at_once(db: Database, module: Path) -> None:
    (module / "broken.py").write_text("import os\nif os.environ.get('FAULTLINE_DSN'): raise ValueError('no way')\n")
    with process(module, as_runner(db.dsn), "broken:app", "--processes", "2") as supervisor:
        assert supervisor.wait() == 2
    assert "no way" in supervisor.output()


def test_a_database_that_does_not_answer_ends_it_before_there_is_a_child() -> None:
    with pytest.raises(DatabaseUnavailable):
        run("jobs:app", RunnerOptions(dsn="host=/nonexistent", processes=2))


def test_a_change_of_the_source_starts_the_children_anew(db: Database, module: Path) -> None:
    with process(module, as_runner(db.dsn), "jobs:app", "--reload", "--poll", "100ms") as supervisor:
        (first,) = enqueue(db, "version")
        until(lambda: state(db, first) == "succeeded", "it works")
        time.sleep(0.1)
        (module / "jobs.py").write_text(MODULE.replace("return 1", "return 2"))
        until(lambda: any("has changed" in line["message"] for line in messages(supervisor)), "it has noticed")

        def new_code() -> bool:
            (job_id,) = enqueue(db, "version")
            until(lambda: state(db, job_id) == "succeeded", "it works")
            return bool(job(db, job_id)["result"] == 2)

        until(new_code, "the new code runs")
        (module / "jobs.py").write_text("this is no Python")
        until(lambda: any("waiting for a change" in line["message"] for line in messages(supervisor)), "it waits")
        (module / "jobs.py").write_text(MODULE)
        (last,) = enqueue(db, "version")
        until(lambda: state(db, last) == "succeeded", "it works again")
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait() == 0


def test_no_password_is_visible_among_the_processes(db: Database, module: Path) -> None:
    dsn = as_runner(db.dsn) + " password=s3cret"
    with process(module, dsn, "jobs:app", "--processes", "1", "--reload") as supervisor:
        (pid,) = until(lambda: runners(db), "it is there")
        shown = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"faultline.supervisor" in shown
        assert b"s3cret" not in shown
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait() == 0
    assert "s3cret" not in supervisor.output()
