"""Who may call the API: tokens and scopes on every route, pages of other sites, and texts that come back inert."""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest

from faultline.api import server
from faultline.api.options import ApiOptions
from faultline.errors import InvalidArgument
from faultline.tokens import Secret, token_of
from tests.support.api import Api, as_operator, make_token, requests, serving
from tests.support.cli import Cli, refused, run
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


OPEN = {("get", "/health"), ("get", "/ready")}
RESTRICTED = re.compile(r"\[(\^?)")
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\r\nSet-Cookie: stolen=1\r\n\r\n<html>",
    '{"level": "error"}\n{"level": "forged"}',
    "\x1b[31mred\x1b]0;title\x07 \x9b2J\x85",
    "\u202etxt.exe\u2028\u2029",
    "${jndi:ldap://x} %0d%0aX: y {{7*7}} ' or 1=1 --",
]


@pytest.fixture(scope="module")
def guarded(shared: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """On an address of the network, so that every request needs a token."""
    make_token(shared, "read")
    with serving(tmp_path_factory.mktemp("guarded"), as_operator(shared.dsn), host="0.0.0.0") as started:  # noqa: S104
        yield started


@pytest.fixture(scope="module")
def open_(shared: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("open"), as_operator(shared.dsn)) as started:
        yield started


def operations(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    """Every route that the OpenAPI document knows, with ids that nothing has."""
    paths = api.get("/openapi.json")["paths"]
    return [(method, path, operation) for path, methods in paths.items() for method, operation in methods.items()]


def filled(path: str) -> str:
    return re.sub(r"\{\w+_id\}", "987654321", re.sub(r"\{(name|account)\}", "nobody", path))


# Tokens.


def test_a_missing_a_wrong_and_a_revoked_token_are_refused_on_every_route(guarded: Api, shared: Database) -> None:
    secret = Secret.new()
    revoked = make_token(shared, "read", "enqueue", "operate")
    shared.execute("select faultline.revoke_token(%s)", int(revoked.split("_")[1]))
    expired = make_token(shared, "read", "enqueue", "operate")
    shared.execute(
        "update faultline.api_tokens set created_at = now() - interval '2 s', expires_at = now() - interval '1 s'"
        " where token_id = %s",
        int(expired.split("_")[1]),
    )
    good = make_token(shared, "read", "enqueue", "operate")
    wrong = [
        None,
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Basic {good}",
        f"Bearer {token_of(int(good.split('_')[1]), secret)}",  # the id of one, the secret of none
        f"Bearer {token_of(987654321, secret)}",
        f"Bearer {good[:-1]}",
        f"Bearer {good}x",
        f"Bearer flt_99999999999999999999_{secret.text}",
        f"Bearer {revoked}",
        f"Bearer {expired}",
    ]
    seen = set()
    for method, path, operation in operations(guarded):
        if (method, path) in OPEN:
            assert operation["security"] == []
            assert guarded.call(method.upper(), path).status == 200
            continue
        assert operation["security"] == [{"token": []}]
        for header in wrong:
            headers = {} if header is None else {"Authorization": header}
            # The body is never looked at.
            problem = guarded.refused(
                401, "unauthorized", method.upper(), filled(path), body="{", headers={**headers, "Content-Type": "x"}
            )
            assert "flt_" not in json.dumps(problem)
        reply = guarded.call(method.upper(), filled(path))
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        seen.add(path)
    assert len(seen) > 20


@pytest.mark.parametrize("scope", ["read", "enqueue", "operate"])
def test_a_token_opens_what_its_scope_names_and_nothing_else(guarded: Api, shared: Database, scope: str) -> None:
    token = make_token(shared, scope)
    opened = 0
    for method, path, operation in operations(guarded):
        if (method, path) in OPEN:
            continue
        reply = guarded.call(method.upper(), filled(path), body="", token=token)
        if scope in operation["x-scopes"]:
            assert reply.status not in {401, 403}, (path, reply)
            opened += 1
        else:
            problem = guarded.refused(403, "forbidden", method.upper(), filled(path), body="", token=token)
            assert all(name in problem["detail"] for name in operation["x-scopes"])
            assert 'error="insufficient_scope"' in reply.headers["WWW-Authenticate"]
    assert opened >= 5


def test_a_read_only_token_changes_nothing_on_any_route(guarded: Api, shared: Database) -> None:
    token = make_token(shared, "read")
    writing = [
        (method, path) for method, path, _ in operations(guarded) if method != "get" and (method, path) not in OPEN
    ]
    assert len(writing) >= 14
    for method, path in writing:
        guarded.refused(403, "forbidden", method.upper(), filled(path), body="{}", token=token)


def test_a_token_that_is_revoked_is_taken_for_some_seconds_at_most(guarded: Api, shared: Database) -> None:
    token = make_token(shared, "read")
    assert guarded.call("GET", "/jobs", token=token).status == 200
    shared.execute("select faultline.revoke_token(%s)", int(token.split("_")[1]))
    until(lambda: guarded.call("GET", "/jobs", token=token).status == 401, "the token is refused")


def test_two_tokens_in_one_request_are_none(guarded: Api, shared: Database) -> None:
    token = make_token(shared, "read")
    lines = ("GET /jobs HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", "Authorization: Bearer x")
    assert guarded.raw("\r\n".join((*lines, "Connection: close", "", "")).encode()).startswith(b"HTTP/1.1 422 ")


def test_on_loopback_nobody_needs_a_token_but_one_that_is_shown_counts(open_: Api, shared: Database) -> None:
    assert open_.call("GET", "/jobs").status == 200
    token = make_token(shared, "enqueue")
    assert open_.call("POST", "/jobs", {"type": "t"}, token=token).status == 201
    open_.refused(403, "forbidden", "GET", "/jobs", token=token)
    open_.refused(401, "unauthorized", "GET", "/jobs", token="wrong")


def test_require_token_asks_for_one_on_loopback_too(shared: Database, tmp_path: Path) -> None:
    make_token(shared, "read")
    with serving(tmp_path, as_operator(shared.dsn), "--require-token") as api:
        api.refused(401, "unauthorized", "GET", "/jobs")
        assert api.call("GET", "/health").status == 200


def test_without_a_valid_token_it_does_not_start_but_on_loopback(own: Database, tmp_path: Path) -> None:
    host = "0.0.0.0"  # noqa: S104
    token = make_token(own, "read")
    own.execute("select faultline.revoke_token(%s)", int(token.split("_")[1]))
    process = run("api", "--host", host, "--port", "0", cwd=tmp_path, variables={"FAULTLINE_DSN": own.dsn})
    said = refused(process, 1)
    assert said.startswith(f"there is no valid token, and {host} asks for one: `faultline token create")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_only_what_is_surely_loopback_goes_without_tokens(host: str, loopback: bool) -> None:
    assert ApiOptions(host=host).guarded is not loopback
    assert ApiOptions(host=host, require_token=True).guarded


def test_a_name_that_is_not_what_it_says_is_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("0.0.0.0", 0))]  # noqa: S104
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(InvalidArgument, match=r"^localhost is 0\.0\.0\.0 here, which is no loopback address"):
        server.run(ApiOptions(host="localhost", port=0))


