"""What a workflow may say: the linter, the schema for editors and put_workflow agree on it."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema  # type: ignore[import-untyped]
import psycopg
import pytest

from faultline.documents import parse
from faultline.workflow import WorkflowFault, load
from faultline.workflow.intervals import seconds
from faultline.workflow.spec import stored_size

if TYPE_CHECKING:
    from tests.support.database import Database

TASKS = "name: t\ntasks: "
JOB = "{type: a, %s}"

GOOD = {
    "one task": TASKS + "{a: {type: a}}",
    "all that a job can say": """
        name: Night.ly:report-1
        description: What it is for
        defaults: {queue: slow, priority: 3, timeout: 1h, retry: {max_attempts: 3, backoff: {kind: fixed, delay: 1s}}}
        tasks:
          extract:
            type: extract
            description: Reads
            payload: {table: orders, deep: [1, 2.5, null, true, {x: "é"}]}
            queue: fast
            priority: 1
            timeout: 90
            retry: {max_attempts: 100, backoff: {kind: exponential, delay: 500ms, max_delay: 1 hour, jitter: 0}}
        """,
    "needs as a text": TASKS + "{a: {type: a}, b: {type: b, needs: a}}",
    "needs as a list": TASKS + "{a: {type: a}, b: {type: b, needs: [a]}}",
    "depends_on": TASKS + "{a: {type: a}, b: {type: b, depends_on: a}}",
    "needs of nothing": TASKS + "{a: {type: a, needs: []}}",
    "a task that stands before what it needs": TASKS + "{b: {type: b, needs: a}, a: {type: a}}",
    "every when": TASKS
    + "{a: {type: a}, s: {type: b, needs: a, when: success}, f: {type: b, needs: a, when: failure},"
    + " w: {type: b, needs: a, when: always}}",
    "when without needs": TASKS + "{a: {type: a, when: always}}",
    "if": TASKS + "{a: {type: a}, b: {type: b, needs: a, if: '$.a.rows > 0'}}",
    "for_each over a result": TASKS + "{a: {type: a}, b: {type: b, needs: a, for_each: a}}",
    "for_each over a place in a result": TASKS + "{a: {type: a}, b: {type: b, needs: a, for_each: a.rows.0}}",
    "for_each over the input": TASKS + "{a: {type: a, for_each: input.files, concurrency: 4}}",
    "for_each over the whole of a task with a dot": TASKS
    + "{a.b: {type: a}, c: {type: c, needs: a.b, for_each: a.b.c}}",
    "a timer": TASKS + "{a: {wait: 10m}}",
    "a timer in seconds": TASKS + "{a: {wait: 0.5}}",
    "a signal": TASKS + "{a: {wait_for: approval}}",
    "a signal with a timeout": TASKS + "{a: {wait_for: approval, timeout: 3 days}}",
    "a workflow": TASKS + "{a: {workflow: other}}",
    "a workflow with an input": TASKS + "{a: {workflow: other, input: {x: 1}}}",
    "a workflow with a result as its input": TASKS + "{a: {type: a}, b: {workflow: other, needs: a, input: a.rows}}",
    "a workflow for each": TASKS + "{a: {workflow: other, for_each: input.parts, concurrency: 2}}",
    "nulls where they mean the default": "name: t\ndescription:\ndefaults: {queue: , timeout: , priority: }\n"
    "tasks: {a: {type: a, queue: , retry: {max_attempts: , backoff: }}}",
    "a name of 128": TASKS + f"{{{'a' * 128}: {{type: {'b' * 128}}}}}",
    "a payload of just 256 KiB": TASKS + "{a: {type: a, payload: {x: " + "y" * (262_144 - 9) + "}}}",
}


class Bad(NamedTuple):
    text: str
    linter: str  # in its fault
    database: str | None = None  # in its message, if other words
    schema: bool = True  # whether a schema can tell


BAD = {
    "nothing": Bad("{}", "name: it is missing"),
    "a list": Bad("[1]", "it is not an object but of type array", "object but of type array"),
    "a text": Bad("x", "it is not an object but of type string"),
    "no name": Bad("tasks: {a: {type: a}}", "name: it is missing, or not a text"),
    "a number as name": Bad("name: 5\ntasks: {a: {type: a}}", "name: it is missing, or not a text"),
    "a name with a blank": Bad("name: a b\ntasks: {a: {type: a}}", '"a b" is not a name', "'a b' is not a name"),
    "a unicode name": Bad("name: naïve\ntasks: {a: {type: a}}", "is not a name"),
    "an unknown key": Bad("name: t\ntask: {a: {type: a}}\ntasks: {a: {type: a}}", "unknown key 'task'"),
    "no tasks": Bad("name: t", "tasks: there are none"),
    "empty tasks": Bad("name: t\ntasks: {}", "tasks: there are none"),
    "tasks that are null": Bad("name: t\ntasks:", "tasks: there are none"),
    "tasks as a list": Bad("name: t\ntasks: [{type: a}]", "tasks: there are none"),
    "a description that is no text": Bad(
        "name: t\ndescription: 5\ntasks: {a: {type: a}}", "description: it is not a text"
    ),
    "defaults that are null": Bad("name: t\ndefaults:\ntasks: {a: {type: a}}", "not an object but of type null"),
    "unknown defaults": Bad(
        "name: t\ndefaults: {type: a}\ntasks: {a: {type: a}}", "defaults: it has the unknown key 'type'"
    ),
    "a default out of bounds": Bad("name: t\ndefaults: {priority: 5}\ntasks: {a: {type: a}}", "out of bounds"),
    "a unicode task": Bad(TASKS + "{é: {type: a}}", "is not a name"),
    "a long task": Bad(TASKS + f"{{{'a' * 129}: {{type: a}}}}", "is not a name"),
    "an empty task name": Bad(TASKS + "{'': {type: a}}", "is not a name"),
    "a task called input": Bad(TASKS + "{input: {type: a}}", "no task can be called input"),
    "a task called like a place in the input": Bad(TASKS + "{input.x: {type: a}}", "no task can be called input.x"),
    "a task that is null": Bad(TASKS + "{a: }", "tasks.a: it is not an object but of type null"),
    "a task that is a text": Bad(TASKS + "{a: b}", "tasks.a: it is not an object but of type string"),
    "a task without a kind": Bad(TASKS + "{a: {}}", "tasks.a: it does not say what it is"),
    "two kinds": Bad(TASKS + "{a: {type: a, wait: 5m}}", "tasks.a: it is type and wait"),
    "an unknown key of a task": Bad(
        TASKS + "{a: {type: a, neds: b}}", "unknown key 'neds' (Did you mean needs?)", "unknown key 'neds'"
    ),
    "needs and depends_on": Bad(
        TASKS + "{a: {type: a}, b: {type: b, needs: a, depends_on: a}}", "it has both needs and depends_on"
    ),
    "an unknown need": Bad(
        TASKS + "{a: {type: a}, b: {type: b, needs: c}}", 'there is no task "c"', "there is no task 'c'", schema=False
    ),
    "a need of itself": Bad(TASKS + "{a: {type: a, needs: a}}", "it needs itself", schema=False),
    "a need twice": Bad(
        TASKS + "{a: {type: a}, b: {type: b, needs: [a, a]}}", 'names the task "a" twice', "names a task twice"
    ),
    "a need that is a number": Bad(TASKS + "{a: {type: a, needs: [5]}}", "5 is not the name of a task"),
    "needs that are null": Bad(TASKS + "{a: {type: a, needs: }}", "neither a task nor a list of tasks"),
    "needs that are an object": Bad(TASKS + "{a: {type: a, needs: {b: c}}}", "neither a task nor a list of tasks"),
    "a cycle of two": Bad(
        TASKS + "{a: {type: a, needs: b}, b: {type: b, needs: a}}", "there is a cycle: a → b → a", schema=False
    ),
    "a cycle behind others": Bad(
        TASKS + "{s: {type: a}, a: {type: a, needs: [s, c]}, b: {type: b, needs: a}, c: {type: c, needs: b},"
        " z: {type: z, needs: c}}",
        "there is a cycle: a → c → b → a",
        schema=False,
    ),
    "an unknown when": Bad(TASKS + "{a: {type: a, when: sucess}}", '"sucess" is not one of success, failure, always'),
    "a when that is null": Bad(TASKS + "{a: {type: a, when: }}", "null is not one of success, failure, always"),
    "a failure of nothing": Bad(TASKS + "{a: {type: a, when: failure}}", "and needs nothing"),
    "an if that is no text": Bad(TASKS + "{a: {type: a, if: true}}", "true is not a condition"),
    "an if on what it doesn't need": Bad(
        TASKS + "{a: {type: a}, b: {type: b, needs: a, if: '$.a.n > 0 && $.c.n > 0'}}",
        "it looks at c, which it does not need",
        schema=False,
    ),
    "an if on what it doesn't need, quoted": Bad(
        TASKS + "{a-b: {type: a}, b: {type: b, if: 'exists($ . \"a-b\")'}}",
        "it looks at a-b, which it does not need",
        schema=False,
    ),
    "an empty if": Bad(TASKS + "{a: {type: a, if: ''}}", "is not a condition"),
    "for_each over nothing": Bad(TASKS + "{a: {type: a, for_each: }}", "null is neither input nor a task"),
    "for_each over a list": Bad(TASKS + "{a: {type: a, for_each: [1, 2]}}", "[1, 2] is neither input nor a task"),
    "for_each over what it doesn't need": Bad(
        TASKS + "{a: {type: a}, b: {type: b, for_each: a}}", "neither input nor a task that it needs", schema=False
    ),
    "for_each over a timer": Bad(
        TASKS + "{a: {wait: 5m, for_each: input.x}}", "only a job or a workflow can run for each"
    ),
    "concurrency alone": Bad(TASKS + "{a: {type: a, concurrency: 5}}", "there is no for_each"),
    "concurrency of 0": Bad(TASKS + "{a: {type: a, for_each: input.x, concurrency: 0}}", "0 is out of bounds"),
    "concurrency of a half": Bad(TASKS + "{a: {type: a, for_each: input.x, concurrency: 1.5}}", "1.5 is out of bounds"),
    "concurrency as a text": Bad(TASKS + "{a: {type: a, for_each: input.x, concurrency: many}}", "is out of bounds"),
    "input of a job": Bad(TASKS + "{a: {type: a, input: {x: 1}}}", "only a workflow as a task has an input"),
    "input that is a number": Bad(TASKS + "{a: {workflow: a, input: 5}}", "5 is neither input nor a task"),
    "a type with a blank": Bad(TASKS + "{a: {type: a b}}", '"a b" is not a name'),
    "a type that is null": Bad(TASKS + "{a: {type: }}", "null is not a name"),
    "a payload that is a list": Bad(TASKS + "{a: {type: a, payload: [1]}}", "it is not an object but of type array"),
    "a payload that is null": Bad(TASKS + "{a: {type: a, payload: }}", "it is not an object but of type null"),
    "a payload over 256 KiB": Bad(
        TASKS + "{a: {type: a, payload: {x: " + "y" * 262_144 + "}}}", "it has 262153 bytes", schema=False
    ),
    "a payload of long numbers": Bad(
        TASKS + "{a: {type: a, payload: {x: [" + "1e300, " * 1000 + "1]}}}", "bytes as text", schema=False
    ),
    "a queue with a blank": Bad(
        TASKS + "{a: {type: a, queue: a b}}", "is not the name of a queue", "'a b' is not a name"
    ),
    "a queue that is a number": Bad(
        TASKS + "{a: {type: a, queue: 5}}", "5 is not the name of a queue", "it is not a text"
    ),
    "priority 0": Bad(TASKS + "{a: {type: a, priority: 0}}", "0 is out of bounds", "priority 0 is out of bounds"),
    "priority as a text": Bad(TASKS + "{a: {type: a, priority: high}}", "is out of bounds", "not a whole number"),
    "a half priority": Bad(TASKS + "{a: {type: a, priority: 1.5}}", "1.5 is out of bounds", "not a whole number"),
    "retry as a number": Bad(TASKS + "{a: {type: a, retry: 5}}", "it is not an object but of type number"),
    "an unknown retry": Bad(TASKS + "{a: {type: a, retry: {attempts: 5}}}", "unknown key 'attempts'"),
    "101 attempts": Bad(
        TASKS + "{a: {type: a, retry: {max_attempts: 101}}}",
        "101 is out of bounds",
        "max_attempts 101 is out of bounds",
    ),
    "an unknown backoff": Bad(
        TASKS + "{a: {type: a, retry: {backoff: {wait: 5s}}}}", "unknown key 'wait'", "backoff has no key 'wait'"
    ),
    "an unknown kind of backoff": Bad(
        TASKS + "{a: {type: a, retry: {backoff: {kind: linear}}}}",
        '"linear" is unknown',
        "backoff kind 'linear' is unknown",
    ),
    "a delay that is a number": Bad(
        TASKS + "{a: {type: a, retry: {backoff: {delay: 5}}}}", "5 is not a duration", "is not an interval"
    ),
    "a delay that is no duration": Bad(
        TASKS + "{a: {type: a, retry: {backoff: {delay: soon}}}}", '"soon" is not a duration', "is not an interval"
    ),
    "jitter of 2": Bad(
        TASKS + "{a: {type: a, retry: {backoff: {jitter: 2}}}}", "2 is out of bounds", "jitter 2 is out of bounds"
    ),
    "a timeout that is none": Bad(TASKS + "{a: {type: a, timeout: soon}}", '"soon" is not a duration'),
    "a timeout of 0": Bad(TASKS + "{a: {type: a, timeout: 0}}", "0 is out of bounds", "is out of bounds"),
    "a timeout of two years": Bad(TASKS + "{a: {type: a, timeout: 800 days}}", "is out of bounds", schema=False),
    "a timeout that is a list": Bad(TASKS + "{a: {type: a, timeout: [1]}}", "[1] is not a duration"),
    "a timer with a timeout": Bad(TASKS + "{a: {wait: 5m, timeout: 5m}}", "wait has no timeout"),
    "a timer with a payload": Bad(TASKS + "{a: {wait: 5m, payload: {}}}", "wait is no job"),
    "a signal with a queue": Bad(TASKS + "{a: {wait_for: x, queue: a}}", "wait_for is no job"),
    "a workflow with retry": Bad(TASKS + "{a: {workflow: x, retry: {}}}", "workflow is no job"),
    "a wait that is null": Bad(TASKS + "{a: {wait: }}", "null is not a duration", "it is null"),
    "a wait that is a truth": Bad(TASKS + "{a: {wait: true}}", "true is not a duration"),
    "a negative wait": Bad(TASKS + "{a: {wait: -5m}}", "out of bounds"),
    "a signal with a blank": Bad(TASKS + "{a: {wait_for: a b}}", "is not the name of a signal"),
    "a workflow with a blank": Bad(TASKS + "{a: {workflow: a b}}", "is not the name of a workflow"),
}
ONLY_THE_DATABASE = {"an if that is no path": TASKS + "{a: {type: a}, b: {type: b, needs: a, if: '$.a.rows >'}}"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((resources.files("faultline.workflow") / "schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(found)
    return found


@pytest.fixture
def db(shared: Database) -> Database:
    return shared


def put(db: Database, spec: object) -> int:
    connection = db.connect("faultline_operator")
    try:
        row = connection.execute("select faultline.put_workflow(%s::jsonb)", (json.dumps(spec),)).fetchone()
    finally:
        connection.close()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("text", GOOD.values(), ids=list(GOOD))
def test_what_is_good_is_good_for_all_three(text: str, db: Database, schema: dict[str, Any]) -> None:
    workflow = load(text)
    jsonschema.Draft7Validator(schema).validate(workflow.spec)
    assert put(db, workflow.spec) >= 1
    assert {task.name for task in workflow.tasks} == set(workflow.spec["tasks"])


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_what_is_bad_is_bad_for_all_three_and_nothing_is_stored(bad: Bad, db: Database, schema: dict[str, Any]) -> None:
    with pytest.raises(WorkflowFault) as refused:
        load(bad.text)
    fault = refused.value.faults[0]
    assert bad.linter in str(fault)
    assert fault.place is not None
    spec = parse(bad.text).plain()
    before = db.scalar("select count(*) from faultline.workflows")
    with pytest.raises(psycopg.Error, match=re.escape(bad.database or bad.linter.partition(" (")[0])) as raised:
        put(db, spec)
    assert raised.value.sqlstate == "FL004"
    assert db.scalar("select count(*) from faultline.workflows") == before
    assert jsonschema.Draft7Validator(schema).is_valid(spec) is not bad.schema


@pytest.mark.parametrize("text", ONLY_THE_DATABASE.values(), ids=list(ONLY_THE_DATABASE))
def test_what_only_the_database_can_tell_has_a_place_all_the_same(text: str, db: Database) -> None:
    workflow = load(text)
    with pytest.raises(psycopg.Error) as raised:
        put(db, workflow.spec)
    place = workflow.locate((raised.value.diag.message_primary or "").partition(": ")[0])
    assert place is not None
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith("if: ")


def tasks_text(number: int) -> str:
    return TASKS + "{" + ", ".join(f"t{n}: {{type: a}}" for n in range(number)) + "}"


def test_a_file_may_have_as_many_tasks_as_the_database_takes(db: Database, schema: dict[str, Any]) -> None:
    most = load(tasks_text(20_000))
    assert put(db, most.spec) >= 1
    with pytest.raises(WorkflowFault, match="there are 20001"):
        load(tasks_text(20_001))
    spec = parse(tasks_text(20_001)).plain()
    with pytest.raises(psycopg.Error, match="there are 20001"):
        put(db, spec)
    assert schema["properties"]["tasks"]["maxProperties"] == len(most.tasks)


def test_every_fault_of_a_file_is_told_in_its_order() -> None:
    with pytest.raises(WorkflowFault) as refused:
        load("name: a b\ntasks:\n  a: {type: a, prio: 1}\n  b: {type: b, needs: [c]}\n")
    assert [str(fault.place) for fault in refused.value.faults] == ["1:7", "3:16", "4:24"]
    assert "and 2 more" in str(refused.value)


def test_a_typing_mistake_in_what_a_task_is_is_one_fault() -> None:
    with pytest.raises(WorkflowFault) as refused:
        load(TASKS + "{a: {typ: a}}")
    assert [fault.hint for fault in refused.value.faults] == ["Did you mean type?"]


@pytest.mark.parametrize("condition", ["$stats > 1", '$"stats" > 1', "$.a == 1 && $b == 2"])
def test_a_condition_has_no_variables(condition: str) -> None:
    with pytest.raises(WorkflowFault, match=r"tasks\.b\.if: there is no variable \$"):
        load(json.dumps({"name": "t", "tasks": {"b": {"type": "b", "if": condition}}}))


@pytest.mark.parametrize(
    "condition",
    [
        *('$.a like_regex "x$b"', '$.a."$b" == 1', "exists($ ? (@.a > 1))", "!($.a > 1)", '$.a == "$.c"'),
        *('"\\"$.c" == $."a"', "$.size() == 2", "$.*.n == 1", "strict $.input.c.d == 1", 'exists($."\\u0061")'),
    ],
)
def test_a_dollar_elsewhere_is_no_variable(condition: str, db: Database) -> None:
    workflow = load(
        json.dumps({"name": "t", "tasks": {"a": {"type": "a"}, "b": {"type": "b", "needs": "a", "if": condition}}})
    )
    assert put(db, workflow.spec) >= 1


def test_a_place_is_found_though_names_have_dots() -> None:
    workflow = load("name: t\ntasks:\n  a: {type: a}\n  a.b:\n    type: b\n    needs: a\n")
    assert str(workflow.locate("tasks.a.b.needs")) == "6:5"
    assert str(workflow.locate("tasks.a.b.if")) == "4:3"
    assert str(workflow.locate("the workflow")) == "1:1"


DURATIONS = [
    *(
        "500ms",
        "10m",
        "1 hour",
        "1h 30m",
        "2 days",
        "1.5h",
        ".5 s",
        "3 weeks",
        "90",
        "1 month",
        "2 mins",
        "5 hrs",
        "1D",
    ),
    *("soon", "5 parsecs", "1h 1h", "h", "", "1e5x"),
]


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_is_as_long_as_the_database_thinks(text: str, db: Database) -> None:
    try:
        expected: float | None = float(db.scalar("select extract(epoch from least(%s::interval, '100 years'))", text))
    except psycopg.Error:
        expected = None
    assert seconds(text) == expected


VALUES = [{}, [], [[]], {"a": 1, "b": [1, 2.5, -0.1, 1e300, 5e-20, None, True, False]}, 'é"\\\n\x01', 10**40, {"": ""}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_size_is_what_the_database_will_measure(value: object, db: Database) -> None:
    assert stored_size(value) == db.scalar("select octet_length(%s::jsonb::text)", json.dumps(value))


def test_a_long_chain_and_a_wide_graph_are_read_in_time() -> None:
    chain = {f"t{n}": {"type": "t", "needs": [f"t{n - 1}"] if n else []} for n in range(5_000)}
    assert len(load(json.dumps({"name": "chain", "tasks": chain})).tasks) == 5_000
    wide = {"first": {"type": "t"}} | {f"t{n}": {"type": "t", "needs": "first"} for n in range(9_000)}
    assert load(json.dumps({"name": "wide", "tasks": wide})).tasks[0].name == "first"
