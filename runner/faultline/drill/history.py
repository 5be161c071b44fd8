"""The history of a drill: every call, and what became of it, as lines of JSON.

A call has two lines with one `id`: `invoke` before it is made, and after it one of
    ok        it was answered; `value` is the answer
    fail      the database said no, so it did not happen; `error` is {"sqlstate", "message"}. Of a handler: it raised
    unknown   the connection broke, or the server stopped: it may have happened or not
A call without a second line is unknown too: its process died.

    {"n": 12, "at": 1.234567, "process": "producer-1", "call": "enqueue", "phase": "invoke", "id": "producer-1/7",
     "args": {…}}

`n` counts the lines of a file. `at` are seconds of CLOCK_MONOTONIC, which all processes of a host share, and nobody
sets, whatever becomes of the clock of the server.

Each process writes a file of its own, history-PROCESS.jsonl: one write() a line, before the call goes on, so that a
line outlives the SIGKILL of its process. Calls, with their args and values:
    enqueue       {type, queue, key, token}                        {job_id, created}
                  the token, which is in the payload, stands for one job: the same key again has the same token
    rolled_back   {token}                                          an enqueue that was rolled back on purpose
    submit        {transaction, kind, amount, from, to}            {job_id}
                  from and to: the job moves the money in the ledger; without, the receiver is to charge the amount
    trigger       {workflow, key, token}                           {run_id}; the token is in the input
    put_schedule  {schedule}
    cancel        {job_id}                                         cancelled, requested
    handle        {job_id, attempt, type, token, runner, results}  what the handler returned
                  results: of what the task needs, as the handler was given them
    claim         {runner, queues, batch}                          [[job_id, attempt], …]
    complete, fail, release, snooze, cancelled, heartbeat
                  {job_id, attempt}                                the verdict: ok, repeat, stale
    apply         {job_id, attempt, transaction}                   {entry_id, created}
    again         {query, answers}                                 what a statement says that is asked once more; one of
                                                                   the answers, if there are any
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from faultline.errors import FaultlineError

if TYPE_CHECKING:
    from collections.abc import Iterator

INVOKE, OK, FAIL, UNKNOWN = PHASES = ("invoke", "ok", "fail", "unknown")
PATTERN: Final = "history*.jsonl"
FAULTS: Final = "faults.jsonl"
CHUNK: Final = 1 << 20  # characters decoded at once
SHORT: Final = 32

_encode: Final = json.JSONEncoder(separators=(",", ":"), default=str).encode


class BadHistory(Exception):  # noqa: N818
    """A file that is no history; the message names the file, the line and what is wrong with it."""


class Lines:
    """A file of JSON lines, made anew. Any thread may write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._lock = threading.Lock()
        self._lines = 0

    def write(self, **members: Any) -> int:
        """Append a line, and return its number. When it returns, the line outlives this process."""
        with self._lock:
            self._lines += 1
            line = _encode({"n": self._lines, "at": round(time.monotonic(), 6), **members}) + "\n"
            left = line.encode()
            while left:
                left = left[os.write(self._file, left) :]
            return self._lines

    def close(self) -> None:
        os.close(self._file)


class Recorder:
    """Records the calls of one process. The name of the process gets a number if another one had it before."""

    def __init__(self, directory: Path, process: str) -> None:
        number = 1
        while True:
            self.process = process if number == 1 else f"{process}~{number}"
            try:
                self._lines = Lines(directory / f"history-{self.process}.jsonl")
                break
            except FileExistsError:
                number += 1
        self._lock = threading.Lock()
        self._calls = 0

    def invoke(self, call: str, **args: Any) -> Recorded:
        """Write that a call is about to be made."""
        with self._lock:
            self._calls += 1
            recorded = Recorded(self, call, f"{self.process}/{self._calls}")
        self.write(recorded, INVOKE, args=args)
        return recorded

    def write(self, recorded: Recorded, phase: str, **members: Any) -> None:
        self._lines.write(process=self.process, call=recorded.call, phase=phase, id=recorded.id, **members)

    @contextmanager
    def call(self, call: str, **args: Any) -> Iterator[Recorded]:
        """Record what is done in the block: end it by `ok(value)`. What the block raises is recorded, and goes on."""
        recorded = self.invoke(call, **args)
        try:
            yield recorded
        except BaseException as error:
            recorded.failed(error)
            raise
        if not recorded.ended:
            recorded.ok(None)

    @contextmanager
    def handle(self, **args: Any) -> Iterator[Recorded]:
        """Record a handler. Whatever it raises is its failure: that says nothing about what it has done."""
        recorded = self.invoke("handle", **args)
        try:
            yield recorded
        except BaseException as error:
            recorded.fail(None, f"{type(error).__name__}: {error}")
            raise
        if not recorded.ended:
            recorded.ok(None)

    def close(self) -> None:
        self._lines.close()


