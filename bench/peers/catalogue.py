"""Who is measured: how each is started, what it is told, and what it promises in comparison."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import psycopg

from bench import driver, floor
from faultline import schema

ENVIRONMENTS: Final = driver.ROOT / ".tools/peers"
ADAPTERS: Final = "bench.peers.adapters"
CONCURRENCY: Final = 100
BATCH: Final = 1_000
CLAIM: Final = 500


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What the tables say of one. `name` is that of its environment."""

    name: str
    title: str
    package: str = ""
    settings: str
    page: str
    promises: str

    @property
    def program(self) -> Path:
        return ENVIRONMENTS / self.name / "bin/python"

    @property
    def missing(self) -> str:
        """Why it can't be measured here, or nothing."""
        return "" if self.program.exists() else f"{self.title} is not installed: bench/peers/setup {self.name}"

    @cached_property
    def version(self) -> str:
        question = f"import importlib.metadata as m; print(m.version({self.package!r}))"
        return driver.answer(str(self.program), "-c", question)


@dataclass(frozen=True, kw_only=True)
class Peer(Contender):
    """A queue with workers. Its adapter has its name too.

    `mark` is SQL that is asked before jobs are enqueued, and `left` says whether one of those enqueued since is not
    finished ($1 is what `mark` said): that is asked while the clock runs, so it reads no more than it has to.
    """

    mark: str = "select 0::bigint"
    left: str
    queued: str = ""
    """SQL that makes $1 more queued jobs out of a queued one."""
    finished: str = ""
    """SQL that makes $1 more finished jobs out of a finished one, for who keeps them."""
    queues: str = ""
    """SQL that gives each queued job a queue of its own, for who has queues that need no worker of their own."""
    spread: str = ""
    """SQL that spreads the queued jobs over $1 queues, likewise."""
    retries: bool = True
    """A job that fails is run again, and its handler can tell."""
    share: int = 1
    """One job where others have so many: for who would need minutes."""

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The adapter, with this verb."""
        return [str(self.program), "-m", f"{ADAPTERS}.{self.name}", verb, *arguments]

    def workers(self, processes: int) -> list[list[str]]:
        """The commands that run that many worker processes."""
        return [self.command("work")] * processes


class Faultline(Peer):
    """This tree, as its users run it: the processes are under one supervisor.

    Its producer is a program of the user's, whose loop is uvloop's like that of the others, where it is installed.
    """

    @property
    def program(self) -> Path:
        own = super().program
        return own if own.exists() else Path(sys.executable)

    @cached_property
    def version(self) -> str:
        return driver.commit()

    def workers(self, processes: int) -> list[list[str]]:
        target = f"{ADAPTERS}.{self.name}:app"
        return [driver.runner(target, "--concurrency", str(CONCURRENCY), "--processes", str(processes))]


class NodePeer(Peer):
    """A package of npm. Node itself is one too."""

    @property
    def program(self) -> Path:
        return ENVIRONMENTS / "node/node_modules/.bin/node"

    @property
    def missing(self) -> str:
        if self._manifest.exists() and self.program.exists():
            return ""
        return f"{self.title} is not installed: bench/peers/setup node"

    @property
    def _manifest(self) -> Path:
        return ENVIRONMENTS / "node/node_modules" / self.package / "package.json"

    @cached_property
    def version(self) -> str:
        return str(json.loads(self._manifest.read_text())["version"])

    def command(self, verb: str, *arguments: str) -> list[str]:
        # Through the link that bench/peers/setup makes: modules are looked for beside the file that imports them.
        adapter = ENVIRONMENTS / "node/adapters" / f"{self.name}.mjs"
        return [str(self.program), "--preserve-symlinks", "--preserve-symlinks-main", str(adapter), verb, *arguments]


@dataclass(frozen=True, kw_only=True)
class Script(Contender):
    """Bare SQL in pgbench, with no client and no handler: a ceiling rather than a peer.

    `drain` claims and completes CLAIM jobs, `bulk` enqueues BATCH, `fill` as many as $1.
    """

    claim: int = CLAIM

    enqueue: str
    bulk: str
    fill: str
    drain: str
    left: str

    def install(self, dsn: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(self.schema.encode())

    @property
    def schema(self) -> str:
        return floor.SCHEMA


class Floor(Script):
    """The least SQL that survives a crash."""

    missing = ""
    version = ""


class SameRows(Script):
    """What Faultline writes for a job, in its tables, by statements of one's own: the ceiling of its drain."""

    missing = ""
    version = ""

    def install(self, dsn: str) -> None:
        schema.install(dsn)


