"""The doorbell: who sleeps is woken, nobody else is, and no lock stays behind.

A sleeper listens and holds its bells shared; whoever makes a job ready tries the bell, and notifies only if it is held.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, BELL_CLASS, CLAIM, Jobs
from tests.support.scenarios import Open

if TYPE_CHECKING:
    import psycopg

    from tests.support.database import Database

ENQUEUE = "select faultline.enqueue('work', queue => %s)"
HOLD_BELL = f"select pg_advisory_lock_shared({BELL_CLASS}, faultline.bell(%s))"
OWN_XID = "select pg_current_xact_id()::text"
PROVEN = "select pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8"
END = "nothing more"


class Sleeper:
    """A runner's listening connection."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.connection: psycopg.Connection[Any] = db.connect("faultline_runner")
        self.connection.execute("listen faultline")

    def hold(self, queue: str) -> None:
        self.connection.execute(HOLD_BELL, (queue,))

    def heard(self) -> list[str]:
        """What was notified so far: notifications come in the order of commits, so all before our own."""
        self.db.execute("select pg_notify('faultline', %s)", END)
        payloads: list[str] = []
        for notify in self.connection.notifies(timeout=30):
            if notify.payload == END:
                return payloads
            payloads.append(notify.payload)
        message = "our own notification never came"
        raise AssertionError(message)


@pytest.fixture
def sleeper(db: Database) -> Sleeper:
    return Sleeper(db)


def test_a_producer_wakes_who_holds_the_bell_of_its_queue_when_it_commits(
    jobs: Jobs, connect: Open, sleeper: Sleeper
) -> None:
    sleeper.hold("mail")
    producer = connect("faultline_producer")
    producer.begin()
    producer.run(ENQUEUE, "mail")
    assert sleeper.heard() == []
    producer.commit()
    assert sleeper.heard() == ["mail"]


