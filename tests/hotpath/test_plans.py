"""The plans of the hot functions do not depend on what the planner believes of the tables.

Each state of the tables is one in which some planner somewhere went astray: never analysed, large, analysed or vacuumed
at the moment when the queue happened to be empty. Every function runs so often that its plans are the ones it keeps.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.hotpath.plans import Explained, Plan
from tests.hotpath.workload import Runner, enqueue, old_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hotpath.plans import Node
    from tests.support.database import Database

ROUNDS = 7  # PL/pgSQL settles on a generic plan at the sixth
LEADING = {
    "jobs_live_pkey": "job_id",
    "jobs_live_ready": "queue",
    "jobs_live_lease": "lease_expires_at",
    "jobs_live_running": "queue",
    "jobs_live_dead": "queue",
    "jobs_live_task": "run_id",
    "payloads_pkey": "job_id",
    "idempotency_keys_pkey": "queue",
    "transactions_pkey": "transaction_id",
    "transactions_job": "job_id",
    "transactions_due": "due_at",
    "effects_pkey": "transaction_id",
    "effects_ask": "ask_at",
    "ledger_entries_pkey": "entry_id",
    "ledger_entries_transaction": "transaction_id",
    "ledger_entries_job": "job_id",
    "postings_pkey": "posting_id",
    "postings_entry": "entry_id",
    "postings_account": "account",
    "accounts_pkey": "account",
    "account_checkpoints_pkey": "account",
}
TABLES = (
    *("jobs_live", "jobs_done", "payloads", "job_events", "idempotency_keys"),
    *("transactions", "effects", "ledger_entries", "postings", "accounts", "account_checkpoints"),
)
Plans = dict[str, list[Plan]]


def empty(db: Database) -> None:
    """As deployed."""


def fresh(db: Database) -> None:
    enqueue(db, 2_000)


def large(db: Database) -> None:
    enqueue(db, 100_000)
    db.execute("analyze")


def analysed_while_empty(db: Database, backlog: int = 100_000) -> None:
    """Jobs have come and gone under a snapshot, statistics were taken at that moment, then the backlog came."""
    enqueue(db, 10_000)
    old_snapshot(db)
    Runner(db).drain(10_000)
    db.execute("vacuum analyze")
    assert db.scalar("select reltuples from pg_class where oid = 'faultline.jobs_live'::regclass") == 0
    enqueue(db, backlog)


STATES = [empty, fresh, large, analysed_while_empty]


def observe(db: Database, explained: Explained, rounds: int = ROUNDS) -> Plans:
    """Run every function so many times, in one session, and keep the plans of its last run."""
    plans: Plans = {}
    runner = uuid.uuid4()
    token: str | None = None

    def run(name: str, call: str, *arguments: object) -> list[tuple[Any, ...]]:
        rows = explained.run(call, *arguments)
        plans[name] = list(explained.plans)
        return rows

    db.execute("select faultline.set_queue('limited', '{\"max_running\": 10}')")
    for turn in range(rounds):
        run("enqueue", "select faultline.enqueue('x', queue => 'limited')")
        for _ in range(2):
            run("enqueue with a key", "select faultline.enqueue('x', idempotency_key => %s)", f"key {turn}")
        run("enqueue_many", 'select * from faultline.enqueue_many(\'[{"type": "x", "queue": "q"}]\')')
        run("enqueue_bulk", "select faultline.enqueue_bulk('x', '[{}]', 'q')")
        enqueue(db, 30)
        for _ in range(2):
            (token,) = run("advance_floor", "select faultline.advance_floor(array['q', 'limited'], %s)", token)[0]
        claim = "select job_id, attempt from faultline.claim_jobs(array['limited', 'q'], %s, 30, '1 hour', %s)"
        claimed = run("claim_jobs", claim, runner, token)
        ids, attempts = [row[0] for row in claimed], [row[1] for row in claimed]
        run("heartbeat", "select * from faultline.heartbeat(%s, %s, %s)", runner, ids, attempts)
        run("complete_jobs", "select * from faultline.complete_jobs(%s, %s)", ids[:20], attempts[:20])
        run("complete_jobs again", "select * from faultline.complete_jobs(%s, %s)", ids[:20], attempts[:20])
        run("complete_job", "select faultline.complete_job(%s, %s)", ids[20], attempts[20])
        run("fail_job", "select faultline.fail_job(%s, %s, '{}')", ids[21], attempts[21])
        run("fail_job again", "select faultline.fail_job(%s, %s, '{}')", ids[21], attempts[21])
        run("fail_job for good", "select faultline.fail_job(%s, %s, '{}', false)", ids[22], attempts[22])
        failing = "select * from faultline.fail_jobs(%s, %s, null, array_fill(%s, array[2]))"
        run("fail_jobs", failing, [ids[28], ids[27]], [attempts[28], attempts[27]], True)
        run("fail_jobs again", failing, ids[27:29], attempts[27:29], True)
        run("release_job", "select faultline.release_job(%s, %s, '1 minute')", ids[23], attempts[23])
        run("snooze_job", "select faultline.snooze_job(%s, %s, '1 minute')", ids[24], attempts[24])
        run("report_stale", "select faultline.report_stale(%s, %s, 'complete')", ids[24], attempts[24])
        run("cancel_job", "select faultline.cancel_job(%s)", ids[25])
        run("cancelled", "select faultline.cancelled(%s, %s)", ids[25], attempts[25])
        run("retry_job", "select faultline.retry_job(%s)", ids[22])
        run("discard_job", "select faultline.discard_job(%s)", _dead_letter(db))
        run("job_status live", "select faultline.job_status(%s)", ids[26])
        run("job_status done", "select faultline.job_status(%s)", ids[0])
        run("why", "select faultline.why(%s)", ids[26])
        run("release_unknown", "select faultline.release_unknown(%s, '{}')", runner)
        _expire(db, 3)
        assert run("reap_expired", "select faultline.reap_expired(1000, %s)", token) == [(3,)]
        run("next_ready", "select faultline.next_ready(array['q'])")
        run("unfinished", "select faultline.unfinished(array['q'])")
        run("unfinished anywhere", "select faultline.unfinished()")
        run("ready_queues", "select * from faultline.ready_queues()")
        run("metrics", "select * from faultline.metrics(%s)", token)
    return plans


def _dead_letter(db: Database) -> int:
    db.execute("select faultline.enqueue('x', queue => 'dead')")
    job, attempt = db.rows("select job_id, attempt from faultline.claim_job('dead', gen_random_uuid())")[0]
    db.execute("select faultline.fail_job(%s, %s, '{}', false)", job, attempt)
    return int(job)


def _expire(db: Database, count: int) -> None:
    """Jobs whose lease has passed this very moment, and so lies above every floor."""
    enqueue(db, count, queue="lost")
    db.execute("select count(*) from faultline.claim_job('lost', gen_random_uuid(), %s)", count)
    lost = "queue = 'lost' and state = 'running'"
    db.execute(f"update faultline.jobs_live set lease_expires_at = clock_timestamp() where {lost}")


def complaints(plans: Plans) -> list[str]:
    """What no plan of ours may do, with the statement that does."""
    return [
        f"{name}: {node.kind} on {node.relation or '…'}{' by ' + node.index if node.index else ''}: {plan.query[:200]}"
        for name, statements in plans.items()
        for plan in statements
        for node in plan.nodes()
        if _walks_too_much(node) and not _may_walk(name, node)
    ]


def _walks_too_much(node: Node) -> bool:
    if not (node.relation or node.index or "").startswith(TABLES) or (node.relation or "").endswith("_seq"):
        return False
    if node.kind in {"Index Scan", "Index Only Scan"}:
        return LEADING.get(node.index or "", "") not in node.raw.get("Index Cond", "none")
    return node.kind not in {"ModifyTable", "Tid Scan"}


def _may_walk(name: str, node: Node) -> bool:
    """What is dead or open is counted up to 10 000; a runner looks for its own jobs among all that run; and a sweep of
    reconcile walks all that is not settled."""
    return (name, node.index) in {
        ("metrics", "jobs_live_dead"),
        ("metrics", "transactions_init"),
        ("metrics", "transactions_applied"),
        ("metrics", "transactions_failed"),
        ("metrics", "effects_unknown"),
        ("metrics", "runs_failed"),
        ("reconcile with a sweep", "transactions_init"),
        ("reconcile with a sweep", "transactions_applied"),
        ("effects_to_ask", "effects_ask"),
        ("release_unknown", "jobs_live_running"),
        ("release_unknown", "jobs_live_lease"),
    }


def indexes(plans: list[Plan], table: str = "jobs_live") -> set[str]:
    return {node.index for plan in plans for node in plan.on(table) if node.index}


def statement(plans: list[Plan], text: str) -> Plan:
    found = [plan for plan in plans if text in plan.query]
    assert found, f"no statement with {text!r} among {[plan.query[:100] for plan in plans]}"
    return found[-1]


def conditions(plan: Plan, index: str) -> str:
    return str(next(node.raw["Index Cond"] for node in plan.nodes() if node.index == index))


@pytest.mark.parametrize("state", STATES)
def test_hot_plans_are_the_same_whatever_the_statistics_say(db: Database, state: Callable[[Database], None]) -> None:
    state(db)
    check_all(observe(db, Explained(db.connect())))


def test_plans_kept_from_when_all_tables_were_vacuumed_empty_serve_a_backlog_too(db: Database) -> None:
    """A table of no pages looks free to scan, and a session keeps the plan that it made then."""
    db.execute("vacuum analyze")
    explained = Explained(db.connect())
    observe(db, explained)
    enqueue(db, 20_000)
    check_all(observe(db, explained, rounds=2))


def test_a_plain_join_in_complete_jobs_would_be_caught(db: Database) -> None:
    source: str = db.scalar("select pg_get_functiondef('faultline.complete_jobs'::regproc)")
    assert source.count("any (array[r.job_id])") == 1
    db.execute(source.replace("any (array[r.job_id])", "r.job_id").replace("%", "%%"))
    analysed_while_empty(db, 5_000)
    with pytest.raises(AssertionError, match="complete_jobs"):
        check_all(observe(db, Explained(db.connect()), rounds=1))


def check_all(plans: Plans) -> None:
    found = complaints(plans)
    assert not found, "\n".join(found)
    check_claim(plans["claim_jobs"])
    check_complete(plans["complete_jobs"])
    check_fail(plans["fail_jobs"])
    check_heartbeat(plans["heartbeat"])
    assert indexes(plans["advance_floor"]) == {"jobs_live_ready", "jobs_live_lease"}
    assert indexes(plans["reap_expired"]) == {"jobs_live_lease", "jobs_live_pkey"}
    assert indexes(plans["next_ready"]) == {"jobs_live_ready"}
    assert indexes(plans["metrics"]) == {"jobs_live_ready", "jobs_live_running", "jobs_live_dead"}
    assert indexes(plans["enqueue with a key"], "idempotency_keys") == {"idempotency_keys_pkey"}
    assert indexes(plans["enqueue"]) == set(), "an enqueue reads no job"


def check_claim(plans: list[Plan]) -> None:
    assert indexes(plans) == {"jobs_live_ready", "jobs_live_running"}
    claim = statement(plans, "with claimed as")
    kinds = [node.kind for node in claim.nodes()]
    at = kinds.index("Limit")
    assert kinds[at : at + 3] == ["Limit", "LockRows", "Index Scan"], "rows come in order, and only those are locked"
    assert "Tid Scan" in kinds, "locked rows are found again by ctid"
    for walk in (claim, statement(plans, "generate_series(0, 4 * places - 1)")):
        bounds = conditions(walk, "jobs_live_ready")
        for bound in ("queue =", "priority =", "ROW(ready_at, job_id) >=", "ready_at <="):
            assert bound in bounds
    running = conditions(statement(plans, "setting.max_running - ("), "jobs_live_running")
    assert "lease_expires_at >=" in running


def check_complete(plans: list[Plan]) -> None:
    joins = [node for node in statement(plans, "with gone as").nodes() if node.kind == "Nested Loop"]
    assert len(joins) == 1
    outer, inner = joins[0].children
    assert "Sort" in [node.kind for node in outer.walk()], "rows are locked in the order of job_id"
    assert (inner.kind, inner.index) == ("Index Scan", "jobs_live_pkey")
    assert indexes(plans) == {"jobs_live_pkey"}


def check_fail(plans: list[Plan]) -> None:
    """The reports, sorted, outside; and what they have locked is found again by its id."""
    joins = [node for node in statement(plans, "with ended as").nodes() if node.kind == "Nested Loop"]
    assert len(joins) == 2
    assert {node.index for join in joins for node in join.children[1].walk() if node.index} == {"jobs_live_pkey"}
    (lock,) = [join for join in joins if "Sort" in [node.kind for node in join.children[0].walk()]]
    assert (lock.children[1].kind, lock.children[1].index) == ("Index Scan", "jobs_live_pkey")
    assert indexes(plans) == {"jobs_live_pkey"}


def check_heartbeat(plans: list[Plan]) -> None:
    beat = statement(plans, "with beat as")
    (join,) = [node for node in beat.nodes() if node.kind == "Nested Loop"]
    assert [node.kind for node in join.children] == ["Function Scan", "Index Scan"]
    assert indexes(plans) == {"jobs_live_pkey"}
