"""A runner's life: claiming, heartbeats, cancelling, stopping, and everything that can break under it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline import App, InvalidArgument, Job, SchemaMismatch, SchemaMissing, Snooze, database
from faultline.claimer import Claimer
from faultline.database import Lost
from faultline.doorbell import Doorbell
from faultline.drill.pooler import pooled
from faultline.drill.proxy import Proxy
from faultline.embedded import Server
from faultline.errors import DatabaseUnavailable
from faultline.runner import Runner
from faultline.schema import install
from faultline.settings import RunnerOptions
from tests.support.database import Database
from tests.support.running import (
    Running,
    as_runner,
    assert_sound,
    drain,
    enqueue,
    events,
    fetch,
    job,
    process,
    sample,
    state,
    states,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path
    from typing import LiteralString

    from faultline.database import Link

APPLICATIONS = "select application_name from pg_stat_activity where datname = current_database()"
MODULE = """
import asyncio, time
from faultline import App, Job

app = App()

@app.handler("quick")
async def quick(job: Job):
    return job.payload

@app.handler("nap")
async def nap(job: Job):
    await asyncio.sleep(job.payload.get("seconds", 0.002))
    return job.attempt

@app.handler("block")
def block(job: Job):
    time.sleep(job.payload["seconds"])
    return job.attempt
"""


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


def app_of(**handlers: Callable[[Job], Any]) -> App:
    app = App()
    for name, function in handlers.items():
        app.handler(name)(function)
    return app


async def fine(job: Job) -> int:
    return job.attempt


async def nap(job: Job) -> int:
    await asyncio.sleep(job.payload.get("seconds", 0.002))
    return job.attempt


@pytest.fixture(autouse=True)
def short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that do not look at job.cancelled are not waited for as long as in production."""
    monkeypatch.setattr("faultline.runner.UNWIND_SECONDS", 0.2)


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A directory with jobs.py in it."""
    (tmp_path / "jobs.py").write_text(MODULE)
    return tmp_path


# The work.


def test_drains_thousands_of_jobs_of_several_queues_each_once(db: Database) -> None:
    ran: list[int] = []

    async def count(job: Job) -> None:
        ran.append(job.id)

    ids = [job_id for queue in ("a", "b", "c") for job_id in enqueue(db, "count", count=1500, queue=queue)]
    runner = drain(app_of(count=count), db)
    assert sorted(ran) == ids
    assert states(db) == {"succeeded": 4500}
    assert runner.metrics.finished() == 4500
    assert_sound(db)


# The claim that is under way while the jobs of the last one start.


@pytest.fixture
def small_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.claimer.BATCH_MOST", 20)


def _when_ahead(monkeypatch: pytest.MonkeyPatch, then: Callable[[Claimer], None]) -> None:
    """Call `then` whenever a claim was sent before the jobs of the last one were started."""
    send = Claimer._send_ahead

    def sent(self: Claimer, coming: int) -> None:
        send(self, coming)
        if self._ahead is not None:
            then(self)

    monkeypatch.setattr(Claimer, "_send_ahead", sent)


@pytest.mark.usefixtures("small_claims")
def test_what_was_claimed_ahead_is_given_back_when_the_runner_ends(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead: list[Claimer] = []

    def stop(claimer: Claimer) -> None:
        ahead.append(claimer)
        claimer.stop()

    _when_ahead(monkeypatch, stop)
    enqueue(db, "fine", count=3000)
    with Running(app_of(fine=fine), db) as running:
        running.join()
    assert len(ahead) == 1
    assert states(db).keys() == {"queued", "succeeded"}
    assert db.scalar("select max(failures) from faultline.jobs_live") == 0
    assert_sound(db)


@pytest.mark.usefixtures("small_claims")
def test_what_was_claimed_ahead_is_never_taken_for_a_lost_claim(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead: list[Claimer] = []
    _when_ahead(monkeypatch, ahead.append)
    monkeypatch.setattr("faultline.claimer.GIVE_BACK_AGAIN", tuple(0.03 * number for number in range(1, 300)))
    enqueue(db, "fine", count=3000)
    drain(app_of(fine=fine), db)
    assert ahead
    assert states(db) == {"succeeded": 3000}
    assert db.rows("select verb, count(*) from faultline.job_events group by 1") == []
    assert_sound(db)


@pytest.mark.usefixtures("small_claims")
def test_what_was_claimed_ahead_on_a_connection_that_broke_runs_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both claims are given back on the next connection: what came of the second may not be started then."""
    take = Claimer._take
    breaks: list[str] = []

    async def break_once(self: Claimer, claim: Any) -> list[Job]:
        jobs = await take(self, claim)
        if self._ahead is not None and not breaks:
            breaks.append("the first claim is lost, the second has its answer")
            await asyncio.wait([self._ahead.rows])
            await self._link.close()
            raise Lost
        return jobs

    monkeypatch.setattr(Claimer, "_take", break_once)
    enqueue(db, "fine", count=3000)
    drain(app_of(fine=fine), db)
    assert breaks
    assert states(db) == {"succeeded": 3000}
    assert events(db, "stale") == []
    assert len(events(db, "release")) == 40
    assert_sound(db)


