"""The detectors detect: each race, played with a function that has lost its guard, ends in what its test forbids."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, Jobs, Shape
from tests.support.mutants import break_function
from tests.support.scenarios import Open, Pair

if TYPE_CHECKING:
    from tests.support.database import Database

OWN_DATABASES = True
FENCE = "and j.attempt = complete_job.attempt and j.state = 'running'"
CLAIMED_BY_ID = """with claimed as (
        update faultline.jobs_live j
        set state = 'running', attempt = j.attempt + 1, lease_owner = runner, started_at = now_,
            lease_expires_at = now_ + leases[place]
        where j.job_id in (
          select c.job_id"""
ONCE_A_ROW = """SET jit TO 'off'
  SET enable_hashjoin TO 'off'
  SET enable_mergejoin TO 'off'
  SET enable_material TO 'off'
  SET enable_hashagg TO 'off'"""


class Violation(NamedTuple):
    """A row of verify(), without its words."""

    promise: int
    check_name: str


def violations(db: Database) -> set[Violation]:
    return {Violation(*row) for row in db.rows("select promise, check_name from faultline.verify()")}


def test_a_completion_without_its_fence_lets_an_overtaken_worker_win(db: Database, jobs: Jobs, connect: Open) -> None:
    break_function(db, "complete_job", (FENCE, "and j.state = 'running'"))
    assert scenarios.overtaken_worker_completes(jobs, connect) == Pair("ok", "repeat", Shape("succeeded", 2, 1))


def test_a_fence_that_is_checked_before_the_lock_charges_one_failure_twice(
    db: Database, jobs: Jobs, connect: Open
) -> None:
    break_function(db, "_end_attempt", ("and j.state = 'running'\n  for update;", "and j.state = 'running';"))
    assert scenarios.fails_at_once(jobs, connect) == Pair("ok", "ok", Shape("queued", 1, 1))
    assert violations(db) == {Violation(4, "attempt_ended_twice"), Violation(5, "failures_miscounted")}


def test_a_claim_without_skip_locked_waits_for_the_other_one(db: Database, jobs: Jobs, connect: Open) -> None:
    break_function(db, "claim_jobs", ("for no key update skip locked", "for no key update"))
    _, waited, _ = scenarios.claim_beside_an_open_claim(jobs, connect)
    assert waited


def test_large_claims_without_turns_do_not_wait(db: Database, jobs: Jobs, connect: Open) -> None:
    break_function(db, "claim_jobs", ("perform faultline._take_turn(queues[1]);", ""))
    assert not scenarios.claim_beside_two_large_claims(jobs, connect, 50)


def test_turns_that_are_waited_for_forever_stop_all_claims(db: Database, jobs: Jobs, connect: Open) -> None:
    """In the real function lock_timeout ends the wait: see test_claims."""
    break_function(db, "_take_turn", ("SET lock_timeout TO '1s'", "SET lock_timeout TO '0'"))
    jobs.db.execute("select faultline.enqueue('work') from generate_series(1, 150)")
    sessions = [connect("faultline_runner") for _ in range(3)]
    for session in sessions[:2]:
        session.begin()
        session.run(scenarios.CLAIM_MANY, ALICE, 50)
    sessions[2].start(scenarios.CLAIM_MANY, ALICE, 50)
    time.sleep(2)
    assert sessions[2].blocked()
    for session in sessions[:2]:
        session.commit()
    assert len(sessions[2].result()) == 50


def test_a_claim_by_in_subselect_takes_more_than_its_batch(db: Database, jobs: Jobs) -> None:
    """With a plan that runs the subselect once for each row, which is the planner's choice to make."""
    break_function(
        db,
        "claim_jobs",
        (_text_between(db, "claim_jobs", "with claimed as (", "select c.ctid"), CLAIMED_BY_ID),
        ("for no key update skip locked))", "for no key update skip locked)"),
        ("SET jit TO 'off'", ONCE_A_ROW),
    )
    assert scenarios.largest_claim(jobs, batch=7) > 7


def test_a_claim_that_does_not_lock_its_queue_exceeds_the_limit(db: Database, jobs: Jobs, connect: Open) -> None:
    lock = "perform from faultline.queues q where q.queue = setting.queue for no key update;"
    break_function(db, "claim_jobs", (lock, ""))
    assert scenarios.claims_at_the_limit(jobs, connect) > 2


def test_keys_without_their_primary_key_make_a_job_for_each_producer(db: Database, jobs: Jobs, connect: Open) -> None:
    db.execute("alter table faultline.idempotency_keys drop constraint idempotency_keys_pkey")
    break_function(db, "_keyed_job", ("on conflict (queue, key) do nothing", "on conflict do nothing"))
    assert scenarios.same_key_at_once(jobs, connect) == (False, 2)
    assert violations(db) == {Violation(6, "guard_missing"), Violation(6, "live_job_without_key")}


def test_groups_that_lock_in_their_own_order_deadlock(db: Database, jobs: Jobs, connect: Open) -> None:
    break_function(db, "complete_jobs", ("order by u.job_id\n    ) r", ") r"))
    assert "40P01" in scenarios.batches_in_opposite_order(jobs, connect)


def test_groups_of_failures_that_lock_in_their_own_order_deadlock(db: Database, jobs: Jobs, connect: Open) -> None:
    once = "select distinct on (u.job_id, u.attempt) u.job_id"
    break_function(db, "fail_jobs", (once, "select u.job_id"), ("      order by u.job_id, u.attempt\n", ""))
    group = scenarios.FAIL_MANY
    assert "40P01" in scenarios.batches_in_opposite_order(jobs, connect, group, group)


def test_a_group_of_failures_that_tests_its_fence_before_it_waits_fails_an_attempt_that_is_not_its_own(
    db: Database, jobs: Jobs, connect: Open
) -> None:
    break_function(db, "fail_jobs", ("    for update of j\n", ""))
    assert scenarios.failure_of_an_attempt_that_is_over(jobs, connect) != (["stale"], Shape("running", 2, 0))


def test_a_reaper_that_trusts_its_first_look_takes_a_lease_that_was_extended(
    db: Database, jobs: Jobs, connect: Open
) -> None:
    condition = "where j.job_id = any (candidates) and j.lease_expires_at <= now_\n"
    break_function(db, "reap_expired", (condition, "where j.job_id = any (candidates)\n"))
    assert scenarios.beat_between_the_reapers_looks(jobs, connect) == ("ok", 1, Shape("queued", 1, 1))


def test_a_beat_that_is_told_by_its_job_alone_keeps_a_lost_attempt_alive(db: Database, jobs: Jobs) -> None:
    break_function(db, "heartbeat", ("partition by v.job_id, v.attempt", "partition by v.job_id"))
    assert scenarios.beat_of_two_attempts(jobs) == [(1, "ok"), (2, "ok")]


def test_a_bell_that_is_kept_to_the_end_of_the_transaction_is_seen(db: Database, jobs: Jobs, connect: Open) -> None:
    _replace_ring(db, "perform pg_catalog.pg_try_advisory_xact_lock(1181838444, pg_catalog.hashtext(queue) & 15);")
    assert scenarios.locks_left_by_a_producer(jobs, connect) == 1


def test_a_bell_that_is_tried_and_freed_in_two_statements_stays_behind_a_cancel(db: Database, jobs: Jobs) -> None:
    _replace_ring(
        db,
        """
        if pg_catalog.pg_try_advisory_lock(1181838444, pg_catalog.hashtext(queue) & 15) then
          perform pg_catalog.pg_advisory_unlock(1181838444, pg_catalog.hashtext(queue) & 15);
        end if;
        """,
    )
    assert scenarios.locks_left_by_cancelled_rings(jobs, tries=60) > 0


@pytest.mark.parametrize("name", ["complete_job", "claim_jobs", "heartbeat"])
def test_a_mutation_that_finds_nothing_to_break_is_an_error(name: str, db: Database) -> None:
    with pytest.raises(AssertionError, match=f"0 times in faultline.{name}"):
        break_function(db, name, ("no such text", ""))


def _replace_ring(db: Database, body: str) -> None:
    db.execute(
        "create or replace function faultline._ring(queue text) returns boolean language plpgsql as "
        f"$$ begin {body} return true; end $$"
    )


def _text_between(db: Database, name: str, start: str, end: str) -> str:
    """From `start` to the end of `end`, as it stands in the function."""
    text: str = db.scalar("select prosrc from pg_proc where proname = %s", name)
    return text[text.index(start) : text.index(end) + len(end)]
