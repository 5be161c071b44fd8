"""The parts of a drill by themselves: which faults are chosen, when one counts, what a report says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from faultline.drill import GUARDS, arena, controls, play, scenarios
from faultline.drill.faults import commits, contention, runners
from faultline.drill.play import Outcome, Told
from faultline.drill.report import TITLE_WIDTH, Report
from tests.support.cli import refused, run

if TYPE_CHECKING:
    from tests.support.database import Database


def told(name: str = "fault", injected: int = 1, bit: int = 1, missing: str | None = None) -> Told:
    return Told(name, f"the title of {name}", injected, bit, missing, [{"pid": 1}] * bit)


def outcome(*faults: Told, violations: tuple[str, ...] = ()) -> Outcome:
    made = Outcome("scenario", "its title", Path("/nowhere"), list(faults))
    made.numbers = {"jobs": 7, "charges": 1}
    made.violations = list(violations)
    return made


class TestChoice:
    def test_no_name_is_everything(self) -> None:
        assert scenarios.chosen(()) == list(scenarios.ALL)

    def test_a_scenario_by_its_name(self) -> None:
        assert [scenario.name for scenario in scenarios.chosen(("server", "runners"))] == ["runners", "server"]

    def test_a_fault_by_its_name_is_played_in_its_scenario(self) -> None:
        (scenario,) = scenarios.chosen(("runner-kill",))
        assert (scenario.name, scenario.faults) == ("runners", (runners.Kill,))

    def test_a_name_that_is_none(self) -> None:
        with pytest.raises(KeyError, match="runner-kiss"):
            scenarios.chosen(("runner-kill", "runner-kiss"))

    def test_names_are_names_of_one_thing(self) -> None:
        names = [scenario.name for scenario in scenarios.ALL]
        names += [fault.name for scenario in scenarios.ALL for fault in scenario.faults]
        assert len(names) == len(set(names))

    def test_each_fault_says_what_it_does_within_its_column(self) -> None:
        titles = [fault.title for scenario in scenarios.ALL for fault in scenario.faults]
        assert [title for title in titles if len(title) > TITLE_WIDTH] == []
        assert len(titles) == len(set(titles))

    def test_the_reply_of_a_verb_is_lost_that_is_really_called(self) -> None:
        """Each of them is a function of the schema: a mistyped one would never bite."""
        loader = (Path(__file__).parents[2] / "deploy/load.sql").read_text()
        assert [verb for verb in commits.PROVOKED if f"/{verb}.sql" not in loader] == []


class TestVerdict:
    def test_what_bit_and_broke_nothing_holds(self) -> None:
        report = Report(1, {}, [outcome(told())])
        assert (report.verdict, report.headline) == ("holds", "Everything held")

    def test_a_fault_that_never_bit_makes_it_void(self) -> None:
        report = Report(1, {}, [outcome(told(), told("other", injected=12, bit=0))])
        assert report.verdict == "void"
        assert "other" in report.headline

    def test_one_that_cannot_be_injected_is_named_and_no_reason_to_doubt_the_rest(self) -> None:
        report = Report(1, {}, [outcome(told(), told("absent", 0, 0, "it takes root"))])
        assert report.verdict == "holds"
        assert "  absent: it takes root" in list(report.lines())
        assert report.as_dict()["not_injectable"] == [
            {"scenario": "scenario", "fault": "absent", "why": "it takes root"}
        ]

    def test_a_violation_outweighs_everything(self) -> None:
        report = Report(1, {}, [outcome(told(bit=0), violations=("promise 1, lost: job x",))])
        assert report.verdict == "violated"
        assert "VIOLATION scenario: promise 1, lost: job x" in list(report.lines())

    def test_numbers_of_scenarios_add_up(self) -> None:
        report = Report(1, {}, [outcome(told()), outcome(told())])
        assert report.numbers == {"jobs": 14, "charges": 2}

    def test_files_say_the_same(self, tmp_path: Path) -> None:
        faults = (told("<b>"), told("void", 12, 0), told("absent", 0, 0, "it takes root"))
        report = Report(5, {"seconds": 0}, [outcome(*faults, violations=("a & b",))])
        report.save(tmp_path)
        document: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
        assert document["scenarios"][0]["violations"] == ["a & b"]
        (suite,) = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314 - our own
        assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
            "tests": "4",
            "failures": "2",
            "skipped": "1",
        }
        page = (tmp_path / "report.html").read_text()
        assert "&lt;b&gt;" in page
        assert "<b>" not in page


class TestControls:
    def test_a_guard_that_is_not_where_it_was_is_an_error(self) -> None:
        names = [control.name for control in controls.ALL]
        assert names == list(GUARDS)
        assert names == ["fence", "unique-key", "skip-locked", "fsync"]
        assert all(control.promises and control.faults for control in controls.ALL)


class TestCommand:
    def test_a_name_that_is_none_is_wrong_usage(self, tmp_path: Path) -> None:
        assert "runner-kiss" in refused(run("drill", "runner-kiss", cwd=tmp_path), 2)

    def test_a_control_has_its_own_faults(self, tmp_path: Path) -> None:
        done = run("drill", "runners", "--without", "fence", cwd=tmp_path)
        assert "--without and --soak have their own faults" in refused(done, 2)
        assert "--without and --soak" in refused(run("drill", "--soak", "--without", "fence", cwd=tmp_path), 2)

    def test_a_guard_that_is_none_is_wrong_usage(self, tmp_path: Path) -> None:
        assert "fences" in refused(run("drill", "--without", "fences", cwd=tmp_path), 2)

    def test_a_report_overwrites_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "mine").touch()
        assert "is not empty" in refused(run("drill", "--report", ".", cwd=tmp_path), 2)

    def test_the_list_names_every_fault(self, tmp_path: Path) -> None:
        shown = run("drill", "--list", cwd=tmp_path).stdout
        listed = json.loads(run("drill", "--list", "--json", cwd=tmp_path).stdout)
        for scenario, found in zip(scenarios.ALL, listed, strict=True):
            assert found["scenario"] == scenario.name
            for fault, described in zip(scenario.faults, found["faults"], strict=True):
                assert described == {"fault": fault.name, "title": fault.title, "missing": fault.needs()}
                assert fault.name in shown


class TestQuestions:
    @pytest.mark.parametrize(
        "question",
        [
            arena.UNFINISHED,
            arena.HELD.replace("%s::uuid", "gen_random_uuid()"),
            play.DEAD_LETTERS,
            runners.AT_WORK.replace("%s", "'{1}'"),
            runners.TAKEN_OVER.replace("%s", "'{1}'"),
            runners.VALID,
            contention.RUNNING,
        ],
    )
    def test_what_is_asked_all_the_time_reads_nothing_that_is_over(self, db: Database, question: str) -> None:
        """A soak asks it beside a million finished jobs."""
        plan = "\n".join(line for (line,) in db.rows(f"explain {question}"))
        assert "jobs_live" in plan
        assert "jobs_done" not in plan
