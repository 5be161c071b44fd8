"""One idempotency key, one job, however many producers ask for it at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import scenarios
from tests.support.jobs import Jobs, Shape
from tests.support.scenarios import COMPLETE, ENQUEUE_KEYED, Open

if TYPE_CHECKING:
    from tests.support.database import Database

LIVE = "select count(*) from faultline.jobs_live"
MANY = "select array_agg(job_id order by ordinal) from faultline.enqueue_many(%s)"
MAINTAIN = "select faultline.maintain() ->> 'keys'"


def finished_with_expired_key(jobs: Jobs) -> int:
    """A job that succeeded, and whose key is free again."""
    job = jobs.running(idempotency_key="k")
    jobs.db.execute(COMPLETE, job, 1)
    jobs.expire_key("k")
    return job


def test_the_second_producer_of_a_key_waits_and_gets_the_first_ones_job(jobs: Jobs, connect: Open) -> None:
    assert scenarios.same_key_at_once(jobs, connect) == (True, 1)
    jobs.assert_sound()


def test_the_second_producer_of_a_key_makes_the_job_if_the_first_rolls_back(jobs: Jobs, connect: Open) -> None:
    first, second = connect("faultline_producer"), connect("faultline_producer")
    first.begin()
    lost = first.call(ENQUEUE_KEYED, "{}", "k")
    second.start(ENQUEUE_KEYED, "{}", "k")
    assert second.blocked()
    first.rollback()
    made = second.outcome()
    assert made != lost
    assert jobs.shape(made) == Shape("queued", 0, 0)
    assert jobs.db.scalar(LIVE) == 1
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_other_arguments_for_a_key_are_refused_once_the_first_producer_has_committed(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    first, second = connect("faultline_producer"), connect("faultline_producer")
    first.begin()
    first.call(ENQUEUE_KEYED, '{"n": 1}', "k")
    second.start(ENQUEUE_KEYED, '{"n": 2}', "k")
    assert second.blocked()
    first.run(ending)
    answer = second.outcome()
    assert (answer == "FL002") == (ending == "commit")
    assert jobs.db.rows("select payload from faultline.jobs_live") == [({"n": 1 if ending == "commit" else 2},)]
    jobs.assert_sound()


def test_three_producers_of_a_key_of_whom_the_first_fails_make_one_job(jobs: Jobs, connect: Open) -> None:
    first, second, third = (connect("faultline_producer") for _ in range(3))
    first.begin()
    first.call(ENQUEUE_KEYED, "{}", "k")
    for producer in (second, third):
        producer.start(ENQUEUE_KEYED, "{}", "k")
        assert producer.blocked()
    first.rollback()
    assert second.outcome() == third.outcome()
    assert jobs.db.scalar(LIVE) == 1
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_two_renewals_of_an_expired_key_at_once_make_one_job(ending: str, jobs: Jobs, connect: Open) -> None:
    old = finished_with_expired_key(jobs)
    first, second = connect("faultline_producer"), connect("faultline_producer")
    first.begin()
    one = first.call(ENQUEUE_KEYED, '{"n": 2}', "k")
    second.start(ENQUEUE_KEYED, '{"n": 2}', "k")
    assert second.blocked()
    first.run(ending)
    other = second.outcome()
    assert (one == other) == (ending == "commit")
    assert old not in (one, other)
    assert jobs.db.rows("select job_id from faultline.jobs_live") == [(other,)]
    jobs.assert_sound()


def test_two_renewals_that_have_both_seen_the_expired_key_make_one_job(jobs: Jobs, connect: Open) -> None:
    """Somebody holds the key's row until both want to delete it."""
    finished_with_expired_key(jobs)
    gate, first, second = connect(), connect("faultline_producer"), connect("faultline_producer")
    gate.begin()
    gate.run("select from faultline.idempotency_keys where key = 'k' for update")
    for producer in (first, second):
        producer.start(ENQUEUE_KEYED, "{}", "k")
        assert producer.blocked()
    gate.commit()
    assert first.outcome() == second.outcome()
    assert jobs.db.scalar(LIVE) == 1
    jobs.assert_sound()


def test_a_renewal_that_was_overtaken_frees_only_the_key_that_it_has_seen(jobs: Jobs, connect: Open) -> None:
    """Between its look at the expired key and its deletion, another renewal runs from beginning to end."""
    old = finished_with_expired_key(jobs)
    fast, slow = connect(), connect("faultline_producer")
    fast.begin()
    fast.run("lock table faultline.jobs_live")
    slow.start(ENQUEUE_KEYED, "{}", "k")
    assert slow.blocked(), "at the look whether the key's job lives"
    new = fast.call(ENQUEUE_KEYED, "{}", "k")
    fast.commit()
    assert slow.outcome() == new != old
    assert jobs.db.rows("select job_id from faultline.jobs_live") == [(new,)]
    jobs.assert_sound()