def test_a_producer_that_rolls_back_wakes_nobody(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    sleeper.hold("mail")
    producer = connect("faultline_producer")
    producer.begin()
    producer.run(ENQUEUE, "mail")
    producer.rollback()
    assert sleeper.heard() == []


def test_nobody_is_notified_while_nobody_sleeps(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    """The listener is awake: it holds no bell."""
    producer = connect("faultline_producer")
    for _ in range(20):
        producer.run(ENQUEUE, "mail")
    producer.run("""select faultline.enqueue_many('[{"type": "work"}, {"type": "work", "queue": "mail"}]')""")
    producer.run("select faultline.enqueue_bulk('work', '[{}, {}]', 'mail')")
    assert sleeper.heard() == []
    jobs.assert_sound()


def test_only_the_bell_that_is_held_rings(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    bells = {name: jobs.db.scalar("select faultline.bell(%s)", name) for name in ("mail", "default", "other", "more")}
    silent = next(name for name, bell in bells.items() if bell != bells["mail"])
    sleeper.hold("mail")
    producer = connect("faultline_producer")
    producer.run(ENQUEUE, silent)
    assert sleeper.heard() == []
    producer.run(ENQUEUE, "mail")
    assert sleeper.heard() == ["mail"]


def test_a_job_for_later_wakes_nobody(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    """next_ready tells a runner how long it may sleep; the poll finds what was made meanwhile."""
    sleeper.hold("mail")
    producer = connect("faultline_producer")
    producer.run("select faultline.enqueue('work', queue => 'mail', run_at => now() + interval '1 hour')")
    assert sleeper.heard() == []


def test_a_batch_rings_once_for_each_of_its_queues(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    for queue in ("mail", "default"):
        sleeper.hold(queue)
    items = ", ".join(f'{{"type": "work", "queue": "{queue}"}}' for queue in ["mail", "default"] * 20)
    connect("faultline_producer").run(f"select faultline.enqueue_many('[{items}]')")
    assert sorted(sleeper.heard()) == ["default", "mail"]
    connect("faultline_producer").run("select faultline.enqueue_bulk('work', '[{}, {}, {}]', 'mail')")
    assert sleeper.heard() == ["mail"]


def test_whatever_makes_a_job_claimable_again_rings(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    dead, released, unknown = jobs.dead("mail"), jobs.running("mail"), jobs.running("mail")
    retried = jobs.running("mail")
    sleeper.hold("mail")
    runner, operator = connect("faultline_runner"), connect("faultline_operator")
    runner.run("select faultline.release_job(%s, 1)", released)
    assert sleeper.heard() == ["mail"]
    runner.run("select faultline.fail_job(%s, 1, '{}', true, interval '0')", retried)
    assert sleeper.heard() == ["mail"]
    assert runner.call("select faultline.release_unknown(%s, '{}')", ALICE) == 1
    assert sleeper.heard() == ["mail"]
    operator.run("select faultline.retry_job(%s)", dead)
    assert sleeper.heard() == ["mail"]
    operator.run("select faultline.pause_queue('mail')")
    assert sleeper.heard() == []
    operator.run("select faultline.resume_queue('mail')")
    assert sleeper.heard() == ["mail"]
    operator.run("""select faultline.set_queue('mail', '{"max_running": 10}')""")
    assert sleeper.heard() == ["mail"]
    assert jobs.shape(unknown).state == "queued"


def test_what_waits_for_a_time_rings_no_bell(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    failed, snoozed, expired = jobs.many_running(3, "mail")
    sleeper.hold("mail")
    runner = connect("faultline_runner")
    runner.run(scenarios.FAIL, failed, 1)
    runner.run("select faultline.snooze_job(%s, 1, '1 hour')", snoozed)
    jobs.expire(expired)
    assert runner.call(scenarios.REAP) == 1
    assert sleeper.heard() == []


def test_a_job_enqueued_before_the_sleep_and_committed_after_it_is_found_by_the_proof(
    jobs: Jobs, connect: Open, sleeper: Sleeper
) -> None:
    """The producer looked at the bell when nobody slept. Nothing will wake the runner: the proof has to hold it."""
    producer, runner = connect("faultline_producer"), connect("faultline_runner")
    producer.begin()
    job = producer.call(ENQUEUE, "mail")
    sleeper.hold("mail")
    xid = runner.call(OWN_XID)
    assert runner.run(CLAIM, "mail", ALICE, 1, "1 hour") == []
    assert runner.call(PROVEN, xid) is False
    producer.commit()
    assert sleeper.heard() == []
    assert runner.call(PROVEN, xid) is True
    assert runner.run(CLAIM, "mail", ALICE, 1, "1 hour") == [(job, 1)]


def test_once_the_proof_holds_every_later_producer_rings(jobs: Jobs, connect: Open, sleeper: Sleeper) -> None:
    producer, runner = connect("faultline_producer"), connect("faultline_runner")
    sleeper.hold("mail")
    xid = runner.call(OWN_XID)
    producer.begin()
    producer.run(ENQUEUE, "mail")
    assert runner.call(PROVEN, xid) is True
    assert runner.run(CLAIM, "mail", ALICE, 1, "1 hour") == []
    producer.commit()
    assert sleeper.heard() == ["mail"]


def test_the_proof_waits_for_a_producer_that_has_written_but_not_yet_enqueued(
    jobs: Jobs, connect: Open, sleeper: Sleeper
) -> None:
    """It may look at the bell at any time; an older xid holds the proof back until it is over."""
    producer, runner = connect("faultline_producer"), connect("faultline_runner")
    producer.begin()
    producer.run(OWN_XID)
    sleeper.hold("mail")
    xid = runner.call(OWN_XID)
    assert runner.call(PROVEN, xid) is False
    producer.run(ENQUEUE, "mail")
    producer.commit()
    assert sleeper.heard() == ["mail"]
    assert runner.call(PROVEN, xid) is True


def test_an_open_transaction_that_enqueued_holds_no_bell(jobs: Jobs, connect: Open) -> None:
    assert scenarios.locks_left_by_a_producer(jobs, connect) == 0


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_two_producers_at_once_leave_no_lock(ending: str, jobs: Jobs, connect: Open) -> None:
    one, other = connect("faultline_producer"), connect("faultline_producer")
    for producer in (one, other):
        producer.begin()
        producer.start(ENQUEUE, "mail")
        assert not producer.blocked()
        producer.result()
        assert jobs.advisory_locks() == []
    one.run(ending)
    other.run(ending)
    jobs.assert_sound()


def test_many_producers_at_once_leave_no_lock_and_a_sleeper_never_waits_long(
    db: Database, jobs: Jobs, sleeper: Sleeper
) -> None:
    """They hold the bell for microseconds, so a runner that wants to sleep gets it within its timeout."""

    def produce(connection: Any) -> None:
        for _ in range(100):
            connection.execute(ENQUEUE, ("mail",))

    sleeper.connection.execute("set lock_timeout = '5s'")
    with ThreadPoolExecutor(3) as pool:
        producers = [pool.submit(produce, db.connect("faultline_producer")) for _ in range(3)]
        for _ in range(50):
            sleeper.hold("mail")
            sleeper.connection.execute("select pg_advisory_unlock_all()")
        for producer in producers:
            producer.result()
    assert db.scalar("select count(*) from faultline.jobs_live") == 300
    jobs.assert_sound()


def test_a_transaction_that_fails_after_it_enqueued_leaves_no_lock(jobs: Jobs, connect: Open) -> None:
    producer = connect("faultline_producer")
    producer.begin()
    producer.run(ENQUEUE, "mail")
    assert producer.call("select 1 / 0") == "22012"
    producer.rollback()
    producer.begin()
    producer.run("savepoint before")
    producer.run(ENQUEUE, "mail")
    producer.run("rollback to before")
    assert jobs.advisory_locks() == []
    producer.commit()
    assert jobs.db.scalar("select count(*) from faultline.jobs_live") == 0
    jobs.assert_sound()


def test_a_producer_cancelled_at_any_moment_leaves_no_lock(jobs: Jobs, connect: Open) -> None:
    assert scenarios.locks_left_by_cancelled_rings(jobs, tries=60) == 0


def test_a_producer_may_prepare_its_transaction_while_nobody_sleeps(jobs: Jobs, connect: Open) -> None:
    producer, runner = connect("faultline_producer"), connect("faultline_runner")
    producer.begin()
    job = producer.call(ENQUEUE, "mail")
    producer.run("prepare transaction 'order-1'")
    assert jobs.advisory_locks() == []
    assert runner.run(CLAIM, "mail", ALICE, 1, "1 hour") == []
    producer.run("commit prepared 'order-1'")
    assert runner.run(CLAIM, "mail", ALICE, 1, "1 hour") == [(job, 1)]
    jobs.assert_sound()


def test_a_prepared_transaction_holds_back_the_proof_of_a_runner_that_wants_to_sleep(
    jobs: Jobs, connect: Open, sleeper: Sleeper
) -> None:
    producer, runner = connect("faultline_producer"), connect("faultline_runner")
    producer.begin()
    job = producer.call(ENQUEUE, "mail")
    producer.run("prepare transaction 'order-2'")
    sleeper.hold("mail")
    xid = runner.call(OWN_XID)
    assert runner.call(PROVEN, xid) is False
    producer.run("commit prepared 'order-2'")
    assert runner.call(PROVEN, xid) is True
    assert runner.run(CLAIM, "mail", ALICE, 1, "1 hour") == [(job, 1)]


def test_a_producer_can_not_prepare_its_transaction_while_somebody_sleeps_and_nothing_stays_of_it(
    jobs: Jobs, connect: Open, sleeper: Sleeper
) -> None:
    """PostgreSQL refuses to prepare a transaction that has notified."""
    sleeper.hold("mail")
    producer = connect("faultline_producer")
    producer.begin()
    producer.run(ENQUEUE, "mail")
    assert producer.call("prepare transaction 'order-3'") == "0A000"
    producer.rollback()
    assert jobs.db.scalar("select count(*) from faultline.jobs_live") == 0
    assert jobs.db.scalar("select count(*) from pg_prepared_xacts") == 0
    assert sleeper.heard() == []
    sleeper.connection.execute("select pg_advisory_unlock_all()")
    jobs.assert_sound()
