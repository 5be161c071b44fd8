"""Ticks are what a scan of every minute finds, in every zone and over every change of its clocks."""

from __future__ import annotations

import random
import struct
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import islice, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from faultline.errors import InvalidArgument
from faultline.schedules import ticks
from faultline.schedules.ticks import Cron, Every, between, timetable
from faultline.schedules.zones import Change, HostZone, ListedZone
from tests.support.crons import Model, expression, scan, utc
from tests.support.proofs import FULL, SEED

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Cairo",  # at midnight; none from 2015 to 2022
    "Africa/Casablanca",  # back for Ramadan
    "America/Sao_Paulo",  # at midnight until 2019
    "America/Caracas",  # half an hour, twice, for good
    "America/St_Johns",
    "Antarctica/Troll",  # two hours
    "Asia/Amman",  # for good in 2022
    "Asia/Kathmandu",
    "Asia/Pyongyang",  # half an hour, twice, for good
    "Asia/Tehran",
    "Europe/Istanbul",  # for good in 2016
    "Europe/Volgograd",
    "Pacific/Apia",  # a day that never was
    "Pacific/Chatham",
)
DECADE = timedelta(days=3653)
TEN_YEARS_OF = 12


def iso(found: list[datetime], zone: str) -> list[str]:
    return [tick.astimezone(ZoneInfo(zone)).strftime("%d %H:%M%z") for tick in found]


def first(cron: str, zone: str, after: str, most: int) -> list[str]:
    """The first ticks after a time on the wall of `zone`, as day, time and offset there."""
    moment = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    return iso(list(islice(cron_of(cron, zone).after(moment), most)), zone)


def cron_of(expression: str, zone: str) -> Cron:
    return Cron(expression, HostZone(zone))


# Against a scan.


@pytest.mark.timeout(1800 if FULL else 180)
@pytest.mark.parametrize("zone", ZONES)
def test_ticks_are_what_a_scan_of_every_minute_finds(zone: str) -> None:
    """Ten years of minutes of twelve zones; reduced, and of the others, the days around four changes of the clocks."""
    print(f"FAULTLINE_SEED={SEED}")
    dice = random.Random(f"{SEED} {zone}")
    start = utc(dice.randrange(2009, 2022), dice.randrange(1, 13), dice.randrange(1, 28), dice.randrange(24))
    models: dict[str, Model] = {}
    while len(models) < 8:
        text = expression(dice)
        model = Model(text)
        if model.possible():
            models[text] = model
    for since, until in _spans(zone, start, dice):
        for text, expected in zip(models, scan(models.values(), zone, since, until), strict=True):
            table = cron_of(text, zone)
            assert between(table, since, until, 10**7) == expected, (text, zone, since)
            listed = Cron(text, _listed(zone, since, until))
            assert between(listed, since, until, 10_000) == expected[:10_000], (text, zone, since)
            assert table.fixed == models[text].fixed
            last = table.latest(until)
            assert last == expected[-1] if expected else last is None or last <= since, (text, zone, until)
            for tick in dice.sample(expected, min(len(expected), 25)):
                assert table.latest(tick) == tick
                assert next(table.after(tick - timedelta(seconds=1))) == tick
            for before, after in dice.sample(list(pairwise(expected)), min(len(expected), 25) - 1 if expected else 0):
                between_them = before + (after - before) * dice.random()
                assert table.latest(between_them) == before
                assert next(table.after(between_them)) == after


def _spans(zone: str, start: datetime, dice: random.Random) -> list[tuple[datetime, datetime]]:
    if FULL and zone in ZONES[:TEN_YEARS_OF]:
        return [(start, start + DECADE)]
    changes = [change.moment for change in HostZone(zone).changes(utc(2009), utc(2031))]
    chosen = dice.sample(changes, min(4, len(changes))) or [start]
    return [(change - timedelta(days=2, hours=7), change + timedelta(days=2)) for change in chosen]


