"""What a handler may do, and what becomes of its job: every way to end, on the loop and in threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from faultline import App, Discard, Job, RetryLater, Snooze
from tests.support.running import (
    Running,
    assert_sound,
    drain,
    enqueue,
    events,
    job,
    sample,
    state,
    states,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.database import Database


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


def app_of(**handlers: Callable[[Job], Any]) -> App:
    app = App()
    for name, function in handlers.items():
        app.handler(name)(function)
    return app


# Success.


def test_a_handler_gets_its_job_and_what_it_returns_is_the_result(db: Database) -> None:
    seen: dict[str, Job] = {}

    async def on_loop(job: Job) -> dict[str, Any]:
        seen["on_loop"] = job
        return {"got": job.payload["text"], "quote": '"\\', "nothing": None}

    def in_thread(job: Job) -> list[int]:
        seen["in_thread"] = job
        assert threading.current_thread() is not threading.main_thread()
        return [1, 2]

    options: dict[str, Any] = {"queue": "mail", "priority": 3, "max_attempts": 4, "timeout": "90 s", "tags": ["x", "y"]}
    (first,) = enqueue(db, "on_loop", '{"text": "ä☃"}', headers='{"trace": [1]}', **options)
    (second,) = enqueue(db, "in_thread")
    drain(app_of(on_loop=on_loop, in_thread=in_thread), db)
    assert job(db, first)["result"] == {"got": "ä☃", "quote": '"\\', "nothing": None}
    assert job(db, second)["result"] == [1, 2]
    given = seen["on_loop"]
    assert (given.id, given.type, given.queue, given.attempt) == (first, "on_loop", "mail", 1)
    assert (given.priority, given.max_attempts, given.failures, given.tags) == (3, 4, 0, ["x", "y"])
    assert (given.headers, given.timeout_seconds, given.run_id, given.task) == ({"trace": [1]}, 90.0, None, None)
    assert given.timeout is not None
    assert given.timeout.total_seconds() == 90
    assert abs(given.created_at.timestamp() - time.time()) < 60
    assert given.created_at <= given.run_at <= given.started_at
    assert (seen["in_thread"].tags, seen["in_thread"].headers, seen["in_thread"].timeout) == ([], {}, None)
    assert repr(given) == f"<Job {first} 'on_loop', attempt 1, queue 'mail'>"
    assert_sound(db)


@pytest.mark.parametrize(
    "result", [None, 0, False, "", [], {}, "null", '"', "\\", "{NULL,x}", "a\nb", 1.5, "\U0001f600"]
)
def test_every_kind_of_result_is_kept_as_it_is(shared_results: dict[str, Any], result: Any) -> None:
    assert shared_results[repr(result)] == result


@pytest.fixture(scope="module")
def shared_results(shared: Database) -> dict[str, Any]:
    results: list[Any] = [None, 0, False, "", [], {}, "null", '"', "\\", "{NULL,x}", "a\nb", 1.5, "\U0001f600"]

    async def give(job: Job) -> Any:
        return results[job.payload["n"]]

    ids = [enqueue(shared, "give", f'{{"n": {n}}}')[0] for n in range(len(results))]
    drain(app_of(give=give), shared)
    return {repr(result): job(shared, job_id)["result"] for result, job_id in zip(results, ids, strict=True)}


# Failure.


def test_an_error_keeps_type_message_and_the_handlers_own_traceback(db: Database) -> None:
    class CustomError(Exception):
        pass

    def deeper() -> None:
        raise CustomError("went \x00 wrong \x1b[31m \udcff " + "x" * 5000)

    async def at_once(job: Job) -> None:
        deeper()

    async def later(job: Job) -> None:
        await asyncio.sleep(0.001)
        deeper()

    def thread(job: Job) -> None:
        deeper()

    ids = {name: enqueue(db, name, max_attempts=1)[0] for name in ("at_once", "later", "thread")}
    drain(app_of(at_once=at_once, later=later, thread=thread), db)
    for name, job_id in ids.items():
        error = job(db, job_id)["error"]
        assert error["type"] == "CustomError"
        assert error["message"].startswith("went \ufffd wrong \ufffd[31m \ufffd xxx")
        assert len(error["message"]) < 2100
        lines = error["traceback"].splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert f"in {name}" in lines[1], "the runner's own frames are nobody's business"
        assert "in deeper" in error["traceback"]
        assert len(error["traceback"]) < 8100
    assert states(db) == {"failed": 3}
    assert_sound(db)


def test_a_failure_is_retried_with_backoff_until_the_attempts_are_used_up(db: Database) -> None:
    attempts: list[int] = []

    async def boom(job: Job) -> None:
        attempts.append(job.failures)
        raise ValueError(len(attempts))

    (job_id,) = enqueue(db, "boom", max_attempts=3, backoff='{"kind": "fixed", "delay": "20ms"}')
    runner = drain(app_of(boom=boom), db)
    assert attempts == [0, 1, 2]
    assert job(db, job_id)["error"]["message"] == "3"
    assert state(db, job_id) == "failed"
    series = runner.metrics.of("default", "boom")
    assert (series.outcomes, series.retries, series.succeeded) == ({"failed": 3}, 2, 0)


@pytest.mark.parametrize("kind", ["on_loop", "after_await", "in_thread"])
@pytest.mark.parametrize(
    "raised", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError("mine"), GeneratorExit()]
)
def test_whatever_a_handler_raises_fails_its_job_alone(db: Database, kind: str, raised: BaseException) -> None:
    async def on_loop(job: Job) -> None:
        raise raised

    async def after_await(job: Job) -> None:
        await asyncio.sleep(0.001)
        raise raised

    def in_thread(job: Job) -> None:
        raise raised

    async def fine(job: Job) -> str:
        await asyncio.sleep(0.001)
        return "fine"

    (bad,) = enqueue(db, "bad", max_attempts=1)
    good = enqueue(db, "fine", count=5)
    function = {"on_loop": on_loop, "after_await": after_await, "in_thread": in_thread}[kind]
    drain(app_of(bad=function, fine=fine), db)
    assert job(db, bad)["error"]["type"] == type(raised).__name__
    assert state(db, bad) == "failed"
    assert [job(db, one)["result"] for one in good] == ["fine"] * 5


def test_an_exception_that_can_not_be_shown_fails_its_job_all_the_same(db: Database) -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    async def bad(job: Job) -> None:
        raise UnprintableError

    (job_id,) = enqueue(db, "bad", max_attempts=1)
    drain(app_of(bad=bad), db)
    assert job(db, job_id)["error"]["type"] == "UnprintableError"
    assert "can't be shown" in job(db, job_id)["error"]["message"]


def test_a_task_of_a_handler_that_exits_does_not_end_the_runner(db: Database) -> None:
    async def careless(job: Job) -> None:
        async def leave() -> None:
            raise SystemExit(1)

        with pytest.raises(SystemExit):
            await asyncio.create_task(leave())

    async def fine(job: Job) -> None: ...

    enqueue(db, "careless")
    enqueue(db, "fine", count=3)
    drain(app_of(careless=careless, fine=fine), db)
    assert states(db) == {"succeeded": 4}


def test_a_wrong_signature_or_a_forgotten_async_is_said_clearly(db: Database) -> None:
    async def no_argument() -> None: ...

    async def coroutine(job: Job) -> None: ...

    def forgot(job: Job) -> Any:
        return coroutine(job)

    (first,) = enqueue(db, "no_argument", max_attempts=1)
    (second,) = enqueue(db, "forgot", max_attempts=1)
    drain(app_of(no_argument=no_argument, forgot=forgot), db)  # type: ignore[arg-type]
    assert job(db, first)["error"]["type"] == "TypeError"
    assert "make it async" in job(db, second)["error"]["message"]


# The three other outcomes.


def test_discard_is_final_at_once(db: Database) -> None:
    async def bad(job: Job) -> None:
        raise Discard("the customer is gone")

    (job_id,) = enqueue(db, "bad")
    drain(app_of(bad=bad), db)
    shown = job(db, job_id)
    assert (shown["state"], shown["attempt"]) == ("failed", 1)
    assert shown["error"] == {"type": "Discard", "message": "the customer is gone"}


def test_snooze_charges_nothing(db: Database) -> None:
    attempts: list[int] = []

    def later(job: Job) -> str:
        attempts.append(job.failures)
        if len(attempts) < 4:
            raise Snooze("10ms")
        return "done"

    (job_id,) = enqueue(db, "later", max_attempts=1)
    drain(app_of(later=later), db)
    assert attempts == [0, 0, 0, 0]
    assert job(db, job_id)["result"] == "done"
    assert [attempt for _, attempt, _ in events(db, "snooze")] == [1, 2, 3]


def test_retry_later_is_charged_and_waits_as_long_as_it_says(db: Database) -> None:
    async def later(job: Job) -> str:
        await asyncio.sleep(0)
        if job.failures == 0:
            raise RetryLater(0.01, "rate limit")
        return "done"

    (job_id,) = enqueue(db, "later", backoff='{"kind": "fixed", "delay": "1h", "max_delay": "1h"}')
    drain(app_of(later=later), db)
    assert job(db, job_id)["result"] == "done"
    ((_, _, detail),) = events(db, "fail")
    assert detail["error"] == {"type": "RetryLater", "message": "rate limit"}
    assert detail["failures"] == 1


# Results and payloads that are poison.


def test_a_result_that_can_not_be_stored_fails_its_job_alone_with_the_reason(db: Database) -> None:
    results = [float("nan"), {1, 2}, "a\0b", "\ud800", "x" * 300_000, object()]

    async def give(job: Job) -> Any:
        return results[job.payload["n"]] if "n" in job.payload else "good"

    bad = [enqueue(db, "give", f'{{"n": {n}}}')[0] for n in range(len(results))]
    good = enqueue(db, "give", count=20)
    drain(app_of(give=give), db)
    for job_id in bad:
        shown = job(db, job_id)
        assert (shown["state"], shown["attempt"]) == ("failed", 1)
        assert shown["error"]["type"] == "ResultError"
        assert shown["error"]["message"].startswith("the result of 'give' ")
    assert {job(db, job_id)["result"] for job_id in good} == {"good"}


def test_a_result_only_the_database_refuses_does_not_take_its_group_along(db: Database) -> None:
    """1e+22 is short as JSON and long as a numeric, so the limit on the text is passed only there."""

    async def give(job: Job) -> Any:
        return [1e22] * 30_000 if job.type == "bad" else 1

    before = enqueue(db, "give", count=25)
    (bad,) = enqueue(db, "bad")
    after = enqueue(db, "give", count=25)
    drain(app_of(give=give, bad=give), db, concurrency=100)
    shown = job(db, bad)
    assert (shown["state"], shown["attempt"], shown["error"]["type"]) == ("failed", 1, "ResultError")
    assert "can't be stored: the result of job" in shown["error"]["message"]
    assert {state(db, job_id) for job_id in before + after} == {"succeeded"}


def test_a_payload_that_can_not_be_decoded_fails_alone(db: Database) -> None:
    async def fine(job: Job) -> None: ...

    deep = "[" * 3000 + "]" * 3000
    poison = [
        enqueue(db, "fine", f'{{"deep": {deep}}}')[0],
        enqueue(db, "fine", f'{{"huge": 1{"0" * 5000}}}')[0],
        enqueue(db, "fine", '{"huge": 1e5000}')[0],
    ]
    good = enqueue(db, "fine", count=30)
    runner = drain(app_of(fine=fine), db)
    ended = db.rows("select job_id, state, error ->> 'type', attempt from faultline.jobs where state <> 'succeeded'")
    assert sorted(ended) == [(job_id, "failed", "PayloadError", 1) for job_id in poison]
    assert {state(db, job_id) for job_id in good} == {"succeeded"}
    assert runner.metrics.of("default", "fine").outcomes == {"discarded": 3}


def test_a_type_without_a_handler_is_released_with_a_growing_delay_and_said_once(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def fine(job: Job) -> None: ...

    unknown = enqueue(db, "elsewhere", count=5)
    (good,) = enqueue(db, "fine")
    with Running(app_of(fine=fine), db) as running:
        until(lambda: len(events(db, "release")) == 5 and state(db, good) == "succeeded", "all are released")
        first = db.scalar(
            "select extract(epoch from min(ready_at) - clock_timestamp())::float8 from faultline.jobs_live"
        )
        assert 2 < first < 5.1
        db.execute("update faultline.jobs_live set ready_at = clock_timestamp()")
        until(lambda: len(events(db, "release")) == 10, "all are released again")
        second = db.scalar(
            "select extract(epoch from min(ready_at) - clock_timestamp())::float8 from faultline.jobs_live"
        )
        assert second > 6
        outcomes = running.runner.metrics.of("default", "elsewhere").outcomes
        until(lambda: outcomes == {"unknown_type": 10}, "all are counted")
    assert {(state(db, job_id), job(db, job_id)["attempt"]) for job_id in unknown} == {("queued", 2)}
    assert db.scalar("select max(failures) from faultline.jobs_live") == 0
    said = [record.getMessage() for record in caplog.records if "no handler" in record.getMessage()]
    assert len(said) == 1
    assert "'elsewhere'" in said[0]


# Time.


def test_a_coroutine_beyond_its_timeout_is_cancelled_and_charged(db: Database) -> None:
    cleaned: list[bool] = []

    async def slow(job: Job) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(job.cancelled)

    (job_id,) = enqueue(db, "slow", max_attempts=1, timeout="50 ms")
    runner = drain(app_of(slow=slow), db)
    assert cleaned == [True]
    error = job(db, job_id)["error"]
    assert (error["type"], error["message"]) == ("TimeoutError", "the handler ran longer than its timeout of 50ms")
    assert "in slow" in error["traceback"]
    assert "faultline/executor.py" not in error["traceback"], "frames of ours help nobody"
    assert runner.metrics.of("default", "slow").outcomes == {"timed_out": 1}


def test_the_handlers_timeout_counts_where_the_job_has_none(db: Database) -> None:
    app = App()

    @app.handler("slow", timeout="20ms")
    async def slow(job: Job) -> None:
        await asyncio.sleep(0.1)

    (bounded,) = enqueue(db, "slow", max_attempts=1)
    (own,) = enqueue(db, "slow", max_attempts=1, timeout="10 s")
    drain(app, db)
    assert (state(db, bounded), state(db, own)) == ("failed", "succeeded")


def test_a_coroutine_that_finishes_in_spite_of_its_timeout_has_finished(db: Database) -> None:
    async def stubborn(job: Job) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "done all the same"
        return "not reached"

    (job_id,) = enqueue(db, "stubborn", max_attempts=1, timeout="20 ms")
    drain(app_of(stubborn=stubborn), db)
    assert job(db, job_id)["result"] == "done all the same"


def test_a_thread_beyond_its_timeout_is_reported_and_keeps_its_slot(db: Database) -> None:
    release = threading.Event()
    seen: list[bool] = []

    def hang(job: Job) -> str:
        release.wait(30)
        seen.append(job.cancelled)
        return "too late"

    async def fine(job: Job) -> None: ...

    (job_id,) = enqueue(db, "hang", max_attempts=1, timeout="50 ms")
    with Running(app_of(hang=hang, fine=fine), db, concurrency=2, metrics_port=0) as running:
        until(lambda: state(db, job_id) == "failed", "the timeout is reported")
        assert job(db, job_id)["error"]["type"] == "TimeoutError"
        enqueue(db, "fine", count=20)
        until(lambda: states(db) == {"failed": 1, "succeeded": 20}, "the other slot works on")
        until(lambda: 'state="busy"} 1.0' in running.get("/metrics")[1], "one slot is not free")
        assert 'faultline_runner_slots{state="stuck"} 1.0' in running.get("/metrics")[1]
        release.set()
        until(lambda: 'state="busy"} 0.0' in running.get("/metrics")[1], "the slot is free again")
        assert 'faultline_runner_slots{state="stuck"} 0.0' in running.get("/metrics")[1]
    assert seen == [True]
    assert state(db, job_id) == "failed"  # what came too late changed nothing


# What asyncio promises to a coroutine holds for a handler, though most never get a task of their own.


def test_current_task_and_timeouts_work_before_and_after_the_first_await(db: Database) -> None:
    async def handler(job: Job) -> str:
        mine = asyncio.current_task()
        assert mine is not None
        async with asyncio.timeout(5):  # noqa: ASYNC100 - it has to know its task before the first await
            pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(10)
        assert asyncio.current_task() is mine
        async with asyncio.TaskGroup() as group:
            child = group.create_task(asyncio.sleep(0.001, "from a child"))
        return child.result()

    ids = enqueue(db, "handler", count=30)
    drain(app_of(handler=handler), db, concurrency=4)
    assert {job(db, job_id)["result"] for job_id in ids} == {"from a child"}


def test_context_variables_of_one_job_are_not_seen_by_another(db: Database) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    seen: list[int | None] = []

    async def quick(job: Job) -> None:
        seen.append(variable.get(None))
        variable.set(job.id)

    async def slow(job: Job) -> bool:
        seen.append(variable.get(None))
        variable.set(job.id)
        await asyncio.sleep(0.001)
        same = variable.get() == job.id
        variable.set(-job.id)
        await asyncio.sleep(0.001)
        return same and variable.get() == -job.id

    def thread(job: Job) -> None:
        seen.append(variable.get(None))
        variable.set(job.id)

    for _ in range(5):
        for name in ("quick", "slow", "thread"):
            enqueue(db, name, count=3)
    drain(app_of(quick=quick, slow=slow, thread=thread), db, concurrency=3)
    assert seen == [None] * 45
    assert {row[0] for row in db.rows("select result from faultline.jobs where type = 'slow'")} == {True}


def test_a_handler_that_cancels_its_own_task_harms_nobody_else(db: Database) -> None:
    async def suicidal(job: Job) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return "gone"

    async def waits(job: Job) -> str:
        await asyncio.sleep(0.001)
        return "fine"

    for _ in range(10):
        enqueue(db, "suicidal")
        enqueue(db, "waits")
    drain(app_of(suicidal=suicidal, waits=waits), db)
    assert states(db) == {"succeeded": 20}


def test_never_more_handlers_at_a_time_than_slots(db: Database) -> None:
    running = 0
    most = 0

    async def on_loop(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1

    async def quick(job: Job) -> None: ...

    for _ in range(10):
        enqueue(db, "on_loop", count=5)
        enqueue(db, "quick", count=5)
    drain(app_of(on_loop=on_loop, quick=quick), db, concurrency=3)
    assert most == 3
    assert states(db) == {"succeeded": 100}


def test_as_many_threads_as_slots_and_no_more(db: Database) -> None:
    barrier = threading.Barrier(4)
    names: set[str] = set()

    def thread(job: Job) -> None:
        names.add(threading.current_thread().name)
        barrier.wait(10)

    enqueue(db, "thread", count=12)
    drain(app_of(thread=thread), db, concurrency=4)
    assert states(db) == {"succeeded": 12}
    assert len(names) == 4


def test_a_handler_that_keeps_the_loop_busy_keeps_its_lease_and_is_named(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def rude(job: Job) -> None:
        time.sleep(3.2)  # noqa: ASYNC251 - that is the point

    (job_id,) = enqueue(db, "rude")
    drain(app_of(rude=rude), db, lease=1.0)
    shown = job(db, job_id)
    assert (shown["state"], shown["attempt"]) == ("succeeded", 1)
    assert any(f"blocked for 2 s by job {job_id} (rude)" in record.getMessage() for record in caplog.records)


def test_counts_what_happened(db: Database) -> None:
    async def fine(job: Job) -> None: ...

    async def boom(job: Job) -> None:
        raise ValueError

    enqueue(db, "fine", count=7)
    enqueue(db, "boom", max_attempts=1)
    with Running(app_of(fine=fine, boom=boom), db, metrics_port=0) as running:
        until(lambda: states(db) == {"succeeded": 7, "failed": 1}, "all have ended")
        until(lambda: running.runner.metrics.finished() == 8, "the runner knows")
        metrics = running.get("/metrics")[1]
    assert 'faultline_jobs_total{outcome="succeeded",queue="default",type="fine"} 7.0' in metrics
    assert 'faultline_jobs_total{outcome="failed",queue="default",type="boom"} 1.0' in metrics
    assert sample(metrics, "faultline_job_run_seconds_count") == 8
    assert sample(metrics, "faultline_job_wait_seconds_count") == 8
    assert sample(metrics, "faultline_claim_seconds_count") >= 1
