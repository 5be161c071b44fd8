"""What befalls connections on their way: cut, late, half-open, and the reply of a COMMIT that never arrives."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, LiteralString

import psycopg

from faultline.drill.arena import PRODUCER
from faultline.drill.faults.fault import Fault
from faultline.drill.faults.runners import AT_WORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.drill.arena import Arena

VERBS: Final = (
    *("enqueue", "enqueue_many", "submit_transaction", "trigger_workflow", "cancel_job"),
    *("claim_jobs", "complete_jobs", "fail_job", "snooze_job", "heartbeat"),
    *("apply_and_complete", "begin_effect", "effect_sent", "settle_effect"),
    *("release_job", "cancelled", "remove_runner", "put_schedule", "pause_queue", "resume_queue"),
    *("reap_expired", "reconcile", "fire_schedules", "register_runner", "release_unknown", "advance_floor"),
)
ROLES: Final = ("faultline claim", "faultline report", "faultline heartbeat")
"""The last to give up is the report: it waits for 30 s."""


MAKE: Final = """
select faultline.enqueue('async-job', %s::jsonb, priority => 1, max_attempts => 100,
  run_at => clock_timestamp() + %s::interval, backoff => '{"kind": "fixed", "delay": "100ms"}')
"""
RUNNING: Final = "select count(*) from faultline.jobs where job_id = %s and state = 'running'"


def make_job(arena: Arena, hold: float, delay: str = "0") -> int:
    token = f"made-{time.monotonic_ns()}"
    with arena.recorder.call("enqueue", type="async-job", queue="default", key=None, token=token) as call:
        job = int(arena.ask(MAKE, json.dumps({"token": token, "hold": hold}), delay))
        call.ok({"job_id": job, "created": True})
    return job


def long_job(arena: Arena) -> int:
    """One that lasts for longer than a lease, and runs."""
    job = make_job(arena, 3.0)
    arena.wait(lambda: arena.scalar(RUNNING, job), 10.0)
    return job


def cancel_long_job(arena: Arena) -> None:
    job = long_job(arena)
    with arena.recorder.call("cancel", job_id=job) as call:
        call.ok(arena.ask("select faultline.cancel_job(%s)", job))


def cancel_waiting_job(arena: Arena) -> None:
    job = make_job(arena, 0.0, "1 hour")
    with contextlib.suppress(psycopg.Error), arena.recorder.call("cancel", job_id=job) as call:
        call.ok(_through_proxy(arena, "select faultline.cancel_job(%s)", job))
    with arena.recorder.call("cancel", job_id=job) as call:  # whoever has no answer asks again
        call.ok(arena.ask("select faultline.cancel_job(%s)", job))


def end_a_runner(arena: Arena) -> None:
    """In the middle of a job that does not end within its grace."""
    job = make_job(arena, 8.0)
    rows = arena.wait(lambda: arena.rows(AT_WORK, [job]), 10.0)
    for runner in arena.runners:
        if rows and runner.pid == rows[0][0]:
            arena.excuse(runner)
            runner.terminate()
            break


def put_a_schedule(arena: Arena) -> None:
    schedule = arena.schedules[0]
    with contextlib.suppress(psycopg.Error), arena.recorder.call("put_schedule", schedule=schedule["name"]) as call:
        call.ok(_through_proxy(arena, "select faultline.put_schedule(%s::jsonb)", json.dumps(schedule)))


def asking(query: LiteralString) -> Callable[[Arena], object]:
    def ask(arena: Arena) -> None:
        with contextlib.suppress(psycopg.Error):
            _through_proxy(arena, query)

    return ask


def _through_proxy(arena: Arena, query: LiteralString, *parameters: Any) -> Any:
    with psycopg.connect(arena.dsn_of(PRODUCER), autocommit=True) as connection:
        row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


PROVOKED: Final[dict[str, Callable[[Arena], object]]] = {
    "heartbeat": long_job,
    "cancelled": cancel_long_job,
    "cancel_job": cancel_waiting_job,
    "release_job": end_a_runner,
    "remove_runner": end_a_runner,
    "put_schedule": put_a_schedule,
    "pause_queue": asking("select faultline.pause_queue('nobodys')"),
    "resume_queue": asking("select faultline.resume_queue('nobodys')"),
}
"""What a load of short jobs hardly ever asks for by itself."""


class Cut(Fault):
    name = "connections-cut"
    title = "connections are cut in the middle of calls"
    seconds = 2.0

    def inject(self, arena: Arena) -> None:
        lines = arena.proxy.cut_all()
        in_call = sorted({line.application for line in lines if line.awaiting})
        if in_call:
            self.saw(connections=len(lines), in_call=in_call)


class Delayed(Fault):
    name = "connections-late"
    title = "everything arrives late, in both directions"
    seconds = 4.0

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def inject(self, arena: Arena) -> None:
        self._before = arena.proxy.delayed
        arena.proxy.delay = arena.random.uniform(0.05, 0.2)
        arena.wait(lambda: False, self.seconds)

    def look(self, arena: Arena) -> None:
        late = arena.proxy.delayed - self._before
        if late:
            self.saw(pieces=late, seconds=round(arena.proxy.delay, 3))

    def heal(self, arena: Arena) -> None:
        arena.proxy.delay = 0.0


class HalfOpen(Fault):
    """A connection that is open and silent. The client has to give it up by itself, and come again."""

    name = "connections-half-open"
    title = "half-open: no byte passes any more"
    seconds = 45.0

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def inject(self, arena: Arena) -> None:
        self._before = len(arena.proxy.frozen)
        for application in ROLES:
            arena.proxy.freeze(application)

    def look(self, arena: Arena) -> None:
        frozen = arena.proxy.frozen[self._before :]
        lines = arena.proxy.lines()
        returned = [
            one.application
            for one in frozen
            if one.given_up and any(line.application == one.application and line.since > one.at for line in lines)
        ]
        if len(frozen) == len(ROLES) and len(returned) == len(ROLES):
            self.saw(frozen=len(frozen), came_again=sorted(returned))
            self._before = len(arena.proxy.frozen)

    def heal(self, arena: Arena) -> None:
        arena.proxy.thaw()


class CommitLost(Fault):
    """The transaction is committed, says the server, and its client never hears of it."""

    verb: ClassVar[str]
    seconds = 25.0

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def inject(self, arena: Arena) -> None:
        self._before = len(arena.proxy.lost)
        arena.proxy.lose(self.verb)
        if provoke := PROVOKED.get(self.verb):
            provoke(arena)

    def look(self, arena: Arena) -> None:
        for lost in arena.proxy.lost[self._before :]:
            if lost.verb == self.verb:
                self.saw(verb=lost.verb, application=lost.application)
        self._before = len(arena.proxy.lost)

    def heal(self, arena: Arena) -> None:
        arena.proxy.keep()


def _lost(verb: str) -> type[CommitLost]:
    members: dict[str, Any] = {
        "name": f"commit-lost-{verb.replace('_', '-')}",
        "title": f"COMMIT's reply lost: {verb}",
        "verb": verb,
    }
    return type(f"Lost_{verb}", (CommitLost,), members)


LOST: Final = tuple(_lost(verb) for verb in VERBS)
BROKEN: Final = (Cut, Delayed, HalfOpen)
