"""What a runner proposes in a pass, and that no schedule stands in another's way."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.schedules import board
from faultline.schedules.board import Board, Pass, drive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


class Proposer:
    """A runner's board on a connection with a runner's rights."""

    def __init__(self, db: Database) -> None:
        self.board = Board()
        self.connection: psycopg.Connection[Any] = db.connect("faultline_runner")

    def once(self) -> Pass:
        return drive(self.connection, self.board.propose())

    def outcomes(self) -> list[tuple[str, str]]:
        return [(fired.schedule, fired.outcome) for fired in self.once().fired]


@pytest.fixture
def db(db: Database) -> Iterator[Database]:
    yield db
    assert db.rows("select * from faultline.verify()") == []


def put(db: Database, name: str, **definition: Any) -> None:
    given = {"name": name, "type": "t", **definition}
    if "cron" in given:
        given.setdefault("timezone", "UTC")
    db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(given))


def missed(db: Database, name: str, ago: str) -> None:
    """As if nobody had proposed for that long."""
    db.execute("update faultline.schedules set ticks_after = now() - %s::interval where schedule = %s", ago, name)


def made(db: Database, name: str) -> int:
    query = "select count(*) from faultline.schedule_tick_log where schedule = %s and outcome = 'made'"
    return int(db.scalar(query, name))


def test_nothing_is_proposed_where_nothing_is_due(db: Database) -> None:
    put(db, "yearly", cron="@yearly", timezone="Europe/Berlin")
    put(db, "never", every="1s", ends_at="2020-01-01T00:00:00Z")
    proposer = Proposer(db)
    assert proposer.once() == Pass()
    assert proposer.once() == Pass()


@pytest.mark.parametrize("calendar", [{"cron": "*/20 * * * *"}, {"cron": "5 * * * *"}, {"every": "20m"}])
def test_of_what_was_missed_the_latest_is_made_by_whoever_comes_first(db: Database, calendar: dict[str, Any]) -> None:
    put(db, "s", **calendar)
    missed(db, "s", "10 hours")
    first, second = Proposer(db), Proposer(db)
    assert first.outcomes() == [("s", "made")]
    assert second.outcomes() == []
    assert made(db, "s") == 1


def test_of_two_that_propose_the_same_at_once_one_makes_it(db: Database) -> None:
    put(db, "s", every="20m")
    missed(db, "s", "10 hours")
    proposers = [Proposer(db) for _ in range(2)]
    passes = [proposer.board.propose() for proposer in proposers]
    for proposer, calls in zip(proposers, passes, strict=True):
        query, parameters = next(calls)
        rows = proposer.connection.execute(query, parameters).fetchall()
        proposer.board.planned = calls.send(rows)  # type: ignore[attr-defined]
    outcomes = []
    for proposer, calls in zip(proposers, passes, strict=True):
        rows = proposer.connection.execute(*proposer.board.planned).fetchall()  # type: ignore[attr-defined]
        with pytest.raises(StopIteration) as ended:
            calls.send(rows)
        outcomes += [fired.outcome for fired in ended.value.value.fired]
    assert outcomes[0] == "made"
    assert outcomes[1] in {"repeat", "behind"}
    assert made(db, "s") == 1
    assert [proposer.once() for proposer in proposers] == [Pass(), Pass()]


def test_many_missed_ticks_are_made_in_passes_that_follow_at_once(db: Database) -> None:
    put(db, "s", every="1m", missed="all", missed_window="5h", missed_limit=100)
    missed(db, "s", "10 hours")
    proposer = Proposer(db)
    assert [proposer.once().more for _ in range(2)] == [True, True]
    assert made(db, "s") == 200
    assert not proposer.once().more
    assert made(db, "s") in {300, 301}  # as the clock has it: the last ones are on time
    assert db.scalar("select missed_ticks from faultline.schedule_list") in {299, 300, 301}
    assert proposer.once() == Pass()


def test_a_change_is_seen_at_the_next_pass(db: Database) -> None:
    put(db, "s", every="1h")
    proposer = Proposer(db)
    assert proposer.once() == Pass()
    put(db, "s", every="20m")
    missed(db, "s", "10 hours")
    assert proposer.outcomes() == [("s", "made")]
    db.execute("select faultline.delete_schedule('s')")
    assert proposer.once() == Pass()
    assert proposer.board.schedules == {}


def test_what_was_changed_between_is_refused_and_made_by_its_new_calendar(db: Database) -> None:
    put(db, "s", every="20m")
    missed(db, "s", "10 hours")
    proposer = Proposer(db)
    calls = proposer.board.propose()
    planned = calls.send(proposer.connection.execute(*next(calls)).fetchall())
    put(db, "s", every="10m")
    rows = proposer.connection.execute(*planned).fetchall()
    with pytest.raises(StopIteration) as ended:
        calls.send(rows)
    assert [fired.outcome for fired in ended.value.value.fired] == ["version"]
    assert made(db, "s") == 0
    missed(db, "s", "15 minutes")
    assert proposer.outcomes() == [("s", "made")]


def test_one_that_is_paused_rests_until_it_is_resumed(db: Database) -> None:
    put(db, "s", every="20m")
    proposer = Proposer(db)
    db.execute("select faultline.pause_schedule('s')")
    missed(db, "s", "10 hours")
    assert proposer.once() == Pass()
    db.execute("select faultline.resume_schedule('s')")
    assert proposer.once() == Pass()  # what fell into the pause never happens
    missed(db, "s", "10 hours")
    proposer.board.forget()
    assert proposer.outcomes() == [("s", "made")]


def test_a_schedule_that_can_not_be_computed_is_told_once_and_stops_no_other(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("zone", "expression", "other"):
        put(db, name, cron="*/20 * * * *")
        missed(db, name, "10 hours")
    # A zone that a newer server had, and an expression that a newer library reads.
    db.execute("update faultline.schedules set timezone = 'Mars/Base' where schedule = 'zone'")
    db.execute("update faultline.schedules set cron = '@fortnightly' where schedule = 'expression'")
    proposer = Proposer(db)
    with caplog.at_level(logging.WARNING, "faultline"):
        assert proposer.outcomes() == [("other", "made")]
        assert proposer.once() == Pass()
    said = sorted(record.getMessage() for record in caplog.records)
    assert len(said) == 2
    assert said[0].startswith("schedule expression: '@fortnightly' is no cron expression")
    assert said[1].startswith("schedule zone: the database knows no time zone 'Mars/Base'")


def test_what_a_newer_database_says_of_one_stops_no_other(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("new", "other"):
        put(db, name, every="20m")
        missed(db, name, "10 hours")
    proposer = Proposer(db)
    calls = proposer.board.propose()
    ((mark, now, changes),) = proposer.connection.execute(*next(calls)).fetchall()
    newer = [
        {**given, "cursor": "fortnight 3"} if given["schedule"] == "new" else given for given in json.loads(changes)
    ]
    with caplog.at_level(logging.WARNING, "faultline"):
        _, (proposed,) = calls.send([(mark, now, json.dumps(newer))])
    assert {item["schedule"] for item in json.loads(proposed)} == {"other"}
    assert "schedule new: it can't be read" in caplog.text
    calls.close()


def test_what_the_database_takes_for_no_tick_is_told_and_left_alone_for_a_minute(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    put(db, "s", cron="*/20 * * * *")
    put(db, "other", every="20m")
    missed(db, "s", "10 hours")
    missed(db, "other", "10 hours")
    db.execute("update faultline.schedules set cron = '7 * * * *' where schedule = 's'")  # what it was read as stays
    proposer = Proposer(db)
    with caplog.at_level(logging.WARNING, "faultline"):
        assert sorted(proposer.outcomes()) == [("other", "made"), ("s", "not_a_tick")]
    assert "schedule s: " in caplog.text
    assert proposer.once() == Pass()
    assert made(db, "s") == 0


def test_a_workflow_that_refuses_its_input_is_told_and_not_tried_again(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    spec = {"name": "w", "tasks": {"each": {"type": "t", "for_each": "input.files"}}}
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(spec))
    db.execute(
        "select faultline.put_schedule(%s::jsonb)",
        json.dumps({"name": "s", "every": "20m", "workflow": "w", "input": {"files": 5}}),
    )
    missed(db, "s", "10 hours")
    proposer = Proposer(db)
    with caplog.at_level(logging.WARNING, "faultline"):
        ((_, outcome),) = proposer.outcomes()
    assert outcome in {"failed", "made"}
    assert ("schedule s: " in caplog.text) == (outcome == "failed")
    assert proposer.once() == Pass()


def test_one_that_somebody_holds_is_neither_waited_for_nor_asked_for_in_a_hot_loop(db: Database) -> None:
    for name in ("held", "other"):
        put(db, name, every="1m", missed="all", missed_limit=10)
        missed(db, name, "10 hours")
    holder = db.connect(autocommit=False)
    holder.execute("select from faultline.schedules where schedule = 'held' for update")
    proposer = Proposer(db)
    first = proposer.once()
    assert {(fired.schedule, fired.outcome) for fired in first.fired} == {("held", "busy"), ("other", "made")}
    assert first.more  # of the other
    while proposer.once().more:
        pass
    assert (made(db, "held"), made(db, "other") >= 600) == (0, True)
    holder.rollback()
    while proposer.once().more:
        pass
    assert made(db, "held") >= 600


def test_an_overlap_is_skipped_where_the_rule_says_so(db: Database) -> None:
    put(db, "s", every="20m", overlap="skip", missed="all")
    missed(db, "s", "70 minutes")
    outcomes = Proposer(db).outcomes()
    assert outcomes[0] == ("s", "made")
    assert set(outcomes[1:]) == {("s", "skipped")}


def test_one_that_has_not_started_or_is_over_is_not_looked_at_each_second(db: Database) -> None:
    for name, bound in (
        ("early", {"starts_at": "2999-01-01T00:00:00Z"}),
        ("over", {"ends_at": "2020-01-01T00:00:00Z"}),
    ):
        put(db, name, every="1s", **bound)
        put(db, f"{name}-cron", cron="* * * * * *", **bound)
    put(db, "now", every="1s")
    proposer = Proposer(db)
    while proposer.once().more:
        pass
    week = db.scalar("select now() + interval '7 days'")
    looks = {name: schedule.next_look for name, schedule in proposer.board.schedules.items()}
    assert {name for name, look in looks.items() if look is None or look < week} == {"now"}


@pytest.mark.parametrize("most", [1, 7])
def test_what_takes_longer_than_statement_timeout_is_made_in_smaller_parts(db: Database, most: int) -> None:
    for name in ("a", "b"):
        put(db, name, every="1m", missed="all", missed_limit=10)
        missed(db, name, "20 minutes")
    _cancel_above(db, most)
    proposer = Proposer(db)
    while proposer.once().more:
        pass
    for name in ("a", "b"):
        ticks = db.rows("select tick_at from faultline.schedule_tick_log where schedule = %s order by 1", name)
        steps = {(after - before).total_seconds() for (before,), (after,) in pairwise(ticks)}
        assert (len(ticks) >= 20, steps) == (True, {60.0})


def test_a_tick_that_alone_takes_too_long_is_an_error_that_passes(db: Database) -> None:
    put(db, "s", every="1m")
    missed(db, "s", "3 minutes")
    _cancel_above(db, 0)
    proposer = Proposer(db)
    with pytest.raises(psycopg.errors.QueryCanceled):
        proposer.once()
    _cancel_above(db, 1)
    assert {outcome for _, outcome in proposer.outcomes()} == {"made"}


def _cancel_above(db: Database, most: int) -> None:
    """A statement that makes more ticks than that is canceled, as if it had taken too long."""
    db.execute(f"""
        create or replace function public.too_long() returns trigger language plpgsql as $$
        begin
          if (select count(*) from faultline.schedule_ticks t where t.xmin = pg_current_xact_id()::xid) > {most} then
            raise exception using errcode = 'query_canceled', message = 'canceling statement due to statement timeout';
          end if;
          return null;
        end
        $$
    """)
    db.execute(
        "create or replace trigger too_long after insert on faultline.schedule_ticks"
        " for each row execute function public.too_long()"
    )


def test_a_pass_has_its_bound_and_the_next_goes_on(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MOST_TICKS", 50)
    db.execute(
        "select faultline.put_schedule(jsonb_build_object('name', 'n' || n, 'every', '20m', 'type', 't'))"
        " from generate_series(1, 60) n"
    )
    db.execute("update faultline.schedules set ticks_after = now() - interval '1 hour'")
    proposer = Proposer(db)
    first, second = proposer.once(), proposer.once()
    assert (len(first.fired), first.more) == (50, True)
    assert (len(second.fired), second.more) == (10, False)
    assert {fired.outcome for fired in first.fired + second.fired} == {"made"}
    assert proposer.once() == Pass()


def test_a_clock_that_steps_back_makes_no_tick_again(db: Database) -> None:
    """By the cursor alone; the server's own clock is moved in test_schedule_clock.py."""
    put(db, "s", every="20m")
    missed(db, "s", "10 hours")
    proposer = Proposer(db)
    (fired,) = proposer.once().fired
    schedule = proposer.board.schedules["s"]
    assert schedule.cursor == fired.tick_at
    schedule.next_look = None
    calls = proposer.board.propose()
    ((mark, now, changes),) = proposer.connection.execute(*next(calls)).fetchall()
    earlier = now - int(timedelta(hours=1).total_seconds() * 1_000_000)
    with pytest.raises(StopIteration) as ended:
        calls.send([(mark, earlier, changes)])
    assert ended.value.value == Pass()