def test_what_the_api_acts_as_is_what_its_role_may_do(shared: Database, tmp_path: Path) -> None:
    """It needs no more than faultline_operator; with less it does not start, and says what is missing."""
    dsn = as_operator(shared.dsn).replace("faultline_operator", "faultline_producer")
    said = refused(run("api", "--port", "0", cwd=tmp_path, variables={"FAULTLINE_DSN": dsn}), 1)
    assert "grant faultline_operator to" in said


def test_a_port_that_is_taken_is_one_line(open_: Api, shared: Database, tmp_path: Path) -> None:
    variables = {"FAULTLINE_DSN": shared.dsn}
    said = refused(run("api", "--port", str(open_.port), cwd=tmp_path, variables=variables), 2)
    assert said.startswith(f"cannot listen on 127.0.0.1:{open_.port}: ")
    said = refused(run("api", "--host", "192.0.2.1", "--require-token", cwd=tmp_path, variables=variables), 2)
    assert said.startswith("cannot listen on 192.0.2.1:8000: ")


def test_without_the_extra_the_command_says_what_to_install(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("faultline.api", "uvicorn", "fastapi"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert Cli(shared.dsn).refused(1, "api").endswith("pip install '.[api]' in a clone of Faultline")


# Commands about tokens.


def test_a_token_is_printed_once_and_only_its_hash_is_kept(db: Database) -> None:
    cli = Cli(db.dsn)
    result = cli("token", "create", "--scope", "read", "--scope", "enqueue", "--name", "shop", "--expires", "90d")
    assert result.exit_code == 0, result.stderr
    token = result.stdout.strip()
    assert re.fullmatch(r"flt_1_[A-Za-z0-9_-]{43}", token)
    assert "it is not shown again" in result.stderr
    secret = token.split("_", 2)[2]
    for (row,) in db.rows(
        "select t::text from faultline.api_tokens t union all select e::text from faultline.job_events e"
    ):
        assert secret not in row
    made = cli.json("token", "create", "--scope", "operate")
    assert made == {"token_id": 2, "token": made["token"], "scopes": ["operate"]}
    assert secret not in cli.good("token", "list")
    first, second = cli.json("token", "list")
    assert (first["token_id"], first["valid"], first["expires_at"]) == (2, True, None)
    assert (second["name"], second["scopes"]) == ("shop", ["enqueue", "read"])
    assert cli.good("token", "revoke", 2).strip() == "token 2 is revoked"
    assert cli.json("token", "revoke", 2) == {"token_id": 2, "revoked": True}
    assert re.search(r"^ *2 .*\brevoked\b", cli.good("token", "list"), re.MULTILINE)
    assert cli.refused(1, "token", "revoke", 3).startswith("there is no token 3")
    assert cli("token", "create").exit_code == 2
    assert cli("token", "create", "--scope", "write").exit_code == 2
    # Nobody's slip puts a secret into a log.
    assert secret not in cli.refused(2, "token", "revoke", token)


def test_a_name_of_a_token_can_not_touch_the_terminal(db: Database) -> None:
    make_token(db, "read", name="\x1b[2Jevil\n9 forged")
    assert Cli(db.dsn).good("token", "list").splitlines()[1].split()[:3] == ["1", "evil", "9"]


# Other sites.


@pytest.mark.parametrize(
    ("headers", "kind", "status"),
    [
        ({"Host": "evil.example"}, "unknown-host", 421),
        ({"Host": "evil.example:8000"}, "unknown-host", 421),
        ({"Host": "127.0.0.1.evil.example"}, "unknown-host", 421),
        ({"Host": ""}, "unknown-host", 421),
        ({"Origin": "https://evil.example"}, "cross-site", 403),
        ({"Origin": "null"}, "cross-site", 403),
        ({"Origin": "http://localhost:1"}, "cross-site", 403),
        ({"Sec-Fetch-Site": "cross-site"}, "cross-site", 403),
        ({"Sec-Fetch-Site": "same-site"}, "cross-site", 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "cross-site", 403),
    ],
)
def test_a_page_of_another_site_achieves_nothing(
    open_: Api, shared: Database, headers: dict[str, str], kind: str, status: int
) -> None:
    before = shared.scalar("select count(*) from faultline.jobs")
    open_.refused(status, kind, "POST", "/jobs", {"type": "t"}, headers=headers)
    open_.refused(status, kind, "POST", "/jobs/1/cancel", headers=headers)
    assert shared.scalar("select count(*) from faultline.jobs") == before


def test_a_page_of_another_site_may_link_here_and_embed_nothing(open_: Api) -> None:
    """An <img> of another site can read nothing, but could keep connections and streams busy."""
    for site in ("cross-site", "same-site"):
        for mode in ("no-cors", "cors", "websocket", "nested-navigate", ""):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            open_.refused(403, "cross-site", "GET", "/jobs", headers=headers)
        linked = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        assert open_.call("GET", "/docs", headers=linked).status == 200
    for site in ("same-origin", "none"):
        assert open_.call("GET", "/jobs", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}).status == 200


def test_a_form_of_another_site_has_a_type_that_is_not_read(open_: Api) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "", "x"):
        for path in ("/jobs", "/jobs/batch", "/jobs/bulk", "/workflows", "/transactions"):
            body = '{"type": "t"}'
            open_.refused(415, "unsupported-media-type", "POST", path, body=body, headers={"Content-Type": kind})


