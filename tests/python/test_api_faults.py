"""The API while things break: a database that is slow, gone or stopped in the middle, and an end with requests left."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faultline import schema
from faultline.api.server import listen
from faultline.drill.pooler import pooled
from faultline.drill.proxy import Proxy
from faultline.embedded import Server
from tests.support.api import Api, Reply, as_operator, make_token, requests, serving
from tests.support.running import enqueue, job, sample, until

if TYPE_CHECKING:
    import psycopg

    from tests.support.database import Database


CLIENTS = 8


def start(target: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def waiting(db: Database, what: str = "") -> int:
    """How many statements of the API wait for a lock, of those that have this in their text."""
    return int(
        db.scalar(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and application_name = 'faultline api' and wait_event_type = 'Lock'"
            " and strpos(query, %s) > 0",
            what,
        )
    )


def held(db: Database) -> psycopg.Connection[Any]:
    """A connection that keeps everybody from reading or making jobs until it is closed."""
    connection = db.connect(autocommit=False)
    connection.execute("lock table faultline.jobs_live in access exclusive mode")
    return connection


class Asking:
    """A request on its way."""

    def __init__(self, api: Api, method: str, path: str, document: Any = None) -> None:
        self.reply: Reply | None = None
        self._thread = start(self._ask, api, method, path, document)

    def _ask(self, api: Api, method: str, path: str, document: Any) -> None:
        self.reply = api.call(method, path, document)

    def result(self) -> Reply:
        self._thread.join(60)
        assert self.reply is not None
        return self.reply


def test_a_statement_that_takes_too_long_is_a_504_and_has_not_happened(own: Database, tmp_path: Path) -> None:
    (job_id,) = enqueue(own, "t")
    with serving(tmp_path, as_operator(own.dsn), "--timeout", "300ms", "--connections", "2") as api:
        blocker = held(own)
        problem = api.refused(504, "timeout", "POST", "/jobs", {"type": "t"})
        assert problem["code"] == "57014"
        api.refused(504, "timeout", "GET", f"/jobs/{job_id}/status")
        blocker.close()
        assert api.call("GET", f"/jobs/{job_id}/status").status == 200
    assert own.scalar("select count(*) from faultline.jobs") == 1


def test_a_connection_that_has_gone_silent_is_given_up(own: Database, tmp_path: Path) -> None:
    proxy = Proxy(as_operator(own.dsn))
    with proxy, serving(tmp_path, proxy.dsn, "--timeout", "100ms") as api:
        assert api.call("GET", "/queues").status == 200
        proxy.freeze("faultline api")
        problem = api.refused(504, "timeout", "POST", "/jobs", {"type": "t"})
        assert "may have happened, or not" in problem["detail"]
        assert api.call("POST", "/jobs", {"type": "t"}).status == 201


def test_who_finds_no_connection_free_is_told_so_and_the_service_still_answers(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn), "--connections", "1", "--timeout", "30s") as api:
        blocker = held(own)
        first = Asking(api, "POST", "/jobs", {"type": "t"})
        until(lambda: waiting(own) == 1, "the first waits")
        problem = api.refused(503, "database-busy", "GET", "/queues")
        assert "(--connections)" in problem["detail"]
        assert api.call("GET", "/health").status == 200
        assert api.call("GET", "/metrics").status == 200
        blocker.close()
        assert first.result().status == 201


def test_while_the_database_is_away_it_says_so_and_comes_back_by_itself(own: Database, tmp_path: Path) -> None:
    proxy = Proxy(as_operator(own.dsn))
    token = make_token(own, "read", "enqueue")
    with proxy, serving(tmp_path, proxy.dsn) as api:
        assert api.call("GET", "/metrics", token=token).status == 200
        proxy.refuse = True
        proxy.cut("faultline api")
        reply = api.call("POST", "/jobs", {"type": "t"})
        assert (reply.status, reply.json["type"]) == (503, "urn:faultline:database-unavailable")
        assert int(reply.headers["Retry-After"]) > 0
        api.refused(503, "database-unavailable", "GET", "/jobs", token=token)
        assert api.call("GET", "/health").status == 200
        ready = until(lambda: (r := api.call("GET", "/ready")).status == 503 and r, "it is not ready")
        assert (ready.json["ready"], ready.json["database"]) == (False, "down")
        # A token that was good is good enough to be told so.
        metrics = until(
            lambda: "faultline_database_up 0.0" in (r := api.call("GET", "/metrics", token=token)).text and r,
            "it says so",
        )
        assert metrics.status == 200
        assert sample(metrics.text, "faultline_http_requests_total") > 3
        assert "faultline_queue_depth" not in metrics.text
        assert api.call("GET", "/metrics", token=token[:-1] + "x").status in {401, 503}
        proxy.refuse = False
        until(lambda: api.call("POST", "/jobs", {"type": "t"}).status == 201, "it works again")
        until(lambda: api.call("GET", "/ready").status == 200, "it is ready again")
        until(lambda: "faultline_database_up 1.0" in api.call("GET", "/metrics").text, "it says that, too")
        log = api.process.output()
    assert log.count("the database does not answer") == 1
    assert log.count("the database answers again") == 1


def test_an_answer_that_is_lost_is_told_as_such_and_asked_again_with_its_key(own: Database, tmp_path: Path) -> None:
    proxy = Proxy(as_operator(own.dsn))
    with proxy, serving(tmp_path, proxy.dsn) as api:
        keyed = {"Idempotency-Key": "k"}
        assert api.call("GET", "/queues").status == 200
        proxy.swallow("faultline api")
        problem = api.refused(503, "database-unavailable", "POST", "/jobs", {"type": "t"}, headers=keyed)
        assert "may have happened, or not" in problem["detail"]
        again = until(
            lambda: (r := api.call("POST", "/jobs", {"type": "t"}, headers=keyed)).status < 300 and r,
            "it is asked again",
        )
        assert again.json["created"] is False
    assert own.scalar("select count(*) from faultline.jobs") == 1


def test_no_job_that_was_answered_201_is_lost_when_the_server_stops_in_the_middle(tmp_path: Path) -> None:
    """PostgreSQL is stopped with -m immediate, twice, while clients enqueue as fast as they can."""
    with Server() as server:
        dsn = server.dsn()
        schema.install(dsn)
        made: list[int] = []
        refused: list[int] = []
        over = threading.Event()
        with serving(tmp_path, dsn) as api:

            def enqueue_on_and_on() -> None:
                connection = http.client.HTTPConnection(api.host, api.port, timeout=30)
                while not over.is_set():
                    connection.request("POST", "/jobs", '{"type": "t"}', {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    text = answer.read()
                    if answer.status == 201:
                        made.append(int(text.split(b'"job_id": ')[1].split(b",")[0]))
                    else:
                        refused.append(answer.status)
                connection.close()

            threads = [start(enqueue_on_and_on) for _ in range(CLIENTS)]
            for _ in range(2):
                reached = len(made) + 100
                until(lambda reached=reached: len(made) > reached, "jobs are made")  # type: ignore[misc]
                server.stop("immediate")
                seen = len(refused)
                until(lambda seen=seen: len(refused) > seen, "somebody is refused")  # type: ignore[misc]
                server.start()
            reached = len(made) + 100
            until(lambda: len(made) > reached, "jobs are made again")
            over.set()
            for thread in threads:
                thread.join(60)
        assert set(refused) == {503}
        with schema_connection(dsn) as connection:
            there = {row[0] for row in connection.execute("select job_id from faultline.jobs")}
    assert len(made) == len(set(made)) > 300
    assert set(made) <= there


def schema_connection(dsn: str) -> psycopg.Connection[Any]:
    import psycopg  # noqa: PLC0415 - for its type alone above

    return psycopg.connect(dsn)


def test_sigterm_lets_a_request_finish_and_takes_no_new_one(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn), "--timeout", "30s") as api:
        (job_id,) = enqueue(own, "t")
        with api.stream(f"/jobs/{job_id}/events") as stream:
            assert stream.next()[1]["state"] == "queued"
            blocker = held(own)
            asking = Asking(api, "POST", "/jobs", {"type": "late"})
            until(lambda: waiting(own, "enqueue") == 1, "it waits")
            api.process.signal(signal.SIGTERM)
            assert stream.next() == ("end", {"reason": "shutdown"})
            until(lambda: not takes_connections(api), "nobody new comes in")
            blocker.close()
            assert asking.result().status == 201
        assert api.process.wait() == 0
        assert "the API has ended" in api.process.output()
    assert own.scalar("select count(*) from faultline.jobs where type = 'late'") == 1


def test_who_follows_is_told_of_the_end_though_the_look_at_the_job_waits(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn), "--timeout", "60s", "--grace", "60s") as api:
        (job_id,) = enqueue(own, "t")
        with api.stream(f"/jobs/{job_id}/events") as stream:
            assert stream.next()[1]["state"] == "queued"
            blocker = held(own)
            until(lambda: waiting(own, "job_status") == 1, "it looks again, and waits")
            api.process.signal(signal.SIGTERM)
            assert stream.next() == ("end", {"reason": "shutdown"})
        assert api.process.wait() == 0
        until(lambda: waiting(own) == 0, "its look is given up")
        blocker.close()


def test_an_end_does_not_wait_for_ever(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn), "--timeout", "60s", "--grace", "1s") as api:
        blocker = held(own)
        thread = start(lambda: api.raw(b"POST /jobs/1/cancel HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        until(lambda: waiting(own) == 1, "it waits")
        api.process.signal(signal.SIGTERM)
        api.process.wait(30)
        blocker.close()
        thread.join(30)
    assert own.scalar("select count(*) from faultline.jobs") == 0


def takes_connections(api: Api) -> bool:
    try:
        socket.create_connection((api.host, api.port), timeout=5).close()
    except OSError:
        return False
    return True


def test_it_works_through_a_pooler_and_leaves_no_setting_behind(own: Database, tmp_path: Path) -> None:
    own.execute("alter database " + own.name + " set default_transaction_isolation = 'repeatable read'")
    with pooled(own.dsn, "postgres") as dsn, serving(tmp_path, dsn, "--timeout", "400ms") as api:
        made = api.post("/jobs", {"type": "t"}, status=201)
        assert api.get(f"/jobs/{made['job_id']}/status")["state"] == "queued"
        blocker = held(own)
        api.refused(504, "timeout", "POST", "/jobs", {"type": "t"})
        blocker.close()
        until(lambda: api.call("POST", "/jobs", {"type": "t"}).status == 201, "it goes on")
        with schema_connection(dsn) as connection:
            assert connection.execute("show statement_timeout").fetchone() == ("0",)


def test_a_schema_of_another_version_is_not_ready(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn)) as api:
        assert api.get("/ready")["ready"] is True
        own.execute(
            "create or replace function faultline.schema_version() returns text language sql immutable parallel safe"
            " security definer set search_path = pg_catalog, pg_temp as $$ select '9.9.9' $$"
        )
        reply = until(lambda: (r := api.call("GET", "/ready")).status == 503 and r, "it is not ready")
        assert (reply.json["ready"], reply.json["database"], reply.json["schema_version"]) == (False, "up", "9.9.9")


def test_no_answer_waits_for_the_acknowledgement_of_the_one_before() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_mistake_of_ours_is_a_500_that_says_nothing_and_a_traceback_in_the_log(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn)) as api:
        own.execute("alter function faultline.enqueue_many(jsonb) rename to gone")
        own.execute(
            "create function faultline.enqueue_many(jobs jsonb) returns table (n int, job_id bigint, created bool)"
            " language sql as 'select 1, 1, true where false'"
        )
        own.execute("grant execute on function faultline.enqueue_many(jsonb) to public")
        problem = api.refused(500, "internal", "POST", "/jobs", {"type": "t"})
        assert problem["detail"] == "it is in the log of the API"
        until(lambda: "Traceback" in api.process.output(), "the log has it")
        assert api.call("GET", "/health").status == 200


def test_a_body_that_trickles_in_is_given_up(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn), "--body-timeout", "300ms") as api:
        head = (
            b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        answer = api.raw(head)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"urn:faultline:request-timeout" in answer


def test_whoever_stops_in_the_middle_of_a_request_is_left_alone(own: Database, tmp_path: Path) -> None:
    head = b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
    alive = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    make_token(own, "read")
    with serving(tmp_path, as_operator(own.dsn), "--require-token", "--body-timeout", "300ms") as api:
        assert api.raw(b"") == b""
        assert api.raw(head) == b""
        # Between two requests there is more time, but not within the second.
        assert api.raw(alive + b"\r\n" + alive).count(b"HTTP/1.1 200 ") == 1
        # Refused for its token before its body is there.
        assert api.raw(head + b"\r\n{").count(b"HTTP/1.1 401 ") == 1


def test_whoever_stops_reading_is_left_alone(own: Database, tmp_path: Path) -> None:
    for _ in range(32):
        own.execute("select faultline.enqueue('t', jsonb_build_object('x', repeat('x', 250000)))")
    with (
        serving(tmp_path, as_operator(own.dsn), "--body-timeout", "300ms", "--connections", "1") as api,
        contextlib.ExitStack() as clients,
    ):
        assert api.call("GET", "/queues").status == 200
        open_files = Path(f"/proc/{api.process.process.pid}/fd")
        idle = len(list(open_files.iterdir()))
        for path in ("/jobs?limit=200", "/jobs/1/events", "/jobs?limit=200"):
            client = clients.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((api.host, api.port))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: requests(api, "GET", "/jobs", 200) == 2, "the pages are on their way")
        # What the stream has said so far is under way: nobody waits for its reader.
        until(lambda: len(list(open_files.iterdir())) <= idle + 1, "the connections of the pages are closed")
        assert len(api.get("/jobs?limit=200")["jobs"]) > 20
        assert "rror" not in api.process.output()


def test_a_client_that_goes_away_within_its_body_is_no_mistake_of_ours(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn)) as api:
        client = socket.create_connection((api.host, api.port))
        client.sendall(
            b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
        client.close()
        until(lambda: requests(api, "POST", "/jobs", 408) == 1, "it is counted as a body that did not come")
        assert "Traceback" not in api.process.output()


def test_metrics_have_templates_for_routes_and_closed_sets_for_the_rest(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn)) as api:
        for number in range(300):
            api.call("GET", f"/jobs/{number + 1}/status?x={number}")
            if number % 10 == 0:
                api.call("GET", f"/nothing/{number}")
                api.call(f"BREW{number}", "/jobs")
        api.post("/jobs", {"type": "t", "queue": "q"}, status=201)
        text = api.call("GET", "/metrics").text
        own.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'faultline api'")
    lines = [line for line in text.splitlines() if line.startswith("faultline_http_requests_total{")]
    assert sorted(lines) == [
        'faultline_http_requests_total{method="GET",route="/jobs/{job_id}/status",status="422"} 300.0',
        'faultline_http_requests_total{method="GET",route="none",status="404"} 30.0',
        'faultline_http_requests_total{method="POST",route="/jobs",status="201"} 1.0',
        'faultline_http_requests_total{method="other",route="/jobs",status="405"} 30.0',
    ]
    assert 'faultline_http_request_seconds_bucket{le="+Inf",method="GET",route="/jobs/{job_id}/status"} 300.0' in text
    assert 'faultline_queue_depth{queue="q",state="queued"} 1.0' in text
    assert "faultline_http_streams 0.0" in text
    assert "# HELP faultline_http_requests_total Requests, by the template of their route" in text


def test_the_state_of_a_job_is_what_the_clients_see(own: Database, tmp_path: Path) -> None:
    """Through the API as in the database: nothing is cached."""
    with serving(tmp_path, as_operator(own.dsn)) as api:
        (job_id,) = enqueue(own, "t")
        assert api.get(f"/jobs/{job_id}/status")["state"] == job(own, job_id)["state"] == "queued"
        own.execute("select faultline.cancel_job(%s)", job_id)
        assert api.get(f"/jobs/{job_id}/status")["state"] == "cancelled"
