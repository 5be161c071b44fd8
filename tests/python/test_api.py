"""The HTTP API: each route, and each way in which it refuses, against the real server on a real database."""

from __future__ import annotations

import json
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from faultline import App, Job
from tests.support.api import Api, as_operator, serving
from tests.support.database import Database
from tests.support.running import drain, enqueue, job, until

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = {
    "job_id", "type", "queue", "state", "priority", "payload", "result", "error", "attempt", "max_attempts", "tags",
    "run_at", "created_at", "started_at", "finished_at", "lease_owner", "lease_expires_at", "idempotency_key", "run_id",
    "task",
}  # fmt: skip
RUNNER = "00000000-0000-4000-8000-000000000001"
YAML = """\
name: report
tasks:
  extract: {type: extract}
  approve: {wait_for: approval, needs: extract}
"""


@pytest.fixture(scope="module")
def running(shared: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("api"), as_operator(shared.dsn)) as started:
        yield started


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


@pytest.fixture
def api(running: Api, db: Database) -> Api:
    """On an empty database; `running` is for what changes nothing."""
    return running


def claim(db: Database, queue: str = "default") -> int:
    """One job of the queue is running."""
    ((job_id,),) = db.rows("select job_id from faultline.claim_job(%s, %s::uuid)", queue, RUNNER)
    return int(job_id)


def dead(db: Database, type_: str = "t", **options: Any) -> int:
    """A dead letter."""
    (job_id,) = enqueue(db, type_, **options)
    claim(db, options.get("queue", "default"))
    db.execute("""select faultline.fail_job(%s, 1, '{"message": "broken"}', retryable => false)""", job_id)
    return job_id


def move(db: Database, transaction_id: str, amount: str, currency: str) -> None:
    """From the bank to alice, by a transaction that is done."""
    db.execute("select faultline.submit_transaction(%s, 'transfer')", transaction_id)
    postings = (
        f'[{{"account": "bank", "amount": -{amount}, "currency": "{currency}"}},'
        f' {{"account": "alice", "amount": {amount}, "currency": "{currency}"}}]'
    )
    query = "select faultline.apply_and_complete(%s, 1, %s, '{}', %s::jsonb)"
    db.execute(query, claim(db), transaction_id, postings)


# Jobs.


def test_a_job_is_made_with_all_that_enqueue_can_say(api: Api, db: Database) -> None:
    made = api.post(
        "/jobs",
        {
            "type": "mail",
            "payload": {"to": "Ada"},
            "queue": "slow",
            "run_at": "2030-01-31T08:00:00+02:00",
            "priority": 1,
            "max_attempts": 7,
            "idempotency_key": "k",
            "idempotency_ttl": "30d",
            "backoff": {"kind": "fixed", "delay": "5s", "jitter": 0},
            "timeout": "90s",
            "tags": ["a", "b"],
            "headers": {"traceparent": "00-x"},
        },
        status=201,
    )
    assert made == {"job_id": made["job_id"], "created": True}
    found = job(db, made["job_id"])
    assert (found["type"], found["queue"], found["payload"], found["priority"]) == ("mail", "slow", {"to": "Ada"}, 1)
    assert (found["max_attempts"], found["tags"], found["idempotency_key"]) == (7, ["a", "b"], "k")
    assert found["run_at"].startswith("2030-01-31T06:00:00")
    row = db.rows("select backoff, timeout::text, headers from faultline.jobs_live")[0]
    assert row == ({"kind": "fixed", "delay": "5s", "jitter": 0}, "00:01:30", {"traceparent": "00-x"})


def test_a_job_needs_a_type_and_nothing_more(api: Api, db: Database) -> None:
    made = api.post("/jobs", {"type": "hello", "queue": None, "payload": None, "tags": None}, status=201)
    assert job(db, made["job_id"])["queue"] == "default"


def test_numbers_of_a_payload_are_not_rounded_on_their_way_in_and_out(api: Api) -> None:
    payload = '{"n": 1.10, "big": 123456789012345678901234567890.123456789}'
    made = api.post(
        "/jobs", body=f'{{"type": "t", "payload": {payload}}}', headers={"Content-Type": "application/json"}, status=201
    )
    assert payload[1:15] in api.call("GET", f"/jobs/{made['job_id']}/status").text
    assert "123456789012345678901234567890.123456789" in api.call("GET", "/jobs").text
    # Of more digits than Python makes a number of.
    body = f'{{"type": "t", "payload": {{"n": {"7" * 5000}, "m": -{"8" * 5000}}}}}'
    made = api.post("/jobs", body=body, headers={"Content-Type": "application/json"}, status=201)
    shown = api.call("GET", f"/jobs/{made['job_id']}/status").text
    assert f'"n": {"7" * 5000}' in shown
    assert f'"m": -{"8" * 5000}' in shown
    problem = api.refused(
        *(422, "invalid-request", "POST", "/jobs"),
        body=f'{{"type": "t", "priority": {"1" * 5000}}}',
        headers={"Content-Type": "application/json"},
    )
    assert [error["field"] for error in problem["errors"]] == ["body.priority"]


def test_the_same_key_is_the_same_job_in_the_header_and_in_the_body(api: Api, db: Database) -> None:
    document = {"type": "t", "payload": {"n": 1.0}}
    first = api.post("/jobs", document, headers={"Idempotency-Key": "a b"}, status=201)
    again = api.post("/jobs", document | {"idempotency_key": "a b"}, status=200)
    both = api.post("/jobs", document | {"idempotency_key": "a b"}, headers={"Idempotency-Key": "a b"}, status=200)
    assert first == {"job_id": again["job_id"], "created": True}
    assert again == both == {"job_id": first["job_id"], "created": False}
    problem = api.refused(409, "key-reused", "POST", "/jobs", {"type": "other"}, headers={"Idempotency-Key": "a b"})
    assert problem["code"] == "FL002"
    assert "stands for job" in problem["detail"]
    assert problem["hint"]
    api.refused(
        422, "invalid-request", "POST", "/jobs", document | {"idempotency_key": "b"}, headers={"Idempotency-Key": "a b"}
    )
    assert db.scalar("select count(*) from faultline.jobs") == 1