def _listed(name: str, since: datetime, until: datetime) -> ListedZone:
    """What the database tells of it."""
    zone = HostZone(name)
    start, end = since - timedelta(days=2), until + timedelta(days=2)
    return ListedZone([Change(start, zone.offset(start)), *zone.changes(start, end)], end)


def test_seconds_are_the_minutes_ticks_and_those_between() -> None:
    dice = random.Random(5)
    for _ in range(40):
        text = expression(dice, seconds=True)
        model = Model(text)
        if not model.possible():
            continue
        zone = dice.choice(ZONES)
        for tick in islice(cron_of(text, zone).after(utc(2026, 3, 1)), 50):
            shown = tick.astimezone(ZoneInfo(zone))
            if not model.fixed:
                assert model.matches(shown.replace(tzinfo=None))
                assert shown.second in model.seconds
    every = list(islice(cron_of("*/20 * * * * *", "Europe/Berlin").after(utc(2026, 3, 29, 0, 59, 30)), 4))
    assert every == [utc(2026, 3, 29, 0, 59, 40), utc(2026, 3, 29, 1), *(utc(2026, 3, 29, 1, 0, s) for s in (20, 40))]


@pytest.mark.timeout(600)
def test_the_changes_of_a_zone_are_those_of_its_file() -> None:
    """The search looks every six hours, and would miss two changes between two looks. In some zones, or in all."""
    names = sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})
    dice = random.Random(1)
    for name in names if FULL else [*ZONES, *dice.sample(names, 10)]:
        expected = [at for at in changes_of_the_file(name) if at > utc(1970)]
        if expected:
            found = HostZone(name).changes(utc(1970), expected[-1])
            assert [change.moment for change in found] == expected, name


def changes_of_the_file(name: str) -> list[datetime]:
    """Read from the zone's TZif file (RFC 9636): when another offset begins to hold."""
    of_host = [path for folder in zoneinfo.TZPATH if (path := Path(folder, name)).is_file()]
    data = of_host[0].read_bytes() if of_host else (resources.files("tzdata.zoneinfo") / name).read_bytes()
    start = 44 + _block(data, 20, 4)  # the block of 32 bits is there for the old
    *_, times, types, _ = struct.unpack(">6l", data[start + 20 : start + 44])
    place = start + 44
    moments = struct.unpack(f">{times}q", data[place : place + 8 * times])
    kinds = data[place + 8 * times : place + 9 * times]
    described = data[place + 9 * times : place + 9 * times + 6 * types]
    offsets = [offset for offset, _, _ in struct.iter_unpack(">lBB", described)]
    holding = [offsets[0], *(offsets[kind] for kind in kinds)]
    return [
        datetime.fromtimestamp(moment, UTC)
        for moment, (before, after) in zip(moments, pairwise(holding), strict=True)
        if before != after and moment > 0
    ]


def _block(data: bytes, place: int, size: int) -> int:
    isut, isstd, leap, times, types, letters = struct.unpack(">6l", data[place : place + 24])
    return int(times * (size + 1) + types * 6 + letters + leap * (size + 4) + isstd + isut)


# The clocks go forward: a time that does not exist.