def test_no_site_is_told_that_it_may_read_along(open_: Api) -> None:
    headers = {"Origin": f"http://127.0.0.1:{open_.port}", "Access-Control-Request-Method": "POST"}
    reply = open_.call("OPTIONS", "/jobs", headers=headers)
    assert reply.status == 405
    own = open_.call("POST", "/jobs", {"type": "t"}, headers={"Origin": headers["Origin"]})
    assert own.status == 201
    for answer in (reply, own, open_.call("GET", "/jobs")):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_another_name_of_the_host_can_be_allowed(shared: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(shared.dsn), "--name", "jobs.internal") as api:
        for name in ("jobs.internal", "JOBS.internal:8000", "localhost", "[::1]:8000", "127.0.0.1"):
            assert api.call("GET", "/health", headers={"Host": name}).status == 200
        api.refused(421, "unknown-host", "GET", "/health", headers={"Host": "other.internal"})
        # Behind a proxy that puts another Host.
        headers = {"Origin": "https://jobs.internal"}
        assert api.call("POST", "/jobs", {"type": "t"}, headers=headers).status == 201
        api.refused(403, "cross-site", "POST", "/jobs", {"type": "t"}, headers={"Origin": "https://x.jobs.internal"})


# Texts that somebody else wrote.


def test_every_answer_says_that_it_is_no_page(open_: Api) -> None:
    for path in ("/jobs", "/nope", "/health", "/metrics", "/docs", "/openapi.json"):
        headers = open_.call("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


@pytest.mark.parametrize("text", NASTY)
def test_texts_come_back_inert(open_: Api, text: str) -> None:
    payload = {"x": text, "\x7f\x9b": 1}
    job_id = open_.post("/jobs", {"type": "t", "payload": payload, "idempotency_key": text}, status=201)["job_id"]
    for path in (f"/jobs/{job_id}/status", f"/jobs/{job_id}", "/jobs?limit=1"):
        reply = open_.call("GET", path)
        assert reply.headers["Content-Type"] == "application/json"
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", reply.text)
        assert text in json.dumps(reply.json, ensure_ascii=False) or json.dumps(text)[1:-1] in json.dumps(reply.json)
    with open_.stream(f"/jobs/{job_id}/events") as stream:
        assert stream.next()[1]["idempotency_key"] == text


@pytest.mark.parametrize("text", NASTY)
def test_what_a_request_says_is_in_no_header_and_forges_no_line_of_the_log(open_: Api, text: str) -> None:
    quoted = urllib.parse.quote(text, safe="")
    before = len(open_.process.output().splitlines())
    for path in (f"/{quoted}", f"/jobs?{quoted}={quoted}", f"/jobs/{quoted}/status", f"/transactions/{quoted}"):
        reply = open_.call("GET", path, headers={"X-Request-Id": quoted, "User-Agent": quoted})
        assert reply.status in {404, 422}
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", reply.text)
        assert quoted not in str(reply.headers)
        assert "Set-Cookie" not in reply.headers
    open_.refused(422, "invalid-request", "POST", "/jobs", {"type": text})
    open_.refused(422, "invalid-request", "POST", "/jobs", {"type": "t", text: 1})
    assert len(open_.process.output().splitlines()) == before


def test_a_line_of_the_log_has_a_route_and_never_what_was_asked(own: Database, tmp_path: Path) -> None:
    with serving(tmp_path, as_operator(own.dsn)) as api:
        own.execute("alter function faultline.job_status(bigint) rename to job_status_gone")
        problem = api.refused(503, "database-busy", "GET", "/jobs/7/status", headers={"X": "\x1b[31m"})
        assert problem["code"] == "42883"
        own.execute("alter function faultline.job_status_gone(bigint) rename to job_status")
        said = "GET /jobs/{job_id}/status: 503 after "
        until(lambda: said in api.process.output(), "it is in the log")  # the answer does not wait for it
        line = json.loads(next(line for line in api.process.output().splitlines() if said in line))
    assert line["message"].startswith(said)
    assert line["route"] == "/jobs/{job_id}/status"


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /jobs/\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /jobs/\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /jobs HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}",
        b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_problem_and_the_end_of_its_connection(open_: Api, request_: bytes) -> None:
    before = requests(open_, "other", "none", 400)
    lines = open_.process.output()
    head, _, body = open_.raw(request_ + b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert b"nosniff" in head
    problem = json.loads(body)
    assert (problem["type"], problem["status"]) == ("urn:faultline:not-http", 400)
    assert requests(open_, "other", "none", 400) == before + 1
    assert open_.process.output() == lines, "anybody could fill the log"


def test_a_request_of_two_lengths_is_refused_with_all_that_follows_it(open_: Api, shared: Database) -> None:
    """A proxy that believes the other length would take the second for a part of the first."""
    before = shared.scalar("select count(*) from faultline.jobs")
    head = b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    inner = head % 13 + b'\r\n{"type": "t"}'
    outer = head % (len(inner) + 5) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    answer = open_.raw(outer + inner)
    assert answer.startswith(b"HTTP/1.1 422 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"both Content-Length and Transfer-Encoding" in answer
    assert shared.scalar("select count(*) from faultline.jobs") == before


def test_bytes_that_are_no_utf_8_do_no_harm(open_: Api) -> None:
    headers = {"Content-Type": "application/json"}
    open_.refused(400, "not-utf-8", "POST", "/jobs", body=b'{"type": "\xff"}', headers=headers)
    open_.refused(400, "not-utf-8", "POST", "/jobs", body='{"type": "t"}'.encode("utf-16"), headers=headers)
    assert open_.call("GET", "/jobs/%ff%fe").status == 404
    assert open_.call("GET", "/health").status == 200


# Limits.


def test_a_body_is_bounded_whether_it_says_its_length_or_not(open_: Api) -> None:
    json_type = {"Content-Type": "application/json"}
    fits = '{"type": "t"' + " " * (1024 * 1024 - 13) + "}"
    assert open_.call("POST", "/jobs", body=fits, headers=json_type).status == 201
    open_.refused(413, "body-too-large", "POST", "/jobs", body=fits + " ", headers=json_type)
    open_.refused(413, "body-too-large", "POST", "/jobs", body="{}", headers=json_type | {"Content-Length": "1" * 12})
    connection = http.client.HTTPConnection(open_.host, open_.port, timeout=10)
    try:
        chunks = iter([b"x" * 65536] * 17)
        connection.request("POST", "/jobs", chunks, json_type, encode_chunked=True)
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    wide = '{"jobs": [{"type": "t"}' + " " * (2 * 1024 * 1024) + "]}"
    assert open_.call("POST", "/jobs/batch", body=wide, headers=json_type).status == 201


def test_the_page_to_read_needs_nobody_elses_files(open_: Api) -> None:
    reply = open_.call("GET", "/docs")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert not re.search(r"https?://|<script|javascript:|\son\w+=", reply.text)
    for _, path, _ in operations(open_):
        assert f"<code>{path}</code>" in reply.text
