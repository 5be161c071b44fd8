"""The real `faultline api`, as a process, and a client that says exactly what a test wants said."""

from __future__ import annotations

import http.client
import json
import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import make_conninfo

from faultline.tokens import Secret, token_of
from tests.support.cli import environment
from tests.support.running import WAIT_SECONDS, Process, sample, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.database import Database

LISTENS = re.compile(r"the API listens on http://\S+:(\d+)")
SCOPES = ("read", "enqueue", "operate")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Api:
    """A server, and who asks it. Each call has a connection of its own."""

    def __init__(self, process: Process, port: int, host: str) -> None:
        self.process = process
        self.port = port
        self.host = host

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Reply:
        """`document` goes as JSON, `body` as it is."""
        sent = dict(headers or {})
        if document is not None:
            body = json.dumps(document)
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WAIT_SECONDS)
        try:
            connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
            with connection.getresponse() as answer:
                return Reply(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Any:
        """The document of a page that has to be there."""
        reply = self.call("GET", path, **options)
        assert reply.status == 200, reply
        return reply.json

    def post(self, path: str, document: Any = None, *, status: int = 200, **options: Any) -> Any:
        reply = self.call("POST", path, document, **options)
        assert reply.status == status, reply
        return reply.json

    def refused(self, status: int, kind: str, method: str, path: str, document: Any = None, **options: Any) -> Any:
        """The problem with which it refuses, which has everything that RFC 9457 wants."""
        reply = self.call(method, path, document, **options)
        assert reply.headers["Content-Type"] == "application/problem+json", reply
        problem = reply.json
        assert (reply.status, problem["status"], problem["type"]) == (status, status, f"urn:faultline:{kind}"), reply
        assert problem["title"]
        assert problem["detail"]
        return problem

    @contextmanager
    def stream(self, path: str, token: str | None = None) -> Iterator[Events]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WAIT_SECONDS)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            yield Events(connection.getresponse())
        finally:
            connection.close()

    def raw(self, text: bytes) -> bytes:
        """What comes back to bytes that no client would send; the connection's end is the answer's."""
        with socket.create_connection((self.host, self.port), timeout=WAIT_SECONDS) as connection:
            connection.sendall(text)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)


class Events:
    """Server-sent events, one after the other."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer
        self.status = answer.status

    def next(self) -> tuple[str, Any]:
        """The name and the document of the next event; comments are passed over."""
        name, data = "", ""
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream has ended without an event `end`"
            field, _, value = line.rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = value
            elif not field and not value and name:
                return name, json.loads(data)

    def until(self, state: str) -> Any:
        while True:
            name, document = self.next()
            assert name == "status", document
            if document["state"] == state:
                return document

    def rest(self) -> str:
        return self.answer.read().decode()


def requests(api: Api, method: str, route: str, status: int) -> float:
    """How many of these it has counted."""
    labels = f'method="{method}",route="{route}",status="{status}"'
    return sample(api.call("GET", "/metrics").text, f"faultline_http_requests_total{{{labels}}}")


def as_operator(dsn: str) -> str:
    """The same database, with the rights of faultline_operator and no others."""
    return make_conninfo(dsn, options="-c role=faultline_operator")


@contextmanager
def serving(
    directory: Path, dsn: str, *arguments: str, host: str = "127.0.0.1", env: Mapping[str, str] | None = None
) -> Iterator[Api]:
    """`faultline api` on a free port, gone after the block."""
    command = ("--host", host, "--port", "0", *arguments)
    process = Process(directory, dsn, *command, env=environment(**(env or {})), command="api")
    try:
        found = until(lambda: listening(process), "the API listens")
        yield Api(process, int(found[1]), "127.0.0.1" if host == "0.0.0.0" else host)  # noqa: S104
    finally:
        process.close()


def listening(process: Process) -> re.Match[str] | None:
    assert process.process.poll() is None, process.output()
    return LISTENS.search(process.output())


def make_token(db: Database, *scopes: str, name: str = "") -> str:
    secret = Secret.new()
    return token_of(db.scalar("select faultline.create_token(%s, %s, %s)", secret.hash, list(scopes), name), secret)
