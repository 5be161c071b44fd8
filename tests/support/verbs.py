"""The verbs of jobs on a real database, under the names and with the answers of tests.support.model.Model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from tests.support.jobs import ALICE, BOB
from tests.support.model import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.model import Fence, Request

RUNNERS = {"alice": ALICE, "bob": BOB}
NAMES = {str(runner): name for name, runner in RUNNERS.items()}
LATER = "1 hour"
START = """
    delete from faultline.jobs_live;
    delete from faultline.jobs_done;
    delete from faultline.job_events;
    delete from faultline.idempotency_keys;
    delete from faultline.queues;
    alter sequence faultline.jobs_live_job_id_seq restart;
    update faultline.settings set backoff = '{"kind": "fixed", "delay": "1h", "jitter": 0}';
"""
ENQUEUE = """
    select faultline.enqueue(%s, %s, queue => %s, priority => %s, max_attempts => %s, idempotency_key => %s,
                             run_at => clock_timestamp() + %s::interval)
"""
CLAIM = "select job_id, attempt from faultline.claim_jobs(%s, %s, %s, '1 hour')"
COMPLETE_MANY = "select job_id, verdict from faultline.complete_jobs(%s::bigint[], %s::int[])"
FAIL = """select faultline.fail_job(%s, %s, '{"type": "Boom"}', %s, %s::interval)"""
FAIL_MANY = """
    select job_id, verdict
    from faultline.fail_jobs(
      %s::bigint[], %s::int[], array_fill('{"type": "Boom"}'::jsonb, array[cardinality(%s::bool[])]), %s::bool[],
      %s::interval[])
"""
HEARTBEAT = "select * from faultline.heartbeat(%s, %s::bigint[], %s::int[], '1 hour')"
SET_QUEUE = "select faultline.set_queue(%s, jsonb_build_object(%s::text, %s::int))"
LET_EXPIRE = """
    update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s'
    where job_id = %s and state = 'running'
"""
LET_BE_DUE = """
    update faultline.jobs_live set ready_at = clock_timestamp()
    where job_id = %s and state = 'queued' and ready_at > clock_timestamp()
"""
LET_KEY_EXPIRE = """
    update faultline.idempotency_keys set expires_at = clock_timestamp() - interval '1 s' where queue = %s and key = %s
"""
JOBS = """
    select job_id, type, queue, priority, max_attempts, idempotency_key, state, attempt, failures, lease_owner,
      state <> 'queued' or ready_at <= clock_timestamp(), coalesce(lease_expires_at <= clock_timestamp(), false),
      cancel_requested_at is not null
    from faultline.jobs_live
    union all
    select job_id, type, queue, priority, max_attempts, idempotency_key, state, attempt, failures, lease_owner,
      true, false, null
    from faultline.jobs_done
    order by 1
"""
VIEWED = "select job_id, state, attempt from faultline.jobs order by 1"
KEYS = "select queue, key, job_id, expires_at <= clock_timestamp() from faultline.idempotency_keys"
EVENTS = """
    select job_id, attempt, verb, detail ->> 'verb'
    from faultline.job_events
    where job_id is not null
    order by job_id, event_id
