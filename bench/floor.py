"""The floor: the least SQL that does the same durable work, without attempts, leases, limits, history or verdicts."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = """
    create table floor_live (
      id bigint generated always as identity primary key,
      state text not null default 'queued',
      ready_at timestamptz not null default clock_timestamp(),
      payload jsonb not null
    );
    create index on floor_live (ready_at, id) where state = 'queued';
    create table floor_done (id bigint primary key, finished_at timestamptz not null, payload jsonb not null);
"""

ENQUEUE = """insert into floor_live (payload) values ('{"n": 1}');"""

ENQUEUE_MANY = "insert into floor_live (payload) select e -> 'payload' from jsonb_array_elements('%s') e;"

# One claim and one completion, each a transaction of its own, as in any queue that survives a crash.
DRAIN = """
with claimed as (
  update floor_live set state = 'running'
  where ctid = any (array(
    select ctid from floor_live where state = 'queued' order by ready_at, id limit 500 for update skip locked))
  returning id
)
select coalesce(array_agg(id), '{}') as ids from claimed \\gset
with gone as (delete from floor_live where id = any (':ids') returning id, payload)
insert into floor_done select id, clock_timestamp(), payload from gone;
"""

CLAIM_ONE = """
    update floor_live set state = 'running'
    where ctid = (select ctid from floor_live where state = 'queued' order by ready_at, id limit 1
                  for update skip locked)
    returning id, payload
"""
COMPLETE_ONE = """
    with gone as (delete from floor_live where id = %s returning id, payload)
    insert into floor_done select id, clock_timestamp(), payload from gone
"""


def fill(dsn: str, count: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("truncate floor_live, floor_done")
        connection.execute(
            "insert into floor_live (payload) select jsonb_build_object('n', n) from generate_series(1, %s) n", (count,)
        )


def latencies(dsn: str, count: int, pause: Callable[[], float]) -> list[float]:
    """Milliseconds from the insert to the claim's answer, of a worker that sleeps in LISTEN."""
    late: list[float] = []
    listening = threading.Event()
    worker = threading.Thread(target=_work, args=(dsn, count, listening, late), daemon=True)
    worker.start()
    listening.wait()
    with psycopg.connect(dsn, autocommit=True) as producer:
        for _ in range(count):
            time.sleep(pause())
            with producer.transaction():
                producer.execute(
                    "insert into floor_live (payload) values (%s)", (json.dumps({"sent": time.time()}),), prepare=True
                )
                producer.execute("notify floor")
    worker.join(30)
    return late


def _work(dsn: str, count: int, listening: threading.Event, late: list[float]) -> None:
    with psycopg.connect(dsn, autocommit=True) as waiting, psycopg.connect(dsn, autocommit=True) as working:
        waiting.execute("listen floor")
        listening.set()
        for _ in waiting.notifies():
            job = working.execute(CLAIM_ONE, prepare=True).fetchone()
            if job is None:
                continue
            late.append(1000 * (time.time() - job[1]["sent"]))
            working.execute(COMPLETE_ONE, (job[0],), prepare=True)
            if len(late) == count:
                return
