"""Progress as server-sent events: what is now, each change, an end; bounded in number and in time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from faultline import App, Job
from faultline.drill.proxy import Proxy
from tests.support.api import Api, as_operator, make_token, serving
from tests.support.running import Running, drain, enqueue, sample, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


RUNNER = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def api(shared: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("api"), as_operator(shared.dsn)) as started:
        yield started


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


def claim(db: Database) -> int:
    ((job_id,),) = db.rows("select job_id from faultline.claim_job('default', %s::uuid)", RUNNER)
    return int(job_id)


def streams(api: Api) -> float:
    return sample(api.call("GET", "/metrics").text, "faultline_http_streams")


def test_a_job_is_followed_from_its_queue_to_its_end(api: Api, db: Database) -> None:
    (job_id,) = enqueue(db, "t", '{"secret": "not shown"}')
    with api.stream(f"/jobs/{job_id}/events") as stream:
        assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
        name, document = stream.next()
        assert (name, document["job_id"], document["state"]) == ("status", job_id, "queued")
        assert "payload" not in document
        claim(db)
        assert stream.until("running")["attempt"] == 1
        db.execute("select faultline.release_job(%s, 1)", job_id)
        assert stream.until("queued")["attempt"] == 1
        claim(db)
        assert stream.until("running")["attempt"] == 2
        db.execute("""select faultline.complete_job(%s, 2, '{"n": 1}')""", job_id)
        assert stream.until("succeeded")["result"] == {"n": 1}
        assert stream.next() == ("end", {"reason": "over"})
        assert stream.rest() == ""
    until(lambda: streams(api) == 0, "the stream is closed")


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "discarded"])
def test_a_job_that_is_over_is_told_at_once(api: Api, db: Database, end: str) -> None:
    (job_id,) = enqueue(db, "t")
    if end == "cancelled":
        db.execute("select faultline.cancel_job(%s)", job_id)
    else:
        claim(db)
        if end == "succeeded":
            db.execute("select faultline.complete_job(%s, 1)", job_id)
        else:
            db.execute("""select faultline.fail_job(%s, 1, '{"message": "x"}', retryable => false)""", job_id)
        if end == "discarded":
            db.execute("select faultline.discard_job(%s)", job_id)
    with api.stream(f"/jobs/{job_id}/events") as stream:
        assert stream.next()[1]["state"] == end
        assert stream.next() == ("end", {"reason": "over"})
        assert stream.rest() == ""


def test_a_result_that_no_decoder_of_ours_would_take_is_passed_on(api: Api, db: Database) -> None:
    (job_id,) = enqueue(db, "t")
    claim(db)
    db.execute("select faultline.complete_job(%s, 1, %s::jsonb)", job_id, "[" * 3000 + "]" * 3000)
    with api.stream(f"/jobs/{job_id}/events") as stream:
        text = stream.rest()
    assert "[" * 3000 + "]" * 3000 in text
    assert text.endswith('event: end\ndata: {"reason": "over"}\n\n')
    assert "[" * 3000 in api.call("GET", f"/jobs/{job_id}/status").text


def test_a_run_is_followed_by_how_many_tasks_are_in_which_state(api: Api, db: Database) -> None:
    workflow = {"name": "w", "tasks": {"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}}}
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(workflow))
    run_id = db.scalar("select faultline.trigger_workflow('w')")
    app = App()

    @app.handler("t")
    async def t(job: Job) -> None: ...

    with api.stream(f"/runs/{run_id}/events") as stream:
        _, first = stream.next()
        assert (first["run_id"], first["state"], first["tasks"]) == (run_id, "running", {"queued": 1, "waiting": 1})
        drain(app, db)
        assert stream.until("succeeded")["tasks"] == {"succeeded": 2}
        assert stream.next() == ("end", {"reason": "over"})


def test_many_follow_one_job_and_each_sees_its_end(api: Api, db: Database) -> None:
    app = App()

    @app.handler("t")
    async def t(job: Job) -> None: ...

    (job_id,) = enqueue(db, "t")
    followers = [api.stream(f"/jobs/{job_id}/events") for _ in range(10)]
    opened = [follower.__enter__() for follower in followers]
    try:
        assert [stream.next()[1]["state"] for stream in opened] == ["queued"] * 10
        assert streams(api) == 10
        with Running(app, db):
            for stream in opened:
                stream.until("succeeded")
                assert stream.next() == ("end", {"reason": "over"})
    finally:
        for follower in followers:
            follower.__exit__(None, None, None)


def test_a_reader_that_goes_away_leaves_nothing_behind(api: Api, db: Database) -> None:
    (job_id,) = enqueue(db, "t")
    for _ in range(3):
        with api.stream(f"/jobs/{job_id}/events") as stream:
            stream.next()
            assert streams(api) >= 1
    until(lambda: streams(api) == 0, "all streams are closed")


def test_streams_are_bounded_in_number_and_in_time(own: Database, tmp_path: Path) -> None:
    (job_id,) = enqueue(own, "t")
    options = ("--streams", "2", "--stream-time", "2s")
    with serving(tmp_path, as_operator(own.dsn), *options) as api:
        path = f"/jobs/{job_id}/events"
        with api.stream(path) as first, api.stream(path) as second:
            first.next()
            second.next()
            problem = api.refused(503, "too-many-streams", "GET", path)
            assert "2 streams" in problem["detail"]
            assert first.next() == ("end", {"reason": "time"})
            assert second.next() == ("end", {"reason": "time"})
        with api.stream(path) as again:
            assert again.next()[1]["state"] == "queued"


def test_a_stream_ends_with_the_token_that_opened_it(own: Database, tmp_path: Path) -> None:
    (job_id,) = enqueue(own, "t")
    token, other = make_token(own, "read"), make_token(own, "enqueue")
    path = f"/jobs/{job_id}/events"
    with (
        serving(tmp_path, as_operator(own.dsn), "--require-token") as api,
        api.stream(path, token) as stream,
        api.stream(path, other) as goes_on,
    ):
        assert stream.next()[1]["state"] == goes_on.next()[1]["state"] == "queued"
        own.execute("select faultline.revoke_token(%s)", int(token.split("_")[1]))
        assert stream.next() == ("end", {"reason": "token"})
        own.execute("select faultline.cancel_job(%s)", job_id)
        assert goes_on.next()[1]["state"] == "cancelled"


def test_a_database_that_goes_away_for_a_moment_ends_no_stream(own: Database, tmp_path: Path) -> None:
    (job_id,) = enqueue(own, "t")
    proxy = Proxy(as_operator(own.dsn))
    with proxy, serving(tmp_path, proxy.dsn) as api, api.stream(f"/jobs/{job_id}/events") as stream:
        stream.next()
        proxy.cut("faultline api")
        claim(own)
        stream.until("running")
        proxy.refuse = True
        proxy.cut("faultline api")
        assert stream.next() == ("end", {"reason": "database"})


def test_a_job_that_retention_removed_meanwhile_ends_its_stream(api: Api, db: Database) -> None:
    (job_id,) = enqueue(db, "t")
    with api.stream(f"/jobs/{job_id}/events") as stream:
        stream.next()
        db.execute("delete from faultline.jobs_live where job_id = %s", job_id)
        assert stream.next() == ("end", {"reason": "gone"})
