"""What befalls runners: SIGKILL, SIGTERM, SIGSTOP beyond the lease and SIGCONT."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, LiteralString

from faultline.drill.faults.fault import Fault, Missed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faultline.drill.arena import Arena, Attempt
    from faultline.processes import RunnerProcess

EVENTS: Final = """
select count(*)
from unnest(%s::bigint[], %s::int[]) h (job_id, attempt)
join faultline.event_log e on e.job_id = h.job_id and e.attempt = h.attempt
where e.verb = %s
"""


AT_WORK: Final = """
select r.pid
from faultline.jobs j
join faultline.runner_overview r on r.runner = j.lease_owner
where j.job_id = any (%s) and j.state = 'running'
limit 1
"""
TAKEN_OVER: Final = "select job_id from faultline.jobs where job_id = any (%s) and state = 'running' and attempt > 1"
VALID: Final = "select count(*) from faultline.jobs where lease_expires_at > clock_timestamp()"
LONG: Final = """
select faultline.enqueue('job', %s::jsonb, priority => 1, max_attempts => 100,
  backoff => '{"kind": "fixed", "delay": "100ms"}')
"""


def events(arena: Arena, attempts: Iterable[Attempt], verb: str) -> int:
    """How many events of this kind the attempts have."""
    pairs = sorted(attempts)
    query: LiteralString = EVENTS
    return int(arena.scalar(query, [job for job, _ in pairs], [attempt for _, attempt in pairs], verb))


class Kill(Fault):
    name = "runner-kill"
    title = "a runner with leases gets SIGKILL"

    def __init__(self) -> None:
        super().__init__()
        self._killed: tuple[RunnerProcess, int, frozenset[Attempt]] | None = None

    def inject(self, arena: Arena) -> None:
        runner, _ = arena.runner_at_work()
        arena.excuse(runner)
        code = runner.kill()
        held = arena.held_by_dead(runner)
        if not held:
            raise Missed(f"{runner.name} held nothing when it was dead")
        self._killed = runner, code, held

    def look(self, arena: Arena) -> None:
        if self._killed is None:
            return
        runner, code, held = self._killed
        if code == -9 and (expired := events(arena, held, "expire")):
            self._killed = None
            self.saw(pid=runner.pid, exit_code=code, held=len(held), expired=expired)


class Terminate(Fault):
    name = "runner-term"
    title = "a runner with leases gets SIGTERM"

    def inject(self, arena: Arena) -> None:
        runner, held = arena.runner_at_work()
        arena.excuse(runner)
        code = runner.terminate()
        if code == 0 and held:
            self.saw(pid=runner.pid, exit_code=code, held=len(held))


class Freeze(Fault):
    """It is woken when another runner is at work on a job that it had: its own report comes while that one runs."""

    name = "runner-freeze"
    title = "a runner is frozen beyond its leases"
    jobs: ClassVar[int] = 4
    hold: ClassVar[float] = 2.5

    def __init__(self) -> None:
        super().__init__()
        self._frozen: dict[str, Any] = {}

    def inject(self, arena: Arena) -> None:
        jobs = [self._long_job(arena, number) for number in range(self.jobs)]
        arena.wait(lambda: arena.rows(AT_WORK, jobs), 10.0)
        found = arena.rows(AT_WORK, jobs)
        runner = next((runner for runner in arena.runners if found and runner.pid == found[0][0]), None)
        if runner is None:
            raise Missed("the long jobs are over already")
        since = time.monotonic()
        state = runner.freeze()
        try:
            held = arena.held_by_dead(runner)
            if not held:
                raise Missed(f"{runner.name} held nothing when it stood still")
            again = arena.wait(lambda: arena.rows(TAKEN_OVER, jobs), self.seconds)
        finally:
            runner.thaw()
        self._frozen = {
            "pid": runner.pid,
            "state": state,
            "held": held,
            "seconds": round(time.monotonic() - since, 1),
            "taken_over": len(again),
        }

    def look(self, arena: Arena) -> None:
        if not self._frozen:
            return
        held = self._frozen["held"]
        expired, stale = events(arena, held, "expire"), events(arena, held, "stale")
        if self._frozen["state"] == "T" and expired and stale:
            self.saw(**self._frozen | {"held": len(held), "expired": expired, "stale": stale})
            self._frozen = {}

    def _long_job(self, arena: Arena, number: int) -> int:
        token = f"{self.name}-{self.injected}-{number}"
        with arena.recorder.call("enqueue", type="job", queue="default", key=None, token=token) as call:
            job = int(arena.ask(LONG, json.dumps({"token": token, "hold": self.hold})))
            call.ok({"job_id": job, "created": True})
        return job


class FreezeAll(Fault):
    name = "leases-expire"
    title = "all leases expire at once"

    def inject(self, arena: Arena) -> None:
        arena.runner_at_work()
        runners = list(arena.runners)
        for runner in runners:
            runner.freeze()
        try:
            held = {attempt for runner in runners for attempt in arena.held_by_dead(runner)}
            if not held:
                raise Missed("nobody held anything when all stood still")
            reaped = arena.wait(lambda: self._reap(arena, held), self.seconds)
        finally:
            for runner in runners:
                runner.thaw()
        if reaped:
            self.saw(runners=[runner.pid for runner in runners], held=len(held), expired=events(arena, held, "expire"))

    def _reap(self, arena: Arena, held: set[Attempt]) -> bool:
        """Only once all of them have run out. Whoever stands still in a transaction may keep the row of its job."""
        if arena.scalar(VALID):
            return False
        arena.rows("select faultline.reap_expired()")
        return events(arena, held, "expire") > 0


ALL: Final = (Kill, Terminate, Freeze, FreezeAll)