class Pgmq(Script):
    """pgmq's functions, from its package on PyPI: they are SQL and need no extension."""

    @property
    def schema(self) -> str:
        (script,) = (ENVIRONMENTS / self.name).glob("lib/python3*/site-packages/pgmq/sql/pgmq.sql")
        return f"{script.read_text()}; select pgmq.create('noop');"


def _by_id(table: str, column: str = "id") -> str:
    return f"select coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', '{column}')::regclass), 0)"


def _left(table: str, column: str = "id", but: str = "true") -> str:
    """Looks from the end, where the last ones are: from the other it would walk over all that are gone."""
    return f"select (select {column} from {table} where {column} > $1 and {but} order by 1 desc limit 1) is not null"


FAULTLINE: Final = Faultline(
    name="faultline",
    title="Faultline",
    settings=f"faultline run --concurrency {CONCURRENCY} --processes N; AsyncClient, with uvloop as the others",
    page="docs/operations.md",
    promises="fence and lease a job, refused stale reports, results and attempts kept, finished jobs kept",
    mark=_by_id("faultline.jobs_live", "job_id"),
    left=_left("faultline.jobs_live", "job_id", "queue <> 'beside'"),
    queued="""
        insert into faultline.jobs_live (ready_at, created_at, max_attempts, priority, type, queue, payload)
        select ready_at, created_at, max_attempts, priority, type, queue, payload
        from faultline.jobs_live, generate_series(1, $1)
    """,
    finished="""
        insert into faultline.jobs_done
        select copy.*
        from (select d from faultline.jobs_done d limit 1) one, generate_series(1, $1) n,
          jsonb_populate_record(one.d, jsonb_build_object('job_id', -n)) copy
    """,
    queues="""
        with made as (update faultline.jobs_live set queue = 'q' || job_id returning queue)
        insert into faultline.queues (queue, max_attempts) select queue, 3 from made
    """,
    spread="update faultline.jobs_live set queue = 'q' || job_id % $1",
)

PGQUEUER: Final = Peer(
    name="pgqueuer",
    title="PgQueuer",
    package="pgqueuer",
    settings="asyncpg, uvloop, batch_size 1000, pgq autovac, durability durable; a connection for the QueueManager",
    page="https://github.com/janbjorge/pgqueuer/blob/main/docs/guides/performance-tuning.md",
    promises="lease by heartbeat; no fence, no results; finished jobs are deleted, and leave rows in a log",
    mark=_by_id("pgqueuer"),
    left=_left("pgqueuer"),
    queued="""
        insert into pgqueuer (priority, created, updated, heartbeat, execute_after, status, entrypoint, payload)
        select priority, created, updated, heartbeat, execute_after, status, entrypoint, payload
        from pgqueuer, generate_series(1, $1)
    """,
)

PROCRASTINATE: Final = Peer(
    name="procrastinate",
    title="Procrastinate",
    package="procrastinate",
    settings="psycopg, uvloop, concurrency 30 with a pool of 32, LISTEN; batch_defer",
    page="https://procrastinate.readthedocs.io/en/stable/howto/production/concurrency.html",
    promises="heartbeat a worker; no fence, no results; events of every job kept, finished jobs kept",
    mark=_by_id("procrastinate_jobs"),
    left=_left("procrastinate_jobs", but="status in ('todo', 'doing')"),
    queued="""
        insert into procrastinate_jobs (queue_name, task_name, priority, args, status)
        select queue_name, task_name, priority, args, status from procrastinate_jobs, generate_series(1, $1)
        where status = 'todo'
    """,
    finished="""
        insert into procrastinate_jobs (queue_name, task_name, priority, args, status)
        select queue_name, task_name, priority, args, status
        from (select * from procrastinate_jobs where status = 'succeeded' limit 1) j, generate_series(1, $1)
    """,
    queues="update procrastinate_jobs set queue_name = 'q' || id where status = 'todo'",
    spread="update procrastinate_jobs set queue_name = 'q' || id % $1 where status = 'todo'",
    share=20,
)

