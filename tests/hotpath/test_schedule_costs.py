"""What a tick costs does not grow with the ticks before it, not even under an old snapshot and without statistics:
pages touched, exactly, not time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.hotpath.plans import buffers
from tests.hotpath.test_old_snapshot import flat
from tests.hotpath.workload import old_snapshot
from tests.support.mutants import break_function

if TYPE_CHECKING:
    import psycopg

    from tests.support.database import Database

FEW, MANY = 1_000, 50_000
PUT = """
    select faultline.put_schedule(
      jsonb_build_object('name', %s::text, 'every', '1s', 'type', 't', 'missed', 'all') || %s)
"""
SINCE = "update faultline.schedules set ticks_after = date_trunc('second', clock_timestamp()) - interval '23 hours'"
# The next ticks of all schedules, as a runner proposes them.
FIRE = """
    select * from faultline.fire_schedules((
      select jsonb_agg(jsonb_build_object(
        'schedule', s.schedule, 'version', s.version, 'after', s.ticks_after + n.ticks * interval '1 s',
        'tick_at', s.ticks_after + (n.ticks + 1) * interval '1 s'))
      from faultline.schedules s, (select %s::int as ticks) n))
"""
# Ticks as fire_schedules leaves them: of the schedule that must not overlap the first has a job, which never ends.
HISTORY = """
    insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, version, fired_at)
    select s.schedule, s.ticks_after + n * interval '1 s', 'calendar',
      case when s.overlap = 'allow' then 'made' else 'skipped' end,
      case when s.overlap = 'allow' then 1000000 + n end, 1, clock_timestamp()
    from faultline.schedules s, generate_series(%s::int, %s::int) n
"""


def pages(connection: psycopg.Connection[Any], query: str, first: int) -> int:
    """Of the ticks from this one on; the first tries read catalogs and make plans: the cheapest of eight counts."""
    return min(buffers(connection, query, first + tick) for tick in range(8))


def cost(db: Database) -> list[int]:
    for name, more in (("free", "{}"), ("alone", '{"overlap": "skip"}')):
        db.execute(PUT, name, more)
    db.execute(SINCE)
    db.execute(FIRE, 0)
    old_snapshot(db)
    connection = db.connect()
    counts = []
    for first, last in ((2, FEW), (FEW + 9, MANY)):
        db.execute(HISTORY, first, last)
        counts.append(pages(connection, FIRE, last))
    return counts


def test_a_tick_costs_the_same_after_50_000_ticks_as_after_1_000(db: Database) -> None:
    counts = cost(db)
    assert flat(*counts), f"{counts} pages after {FEW} and after {MANY} ticks"
    outcomes = db.rows("select schedule, outcome, count(*) from faultline.schedule_ticks group by 1, 2 order by 1, 2")
    assert outcomes == [("alone", "made", 1), ("alone", "skipped", MANY + 7), ("free", "made", MANY + 8)]
    assert db.scalar("select pg_relation_size('faultline.schedules') / current_setting('block_size')::int") == 1


@pytest.mark.parametrize("name", ["_schedule_cursor", "_overlaps"])
def test_left_to_the_planner_it_would_grow(name: str, db: Database) -> None:
    for setting in ("bitmapscan", "sort"):
        break_function(db, name, (f"SET enable_{setting} TO 'off'", f"SET enable_{setting} TO 'on'"))
    if name == "_overlaps":
        db.execute("drop index faultline.schedule_ticks_made")
    counts = cost(db)
    assert not flat(*counts), f"{counts} pages: the test can't tell"


def test_a_pass_in_which_nothing_was_changed_costs_a_probe_of_an_index(db: Database) -> None:
    for number in range(300):
        db.execute(PUT, f"s{number}", "{}")
    mark = db.scalar("select mark from faultline.schedule_changes()")
    connection = db.connect()
    query = "select * from faultline.schedule_changes(%s)"
    assert min(buffers(connection, query, mark) for _ in range(8)) <= 3
    assert min(buffers(connection, query, None) for _ in range(8)) > 300


DROPPED = """
    insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, missed, version, fired_at)
    select 'late', clock_timestamp() - n * interval '1 s', 'calendar', 'missed', 1, 1, clock_timestamp()
    from generate_series(%s::int, %s::int) n
"""
LIST = "select * from faultline.schedule_list where schedule = 'free'"


def listing(db: Database) -> list[int]:
    for name in ("free", "late"):
        db.execute(PUT, name, "{}")
    db.execute(SINCE)
    connection = db.connect()
    counts = []
    for first, last in ((1, FEW), (FEW + 1, MANY)):
        db.execute(HISTORY + " where s.schedule = 'free'", first, last)
        db.execute(DROPPED, first, last)
        db.execute("vacuum analyze faultline.schedule_ticks")
        counts.append(min(buffers(connection, LIST) for _ in range(8)))
    return counts


def test_what_was_missed_is_listed_without_a_walk_over_all_ticks(db: Database) -> None:
    counts = listing(db)
    assert flat(*counts), f"{counts} pages after {FEW} and after {MANY} ticks"


def test_without_its_index_it_would_be_one(db: Database) -> None:
    db.execute("drop index faultline.schedule_ticks_dropped")
    counts = listing(db)
    assert not flat(*counts), f"{counts} pages: the test can't tell"