def test_eight_clients_with_one_key_make_one_job(api: Api, db: Database) -> None:
    answers: list[tuple[int, int]] = []
    begin = threading.Barrier(8)

    def ask() -> None:
        begin.wait()
        reply = api.call("POST", "/jobs", {"type": "t"}, headers={"Idempotency-Key": "one"})
        answers.append((reply.status, reply.json["job_id"]))

    for _ in range(5):
        db.execute("delete from faultline.idempotency_keys; delete from faultline.jobs_live")
        answers.clear()
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _ in answers) == [200] * 7 + [201]
        assert len({job_id for _, job_id in answers}) == 1
        assert db.scalar("select count(*) from faultline.jobs") == 1


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "body.type"),
        ({"type": "hel lo"}, "body.type"),
        ({"type": "x" * 129}, "body.type"),
        ({"type": "t\n"}, "body.type"),
        ({"type": 1}, "body.type"),
        ({"type": "t", "kind": "x"}, "body.kind"),
        ({"type": "t", "payload": [1]}, "body.payload"),
        ({"type": "t", "queue": ""}, "body.queue"),
        ({"type": "t", "priority": 0}, "body.priority"),
        ({"type": "t", "priority": 5}, "body.priority"),
        ({"type": "t", "priority": "2"}, "body.priority"),
        ({"type": "t", "priority": True}, "body.priority"),
        ({"type": "t", "max_attempts": 101}, "body.max_attempts"),
        ({"type": "t", "run_at": "2030-01-31T08:00:00"}, "body.run_at"),
        ({"type": "t", "run_at": "tomorrow"}, "body.run_at"),
        ({"type": "t", "idempotency_key": ""}, "body.idempotency_key"),
        ({"type": "t", "idempotency_key": "x" * 256}, "body.idempotency_key"),
        ({"type": "t", "timeout": "soon"}, "body.timeout"),
        ({"type": "t", "backoff": {"kind": "linear"}}, "body.backoff.kind"),
        ({"type": "t", "backoff": {"jitter": 1.5}}, "body.backoff.jitter"),
        ({"type": "t", "backoff": {"more": 1}}, "body.backoff.more"),
        ({"type": "t", "tags": ["a b"]}, "body.tags.0"),
        ({"type": "t", "tags": ["x"] * 33}, "body.tags"),
        ([], "body"),
        ("text", "body"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_by_its_field(running: Api, document: Any, field: str) -> None:
    problem = running.refused(422, "invalid-request", "POST", "/jobs", document)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["detail"].startswith(f"{field}: ")


def test_what_is_misspelt_is_called_unknown_and_what_is_no_json_is_told_where(running: Api) -> None:
    problem = running.refused(422, "invalid-request", "POST", "/jobs", {"type": "t", "runat": 1})
    assert problem["detail"] == "body.runat: there is no such field (/docs shows those there are)"
    headers = {"Content-Type": "application/json"}
    problem = running.refused(422, "invalid-request", "POST", "/jobs", body='{"type": "t",}', headers=headers)
    assert [error["field"] for error in problem["errors"]] == ["body"]
    assert problem["detail"].startswith("body: it is no JSON at character 1")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"type": "t", "timeout": "0s"}, "timeout 00:00:00 is out of bounds"),
        ({"type": "t", "idempotency_ttl": "1d"}, "idempotency_ttl is given without idempotency_key"),
        ({"type": "t", "payload": {"x": "x" * 262_144}}, "the payload has"),
        ({"type": "t", "headers": {"x": "x" * 16_384}}, "headers has"),
    ],
)
def test_what_only_the_database_refuses_is_told_in_its_words(running: Api, document: Any, said: str) -> None:
    problem = running.refused(422, "invalid-argument", "POST", "/jobs", document)
    assert problem["code"] == "FL004"
    assert problem["detail"].startswith(said)
    assert problem["hint"]


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "t", "payload": {"x": "\\u0000"}}',
        '{"type": "t", "payload": {"x": "\\ud800"}}',
        '{"type": "t", "payload": {"x": NaN}}',
        '{"type": "t", "payload": {"x": 1e999999}}',
        '{"type": "t", "run_at": 1e300}',
        '{"type": "t", "payload": ' + '{"x":' * 5_000 + "1" + "}" * 5_001,
    ],
)
def test_json_that_no_jsonb_can_hold_is_refused(running: Api, text: str) -> None:
    reply = running.call("POST", "/jobs", body=text, headers={"Content-Type": "application/json"})
    assert (reply.status, reply.headers["Content-Type"]) == (422, "application/problem+json"), reply


def test_many_jobs_are_made_or_none(api: Api, db: Database) -> None:
    jobs = [{"type": "a", "idempotency_key": "x"}, {"type": "b", "payload": {"n": 1}}]
    made = api.post("/jobs/batch", {"jobs": jobs}, status=201)["jobs"]
    assert [(one["ordinal"], one["created"]) for one in made] == [(1, True), (2, True)]
    again = api.post("/jobs/batch", {"jobs": jobs[:1]}, status=200)["jobs"]
    assert again == [{"ordinal": 1, "job_id": made[0]["job_id"], "created": False}]
    problem = api.refused(
        422, "invalid-argument", "POST", "/jobs/batch", {"jobs": [{"type": "c"}, {"type": "d", "timeout": "0s"}]}
    )
    assert problem["detail"].startswith("job 2: ")
    problem = api.refused(409, "key-reused", "POST", "/jobs/batch", {"jobs": [{"type": "z", "idempotency_key": "x"}]})
    assert problem["detail"].startswith("job 1: ")
    problem = api.refused(422, "invalid-request", "POST", "/jobs/batch", {"jobs": [{"type": "c"}, {"typ": "d"}]})
    assert [error["field"] for error in problem["errors"]] == ["body.jobs.1.type", "body.jobs.1.typ"]
    api.refused(422, "invalid-request", "POST", "/jobs/batch", {"jobs": []})
    headers = {"Idempotency-Key": "k"}
    api.refused(422, "invalid-request", "POST", "/jobs/batch", {"jobs": [{"type": "c"}]}, headers=headers)
    api.refused(422, "invalid-request", "POST", "/jobs/batch", {"jobs": [{"type": "t"}] * 10_001})
    assert db.scalar("select count(*) from faultline.jobs") == 2
    assert len(api.post("/jobs/batch", {"jobs": [{"type": "t"}] * 10_000}, status=201)["jobs"]) == 10_000