GRAPHILE: Final = NodePeer(
    name="graphile",
    title="graphile-worker",
    package="graphile-worker",
    settings="concurrentJobs 24, maxPoolSize 25, localQueue.size 500, completeJobBatchDelay 0, failJobBatchDelay 0",
    page="https://worker.graphile.org/docs/performance",
    promises="a lock of four hours a job; no fence, no results; finished jobs are deleted",
    mark=_by_id("graphile_worker._private_jobs"),
    left=_left("graphile_worker._private_jobs"),
    queued="""
        insert into graphile_worker._private_jobs (task_id, payload)
        select task_id, payload from graphile_worker._private_jobs, generate_series(1, $1)
    """,
    queues="""
        with made as (
          insert into graphile_worker._private_job_queues (queue_name)
          select 'q' || id from graphile_worker._private_jobs returning id, queue_name
        )
        update graphile_worker._private_jobs j set job_queue_id = m.id from made m where m.queue_name = 'q' || j.id
    """,
)

PGBOSS: Final = NodePeer(
    name="pgboss",
    title="pg-boss",
    package="pg-boss",
    settings="batchSize 1000, burstWhenBatchFull, notify and useListenNotify, polling every 0.5 s",
    page="https://timgit.github.io/pg-boss/api/workers",
    promises="a job expires after 15 minutes; a batch succeeds or fails as one; results of batches not kept, "
    "finished jobs kept",
    left="select exists (select from pgboss.job where name = 'noop' and state < 'completed' and $1 >= 0)",
    queued="""
        insert into pgboss.job (name, data, policy, retry_limit, retry_delay)
        select name, data, policy, retry_limit, retry_delay from pgboss.job, generate_series(1, $1)
        where state = 'created'
    """,
    finished="""
        insert into pgboss.job (name, data, policy, state, completed_on)
        select name, data, policy, state, completed_on
        from (select * from pgboss.job where state = 'completed' limit 1) j, generate_series(1, $1)
    """,
)

CHANCY: Final = Peer(
    name="chancy",
    title="Chancy",
    package="chancy",
    settings="psycopg, uvloop, Executor.Async, concurrency 100, eager_polling, LISTEN",
    page="https://tkte.ch/chancy/",
    promises="heartbeat a worker; a claim id a job; errors kept, no results, finished jobs kept for a while",
    left="select exists (select from chancy_jobs where state not in ('succeeded', 'failed') and $1 >= 0)",
    share=20,
)

OBAN: Final = Peer(
    name="oban",
    title="Oban",
    package="oban",
    settings="psycopg, uvloop, a queue with limit 100, LISTEN",
    page="https://oban.pro/docs/py",
    promises="orphans rescued after an hour; no fence; errors kept, finished jobs kept for a day",
    mark=_by_id("oban_jobs"),
    left=_left("oban_jobs", but="state in ('available', 'executing', 'retryable')"),
    share=20,
)

ABSURD: Final = Peer(
    name="absurd",
    title="Absurd",
    package="absurd-sdk",
    settings="AsyncAbsurd, uvloop, concurrency 100, poll_interval 0.05",
    page="https://github.com/earendil-works/absurd/tree/main/sdks/python",
    promises="a lease a run, extended by steps; each try a row; checkpoints and results kept, finished tasks kept",
    retries=False,
    left="select exists (select from absurd.t_default where state not in ('completed', 'failed') and $1 >= 0)",
    share=40,
)

DBOS: Final = Peer(
    name="dbos",
    title="DBOS",
    package="dbos",
    settings="a queue with worker_concurrency 100, polling_interval_sec 0.05",
    page="https://docs.dbos.dev/python/tutorials/queue-tutorial",
    promises="durable workflows, recovered by the executor that had them; inputs and results kept",
    retries=False,
    left="select exists (select from dbos.workflow_status where status in ('ENQUEUED', 'PENDING') and $1 >= 0)",
    share=40,
)

FLOOR: Final = Floor(
    name="floor",
    title="bare SQL",
    settings=f"pgbench, {CLAIM} jobs a claim, no handler",
    page="bench/floor.py",
    promises="nothing but a durable claim and completion; finished jobs kept",
    enqueue=floor.ENQUEUE,
    bulk="insert into floor_live (payload) select jsonb_build_object('n', n) from generate_series(1, 1000) n;",
    fill="insert into floor_live (payload) select jsonb_build_object('n', n) from generate_series(1, $1) n",
    drain=floor.DRAIN,
    left="select exists (select from floor_live)",
)