class Recorded:
    """A call that has begun. Its first end counts."""

    def __init__(self, recorder: Recorder, call: str, id_: str) -> None:
        self._recorder = recorder
        self.call = call
        self.id = id_
        self.ended = False

    def ok(self, value: Any) -> None:
        self._end(OK, value=value)

    def fail(self, sqlstate: str | None, message: str) -> None:
        self._end(FAIL, error={"sqlstate": sqlstate, "message": message})

    def unknown(self, message: str) -> None:
        self._end(UNKNOWN, message=message)

    def failed(self, error: BaseException) -> None:
        """`fail` if the error proves that it did not happen, else `unknown`."""
        if refused(error):
            self.fail(getattr(error, "sqlstate", None), str(error))
        else:
            self.unknown(f"{type(error).__name__}: {error}")

    def _end(self, phase: str, **members: Any) -> None:
        if not self.ended:
            self.ended = True
            self._recorder.write(self, phase, **members)


def refused(error: BaseException) -> bool:
    """Whether this error proves that the statement, and so its transaction, did not happen.

    An ERROR of the server does: it has aborted. A FATAL or PANIC does not, as it can follow a commit; nor does an error
    of the connection (class 08, which a pooler also says on its own) or one that says itself that nobody knows (40003).
    """
    if isinstance(error, FaultlineError):
        return error.sqlstate is not None
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return False
    return error.diag.severity_nonlocalized == "ERROR" and error.sqlstate[:2] != "08" and error.sqlstate != "40003"


@dataclass(slots=True)
class Call:
    """A call with its end. `ended` is the time of its last line; a call without an end has none: infinity."""

    name: str
    process: str
    args: dict[str, Any]
    began: float
    where: str  # file and line of the invoke
    ended: float = float("inf")
    phase: str = UNKNOWN
    value: Any = None
    sqlstate: str | None = None
    closed: bool = False  # has an end


def read(directory: Path) -> list[Call]:
    """Every call of the histories in a directory, file by file, in the order in which they were made.

    The last line of a file may be torn: its process was killed in the middle of it. Raises BadHistory for any other
    line that can't be read.
    """
    return [call for path in sorted(directory.glob(PATTERN)) for call in read_calls(path)]


def read_calls(path: Path) -> list[Call]:
    """Every call of one file."""
    calls: list[Call] = []
    open_calls: dict[str, Call] = {}
    for number, line in lines(path):
        try:
            _take(line, number, path.name, calls, open_calls)
        except (KeyError, TypeError, ValueError) as error:
            raise BadHistory(f"{path.name}:{number}: {_reason(error)}: {json.dumps(line)[:200]}") from None
    return calls


def _take(line: dict[str, Any], number: int, file: str, calls: list[Call], open_calls: dict[str, Call]) -> None:
    phase, id_ = line["phase"], line["id"]
    if phase == INVOKE:
        if id_ in open_calls:
            raise ValueError(f"call {id_} is made twice")
        name, process = sys.intern(line["call"]), sys.intern(line["process"])
        call = Call(name, process, shared(line["args"]), line["at"], f"{file}:{number}")
        calls.append(call)
        open_calls[id_] = call
        return
    if phase not in PHASES:
        raise ValueError(f"phase {phase!r} is none of {', '.join(PHASES)}")
    if id_ not in open_calls:
        raise ValueError(f"call {id_} ends, but was never made, or has ended before")
    call = open_calls.pop(id_)
    call.phase, call.ended, call.closed = phase, line["at"], True
    if phase == OK:
        call.value = shared(line["value"])
    elif phase == FAIL:
        call.sqlstate = line["error"]["sqlstate"]


def shared(members: Any) -> Any:
    """The same, with short texts in it held once: a token stands in four lines, a type or a queue in all of them."""
    if type(members) is dict:
        for name, member in members.items():
            if type(member) is str and len(member) < SHORT:
                members[name] = sys.intern(member)
    return members


def _reason(error: Exception) -> str:
    return f"no member {error}" if isinstance(error, KeyError) else str(error)


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of a file of JSON lines, numbered; without the last one if it is torn."""
    number = 0
    with path.open(encoding="utf-8") as file:
        while chunk := file.readlines(CHUNK):
            if not chunk[-1].endswith("\n"):
                chunk.pop()
            for line in _decode(chunk, path.name, number):
                number += 1
                yield number, line


def _decode(chunk: list[str], file: str, before: int) -> list[dict[str, Any]]:
    """All at once, which is faster and lets them share the names of their members; one by one to name a bad one."""
    try:
        decoded: list[dict[str, Any]] = json.loads(f"[{','.join(chunk)}]")
    except ValueError:
        decoded = []
    if len(decoded) == len(chunk) and all(type(line) is dict for line in decoded):
        return decoded
    for number, text in enumerate(chunk, before + 1):
        try:
            line = json.loads(text)
        except ValueError as error:
            raise BadHistory(f"{file}:{number}: it is not JSON: {error}: {text[:200]!r}") from None
        if not isinstance(line, dict):
            raise BadHistory(f"{file}:{number}: it is not an object: {text[:200]!r}")
    raise BadHistory(f"{file}:{before + 1}: it and the lines that follow are no lines of JSON")