def test_the_status_of_a_job_has_one_shape_in_every_state(api: Api, db: Database) -> None:
    app = App()

    @app.handler("fine")
    async def fine(job: Job) -> dict[str, int]:
        return {"answer": 42}

    (succeeded,) = enqueue(db, "fine")
    drain(app, db)
    queued, cancelled = enqueue(db, "t", queue="waits", count=2)
    discarded = dead(db)
    failed = dead(db)
    enqueue(db, "t", queue="works")
    running = claim(db, "works")
    db.execute("select faultline.cancel_job(%s), faultline.discard_job(%s)", cancelled, discarded)
    states = {
        "queued": queued,
        "running": running,
        "succeeded": succeeded,
        "failed": failed,
        "cancelled": cancelled,
        "discarded": discarded,
    }
    for state, job_id in states.items():
        found = api.get(f"/jobs/{job_id}/status")
        assert (found["job_id"], found["state"]) == (job_id, state)
        assert set(found) == COLUMNS | {"cancel_requested"}
    assert api.get(f"/jobs/{succeeded}/status")["result"] == {"answer": 42}
    assert api.get(f"/jobs/{failed}/status")["error"] == {"message": "broken"}


def test_a_job_is_shown_with_why_it_is_there_and_what_happened_to_it(api: Api, db: Database) -> None:
    job_id = dead(db)
    shown = api.get(f"/jobs/{job_id}")
    assert set(shown) == COLUMNS | {"cancel_requested", "why", "events"}
    assert shown["why"].startswith("it is a dead letter")
    assert [(event["verb"], event["attempt"]) for event in shown["events"]] == [("fail", 1)]


@pytest.mark.parametrize("path", ["/jobs/7", "/jobs/7/status", "/jobs/7/events", "/jobs/9223372036854775807"])
def test_a_job_that_is_not_there_is_a_404(api: Api, path: str) -> None:
    problem = api.refused(404, "not-found", "GET", path)
    assert problem["detail"].startswith("there is no job ")
    assert problem["code"] == "FL005"


@pytest.mark.parametrize("job_id", ["0", "9223372036854775808", "9" * 5000])
def test_what_is_no_id_is_a_422(running: Api, job_id: str) -> None:
    running.refused(422, "invalid-request", "GET", f"/jobs/{job_id}/status")


@pytest.mark.parametrize("job_id", ["-1", "x", "1.5", "%00", "1%0a", "", "٣"])
def test_what_is_no_number_is_no_route(running: Api, job_id: str) -> None:
    running.refused(404, "no-such-route", "GET", f"/jobs/{urllib.parse.quote(job_id, safe='%')}/status")


def test_jobs_are_listed_by_filters_the_newest_first(api: Api, db: Database) -> None:
    first, second = enqueue(db, "a", count=2)
    (third,) = enqueue(db, "b", queue="other", tags=["x", "y"])
    failed = dead(db, queue="dead")

    def ids(query: str) -> list[int]:
        return [found["job_id"] for found in api.get(f"/jobs{query}")["jobs"]]

    assert ids("") == [failed, third, second, first]
    assert ids("?type=a") == [second, first]
    assert ids("?type=a&type=b") == [third, second, first]
    assert ids("?queue=other&state=queued") == [third]
    assert ids("?state=failed&state=succeeded") == [failed]
    assert ids("?tag=x&tag=y") == [third]
    assert ids("?tag=x&tag=z") == []
    assert set(api.get("/jobs?type=b")["jobs"][0]) == COLUMNS


def test_pages_lead_from_one_to_the_next_until_there_is_none(api: Api, db: Database) -> None:
    wanted = enqueue(db, "t", count=7)[::-1]
    seen: list[int] = []
    query = "?limit=3"
    sizes = []
    while True:
        found = api.get(f"/jobs{query}")
        sizes.append(len(found["jobs"]))
        seen += [one["job_id"] for one in found["jobs"]]
        enqueue(db, "later")  # what comes meanwhile is on no later page
        if found["next"] is None:
            break
        query = f"?limit=3&cursor={found['next']}"
    assert (seen, sizes) == (wanted, [3, 3, 1])


def test_a_page_of_big_jobs_ends_early_and_loses_none(api: Api, db: Database) -> None:
    payload = json.dumps({"x": "x" * 250_000})
    wanted = enqueue(db, "t", payload, count=40)[::-1]
    first = api.get("/jobs?limit=40")
    assert 1 <= len(first["jobs"]) < 40
    second = api.get(f"/jobs?limit=40&cursor={first['next']}")
    assert [one["job_id"] for one in (*first["jobs"], *second["jobs"])] == wanted
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "stat=queued",
        "state=done",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "cursor=0",
        "queue=a%20b",
        "tag=%00",
        "limit=1&limit=1",
        "cursor=2&queue=a&queue=b&cursor=1",
    ],
)
def test_a_filter_that_is_none_is_refused_instead_of_ignored(running: Api, query: str) -> None:
    running.refused(422, "invalid-request", "GET", f"/jobs?{query}")


def test_an_operator_cancels_retries_and_discards(api: Api, db: Database) -> None:
    (queued,) = enqueue(db, "t")
    assert api.post(f"/jobs/{queued}/cancel") == {"job_id": queued, "outcome": "cancelled"}
    assert api.post(f"/jobs/{queued}/cancel") == {"job_id": queued, "outcome": "cancelled"}
    assert api.refused(409, "illegal-transition", "POST", f"/jobs/{queued}/retry")["code"] == "FL003"
    enqueue(db, "t")
    running = claim(db)
    assert api.post(f"/jobs/{running}/cancel") == {"job_id": running, "outcome": "requested"}
    failed = dead(db)
    assert api.post(f"/jobs/{failed}/retry") == {"job_id": failed, "outcome": "queued"}
    failed = dead(db, queue="other")
    assert api.post(f"/jobs/{failed}/discard") == {"job_id": failed, "outcome": "discarded"}
    for verb in ("cancel", "retry", "discard"):
        api.refused(404, "not-found", "POST", f"/jobs/12345/{verb}")


def test_a_body_where_none_is_wanted_is_refused(api: Api, db: Database) -> None:
    (queued,) = enqueue(db, "t")
    api.refused(422, "invalid-request", "POST", f"/jobs/{queued}/cancel", {"reason": "x"})
    assert job(db, queued)["state"] == "queued"
    assert api.post(f"/jobs/{queued}/cancel", {}) == {"job_id": queued, "outcome": "cancelled"}


