"""What befalls connections on their way: cut, late, half-open, and the reply of a COMMIT that never arrives."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.drill.arena import Arena

VERBS: Final = (
    *("enqueue", "enqueue_many", "submit_transaction", "trigger_workflow", "cancel_job"),
    *("claim_jobs", "complete_jobs", "fail_job", "snooze_job", "heartbeat"),
    *("apply_and_complete", "begin_effect", "effect_sent", "settle_effect"),
    *("release_job", "cancelled", "remove_runner"),
    *("reap_expired", "reconcile", "fire_schedules", "register_runner", "release_unknown", "advance_floor"),
)
ROLES: Final = ("faultline claim", "faultline report", "faultline heartbeat")
"""The last to give up is the report: it waits for 30 s."""


LONG: Final = """
select faultline.enqueue('async-job', %s::jsonb, priority => 1, max_attempts => 100,
  backoff => '{"kind": "fixed", "delay": "100ms"}')
"""
RUNNING: Final = "select count(*) from faultline.jobs where job_id = %s and state = 'running'"


def long_job(arena: Arena) -> int:
    """One that lasts for longer than a lease, and runs."""
    token = f"long-{time.monotonic_ns()}"
    with arena.recorder.call("enqueue", type="async-job", queue="default", key=None, token=token) as call:
        job = int(arena.ask(LONG, json.dumps({"token": token, "hold": 3.0})))
        call.ok({"job_id": job, "created": True})
    arena.wait(lambda: arena.scalar(RUNNING, job), 10.0)
    return job


def cancel_long_job(arena: Arena) -> None:
    job = long_job(arena)
    with arena.recorder.call("cancel", job_id=job) as call:
        call.ok(arena.ask("select faultline.cancel_job(%s)", job))


def end_a_runner(arena: Arena) -> None:
    runner, _ = arena.runner_at_work()
    arena.excuse(runner)
    runner.terminate()


PROVOKED: Final[dict[str, Callable[[Arena], object]]] = {
    "heartbeat": long_job,
    "cancelled": cancel_long_job,
    "release_job": end_a_runner,
    "remove_runner": end_a_runner,
}
"""What a load of short jobs hardly ever asks for by itself."""


class Cut(Fault):
    name = "connections-cut"
    title = "all connections are cut, some of them in a call"
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
    title = "connections stay open, and nothing passes any more"
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
            if any(line.application == one.application and line.since > one.at for line in lines)
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
        "title": f"the reply of COMMIT is lost: {verb}",
        "verb": verb,
    }
    return type(f"Lost_{verb}", (CommitLost,), members)


LOST: Final = tuple(_lost(verb) for verb in VERBS)
BROKEN: Final = (Cut, Delayed, HalfOpen)
