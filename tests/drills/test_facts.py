"""The facts of a drill: all that the tables hold, as it was in one moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from faultline.drill import facts
from faultline.drill.facts import FILE, KINDS, QUERIES
from faultline.drill.history import BadHistory
from tests.support.jobs import ALICE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database

SPEC = {"name": "flow", "tasks": {"a": {"type": "a"}, "b": {"type": "b", "needs": "a", "when": "always"}}}


def test_everything_that_happened_is_read_as_it_is(db: Database, tmp_path: Path) -> None:
    scalar = db.scalar
    keyed = scalar("select faultline.enqueue('work', '{\"token\": \"t-1\"}', idempotency_key => 'k', queue => 'q')")
    db.execute("select faultline.claim_job('q', %s)", ALICE)
    db.execute("select faultline.fail_job(%s, 1, '{\"type\": \"Oh\"}', retry_in => '0')", keyed)
    db.execute("select faultline.claim_job('q', %s)", ALICE)
    db.execute("select * from faultline.complete_jobs(%s::bigint[], '{1}')", [keyed])
    db.execute("select faultline.complete_job(%s, 2, '{\"sum\": 3}')", keyed)
    moved = scalar("select faultline.submit_transaction('tx-1', 'transfer', '{\"amount\": \"9.90\"}', queue => 'm')")
    db.execute("select faultline.claim_job('m', %s)", ALICE)
    db.execute("select faultline.begin_effect(%s, 1, 'tx-1', 'charge', '{}')", moved)
    db.execute("select faultline.effect_sent(%s, 1, 'tx-1', 'charge')", moved)
    db.execute("select faultline.settle_effect(%s, 1, 'tx-1', 'charge', 'APPLIED', '{}')", moved)
    postings = [
        {"account": "a", "amount": "-9.90", "currency": "EUR"},
        {"account": "b", "amount": "9.90", "currency": "EUR"},
    ]
    entry = scalar(
        "select entry_id from faultline.apply_and_complete(%s, 1, 'tx-1', '{}', %s)", moved, json.dumps(postings)
    )
    db.execute("select faultline.put_workflow(%s)", json.dumps(SPEC))
    run = scalar("select faultline.trigger_workflow('flow', '{\"token\": \"r-1\"}', 'rk')")
    task = scalar("select job_id from faultline.jobs_live where run_id = %s", run)
    db.execute('select faultline.put_schedule(\'{"name": "s", "every": 3600, "type": "tick"}\')')
    tick = scalar("select job_id from faultline.fire_now('s')")

    facts.collect(db.connect(), tmp_path)
    read = facts.load(tmp_path)

    jobs = {job.job_id: job for job in read.jobs}
    assert jobs.keys() == {keyed, moved, task, tick}
    assert jobs[keyed] == (
        keyed, "work", "q", "succeeded", "running", 2, 1, 5, "k", "t-1", {"sum": 3}, None, None, None, str(ALICE),
    )  # fmt: skip
    assert jobs[task][:6] == (task, "a", "default", "queued", None, 0)
    assert jobs[task][12:] == (run, "a", None)
    assert [event[1:] for event in read.events if event.job_id == keyed] == [
        (keyed, 1, "fail", str(ALICE), None, "queued"),
        (keyed, 1, "stale", None, "complete", None),
    ]
    assert read.keys == [("q", "k", keyed)]
    assert read.transactions == [("tx-1", "transfer", "RECONCILED", moved, "succeeded")]
    assert read.passes == [(1, "tx-1", "APPLIED", "RECONCILED")]
    assert [effect[:2] + effect[3:] for effect in read.effects] == [("tx-1", "charge", "APPLIED", 1)]
    assert read.entries == [(entry, "tx-1", moved, 1, False)]
    assert sorted(read.postings) == [(entry, "a", "EUR", "-9.90"), (entry, "b", "EUR", "9.90")]
    assert sorted(read.balances) == [("a", "EUR", "-9.90"), ("b", "EUR", "9.90")]
    assert sorted(read.definitions) == [("flow", 1, "a", "success", []), ("flow", 1, "b", "always", ["a"])]
    assert read.runs == [(run, "flow", 1, "running", "r-1", "rk", None)]
    assert sorted(read.tasks) == [
        (run, "a", -1, 1, "queued", task, None, None),
        (run, "b", -1, 1, "waiting", None, None, None),
    ]
    (schedule,) = read.schedules
    assert (schedule.schedule, schedule.every, schedule.missed) == ("s", 3600, "latest")
    assert (schedule.missed_window, schedule.paused_at) == (366 * 86400 * 10**6, None)
    assert [tick_[:1] + tick_[2:7] for tick_ in read.ticks] == [("s", "now", "made", tick, None, 0)]
    assert read.findings == []
    assert "faultline_dead_letters" in {metric.name for metric in read.metrics}
    assert schedule.ticks_after < read.ticks[0].tick_at <= read.ticks[0].fired_at < read.about[0].read_at


def test_every_table_is_read_and_has_a_place(db: Database, tmp_path: Path) -> None:
    assert KINDS.keys() == QUERIES.keys() | {"passes"} == facts.Facts.__dataclass_fields__.keys()
    with db.connect().cursor() as cursor:
        for table, query in QUERIES.items():
            cursor.execute(query.encode())
            assert cursor.description is not None
            assert len(cursor.description) == len(KINDS[table]._fields)


def test_more_rows_than_a_fetch_are_read(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "ROWS", 7)
    db.execute("select faultline.enqueue('work', jsonb_build_object('token', n)) from generate_series(1, 20) n")
    facts.collect(db.connect(), tmp_path)
    assert sorted(int(job.token or 0) for job in facts.load(tmp_path).jobs) == list(range(1, 21))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"table": "jobs", "rows": [[1, 2]]}\n', "facts.jsonl:1: no line of facts"),
        ('{"table": "horses", "rows": []}\n', "facts.jsonl:1: no line of facts"),
        ('{"table": "keys", "rows": [["q", "k", 1]]}\n', "facts.jsonl: it is not complete"),
    ],
)
def test_what_is_no_file_of_facts_is_said(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(BadHistory) as caught:
        facts.load(tmp_path)
    assert named in str(caught.value)