def test_a_fixed_time_that_does_not_exist_fires_when_the_clock_has_jumped_over_it() -> None:
    assert first("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "30 02:30+0200"]
    assert first("30 2 * * *", "America/New_York", "2026-03-07T12:00", 2) == ["08 03:00-0400", "09 02:30-0400"]
    assert first("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", 2) == ["04 02:30+1100", "05 02:15+1100"]
    assert first("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", 2) == ["24 01:00+0300", "25 00:00+0300"]


def test_several_fixed_times_in_one_gap_are_one_tick() -> None:
    assert first("0,20,40 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "30 02:00+0200"]
    assert first("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "29 03:30+0200"]
    assert first("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "30 02:00+0200"]


def test_an_interval_has_no_burst_and_no_hole_when_the_clocks_go_forward() -> None:
    quarters = ["29 01:45+0100", "29 03:00+0200", "29 03:15+0200"]
    assert first("*/15 * * * *", "Europe/Berlin", "2026-03-29T01:30", 3) == quarters
    assert first("*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 1) == ["30 02:00+0200"]


def test_a_day_that_never_was() -> None:
    """Samoa went from the 29th of December 2011 to the 31st."""
    assert first("0 9 * * *", "Pacific/Apia", "2011-12-29T08:00", 3) == [
        "29 09:00-1000",
        "31 00:00+1400",
        "31 09:00+1400",
    ]
    assert first("0 */12 * * *", "Pacific/Apia", "2011-12-29T08:00", 2) == ["29 12:00-1000", "31 00:00+1400"]


# The clocks go back: a time that exists twice.


def test_a_fixed_time_that_exists_twice_fires_the_first_time() -> None:
    assert first("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2) == ["25 02:30+0200", "26 02:30+0100"]
    assert first("30 1 * * *", "America/New_York", "2026-10-31T12:00", 2) == ["01 01:30-0400", "02 01:30-0500"]
    assert first("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", 2) == ["05 01:45+1100", "06 01:45+1030"]
    assert first("30 23 * * *", "Africa/Cairo", "2026-10-29T12:00", 2) == ["29 23:30+0300", "30 23:30+0200"]


@pytest.mark.parametrize("minute", [0, 10, 30, 59])
def test_after_a_moment_of_the_second_pass_no_fixed_time_of_the_first_comes_again(minute: int) -> None:
    after = datetime(2026, 10, 25, 2, minute, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    table = cron_of("30 2 * * *", "Europe/Berlin")
    assert iso([next(table.after(after))], "Europe/Berlin") == ["26 02:30+0100"]
    assert table.latest(after) == utc(2026, 10, 25, 0, 30)


def test_an_interval_goes_on_through_both_passes() -> None:
    hours = ["25 01:00+0200", "25 02:00+0200", "25 02:00+0100", "25 03:00+0100"]
    assert first("0 * * * *", "Europe/Berlin", "2026-10-25T00:30", 4) == hours
    quarters = ["05 01:30+1100", "05 01:45+1100", "05 01:30+1030", "05 01:45+1030", "05 02:00+1030"]
    assert first("*/15 * * * *", "Australia/Lord_Howe", "2026-04-05T01:20", 5) == quarters


def test_with_six_fields_a_star_among_the_seconds_makes_an_interval() -> None:
    assert first("0 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2) == ["25 02:30+0200", "26 02:30+0100"]
    assert first("0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "30 02:30+0200"]
    both = ["25 02:30+0200", "25 02:30+0200", "25 02:30+0100", "25 02:30+0100", "26 02:30+0100"]
    assert first("*/30 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 5) == both
    assert first("*/30 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 1) == ["30 02:30+0200"]


# Zones that changed their rules.


def test_zones_that_changed_their_rules() -> None:
    assert first("0 9 * * *", "Europe/Istanbul", "2015-12-31T12:00", 1) == ["01 09:00+0200"]
    assert first("0 9 * * *", "Europe/Istanbul", "2016-12-31T12:00", 1) == ["01 09:00+0300"]
    assert first("45 23 * * *", "Asia/Pyongyang", "2018-05-04T12:00", 2) == ["05 00:00+0900", "05 23:45+0900"]
    assert first("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00", 1) == ["04 01:00-0200"]
    assert first("0 0 * * *", "America/Sao_Paulo", "2019-11-02T12:00", 1) == ["03 00:00-0300"]


# Every so often.


def test_every_is_aligned_to_the_epoch_whatever_the_moment() -> None:
    assert list(islice(Every(30).after(utc(2026, 1, 1, 0, 0, 29)), 2)) == [
        utc(2026, 1, 1, 0, 0, 30),
        utc(2026, 1, 1, 0, 1),
    ]
    tick = next(Every(7).after(utc(2026)))
    assert tick.timestamp() % 7 == 0
    assert Every(7).latest(tick) == tick
    assert Every(7).latest(tick - timedelta(microseconds=1)) == tick - timedelta(seconds=7)
    assert next(Every(7).after(tick - timedelta(microseconds=1))) == tick


@pytest.mark.parametrize("seconds", [1, 366 * 86400])
def test_every_may_be_from_a_second_to_a_year(seconds: int) -> None:
    assert next(Every(seconds).after(utc(2026))) > utc(2026)


@pytest.mark.parametrize("seconds", [0, -1, 366 * 86400 + 1])
def test_every_outside_of_its_bounds_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidArgument, match=f"every {seconds} s is out of bounds"):
        timetable(cron=None, every=seconds, zone=None)


# Bounds, and what nobody should have put.


def test_between_is_bounded_however_long_the_gap() -> None:
    everything = cron_of("* * * * * *", "UTC")
    assert len(between(everything, utc(1970), utc(2026), 100)) == 100
    assert between(everything, utc(2026), utc(2026), 100) == []
    assert between(everything, utc(2026), utc(2026, second=3), 100) == [utc(2026, second=s) for s in (1, 2, 3)]
    assert everything.latest(utc(2026)) == utc(2026)


def test_the_rarest_day_is_found_and_an_impossible_one_ends() -> None:
    assert next(cron_of("0 0 29 2 */7", "UTC").after(utc(2072, 3))) == utc(2088, 2, 29)
    assert list(cron_of("* * */20 * 1L", "Europe/Berlin").after(utc(2026))) == []
    assert cron_of("* * */20 * 1L", "Europe/Berlin").latest(utc(2026)) is None


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "@reboot",
        "60 * * * *",
        "٣ * * * *",
        "* * * * *\n",
        "0 0 31 2 *",
        "9" * 240 + " * * * *",
    ],
)
def test_what_is_no_expression_is_refused(cron: str) -> None:
    with pytest.raises(InvalidArgument, match="no cron expression"):
        cron_of(cron, "UTC")


def test_an_expression_has_at_most_255_characters() -> None:
    assert next(cron_of("*," * 123 + "* * * * *", "UTC").after(utc(2026))) == utc(2026, minute=1)
    with pytest.raises(InvalidArgument, match="256 characters"):
        cron_of("*," * 123 + "* * * *  *", "UTC")


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../../etc/passwd", "/etc/localtime", "UTC\0", "x" * 5000])
def test_a_zone_that_this_host_does_not_know_is_refused(zone: str) -> None:
    with pytest.raises(InvalidArgument, match="no time zone that this host knows"):
        cron_of("* * * * *", zone)


@pytest.mark.parametrize("macro", ticks.MACROS)
def test_macros_are_their_fields(macro: str) -> None:
    since = utc(2026, 5, 17)
    written = list(islice(cron_of(ticks.MACROS[macro], "Asia/Tehran").after(since), 3))
    assert list(islice(cron_of(f" {macro.upper()} ", "Asia/Tehran").after(since), 3)) == written


def test_the_ends_of_time() -> None:
    for table in (cron_of("0 0 1 1 *", "Asia/Tehran"), cron_of("* * * * *", "UTC"), Every(86400)):
        assert len(list(islice(table.after(utc(9899, 12, 31, 23, 58)), 5))) <= 2
        earliest = table.latest(utc(1900))
        assert earliest is None or earliest <= utc(1900)
        for beyond in (utc(1899, 12, 31), datetime(9900, 1, 1, tzinfo=UTC)):
            with pytest.raises(InvalidArgument, match="out of bounds: ticks are computed from 1900 to 9900"):
                next(table.after(beyond))