def test_many_jobs_are_only_shown_unless_it_is_said(api: Api, db: Database) -> None:
    letters = [dead(db, "bad") for _ in range(3)]
    enqueue(db, "bad")
    order: dict[str, Any] = {"action": "retry", "filter": {"type": ["bad"]}, "limit": 2}
    shown = api.post("/jobs/bulk", order)
    assert (shown["dry_run"], shown["matching"], shown["more"], shown["changed"]) == (True, 2, True, [])
    assert [one["job_id"] for one in shown["sample"]] == letters[:2]
    assert {job(db, letter)["state"] for letter in letters} == {"failed"}
    done = api.post("/jobs/bulk", order | {"dry_run": False})
    assert done["changed"] == [{"job_id": letter, "outcome": "queued"} for letter in letters[:2]]
    rest = api.post("/jobs/bulk", order | {"dry_run": False})
    assert [one["job_id"] for one in rest["changed"]] == letters[2:]
    assert rest["more"] is False
    gone = api.post("/jobs/bulk", {"action": "cancel", "filter": {"state": ["queued"]}, "dry_run": False})
    assert len(gone["changed"]) == 4


def test_a_job_that_is_refused_stops_no_other_of_a_bulk(api: Api, db: Database) -> None:
    before = dead(db)
    workflow = {"name": "w", "tasks": {"a": {"type": "t"}}}
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(workflow))
    db.execute("select faultline.trigger_workflow('w')")
    task = claim(db)
    db.execute("""select faultline.fail_job(%s, 1, '{"message": "broken"}', retryable => false)""", task)
    after = dead(db)
    done = api.post("/jobs/bulk", {"action": "retry", "filter": {"type": ["t"]}, "dry_run": False})
    assert [one["job_id"] for one in done["changed"]] == [before, after]
    assert [(one["job_id"], one["code"]) for one in done["refused"]] == [(task, "FL003")]


@pytest.mark.parametrize(
    "order",
    [
        {"action": "retry", "filter": {}},
        {"action": "retry", "filter": {"state": ["queued"]}},
        {"action": "cancel", "filter": {"state": ["failed"]}},
        {"action": "retry", "filter": {"state": []}},
        {"action": "delete", "filter": {"type": ["t"]}},
        {"action": "retry", "filter": {"type": ["t"]}, "limit": 1001},
        {"action": "retry", "filter": {"typ": ["t"]}},
        {"action": "retry"},
    ],
)
def test_a_bulk_that_says_too_little_or_too_much_is_refused(running: Api, order: Any) -> None:
    running.refused(422, "invalid-request", "POST", "/jobs/bulk", order | {"dry_run": False})


# Workflows and runs.


def put_workflow(api: Api, text: str = YAML, status: int = 201) -> Any:
    return api.post("/workflows", body=text, headers={"Content-Type": "application/yaml"}, status=status)


def test_a_workflow_is_put_as_yaml_or_in_json(api: Api) -> None:
    assert put_workflow(api) == {"workflow": "report", "version": 1}
    assert api.post("/workflows", {"yaml": YAML}, status=201) == {"workflow": "report", "version": 1}
    for kind in ("application/x-yaml", "text/yaml", "text/x-yaml; charset=utf-8"):
        text = YAML + "  more: {type: more}\n"
        made = api.post("/workflows", body=text, headers={"Content-Type": kind}, status=201)
        assert made == {"workflow": "report", "version": 2}
    found = api.get("/workflows/report")
    assert (found["version"], set(found["spec"]["tasks"])) == (2, {"extract", "approve", "more"})
    assert set(api.get("/workflows/report?version=1")["spec"]["tasks"]) == {"extract", "approve"}
    api.refused(404, "not-found", "GET", "/workflows/report?version=3")
    api.refused(404, "not-found", "GET", "/workflows/other")


def test_workflows_are_listed_by_name_in_their_last_version(api: Api) -> None:
    for name in ("c", "a", "b"):
        put_workflow(api, f"name: {name}\ndescription: it is {name}\ntasks: {{t: {{type: t}}}}\n")
    put_workflow(api, "name: b\ntasks: {t: {type: t}, u: {type: u}}\n")
    first = api.get("/workflows?limit=2")
    assert [(row["workflow"], row["version"], row["tasks"]) for row in first["workflows"]] == [("a", 1, 1), ("b", 2, 2)]
    second = api.get(f"/workflows?limit=2&cursor={first['next']}")
    assert [(row["workflow"], row["description"]) for row in second["workflows"]] == [("c", "it is c")]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("name: w\ntasks:\n  a: {type: t, needs: b}\n", 3, 23, "there is no task"),
        ("name: w\ntasks:\n  a: {typ: t}\n", 3, 7, "typ"),
        ("name: w\ntasks: [\n", 3, 1, "it is not YAML"),
        ("name: w\nname: v\n", 2, 1, "there twice"),
        ("", 1, 1, "it is empty"),
        ("name: w\ntasks:\n  a: {type: t, if: '$.input.x >'}\n", 3, 16, "is not a condition"),
    ],
)
def test_what_is_wrong_with_a_workflow_is_said_with_line_and_column(
    running: Api, text: str, line: int, column: int | None, said: str
) -> None:
    sents: list[dict[str, Any]] = [
        {"body": text, "headers": {"Content-Type": "text/yaml"}},
        {"document": {"yaml": text}},
    ]
    for sent in sents:
        if sent.get("body") == "":
            continue
        problem = running.refused(422, "invalid-workflow", "POST", "/workflows", **sent)
        fault = problem["faults"][0]
        assert fault["line"] == line
        assert column is None or fault["column"] == column
        assert said in fault["message"]
        assert problem["code"] == "FL004"


def test_json_with_anything_but_yaml_in_it_is_refused(running: Api) -> None:
    documents: list[Any] = [{}, {"yaml": 1}, {"yaml": "x", "more": 1}, [], "x"]
    for document in documents:
        running.refused(422, "invalid-request", "POST", "/workflows", document)
    problem = running.refused(
        422, "invalid-request", "POST", "/workflows", body="{", headers={"Content-Type": "application/json"}
    )
    assert problem["detail"].startswith("body: Invalid JSON: ")
    running.refused(422, "invalid-request", "POST", "/workflows", headers={"Content-Type": "application/json"})


