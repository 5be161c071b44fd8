"""The reply of a COMMIT that never arrives, of every verb that changes something.

What a load of short jobs asks for by itself is left to it. The rest is provoked, by a client that has no answer then,
and so asks again.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, LiteralString

import psycopg

from faultline.drill.faults.clients import Client
from faultline.drill.faults.fault import Fault
from faultline.drill.faults.outside import ask
from faultline.drill.faults.runners import AT_WORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.drill.arena import Arena

    Provocation = Callable[[Arena], object]

MAKE: Final = """
select faultline.enqueue('async-job', %s::jsonb, priority => 1, max_attempts => 100,
  run_at => clock_timestamp() + %s::interval, backoff => '{"kind": "fixed", "delay": "100ms"}')
"""
RUNNING: Final = "select count(*) from faultline.jobs where job_id = %s and state = 'running'"
STATE: Final = "select state from faultline.jobs where job_id = %s"
PATIENT: Final = {
    "name": "patient",
    "tasks": {"gate": {"wait_for": "go"}, "after": {"type": "step", "needs": "gate"}},
}
SELDOM: Final = {"name": "seldom", "every": "24h", "type": "tick"}
QUEUE: Final = "committed"
"""No runner serves it."""


def _token() -> str:
    return f"made-{time.monotonic_ns()}"


# Jobs that runners do.


def make_job(arena: Arena, hold: float, delay: str = "0") -> int:
    token = _token()
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


def end_a_runner(arena: Arena) -> None:
    """In the middle of a job that does not end within its grace."""
    job = make_job(arena, 8.0)
    rows = arena.wait(lambda: arena.rows(AT_WORK, [job]), 10.0)
    for runner in arena.runners:
        if rows and runner.pid == rows[0][0]:
            arena.excuse(runner)
            runner.terminate()
            break


def cut_claims(arena: Arena) -> None:
    """Whoever comes again gives back what was claimed without its knowledge."""
    arena.proxy.cut("faultline claim")


def submit_charge(arena: Arena, query: LiteralString) -> tuple[str, int]:
    """By a statement that takes its id and its request. The id, and that of its job."""
    transaction = _token()
    with arena.recorder.call("submit", transaction=transaction, kind="charge", amount=1) as call:
        job = int(arena.ask(query, transaction, json.dumps({"token": transaction, "amount": 1})))
        call.ok({"job_id": job})
    return transaction, job


def charge_in_vain(arena: Arena) -> None:
    """Nobody knows what became of it when its only attempt is over: who asks is cut off as well."""
    ask(arena, "PUT", "/troubles", [{"moment": moment, "do": "cut", "times": 3} for moment in ("charged", "asked")])
    try:
        query: LiteralString = (
            "select faultline.submit_transaction(%s, 'charge', %s::jsonb, priority => 1, max_attempts => 1)"
        )
        _, job = submit_charge(arena, query)
        arena.wait(lambda: arena.scalar(STATE, job) in {"failed", "succeeded"}, 10.0)
    finally:
        ask(arena, "DELETE", "/troubles")
    if arena.scalar(STATE, job) == "failed":  # whose effect is asked for only once nobody can retry it
        arena.ask("select faultline.discard_job(%s)", job)


# What is asked for in vain, and asked for again.


def again(arena: Arena, query: LiteralString, *parameters: Any, answers: tuple[Any, ...] = ()) -> Any:
    """Ask through the proxy, which loses the answer, and then past it. The second answer is on record.

    answers: what may be answered whoever was first; none: anything.
    """
    with contextlib.suppress(psycopg.Error):
        _through_proxy(arena, query, *parameters)
    return once_more(arena, query, *parameters, answers=answers)


def once_more(arena: Arena, query: LiteralString, *parameters: Any, answers: tuple[Any, ...]) -> Any:
    with arena.recorder.call("again", query=query, answers=list(answers)) as call:
        answer = arena.ask(query, *parameters)
        call.ok(answer)
    return answer


def asking(query: LiteralString, *answers: Any) -> Provocation:
    return lambda arena: again(arena, query, answers=answers)


def _through_proxy(arena: Arena, query: LiteralString, *parameters: Any) -> Any:
    with psycopg.connect(arena.proxy.through(arena.direct_dsn()), autocommit=True) as connection:
        row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


def cancel_waiting_job(arena: Arena) -> None:
    job = make_job(arena, 0.0, "1 hour")
    with contextlib.suppress(psycopg.Error), arena.recorder.call("cancel", job_id=job) as call:
        call.ok(_through_proxy(arena, "select faultline.cancel_job(%s)", job))
    with arena.recorder.call("cancel", job_id=job) as call:
        call.ok(arena.ask("select faultline.cancel_job(%s)", job))


def burn(arena: Arena) -> None:
    query: LiteralString = (
        "select faultline.submit_transaction(%s, 'charge', %s::jsonb, run_at => now() + interval '1 hour')"
    )
    transaction, _ = submit_charge(arena, query)
    again(arena, "select faultline.fail_transaction(%s, 'given up')", transaction, answers=("FAILED",))


def put_a_schedule(arena: Arena) -> None:
    schedule = arena.schedules[0]
    with contextlib.suppress(psycopg.Error), arena.recorder.call("put_schedule", schedule=schedule["name"]) as call:
        call.ok(_through_proxy(arena, "select faultline.put_schedule(%s::jsonb)", json.dumps(schedule)))


def with_schedule(query: LiteralString, *answers: Any) -> Provocation:
    """With one that has no tick while the drill lasts."""

    def provoke(arena: Arena) -> None:
        arena.ask("select faultline.put_schedule(%s::jsonb)", json.dumps(SELDOM))
        again(arena, query, answers=answers)
        arena.ask("select faultline.delete_schedule('seldom')")

    return provoke


def fire_a_tick(arena: Arena) -> None:
    version = arena.ask("select faultline.put_schedule(%s::jsonb)", json.dumps(SELDOM))
    query: LiteralString = """
        select job_id from faultline.fire_schedule(
          'seldom', date_trunc('day', clock_timestamp() - interval '1 day', 'UTC'), %s::int, backfill => true)
    """
    job = again(arena, query, version)
    once_more(arena, query, version, answers=(job,))
    arena.ask("select faultline.delete_schedule('seldom')")


def put_a_workflow(arena: Arena) -> None:
    version = arena.ask("select faultline.put_workflow(%s::jsonb)", json.dumps(PATIENT))
    again(arena, "select faultline.put_workflow(%s::jsonb)", json.dumps(PATIENT), answers=(version,))


def with_run(query: LiteralString, answer: str, before: LiteralString | None = None) -> Provocation:
    """With one that waits for a signal, which it gets in the end if it is not over."""

    def provoke(arena: Arena) -> None:
        arena.ask("select faultline.put_workflow(%s::jsonb)", json.dumps(PATIENT))
        token = _token()
        with arena.recorder.call("trigger", workflow="patient", key=None, token=token) as call:
            made = "select faultline.trigger_workflow('patient', %s::jsonb)"
            run = arena.ask(made, json.dumps({"token": token}))
            call.ok({"run_id": run})
        if before is not None:
            arena.ask(before, run)
        again(arena, query, run, answers=(answer,))
        with contextlib.suppress(psycopg.Error):  # FL003: it was cancelled
            arena.ask("select faultline.signal_run(%s, 'go')", run)

    return provoke


def with_token(arena: Arena) -> None:
    query: LiteralString = "select faultline.create_token(%s::bytea, array['read'], 'drill')"
    token = again(arena, query, secret := secrets.token_bytes(32))
    once_more(arena, query, secret, answers=(token,))
    again(arena, "select faultline.revoke_token(%s)", token, answers=("revoked",))


# Clients that claim and report by themselves.


class Pair:
    """A client whose answers can get lost, and one who goes on in its place, with the one job of their queue."""

    def __init__(self, arena: Arena) -> None:
        self.lossy = Client(arena, dsn=arena.proxy.through(arena.direct_dsn()))
        self.sure = Client(arena)
        self.queue = f"{QUEUE}-{_token()}"
        self.job = self.sure.enqueue(_token(), queue=self.queue)

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_: object) -> None:
        self.lossy.close()
        self.sure.close()

    def claim(self) -> int:
        """The attempt."""
        claimed = self.sure.claim(self.queue)
        return claimed[1] if claimed else 0


def claim_by_hand(arena: Arena) -> None:
    """Whoever has no answer to a claim has the lease all the same, and may report."""
    with Pair(arena) as pair:
        with contextlib.suppress(psycopg.Error):
            pair.lossy.claim(pair.queue)
        pair.sure.claim(pair.queue)
        pair.sure.report("complete", pair.job, 1)


def complete_by_hand(arena: Arena) -> None:
    with Pair(arena) as pair:
        attempt = pair.claim()
        pair.lossy.report("complete", pair.job, attempt)
        pair.sure.report("complete", pair.job, attempt)


def fail_by_hand(arena: Arena) -> None:
    with Pair(arena) as pair:
        attempt = pair.claim()
        pair.lossy.report("fail", pair.job, attempt)
        pair.sure.report("fail", pair.job, attempt)
        pair.sure.report("complete", pair.job, pair.claim())


def report_stale_by_hand(arena: Arena) -> None:
    with Pair(arena) as pair:
        stale = pair.claim()
        pair.sure.report("release", pair.job, stale)
        attempt = pair.claim()
        again(arena, "select faultline.report_stale(%s, %s, 'complete')", pair.job, stale)
        pair.sure.report("complete", pair.job, attempt)


def apply_by_hand(arena: Arena) -> None:
    """The entry is there, though nobody heard of it: the next one finds it."""
    with Pair(arena) as pair:
        attempt, transaction = pair.claim(), _token()
        pair.lossy.apply(pair.job, attempt, transaction)
        pair.sure.apply(pair.job, attempt, transaction)
        pair.sure.report("complete", pair.job, attempt)


def with_dead_letter(query: LiteralString, answer: str) -> Provocation:
    def provoke(arena: Arena) -> None:
        with Pair(arena) as pair:
            pair.sure.fail_for_good(pair.job, pair.claim())
            again(arena, query, pair.job, answers=(answer,))
            if answer == "queued":
                pair.sure.report("complete", pair.job, pair.claim())

    return provoke


PROVOKED: Final[dict[str, Provocation | None]] = {
    **dict.fromkeys(("enqueue", "enqueue_bulk", "enqueue_many", "submit_transaction", "trigger_workflow")),
    **dict.fromkeys(("claim_jobs", "complete_jobs", "fail_jobs", "snooze_job")),
    **dict.fromkeys(("apply_and_complete", "begin_effect", "effect_sent", "settle_effect")),
    **dict.fromkeys(("reap_expired", "reconcile", "wake_tasks", "fire_schedules", "effects_to_ask")),
    **dict.fromkeys(("register_runner", "advance_floor")),
    "release_unknown": cut_claims,
    "heartbeat": long_job,
    "cancelled": cancel_long_job,
    "cancel_job": cancel_waiting_job,
    "release_job": end_a_runner,
    "remove_runner": end_a_runner,
    "answer_effect": charge_in_vain,
    "fail_transaction": burn,
    "claim_job": claim_by_hand,
    "complete_job": complete_by_hand,
    "fail_job": fail_by_hand,
    "report_stale": report_stale_by_hand,
    "apply_ledger": apply_by_hand,
    "retry_job": with_dead_letter("select faultline.retry_job(%s)", "queued"),
    "discard_job": with_dead_letter("select faultline.discard_job(%s)", "discarded"),
    "put_schedule": put_a_schedule,
    "pause_schedule": with_schedule("select faultline.pause_schedule('seldom')"),
    "resume_schedule": with_schedule("select faultline.resume_schedule('seldom')"),
    "delete_schedule": with_schedule("select faultline.delete_schedule('seldom')"),
    "fire_now": with_schedule("select job_id from faultline.fire_now('seldom')"),
    "fire_schedule": fire_a_tick,
    "put_workflow": put_a_workflow,
    "signal_run": with_run("select faultline.signal_run(%s, 'go')", "signalled"),
    "cancel_run": with_run("select faultline.cancel_run(%s)", "cancelled"),
    "resume_run": with_run("select faultline.resume_run(%s)", "running", "select faultline.cancel_run(%s)"),
    "create_token": with_token,
    "revoke_token": with_token,
    "set_account": asking("select faultline.set_account('nobodys', 'EUR', 0)::int", 0),
    "set_settings": asking("select faultline.set_settings('{\"max_attempts\": 5}') ->> 'max_attempts'", "5"),
    "set_queue": asking("select faultline.set_queue('nobodys', '{\"max_running\": 3}') ->> 'max_running'", "3"),
    "pause_queue": asking("select faultline.pause_queue('nobodys')"),
    "resume_queue": asking("select faultline.resume_queue('nobodys')"),
    "maintain": asking("select faultline.maintain()"),
}
"""Every verb that changes something; None: runners and producers ask for it by themselves."""


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
        if provoke := PROVOKED[self.verb]:
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


ALL: Final = tuple(map(_lost, PROVOKED))
