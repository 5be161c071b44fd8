"""Housekeeping from any number of runners at once, beside people who work."""

from __future__ import annotations

import pytest

from tests.support.jobs import ALICE, Jobs, Shape
from tests.support.scenarios import COMPLETE, Open

OWN_DATABASES = True
MAINTAIN = "select faultline.maintain()"
REGISTER = "select faultline.register_runner(%s, %s, 1, '0.1.0')"
RUNNERS = "select host, last_seen_at > now() - interval '1 minute' from faultline.runners"
VERIFY = "select array_agg(v::text) from faultline.verify() v"
# A day that is over, with jobs whose payloads stand apart; and one of today, before which no payload is looked for.
OLD_DAY = """
    select faultline.set_settings('{"retention": "3650 days"}');
    insert into faultline.payloads select n, '{}' from generate_series(1, 11) n;
    insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts,
                                     priority, from_state, state, type, queue, payload, tags)
    select n, now() - case when n < 11 then interval '40 days' else '0' end, now(), now(), 1, 0, 5, 2, 'running',
      'succeeded', 'old', 'q', null, '{}'
    from generate_series(1, 11) n;
    select setval('faultline.jobs_live_job_id_seq', 11);
    select faultline.maintain();
    select faultline.set_settings('{"retention": "30 days"}');
"""
LAST_SEEN = "update faultline.runners set last_seen_at = now() - interval '2 days'"


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_of_two_who_maintain_at_once_one_works_and_the_other_does_not_wait(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    assert one.call(MAINTAIN)["postponed"] == []
    other.start(MAINTAIN)
    assert not other.blocked()
    assert other.outcome() == {"busy": True}
    one.run(ending)
    assert other.call(MAINTAIN)["created"] == 0
    jobs.assert_sound()


def test_a_runner_registered_twice_at_once_has_one_row_and_the_later_word(jobs: Jobs, connect: Open) -> None:
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    one.run(REGISTER, ALICE, "first")
    other.start(REGISTER, ALICE, "second")
    assert other.blocked()
    one.commit()
    other.result()
    assert jobs.db.rows(RUNNERS) == [("second", True)]
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_maintain_passes_by_a_lost_runner_that_comes_back_at_this_moment(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    jobs.db.execute(REGISTER, ALICE, "host")
    jobs.db.execute(LAST_SEEN)
    runner, keeper = connect("faultline_runner"), connect("faultline_runner")
    runner.begin()
    runner.run(REGISTER, ALICE, "host")
    keeper.start(MAINTAIN)
    assert not keeper.blocked()
    assert keeper.outcome()["runners"] == 0
    runner.run(ending)
    assert keeper.call(MAINTAIN)["runners"] == int(ending == "rollback")
    assert jobs.db.rows(RUNNERS) == ([("host", True)] if ending == "commit" else [])
    jobs.assert_sound()


def test_a_runner_that_registers_while_maintain_forgets_it_is_known_again(jobs: Jobs, connect: Open) -> None:
    jobs.db.execute(REGISTER, ALICE, "host")
    jobs.db.execute(LAST_SEEN)
    keeper, runner = connect("faultline_runner"), connect("faultline_runner")
    keeper.begin()
    assert keeper.call(MAINTAIN)["runners"] == 1
    runner.start(REGISTER, ALICE, "host")
    assert runner.blocked()
    keeper.commit()
    runner.result()
    assert jobs.db.rows(RUNNERS) == [("host", True)]
    jobs.assert_sound()


def test_a_runner_removed_while_it_registers_ends_as_the_later_of_the_two_says(jobs: Jobs, connect: Open) -> None:
    one, other = connect("faultline_runner"), connect("faultline_runner")
    jobs.db.execute(REGISTER, ALICE, "host")
    one.begin()
    one.run(REGISTER, ALICE, "host")
    other.start("select faultline.remove_runner(%s)", ALICE)
    assert other.blocked()
    one.commit()
    other.result()
    assert jobs.db.rows(RUNNERS) == []
    jobs.assert_sound()


def test_completions_go_on_beside_maintain_that_has_made_partitions_and_not_committed(
    jobs: Jobs, connect: Open
) -> None:
    for parent in ("jobs_done", "job_events"):
        name = jobs.db.scalar(
            "select relname from pg_class where relname ~ %s order by relname desc limit 1", f"^{parent}_[0-9]{{8}}$"
        )
        jobs.db.execute(f"drop table faultline.{name}")
    job = jobs.running()
    keeper, worker = connect("faultline_runner"), connect("faultline_runner")
    keeper.begin()
    assert keeper.call(MAINTAIN)["created"] == 2
    worker.start(COMPLETE, job, 1)
    assert not worker.blocked()
    assert worker.outcome() == "ok"
    keeper.commit()
    assert jobs.shape(job) == Shape("succeeded", 1, 0)
    jobs.assert_sound()


def test_who_verifies_while_a_day_goes_misses_nothing(jobs: Jobs, connect: Open) -> None:
    """The day is emptied by another call than deletes its payloads: TRUNCATE shows in snapshots from before."""
    jobs.db.execute(OLD_DAY)
    keeper, auditor = connect("faultline_runner"), connect("faultline_observer")
    for payloads, emptied in ((10, 0), (0, 1)):
        keeper.begin()
        done = keeper.call(MAINTAIN)
        assert (done["payloads"], done["truncated"]) == (payloads, emptied)
        auditor.start(VERIFY)
        assert auditor.blocked() == bool(emptied)
        keeper.commit()
        assert auditor.result() == [(None,)]
    assert jobs.db.scalar("select array_agg(job_id) from faultline.payloads") == [11]
    jobs.assert_sound()