def test_a_run_is_begun_followed_given_its_signal_and_ends(api: Api, db: Database) -> None:
    put_workflow(api)
    run_id = api.post("/workflows/report/trigger", status=201)["run_id"]
    again = api.post("/workflows/report/trigger", {"input": {"n": 1}, "idempotency_key": "k"}, status=201)["run_id"]
    assert again != run_id
    headers = {"Idempotency-Key": "k"}
    assert api.post("/workflows/report/trigger", {"input": {"n": 1}}, headers=headers, status=201)["run_id"] == again
    assert api.refused(409, "key-reused", "POST", "/workflows/report/trigger", headers=headers)["code"] == "FL002"
    api.refused(422, "invalid-request", "POST", "/workflows/report/trigger", {"idempotency_key": "l"}, headers=headers)
    api.refused(422, "invalid-request", "POST", "/workflows/report/trigger", {"inptu": {}})
    api.refused(422, "invalid-request", "POST", "/workflows/report/trigger", {"input": [1]})
    api.refused(404, "not-found", "POST", "/workflows/other/trigger")
    app = App()

    @app.handler("extract")
    async def extract(job: Job) -> int:
        return 7

    drain(app, db)
    found = api.get(f"/runs/{run_id}")
    assert {task["name"]: task["state"] for task in found["tasks"]} == {"extract": "succeeded", "approve": "running"}
    assert (found["state"], found["workflow"], found["tasks"][0]["result"]) == ("running", "report", 7)
    signalled = {"run_id": run_id, "signal": "approval"}
    assert api.post(f"/runs/{run_id}/signals/approval", {"payload": {"by": "Ada"}}) == signalled
    assert api.post(f"/runs/{run_id}/signals/approval", {"payload": {"by": "Ada"}}) == signalled
    api.refused(409, "key-reused", "POST", f"/runs/{run_id}/signals/approval", {"payload": {"by": "Bob"}})
    api.refused(404, "not-found", "POST", f"/runs/{run_id}/signals/other")
    ended = api.get(f"/runs/{run_id}")
    assert (ended["state"], ended["tasks"][1]["result"]) == ("succeeded", {"by": "Ada"})
    api.refused(409, "illegal-transition", "POST", f"/runs/{run_id}/cancel")
    assert api.post(f"/runs/{again}/signals/approval") == {"run_id": again, "signal": "approval"}
    assert api.get(f"/runs/{again}")["tasks"][1]["result"] is None


def test_the_headers_of_a_trigger_are_those_of_every_job_of_its_run(api: Api, db: Database) -> None:
    put_workflow(api)
    run_id = api.post("/workflows/report/trigger", {"headers": {"traceparent": "00-a"}}, status=201)["run_id"]
    assert db.scalar("select headers from faultline.jobs_live where run_id = %s", run_id) == {"traceparent": "00-a"}
    plain = api.post("/workflows/report/trigger", {"headers": None}, status=201)["run_id"]
    assert db.scalar("select headers from faultline.jobs_live where run_id = %s", plain) is None
    api.refused(422, "invalid-request", "POST", "/workflows/report/trigger", {"headers": "x"})
    api.refused(422, "invalid-argument", "POST", "/workflows/report/trigger", {"headers": {"x": "x" * 16_384}})


def test_runs_are_listed_cancelled_and_resumed(api: Api) -> None:
    put_workflow(api)
    put_workflow(api, "name: other\ntasks: {t: {type: t}}\n")
    first, second = (api.post("/workflows/report/trigger", status=201)["run_id"] for _ in range(2))
    third = api.post("/workflows/other/trigger", {"input": {"n": 1}}, status=201)["run_id"]
    assert api.post(f"/runs/{first}/cancel") == {"run_id": first, "state": "cancelled"}

    def ids(query: str) -> list[int]:
        return [row["run_id"] for row in api.get(f"/runs{query}")["runs"]]

    assert ids("") == [third, second, first]
    assert ids("?workflow=report&state=running") == [second]
    assert ids("?state=cancelled&state=failed") == [first]
    page = api.get("/runs?limit=2")
    assert page["next"] == str(second)
    assert ids(f"?cursor={page['next']}&limit=2") == [first]
    assert api.post(f"/runs/{first}/resume") == {"run_id": first, "state": "running"}
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/resume"), ("POST", "/cancel")):
        api.refused(404, "not-found", method, f"/runs/12345{path}")


# Schedules.


HOURLY = {"cron": "0 * * * *", "timezone": "UTC", "type": "report"}
TICK = "2025-01-31T09:00:00Z"


def put_schedule(api: Api, name: str, definition: Any, status: int = 201) -> Any:
    reply = api.call("PUT", f"/schedules/{name}", definition)
    assert reply.status == status, reply
    return reply.json


def test_a_schedule_is_put_as_a_whole_shown_and_put_again_as_it_is_shown(api: Api) -> None:
    definition = {
        **HOURLY,
        "name": "nightly",
        "description": "What was sold",
        "source": "http",
        "payload": {"n": 1},
        "queue": "slow",
        "priority": 1,
        "max_attempts": 7,
        "backoff": {"kind": "fixed", "delay": "5s"},
        "timeout": "90s",
        "tags": ["a"],
        "headers": {"traceparent": "00-x"},
        "missed": "all",
        "missed_window": "2h",
        "missed_limit": 5,
        "overlap": "skip",
        "jitter": "500ms",
        "starts_at": "2020-01-31T08:00:00+02:00",
        "ends_at": "2999-01-31T08:00:00Z",
    }
    assert put_schedule(api, "nightly", definition) == {"schedule": "nightly", "version": 1, "created": True}
    shown = api.get("/schedules/nightly")
    as_shown = {"timeout": 90, "missed_window": 7200, "jitter": 0.5, "starts_at": "2020-01-31T06:00:00Z"}
    assert shown["definition"] == definition | as_shown
    assert (shown["version"], shown["cron"], shown["timezone"], shown["ticks"]) == (1, "0 * * * *", "UTC", [])
    unchanged = {"schedule": "nightly", "version": 1, "created": False}
    assert put_schedule(api, "nightly", definition, 200) == unchanged
    assert put_schedule(api, "nightly", shown["definition"], 200) == unchanged
    assert put_schedule(api, "nightly", HOURLY, 200) == {"schedule": "nightly", "version": 2, "created": False}
    assert api.get("/schedules/nightly")["definition"] == HOURLY | {
        "name": "nightly", "payload": {}, "queue": "default", "priority": 2, "missed": "latest", "overlap": "allow",
        "missed_window": 366 * 86_400,
    }  # fmt: skip


