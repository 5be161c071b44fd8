"""The checker as a program: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from faultline.drill import checker
from faultline.drill.facts import FILE, Finding
from faultline.drill.history import FAIL, UNKNOWN
from faultline.drill.receiver import JOURNAL
from tests.support.drills import World, write

if TYPE_CHECKING:
    from pathlib import Path


def eventful() -> World:
    """Something of everything."""
    world = World()
    world.done(1, "t-1", attempts=3)
    world.done(2, "t-2", key="k")
    world.asked("t-2", 2, key="k", created=False)
    world.asked("t-3", 3, phase=UNKNOWN)
    world.asked("t-4", 4, phase=UNKNOWN)
    world.handled(4)
    world.job(4, "t-4")
    world.call("rolled_back", token="t-5")
    world.reported("complete", 1, 1, phase=FAIL, sqlstate="FL001")
    world.event(1, 1, "stale", "complete")
    world.event(1, 1, "stale", "heartbeat")
    world.reported("complete", 1, 3, "repeat")
    world.transfer("x-1", 11)
    world.charge("x-2", 12)
    world.receive("received", "x-2", amount=7)
    world.receive("repeated", None, key="key-x-2")
    world.burnt("x-3", 13)
    world.run(2, "r-1")
    world.schedule(90, 80, 70, 60, 50, 40, 30, 20, 10, 0)
    return world


def run(directory: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    code = checker.main([str(directory), *options])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_drill_that_kept_every_promise_ends_with_0_and_says_how_much_there_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(eventful(), tmp_path)
    code, out, err = run(tmp_path, capsys)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    for line in (
        "enqueue                   3          0          2",
        "lost answers   1 done, 1 not done",
        "stale reports  2 recorded, 1 reports, 1 seen",
        "duplicates     2 answered alike",
        "jobs           1 discarded, 19 succeeded",
        "attempts       22 claimed, 2 expire, 1 fail",
        "transactions   1 FAILED, 2 RECONCILED",
        "the receiver   2 received, 1 charged, 1 repeated",
        "ticks          10 made",
        "Σ balances     0 EUR",
        " 7  an effect at most once                         kept",
        "no violation",
    ):
        assert line in out.splitlines(), line


def test_a_drill_that_broke_one_ends_with_1_and_shows_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = eventful()
    for attempt in (1, 2):
        world.handled(1, attempt, phase=UNKNOWN, process="runner-4711")
    world.facts.findings.append(Finding(12, "too\x1b[31mred", "an unreadable \x07 subject " * 9, "long " * 90))
    write(world, tmp_path)
    code, out, _ = run(tmp_path, capsys)
    assert code == 1
    assert max(map(len, out.splitlines())) <= 80
    assert "promise 2, two holders: 2 violations" in out.splitlines()
    assert "  attempt 1 of job 1: 2 handlers of it began, in p, runner-4711" in out.splitlines()
    assert "    see history-p.jsonl:3, history-runner-4711.jsonl:1" in out.splitlines()
    assert " 2  one lease at a time, and all end               2 violations" in out.splitlines()
    assert out.splitlines()[-1] == "3 violations"
    assert "\x1b" not in out
    assert "\x07" not in out


def test_of_many_violations_of_a_rule_a_few_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    for number in range(1, 6):
        world.job(number, f"nobody's {number}")
    write(world, tmp_path)
    code, out, _ = run(tmp_path, capsys)
    assert code == 1
    assert "promise 1, invented: 5 violations" in out
    assert out.count("nobody asked for its token") == 3


def test_as_json_everything_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = eventful()
    world.job(99, "nobody's", state="cancelled", from_state="queued", attempt=0)
    write(world, tmp_path)
    code, out, _ = run(tmp_path, capsys, "--json")
    document = json.loads(out)
    assert code == 1
    assert document["violations"] == [
        {
            "promise": 1,
            "rule": "invented",
            "subject": "job 99",
            "detail": "nobody asked for its token, nobody's",
            "where": [],
        }
    ]
    assert document["judged"][0] == {"promise": 1, "title": "nothing lost, nothing invented", "violations": 1}
    assert [judged["promise"] for judged in document["judged"]] == list(range(1, 14))
    assert document["counts"]["ambiguous"] == {"done": 1, "not_done": 1}
    assert document["counts"]["calls"]["enqueue"] == {"ok": 3, "fail": 0, "unknown": 2}


def test_what_is_tolerated_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = eventful()
    world.facts.findings.append(Finding(11, "tick_in_future", "schedule s", "the clock was set back"))
    write(world, tmp_path)
    assert run(tmp_path, capsys)[0] == 1
    code, out, _ = run(tmp_path, capsys, "--tolerate", "tick_in_future")
    assert code == 0
    assert "tolerated: 1 verify: tick_in_future" in out.splitlines()


def test_it_is_a_program_of_its_own(tmp_path: Path) -> None:
    write(eventful(), tmp_path)
    ended = subprocess.run(
        [sys.executable, "-m", "faultline.drill.checker", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith("no violation\n")


def line(**members: Any) -> str:
    return json.dumps({"n": 1, "at": 1.0, "process": "p", "phase": "invoke", "id": "p/1", "args": {}, **members}) + "\n"


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        (FILE, None, "has no facts.jsonl: the drill was cut off"),
        (FILE, '{"table": "jobs", "rows": []}\n', "facts.jsonl: it is not complete"),
        (JOURNAL, '{"key": "k"}\n', "receiver.jsonl: a line has no member 'event'"),
        ("history-p.jsonl", line(call="enqueue"), "history-p.jsonl:1: enqueue does not say its queue, token, type"),
        ("history-p.jsonl", line(call="fail", args={"job_id": 1}), "history-p.jsonl:1: fail does not say its attempt"),
        (
            "history-p.jsonl",
            line(call="trigger", args={"token": "t", "workflow": "w"}) + line(call="trigger", phase="ok", value=7),
            "history-p.jsonl:1: trigger was answered 7, without ['run_id']",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_judged_ends_with_2_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, content: str | None, named: str
) -> None:
    write(World(), tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(content)
    code, out, err = run(tmp_path, capsys)
    assert (code, out) == (2, "")
    assert named in err


def test_a_drill_without_a_receiver_is_judged_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(World(), tmp_path)
    (tmp_path / JOURNAL).unlink()
    assert run(tmp_path, capsys)[0] == 0
