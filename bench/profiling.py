"""Where the time of a drain goes: on the server statement by statement, in the runner as a flame graph."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg
from rich.console import Console
from rich.table import Table

from bench import driver
from bench.workflows import finished, server_cpu
from faultline import schema
from faultline.embedded import EmbeddedError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DATABASE: Final = "bench_profile"
SPY: Final = driver.ROOT / ".tools/peers/spy/bin/py-spy"
CONFIG: Final = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "pg_stat_statements.track_planning": "off",
}
FILL: Final = """
    select count(*)
    from generate_series(1, %s) batch, faultline.enqueue_many((
      select jsonb_agg(jsonb_build_object('type', 'noop', 'payload', jsonb_build_object('n', n, 'batch', batch)))
      from generate_series(1, 1000) n))
"""
STATEMENTS: Final = """
    select s.query, s.toplevel, s.calls, s.total_exec_time, s.shared_blks_hit, s.shared_blks_dirtied, s.wal_records,
      s.wal_bytes::bigint
    from pg_stat_statements s
    where s.dbid = (select d.oid from pg_database d where d.datname = current_database()) and s.total_exec_time > 1
    order by s.total_exec_time desc
"""
SESSIONS: Final = "select pid, application_name from pg_stat_activity where application_name like 'faultline %'"
SAMPLE_SECONDS: Final = 0.05
WIDTH: Final = 60


@click.command()
@click.option("--jobs", default=200_000, show_default=True, type=click.IntRange(1_000), help="In thousands.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="So many drains: medians.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the raw values here, as JSON.")
@click.option(
    "--flame", type=click.Path(dir_okay=False, path_type=Path), help="Write the runner's flame graph here, as SVG."
)
def profile(jobs: int, rounds: int, out: Path | None, flame: Path | None) -> None:
    """Say where the time of a drain with one process goes.

    For --flame bench/peers/setup spy installs py-spy, which samples the runner in a drain of its own.
    """
    console = Console(width=None if sys.stdout.isatty() else 132, highlight=False)
    if flame is not None and not SPY.exists():
        console.print("py-spy is not installed: bench/peers/setup spy", style="red", markup=False)
        sys.exit(2)
    jobs -= jobs % 1_000
    try:
        with Server(fsync=True, config=CONFIG) as server:
            found = []
            for number in range(rounds):
                found.append(drain(server, jobs))
                console.print(f"round {number + 1} of {rounds}: {jobs / found[-1]['seconds']:,.0f} jobs/s")
            if flame is not None:
                drain(server, jobs, [str(SPY), "record", "--rate", "500", "--output", str(flame), "--"])
                console.print(f"flame graph: {flame}")
            about = driver.machine(server) | {"jobs": jobs}
    except (driver.BenchError, EmbeddedError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    whole = medians(found)
    console.print(processes(whole), statements(whole))
    if out is not None:
        out.write_text(json.dumps({"about": about, "profile": whole}, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def database(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A new one with the schema, and what counts statements."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)".encode())
        connection.execute(f"create database {DATABASE}".encode())
    schema.install(server.dsn(DATABASE))
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
        connection.execute("create extension pg_stat_statements")
        yield connection


def drain(server: Server, jobs: int, before: Sequence[str] = ()) -> dict[str, Any]:
    """One drain by one process; the command is put behind `before`."""
    with database(server) as connection:
        connection.execute(FILL, (jobs // 1_000,))
        connection.execute("analyze")
        connection.execute("checkpoint")
        connection.execute("select pg_stat_statements_reset()")
        sessions: dict[str, float] = {}
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(server.dsn(DATABASE), sessions, over))
        watch.start()
        used, children = server_cpu(server), os.times()
        try:
            driver.run_until_empty(server.dsn(DATABASE), 1, before)
        finally:
            after = os.times()
            over.set()
            watch.join()
        wall = finished(connection, jobs, "drain")
        used_by_runner = after.children_user + after.children_system - children.children_user - children.children_system
        cpu = {"runner, its start included": used_by_runner, "server, all processes": server_cpu(server) - used}
        return {
            "seconds": wall / 1e6,
            "cpu": {name: 1e6 * seconds / jobs for name, seconds in (cpu | sessions).items()},
            "statements": _statements(connection, jobs),
        }


def _watch(dsn: str, sessions: dict[str, float], over: threading.Event) -> None:
    """Seconds of CPU of each of the runner's sessions, as last seen."""
    last: dict[int, float] = {}
    names: dict[int, str] = {}
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not over.wait(SAMPLE_SECONDS):
            names |= dict(connection.execute(SESSIONS).fetchall())
            for pid in names:
                try:
                    last[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
                except OSError:
                    continue  # it is over
    for pid, seconds in last.items():
        name = f"session {names[pid].removeprefix('faultline ')}"
        sessions[name] = sessions.get(name, 0.0) + seconds


def _statements(connection: psycopg.Connection[Any], jobs: int) -> list[dict[str, Any]]:
    """What each took a job; those within functions beside the calls of the functions."""
    return [
        {
            "query": " ".join(query.split()),
            "by": "the runner" if top else "a function",
            "calls": calls,
            "us": 1e3 * spent / jobs,
            "hit": hit / jobs,
            "dirtied": dirtied / jobs,
            "wal_records": records / jobs,
            "wal": size / jobs,
        }
        for query, top, calls, spent, hit, dirtied, records, size in connection.execute(STATEMENTS).fetchall()
        if "pg_stat_" not in query
    ]


def medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each number over the rounds; statements that not every round has are left out."""
    cpu = {
        name: statistics.median(one["cpu"][name] for one in rounds)
        for name in rounds[0]["cpu"]
        if all(name in one["cpu"] for one in rounds)
    }
    by_query = [{(s["by"], s["query"]): s for s in one["statements"]} for one in rounds]
    kept = []
    for key, first in by_query[0].items():
        if all(key in one for one in by_query):
            numbers = [name for name, value in first.items() if not isinstance(value, str)]
            kept.append(first | {name: statistics.median(one[key][name] for one in by_query) for name in numbers})
    return {"seconds": statistics.median(one["seconds"] for one in rounds), "cpu": cpu, "statements": kept}


def processes(found: dict[str, Any]) -> Table:
    drawn = Table(title="CPU, µs a job")
    drawn.add_column("")
    drawn.add_column("µs", justify="right")
    for name, value in found["cpu"].items():
        if value >= 0.05:
            drawn.add_row(name, f"{value:.1f}")
    return drawn


def statements(found: dict[str, Any]) -> Table:
    drawn = Table(title="statements, a job (time includes waiting)")
    drawn.add_column("by")
    drawn.add_column("statement", no_wrap=True)
    for heading in ("calls", "µs", "buffers", "dirtied", "WAL records", "WAL, B"):
        drawn.add_column(heading, justify="right")
    for one in found["statements"]:
        if one["us"] >= 0.02:
            numbers = [f"{one[name]:.2f}" for name in ("us", "hit", "dirtied", "wal_records")]
            drawn.add_row(one["by"], one["query"][:WIDTH], f"{one['calls']:,.0f}", *numbers, f"{one['wal']:.0f}")
    return drawn