"""


class StoredJob(NamedTuple):
    """A job as the tables have it; cancel_requested is None once it is finished."""

    id: int
    type: str
    queue: str
    priority: int
    max_attempts: int
    key: str | None
    state: str
    attempt: int
    failures: int
    owner: str | None
    due: bool
    expired: bool
    cancel_requested: bool | None


class Verbs:
    """One connection, in autocommit, of a superuser: it also moves deadlines."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def start(self) -> None:
        self.connection.execute(START)

    def enqueue(self, request: Request) -> Any:
        return self._scalar(
            ENQUEUE,
            request.type,
            json.dumps({"size": request.size}),
            request.queue,
            request.priority,
            request.max_attempts,
            request.key,
            LATER if request.later else None,
        )

    def enqueue_many(self, requests: Sequence[Request]) -> Any:
        run_at = self._scalar("select clock_timestamp() + %s::interval", LATER).isoformat()
        jobs = [
            {
                "type": request.type,
                "payload": {"size": request.size},
                "queue": request.queue,
                "priority": request.priority,
                "max_attempts": request.max_attempts,
                "idempotency_key": request.key,
                "run_at": run_at if request.later else None,
            }
            for request in requests
        ]
        return self._rows("select * from faultline.enqueue_many(%s)", json.dumps(jobs))

    def claim(self, queues: Sequence[str], runner: str, batch: int) -> Any:
        return self._rows(CLAIM, list(queues), RUNNERS[runner], batch)

    def complete(self, job_id: int, attempt: int) -> Any:
        return self._scalar("select faultline.complete_job(%s, %s)", job_id, attempt)

    def complete_many(self, fences: Sequence[Fence]) -> Any:
        return self._rows(COMPLETE_MANY, *_columns(fences))

    def fail(self, job_id: int, attempt: int, retryable: bool, at_once: bool) -> Any:
        return self._scalar(FAIL, job_id, attempt, retryable, "0" if at_once else None)

    def fail_many(self, reports: Sequence[tuple[int, int, bool, bool]]) -> Any:
        retry_ins = ["0" if at_once else None for *_, at_once in reports]
        retryables = [retryable for _, _, retryable, _ in reports]
        return self._rows(FAIL_MANY, *_columns([report[:2] for report in reports]), retryables, retryables, retry_ins)

    def release(self, job_id: int, attempt: int, later: bool) -> Any:
        return self._scalar("select faultline.release_job(%s, %s, %s)", job_id, attempt, LATER if later else None)

    def snooze(self, job_id: int, attempt: int) -> Any:
        return self._scalar("select faultline.snooze_job(%s, %s, %s)", job_id, attempt, LATER)

    def cancelled(self, job_id: int, attempt: int) -> Any:
        return self._scalar("select faultline.cancelled(%s, %s)", job_id, attempt)

    def heartbeat(self, runner: str, fences: Sequence[Fence]) -> Any:
        return self._rows(HEARTBEAT, RUNNERS[runner], *_columns(fences))

    def release_unknown(self, runner: str, known: Sequence[int]) -> Any:
        return self._scalar("select faultline.release_unknown(%s, %s::bigint[])", RUNNERS[runner], list(known))

    def report_stale(self, job_id: int, attempt: int, report: str) -> Any:
        return self._scalar("select faultline.report_stale(%s, %s, %s)", job_id, attempt, report)

    def reap(self, most: int) -> Any:
        return self._scalar("select faultline.reap_expired(%s)", most)

    def cancel(self, job_id: int) -> Any:
        return self._scalar("select faultline.cancel_job(%s)", job_id)

    def retry(self, job_id: int) -> Any:
        return self._scalar("select faultline.retry_job(%s)", job_id)

    def discard(self, job_id: int) -> Any:
        return self._scalar("select faultline.discard_job(%s)", job_id)

    def pause(self, queue: str) -> Any:
        return self._scalar("select faultline.pause_queue(%s)", queue)

    def resume(self, queue: str) -> Any:
        return self._scalar("select faultline.resume_queue(%s)", queue)

    def limit(self, queue: str, max_running: int | None) -> None:
        self._scalar(SET_QUEUE, queue, "max_running", max_running)

    def default_attempts(self, queue: str, max_attempts: int | None) -> None:
        self._scalar(SET_QUEUE, queue, "max_attempts", max_attempts)

    def maintain(self) -> Any:
        return self._scalar("select (faultline.maintain() ->> 'keys')::int")

    def let_expire(self, job_id: int) -> None:
        self.connection.execute(LET_EXPIRE, (job_id,))

    def let_be_due(self, job_id: int) -> None:
        self.connection.execute(LET_BE_DUE, (job_id,))

    def let_key_expire(self, queue: str, key: str) -> None:
        self.connection.execute(LET_KEY_EXPIRE, (queue, key))

    def jobs(self) -> list[StoredJob]:
        rows = [StoredJob(*row) for row in self._rows(JOBS)]
        return [job._replace(owner=job.owner and NAMES[str(job.owner)]) for job in rows]

    def viewed(self) -> Any:
        """What the view tells of each job: (id, state, attempt)."""
        return self._rows(VIEWED)

    def keys(self) -> dict[tuple[str, str], tuple[int, bool]]:
        return {(queue, key): (job, expired) for queue, key, job, expired in self._rows(KEYS)}

    def events(self) -> list[Event]:
        return [Event(*row) for row in self._rows(EVENTS)]

    def violations(self) -> Any:
        return self._rows("select * from faultline.verify()")

    def _rows(self, query: str, *arguments: object) -> Any:
        try:
            return self.connection.execute(query.encode(), arguments or None).fetchall()
        except psycopg.Error as error:
            if error.sqlstate is None or not error.sqlstate.startswith("FL"):
                raise
            return error.sqlstate

    def _scalar(self, query: str, *arguments: object) -> Any:
        """The one value; None for void, too."""
        rows = self._rows(query, *arguments)
        if isinstance(rows, str):
            return rows
        return None if rows[0][0] == "" else rows[0][0]


def _columns(fences: Sequence[Fence]) -> tuple[list[int], list[int]]:
    return [job for job, _ in fences], [attempt for _, attempt in fences]