def test_a_renewal_with_other_arguments_than_the_renewal_it_waited_for_is_refused(jobs: Jobs, connect: Open) -> None:
    finished_with_expired_key(jobs)
    first, second = connect("faultline_producer"), connect("faultline_producer")
    first.begin()
    first.call(ENQUEUE_KEYED, '{"n": 1}', "k")
    second.start(ENQUEUE_KEYED, '{"n": 2}', "k")
    assert second.blocked()
    first.commit()
    assert second.outcome() == "FL002"
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_renewal_waits_for_maintain_that_forgets_the_key(ending: str, jobs: Jobs, connect: Open) -> None:
    finished_with_expired_key(jobs)
    keeper, producer = connect("faultline_runner"), connect("faultline_producer")
    keeper.begin()
    assert keeper.call(MAINTAIN) == "1"
    producer.start(ENQUEUE_KEYED, '{"n": 2}', "k")
    assert producer.blocked()
    keeper.run(ending)
    job = producer.outcome()
    assert jobs.db.rows("select job_id from faultline.idempotency_keys") == [(job,)]
    assert jobs.shape(job) == Shape("queued", 0, 0)
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_maintain_passes_by_a_key_that_is_being_renewed(ending: str, jobs: Jobs, connect: Open) -> None:
    finished_with_expired_key(jobs)
    producer, keeper = connect("faultline_producer"), connect("faultline_runner")
    producer.begin()
    job = producer.call(ENQUEUE_KEYED, "{}", "k")
    keeper.start(MAINTAIN)
    assert not keeper.blocked()
    assert keeper.outcome() == "0"
    producer.run(ending)
    assert keeper.call(MAINTAIN) == ("0" if ending == "commit" else "1")
    assert jobs.db.rows("select job_id from faultline.idempotency_keys") == ([(job,)] if ending == "commit" else [])
    jobs.assert_sound()


def test_an_expired_key_stands_for_its_job_until_that_is_over(jobs: Jobs, connect: Open) -> None:
    """A completion that has not committed does not free the key."""
    job = jobs.running(idempotency_key="k")
    jobs.expire_key("k")
    worker, producer = connect("faultline_runner"), connect("faultline_producer")
    worker.begin()
    assert worker.call(COMPLETE, job, 1) == "ok"
    assert producer.call(ENQUEUE_KEYED, "{}", "k") == job
    worker.commit()
    new = producer.call(ENQUEUE_KEYED, "{}", "k")
    assert new != job
    assert jobs.shape(new) == Shape("queued", 0, 0)
    jobs.assert_sound()


def test_producers_under_repeatable_read_get_the_job_or_a_serialization_failure_never_a_second_job(
    jobs: Jobs, connect: Open
) -> None:
    first, second = connect("faultline_producer"), connect("faultline_producer")
    second.begin("repeatable read")
    second.run("select 1 from faultline.schema_version()")
    job = first.call(ENQUEUE_KEYED, "{}", "k")
    assert second.call(ENQUEUE_KEYED, "{}", "k") == "40001"
    second.rollback()
    second.begin("repeatable read")
    assert second.call(ENQUEUE_KEYED, "{}", "k") == job
    second.commit()
    assert jobs.db.scalar(LIVE) == 1
    jobs.assert_sound()


def keyed(*keys: str) -> str:
    return "[" + ", ".join(f'{{"type": "work", "idempotency_key": "{key}"}}' for key in keys) + "]"


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_batches_with_the_same_keys_in_opposite_order_make_each_job_once(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    """Somebody holds the middle key until both have begun: batches in their own order would have to deadlock."""
    gate, forth, back = connect("faultline_producer"), connect("faultline_producer"), connect("faultline_producer")
    gate.begin()
    gate.call(ENQUEUE_KEYED, "{}", "b")
    forth.start(MANY, keyed("a", "b", "c"))
    assert forth.blocked()
    back.start(MANY, keyed("c", "b", "a"))
    assert back.blocked()
    gate.run(ending)
    one, other = forth.outcome(), back.outcome()
    assert one == other[::-1]
    assert jobs.db.scalar(LIVE) == 3
    jobs.assert_sound()


def test_producers_of_the_same_keys_in_every_order_make_each_job_once_and_never_deadlock(
    db: Database, jobs: Jobs
) -> None:
    keys = [f"key-{number:02}" for number in range(20)]
    orders = (keys, keys[::-1], keys[10:] + keys[:10])
    rounds = 15
    barrier = Barrier(len(orders), timeout=60)

    def produce(connection: Any, order: list[str]) -> list[dict[str, int]]:
        made = []
        for number in range(rounds):
            named = [f"{key}-{number}" for key in order]
            barrier.wait()
            ids = connection.execute(MANY, (keyed(*named),)).fetchone()[0]
            made.append(dict(zip(named, ids, strict=True)))
        return made

    connections = [db.connect("faultline_producer") for _ in orders]
    with ThreadPoolExecutor(len(orders)) as pool:
        one, *others = pool.map(produce, connections, orders)
    assert all(other == one for other in others)
    assert jobs.db.scalar(LIVE) == len(keys) * rounds
    jobs.assert_sound()