def test_numbers_of_a_schedules_payload_are_not_rounded(api: Api) -> None:
    body = '{"every": 30, "type": "t", "payload": {"big": 123456789012345678901234567890.123456789}}'
    assert api.call("PUT", "/schedules/s", body=body, headers={"Content-Type": "application/json"}).status == 201
    assert "123456789012345678901234567890.123456789" in api.call("GET", "/schedules/s").text


def test_schedules_are_listed_by_name_and_a_deleted_one_begins_anew(api: Api) -> None:
    put_workflow(api)
    put_schedule(api, "b", {"every": "30s", "workflow": "report", "input": {"n": 1}})
    for name in ("c", "a"):
        put_schedule(api, name, HOURLY | {"name": None})
    first = api.get("/schedules?limit=2")
    assert "definition" not in first["schedules"][0]
    assert [(row["schedule"], row["every"], row["workflow"]) for row in first["schedules"]] == [
        ("a", None, None), ("b", "00:00:30", "report"),
    ]  # fmt: skip
    second = api.get(f"/schedules?limit=2&cursor={first['next']}")
    assert [row["schedule"] for row in second["schedules"]] == ["c"]
    assert second["next"] is None
    reply = api.call("DELETE", "/schedules/a")
    assert (reply.status, reply.json) == (200, {"schedule": "a", "deleted": True})
    api.refused(404, "not-found", "DELETE", "/schedules/a")
    api.refused(404, "not-found", "GET", "/schedules/a")
    assert [row["schedule"] for row in api.get("/schedules")["schedules"]] == ["b", "c"]
    assert put_schedule(api, "a", HOURLY) == {"schedule": "a", "version": 2, "created": True}


def test_a_schedule_is_paused_resumed_run_and_a_tick_of_the_past_is_made_once(api: Api, db: Database) -> None:
    put_workflow(api)
    put_schedule(api, "jobs", HOURLY)
    put_schedule(api, "runs", {"every": 3600, "workflow": "report"})
    assert api.post("/schedules/jobs/pause", {"note": "the disk is full"}) == {"schedule": "jobs", "paused": True}
    assert api.post("/schedules/jobs/pause") == {"schedule": "jobs", "paused": True}
    assert api.get("/schedules/jobs")["paused_note"] == "the disk is full"
    job_id = api.post("/schedules/jobs/run", status=201)["job_id"]
    assert job(db, job_id)["type"] == "report"
    problem = api.refused(
        422, "invalid-request", "POST", "/schedules/jobs/run", headers={"Idempotency-Key": "again and again"}
    )
    assert problem["detail"].startswith("no key is known here")
    assert len(api.get("/jobs")["jobs"]) == 1
    made = api.post("/schedules/runs/run", status=201)
    assert made == {"schedule": "runs", "job_id": None, "run_id": made["run_id"]}
    assert api.get(f"/runs/{made['run_id']}")["workflow"] == "report"
    assert api.post("/schedules/jobs/resume") == {"schedule": "jobs", "paused": False}
    assert api.get("/schedules/jobs")["paused_at"] is None

    first = api.post("/schedules/jobs/backfill", {"tick_at": TICK}, status=201)
    assert (first["schedule"], first["run_id"], first["created"]) == ("jobs", None, True)
    again = api.post("/schedules/jobs/backfill", {"tick_at": "2025-01-31T10:00:00+01:00", "version": 1})
    assert again == first | {"created": False}
    assert job(db, first["job_id"])["payload"] == {"tick_at": TICK}
    run_id = api.post("/schedules/runs/backfill", {"tick_at": TICK}, status=201)["run_id"]
    db.execute("select faultline.cancel_run(%s), faultline.cancel_job(%s)", run_id, job_id)

    def ticks(path: str) -> list[tuple[Any, ...]]:
        keys = ("kind", "outcome", "job_id", "run_id", "state")
        return [tuple(tick[key] for key in keys) for tick in api.get(f"/schedules/{path}")["ticks"]]

    assert ticks("jobs") == [
        ("now", "made", job_id, None, "cancelled"),
        ("backfill", "made", first["job_id"], None, "queued"),
    ]
    assert ticks("jobs?ticks=1") == [("now", "made", job_id, None, "cancelled")]
    assert ticks("runs")[1] == ("backfill", "made", None, run_id, "cancelled")
    assert db.rows("select * from faultline.verify()") == []


def test_what_a_schedule_cannot_do_is_a_problem_with_its_code(api: Api) -> None:
    put_schedule(api, "s", HOURLY)
    for verb, document in (("pause", None), ("resume", None), ("run", None), ("backfill", {"tick_at": TICK})):
        problem = api.refused(404, "not-found", "POST", f"/schedules/other/{verb}", document)
        assert (problem["code"], problem["detail"]) == ("FL005", "there is no schedule other")
    for refused, status, kind, code in (
        ({"tick_at": "2025-01-31T09:30:00Z"}, 422, "invalid-argument", "FL004"),
        ({"tick_at": "2999-01-31T09:00:00Z"}, 422, "invalid-argument", "FL004"),
        ({"tick_at": TICK, "version": 2}, 409, "illegal-transition", "FL003"),
    ):
        assert api.refused(status, kind, "POST", "/schedules/s/backfill", refused)["code"] == code
    problem = api.refused(404, "not-found", "PUT", "/schedules/w", {"every": "1h", "workflow": "none"})
    assert (problem["code"], problem["detail"]) == ("FL005", "workflow: there is no workflow none")
    assert api.get("/schedules/s")["ticks"] == []
    assert [row["schedule"] for row in api.get("/schedules")["schedules"]] == ["s"]


