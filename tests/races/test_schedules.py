"""Two verbs about one schedule at the same moment, in every order their steps can take: a tick has at most one job,
what was decided is decided from what is true then, and verify finds nothing. And what happens without the guards.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.jobs import ALICE
from tests.support.mutants import break_function
from tests.support.share import share
from tests.support.stepping import BEGIN, COMMIT, ROLLBACK, Step, explore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.database import Database
    from tests.support.scenarios import Open

PUT = "select faultline.put_schedule(%s)"
FIRE = """
    select case when created then 'made' when job_id is null then 'nothing' else 'again' end
    from faultline.fire_schedule(%s, %s, 1, %s)
"""
FIRE_MANY = "select string_agg(outcome, ' ' order by ordinal) from faultline.fire_schedules(%s)"
PAUSE = "select faultline.pause_schedule(%s)::text"
RESUME = "select faultline.resume_schedule(%s)::text"
DELETE = "select faultline.delete_schedule(%s)"
NOW = "select job_id is not null from faultline.fire_now(%s)"
COMPLETE = "select faultline.complete_job(%s, 1)"
MAINTAIN = "select (faultline.maintain() ->> 'ticks')::int"
LOCK = ("where x.schedule = _lock_schedule.name for no key update", "where x.schedule = _lock_schedule.name")

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Subject:
    """A schedule of every minute whose calendar is an hour behind, and three of its ticks."""

    name: str
    oldest: str
    older: str
    newer: str
    cursor: str
    job: int | None

    def tick(self, tick: str, after: str | None = None, **more: object) -> dict[str, object]:
        return {"schedule": self.name, "version": 1, "tick_at": tick, "after": after or self.cursor, **more}


def definition(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "every": "1m", "type": "t", "missed": "all", **more}


def arranged(db: Database, prepare: str = "", **more: object) -> Subject:
    name = f"s{next(_numbers)}"
    db.execute(PUT, json.dumps(definition(name, **more)))
    db.execute(
        "update faultline.schedules set ticks_after = date_trunc('minute', clock_timestamp()) - interval '1 hour'"
        " where schedule = %s",
        name,
    )
    cursor, oldest, older, newer = db.rows(
        "select faultline._utc(ticks_after), faultline._utc(ticks_after + interval '10 min'),"
        " faultline._utc(ticks_after + interval '11 min'), faultline._utc(ticks_after + interval '12 min')"
        " from faultline.schedules where schedule = %s",
        name,
    )[0]
    job = None
    if prepare == "running":
        job = db.scalar("select job_id from faultline.fire_schedule(%s, %s, 1)", name, oldest)
        db.execute("update faultline.jobs_live set queue = %s where job_id = %s", name, job)
        db.execute("select faultline.claim_job(%s, %s)", name, ALICE)
    elif prepare == "paused":
        db.execute(PAUSE, name)
    elif prepare == "long ago":
        db.execute(
            "insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, version, fired_at)"
            " values (%s, date_trunc('minute', clock_timestamp()) - interval '40 days', 'calendar', 'made',"
            " 999999999 + %s, 1, clock_timestamp() - interval '40 days')",
            name,
            next(_numbers),
        )
    return Subject(name, oldest, older, newer, cursor, job)


def ends(db: Database, subject: Subject) -> str:
    """What has become of the ticks; healthy, whatever it is, and as many jobs as ticks that were made."""
    assert db.rows("select * from faultline.verify()") == []
    ticks = db.rows(
        "select faultline._utc(tick_at), outcome, missed, kind from faultline.schedule_ticks"
        " where schedule = %s order by 1",
        subject.name,
    )
    made = [tick for tick, outcome, *_ in ticks if outcome == "made"]
    jobs = db.rows(
        "select headers #>> '{faultline.tick,tick_at}' from faultline.jobs_live"
        " where headers #>> '{faultline.tick,schedule}' = %s"
        " union all select headers #>> '{faultline.tick,tick_at}' from faultline.jobs_done"
        " where headers #>> '{faultline.tick,schedule}' = %s",
        subject.name,
        subject.name,
    )
    assert sorted(row[0] for row in jobs) == [tick for tick in made if tick > subject.cursor]
    names = {subject.oldest: "oldest", subject.older: "older", subject.newer: "newer"}
    return ", ".join(
        f"{'now' if kind == 'now' else names.get(tick, 'long ago')} {outcome}{f' missed {missed}' if missed else ''}"
        for tick, outcome, missed, kind in ticks
    )


@dataclass(frozen=True)
class Pair:
    """Two verbs, and what may come of it: (answer, answer, what became of the ticks)."""

    name: str
    first: Callable[[Subject], Step]
    second: Callable[[Subject], Step]
    legal: set[tuple[Any, Any, str]]
    prepare: str = ""
    overlap: str = "allow"

    def __str__(self) -> str:
        return self.name


def fire(tick: str, backfill: bool = False) -> Callable[[Subject], Step]:
    return lambda subject: Step("verb", FIRE, (subject.name, getattr(subject, tick), backfill))


def fire_many(*ticks: Callable[[Subject], dict[str, object]]) -> Callable[[Subject], Step]:
    return lambda subject: Step("verb", FIRE_MANY, (json.dumps([tick(subject) for tick in ticks]),))


def of_schedule(query: str) -> Callable[[Subject], Step]:
    return lambda subject: Step("verb", query, (subject.name,))


def put(**more: object) -> Callable[[Subject], Step]:
    return lambda subject: Step("verb", PUT, (json.dumps(definition(subject.name, **more)),))


def put_new(**more: object) -> Callable[[Subject], Step]:
    return lambda subject: Step("verb", PUT, (json.dumps(definition(f"{subject.name}-new", **more)),))


def fire_long_ago(subject: Subject) -> Step:
    return Step(
        "verb",
        "select case when created then 'made' when job_id is null then 'nothing' else 'again' end"
        " from faultline.fire_schedule(%s, date_trunc('minute', clock_timestamp()) - interval '40 days', 1, true)",
        (subject.name,),
    )


PAIRS = [
    Pair(
        "the same tick twice",
        fire("older"),
        fire("older"),
        {("made", "again", "older made"), ("again", "made", "older made")},
    ),
    Pair(
        "the same tick by the calendar and as a backfill of what is past",
        fire("oldest", backfill=True),
        fire("newer"),
        # Before the newer tick it is the calendar's to make.
        {("FL003", "made", "newer made"), ("made", "made", "oldest made, newer made")},
    ),
    Pair(
        "two ticks, none of which may overlap the other",
        fire("older"),
        fire("newer"),
        {("made", "nothing", "older made, newer skipped"), ("FL003", "made", "newer made")},
        overlap="skip",
    ),
    Pair(
        "a tick and a new version",
        fire("older"),
        put(payload={"n": 2}),
        {("made", 2, "older made"), ("FL003", 2, "")},
    ),
    Pair(
        "a tick and the same version",
        fire("older"),
        put(),
        {("made", 1, "older made")},
    ),
    Pair("a tick and a pause", fire("older"), of_schedule(PAUSE), {("made", "", "older made"), ("FL003", "", "")}),
    Pair("a tick and the end of a pause", fire("older"), of_schedule(RESUME), {("FL003", "", "")}, prepare="paused"),
    Pair(
        "a tick and a deletion",
        fire("older"),
        of_schedule(DELETE),
        {("made", True, "older made"), ("FL005", True, "")},
    ),
    Pair(
        "a tick and the end of the job before it",
        fire("older"),
        lambda subject: Step("verb", COMPLETE, (subject.job,)),
        {("nothing", "ok", "oldest made, older skipped"), ("made", "ok", "oldest made, older made")},
        prepare="running",
        overlap="skip",
    ),
    Pair(
        "a tick and one by hand",
        fire("older"),
        of_schedule(NOW),
        {("made", True, "older made, now made"), ("nothing", True, "older skipped, now made")},
        overlap="skip",
    ),
    Pair(
        "two runners with the same ticks",
        fire_many(lambda s: s.tick(s.oldest), lambda s: s.tick(s.older, s.oldest)),
        fire_many(lambda s: s.tick(s.oldest), lambda s: s.tick(s.older, s.oldest)),
        {
            ("made made", "repeat repeat", "oldest made, older made"),
            ("repeat repeat", "made made", "oldest made, older made"),
            ("made made", "busy busy", "oldest made, older made"),
            ("busy busy", "made made", "oldest made, older made"),
        },
    ),
    Pair(
        "two runners of which one has seen a tick more",
        fire_many(lambda s: s.tick(s.older, missed=10)),
        fire_many(lambda s: s.tick(s.newer, missed=11)),
        # What was made is not counted as missed, and what was counted as missed is not made.
        {
            ("made", "behind", "older made missed 10"),
            ("behind", "made", "newer made missed 11"),
            ("made", "busy", "older made missed 10"),
            ("busy", "made", "newer made missed 11"),
        },
    ),
    Pair(
        "two runners that drop the same ticks",
        fire_many(lambda s: s.tick(s.older, missed=11, fire=False)),
        fire_many(lambda s: s.tick(s.older, missed=11, fire=False)),
        {
            ("missed", "repeat", "older missed missed 11"),
            ("repeat", "missed", "older missed missed 11"),
            ("missed", "busy", "older missed missed 11"),
            ("busy", "missed", "older missed missed 11"),
        },
    ),
    Pair(
        "a tick once more, and retention, which forgets it",
        fire_long_ago,
        lambda _: Step("verb", MAINTAIN),
        {("again", 0, "long ago made"), ("again", 1, ""), ("FL003", 1, "")},
        prepare="long ago",
    ),
    Pair("the same new schedule twice", put_new(), put_new(), {(1, 1, "")}),
    Pair("two new schedules of one name", put_new(), put_new(every="2m"), {(1, 2, ""), (2, 1, "")}),
    Pair("two new versions", put(every="3m"), put(every="2m"), {(2, 3, ""), (3, 2, "")}),
]


@pytest.mark.parametrize("pair", share(PAIRS), ids=str)
def test_in_every_order_a_tick_happens_at_most_once(pair: Pair, db: Database, connect: Open) -> None:
    sessions = {"first": connect(), "second": connect()}

    def plan(subject: Subject) -> Mapping[str, Sequence[Step]]:
        return {"first": [BEGIN, pair.first(subject), COMMIT], "second": [BEGIN, pair.second(subject), COMMIT]}

    def arrange() -> Subject:
        if pair.prepare == "long ago":
            db.execute("update faultline.schedules set forgotten_until = 'infinity'")
            db.execute("delete from faultline.schedule_ticks")
        return arranged(db, pair.prepare, overlap=pair.overlap)

    seen = set()
    for subject, ran in explore(sessions, arrange=arrange, plan=plan):
        outcome = (ran["first.verb"], ran["second.verb"], ends(db, subject))
        assert outcome in pair.legal, str(ran)
        seen.add(outcome)
    assert seen == pair.legal


@pytest.mark.parametrize("pair", [PAIRS[0], PAIRS[2]], ids=str)
def test_a_tick_that_is_rolled_back_has_not_happened(pair: Pair, db: Database, connect: Open) -> None:
    sessions = {"first": connect(), "second": connect()}

    def plan(subject: Subject) -> Mapping[str, Sequence[Step]]:
        return {"first": [BEGIN, pair.first(subject), ROLLBACK], "second": [BEGIN, pair.second(subject), COMMIT]}

    for subject, ran in explore(sessions, arrange=lambda: arranged(db, overlap=pair.overlap), plan=plan):
        assert ran["second.verb"] == "made", str(ran)
        assert ends(db, subject) in {"older made", "newer made"}, str(ran)


def test_batches_with_the_same_schedules_in_opposite_order_do_not_wait_for_each_other(
    db: Database, connect: Open
) -> None:
    sessions = {"first": connect("faultline_runner"), "second": connect("faultline_runner")}

    def arrange() -> list[Subject]:
        return [arranged(db) for _ in range(3)]

    def plan(subjects: list[Subject]) -> Mapping[str, Sequence[Step]]:
        ticks = [subject.tick(subject.older) for subject in subjects]
        return {
            "first": [BEGIN, Step("verb", FIRE_MANY, (json.dumps(ticks),)), COMMIT],
            "second": [BEGIN, Step("verb", FIRE_MANY, (json.dumps(ticks[::-1]),)), COMMIT],
        }

    for subjects, ran in explore(sessions, arrange=arrange, plan=plan):
        assert {ran["first.verb"], ran["second.verb"]} in (
            {"made made made", "repeat repeat repeat"},
            {"made made made", "busy busy busy"},
        ), str(ran)
        assert [ends(db, subject) for subject in subjects] == ["older made"] * 3


def test_a_schedule_that_somebody_holds_keeps_no_other_from_its_ticks(db: Database, connect: Open) -> None:
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    held, free = arranged(db), arranged(db)
    operator.begin()
    operator.run(PAUSE, held.name)
    ticks = json.dumps([held.tick(held.older), held.tick(held.newer, held.older), free.tick(free.older)])
    assert runner.call(FIRE_MANY, ticks) == "busy busy made"
    operator.rollback()
    assert runner.call(FIRE_MANY, ticks) == "made made repeat"


def test_a_change_is_told_though_it_commits_after_later_ones(db: Database, connect: Open) -> None:
    """The mark is no number that a transaction takes early and shows late."""
    early, late, runner = connect(), connect(), connect("faultline_runner")
    subject = arranged(db)
    changes = (
        "select mark || ' ' || jsonb_path_query_array(schedules, '$[*].schedule') from faultline.schedule_changes(%s)"
    )
    mark, _ = runner.call(changes, None).split(" ", 1)
    early.begin()
    early.run(PAUSE, subject.name)
    late.run(PUT, json.dumps(definition(f"{subject.name}-late")))
    mark, told = runner.call(changes, mark).split(" ", 1)
    assert json.loads(told) == [f"{subject.name}-late"]
    early.commit()
    mark, told = runner.call(changes, mark).split(" ", 1)
    assert subject.name in json.loads(told)
    assert runner.call(changes, mark).split(" ", 1)[1] == "[]"


def run_all(db: Database, connect: Open, pair: Pair) -> set[tuple[Any, Any, int]]:
    """What comes of every order: both answers, and how many jobs the schedule has."""
    sessions = {"first": connect(), "second": connect()}

    def plan(subject: Subject) -> Mapping[str, Sequence[Step]]:
        return {"first": [BEGIN, pair.first(subject), COMMIT], "second": [BEGIN, pair.second(subject), COMMIT]}

    return {
        (
            ran["first.verb"],
            ran["second.verb"],
            db.scalar(
                "select count(*) from faultline.jobs_live where headers #>> '{faultline.tick,schedule}' = %s",
                subject.name,
            ),
        )
        for subject, ran in explore(sessions, arrange=lambda: arranged(db, overlap=pair.overlap), plan=plan)
    }


class TestWithoutTheGuards:
    """On a database of its own each: the guard is taken away, and what the tests above forbid is seen."""

    @pytest.fixture
    def db(self, own_db: Database) -> Database:
        return own_db

    def test_without_the_lock_ticks_overlap(self, db: Database, connect: Open) -> None:
        break_function(db, "_lock_schedule", LOCK)
        assert ("made", "made", 2) in run_all(db, connect, PAIRS[2])

    def test_without_the_lock_the_primary_key_still_makes_one_job_of_a_tick(self, db: Database, connect: Open) -> None:
        break_function(db, "_lock_schedule", LOCK)
        outcomes = run_all(db, connect, PAIRS[0])
        assert ("made", "23505", 1) in outcomes
        assert {jobs for *_, jobs in outcomes} == {1}

    def test_without_lock_and_primary_key_a_tick_has_two_jobs(self, db: Database, connect: Open) -> None:
        break_function(db, "_lock_schedule", LOCK)
        db.execute("alter table faultline.schedule_ticks drop constraint schedule_ticks_pkey")
        assert ("made", "made", 2) in run_all(db, connect, PAIRS[0])
        assert (11, "guard_missing") in db.rows("select promise, check_name from faultline.verify()")

    def test_without_the_primary_key_the_lock_still_makes_one_job_of_a_tick(self, db: Database, connect: Open) -> None:
        db.execute("alter table faultline.schedule_ticks drop constraint schedule_ticks_pkey")
        assert {jobs for *_, jobs in run_all(db, connect, PAIRS[0])} == {1}

    def test_without_compare_and_set_what_was_made_is_counted_as_missed(self, db: Database, connect: Open) -> None:
        break_function(db, "fire_schedules", ("cursor <> proposal.after", "false"))
        assert ("made", "made", 2) in run_all(db, connect, PAIRS[11])

    def test_under_an_older_snapshot_ticks_overlap(self, db: Database, connect: Open) -> None:
        """Hence the refusal of any isolation but READ COMMITTED: a row that is only locked raises no 40001."""
        first, second = connect(), connect()
        subject = arranged(db, overlap="skip")
        second.begin("repeatable read")
        assert second.call(FIRE, subject.name, subject.newer, False) == "FL004"
        second.rollback()
        break_function(db, "_check_isolation", ("<> 'read committed'", "= 'none'"))
        second.begin("repeatable read")
        second.run("select count(*) from faultline.schedules")
        assert first.call(FIRE, subject.name, subject.older, False) == "made"
        assert second.call(FIRE, subject.name, subject.newer, False) == "made"
        second.commit()
