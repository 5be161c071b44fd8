"""What is measured: each case once by the floor's means and once by Faultline's, on the same server."""

from __future__ import annotations

import json
import random
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from bench import api, driver, floor, transfers, workflows
from faultline import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.embedded import Server

FLOOR, OURS = "bench_floor", "bench_faultline"
BATCH = 1_000
CLAIM = 500
TIMED = """
    select count(*) / extract(epoch from max(finished_at) - min(started_at))
    from faultline.jobs_done where job_id > %s
"""


@dataclass(frozen=True)
class Size:
    """How much of everything; the smaller one only shows that it works."""

    seconds: int = 3
    jobs: int = 20_000
    latencies: int = 30
    transfers: int = 20_000
    """A case and a round: two cases and five rounds make 200 000."""
    postings: int = 1_000_000
    tasks: int = 10_000
    """Of workflows, a shape and a round."""
    requests: int = 5_000


@dataclass(frozen=True)
class Case:
    """`by_floor` and `by_us` return one measurement each, in `unit`; `higher` is better, or lower.

    `against` says what stands in the floor's place, if it is not the floor.
    """

    name: str
    unit: str
    higher: bool
    by_floor: Callable[[Server, Size], float]
    by_us: Callable[[Server, Size], float]
    against: str = "floor"


def prepare(server: Server, size: Size) -> None:
    """A database for each side."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {FLOOR}".encode())
        connection.execute(f"create database {OURS}".encode())
        for name in (transfers.FLOOR, transfers.LEDGER, transfers.BALANCE, workflows.DATABASE):
            connection.execute(f"create database {name}".encode())
    with psycopg.connect(server.dsn(FLOOR), autocommit=True) as connection:
        connection.execute(floor.SCHEMA.encode())
    for name in (OURS, transfers.LEDGER, transfers.BALANCE, workflows.DATABASE):
        schema.install(server.dsn(name))
    transfers.prepare(server)
    workflows.prepare(server, size)


def clear(server: Server) -> None:
    """Between two measurements: no job is left, and no checkpoint is due."""
    with psycopg.connect(server.dsn(FLOOR), autocommit=True) as connection:
        connection.execute("truncate floor_live, floor_done")
    with psycopg.connect(server.dsn(OURS), autocommit=True) as connection:
        connection.execute("truncate faultline.jobs_live, faultline.jobs_done, faultline.payloads")
        connection.execute("checkpoint")


def _batch() -> str:
    return json.dumps([{"type": "noop", "payload": {"n": n}} for n in range(BATCH)])


def _enqueue_floor(clients: int) -> Callable[[Server, Size], float]:
    return lambda server, size: driver.pgbench(server, FLOOR, floor.ENQUEUE, clients=clients, seconds=size.seconds)


def _enqueue_ours(clients: int) -> Callable[[Server, Size], float]:
    script = """select faultline.enqueue('noop', '{"n": 1}');"""
    return lambda server, size: driver.pgbench(server, OURS, script, clients=clients, seconds=size.seconds)


def _bulk_floor(server: Server, size: Size) -> float:
    script = floor.ENQUEUE_MANY % _batch()
    return BATCH * driver.pgbench(server, FLOOR, script, seconds=size.seconds, simple=True)


def _bulk_ours(server: Server, size: Size) -> float:
    script = f"select count(*) from faultline.enqueue_many('{_batch()}');"
    return BATCH * driver.pgbench(server, OURS, script, seconds=size.seconds, simple=True)


def _drain_floor(clients: int) -> Callable[[Server, Size], float]:
    def measure(server: Server, size: Size) -> float:
        floor.fill(server.dsn(FLOOR), size.jobs)
        times = size.jobs // CLAIM // clients
        return CLAIM * driver.pgbench(server, FLOOR, floor.DRAIN, clients=clients, times=times, simple=True)

    return measure


def _drain_ours(processes: int) -> Callable[[Server, Size], float]:
    """By the server's clock, from the first claim to the last completion: Python's start is not the queue's."""

    def measure(server: Server, size: Size) -> float:
        with psycopg.connect(server.dsn(OURS), autocommit=True) as connection:
            before = _value(connection, "select coalesce(max(job_id), 0) from faultline.jobs_done")
            for _ in range(0, size.jobs, BATCH):
                connection.execute("select count(*) from faultline.enqueue_many(%s::jsonb)", (_batch(),))
            driver.run_until_empty(server.dsn(OURS), processes)
            left = _value(connection, "select count(*) from faultline.jobs_live")
            if left:
                message = f"the runner left {left} jobs"
                raise driver.BenchError(message)
            row = connection.execute(TIMED, (before,)).fetchone()
            assert row is not None
            return float(row[0])

    return measure


def _value(connection: psycopg.Connection[tuple[int]], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _pause() -> float:
    """Long enough for a runner to fall asleep again."""
    return random.uniform(0.08, 0.16)


def _latency_floor(server: Server, size: Size) -> float:
    return statistics.median(floor.latencies(server.dsn(FLOOR), size.latencies, _pause))


def _latency_ours(server: Server, size: Size) -> float:
    dsn = server.dsn(OURS)
    with psycopg.connect(dsn, autocommit=True) as connection, driver.running(dsn):
        while not _value(connection, "select count(*) from faultline.runners"):
            time.sleep(0.05)
        time.sleep(1.5)
        for _ in range(size.latencies):
            time.sleep(_pause())
            connection.execute(
                "select faultline.enqueue('clock', %s::jsonb)", (json.dumps({"sent": time.time()}),), prepare=True
            )
        while _value(connection, "select count(*) from faultline.jobs_live"):
            time.sleep(0.05)
        late = connection.execute("select (result ->> 'late')::float from faultline.jobs_done where type = 'clock'")
        return 1000 * statistics.median(float(row[0]) for row in late)


def _transfers_floor(server: Server, size: Size) -> float:
    return transfers.by_floor(server, size.transfers)


def _transfers(server: Server, size: Size) -> float:
    return transfers.by_ledger(server, size.transfers)


def _plain_jobs(server: Server, size: Size) -> float:
    return transfers.by_plain_jobs(server, size.transfers)


def _requests(what: str, percentile: str) -> Case:
    return Case(
        f"api: {'POST /jobs' if what == 'post' else 'GET /jobs/{id}/status'}, {api.CLIENTS} clients, {percentile}",
        "ms",
        False,
        lambda server, size: api.by_sql(server, OURS, what, percentile, size.requests),
        lambda server, size: api.by_http(server, OURS, what, percentile, size.requests),
        "the same SQL",
    )


CASES = [
    Case("enqueue one by one, 1 client", "jobs/s", True, _enqueue_floor(1), _enqueue_ours(1)),
    Case("enqueue one by one, 8 clients", "jobs/s", True, _enqueue_floor(8), _enqueue_ours(8)),
    Case(f"enqueue {BATCH} at a time", "jobs/s", True, _bulk_floor, _bulk_ours),
    Case("drain, 1 process", "jobs/s", True, _drain_floor(1), _drain_ours(1)),
    Case("drain, 2 processes", "jobs/s", True, _drain_floor(2), _drain_ours(2)),
    Case("latency when idle", "ms", False, _latency_floor, _latency_ours),
    Case("transfers, 2 processes", "transfers/s", True, _transfers_floor, _transfers),
    Case("transfers beside no-op jobs, 2 processes", "jobs/s", True, _plain_jobs, _transfers, "plain jobs"),
    _requests("post", "p50"),
    _requests("post", "p99"),
    _requests("status", "p50"),
    _requests("status", "p99"),
]
