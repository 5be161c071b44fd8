"""Handlers that do what no handler should: each is a job of work.py that misbehaves in its first attempt."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, ClassVar, Final

from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from faultline.drill.arena import Arena

MAKE: Final = """
select faultline.enqueue('misbehave', %s::jsonb, priority => 1, max_attempts => 100,
  timeout => %s::interval, backoff => '{"kind": "fixed", "delay": "100ms"}')
"""
MAKE_ASYNC: Final = """
select faultline.enqueue('misbehave-async', %s::jsonb, priority => 1, max_attempts => 100,
  timeout => %s::interval, backoff => '{"kind": "fixed", "delay": "100ms"}')
"""
FIRST_END: Final = """
select verb, detail from faultline.event_log
where job_id = %s and attempt = 1 and verb in ('fail', 'expire')
order by event_id limit 1
"""
RUNNER_OF: Final = """
select r.pid
from faultline.event_log e
join faultline.runner_overview r on r.runner = e.runner
where e.job_id = %s and e.attempt = 1 and e.verb = 'expire'
"""
STATE: Final = "select state, attempt from faultline.jobs where job_id = %s"


class Misbehaviour(Fault):
    """A job of its own for each injection."""

    how: ClassVar[str]
    timeout: ClassVar[str | None] = None
    seconds = 30.0

    def __init__(self) -> None:
        super().__init__()
        self.job: int | None = None
        self._deaths = 0

    @classmethod
    def needs(cls) -> str | None:
        return None if sys.platform == "linux" else "it takes Linux"

    def inject(self, arena: Arena) -> None:
        self._deaths = len(arena.deaths)
        token = f"{self.name}-{self.injected}"
        payload = json.dumps({"token": token, "how": self.how})
        with arena.recorder.call("enqueue", type=self.type, queue="default", key=None, token=token) as call:
            self.job = arena.ask(MAKE_ASYNC if self.type == "misbehave-async" else MAKE, payload, self.timeout)
            call.ok({"job_id": self.job, "created": True})

    @property
    def type(self) -> str:
        return "misbehave"

    def look(self, arena: Arena) -> None:
        if self.job is None or arena.rows(STATE, self.job)[0][0] != "succeeded":
            return
        job, self.job = self.job, None
        ends = arena.rows(FIRST_END, job)
        if ends:
            self.judge(arena, job, *ends[0])

    def judge(self, arena: Arena, job: int, verb: str, detail: dict[str, Any]) -> None:
        """Whether its first attempt ended as this misbehaviour ends; by then another has done the job."""
        raise NotImplementedError

    def died(self, arena: Arena, code: int) -> list[int]:
        """The runners that have ended so since the injection, and not because somebody else wanted it."""
        since = arena.deaths[self._deaths :]
        return [death.pid for death in since if death.exit_code == code and not death.on_purpose]


class Deadly(Misbehaviour):
    deadly = True
    code: ClassVar[int]

    def judge(self, arena: Arena, job: int, verb: str, detail: dict[str, Any]) -> None:
        died = self.died(arena, self.code)
        if verb == "expire" and died:
            self.saw(job=job, pid=died[0], exit_code=self.code, first_attempt=verb)


class Raising(Misbehaviour):
    error: ClassVar[str]

    def judge(self, arena: Arena, job: int, verb: str, detail: dict[str, Any]) -> None:
        error = (detail.get("error") or detail).get("type")
        if verb == "fail" and error is not None and error.rpartition(".")[2] == self.error:
            self.saw(job=job, first_attempt=verb, error=error)


class Killed(Deadly):
    name = "handler-killed"
    title = "a handler is killed, and its runner"
    how = "killed"
    code = -9


class Exits(Deadly):
    name = "handler-exits"
    title = "a handler ends its process with 0"
    how = "exits"
    code = 0


class OutOfMemory(Raising):
    name = "handler-memory"
    title = "a handler runs out of memory"
    how = "memory"
    error = "MemoryError"
    deadly = True


class NeverReturns(Raising):
    name = "handler-never"
    title = "a thread does not return within its timeout"
    how = "never"
    timeout = "1s"
    error = "TimeoutError"


class NeverAwakes(Raising):
    name = "handler-sleeps"
    title = "a coroutine waits for what never comes"
    how = "never"
    timeout = "1s"
    error = "TimeoutError"

    @property
    def type(self) -> str:
        return "misbehave-async"


class Hogs(Misbehaviour):
    name = "handler-hogs"
    title = "a handler hogs the GIL beyond its lease"
    how = "hogs"
    sparing = True

    def judge(self, arena: Arena, job: int, verb: str, detail: dict[str, Any]) -> None:
        if verb != "expire":
            return
        rows = arena.rows(RUNNER_OF, job)
        dead = {death.pid for death in arena.deaths}
        if rows and rows[0][0] not in dead:
            self.saw(job=job, pid=rows[0][0], first_attempt=verb)


class ClosesConnection(Raising):
    name = "handler-closes"
    title = "a handler closes its ledger's connection"
    how = "closes"
    error = "DatabaseUnavailable"

    def judge(self, arena: Arena, job: int, verb: str, detail: dict[str, Any]) -> None:
        if verb == "fail":
            self.saw(job=job, first_attempt=verb, error=str(detail)[:200])


class RaisesBase(Raising):
    name = "handler-base"
    title = "a handler raises a BaseException"
    how = "base"
    error = "Unheard"


ALL: Final = (Killed, Exits, OutOfMemory, NeverReturns, NeverAwakes, Hogs, ClosesConnection, RaisesBase)
