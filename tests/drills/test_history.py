"""The history of a drill: what is recorded outlives its process, and is read as it was written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline import errors
from faultline.drill import history
from faultline.drill.history import FAIL, OK, UNKNOWN, BadHistory, Recorder

if TYPE_CHECKING:
    from pathlib import Path


def error_of(server: str) -> psycopg.Error:
    """The error that psycopg makes of what a server says."""
    severity, sqlstate = server.split()

    class Diagnostic:
        severity_nonlocalized = severity

    class Said(psycopg.Error):
        @property
        def diag(self) -> Any:
            return Diagnostic()

    said = Said("said")
    said.sqlstate = sqlstate
    return said


def test_a_call_is_read_with_its_arguments_its_answer_and_where_it_stands(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "producer")
    with recorder.call("enqueue", queue="q", token="t-1") as call:
        call.ok({"job_id": 7, "created": True})
    with recorder.call("rolled_back", token="t-2"):
        pass
    first, second = history.read(tmp_path)
    assert (first.name, first.process, first.args) == ("enqueue", "producer", {"queue": "q", "token": "t-1"})
    assert (first.phase, first.value, first.closed) == (OK, {"job_id": 7, "created": True}, True)
    assert first.began <= first.ended <= second.began <= second.ended
    assert (first.where, second.where) == ("history-producer.jsonl:1", "history-producer.jsonl:3")


def test_what_the_database_refused_did_not_happen_and_what_broke_is_unknown(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "producer")
    for error in (error_of("ERROR FL001"), errors.KeyConflict("other"), error_of("FATAL 57P01"), OSError("gone")):
        with pytest.raises(type(error)), recorder.call("complete", job_id=1, attempt=1):
            raise error
    calls = history.read(tmp_path)
    assert [call.phase for call in calls] == [FAIL, FAIL, UNKNOWN, UNKNOWN]
    assert [call.sqlstate for call in calls] == ["FL001", "FL002", None, None]


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (error_of("ERROR FL001"), True),
        (error_of("ERROR 40P01"), True),
        (error_of("ERROR 57014"), True),
        (error_of("ERROR 40003"), False),
        (error_of("ERROR 08P01"), False),  # PgBouncer says that of a server that is gone
        (error_of("FATAL 57P01"), False),
        (error_of("PANIC XX000"), False),
        (psycopg.OperationalError("consuming input failed: server closed the connection"), False),
        (errors.StaleAttempt("stale"), True),
        (errors.OutcomeUnknown("gone"), False),
        (errors.DatabaseUnavailable("gone"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_only_an_error_after_which_the_server_has_aborted_proves_that_nothing_happened(
    error: BaseException, refused: bool
) -> None:
    assert history.refused(error) is refused


def test_a_handler_that_raises_has_failed_whatever_it_raised(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "runner")
    for error in (ValueError("no"), errors.OutcomeUnknown("gone"), SystemExit(0)):
        with pytest.raises(type(error)), recorder.handle(job_id=1, attempt=1):
            raise error
    with recorder.handle(job_id=1, attempt=2) as call:
        call.ok({"sum": 3})
    with recorder.handle(job_id=1, attempt=3):
        pass
    assert [(call.phase, call.value) for call in history.read(tmp_path)] == [
        *[(FAIL, None)] * 3,
        (OK, {"sum": 3}),
        (OK, None),
    ]


def test_what_was_recorded_outlives_the_sigkill_of_its_process(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from faultline.drill.history import Recorder\n"
        "recorder = Recorder(Path(sys.argv[1]), 'runner')\n"
        "recorder.invoke('handle', job_id=1, attempt=1).ok(None); recorder.invoke('handle', job_id=2, attempt=1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    calls = history.read(tmp_path)
    assert [(call.args["job_id"], call.phase, call.closed) for call in calls] == [(1, OK, True), (2, UNKNOWN, False)]


def test_a_process_with_the_name_of_another_has_a_file_of_its_own(tmp_path: Path) -> None:
    for _ in range(3):
        Recorder(tmp_path, "runner").invoke("handle").ok(None)
    assert sorted(call.process for call in history.read(tmp_path)) == ["runner", "runner~2", "runner~3"]


def test_a_call_ends_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "producer")
    with recorder.call("enqueue") as call:
        call.ok(1)
        call.unknown("after")
        call.failed(ValueError("after"))
    assert [(call.phase, call.value) for call in history.read(tmp_path)] == [(OK, 1)]


@pytest.mark.parametrize("size", [1, 40, 80])
def test_a_torn_last_line_was_never_written(tmp_path: Path, size: int) -> None:
    recorder = Recorder(tmp_path, "producer")
    recorder.invoke("enqueue", token="t-1").ok(1)
    path = tmp_path / "history-producer.jsonl"
    whole = path.read_text()
    path.write_text(whole + whole[:size])
    assert [call.phase for call in history.read(tmp_path)] == [OK]
    path.write_text(whole[:-2])
    assert [call.phase for call in history.read(tmp_path)] == [UNKNOWN]


INVOKED = '{"n": 1, "at": 1, "process": "p", "call": "enqueue", "phase": "invoke", "id": "p/1", "args": {}}'
ENDED = '{"n": 2, "at": 2, "process": "p", "call": "enqueue", "phase": "ok", "id": "p/1", "value": 1}'


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([INVOKED, "{", ENDED], "history-p.jsonl:2: it is not JSON"),
        ([INVOKED, "7", ENDED], "history-p.jsonl:2: it is not an object"),
        ([f"{INVOKED},{ENDED}"], "history-p.jsonl:1: it is not JSON"),
        ([ENDED], "history-p.jsonl:1: call p/1 ends, but was never made, or has ended before"),
        ([INVOKED, ENDED, ENDED], "history-p.jsonl:3: call p/1 ends, but was never made, or has ended before"),
        ([INVOKED, INVOKED], "history-p.jsonl:2: call p/1 is made twice"),
        ([INVOKED, ENDED.replace('"ok"', '"okay"')], "history-p.jsonl:2: phase 'okay' is none of invoke, ok"),
        ([INVOKED, ENDED.replace('"at": 2, ', "")], "history-p.jsonl:2: no member 'at'"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(tmp_path: Path, lines: list[str], named: str) -> None:
    (tmp_path / "history-p.jsonl").write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(BadHistory) as caught:
        history.read(tmp_path)
    assert named in str(caught.value)


def test_many_chunks_are_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHUNK", 100)
    recorder = Recorder(tmp_path, "producer")
    for number in range(50):
        recorder.invoke("enqueue", token=f"ü\n{number}").ok(number)
    calls = history.read(tmp_path)
    assert [(call.args["token"], call.value) for call in calls] == [(f"ü\n{number}", number) for number in range(50)]
    path = tmp_path / "history-producer.jsonl"
    path.write_text(path.read_text() + "]\n")
    with pytest.raises(BadHistory, match=r"history-producer\.jsonl:101: it is not JSON"):
        history.read(tmp_path)


def test_a_token_is_held_once_however_often_it_stands_there(tmp_path: Path) -> None:
    """A million of them stand in four lines each."""
    recorder = Recorder(tmp_path, "producer")
    recorder.invoke("enqueue", token="a-token").ok({"token": "a-token"})
    recorder.invoke("handle", token="a-token").ok(None)
    first, second = history.read(tmp_path)
    assert first.args["token"] is second.args["token"]
    assert first.args["token"] is first.value["token"]


def test_lines_are_numbered(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "producer")
    for _ in range(3):
        recorder.invoke("enqueue").ok(1)
    written = [json.loads(line) for line in (tmp_path / "history-producer.jsonl").read_text().splitlines()]
    assert [line["n"] for line in written] == [1, 2, 3, 4, 5, 6]
