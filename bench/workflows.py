"""Workflows beside plain jobs, by the same runner: what a task costs in time and in CPU of the server, wide and deep.

Every measurement has about as many tasks: a hundred runs of a hundred, or one of ten thousand. So what is seen is the
width, not the start of a runner.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from bench import driver, report
from faultline.processes import all_stat_fields, stat_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from bench.cases import Size
    from faultline.embedded import Server

DATABASE = "bench_workflows"
WIDTHS = (100, 1_000, 10_000)
DEPTH = 1_000
PLAIN = "select count(*) from faultline.enqueue_many(%s::jsonb)"
RELAY = "select faultline.enqueue('relay', jsonb_build_object('left', %s::int))"
TRIGGER = "select faultline.trigger_workflow(%s, jsonb_build_object('n', %s::int))"
# From the first claim to the last completion, by the server's clock.
TIMED = "select 1e6 * extract(epoch from max(finished_at) - min(started_at))::float, count(*) from faultline.jobs_done"
CLEAR = """
    truncate faultline.jobs_live, faultline.jobs_done, faultline.payloads, faultline.runs, faultline.tasks,
      faultline.run_signals;
    checkpoint
"""
# Each of these answers with what is wrong, or with no row.
CHECKS = {
    "a run has not succeeded": "select run_id, state from faultline.runs where state <> 'succeeded' limit 3",
    "a task was not done once": """
        select t.run_id, t.name, count(j.job_id)
        from faultline.tasks t left join faultline.jobs_done j on j.job_id = t.job_id
        where t.state <> 'succeeded' or t.job_id is not null
        group by t.run_id, t.name, t.item having count(j.job_id) <> 1 limit 3
    """,
    "verify() complains": "select * from faultline.verify() limit 3",
}


@dataclass(frozen=True)
class Shape:
    """Runs of one workflow, and the plain jobs that are as many."""

    name: str
    workflow: str
    tasks: int
    """That are jobs, in one run."""
    relay: bool = False
    """Each of the plain jobs is enqueued by the one before it."""

    @property
    def against(self) -> str:
        return "plain jobs that enqueue the next" if self.relay else "plain jobs"


@dataclass
class Costs:
    """Microseconds a task, a value a round."""

    shape: Shape
    plain: dict[str, list[float]] = field(default_factory=lambda: {"time": [], "CPU": []})
    tasks: dict[str, list[float]] = field(default_factory=lambda: {"time": [], "CPU": []})

    def measured(self) -> list[report.Measured]:
        unit = {"time": "µs a task", "CPU": "µs of the server's CPU a task"}
        return [
            report.Measured(self.shape.name, unit[what], False, self.plain[what], self.tasks[what], self.shape.against)
            for what in ("time", "CPU")
        ]


def shapes(size: Size) -> list[Shape]:
    widths = [(width, min(width, size.tasks)) for width in WIDTHS]
    return [
        *(Shape(f"workflows: 1 → {width:,} → 1, static", f"static-{n}", n + 2) for width, n in widths),
        *(Shape(f"workflows: 1 → {width:,} → 1, for_each", "each", n + 2) for width, n in widths),
        Shape(f"workflows: {DEPTH:,} in a row", "deep", min(DEPTH, size.tasks), relay=True),
    ]


def prepare(server: Server, size: Size) -> None:
    """The workflows. The database is there."""
    job = {"type": "noop"}
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
        for width in {min(width, size.tasks) for width in WIDTHS}:
            middle = {f"t{n}": job | {"needs": "first"} for n in range(width)}
            _put(connection, f"static-{width}", {"first": job, **middle, "last": job | {"needs": list(middle)}})
        each = {"type": "noop", "needs": "first", "for_each": "first"}
        _put(connection, "each", {"first": {"type": "list"}, "each": each, "last": job | {"needs": "each"}})
        depth = min(DEPTH, size.tasks)
        _put(connection, "deep", {f"t{n}": job | ({"needs": f"t{n - 1}"} if n else {}) for n in range(depth)})


def _put(connection: psycopg.Connection[tuple[int]], name: str, tasks: dict[str, object]) -> None:
    connection.execute("select faultline.put_workflow(%s)", (json.dumps({"name": name, "tasks": tasks}),))


def measure(server: Server, chosen: list[Shape], size: Size, rounds: int, console: Console) -> list[Costs]:
    """Interleaved: plain jobs and tasks take turns at every shape, and each round begins with the other."""
    costs = [Costs(shape) for shape in chosen]
    for turn in range(rounds):
        for cost in costs:
            started = time.monotonic()
            for plain in (True, False) if turn % 2 == 0 else (False, True):
                spent = _drained(server, cost.shape, size, plain=plain)
                for what, value in spent.items():
                    (cost.plain if plain else cost.tasks)[what].append(value)
            console.print(
                f"round {turn + 1} of {rounds}: {cost.shape.name}: {cost.shape.against} {cost.plain['time'][-1]:,.0f}, "
                f"tasks {cost.tasks['time'][-1]:,.0f} µs ({time.monotonic() - started:.0f} s)",
                highlight=False,
            )
    return costs


def flatness(costs: list[Costs]) -> Iterator[str]:
    """How much more a task costs in the widest runs than in the narrowest, round by round."""
    by_name = {cost.shape.name: cost.tasks for cost in costs}
    for kind in ("static", "for_each"):
        narrow, wide = (by_name.get(f"workflows: 1 → {width:,} → 1, {kind}") for width in (WIDTHS[0], WIDTHS[-1]))
        if narrow is not None and wide is not None:
            said = [
                f"{report.spread([w / n for n, w in zip(narrow[what], wide[what], strict=True)], 2)} times the {what}"
                for what in ("time", "CPU")
            ]
            yield f"{kind}: a task of {WIDTHS[-1]:,} costs {' and '.join(said)} of a task of {WIDTHS[0]}"


def _drained(server: Server, shape: Shape, size: Size, *, plain: bool) -> dict[str, float]:
    """Microseconds a job, from the first claim to the last completion, and of the server's CPU."""
    runs = 1 if shape.relay else max(1, size.tasks // shape.tasks)
    count = runs * shape.tasks
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
        for statement in CLEAR.split(";"):
            connection.execute(statement.encode())
        if not plain:
            for _ in range(runs):
                connection.execute(TRIGGER, (shape.workflow, shape.tasks - 2))
        elif shape.relay:
            connection.execute(RELAY, (count - 1,))
        else:
            for first in range(0, count, 1_000):
                jobs = [{"type": "noop", "payload": {"n": n}} for n in range(first, min(count, first + 1_000))]
                connection.execute(PLAIN, (json.dumps(jobs),))
        before = server_cpu(server)
        driver.run_until_empty(server.dsn(DATABASE), 1)
        cpu = server_cpu(server) - before
        wall = finished(connection, count, shape.name)
        for name, query in CHECKS.items():
            if wrong := connection.execute(query.encode()).fetchall():
                message = f"{shape.name}: {name}: {wrong}"
                raise driver.BenchError(message)
    return {"time": wall / count, "CPU": 1e6 * cpu / count}


def finished(connection: psycopg.Connection[Any], jobs: int, name: str) -> float:
    """The µs from the first claim to the last completion; BenchError unless there are that many jobs finished."""
    row = connection.execute(TIMED).fetchone()
    assert row is not None
    wall, done = row
    if done != jobs:
        message = f"{name}: the runner finished {done} of {jobs} jobs"
        raise driver.BenchError(message)
    return float(wall)


def server_cpu(server: Server) -> float:
    """Seconds of CPU that the server has had: its processes, and those of them that are over. Linux only."""
    while True:
        over = _ticks(stat_fields(server.pid), 15)
        ticks = 0
        for fields in all_stat_fields().values():
            if int(fields[1]) == server.pid:
                ticks += _ticks(fields, 13)
        # Else a session has ended meanwhile, and may be counted twice or not at all.
        if _ticks(stat_fields(server.pid), 15) == over:
            return (over + ticks) / os.sysconf("SC_CLK_TCK")


def _ticks(fields: list[str], end: int) -> int:
    """A process's own CPU, and up to field 15 that of its children that are over."""
    return sum(map(int, fields[11:end]))