@pytest.mark.parametrize(
    ("document", "kind", "said"),
    [
        ({}, "invalid-argument", "cron: it is missing, and so is every"),
        ({**HOURLY, "cron": "0 25 * * *"}, "invalid-argument", "cron: "),
        ({**HOURLY, "timezone": "Mars/Olympus"}, "invalid-argument", "timezone: "),
        ({**HOURLY, "every": "1h"}, "invalid-argument", "every: cron is given too"),
        ({**HOURLY, "every": "0s", "cron": None, "timezone": None}, "invalid-argument", "every: "),
        ({**HOURLY, "tags": ["\0"]}, "invalid-request", "body.tags.0: "),
        ({**HOURLY, "payload": {"x": "\0"}}, "invalid-argument", ""),
        ({**HOURLY, "payload": {"x": "x" * 262_144}}, "invalid-argument", "payload: the payload has"),
        ({**HOURLY, "name": "other"}, "invalid-request", "name of the body"),
        ({**HOURLY, "corn": "x"}, "invalid-request", "body.corn: "),
        ({**HOURLY, "missed": "none"}, "invalid-request", "body.missed: "),
        ({**HOURLY, "missed_limit": 1001}, "invalid-request", "body.missed_limit: "),
        ({**HOURLY, "starts_at": "2030-01-31T08:00:00"}, "invalid-request", "body.starts_at: "),
        ({**HOURLY, "starts_at": 1}, "invalid-argument", "starts_at: 1 is not a time"),
        ({**HOURLY, "jitter": True}, "invalid-request", "body.jitter."),
        ({**HOURLY, "timeout": 1e300}, "invalid-request", "body.timeout."),
        ([], "invalid-request", "body: "),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said_with_its_key(running: Api, document: Any, kind: str, said: str) -> None:
    assert running.refused(422, kind, "PUT", "/schedules/never", document)["detail"].startswith(said)
    running.refused(404, "not-found", "GET", "/schedules/never")


@pytest.mark.parametrize(
    "order",
    [None, {}, {"tick_at": "soon"}, {"tick_at": "2025-01-31T09:00:00"}, {"tick_at": TICK, "version": 0},
     {"tick_at": TICK, "ver": 1}, {"tick_at": 1e300}],
)  # fmt: skip
def test_a_backfill_names_a_tick(running: Api, order: Any) -> None:
    running.refused(422, "invalid-request", "POST", "/schedules/s/backfill", order)


# Queues.


def test_queues_are_listed_set_paused_and_resumed(api: Api, db: Database) -> None:
    enqueue(db, "t", queue="b")
    api.refused(404, "not-found", "GET", "/queues/a")
    reply = api.call(
        "PUT", "/queues/a", {"max_running": 3, "lease": "45s", "backoff": {"kind": "fixed", "delay": "1s"}}
    )
    assert reply.status == 200, reply
    assert (reply.json["max_running"], reply.json["lease"]) == (3, "00:00:45")
    assert reply.json == api.get("/queues/a")
    reply = api.call("PUT", "/queues/a", {"max_running": None})
    assert (reply.json["max_running"], reply.json["lease"]) == (None, "00:00:45")
    assert api.post("/queues/b/pause", {"note": "maintenance"}) == {"queue": "b", "paused": True}
    assert (api.get("/queues/b")["paused"], api.get("/queues/b")["paused_note"]) == (True, "maintenance")
    assert api.post("/queues/b/resume") == {"queue": "b", "paused": False}
    assert api.post("/queues/c/pause") == {"queue": "c", "paused": True}
    first = api.get("/queues?limit=2")
    assert [(row["queue"], row["queued"]) for row in first["queues"]] == [("a", 0), ("b", 1)]
    assert [row["queue"] for row in api.get(f"/queues?limit=2&cursor={first['next']}")["queues"]] == ["c"]
    api.refused(422, "invalid-request", "PUT", "/queues/a", {"max_runnin": 1})
    api.refused(422, "invalid-request", "PUT", "/queues/a", {"max_running": 0})
    api.refused(422, "invalid-argument", "PUT", "/queues/a", {"lease": "999ms"})
    api.refused(422, "invalid-request", "PUT", "/queues/a")
    api.refused(422, "invalid-request", "PUT", "/queues/a%20b", {"max_running": 1})
    api.refused(422, "invalid-request", "POST", "/queues/a/pause", {"note": "x" * 1001})


# The ledger.


def test_a_transaction_is_submitted_once_listed_and_shown(api: Api, db: Database) -> None:
    document = {"transaction_id": "order/17 ä", "kind": "transfer", "request": {"n": 1.10}, "queue": "money"}
    made = api.post("/transactions", document, status=201)
    assert api.post("/transactions", document, status=201) == made
    assert job(db, made["job_id"])["queue"] == "money"
    shown = api.get("/transactions/order%2F17%20%C3%A4")
    assert (shown["transaction_id"], shown["state"], shown["job_id"]) == ("order/17 ä", "INIT", made["job_id"])
    problem = api.refused(409, "key-reused", "POST", "/transactions", document | {"kind": "other"})
    assert problem["code"] == "FL002"
    other = api.post(
        "/transactions", {"transaction_id": "b", "kind": "k"}, headers={"Idempotency-Key": "b"}, status=201
    )
    api.refused(
        422,
        "invalid-request",
        "POST",
        "/transactions",
        {"transaction_id": "b", "kind": "k"},
        headers={"Idempotency-Key": "c"},
    )
    db.execute("select faultline.fail_transaction('b', 'paid in cash')")
    problem = api.refused(410, "transaction-failed", "POST", "/transactions", {"transaction_id": "b", "kind": "k"})
    assert problem["code"] == "FL006"
    rows = api.get("/transactions")["transactions"]
    assert [row["transaction_id"] for row in rows] == ["b", "order/17 ä"]
    assert [row["job_id"] for row in api.get("/transactions?state=FAILED")["transactions"]] == [other["job_id"]]
    assert [row["kind"] for row in api.get("/transactions?kind=transfer&state=INIT")["transactions"]] == ["transfer"]
    page = api.get("/transactions?limit=1")
    assert [row["transaction_id"] for row in api.get(f"/transactions?cursor={page['next']}")["transactions"]] == [
        "order/17 ä"
    ]
    api.refused(404, "not-found", "GET", "/transactions/none")
    # A slash is a part of an id only where it is written so: else it could be taken for another route.
    api.refused(404, "no-such-route", "GET", "/transactions/order/17%20%C3%A4")
    api.refused(405, "method-not-allowed", "GET", "/transactions/order%2F17%20%C3%A4/fail")
    api.refused(422, "invalid-request", "GET", f"/transactions/{'x' * 256}")
    api.refused(422, "invalid-request", "GET", "/transactions/a%00b")
    api.refused(422, "invalid-request", "POST", "/transactions", {"transaction_id": "", "kind": "k"})


def test_a_transaction_is_burnt_by_an_operators_word(api: Api, db: Database) -> None:
    document = {"transaction_id": "order/17 ä/fail", "kind": "transfer"}
    job_id = api.post("/transactions", document, status=201)["job_id"]
    path = "/transactions/order%2F17%20%C3%A4%2Ffail/fail"
    for order in (None, {}, {"reason": ""}, {"reason": "x" * 1001}, {"reason": "a", "force": True}):
        api.refused(422, "invalid-request", "POST", path, order)
    failed = api.post(path, {"reason": "paid in cash"})
    assert (failed["transaction_id"], failed["state"], failed["reason"]) == (
        document["transaction_id"], "FAILED", "paid in cash",
    )  # fmt: skip
    assert job(db, job_id)["state"] == "cancelled"
    assert api.post(path, {"reason": "x" * 1000}) == failed
    assert api.refused(404, "not-found", "POST", "/transactions/none/fail", {"reason": "r"})["code"] == "FL005"
    api.post("/transactions", {"transaction_id": "done", "kind": "k"}, status=201)
    db.execute("select faultline.apply_and_complete(%s, 1, 'done', '{}')", claim(db))
    problem = api.refused(409, "illegal-transition", "POST", "/transactions/done/fail", {"reason": "r"})
    assert (problem["code"], problem["hint"]) == ("FL003", "Submit another transaction that makes up for it.")


def test_an_operator_says_what_became_of_an_effect(api: Api, db: Database) -> None:
    for number, outcome in (("1", "APPLIED"), ("2", "ABSENT")):
        job_id = api.post("/transactions", {"transaction_id": number, "kind": "k"}, status=201)["job_id"]
        claim(db)
        db.execute("select faultline.begin_effect(%s, 1, %s, 'charge', '{}')", job_id, number)
        db.execute("select faultline.effect_sent(%s, 1, %s, 'charge')", job_id, number)
        path = f"/transactions/{number}/effects/charge/answer"
        problem = api.refused(409, "illegal-transition", "POST", path, {"outcome": outcome})
        assert problem["code"] == "FL003"
        db.execute("""select faultline.fail_job(%s, 1, '{"message": "?"}', retryable => false)""", job_id)
        api.post(f"/jobs/{job_id}/discard")
        assert api.get(f"/transactions/{number}")["state"] == "INIT"
    for order in (None, {}, {"outcome": "SENT"}, {"outcome": "applied"}, {"outcome": "ABSENT", "x": 1}):
        api.refused(422, "invalid-request", "POST", path, order)
    said = api.post("/transactions/1/effects/charge/answer", {"outcome": "APPLIED", "response": {"id": 42}})
    assert (said["state"], said["effects"][0]["state"]) == ("RECONCILED", "APPLIED")
    assert '"response": {"id": 42}' in api.call("GET", "/transactions/1").text
    assert api.post("/transactions/1/effects/charge/answer", {"outcome": "APPLIED", "response": {"id": 42}}) == said
    said = api.post("/transactions/2/effects/charge/answer", {"outcome": "ABSENT", "response": None})
    assert (said["state"], said["effects"][0]["state"], said["effects"][0]["response"]) == ("FAILED", "ABSENT", None)
    problem = api.refused(409, "illegal-transition", "POST", path, {"outcome": "APPLIED"})
    assert problem["code"] == "FL003"
    api.refused(404, "not-found", "POST", "/transactions/1/effects/other/answer", {"outcome": "ABSENT"})
    api.refused(404, "not-found", "POST", "/transactions/3/effects/charge/answer", {"outcome": "ABSENT"})
    assert db.rows("select * from faultline.verify()") == []


def test_a_balance_is_what_was_posted(api: Api, db: Database) -> None:
    assert api.get("/ledger/accounts/alice/balance") == {"account": "alice", "currency": None, "balance": 0}
    move(db, "t1", "100.10", "EUR")
    assert '"balance": 100.10' in api.call("GET", "/ledger/accounts/alice/balance").text
    move(db, "t2", "5", "USD")
    problem = api.refused(422, "invalid-argument", "GET", "/ledger/accounts/alice/balance")
    assert problem["hint"] == "Name the currency"
    found = api.get("/ledger/accounts/alice/balance?currency=USD")
    assert found == {"account": "alice", "currency": "USD", "balance": 5}


# The service itself.


def test_health_and_readiness_answer_json_to_get_and_head(api: Api, db: Database) -> None:
    assert api.get("/health") == {"status": "ok"}
    found = api.get("/ready")
    assert found == {"ready": True, "database": "up", "schema_version": "0.1.0", "runners": found["runners"]}
    for path in ("/health", "/ready"):
        reply = api.call("HEAD", path)
        assert (reply.status, reply.text) == (200, "")
    db.execute("select faultline.register_runner(%s::uuid, 'host', 1, '0.1.0')", RUNNER)
    until(lambda: api.get("/ready")["runners"] == 1, "the runner is seen")


def test_a_route_that_is_none_and_a_method_that_is_none_are_problems_too(running: Api) -> None:
    for path in (
        "/",
        "/job",
        "/jobs/",
        "/jobs/1/explode",
        "/static/x",
        "/%00",
        "//jobs",
        "/docs/",
        "/jobs%2F1",
        "/jobs/1%2Fstatus",
    ):
        running.refused(404, "no-such-route", "GET", path)
    for method, path, allowed in (
        ("DELETE", "/jobs", "GET, POST"),
        ("PUT", "/jobs/1/cancel", "POST"),
        ("GET", "/jobs/bulk", "POST"),
        ("DELETE", "/jobs/batch", "POST"),
        ("OPTIONS", "/queues/a", "GET, PUT"),
        ("TRACE", "/health", "GET"),
        ("POST", "/docs", "GET"),
        ("BREW", "/jobs/1", "GET"),
    ):
        running.refused(405, "method-not-allowed", method, path)
        assert running.call(method, path).headers["Allow"] == allowed


def test_each_module_of_routes_is_part_of_the_api(running: Api) -> None:
    modules = {path.stem for path in Path("runner/faultline/api/routes").glob("*.py")} - {"__init__"}
    paths = running.get("/openapi.json")["paths"]
    tags = {operation["tags"][0] for methods in paths.values() for operation in methods.values()}
    assert len(tags) == len(modules)


def test_no_parameter_may_be_null_as_none_can_be_written_so(running: Api) -> None:
    operations = [one for path in running.get("/openapi.json")["paths"].values() for one in path.values()]
    schemas = [one["schema"] for operation in operations for one in operation.get("parameters", ())]
    assert len(schemas) > 50
    assert [schema for schema in schemas if '"null"' in json.dumps(schema)] == []
