"""A file of schedules: its shape is judged with the place, its values by the database, and the JSON Schema agrees."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import psycopg
import pytest

from faultline.documents import parse
from faultline.schedules.file import KEYS, ScheduleFault, load

if TYPE_CHECKING:
    from tests.support.database import Database

GOOD = {
    "cron": "{name: a, cron: 0 9 * * 1-5, timezone: Europe/Berlin, type: t}",
    "seconds": "{name: a, cron: '*/10 * * * * *', timezone: UTC, type: t}",
    "a macro": "{name: a, cron: '@daily', timezone: UTC, type: t}",
    "every": "{name: a, every: 30s, type: t}",
    "every in seconds": "{name: a, every: 90, type: t}",
    "every in words": "{name: a, every: 1 hour 30 minutes, type: t}",
    "a workflow": "{name: a, every: 1h, workflow: w, input: {x: 1}}",
    "everything": (
        "{name: a, description: d, cron: 0 9 * * *, timezone: UTC, type: t, payload: {x: 1}, queue: q, priority: 1,"
        " max_attempts: 3, backoff: {kind: fixed, delay: 5s}, timeout: 5m, tags: [a], headers: {h: 1}, missed: all,"
        " missed_window: 2h, missed_limit: 10, overlap: skip, jitter: 30s, starts_at: '2030-01-01T00:00:00Z',"
        " ends_at: 2031-01-01T00:00:00+01:00}"
    ),
    "nulls": "{name: a, every: 30s, type: t, missed: , overlap: , payload: , jitter: }",
    "no jitter": "{name: a, every: 30s, type: t, jitter: 0}",
}
# What the shape doesn't say: where it is (at the paragraph sign), and which key the database names.
BAD_VALUES = {
    "a field out of bounds": ("{name: a, cron: 0 §25 * * *, timezone: UTC, type: t}", "cron"),
    "a date that never comes": ("{name: a, cron: 0 0 §31 2 *, timezone: UTC, type: t}", "cron"),
    "a quoted one": ("{name: a, cron: '0 §25 * * *', timezone: UTC, type: t}", "cron"),
    "a macro that is none": ("{name: a, §cron: '@reboot', timezone: UTC, type: t}", "cron"),
    "an unknown zone": ("{name: a, cron: 0 9 * * *, §timezone: Mars/Base, type: t}", "timezone"),
    "no zone": ("§{name: a, cron: 0 9 * * *, type: t}", "timezone"),
    "every 0s": ("{name: a, §every: 0s, type: t}", "every"),
    "every month": ("{name: a, §every: 1 month, type: t}", "every"),
    "the end before the start": (
        "{name: a, every: 1s, type: t, starts_at: 2030-01-02T00:00:00Z, §ends_at: 2030-01-01T00:00:00Z}",
        "ends_at",
    ),
    "a start without an offset": ("{name: a, every: 1s, type: t, §starts_at: 2030-01-02T00:00:00}", "starts_at"),
    "a workflow that is not there": ("{name: a, every: 1s, §workflow: nowhere}", "workflow"),
    "an unknown rule": ("{name: a, every: 1s, type: t, §missed: most}", "missed"),
    "a payload with tick_at": ("{name: a, every: 1s, type: t, §payload: {tick_at: 1}}", "payload"),
    "a priority of 5": ("{name: a, every: 1s, type: t, §priority: 5}", "priority"),
    "a payload for a workflow": ("{name: a, every: 1s, workflow: w, §payload: {}}", "payload"),
}
BAD_SHAPES = {
    "nothing": ("", "it is empty (schedules: [{name: …, cron: …, timezone: …, type: …}])"),
    "no list": ("schedules: 5", "1:12: schedules: it is missing, or not a list"),
    "no schedules": ("source: a", "1:1: schedules: it is missing, or not a list"),
    "an unknown key": ("schedules: []\nscedule: 1", "2:1: it has the unknown key 'scedule' (Did you mean schedules?)"),
    "a source that is no name": ("source: a b\nschedules: []", '1:9: source: "a b" is not a name'),
    "a default that is none": (
        "defaults: {cron: '* * * * *'}\nschedules: []",
        "1:12: defaults: it has the unknown key",
    ),
    "a misspelt key": (
        "schedules: [{name: a, corn: 0 9 * * *, timezone: UTC, type: t}]",
        "1:23: schedules[0]: it has the unknown key 'corn' (Did you mean cron?)",
    ),
    "no object": ("schedules: [5]", "1:13: schedules[0]: it is not an object but of type number"),
    "no name": ("schedules: [{every: 1s, type: t}]", "1:13: schedules[0].name: it is missing, or not a text"),
    "a name with a blank": ("schedules: [{name: a b, every: 1s, type: t}]", '1:20: schedules[0].name: "a b" is not'),
    "a name twice": (
        "schedules:\n  - {name: a, every: 1s, type: t}\n  - {name: a, every: 1s, type: t}",
        '3:12: schedules[1].name: "a" is there twice: first in line 2',
    ),
    "neither cron nor every": ("schedules: [{name: a, type: t}]", "1:13: schedules[0]: it has neither cron nor every"),
    "both": (
        "schedules: [{name: a, every: 1s, cron: 0 9 * * *, type: t}]",
        "1:30: schedules[0].every: it has both cron and every",
    ),
    "neither type nor workflow": ("schedules: [{name: a, every: 1s}]", "it has neither type nor workflow"),
    "type and workflow": ("schedules: [{name: a, every: 1s, type: t, workflow: w}]", "it has both type and workflow"),
    "an anchor": ("schedules: [&a {name: a}]", "anchors and aliases"),
}


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    found = json.loads((resources.files("faultline.schedules") / "schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(found)
    return jsonschema.Draft7Validator(found)


@pytest.fixture
def db(shared: Database) -> Database:
    shared.execute('select faultline.put_workflow(\'{"name": "w", "tasks": {"a": {"type": "a"}}}\')')
    return shared


def check(db: Database, definition: dict[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = db.scalar("select faultline.check_schedule(%s::jsonb)", json.dumps(definition))
    return stored


def test_the_schema_knows_the_same_keys_as_the_file_and_the_database(
    db: Database, schema: jsonschema.Draft7Validator
) -> None:
    assert set(schema.schema["definitions"]["schedule"]["properties"]) == set(KEYS)
    with pytest.raises(psycopg.Error) as refused:
        check(db, {"nonsense": 1})
    hint = str(refused.value.diag.message_hint)
    assert set(hint.removeprefix("Its keys: ").split(", ")) == {*KEYS, "source"}


@pytest.mark.parametrize("text", GOOD.values(), ids=list(GOOD))
def test_what_is_good_is_good_for_all_three(text: str, db: Database, schema: jsonschema.Draft7Validator) -> None:
    whole = f"source: s.yaml\nschedules:\n  - {text}"
    found = load(whole)
    schema.validate(parse(whole).plain())
    assert found.source == "s.yaml"
    (entry,) = found.entries
    stored = check(db, entry.definition)
    assert check(db, stored) == stored


@pytest.mark.parametrize(("text", "column"), BAD_VALUES.values(), ids=list(BAD_VALUES))
def test_what_the_database_refuses_has_its_place_in_the_file(text: str, column: str, db: Database) -> None:
    whole = f"schedules: [{text}]"
    (entry,) = load(whole.replace("§", "")).entries
    with pytest.raises(psycopg.Error) as refused:
        check(db, entry.definition)
    diagnosis = refused.value.diag
    assert diagnosis.column_name == column
    fault = entry.fault(diagnosis.column_name, str(diagnosis.message_primary), "")
    assert str(fault.place) == f"1:{whole.index('§') + 1}"
    assert fault.path == f"schedules[0].{column}"


@pytest.mark.parametrize(("text", "said"), BAD_SHAPES.values(), ids=list(BAD_SHAPES))
def test_what_is_out_of_shape_is_refused_with_its_place(
    text: str, said: str, schema: jsonschema.Draft7Validator
) -> None:
    with pytest.raises(ScheduleFault) as refused:
        load(text)
    assert any(said in str(fault) for fault in refused.value.faults), [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize("name", [name for name in BAD_SHAPES if name not in {"nothing", "an anchor", "a name twice"}])
def test_what_is_out_of_shape_is_so_for_the_schema_too(name: str, schema: jsonschema.Draft7Validator) -> None:
    assert list(schema.iter_errors(parse(BAD_SHAPES[name][0]).plain()))


def test_all_faults_are_told_in_the_order_of_the_file() -> None:
    with pytest.raises(ScheduleFault) as refused:
        load("schedules:\n  - {every: 1s}\n  - {name: a, corn: 1}\n  - 5\n")
    assert [fault.place.line for fault in refused.value.faults if fault.place] == [2, 2, 3, 4]


def test_defaults_are_for_those_whom_they_fit(db: Database) -> None:
    found = load(
        "defaults: {timezone: Europe/Berlin, queue: q, missed: all, missed_window: 2h, missed_limit: 5, jitter: 1s}\n"
        "schedules:\n"
        "  - {name: a, cron: 0 9 * * *, type: t}\n"
        "  - {name: b, every: 30s, type: t, queue: other}\n"
        "  - {name: c, cron: 0 9 * * *, timezone: UTC, workflow: w}\n"
        "  - {name: d, every: 30s, type: t, missed: skip}\n"
        "  - {name: e, every: 30s, type: t, missed: latest}\n"
    )
    a, b, c, d, e = (check(db, entry.definition) for entry in found.entries)
    assert (a["timezone"], a["queue"], a["missed"], a["missed_limit"]) == ("Europe/Berlin", "q", "all", 5)
    assert ("timezone" in b, b["queue"], b["missed_window"]) == (False, "other", 7200)
    assert (c["timezone"], "queue" in c, "jitter" in c) == ("UTC", False, False)
    assert (d["missed"], e["missed"], e["missed_window"]) == ("skip", "latest", 7200)


def test_a_fault_of_a_default_is_shown_there(db: Database) -> None:
    (entry,) = load("defaults: {timezone: Mars/Base}\nschedules:\n  - {name: a, cron: 0 9 * * *, type: t}\n").entries
    with pytest.raises(psycopg.Error) as refused:
        check(db, entry.definition)
    assert str(entry.fault(refused.value.diag.column_name, "it is unknown", "").place) == "1:12"


def test_ten_thousand_schedules_are_the_most() -> None:
    one = "  - {name: n%d, every: 1s, type: t}\n"
    assert len(load("schedules:\n" + "".join(one % at for at in range(10_000))).entries) == 10_000
    with pytest.raises(ScheduleFault, match="there are 10001"):
        load("schedules:\n" + "".join(one % at for at in range(10_001)))
