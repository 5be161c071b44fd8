"""The client library, the command line and the runner, cut off at every message that they send.

The server has not got the message, or it has acted upon it and its answer is lost. Whoever may ask again does, and has
the right answer; who may not says that nobody knows; and nothing is doubled.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.conninfo import make_conninfo

from faultline import App, AsyncClient, Client, OutcomeUnknown, RetryLater, Snooze
from faultline.drill.proxy import AFTER, BEFORE, Proxy, Strike
from tests.support.cli import Cli
from tests.support.every_verb import SPEC, Ground, renumbered
from tests.support.proofs import FULL, SEED
from tests.support.running import Running, as_runner, assert_sound, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faultline import Job
    from tests.support.database import Database

CLIENT, CLI = "faultline client", "faultline cli"
WORLD = "begun run"
JOBS = [{"type": "work", "queue": "q"}, {"type": "more", "queue": "q"}]
ALIKE = [{"type": "work", "queue": "q", "payload": {"n": n}} for n in range(2)]
KEYED = [{**job, "idempotency_key": job["type"]} for job in JOBS]
# What is asked of a client, and whether it may ask again by itself.
CALLS: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "enqueue": (lambda client: client.enqueue("work", queue="q"), False),
    "enqueue with a key": (lambda client: client.enqueue("work", queue="q", idempotency_key="k"), True),
    "enqueue_many of one kind": (lambda client: client.enqueue_many(ALIKE), False),
    "enqueue_many": (lambda client: client.enqueue_many(JOBS), False),
    "enqueue_many with keys": (lambda client: client.enqueue_many(KEYED), True),
    "submit_transaction": (lambda client: client.submit_transaction("t", "work", queue="q"), True),
    "trigger_workflow": (lambda client: client.trigger_workflow("w"), False),
    "trigger_workflow with a key": (lambda client: client.trigger_workflow("w", idempotency_key="again"), True),
    "status": (lambda client: client.status(1), True),
    "run_status": (lambda client: client.run_status(1), True),
    "transaction": (lambda client: client.transaction("t"), True),
}
# Each command, and the world in which it is given.
COMMANDS = {
    "enqueue work --queue q": "workflow",
    "enqueue work --queue q --idempotency-key k": "workflow",
    "submit t work --queue q": "workflow",
    "job cancel 1": "running",
    "job retry 1": "dead",
    "job discard 1": "dead",
    "queue pause q": "queued",
    "queue resume q": "paused",
    "queue set q --max-running 2": "queued",
    "transaction fail t --reason enough": "submitted",
    "transaction answer t charge applied": "left open",
    "reconcile": "given up",
    "ledger floor a EUR 0": "queued",
    "workflow put {directory}/w.yaml": "queued",
    "workflow run w": "workflow",
    "workflow run w --key again": "workflow",
    "workflow cancel 1": "begun run",
    "workflow resume 1": "failed run",
    "workflow signal 1 ok": "waiting run",
    "schedule apply {directory}/s.yaml --yes": "queued",
    "schedule pause s": "due",
    "schedule resume s": "paused schedule",
    "schedule tick": "due",
    "token revoke 1": "token",
}
ANOTHER = {"enqueue work --queue q", "workflow run w"}
"""Without a key, the same command again means another job, another run."""
SCHEDULES = """
schedules:
  - {name: s, every: 1h, type: work}
  - {name: other, every: 2h, type: work}
"""
Point = tuple[int, str]


CUTS, RUNNER_CUTS = 3, 2
"""How many points a reduced run tries of a call or a command; and of each connection of a runner."""
MESSAGES = {"claim": 40, "report": 40, "heartbeat": 10, "housekeeping": 40}
"""The connections of a runner on which verbs are sent; the points lie among so many messages of each."""
RETRY = '{"kind": "fixed", "delay": "20ms"}'
STEPS = '{"name": "steps", "tasks": {"a": {"type": "ok"}, "b": {"type": "ok", "needs": "a"}}}'
EVERY_SECOND = '{"name": "ticks", "every": "1s", "type": "ok", "missed": "all", "missed_window": "1h"}'
# What every kind of job comes to: its state, how often it was charged, and what was reported of it.
ENDS: dict[str, tuple[str, int, list[str]]] = {
    "ok": ("succeeded", 0, []),
    "slow": ("succeeded", 0, []),
    "boom": ("succeeded", 1, ["fail"]),
    "dead": ("failed", 1, ["fail"]),
    "later": ("succeeded", 1, ["fail"]),
    "snooze": ("succeeded", 0, ["snooze"]),
    "stop": ("cancelled", 0, ["cancel_requested", "cancelled"]),  # a claim that was lost says only the first
}
END = """
    select state, failures from (
      select job_id, state, failures from faultline.jobs_live
      union all
      select job_id, state, failures from faultline.jobs_done
    ) j
    where job_id = %s