PGMQ: Final = Pgmq(
    name="pgmq",
    title="pgmq's bare SQL",
    package="pgmq",
    settings=f"pgbench, read of {BATCH} with 30 s, archive of {BATCH}, no handler",
    claim=BATCH,
    page="https://pgmq.github.io/pgmq/api/sql/functions/",
    promises="a visibility timeout a message; no fence, no results, no retries; finished messages kept (archive)",
    enqueue="""select pgmq.send('noop', '{"n": 1}');""",
    bulk="select count(*) from pgmq.send_batch('noop', array(select jsonb_build_object('n', n)"
    " from generate_series(1, 1000) n));",
    fill="select count(*) from pgmq.send_batch('noop', array(select jsonb_build_object('n', n)"
    " from generate_series(1, $1) n))",
    drain=f"""
select coalesce(array_agg(msg_id), '{{}}') as ids from pgmq.read('noop', 30, {BATCH}) \\gset
select count(*) from pgmq.archive('noop', ':ids'::bigint[]);
""",
    left="select exists (select from pgmq.q_noop)",
)

SAME_ROWS: Final = SameRows(
    name="same_rows",
    title="the same rows, bare SQL",
    settings=f"pgbench, {BATCH} jobs a claim, no handler, no function of Faultline",
    page="bench/peers/catalogue.py",
    promises="what Faultline writes: fence, lease, owner and times of a job in its tables, finished jobs kept; "
    "no limits, no verdicts, no payload sent",
    claim=BATCH,
    enqueue="""
        insert into faultline.jobs_live (ready_at, created_at, max_attempts, priority, type, queue, payload)
        values (clock_timestamp(), clock_timestamp(), 20, 2, 'noop', 'default', '{"n": 1}');
    """,
    bulk="""
        insert into faultline.jobs_live (ready_at, created_at, max_attempts, priority, type, queue, payload)
        select clock_timestamp(), clock_timestamp(), 20, 2, 'noop', 'default', jsonb_build_object('n', n)
        from generate_series(1, 1000) n;
    """,
    fill="""
        insert into faultline.jobs_live (ready_at, created_at, max_attempts, priority, type, queue, payload)
        select clock_timestamp(), clock_timestamp(), 20, 2, 'noop', 'default', jsonb_build_object('n', n, 'w', 1)
        from generate_series(1, $1) n
    """,
    drain=f"""
set enable_seqscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
with claimed as (
  update faultline.jobs_live j
  set state = 'running', attempt = j.attempt + 1, lease_owner = '6f0c8f0e-0000-4000-8000-000000000001',
      started_at = clock_timestamp(), lease_expires_at = clock_timestamp() + interval '30 s'
  where j.ctid = any (array(
    select c.ctid from faultline.jobs_live c
    where c.state = 'queued' and c.queue = 'default' and c.priority = 2 and c.ready_at <= now()
    order by c.ready_at, c.job_id limit {BATCH} for no key update skip locked))
  returning j.job_id, j.attempt
)
select coalesce(array_agg(job_id), '{{}}') as ids, coalesce(array_agg(attempt), '{{}}') as attempts from claimed \\gset
with gone as (
  delete from faultline.jobs_live j
  using unnest(':ids'::bigint[], ':attempts'::int[]) r (job_id, attempt)
  where j.job_id = r.job_id and j.attempt = r.attempt and j.state = 'running'
  returning j.*
)
insert into faultline.jobs_done (
  job_id, finished_at, created_at, ready_at, started_at, lease_owner, attempt, failures, max_attempts, priority,
  from_state, state, type, queue, payload, headers, tags)
select job_id, clock_timestamp(), created_at, ready_at, started_at, lease_owner, attempt, failures, max_attempts,
  priority, state, 'succeeded', type, queue, payload, headers, tags
from gone;
""",
    left="select exists (select from faultline.jobs_live)",
)

CONTENDERS: Final[list[Peer | Script]] = [
    FAULTLINE,
    PGQUEUER,
    PROCRASTINATE,
    GRAPHILE,
    PGBOSS,
    CHANCY,
    OBAN,
    ABSURD,
    DBOS,
    PGMQ,
    SAME_ROWS,
    FLOOR,
]