def test_serves_only_the_queues_it_is_given_the_first_ones_first(db: Database) -> None:
    ran: list[str] = []

    async def note(job: Job) -> None:
        ran.append(job.queue)

    for queue in ("c", "b", "a"):
        enqueue(db, "note", count=10, queue=queue)
    drain(app_of(note=note), db, queues=("a", "b"), concurrency=1)
    assert ran == ["a"] * 10 + ["b"] * 10
    assert states(db) == {"succeeded": 20, "queued": 10}


def test_more_queues_than_one_claim_asks_for(db: Database) -> None:
    for number in range(200):
        enqueue(db, "fine", queue=f"queue-{number}")
    drain(app_of(fine=fine), db)
    assert states(db) == {"succeeded": 200}


def test_a_limit_on_a_queue_holds_and_does_not_make_it_slow(db: Database) -> None:
    running = most = 0

    async def count(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1

    db.execute("select faultline.set_queue('default', '{\"max_running\": 2}')")
    enqueue(db, "count", count=60)
    runner = drain(app_of(count=count), db, poll=10.0)
    assert most == 2
    assert states(db) == {"succeeded": 60}
    assert runner.metrics.wakeups < 10  # it was not the doorbell that found them


def test_slow_jobs_are_not_hoarded(db: Database) -> None:
    enqueue(db, "nap", '{"seconds": 0.3}', count=40)
    with Running(app_of(nap=nap), db, concurrency=4) as running:
        until(lambda: states(db).get("running", 0) >= 4, "it works")
        time.sleep(0.2)
        assert states(db)["running"] <= 8
        running.runner.stop()
        running.runner.stop()


@pytest.mark.parametrize(("bytes_", "many"), [(100, True), (20_000, False)])
def test_large_payloads_are_not_hoarded_however_fast_their_jobs_are(
    db: Database, monkeypatch: pytest.MonkeyPatch, bytes_: int, many: bool
) -> None:
    """With room for ten of the large ones, or two thousand of the small."""
    monkeypatch.setattr("faultline.claimer.PREFETCH_BYTES", 200_000)
    look = Claimer._look
    batches: list[int] = []

    def looked(self: Claimer, batch: int) -> Awaitable[bool]:
        batches.append(batch)
        return look(self, batch)

    monkeypatch.setattr(Claimer, "_look", looked)
    enqueue(db, "fine", json.dumps({"text": "x" * bytes_}), count=1500)
    drain(app_of(fine=fine), db, concurrency=10)
    assert states(db) == {"succeeded": 1500}
    assert (max(batches) > 20) is many


def test_what_was_prefetched_at_the_pace_of_fast_jobs_is_given_back_when_slow_ones_come(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultline.claimer.SURPLUS_SECONDS", 0.3)
    enqueue(db, "fine", count=2000)
    enqueue(db, "nap", '{"seconds": 30}', count=800)
    with Running(app_of(fine=fine, nap=nap), db, concurrency=4) as running:
        until(lambda: states(db).get("succeeded") == 2000, "the fast ones are done")
        until(lambda: states(db).get("running", 0) <= 12, "the slow ones are left to others")
        running.runner.stop()
        running.runner.stop()
    assert db.scalar("select max(failures) from faultline.jobs_live") == 0


def test_ends_only_when_what_others_run_and_what_waits_is_done_too(db: Database) -> None:
    (late,) = enqueue(db, "fine")
    db.execute("update faultline.jobs_live set ready_at = clock_timestamp() + interval '0.4 s'")
    drain(app_of(fine=fine), db)
    assert state(db, late) == "succeeded"


def test_a_job_due_later_starts_when_it_is_due_not_at_the_next_look(db: Database) -> None:
    db.execute("select faultline.enqueue('fine', run_at => clock_timestamp() + interval '1 s')")
    with Running(app_of(fine=fine), db, poll=60.0):
        until(lambda: _bells(db) == 16, "it sleeps")
        assert states(db) == {"queued": 1}
        until(lambda: states(db) == {"succeeded": 1}, "it has run", seconds=10)


def test_a_job_that_becomes_due_while_the_runner_makes_up_its_mind_to_sleep_starts_too(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look does not find it yet; asked after that, no job waits for a time any more."""
    look = Claimer._look
    due = "select not exists (select from faultline.jobs_live where ready_at > clock_timestamp())"

    async def late(self: Claimer, batch: int) -> bool:
        found = await look(self, batch)
        if self._doorbell.armed:
            until(lambda: db.scalar(due), "it is due")
        return found

    db.execute("select faultline.enqueue('fine', run_at => clock_timestamp() + interval '1 s')")
    monkeypatch.setattr(Claimer, "_look", late)
    with Running(app_of(fine=fine), db, poll=60.0):
        until(lambda: states(db) == {"succeeded": 1}, "it has run")


# Waiting.


@pytest.mark.parametrize("queues", [None, ("default", "other")])
def test_a_sleeping_runner_is_woken_by_a_new_job(db: Database, queues: tuple[str, ...] | None) -> None:
    with Running(app_of(fine=fine), db, poll=60.0, queues=queues) as running:
        until(lambda: _bells(db) == (16 if queues is None else 2), "it sleeps, and holds its bells")
        for number in range(3):
            (job_id,) = enqueue(db, "fine", queue="other")
            _until_succeeded(db, job_id, f"job {number}")
        assert running.runner.metrics.wakeups >= 1, "the first one at least came while it slept"


def test_a_job_that_commits_after_the_runner_fell_asleep_wakes_it_too(db: Database) -> None:
    """Its enqueue looked for sleepers before there was one; the proof before sleeping is for this."""
    with psycopg.connect(db.dsn) as writer:
        writer.execute("select faultline.enqueue('fine')")
        with Running(app_of(fine=fine), db, poll=60.0):
            until(lambda: _bells(db) == 16, "it holds its bells")
            time.sleep(0.05)
            writer.commit()
            until(lambda: states(db) == {"succeeded": 1}, "the job has run", seconds=10)


def _until_succeeded(db: Database, job_id: int, what: str) -> None:
    until(lambda: state(db, job_id) == "succeeded", f"{what} has run", seconds=10)


def _until_more_than(db: Database, count: int) -> None:
    until(lambda: states(db).get("succeeded", 0) > count, f"more than {count} are done")


def _bells(db: Database) -> int:
    return int(
        db.scalar(
            "select count(*) from pg_locks where locktype = 'advisory' and classid = 1181838444 and mode = 'ShareLock'"
            " and database = (select oid from pg_database where datname = current_database())"
        )
    )


def test_under_load_no_bell_is_held(db: Database) -> None:
    enqueue(db, "nap", '{"seconds": 0.5}', count=2)
    with Running(app_of(nap=nap), db, poll=60.0, concurrency=2):
        until(lambda: states(db).get("running") == 2, "all slots are taken")
        until(lambda: _bells(db) == 0, "nobody has to notify")
        until(lambda: states(db) == {"succeeded": 2}, "the jobs are done")
        until(lambda: _bells(db) == 16, "it sleeps again")


def test_without_a_doorbell_polling_is_enough(db: Database) -> None:
    with Running(app_of(fine=fine), db, poll=0.05, doorbell=False) as running:
        time.sleep(0.2)
        enqueue(db, "fine")
        until(lambda: states(db) == {"succeeded": 1}, "the job has run")
        assert _bells(db) == 0
        assert running.runner.metrics.wakeups == 0
        assert ("faultline listen",) not in db.rows(APPLICATIONS)


def test_the_doorbell_comes_back_after_its_connection_broke(db: Database) -> None:
    with Running(app_of(fine=fine), db, poll=60.0):
        until(lambda: _bells(db) == 16, "it sleeps")
        _terminate(db, "faultline listen")
        until(lambda: _bells(db) == 16, "it sleeps again, with its bells")
        enqueue(db, "fine")
        until(lambda: states(db) == {"succeeded": 1}, "the job has run", seconds=10)


def test_the_doorbell_comes_back_if_it_broke_right_after_it_was_armed(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last answer was read, the end of the connection right behind it: the runner holds no bell then."""
    ask, listen = Doorbell._ask, Doorbell._listen
    asked: list[str] = []
    broken: list[int] = []

    async def ask_and_tell(self: Doorbell, query: LiteralString, parameters: Sequence[object] = ()) -> Any:
        asked.append(query)
        return await ask(self, query, parameters)

    def listen_to_the_end(self: Doorbell, link: Link) -> None:
        if "xact_id" in "".join(asked[-1:]) and not broken:
            broken.append(_terminate(db, "faultline listen"))
            pgconn = link.connection.pgconn
            select.select([pgconn.socket], [], [], 10)
            pgconn.consume_input()  # the server's last words, which may come in one piece with its answer
            select.select([pgconn.socket], [], [], 10)
        listen(self, link)

    monkeypatch.setattr(Doorbell, "_ask", ask_and_tell)
    monkeypatch.setattr(Doorbell, "_listen", listen_to_the_end)
    with Running(app_of(fine=fine), db, poll=60.0):
        until(lambda: broken == [1], "its connection broke")
        until(lambda: _bells(db) == 16, "it sleeps, with its bells")
        enqueue(db, "fine")
        until(lambda: states(db) == {"succeeded": 1}, "the job has run", seconds=10)


# Leases.


def test_a_lease_is_renewed_as_long_as_the_handler_runs(db: Database) -> None:
    (job_id,) = enqueue(db, "nap", '{"seconds": 2.5}')
    with Running(app_of(nap=nap), db, lease=1.0), Running(app_of(nap=nap), db, queues=("other",)):
        until(lambda: state(db, job_id) == "succeeded", "it is done")
    assert job(db, job_id)["attempt"] == 1
    assert events(db, "expire") == []
    assert events(db, "stale") == []


def test_a_beat_never_takes_for_stale_what_was_reported_meanwhile(db: Database) -> None:
    async def spread(job: Job) -> None:
        await asyncio.sleep(0.55 + job.id % 400 / 1000)

    # The lease is long: of a report that takes longer than a third of it a beat may find the job gone.
    enqueue(db, "spread", count=6000)
    with Running(app_of(spread=spread), db, lease=3.0, concurrency=1500, until_empty=True) as running:
        running.join()
    assert states(db) == {"succeeded": 6000}
    assert events(db, "stale") == []


def test_a_job_that_was_cancelled_ends_its_coroutine(db: Database) -> None:
    seen: list[bool] = []

    async def wait(job: Job) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append(job.cancelled)

    (job_id,) = enqueue(db, "wait")
    with Running(app_of(wait=wait), db, lease=1.0) as running:
        until(lambda: state(db, job_id) == "running", "it runs")
        assert db.scalar("select faultline.cancel_job(%s)", job_id) == "requested"
        until(lambda: state(db, job_id) == "cancelled", "it is cancelled")
        until(lambda: running.runner.metrics.of("default", "wait").outcomes == {"cancelled": 1}, "it is counted")
    assert seen == [True]
    assert [attempt for _, attempt, _ in events(db, "cancelled")] == [1]
    assert_sound(db)


def test_a_plain_function_sees_that_its_job_was_cancelled_and_may_finish_it(db: Database) -> None:
    def stop(job: Job) -> None:
        while not job.cancelled:
            time.sleep(0.01)
        raise InterruptedError

    def finish(job: Job) -> str:
        while not job.cancelled:
            time.sleep(0.01)
        return "finished all the same"

    (stopped,) = enqueue(db, "stop")
    (finished,) = enqueue(db, "finish")
    with Running(app_of(stop=stop, finish=finish), db, lease=1.0):
        until(lambda: states(db) == {"running": 2}, "both run")
        db.execute("select faultline.cancel_job(job_id) from faultline.jobs_live")
        until(lambda: states(db) == {"cancelled": 1, "succeeded": 1}, "both have ended")
    assert state(db, stopped) == "cancelled"
    assert job(db, finished)["result"] == "finished all the same"


def test_an_attempt_whose_lease_was_lost_is_told_to_stop_and_changes_nothing(db: Database) -> None:
    ended = threading.Event()

    async def wait(job: Job) -> str:
        if job.attempt > 1:
            return "second"
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return "first"

    (job_id,) = enqueue(db, "wait", queue="mine")
    with Running(app_of(wait=wait), db, lease=1.0, metrics_port=0) as running:
        until(lambda: state(db, job_id) == "running", "it runs")
        _expire(db, job_id, "1h")
        until(ended.is_set, "the handler is told")
        until(lambda: not running.runner.metrics.unreported(), "that is over")
        db.execute("update faultline.jobs_live set ready_at = clock_timestamp()")
        until(lambda: state(db, job_id) == "succeeded", "the second attempt has run")
        metrics = running.get("/metrics")[1]
    assert job(db, job_id)["result"] == "second"
    assert sample(metrics, "faultline_leases_expired_total") == 1
    assert sample(metrics, "faultline_stale_reports_total") == 1
    assert [detail["verb"] for _, _, detail in events(db, "stale")] == ["heartbeat"]
    assert_sound(db)


@pytest.mark.parametrize("how", ["returns", "raises", "snoozes"])
def test_a_report_that_comes_too_late_is_refused_recorded_and_counted(db: Database, how: str) -> None:
    gate = threading.Event()

    def wait(job: Job) -> str:
        if job.attempt > 1:
            return "second"
        gate.wait(30)
        if how == "returns":
            return "first"
        if how == "snoozes":
            raise Snooze("1h")
        raise ValueError("first")

    (job_id,) = enqueue(db, "wait")
    # A long lease, so that no heartbeat comes between; another process reaps.
    with Running(app_of(wait=wait), db, lease=3600.0) as running:
        until(lambda: state(db, job_id) == "running", "it runs")
        _expire(db, job_id)
        until(lambda: job(db, job_id)["result"] == "second", "the second attempt has run, here, beside the first")
        gate.set()
        verb = {"returns": "complete", "raises": "fail", "snoozes": "snooze"}[how]
        until(lambda: running.runner.metrics.stale[verb] == 1, "the refusal is counted")
        until(lambda: [detail["verb"] for _, _, detail in events(db, "stale")] == [verb], "and recorded")
    assert job(db, job_id)["result"] == "second"
    assert running.runner.metrics.of("default", "wait").outcomes == {"stale": 1}


def _expire(db: Database, job_id: int, delay: str = "1ms") -> None:
    """Let the lease pass, and somebody notice; the job may run again after `delay`."""
    db.execute(
        "update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s',"
        " backoff = jsonb_build_object('kind', 'fixed', 'delay', %s::text, 'jitter', 0) where job_id = %s",
        delay,
        job_id,
    )
    assert db.scalar("select faultline.reap_expired()") in {0, 1}


# Stopping.


def test_stopping_lets_handlers_finish_and_gives_the_rest_back_uncharged(db: Database) -> None:
    ids = enqueue(db, "nap", '{"seconds": 0.4}', count=8)
    with Running(app_of(nap=nap), db, concurrency=3, poll=0.05) as running:
        until(lambda: states(db).get("running", 0) >= 3, "they run")
        running.runner.stop()
        assert running.join() == 0
    assert states(db) == {"succeeded": 3, "queued": 5}
    assert [state(db, job_id) for job_id in ids[:3]] == ["succeeded"] * 3
    assert db.scalar("select sum(failures) from faultline.jobs_live") == 0
    assert db.rows("select * from faultline.runners") == []


@pytest.mark.parametrize("hurry", [False, True])
def test_handlers_that_take_longer_than_the_grace_are_given_back(db: Database, hurry: bool) -> None:
    gate = threading.Event()
    seen: list[bool] = []

    async def wait(job: Job) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append(job.cancelled)

    def thread(job: Job) -> None:
        gate.wait(30)

    enqueue(db, "wait")
    enqueue(db, "thread")
    with Running(app_of(wait=wait, thread=thread), db, grace=60.0 if hurry else 0.2) as running:
        until(lambda: states(db) == {"running": 2}, "both run")
        running.runner.stop()
        if hurry:
            time.sleep(0.1)
            running.runner.stop()
        assert running.join() == 0
    gate.set()
    assert seen == [True]
    assert states(db) == {"queued": 2}
    assert db.scalar("select sum(failures) from faultline.jobs_live") == 0
    assert len(events(db, "release")) == 2


def test_a_runner_shows_that_it_is_there_and_leaves_the_list_when_it_ends(db: Database) -> None:
    with Running(app_of(fine=fine), db, queues=("a", "b")) as running:
        until(lambda: db.rows("select * from faultline.runners"), "it is registered")
        ((runner, queues),) = db.rows("select runner, queues from faultline.runner_overview")
        assert (runner, queues) == (running.runner.id, ["a", "b"])
    assert db.rows("select * from faultline.runners") == []


def test_a_signal_ends_a_process_gently(db: Database, module: Path) -> None:
    enqueue(db, "block", '{"seconds": 0.5}')
    with process(module, as_runner(db.dsn), "jobs:app") as runner:
        until(lambda: states(db) == {"running": 1}, "it runs")
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0
        output = runner.output()
    assert states(db) == {"succeeded": 1}
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["message"] for line in lines][-1] == "stopped after 1 attempt"
    assert "Traceback" not in output


def test_a_process_reads_any_payload_whatever_encoding_its_environment_asks_for(db: Database, module: Path) -> None:
    (job_id,) = enqueue(db, "quick", '{"text": "Käse ☃"}')
    latin1 = {"PGCLIENTENCODING": "LATIN1"}
    with process(module, as_runner(db.dsn), "jobs:app", "--until-empty", env=latin1) as runner:
        assert runner.wait() == 0
    assert job(db, job_id)["result"] == {"text": "Käse ☃"}


def test_the_end_of_its_terminal_ends_a_process_gently_however_often_it_is_told(db: Database, module: Path) -> None:
    enqueue(db, "block", '{"seconds": 1}')
    with process(module, as_runner(db.dsn), "jobs:app") as runner:
        until(lambda: states(db) == {"running": 1}, "it runs")
        for _ in range(3):
            runner.signal(signal.SIGHUP)
            time.sleep(0.05)
        assert runner.wait() == 0
    assert states(db) == {"succeeded": 1}


def test_the_end_of_its_terminal_is_nothing_to_a_process_that_began_with_it_ignored(db: Database, module: Path) -> None:
    enqueue(db, "block", '{"seconds": 0.2}')
    with process(module, as_runner(db.dsn), "jobs:app", ignored="HUP") as runner:
        until(lambda: states(db) == {"running": 1}, "it runs")
        runner.signal(signal.SIGHUP)
        until(lambda: states(db) == {"succeeded": 1}, "it goes on")
        (job_id,) = enqueue(db, "quick")
        until(lambda: state(db, job_id) == "succeeded", "and on")
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0


def test_a_handler_that_hangs_for_ever_does_not_keep_the_process(db: Database, module: Path) -> None:
    enqueue(db, "block", '{"seconds": 600}')
    with process(module, as_runner(db.dsn), "jobs:app", "--grace", "100ms") as runner:
        until(lambda: states(db) == {"running": 1}, "it runs")
        runner.signal(signal.SIGINT)
        assert runner.wait(15) == 0
    assert states(db) == {"queued": 1}
    assert db.scalar("select failures from faultline.jobs_live") == 0


def test_a_process_that_wakes_up_says_once_that_it_does_not_start_what_it_had_in_stock(
    db: Database, module: Path
) -> None:
    enqueue(db, "nap", count=5000)
    held = "select count(*)::int, max(lease_expires_at) < clock_timestamp() from faultline.jobs_live where attempt > 0"
    told = "is not started: its lease may be lost"
    with (
        Proxy(as_runner(db.dsn)) as proxy,
        process(module, proxy.dsn, "jobs:app", "--lease", "1s", "--concurrency", "4", "--until-empty") as runner,
    ):
        # No heartbeat may tell it first: what that says is lost is dropped without a word.
        proxy.freeze("faultline heartbeat")
        until(lambda: proxy.frozen and states(db).get("running", 0) > 40, "it has a stock, and no heartbeat")
        proxy.refuse = True
        runner.signal(signal.SIGSTOP)
        until(lambda: db.rows(held)[0][1], "all of its leases are over")
        (stock, _) = db.rows(held)[0]
        runner.signal(signal.SIGCONT)
        until(lambda: told in runner.output(), "it says so")
        proxy.refuse = False
        proxy.thaw()
        assert runner.wait() == 0
        output = runner.output()
    assert stock > 20
    assert "given back unstarted" not in output
    assert 1 <= output.count(told) <= 5
    assert_sound(db)


# Crashes.


def test_ten_thousand_jobs_survive_the_death_of_their_runner(db: Database, module: Path) -> None:
    enqueue(db, "nap", count=10_000)
    dsn = as_runner(db.dsn)
    with process(module, dsn, "jobs:app", "--lease", "1s", "--concurrency", "50") as victim:
        until(lambda: states(db).get("succeeded", 0) > 1000, "it is in the middle of it")
        victim.signal(signal.SIGKILL)
        victim.wait()
    left = states(db)
    assert left["running"] > 0, "the crash left jobs behind"
    with process(module, dsn, "jobs:app", "--lease", "1s", "--concurrency", "100", "--until-empty") as successor:
        assert successor.wait() == 0
    assert states(db) == {"succeeded": 10_000}
    assert len(events(db, "expire")) == left["running"]
    assert db.scalar("select count(*) from faultline.jobs where attempt > 1") == left["running"]
    assert_sound(db)


def test_a_process_frozen_beyond_its_lease_is_refused_when_it_wakes(db: Database, module: Path) -> None:
    (job_id,) = enqueue(db, "block", '{"seconds": 1}', backoff='{"kind": "fixed", "delay": "1ms"}')
    dsn = as_runner(db.dsn)
    with process(module, dsn, "jobs:app", "--lease", "1s", "--metrics-port", _port()) as frozen:
        until(lambda: state(db, job_id) == "running", "it runs")
        frozen.signal(signal.SIGSTOP)
        with Running(app_of(block=fine), db):
            until(lambda: state(db, job_id) == "succeeded", "another has taken over")
        frozen.signal(signal.SIGCONT)
        until(lambda: events(db, "stale"), "the frozen one was refused")
        port = int(re.findall(r"http://127.0.0.1:(\d+)/", frozen.output())[0])
        until(lambda: sample(fetch(port, "/metrics")[1], "faultline_stale_reports_total") >= 1, "and counted it")
    assert job(db, job_id)["result"] == 2, "the first attempt changed nothing"
    assert {(stale, attempt) for stale, attempt, _ in events(db, "stale")} == {(job_id, 1)}
    assert_sound(db)


def _port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


# Broken connections.


def _terminate(db: Database, application: str) -> int:
    query = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = %s and datname = current_database()"
    )
    return len(db.rows(query, application))


@pytest.mark.parametrize("application", ["faultline claim", "faultline report", "faultline heartbeat"])
def test_connections_that_break_in_the_middle_lose_nothing(db: Database, application: str) -> None:
    enqueue(db, "nap", count=3000)
    with Running(app_of(nap=nap), db, until_empty=True, concurrency=50, lease=6.0) as running:
        for number in range(1, 6):
            _until_more_than(db, 400 * number)
            _terminate(db, application)
        assert running.join() == 0
    assert states(db) == {"succeeded": 3000}
    assert events(db, "expire") == [], "what a lost claim held was given back, not left to expire"
    assert events(db, "stale") == []
    assert_sound(db)


@pytest.mark.parametrize("application", ["faultline claim", "faultline report"])
def test_an_answer_that_never_arrives_is_asked_for_again(db: Database, application: str) -> None:
    """The server has committed, and the reply is lost: the claim is given back, the report repeated."""
    with Proxy(as_runner(db.dsn)) as proxy, Running(app_of(nap=nap), db, dsn=proxy.dsn, concurrency=50):
        for number in range(1, 6):
            enqueue(db, "nap", count=200)
            proxy.swallow(application)
            enqueue(db, "nap", count=200)
            _until_swallowed(proxy, number)
        until(lambda: states(db) == {"succeeded": 2000}, "all is done")
    assert db.scalar("select count(*) from faultline.job_events where verb in ('expire', 'fail', 'stale')") == 0
    assert_sound(db)


def _until_swallowed(proxy: Proxy, count: int) -> None:
    until(lambda: len(proxy.swallowed) == count, "an answer was lost")


def test_a_failure_whose_answer_is_lost_is_charged_once(db: Database) -> None:
    async def boom(job: Job) -> None:
        raise ValueError

    with Proxy(as_runner(db.dsn)) as proxy, Running(app_of(boom=boom), db, dsn=proxy.dsn):
        until(lambda: _bells(db) == 16, "it sleeps")
        for _ in range(3):
            enqueue(db, "boom", max_attempts=2, backoff='{"kind": "fixed", "delay": "1h", "max_delay": "1h"}')
            proxy.swallow("faultline report")
            enqueue(db, "boom", max_attempts=2, backoff='{"kind": "fixed", "delay": "1h", "max_delay": "1h"}')
        until(lambda: db.scalar("select count(*) from faultline.jobs_live where failures = 1") == 6, "all have failed")
        assert proxy.swallowed
    assert {detail["failures"] for _, _, detail in events(db, "fail")} == {1}
    assert len(events(db, "fail")) == 6


def test_a_heartbeat_into_a_dead_connection_is_noticed_before_the_lease_is_lost(db: Database) -> None:
    (job_id,) = enqueue(db, "nap", '{"seconds": 5.5}')
    with Proxy(as_runner(db.dsn)) as proxy, Running(app_of(nap=nap), db, dsn=proxy.dsn, lease=4.0):
        until(lambda: state(db, job_id) == "running", "it runs")
        proxy.freeze("faultline heartbeat")
        until(lambda: state(db, job_id) != "running", "it has ended")
    assert (state(db, job_id), job(db, job_id)["attempt"]) == ("succeeded", 1)
    assert events(db, "expire") == []


def test_a_dead_connection_for_reports_is_replaced(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CALL_SECONDS", 0.5)
    with Proxy(as_runner(db.dsn)) as proxy, Running(app_of(nap=nap), db, dsn=proxy.dsn):
        enqueue(db, "nap")
        until(lambda: states(db) == {"succeeded": 1}, "it works")
        proxy.freeze("faultline report")
        enqueue(db, "nap", count=10)
        until(lambda: states(db) == {"succeeded": 11}, "it works again")


def test_a_database_that_goes_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "faultline")
    with Server(fsync=False, config={"synchronous_commit": "on"}) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("create database crash")
        install(server.dsn("crash"))
        db = Database(server, "crash")
        enqueue(db, "nap", '{"seconds": 0.01}', count=1000)
        (long,) = enqueue(db, "nap", '{"seconds": 1.5}', priority=1)
        with Running(app_of(nap=nap), db, metrics_port=0, concurrency=20, lease=30.0) as running:
            until(lambda: states(db).get("succeeded", 0) > 50, "it is at work")
            server.stop("immediate")
            until(lambda: running.get("/ready")[0] == 503, "it says that it is not ready")
            status, body = running.get("/health")
            health = json.loads(body)
            assert (status, health["status"], health["database"]["up"]) == (200, "ok", False)
            assert "faultline_database_up 0.0" in running.get("/metrics")[1]
            time.sleep(0.5)
            server.start()
            db.close()
            until(lambda: states(db) == {"succeeded": 1001}, "all is done")
            until(lambda: running.get("/ready")[0] == 200, "it is ready again")
            until(lambda: "faultline_database_up 1.0" in running.get("/metrics")[1], "and says so")
        assert state(db, long) == "succeeded"
        assert job(db, long)["attempt"] == 1, "the handler in flight went on, and its report was accepted"
        assert events(db, "expire") == []
        assert_sound(db)
        db.close()
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "the database does not answer" in line]) == 1
    assert len([line for line in said if "the database answers again" in line]) == 1


