"""The outside world of a drill: a payment provider in a process of its own, which honours idempotency keys.

    python -m faultline.drill.receiver --directory DIR [--port 0]

    POST   /charges       {"token", "amount", …}, header Idempotency-Key
                          201 charged, 200 it was before, 410 its key is refused
    GET    /charges/KEY   200 the charge that was made with this key, 404
    DELETE /charges/KEY   204 this key is refused from now on, 409 and the charge if it is too late
    PUT    /troubles      204; [{"moment", "do", "seconds", "times", "key"}, …]: what is to go wrong from now on
    DELETE /troubles      204; no more of them, and whoever waits for an answer is cut off
    GET    /state         {"pid", "charges", "refused", "troubles", "bit", "waiting"}

Its first line on standard output is its address. What it does is in DIR/receiver.jsonl, each line on the disk (fsync)
before it goes on; the line `charged` is the charge. Started again on the same directory it knows all that: it may get
SIGKILL at any moment. A charge has the line `received`, then `charged`, `repeated` or `late` (its key is refused);
the other two requests `asked` and `refused`. Each has the key, and in `request` the number of its HTTP request.

A trouble befalls what reaches its moment, `times` times (once, if it says nothing), only the key that it names, if any:
    moment    received, charged, answered (a charge has come; is made; was answered), asked (GET or DELETE has come)
    do        cut      the connection closes without a word
              error    500
              slow     it goes on after `seconds`
              silent   nothing more is said: until DELETE /troubles, or until the client gives up
              die      SIGKILL to itself
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from faultline.drill import history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

JOURNAL: Final = "receiver.jsonl"
RECEIVED, CHARGED, ANSWERED, ASKED = MOMENTS = ("received", "charged", "answered", "asked")
CUT, ERROR, SLOW, SILENT, DIE = DEEDS = ("cut", "error", "slow", "silent", "die")
REPEATED, LATE, REFUSED, STARTED = "repeated", "late", "refused", "started"
LONGEST_SECONDS: Final = 600.0
LARGEST_BODY: Final = 1 << 20
LOOK_SECONDS: Final = 0.05

Answer = tuple[HTTPStatus, Any]


class Cut(Exception):  # noqa: N818
    """The connection closes; no answer."""


class Broken(Exception):  # noqa: N818
    """The answer is a 500."""


class Silent(Exception):  # noqa: N818
    """Nothing more is said, until somebody ends the silence."""

    def __init__(self, silence: threading.Event) -> None:
        super().__init__()
        self.silence = silence


class BadRequest(ValueError):  # noqa: N818
    """A request that makes no sense; the message says what is wrong with which member."""


@dataclass
class Trouble:
    """What is to go wrong, and how often."""

    moment: str
    do: str
    seconds: float = 0.0
    times: int = 1
    key: str | None = None

    @classmethod
    def of(cls, document: Any) -> Self:
        if not isinstance(document, dict):
            raise BadRequest(f"a trouble is an object, not {document!r}")
        if unknown := sorted(document.keys() - cls.__dataclass_fields__.keys()):
            raise BadRequest(f"a trouble has no {unknown[0]!r}: it has {', '.join(cls.__dataclass_fields__)}")
        for member, words in (("moment", MOMENTS), ("do", DEEDS)):
            if document.get(member) not in words:
                raise BadRequest(f"{member} is {document.get(member)!r}: it is one of {', '.join(words)}")
        trouble = cls(**document)
        if (trouble.moment, trouble.do) == (ANSWERED, ERROR):
            raise BadRequest("do is 'error' at answered: nothing can be answered any more")
        if type(trouble.times) is not int or trouble.times < 1:
            raise BadRequest(f"times is {trouble.times!r}: it is an integer of at least 1")
        if type(trouble.seconds) not in {int, float} or not 0 <= trouble.seconds <= LONGEST_SECONDS:
            raise BadRequest(f"seconds is {trouble.seconds!r}: it lies between 0 and {LONGEST_SECONDS:g}")
        if not isinstance(trouble.key, str | None):
            raise BadRequest(f"key is {trouble.key!r}: it is a text, or missing")
        return trouble

    def befalls(self, moment: str, key: str) -> bool:
        return self.moment == moment and self.times > 0 and self.key in {None, key}


class Journal:
    """What has happened, on the disk before anything follows from it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self.found = _mend(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._lines = len(self.found)
        _sync_directory(path.parent)

    def write(self, event: str, **members: Any) -> None:
        with self._lock:
            self._lines += 1
            line = {"n": self._lines, "at": round(time.monotonic(), 6), "event": event, **members}
            left = (json.dumps(line) + "\n").encode()
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def _mend(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal. A torn last line goes: nobody was told of it."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return [line for _, line in history.lines(path)]


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class Provider:
    """What the provider knows. One lock: a key is charged, repeated and refused by one request at a time."""

    def __init__(self, directory: Path) -> None:
        self.journal = Journal(directory / JOURNAL)
        self.charges: dict[str, dict[str, Any]] = {}
        self.refused: set[str] = set()
        self.troubles: list[Trouble] = []
        self.bit: Counter[str] = Counter()
        self.waiting = 0
        self._silence = threading.Event()
        self._requests = 0
        self._lock = threading.Lock()
        for line in self.journal.found:
            self._requests = max(self._requests, line.get("request", 0))
            if line["event"] == CHARGED:
                self.charges[line["key"]] = line["charge"]
            elif line["event"] == REFUSED:
                self.refused.add(line["key"])
        self.journal.write(STARTED, pid=os.getpid())

    def next_request(self) -> int:
        with self._lock:
            self._requests += 1
            return self._requests

    def receive(self, request: int, key: str, body: dict[str, Any]) -> Answer:
        self.journal.write(RECEIVED, key=key, request=request, token=body["token"], amount=body["amount"])
        self.reach(RECEIVED, key)
        answer = self._charge(request, key, body)
        self.reach(CHARGED, key)
        return answer

    def _charge(self, request: int, key: str, body: dict[str, Any]) -> Answer:
        with self._lock:
            if key in self.refused:
                self.journal.write(LATE, key=key, request=request)
                return HTTPStatus.GONE, {"error": f"key {key} is refused"}
            if key in self.charges:
                self.journal.write(REPEATED, key=key, request=request)
                return HTTPStatus.OK, self.charges[key]
            charge = {"charge": f"ch_{len(self.charges) + 1}", "token": body["token"], "amount": body["amount"]}
            self.journal.write(
                CHARGED, key=key, request=request, token=body["token"], amount=body["amount"], charge=charge
            )
            self.charges[key] = charge
            return HTTPStatus.CREATED, charge

    def find(self, request: int, key: str) -> Answer:
        self.journal.write(ASKED, key=key, request=request)
        self.reach(ASKED, key)
        with self._lock:
            if key in self.charges:
                return HTTPStatus.OK, self.charges[key]
            return HTTPStatus.NOT_FOUND, {"error": f"no charge was made with key {key}"}

    def refuse(self, request: int, key: str) -> Answer:
        self.reach(ASKED, key)
        with self._lock:
            if key in self.charges:
                return HTTPStatus.CONFLICT, self.charges[key]
            if key not in self.refused:
                self.journal.write(REFUSED, key=key, request=request)
                self.refused.add(key)
            return HTTPStatus.NO_CONTENT, None

    @contextmanager
    def one_waits(self) -> Iterator[None]:
        with self._lock:
            self.waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self.waiting -= 1

    def trouble(self, documents: Any) -> None:
        if not isinstance(documents, list):
            raise BadRequest(f"the troubles are an array, not {documents!r}")
        troubles = [Trouble.of(document) for document in documents]
        with self._lock:
            self.troubles.extend(troubles)

    def calm(self) -> None:
        with self._lock:
            self.troubles.clear()
            self._silence.set()
            self._silence = threading.Event()

    def state(self) -> dict[str, Any]:
        with self._lock:
            return {
                "pid": os.getpid(),
                "charges": len(self.charges),
                "refused": len(self.refused),
                "troubles": [asdict(trouble) for trouble in self.troubles if trouble.times],
                "bit": dict(self.bit),
                "waiting": self.waiting,
            }

    def reach(self, moment: str, key: str) -> None:
        """Let befall this request what there is for it."""
        with self._lock:
            trouble = next((trouble for trouble in self.troubles if trouble.befalls(moment, key)), None)
            if trouble is None:
                return
            trouble.times -= 1
            self.bit[f"{moment} {trouble.do}"] += 1
            silence = self._silence
        self.journal.write("trouble", key=key, moment=moment, do=trouble.do)
        if trouble.do == DIE:
            os.kill(os.getpid(), signal.SIGKILL)
        elif trouble.do == SLOW:
            time.sleep(trouble.seconds)
        elif trouble.do == ERROR:
            raise Broken
        elif trouble.do == CUT:
            raise Cut
        else:
            raise Silent(silence)


class Requests(BaseHTTPRequestHandler):
    """One connection, one request."""

    provider: Provider

    def do_POST(self) -> None:
        self._serve(self._charge)

    def do_GET(self) -> None:
        self._serve(self._read)

    def do_DELETE(self) -> None:
        self._serve(self._delete)

    def do_PUT(self) -> None:
        self._serve(self._put)

    def _charge(self) -> None:
        key = self.headers["Idempotency-Key"]
        if self.path != "/charges" or not key:
            raise BadRequest("a charge is POST /charges with a header Idempotency-Key")
        body = self._body()
        if not isinstance(body, dict) or not {"token", "amount"} <= body.keys():
            raise BadRequest("a charge has a token and an amount")
        self._answer(self.provider.receive(self.provider.next_request(), key, body))
        self.provider.reach(ANSWERED, key)

    def _read(self) -> None:
        if self.path == "/state":
            self._answer((HTTPStatus.OK, self.provider.state()))
        else:
            self._answer(self.provider.find(self.provider.next_request(), self._key()))

    def _delete(self) -> None:
        if self.path == "/troubles":
            self.provider.calm()
            self._answer((HTTPStatus.NO_CONTENT, None))
        else:
            self._answer(self.provider.refuse(self.provider.next_request(), self._key()))

    def _put(self) -> None:
        if self.path != "/troubles":
            raise BadRequest("what can be put is /troubles")
        self.provider.trouble(self._body())
        self._answer((HTTPStatus.NO_CONTENT, None))

    def _serve(self, respond: Callable[[], None]) -> None:
        try:
            respond()
        except BadRequest as error:
            self._answer((HTTPStatus.BAD_REQUEST, {"error": str(error)}))
        except Broken:
            self._answer((HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "something went wrong"}))
        except Silent as silent:
            self._say_nothing(silent.silence)
        except Cut:
            pass  # the connection closes

    def _say_nothing(self, silence: threading.Event) -> None:
        with self.provider.one_waits():
            while not silence.wait(LOOK_SECONDS):
                if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(1):
                    return

    def _key(self) -> str:
        if not self.path.startswith("/charges/") or self.path == "/charges/":
            raise BadRequest(f"{self.path} is neither /charges/KEY, /troubles nor /state")
        return self.path.removeprefix("/charges/")

    def _body(self) -> Any:
        try:
            length = int(self.headers["Content-Length"] or 0)
            if not 0 < length <= LARGEST_BODY:
                raise ValueError(f"Content-Length is {length}")
            return json.loads(self.rfile.read(length))
        except ValueError as error:
            raise BadRequest(f"the body is no JSON of at most {LARGEST_BODY} bytes: {error}") from None

    def _answer(self, answer: Answer) -> None:
        status, document = answer
        content = b"" if document is None else json.dumps(document).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            pass  # whoever asked is gone

    def log_message(self, *arguments: object) -> None:
        """Nothing: the journal says it."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no error of the receiver's; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m faultline.drill.receiver", description="The outside world of a drill."
    )
    parser.add_argument("--directory", type=Path, required=True, help="where receiver.jsonl is, or will be")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    options = parser.parse_args(arguments)
    if not options.directory.is_dir():
        parser.error(f"--directory: there is no directory {options.directory}")
    Requests.provider = Provider(options.directory)
    with Server(("127.0.0.1", options.port), Requests) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
