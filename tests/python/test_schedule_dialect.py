"""What the database accepts, the library computes: the same dialect, the same impossible dates, the same ticks."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import psycopg
import pytest

from faultline.schedules.board import drive, zone_calls
from faultline.schedules.ticks import Cron
from faultline.schedules.zones import HostZone
from tests.support.crons import Model, expression, utc
from tests.support.proofs import FULL, SEED

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.database import Database

pytestmark = pytest.mark.every_version

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia")
MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
# Of each zone a moment before a change of its clocks.
CHANGES = {
    "UTC": [utc(2026, 3, 1)],
    "Europe/Berlin": [utc(2026, 3, 28, 20), utc(2026, 10, 24, 20)],
    "America/New_York": [utc(2026, 3, 8), utc(2026, 11, 1)],
    "Australia/Lord_Howe": [utc(2026, 4, 4, 9), utc(2026, 10, 3, 9)],
    "Africa/Cairo": [utc(2026, 4, 23, 18), utc(2026, 10, 29, 16)],
    "Pacific/Apia": [utc(2011, 12, 30, 4)],
}


@pytest.fixture
def db(shared: Database) -> Database:
    # With a schedule in the zone the database need not look for it in its files each time.
    shared.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition("* * * * *")))
    return shared


@pytest.fixture
def dice() -> random.Random:
    print(f"FAULTLINE_SEED={SEED}")
    return random.Random(SEED)


def definition(cron: str, zone: str = "UTC", name: str = "utc") -> dict[str, str]:
    return {"name": name, "cron": cron, "timezone": zone, "type": "t"}


def refusal(db: Database, cron: str) -> str | None:
    """What the database has against it, if anything."""
    try:
        db.execute("select faultline.check_schedule(%s::jsonb)", json.dumps(definition(cron)))
    except psycopg.Error as error:
        if (error.sqlstate, error.diag.column_name) != ("FL004", "cron"):
            raise
        return str(error.diag.message_primary)
    return None


def impossible(said: str | None) -> bool:
    return said is not None and "no day has" in said


def mutated(dice: random.Random, text: str) -> str:
    """The expression with something else in it."""
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice("0123456789*,-/#LW? \tMONSU@x") + text[at + dice.randint(0, 1) :]


def test_what_the_dialect_has_the_database_accepts_unless_it_is_impossible(db: Database, dice: random.Random) -> None:
    for _ in range(2_000 if FULL else 300):
        text = expression(dice, seconds=dice.random() < 0.3)
        said = refusal(db, text)
        assert said is None or impossible(said), (text, said)
        assert impossible(said) == (not Model(text).possible()), text


def test_what_the_database_accepts_the_library_computes_as_the_model_does(db: Database, dice: random.Random) -> None:
    """Good expressions with something else in them: many of them are accepted."""
    accepted = 0
    for _ in range(4_000 if FULL else 300):
        text = mutated(dice, expression(dice, seconds=dice.random() < 0.3))
        said = refusal(db, text)
        if impossible(said):
            assert not Model(text).possible(), text
        if said is not None:
            continue
        accepted += 1
        model = Model(text)
        since = utc(dice.randrange(2000, 2030), dice.randrange(1, 13), dice.randrange(1, 28))
        (first,) = islice(Cron(text, _utc()).after(since), 1)
        assert model.matches(first.replace(tzinfo=None)), text
        assert first.second in model.seconds, text
        day = since.date()
        while day < first.date():
            assert day == since.date() or not model.on(day), text
            day += timedelta(days=1)
    assert accepted > 5, "the mutations are so wild that nothing is left to compare"


@pytest.mark.parametrize("macro", MACROS)
def test_macros(db: Database, macro: str) -> None:
    assert refusal(db, f" {macro.upper()}\t") is None


def test_the_longest_expression(db: Database) -> None:
    longest = "*," * 123 + "* * * * *"
    assert len(longest) == 255
    assert refusal(db, longest) is None
    assert Cron(longest, _utc()).latest(utc(2026)) == utc(2026)
    assert "256 characters" in str(refusal(db, longest + " "))


@pytest.mark.parametrize(
    "cron",
    [
        *("24-24/18 * * * *", "0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * */20 * 1L", "0 0 LW * */7"),
        *("0 0 ? * *", "0 0 15W * *", "0 0 L-3 * *", "H * * * *", "0 0 * * FRIL", "0 0 * * FRI-SUN", "*/90 * * * *"),
        *(
            "@reboot",
            "@every 5m",
            "* * * *",
            "* * * * * * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "60 * * * *",
            "1,,2 * * * *",
        ),
        *(
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 32 * *",
            "0 0 * 0 *",
            "0 0 * 13 *",
            "0 0 * * 8",
            "0 0 * * 1#6",
            "0 0 * * 1#0",
        ),
        *(
            "٣ * * * *",
            "* * * * *\n",
            "99999999999999999999 * * * *",
            "0-999999999 * * * *",
            "*/99999999999 * * * *",
            "",
        ),
    ],
)
def test_what_is_refused(db: Database, cron: str) -> None:
    said = refusal(db, cron)
    assert said is not None
    assert said.startswith("cron: ")


def test_ticks_of_the_library_are_ticks_of_the_database_and_nothing_else_is(db: Database, dice: random.Random) -> None:
    """Over changes of the clocks: the database judges each minute of the hours around them."""
    for zone in ZONES:
        for _ in range(30 if FULL else 6):
            text = expression(dice)
            if dice.random() < 0.7:  # days that match, so that times can differ
                text = " ".join([*text.split()[:2], "*", "*", "*"])
            if refusal(db, text) is not None:
                continue
            db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition(text, zone, "s")))
            for since in CHANGES[zone]:
                until = since + timedelta(hours=12)
                assert ticks_of_the_library(db, text, zone, since, until) == ticks_of_the_database(db, since, until), (
                    *(text, zone, since),
                )


@pytest.mark.parametrize(
    "cron", ["0 30 2 * * *", "5,50 0,59 1-3 * * *", "*/20 30 2 * * *", "10 */10 * * * *", "30 5 */1 * * *"]
)
@pytest.mark.parametrize("change", [utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)])
def test_the_same_with_seconds(db: Database, cron: str, change: datetime) -> None:
    db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition(cron, "Europe/Berlin", "s")))
    since, until = change - timedelta(minutes=65), change + timedelta(minutes=65)
    found = ticks_of_the_library(db, cron, "Europe/Berlin", since, until)
    assert found == ticks_of_the_database(db, since, until, "5 seconds")


def ticks_of_the_library(db: Database, text: str, zone: str, since: datetime, until: datetime) -> list[datetime]:
    with psycopg.connect(db.dsn, autocommit=True) as connection:
        table = Cron(text, drive(connection, zone_calls(zone, since, until)))
    found = []
    for tick in table.after(since):
        if tick > until:
            break
        found.append(tick)
    return found


def ticks_of_the_database(db: Database, since: datetime, until: datetime, step: str = "1 minute") -> list[datetime]:
    query = """
        select m.minute
        from faultline.schedules s, generate_series(%s::timestamptz, %s, %s::interval) as m (minute)
        where s.schedule = 's' and faultline._is_tick(s, m.minute) and m.minute > %s
        order by m.minute"""
    return [tick for (tick,) in db.rows(query, since, until, step, since)]


def _utc() -> HostZone:
    return HostZone("UTC")
