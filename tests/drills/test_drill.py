"""A drill of some of the faults, end to end; and one for each guard that is removed, which the checker has to catch.

FAULTLINE_FULL=1, as in `make proofs`, lets each fault bite for longer; FAULTLINE_SEED=N repeats a drill.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from faultline.demo.narrator import Narrator
from faultline.drill import controls
from faultline.drill import play as play_
from faultline.drill.faults import clients, commits, handlers, network, outside, runners, server, sessions
from faultline.drill.faults.fault import Fault
from faultline.drill.load import HEAVY, Load
from faultline.drill.play import Options, Outcome, play
from faultline.drill.processes import children
from faultline.drill.report import Report
from faultline.drill.scenarios import Scenario
from tests.support.cli import COMMAND, environment
from tests.support.proofs import FULL, SEED
from tests.support.running import until

if TYPE_CHECKING:
    from faultline.drill.arena import Arena
    from faultline.drill.controls import Control

SECONDS = 120
LOST = {fault.verb: fault for fault in commits.ALL}
REDUCED = Scenario(
    "reduced",
    "some of each",
    (
        runners.Kill,
        runners.Freeze,
        handlers.Exits,
        sessions.Terminated,
        sessions.Cancelled,
        server.Immediate,
        network.Cut,
        LOST["claim_jobs"],
        LOST["complete_jobs"],
        LOST["apply_and_complete"],
        LOST["claim_job"],
        LOST["retry_job"],
        LOST["signal_run"],
        clients.Repeated,
        outside.Cuts,
    ),
)


@pytest.fixture
def narrator() -> Narrator:
    return Narrator(sys.stdout)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    directory = tmp_path_factory.mktemp("drill")
    options = Options(SEED, seconds=60.0 if FULL else 0.0)
    return play(REDUCED, options, directory, Narrator(sys.stdout))


def test_each_fault_bites_and_every_promise_holds(outcome: Outcome) -> None:
    print(f"FAULTLINE_SEED={SEED}")
    assert outcome.violations == []
    assert {told.name: told.bit > 0 for told in outcome.faults} == dict.fromkeys(
        (fault.name for fault in REDUCED.faults), True
    )
    assert outcome.void == []
    assert len(outcome.invariants) >= 13


def test_what_is_counted_is_read_from_what_happened(outcome: Outcome) -> None:
    numbers = outcome.numbers
    assert numbers["runners killed"] >= 1
    assert numbers["connections cut"] >= 1
    assert numbers["replies lost"] == 6
    assert numbers["stale reports recorded"] >= 1
    assert numbers["stale calls refused"] >= 8
    assert min(numbers[name] for name in ("jobs", "entries", "charges", "runs", "ticks", "leases expired")) >= 1
    lines = [json.loads(line) for line in (outcome.directory / "faults.jsonl").read_text().splitlines()]
    for told in outcome.faults:
        bitten = [line["evidence"] for line in lines if line["phase"] == "bit" and line["fault"] == told.name]
        assert bitten == json.loads(json.dumps(told.evidence, default=str))
        assert told.injected == sum(line["phase"] == "inject" and line["fault"] == told.name for line in lines)


def test_its_report_can_be_read_by_people_and_machines(outcome: Outcome, tmp_path: Path) -> None:
    report = Report(SEED, {"names": []}, [outcome])
    report.save(tmp_path)
    assert [line for line in report.lines() if len(line) > 80] == []
    document = json.loads((tmp_path / "report.json").read_text())
    assert (document["verdict"], document["seed"]) == ("holds", SEED)
    assert document["numbers"]["jobs"] == outcome.numbers["jobs"]
    suite = ET.parse(tmp_path / "report.xml").getroot()[0]  # noqa: S314 - our own
    assert [case.get("name") for case in suite] == [*(fault.name for fault in REDUCED.faults), "promises"]
    assert suite.get("failures") == "0"
    page = (tmp_path / "report.html").read_text()
    assert all(told.title in page for told in outcome.faults if "'" not in told.title)


@pytest.mark.parametrize("control", controls.ALL, ids=lambda control: control.name)
def test_a_drill_without_a_guard_is_caught(control: Control, tmp_path: Path, narrator: Narrator) -> None:
    options = Options(SEED, prepare=(control.prepare,), config=control.config, load=Load(runners=2), tries=1)
    scenario = controls.scenario(control)
    outcome = play(replace(scenario, faults=scenario.faults[-1:]), options, tmp_path, narrator)
    assert set(outcome.broken) & control.promises, outcome.violations
    report = Report(SEED, {}, [outcome])
    assert report.verdict == "violated"


class Peace(Fault):
    name = "peace"
    title = "nobody is killed for as long as it takes"
    sparing = True

    def inject(self, arena: Arena) -> None:
        alive = [runner for runner in arena.runners if runner.exit_code is None]
        if not arena.wait(lambda: any(runner.exit_code is not None for runner in alive), 2.0):
            self.saw(alive=len(alive))


def test_a_soak_kills_besides_all_faults_makes_jobs_by_the_hundred_and_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"FAULTLINE_SEED={SEED}")
    monkeypatch.setattr(play_, "PROGRESS_SECONDS", 1.0)
    told = StringIO()
    load = replace(HEAVY, kill_seconds=1.0)
    scenario = Scenario("soak", "a short one", (server.Immediate, LOST["complete_jobs"], Peace))
    outcome = play(scenario, Options(SEED, seconds=6.0, load=load, tries=3), tmp_path, Narrator(told))
    assert (outcome.violations, outcome.void) == ([], [])
    assert outcome.numbers["runners killed"] >= 2
    assert outcome.numbers["jobs"] >= HEAVY.batch[0]
    lines = [line for line in told.getvalue().splitlines() if "runners killed" in line]
    assert lines
    assert all(re.search(r" of 6 s: [\d,]+ jobs done, [\d,]+ runners killed, \d+ faults bit$", line) for line in lines)


class Toothless(Fault):
    name = "toothless"
    title = "a fault that never bites"
    seconds = 0.1

    def inject(self, arena: Arena) -> None:
        """Nothing."""


class Assassin(Fault):
    name = "assassin"
    title = "a runner dies, and nobody says why"

    def inject(self, arena: Arena) -> None:
        runner, held = arena.runner_at_work()
        self.saw(exit_code=runner.kill(), held=len(held))


def test_a_fault_without_a_bite_is_named_and_a_death_without_a_reason_is_a_violation(
    tmp_path: Path, narrator: Narrator
) -> None:
    scenario = Scenario("odd", "what should not be", (Toothless, Assassin))
    outcome = play(scenario, Options(SEED, load=Load(runners=2), tries=2), tmp_path, narrator)
    assert outcome.void == ["toothless"]
    assert [told.injected for told in outcome.faults] == [2, 1]
    assert [re.sub(r"\d+", "N", violation) for violation in outcome.violations] == [
        "runner N (pid N) ended by itself with -N"
    ]
    assert outcome.broken == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_interrupted_it_leaves_nothing_behind(number: signal.Signals) -> None:
    """Killed, it can't remove its directories (the next one does); but whatever it has started ends with it."""
    temporary = Path(tempfile.mkdtemp(prefix="faultline-test-"))
    temporary.chmod(0o711)
    process = subprocess.Popen(
        [*COMMAND, "drill", "runner-kill", "--seconds", "600s"],
        env=environment(TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any("bit (pid" in line for line in process.stdout)
    theirs = children(process.pid)
    assert len(theirs) >= 3  # the server, the receiver, a runner
    process.send_signal(number)
    process.communicate(timeout=SECONDS)
    if number == signal.SIGKILL:
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in theirs), "all of them have ended")
        shutil.rmtree(temporary)
        return
    assert process.returncode == 128 + number
    assert [pid for pid in theirs if Path(f"/proc/{pid}").exists()] == []
    assert list(temporary.iterdir()) == []
    temporary.rmdir()
