"""The checker on a real database: what it does is judged right, and what it does without its guard is caught."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.drill import checker, facts
from faultline.drill.history import Recorder
from tests.support.jobs import ALICE, BOB
from tests.support.mutants import break_function

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from faultline.drill.verdict import Report
    from tests.support.database import Database

POSTINGS = [{"account": "a", "amount": -5, "currency": "EUR"}, {"account": "b", "amount": 5, "currency": "EUR"}]


class Session:
    """A client by hand: what it calls is on record, and an error of the database is an answer."""

    def __init__(self, db: Database, directory: Path) -> None:
        self.db = db
        self.directory = directory
        self.recorder = Recorder(directory, "by-hand")

    def ask(self, call: str, query: str, *values: object, **args: Any) -> Any:
        with suppress(psycopg.Error), self.recorder.call(call, **args) as recorded:
            answer = self.db.scalar(query, *values)
            recorded.ok(answer)
            return answer
        return None

    def enqueue(self, token: str, key: str | None = None, **job: Any) -> int:
        jobs = [{"type": "work", "queue": "q", "payload": {"token": token}, "idempotency_key": key, **job}]
        query = "select to_jsonb(e) from faultline.enqueue_many(%s) e"
        made = self.ask("enqueue", query, json.dumps(jobs), type="work", queue="q", key=key, token=token)
        return int(made["job_id"]) if made else 0

    def claim(self, runner: UUID = ALICE, batch: int = 1) -> Any:
        query = "select jsonb_agg(jsonb_build_array(job_id, attempt)) from faultline.claim_job('q', %s, %s)"
        return self.ask("claim", query, runner, batch, runner=str(runner), queues=["q"], batch=batch)

    def report(self, verb: str, job_id: int, attempt: int) -> Any:
        rest = {"fail": ", '{}', retry_in => '0'", "snooze": ", '1ms'"}.get(verb, "")
        query = f"select faultline.{verb}_job(%s, %s{rest})"
        return self.ask(verb, query, job_id, attempt, job_id=job_id, attempt=attempt)

    def expire(self) -> None:
        self.db.execute("update faultline.jobs_live set lease_expires_at = '2000-01-01' where lease_owner is not null")
        self.db.scalar("select faultline.reap_expired()")
        self.db.execute("update faultline.jobs_live set ready_at = now() where state = 'queued'")

    def judge(self) -> Report:
        facts.collect(self.db.connect(), self.directory)
        return checker.judge(self.directory)


@pytest.fixture
def session(db: Database, tmp_path: Path) -> Session:
    return Session(db, tmp_path)


def frozen_and_overtaken(session: Session) -> int:
    """Alice's lease runs out while she is at work, Bob has the job, and then she reports."""
    job = session.enqueue("t-1")
    assert session.claim(ALICE) == [[job, 1]]
    session.expire()
    assert session.claim(BOB) == [[job, 2]]
    session.report("complete", job, 1)
    session.report("complete", job, 2)
    session.report("complete", job, 2)
    return job


def test_whatever_sessions_report_the_database_keeps_its_promises(session: Session) -> None:
    job = frozen_and_overtaken(session)
    session.db.scalar("select faultline.report_stale(%s, 1, 'complete')::text", job)
    keyed = session.enqueue("t-2", "k")
    assert session.enqueue("t-2", "k") == keyed
    assert session.enqueue("t-3", "k") == 0  # FL002
    for attempt, verb in enumerate(("fail", "release", "snooze", "complete"), 1):
        session.db.execute("update faultline.jobs_live set ready_at = now()")
        assert session.claim() == [[keyed, attempt]]
        assert session.report(verb, keyed, attempt) == "ok"
        assert session.report(verb, keyed, attempt) == "repeat"
        session.report("complete", keyed, attempt)
    cancelled = session.enqueue("t-4")
    session.ask("cancel", "select faultline.cancel_job(%s)", cancelled, job_id=cancelled)
    with session.recorder.call("rolled_back", token="t-5"), session.db.connect(autocommit=False) as connection:
        connection.execute("select faultline.enqueue('work', '{\"token\": \"t-5\"}')")
        connection.rollback()
    request = {"from": "a", "to": "b", "amount": 5}
    query = "select jsonb_build_object('job_id', faultline.submit_transaction('x', 'work', %s, queue => 'q'))"
    for _ in range(2):
        session.ask("submit", query, json.dumps(request), transaction="x", kind="work", **request)
    ((moved, _),) = session.claim()
    apply = "select to_jsonb(e) from faultline.apply_and_complete(%s, 1, 'x', '{}', %s) e"
    for _ in range(2):
        session.ask("apply", apply, moved, json.dumps(POSTINGS), job_id=moved, attempt=1, transaction="x")
    report = session.judge()
    assert report.violations == []
    assert report.counts["stale"] == {"recorded": 1, "reports": 1, "seen": 4}
    assert report.counts["duplicates"] == {"answered_alike": 8}
    assert report.counts["transactions"] == {"RECONCILED": 1}
    assert report.counts["sum"] == {"EUR": "0"}


def test_a_completion_without_its_fence_is_caught(session: Session) -> None:
    break_function(session.db, "complete_job", ("and j.attempt = complete_job.attempt and", "and"))
    frozen_and_overtaken(session)
    assert (3, "accepted, not done") in {(found.promise, found.rule) for found in session.judge().violations}


def test_keys_without_their_constraint_are_caught(session: Session) -> None:
    session.enqueue("t-1", "k")
    session.db.execute("delete from faultline.idempotency_keys")
    session.enqueue("t-1", "k")
    for _ in range(2):
        ((job, _),) = session.claim()
        session.report("complete", job, 1)
    rules = {(found.promise, found.rule) for found in session.judge().violations}
    assert {(6, "two jobs"), (6, "two answers"), (6, "created twice")} <= rules


def test_a_job_that_the_server_forgot_is_caught(session: Session) -> None:
    session.enqueue("t-1")
    session.db.execute("delete from faultline.jobs_live")
    assert {(found.promise, found.rule) for found in session.judge().violations} == {(1, "lost")}