def test_stopping_while_the_database_is_away_ends_and_says_what_could_not_be_reported(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultline.runner.REPORT_SECONDS", 0.5)
    gate = threading.Event()

    def wait(job: Job) -> None:
        gate.wait(30)

    with Server(fsync=False, config={"synchronous_commit": "on"}) as server:
        install(server.dsn())
        db = Database(server, "postgres")
        enqueue(db, "wait")
        with Running(app_of(wait=wait), db, grace=1.0) as running:
            until(lambda: states(db) == {"running": 1}, "it runs")
            db.close()
            server.stop("immediate")
            gate.set()
            running.runner.stop()
            assert running.join() == 1
    assert "could not report 1 result:" in caplog.text


def test_a_database_whose_default_is_repeatable_read_makes_no_difference(own: Database) -> None:
    own.execute(f"alter database {own.name} set default_transaction_isolation to 'repeatable read'")
    enqueue(own, "nap", count=500)
    with Running(app_of(nap=nap), own) as first, Running(app_of(nap=nap), own) as second:
        until(lambda: states(own) == {"succeeded": 500}, "all is done")
        until(lambda: first.runner.metrics.finished() + second.runner.metrics.finished() == 500, "they know")
    assert_sound(own)


# A pooler in transaction mode.


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_works_through_pgbouncer_in_transaction_mode(
    own: Database, caplog: pytest.LogCaptureFixture, isolation: str
) -> None:
    own.execute(f"alter database {own.name} set default_transaction_isolation to '{isolation}'")

    async def boom(job: Job) -> None:
        raise ValueError

    both = app_of(nap=nap, boom=boom)
    with (
        pooled(own.dsn, _login(own)) as dsn,
        Running(both, own, dsn=dsn, lease=3.0, poll=0.05, metrics_port=0) as first,
        Running(both, own, dsn=dsn, poll=0.05, listen_dsn=as_runner(own.dsn)) as second,
    ):
        enqueue(own, "nap", count=1500)
        enqueue(own, "boom", count=5, max_attempts=1)
        enqueue(own, "nap", '{"seconds": 3.5}')
        until(lambda: states(own) == {"succeeded": 1501, "failed": 5}, "all is done")
        assert "faultline_queue_depth" in first.get("/metrics")[1]
        until(lambda: _bells(own) == 16, "the one with a direct connection holds its bells")
        enqueue(own, "nap")
        until(lambda: states(own) == {"succeeded": 1502, "failed": 5}, "and is woken")
        assert second.runner.metrics.wakeups >= 1
    assert events(own, "stale") == []
    assert events(own, "expire") == []
    said = [record.getMessage() for record in caplog.records if "goes through a pooler" in record.getMessage()]
    assert len(said) == 1
    assert_sound(own)


def _login(db: Database) -> str:
    """A role that may log in and has the rights of a runner: the pooler connects as it."""
    name = "pooled_runner"
    if not db.rows("select from pg_roles where rolname = %s", name):
        db.execute(f"create role {name} login in role faultline_runner")
    return name


# Starting.


def test_an_app_without_handlers_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no handler"):
        Runner(App(), RunnerOptions())


def test_a_database_that_does_not_answer_at_the_start_is_an_error() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot connect to"):
        Runner(app_of(fine=fine), RunnerOptions(dsn="host=/nonexistent dbname=x")).run()


def test_a_database_without_the_schema_or_with_another_version_is_an_error(own: Database) -> None:
    with pytest.raises(SchemaMissing, match=r"no schema faultline.*faultline install"):
        Runner(app_of(fine=fine), RunnerOptions(dsn=own.server.dsn())).run()
    own.execute(
        "create or replace function faultline.schema_version() returns text language sql as $$ select '9.9.9' $$"
    )
    with pytest.raises(SchemaMismatch, match=r"version 9\.9\.9"):
        Runner(app_of(fine=fine), RunnerOptions(dsn=own.dsn)).run()


def test_a_role_without_rights_is_told_which_it_needs(db: Database) -> None:
    db.execute("create role nobody_special login")
    try:
        with pytest.raises(SchemaMissing, match='grant faultline_runner to "nobody_special"'):
            Runner(app_of(fine=fine), RunnerOptions(dsn=db.server.dsn(db.name, "nobody_special"))).run()
    finally:
        db.execute("drop role nobody_special")


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind(db: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidArgument, match=f"cannot serve metrics on 127.0.0.1:{port}"):
            Runner(app_of(fine=fine), RunnerOptions(dsn=as_runner(db.dsn), metrics_port=port)).run()
    assert not [name for name in threading.enumerate() if name.name.startswith("faultline")]


# What it shows.


def test_health_and_readiness_are_json(db: Database) -> None:
    with Running(app_of(fine=fine), db, metrics_port=0) as running:
        until(lambda: running.get("/ready") == (200, '{"ready": true}\n'), "it is ready")
        status, body = running.get("/health")
        shown = json.loads(body)
        assert (status, shown["status"], shown["runner"]) == (200, "ok", str(running.runner.id))
        assert shown["slots"] == {"busy": 0, "idle": 20, "stuck": 0, "prefetched": 0}
        assert running.get("/nothing")[0] == 404
        for path, expected in (("/health", 200), ("/ready", 200), ("/metrics", 200), ("/nothing", 404)):
            assert fetch(running.runner.port, path, "HEAD") == (expected, ""), path


@pytest.mark.parametrize(("chosen", "kept"), [("", False), ("gc.set_threshold(900, 5, 5)", True)])
def test_the_collector_runs_less_often_unless_somebody_has_chosen_how_often(chosen: str, kept: bool) -> None:
    program = (
        f"import gc; {chosen}\nfrom faultline import runner\nrunner._collect_less_often()\nprint(gc.get_threshold())"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
    assert said == ("(900, 5, 5)" if kept else "(20000, 20, 20)")
