"""A drill of somebody's own handlers: killed at every point at which they touch Faultline, a database or the outside.

Each job runs undisturbed first, on a database of its own, while the proxy lists its statements and the runner process
tells what it does besides (`probe`). Then, for each point, once more on a fresh clone of the same database: the runner
process gets SIGKILL exactly there, another one takes over, and what is there in the end is compared with what the
undisturbed run has left behind.
"""

from __future__ import annotations

import contextlib
import json
import linecache
import multiprocessing
import os
import random
import secrets
import signal
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from faultline import schema
from faultline.drill import estate, probe
from faultline.drill.arena import DrillError
from faultline.drill.probe import Order, Place
from faultline.drill.proxy import AFTER, BEFORE, Proxy
from faultline.drill.wire import Statement, Wire
from faultline.embedded import SUPERUSER, Server
from faultline.logs import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.context import ForkServerProcess

    from faultline.demo.narrator import Narrator
    from faultline.drill.estate import Difference, Estate

FORKSERVER: Final = multiprocessing.get_context("forkserver")
TEMPLATE: Final = "faultline"
UNIQUE: Final = "{unique}"
PATIENCE_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 2.0
GLANCE_SECONDS: Final = 0.01
# To clone a database is most of what a point costs.
CONFIG: Final = {"wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}
MOMENT, LAST_POINTS = "moment", 4
FINAL: Final = frozenset({"succeeded", "failed", "cancelled", "discarded"})
TWICE, LOST, FAILS, DIFFERS = ("twice", "lost", "fails", "differs")

ENQUEUE: Final = """
select faultline.enqueue(%(type)s, %(payload)s::jsonb, queue => %(queue)s, max_attempts => 2,
                         backoff => '{"kind": "fixed", "delay": "1ms"}')
"""
SUBMIT: Final = """
select faultline.submit_transaction(%(id)s, %(type)s, %(payload)s::jsonb, queue => %(queue)s, max_attempts => 2,
                                    backoff => '{"kind": "fixed", "delay": "1ms"}')
"""
STATE: Final = "select state, error ->> 'type', error ->> 'message' from faultline.jobs where job_id = %s"
RESCUE: Final = (
    "update faultline.jobs_live set lease_expires_at = clock_timestamp() where state = 'running'",
    "select faultline.reap_expired()",
    "update faultline.jobs_live set ready_at = clock_timestamp() where state = 'queued'",
)
ALONE: Final = """
select count(*) = 0 from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
KEYS: Final = "select key, name from faultline.effect_log"


@dataclass(frozen=True)
class Wanted:
    """A job to run."""

    type: str
    payload: str = "{}"
    transaction: bool = False
    """Submitted as a transaction, with its payload as the request."""


@dataclass(frozen=True)
class Options:
    """What a drill of an App is told."""

    app: str
    jobs: tuple[Wanted, ...]
    prepare: str = ""
    variables: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    points: int | None = None
    """At most so many a job, chosen by the seed; None: all."""
    seed: int = 0


class Point(NamedTuple):
    """Where the process is killed: at a moment that it numbers itself, or before or after a statement."""

    kind: str
    number: int
    title: str


@dataclass
class Request:
    """What was said to the outside, until it answered."""

    what: str
    place: Place | None
    key: str | None
    effect: str | None
    parts: int = 0
    answered: bool = False


@dataclass
class Process:
    """A runner process, and what it has done."""

    journal: Path
    wire: Wire
    running: ForkServerProcess

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Of a process that has ended."""
        return _lines(self.journal)

    @property
    def statements(self) -> list[Statement]:
        return self.wire.statements

    def place_of(self, statement: Statement) -> Place | None:
        """The line that sent it, as far as the process has told: of a library but psycopg, where the handler begins."""
        for event in reversed(self.events[: statement.after]):
            if event["kind"] in {probe.STATEMENT, probe.PROGRAM, probe.BEGAN}:
                return _place(event)
        return None

    def writes(self) -> list[tuple[Statement, Place | None]]:
        """What it has committed without the ledger."""
        return [
            (one, self.place_of(one))
            for one in self.statements
            if one.of_handler and one.may_write and one.committed and not one.ledger
        ]

    def requests(self) -> list[Request]:
        """What it has asked the outside to do; questions are left out."""
        found: dict[int, Request] = {}
        last = None
        for event in self.events:
            if event["kind"] == probe.SENT and not event.get("asking") and not event.get("safe"):
                key, effect = event.get("key"), event.get("effect")
                last = found.setdefault(event["request"], Request(event["what"], _place(event), key, effect))
                last.parts += 1
                last.key = last.key or key
            elif event["kind"] == probe.ANSWERED and last is not None:
                last.answered = True
        return list(found.values())

    def struck(self, moment: int) -> bool:
        """Whether it came to the moment with this number; with 0, to the statement that its wire had in mind."""
        last = _lines(self.journal)[-1:]
        return self.wire.struck.is_set() if moment == 0 else bool(last) and last[0]["number"] == moment

    def done(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind that are on record before they happen, and have happened."""
        happened = self.events[:-1] if self.killed_by_itself else self.events
        return [event for event in happened if event["kind"] == kind]

    @property
    def killed_by_itself(self) -> bool:
        """At a moment, which is the last line of its journal."""
        return self.running.exitcode == -signal.SIGKILL and not self.wire.struck.is_set()


@dataclass
class Run:
    """One run of a job: undisturbed, or killed and taken over."""

    processes: list[Process]
    state: str
    error: str
    estate: Estate
    reached: bool = True


@dataclass
class Finding:
    """What went otherwise than in the undisturbed run, and where; the points at which it did."""

    verdict: str
    what: str
    place: Place | None
    protect: str
    points: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return linecache.getline(self.place.file, self.place.line).strip() if self.place else ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "what": self.what,
            **(self.place or Place("", 0, ""))._asdict(),
            "source": self.source,
            "protect": self.protect,
            "points": self.points,
        }


@dataclass
class Outcome:
    """What became of one type of job."""

    type: str
    place: Place | None
    points: list[Point] = field(default_factory=list)
    alike: int = 0
    unreached: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    """What the undisturbed run does beyond the database, as seen."""
    seconds: float = 0.0

    def at(self, verdict: str) -> int:
        """At how many points."""
        return len({point for finding in self.findings if finding.verdict == verdict for point in finding.points})

    def add(self, point: Point, found: Iterable[Finding]) -> None:
        known = {(one.verdict, one.what, one.place): one for one in self.findings}
        for finding in found:
            kept = known.get((finding.verdict, finding.what, finding.place))
            if kept is None:
                kept = finding
                self.findings.append(finding)
                known[finding.verdict, finding.what, finding.place] = finding
            if point.title not in kept.points:
                kept.points.append(point.title)


def play(options: Options, directory: Path, narrator: Narrator) -> Iterator[Outcome]:
    """Job by job. Raises DrillError if an undisturbed run does not succeed."""
    with contextlib.ExitStack() as stack:
        stage = Stage(options, directory, stack)
        stage.prepare()
        for wanted in options.jobs:
            if wanted.type not in stage.handlers:
                known = ", ".join(sorted(stage.handlers))
                raise DrillError(f"{options.app} has no handler of {wanted.type!r}: it has {known}")
        for wanted in options.jobs:
            yield drill_job(stage, wanted, narrator)


def drill_job(
    stage: Stage, wanted: Wanted, narrator: Narrator, choose: Callable[[list[Point]], list[Point]] | None = None
) -> Outcome:
    """One job, at each of its points, or at those that are chosen."""
    began = time.monotonic()
    outcome = Outcome(wanted.type, stage.handlers[wanted.type])
    expected, again = stage.undisturbed(wanted), stage.undisturbed(wanted)
    ignored = estate.unsteady(expected.estate, again.estate)
    every = points_of(expected.processes[0])
    outcome.points = choose(every) if choose else some(every, stage.options.points, stage.options.seed)
    outcome.outside = sorted(_outside(expected.processes[0]))
    narrator.say(f"{wanted.type}: {plural(len(every), 'point')}, {len(outcome.points)} to try")
    for number, point in enumerate(outcome.points, start=1):
        run = stage.killed(wanted, point)
        narrator.progress(wanted.type, number, len(outcome.points))
        if not run.reached:
            outcome.unreached.append(point.title)
            continue
        found = list(judge(expected, run, ignored))
        outcome.alike += not found
        outcome.add(point, found)
    outcome.seconds = time.monotonic() - began
    return outcome


def points_of(process: Process) -> list[Point]:
    """Every point at which it can be killed, in the order in which it got there."""
    found: list[tuple[float, Point]] = [
        (at, Point(MOMENT, event["number"], _moment(event)))
        for at, event in enumerate(process.events)
        if event["number"]
    ]
    for one in process.statements:
        found.append((one.after - 0.4, Point(BEFORE, one.number, f"before {one.title}")))
        found.append((one.after - 0.3, Point(AFTER, one.number, f"after {one.title}")))
    ordered = [point for _, point in sorted(found, key=lambda pair: (pair[0], pair[1].number))]
    seen: Counter[str] = Counter()
    for at, point in enumerate(ordered):
        seen[point.title] += 1
        if seen[point.title] > 1:
            ordered[at] = point._replace(title=f"{point.title} (no. {seen[point.title]})")
    return ordered


def some(points: list[Point], most: int | None, seed: int) -> list[Point]:
    """All, or as many as are wanted: the last ones, where the most has happened, are always among them."""
    if most is None or len(points) <= most:
        return points
    last = min(LAST_POINTS, most)
    first = random.Random(seed).sample(points[:-last], most - last)  # noqa: S311
    return sorted(first, key=points.index) + points[-last:]


def _moment(event: dict[str, Any]) -> str:
    what = event.get("what")
    return {
        probe.BEGAN: "as the handler begins",
        probe.RETURNED: "when the handler has returned",
        probe.RAISED: "when the handler has raised",
        probe.CONNECT: f"before it connects to {what}",
        probe.SENDING: f"before it sends {what}",
        probe.SENT: f"after it has sent {what}",
        probe.ANSWERED: f"after the answer of {what}",
        probe.PROGRAM: f"before it starts {what}",
        probe.FILE: f"before {event.get('verb')} of {what}",
        probe.EFFECT: f"before the effect {what}",
        probe.CARRIED_OUT: f"after the effect {what}",
    }[event["kind"]]


def _outside(process: Process) -> set[str]:
    verbs = {probe.CONNECT: "connects to", probe.PROGRAM: "starts", probe.FILE: "writes"}
    found = {f"{verbs[event['kind']]} {event['what']}" for event in process.events if event["kind"] in verbs}
    first = {event["request"]: event["what"] for event in reversed(process.events) if event["kind"] == probe.SENT}
    return found | {f"asks {what}" for what in first.values()}


# The comparison.


def judge(expected: Run, run: Run, ignored: set[tuple[str, str]]) -> Iterator[Finding]:
    """What went otherwise."""
    first, later = run.processes[0], run.processes[1:]
    if run.state != expected.state:
        place = next((place for _, place in first.writes()), None)
        yield Finding(FAILS, f"the next attempt ends {run.state}: {run.error}", place, PROTECT_FAILS)
    else:
        for difference in estate.compare(expected.estate, run.estate, ignored):
            yield from _table(difference, expected.processes[0], first, later)
    yield from _outside_findings(expected, run)


PROTECT_TABLE: Final = "do it in job.ledger: with job.ledger(…) as tx: tx.execute(…)"
PROTECT_JOB: Final = "give it an idempotency_key that is the same in every attempt, or make it in job.ledger"
PROTECT_REQUEST: Final = "make it an @app.effect, and send effect.key as the idempotency key"
PROTECT_EFFECT: Final = "send effect.key itself as the idempotency key, the same in every attempt"
PROTECT_PROGRAM: Final = "make it an @app.effect whose reconcile finds out whether it ran"
PROTECT_FILE: Final = "write it whole, under one name for all attempts, or make it an @app.effect"
PROTECT_LOST: Final = "the job is done before it: do it earlier, or as a job made in job.ledger"
PROTECT_ANSWER: Final = "reconcile says Applied of what was never sent (unless its key is the same in each run)"
PROTECT_FAILS: Final = "what is committed before must not stop the next attempt: do it in job.ledger"
PROTECT_DIFFERS: Final = "what a job leaves behind should not depend on the attempt"


def _table(difference: Difference, undisturbed: Process, first: Process, later: list[Process]) -> Iterator[Finding]:
    """Which lines of the user's have written to this table before the kill, and again after it."""
    if difference.surplus < 0:
        places = {place for one, place in undisturbed.writes() if _touches(one, difference.table)}
        for place in places or {None}:
            yield Finding(LOST, difference.told, place, PROTECT_LOST)
        return
    written = {place for one, place in first.writes() if _touches(one, difference.table)}
    again = {place for process in later for one, place in process.writes() if _touches(one, difference.table)}
    places = written & again or written
    protect = PROTECT_JOB if difference.table in MADE else PROTECT_TABLE
    if difference.surplus == 0 and not places:
        yield Finding(DIFFERS, difference.told, None, PROTECT_DIFFERS)
        return
    for place in places or {None}:
        yield Finding(TWICE, difference.told, place, protect)


MADE: Final = frozenset({estate.JOBS, estate.RUNS, estate.TRANSACTIONS})


def _touches(statement: Statement, table: str) -> bool:
    if table in MADE:
        return statement.makes
    if table in estate.OURS:
        return False
    return not statement.makes and (not statement.targets or table.rpartition(".")[2].lower() in statement.targets)


def _outside_findings(expected: Run, run: Run) -> Iterator[Finding]:
    yield from _requests(expected, run)
    for kind, told, protect in (
        (probe.PROGRAM, "starts {} once more", PROTECT_PROGRAM),
        (probe.FILE, "writes {} once more", PROTECT_FILE),
    ):
        before, after = _things(expected, kind), _things(run, kind)
        for place in before.keys() | after.keys():
            usual, now = before.get(place, []), after.get(place, [])
            if place in before and not usual:
                continue  # it was gone in the end: what a kill leaves of it is nobody's effect
            if len(now) > len(usual):
                yield Finding(TWICE if usual else DIFFERS, told.format(now[-1]), place, protect)
            elif len(now) < len(usual):
                yield Finding(LOST, f"never comes to {usual[-1]}", place, PROTECT_LOST)


def _things(run: Run, kind: str) -> dict[Place | None, list[str]]:
    """By line: what was started or written. A file that is written anew under its name is the same file."""
    found: dict[Place | None, list[str]] = defaultdict(list)
    for process in run.processes:
        for event in process.done(kind):
            what, known = event["what"], found[_place(event)]
            again = kind == probe.PROGRAM or bool(event.get("appends"))
            if again or (event["verb"] == "open" and what not in known and Path(what).is_file()):
                known.append(what)
    return found


def _requests(expected: Run, run: Run) -> Iterator[Finding]:
    usual: dict[Place | None, list[Request]] = defaultdict(list)
    for request in expected.processes[0].requests():
        usual[request.place].append(request)
    now: dict[Place | None, list[Request]] = defaultdict(list)
    for process in run.processes:
        for request in process.requests():
            # What was broken off in the middle does not count.
            whole = min((one.parts for one in usual[request.place]), default=1)
            if request.answered or request.parts >= whole:
                now[request.place].append(request)
    for place in usual.keys() | now.keys():
        made, should = _distinct(now[place]), _distinct(usual[place])
        request = (now[place] or usual[place])[-1]
        if made > should:
            protect = PROTECT_EFFECT if request.effect is not None else PROTECT_REQUEST
            yield Finding(TWICE if should else DIFFERS, f"asks the outside once more: {request.what}", place, protect)
        elif made < should:
            protect = PROTECT_LOST if request.effect is None else PROTECT_ANSWER
            yield Finding(LOST, f"never asks the outside: {request.what}", place, protect)


def _distinct(requests: list[Request]) -> int:
    """Those with one key are one for whoever honours it."""
    keys = {request.key for request in requests if request.key is not None}
    return len(keys) + sum(request.key is None for request in requests)


# The stage.


class Stage:
    """A server of its own, a proxy before it, and a database for each run."""

    def __init__(self, options: Options, directory: Path, stack: contextlib.ExitStack) -> None:
        self.options = options
        self.handlers: dict[str, Place | None] = {}
        """Where each begins."""
        self._directory = directory
        self._word = secrets.token_hex(4)
        self._runs = 0
        FORKSERVER.set_forkserver_preload(["faultline.drill.probe", "faultline.cli.main"])
        # What is killed here are its clients. It keeps nothing, and has nobody to be durable for.
        self._server = stack.enter_context(Server(fsync=False, config=CONFIG))
        self._proxy = stack.enter_context(Proxy(self._server.dsn(TEMPLATE)))
        self._admin = stack.enter_context(psycopg.connect(self._server.dsn(), autocommit=True))

    def prepare(self) -> None:
        """The database that all others are clones of; and the App's handlers."""
        self._admin.execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
        schema.install(self._server.dsn(TEMPLATE))
        journal = self._directory / "prepare.jsonl"
        journal.touch()
        order = self._order(journal, conninfo_to_dict(self._server.dsn(TEMPLATE)), TEMPLATE, 0)
        process = FORKSERVER.Process(target=probe.look, args=(order,), daemon=True)
        process.start()
        process.join()
        lines = _lines(journal)
        for line in lines:
            if line["kind"] == probe.WRONG:
                raise DrillError(line["what"])
        if process.exitcode != 0:
            raise DrillError(f"preparing failed: {self._last_words(order)}")
        self._until(lambda: self._sessions(TEMPLATE) == 0, "whoever prepared the database has left it")
        self.handlers = {line["what"]: _place(line) for line in lines if line["kind"] == probe.HANDLER}

    def undisturbed(self, wanted: Wanted) -> Run:
        """Raises DrillError unless the job succeeds at once."""
        with self._database() as (name, token, connection):
            job = self._make(connection, wanted, token)
            process = self._start(name, 0, BEFORE, MOMENT)
            try:
                self._until(lambda: self._over(connection, job, process), f"the job {wanted.type} is done")
            except DrillError as late:
                raise DrillError(f"{late}{self._excuse(process)}") from None
            finally:
                self._end(process, connection)
            state, error = self._state(connection, job)
            if state != "succeeded":
                raise DrillError(f"undisturbed, {wanted.type} ends {state}: {error or self._excuse(process)}")
            attempts = sum(event["kind"] == probe.BEGAN for event in process.events)
            if attempts != 1:
                raise DrillError(f"undisturbed, {wanted.type} takes {attempts} attempts: it has to succeed at once")
            return Run([process], state, error, self._estate(connection, job, token))

    def killed(self, wanted: Wanted, point: Point) -> Run:
        """The process is killed at the point, and another one takes over."""
        with self._database() as (name, token, connection):
            job = self._make(connection, wanted, token)
            process = self._start(name, point.number, point.kind if point.kind != MOMENT else BEFORE, point.kind)
            reached = self._dies(process, connection, job, point.number if point.kind == MOMENT else 0)
            self._end(process, connection)
            processes = [process]
            if reached and self._state(connection, job)[0] not in FINAL:
                for statement in RESCUE:
                    connection.execute(statement)
                another = self._start(name, 0, BEFORE, MOMENT)
                processes.append(another)
                with contextlib.suppress(DrillError):  # then its state says so
                    self._until(lambda: self._over(connection, job, another), "the other process has done the job")
                self._end(another, connection)
            state, error = self._state(connection, job)
            return Run(processes, state, error, self._estate(connection, job, token), reached)

    # One run.

    @contextlib.contextmanager
    def _database(self) -> Iterator[tuple[str, str, psycopg.Connection[Any]]]:
        self._runs += 1
        name, token = f"run_{self._runs}", f"{self._word}{self._runs:05}"
        clone = sql.SQL("create database {} template {} strategy file_copy")
        self._admin.execute(clone.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        try:
            with psycopg.connect(self._server.dsn(name), autocommit=True) as connection:
                yield name, token, connection
        finally:
            self._admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def _make(self, connection: psycopg.Connection[Any], wanted: Wanted, token: str) -> int:
        arguments = {
            "id": f"drill-{token}",
            "type": wanted.type,
            "payload": wanted.payload.replace(UNIQUE, token),
            "queue": probe.QUEUE,
        }
        row = connection.execute(SUBMIT if wanted.transaction else ENQUEUE, arguments).fetchone()
        return int(row[0]) if row else 0

    def _start(self, name: str, number: int, when: str, kind: str) -> Process:
        journal = self._directory / f"{name}-{secrets.token_hex(3)}.jsonl"
        journal.touch()
        moment = number if kind == MOMENT else 0
        order = self._order(journal, conninfo_to_dict(self._proxy.dsn), name, moment)
        running = FORKSERVER.Process(target=probe.work, args=(order,), daemon=True)
        wire = Wire(
            lambda: journal.read_bytes().count(b"\n"),
            lambda: _kill(running),
            0 if kind == MOMENT else number,
            when,
        )
        self._proxy.watcher = wire
        running.start()
        return Process(journal, wire, running)

    def _order(self, journal: Path, where: dict[str, Any], name: str, moment: int) -> Order:
        host = str(where["host"])
        query = urlencode({"host": host, "port": where["port"]}, safe="/")
        return Order(
            self.options.app,
            f"postgresql://{quote(SUPERUSER, safe='')}@/{quote(name, safe='')}?{query}",
            host,
            str(journal),
            str(journal.with_suffix(".log")),
            moment,
            self.options.variables,
            self.options.allowed,
            self.options.prepare,
            str(Path.cwd()),
            dict(os.environ),
        )

    def _dies(self, process: Process, connection: psycopg.Connection[Any], job: int, moment: int) -> bool:
        """Whether it was killed where it should be. False: it has done the job, and did not come there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        over: float | None = None
        while process.running.is_alive():
            now = time.monotonic()
            if over is None and self._over(connection, job, process):
                over = now
            if now > deadline or (over is not None and now > over + GRACE_SECONDS):
                return False
            process.running.join(GLANCE_SECONDS)
        return process.running.exitcode == -signal.SIGKILL and process.struck(moment)

    def _over(self, connection: psycopg.Connection[Any], job: int, process: Process) -> bool:
        """Whether the job is at its end, and its handler too."""
        if not process.running.is_alive():
            return True
        if self._state(connection, job)[0] not in FINAL:
            return False
        kinds = [line["kind"] for line in _lines(process.journal)]
        return kinds.count(probe.BEGAN) == kinds.count(probe.RETURNED) + kinds.count(probe.RAISED)

    def _end(self, process: Process, connection: psycopg.Connection[Any]) -> None:
        """It is gone, and the server is through with what it had sent."""
        _kill(process.running)
        process.running.join()
        self._until(lambda: _one(connection, ALONE), "the server has noticed that a client is gone")

    def _state(self, connection: psycopg.Connection[Any], job: int) -> tuple[str, str]:
        row = connection.execute(STATE, (job,)).fetchone()
        if row is None:
            return "missing", ""
        return str(row[0]), ": ".join(str(part).split("\n")[0] for part in row[1:] if part)

    def _estate(self, connection: psycopg.Connection[Any], job: int, token: str) -> Estate:
        while connection.execute("select from faultline.reconcile()").fetchall():
            pass
        keys = [(str(key), f"{{key of {name}}}") for key, name in connection.execute(KEYS).fetchall()]
        return estate.take(connection, job, estate.names_of([(token, UNIQUE), *keys]))

    def _until(self, holds: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise DrillError(f"after {PATIENCE_SECONDS:.0f} s still not: {what}")
            time.sleep(GLANCE_SECONDS)

    def _sessions(self, database: str) -> int:
        row = self._admin.execute("select count(*) from pg_stat_activity where datname = %s", (database,)).fetchone()
        return int(row[0]) if row else 0

    def _excuse(self, process: Process) -> str:
        """What was refused to it, or went wrong before it began."""
        said = [line for line in _lines(process.journal) if line["kind"] in {probe.REFUSED, probe.WRONG}]
        return f"; {said[0]['what']}" if said else ""

    def _last_words(self, order: Order) -> str:
        return _last_line(Path(order.log)) or "it said nothing"


def _kill(process: ForkServerProcess) -> None:
    if process.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _one(connection: psycopg.Connection[Any], query: Any) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _lines(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""


def _place(event: dict[str, Any]) -> Place | None:
    return Place(event["file"], event["line"], event["function"], event["by"]) if event.get("file") else None