"""
VERBS = "select verb from faultline.job_events where job_id = %s and verb <> 'release' order by event_id"
OPEN = """
    select (select count(*) from faultline.jobs where job_id = any (%s) and state in ('queued', 'running'))
      + (select count(*) from faultline.run_log where state = 'running')
"""


class Cutter:
    """Makes the world, lets somebody call through the proxy, and cuts them off."""

    def __init__(self, db: Database, proxy: Proxy, application: str) -> None:
        self.db = db
        self.proxy = proxy
        self.application = application
        self.ground = Ground(db)
        self.cuts = self.points = 0
        self.questions: set[int] = set()
        """The messages of the last call by which a connection found out what it leads to; nothing was asked before."""

    def dsn(self, role: str) -> str:
        return make_conninfo(self.proxy.dsn, options=f"-c role={role}")

    def world(self) -> str:
        gone = "select count(*) = 0 from pg_stat_activity where application_name = %s"
        until(lambda: self.db.scalar(gone, self.application), "the server has done with it")
        there = self.ground.look()
        return str(renumbered(there, there))

    def messages(self, call: Callable[[], Any]) -> tuple[Any, list[Point]]:
        """What the call answers when nothing happens to it, and where it could be cut off."""
        listing = self.proxy.arm(Strike(self.application, at_once=True))
        answer = call()
        every = [(number, when) for number in range(1, len(listing.messages) + 1) for when in (BEFORE, AFTER)]
        self.points += len(every)
        self.questions = {number for number, kind in enumerate(listing.messages, start=1) if kind == "Q"}
        return answer, every

    @contextmanager
    def cut(self, point: Point) -> Iterator[None]:
        strike = self.proxy.arm(Strike(self.application, *point, at_once=True))
        yield
        until(strike.struck.is_set, f"it is cut {point[1]} message {point[0]}")
        self.cuts += 1


def some(what: str, every: list[Point]) -> list[Point]:
    """A sample, with the last message in it, before and after."""
    if FULL:
        return every
    return [*random.Random(f"{SEED} {what}").sample(every[:-2], min(CUTS - 1, len(every) - 2)), *every[-2:]]


def asked(client: Client | AsyncClient, call: Callable[[Any], Any]) -> Any:
    """What a client of either kind answers; it is closed then."""
    if isinstance(client, Client):
        with client:
            return call(client)

    async def ask() -> Any:
        async with client:
            answer = call(client)
            return await answer

    return asyncio.run(ask())


@pytest.mark.timeout(1800 if FULL else 180)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_has_the_right_answer_or_says_that_nobody_knows(
    kind: type[Client] | type[AsyncClient], emptied: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with Proxy(emptied.dsn) as proxy:
        cutter = Cutter(emptied, proxy, CLIENT)

        def ask(call: Callable[[Any], Any]) -> Any:
            return asked(kind(cutter.dsn("faultline_producer")), call)

        for name, (call, repeats) in CALLS.items():
            cutter.ground.make(WORLD)
            before = cutter.world()
            answer, every = cutter.messages(partial(ask, call))
            once = cutter.world()
            right = told(name, answer, cutter)
            for point in some(name, every):
                cutter.ground.make(WORLD)
                with cutter.cut(point):
                    if repeats or point[0] in cutter.questions:
                        assert told(name, ask(call), cutter) == right, f"{name}, cut at {point}"
                        expected = once
                    else:
                        with pytest.raises(OutcomeUnknown):
                            ask(call)
                        expected = once if point == every[-1] else before
                assert cutter.world() == expected, f"{name}, cut at {point}"
    with capsys.disabled():
        print(
            f"\n{kind.__name__}: {len(CALLS)} calls, cut at {cutter.cuts} of {cutter.points} points, seed {SEED}",
            end=" ",
        )


def told(name: str, answer: Any, cutter: Cutter) -> Any:
    """A status: its state. A number: the place of that job or run among those that are there.

    Not whether a job is new: a call that was repeated may find what its first try has made.
    """
    if answer is None or isinstance(answer, dict):
        return answer and answer["state"]
    kind = "r" if "workflow" in name else "j"
    numbers = [job.job_id for job in answer] if isinstance(answer, list) else [answer]
    there = cutter.ground.look()
    return [renumbered(f"{kind}{number}", there) for number in numbers]


@pytest.mark.timeout(1800 if FULL else 180)
def test_a_command_that_is_cut_off_says_so_and_can_be_repeated(
    emptied: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.yaml").write_text(SPEC)
    (tmp_path / "s.yaml").write_text(SCHEDULES)
    with Proxy(emptied.dsn) as proxy:
        cutter = Cutter(emptied, proxy, CLI)
        cli = Cli(proxy.dsn)
        for command, world in COMMANDS.items():
            words = command.format(directory=tmp_path).split()
            cutter.ground.make(world)
            before = cutter.world()
            _, every = cutter.messages(partial(cli.good, *words))
            once = cutter.world()
            for point in some(command, every):
                cutter.ground.make(world)
                with cutter.cut(point):
                    result = cli(*words)
                assert result.exit_code == 1, f"{command}, cut at {point}: {result.output}"
                assert "has happened, or not" in result.stderr.splitlines()[-1], f"{command}, cut at {point}"
                left = cutter.world()
                assert left in (before, once), f"{command}, cut at {point}, was half done"
                cli.good(*words)
                if command not in ANOTHER or left == before:
                    assert cutter.world() == once, f"{command}, cut at {point} and repeated"
    with capsys.disabled():
        print(f"\n{len(COMMANDS)} commands: cut at {cutter.cuts} of {cutter.points} points, seed {SEED}", end=" ")


class Handlers:
    """One handler for every way in which a runner reports; none may enter an attempt twice."""

    def __init__(self) -> None:
        self.app = App()
        self.entered: list[tuple[int, int]] = []
        self._known: set[int] = set()
        for name in ENDS:
            self.app.handler(name)(getattr(self, name))

    def _first(self, job: Job) -> bool:
        self.entered.append((job.id, job.attempt))
        first = job.id not in self._known
        self._known.add(job.id)
        return first

    async def ok(self, job: Job) -> None:
        self._first(job)

    async def slow(self, job: Job) -> None:
        self._first(job)
        await asyncio.sleep(0.7)

    async def boom(self, job: Job) -> None:
        if self._first(job):
            raise ValueError

    async def dead(self, job: Job) -> None:
        self._first(job)
        raise ValueError

    async def later(self, job: Job) -> None:
        if self._first(job):
            raise RetryLater(0.02)

    async def snooze(self, job: Job) -> None:
        if self._first(job):
            raise Snooze(0.02)

    async def stop(self, job: Job) -> None:
        self._first(job)
        await asyncio.sleep(60)


def settled(db: Database) -> None:
    """Give one job of every kind, cancel one, and run a workflow: all of it comes to what it should."""
    jobs = {
        name: db.scalar(
            "select faultline.enqueue(%s, backoff => %s, max_attempts => %s)", name, RETRY, 1 if name == "dead" else 3
        )
        for name in ENDS
    }
    db.execute("select faultline.trigger_workflow('steps')")
    until(lambda: db.rows(END, jobs["stop"])[0][0] == "running", "what is to be cancelled runs")
    db.execute("select faultline.cancel_job(%s)", jobs["stop"])
    until(lambda: db.scalar(OPEN, list(jobs.values())) == 0, "all is done")
    for name, job in jobs.items():
        verbs = [verb for (verb,) in db.rows(VERBS, job)]
        if name == "stop" and len(verbs) == 1:
            verbs.append("cancelled")
        assert (*db.rows(END, job)[0], verbs) == ENDS[name], f"{name}, job {job}"


@pytest.mark.timeout(1800 if FULL else 180)
@pytest.mark.parametrize("role", MESSAGES)
def test_a_runner_whose_connection_is_cut_anywhere_reports_everything_once(
    role: str, emptied: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    db = emptied
    db.execute("select faultline.put_workflow(%s)", STEPS)
    db.execute("select faultline.put_schedule(%s)", EVERY_SECOND)
    handlers = Handlers()
    dice = random.Random(f"{SEED} {role}")
    every = [(number, when) for number in range(1, MESSAGES[role] + 1) for when in (BEFORE, AFTER)]
    with Proxy(as_runner(db.dsn)) as proxy, Running(handlers.app, db, dsn=proxy.dsn, poll=0.05, lease=3.0):
        settled(db)
        points = every if FULL else dice.sample(every, min(RUNNER_CUTS, len(every)))
        for number, when in points:
            strike = proxy.arm(Strike(f"faultline {role}", number, when, at_once=True))
            while not strike.struck.is_set():
                settled(db)
            settled(db)
        db.execute("select faultline.delete_schedule('ticks')")
        until(lambda: db.scalar("select faultline.unfinished()") is False, "no tick is left")
    assert len(set(handlers.entered)) == len(handlers.entered), "an attempt was entered twice"
    assert db.scalar("select count(*) from faultline.job_events where verb in ('expire', 'stale')") == 0
    assert db.rows("select distinct state from faultline.run_log") == [("succeeded",)]
    assert_sound(db)
    with capsys.disabled():
        print(
            f"\nrunner, {role}: cut at {len(points)} of {len(every)} points, {len(handlers.entered)} attempts", end=" "
        )
