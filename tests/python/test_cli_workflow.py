"""`faultline workflow …`: files are checked and put, runs begun, followed and changed."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from faultline.cli import following, output
from tests.support.cli import COMMAND, SECONDS, Cli, environment, run
from tests.support.running import process, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database

DIAMOND = """\
name: diamond
description: Four tasks
defaults: {retry: {max_attempts: 1}}
tasks:
  top:    {type: ok}
  left:   {type: ok, needs: top}
  right:  {type: ok, needs: top, for_each: input.parts}
  bottom: {type: ok, needs: [left, right]}
  alarm:  {type: ok, needs: bottom, when: failure}
"""
APP = """
from faultline import App, Discard, Job

app = App()

@app.handler("ok")
def ok(job: Job):
    if job.input.get("fail") == job.task:
        raise Discard("\\x1b[31mas told\\x1b[0m\\u202e to")
    if job.input.get("miss") == job.task:
        return job.input["day"]
    return job.task
"""
NASTY = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u202eevil\u202c"


@pytest.fixture
def cli(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "diamond.yaml").write_text(DIAMOND)
    (tmp_path / "work.py").write_text(APP)
    return Cli(db.dsn)


def put(cli: Cli, text: str) -> None:
    cli.good("workflow", "put", "-", stdin=text)


def begin(cli: Cli, **input_: Any) -> int:
    return int(cli.good("workflow", "run", "diamond", "--input", json.dumps({"parts": [1, 2], **input_})))


def states(cli: Cli, run_id: int) -> dict[str, str]:
    return {task["name"]: task["state"] for task in cli.json("workflow", "status", run_id)["tasks"]}


class TestFiles:
    def test_lint_needs_no_database(self, cli: Cli) -> None:
        assert cli.good("workflow", "lint", "diamond.yaml", FAULTLINE_DSN="host=nowhere.invalid") == (
            "diamond is good: 5 tasks\n"
        )
        assert cli.json("workflow", "lint", "diamond.yaml") == {"workflow": "diamond", "good": True, "faults": []}

    def test_each_fault_is_a_line_with_file_line_and_column(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text("name: t\ntasks:\n  a: {typ: x}\n  b: {type: b, needs: c}\n")
        for command in ("lint", "put"):
            result = cli("workflow", command, "bad.yaml")
            assert result.exit_code == 1
            assert result.stdout == ""
            assert result.stderr.splitlines() == [
                "bad.yaml:3:7: tasks.a: it has the unknown key 'typ' (Did you mean type?)",
                'bad.yaml:4:23: tasks.b.needs: there is no task "c" (Name a task of this workflow)',
            ]
        faults = json.loads(cli("workflow", "lint", "bad.yaml", "--json").stdout)["faults"]
        assert [(fault["line"], fault["column"], fault["path"]) for fault in faults] == [
            (3, 7, "tasks.a"),
            (4, 23, "tasks.b.needs"),
        ]

    def test_put_makes_a_version_only_if_something_has_changed(self, db: Database, cli: Cli) -> None:
        assert cli.good("workflow", "put", "diamond.yaml") == "diamond, version 1\n"
        assert cli.json("workflow", "put", "diamond.yaml") == {"workflow": "diamond", "version": 1}
        put(cli, DIAMOND + "# a remark\n")
        put(cli, DIAMOND.replace("Four", "Five"))
        assert db.scalar("select max(version) from faultline.workflow_log") == 2

    def test_what_only_the_database_sees_has_its_place_too(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text("name: t\ntasks:\n  a:\n    type: a\n    if: $.input.x >\n")
        result = cli("workflow", "put", "bad.yaml")
        assert result.exit_code == 1
        assert result.stderr.startswith("bad.yaml:5:5: tasks.a.if: ")
        assert db.scalar("select count(*) from faultline.workflow_log") == 0

    @pytest.mark.parametrize("name", ["missing.yaml", "."])
    def test_a_file_that_can_not_be_read_is_wrong_usage(self, cli: Cli, name: str) -> None:
        assert repr(name) in cli.refused(2, "workflow", "lint", name)

    def test_a_device_without_end_is_too_long(self, cli: Cli) -> None:
        started = time.monotonic()
        assert "more than 1048576 bytes" in cli("workflow", "lint", "/dev/zero").stderr
        assert time.monotonic() - started < 5

    def test_hostile_text_does_not_reach_the_terminal(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text(json.dumps({"name": NASTY, "tasks": {NASTY: {NASTY: 1}}}))
        shown = cli("workflow", "lint", "bad.yaml").stderr
        assert "\x1b" not in shown
        assert "\u202e" not in shown

    def test_list_has_the_last_versions(self, cli: Cli) -> None:
        assert cli("workflow", "list").stderr == "there is no workflow\n"
        put(cli, DIAMOND)
        put(cli, DIAMOND.replace("Four", NASTY.encode("unicode_escape").decode()))
        put(cli, "name: other\ntasks: {a: {type: a}}")
        assert [(row["workflow"], row["version"], row["tasks"]) for row in cli.json("workflow", "list")] == [
            ("other", 1, 1),
            ("diamond", 2, 5),
        ]
        assert "newest 1" in cli("workflow", "list", "--limit", 1).stderr


class TestGraph:
    def test_text_has_each_task_after_what_it_needs(self, cli: Cli) -> None:
        lines = cli.good("workflow", "graph", "diamond.yaml").splitlines()
        assert [line.split()[0] for line in lines] == ["TASK", "top", "left", "right", "bottom", "alarm"]
        assert lines[4].split()[1:3] == ["left", "right"]
        assert max(map(len, lines)) <= 80

    def test_mermaid_and_dot_have_every_edge(self, cli: Cli) -> None:
        mermaid = cli.good("workflow", "graph", "diamond.yaml", "--format", "mermaid")
        assert mermaid.startswith("flowchart TD\n")
        assert mermaid.count("-->") == 4
        assert "n3 -. failure .-> n4" in mermaid
        dot = cli.good("workflow", "graph", "diamond.yaml", "--format", "dot")
        assert dot.startswith('digraph "diamond" {')
        assert '"left" -> "bottom"' in dot

    def test_a_run_gives_it_states_and_the_file_is_not_needed(self, cli: Cli) -> None:
        put(cli, DIAMOND)
        run_id = begin(cli)
        assert "queued" in cli.good("workflow", "graph", "diamond.yaml", "--run", run_id)
        assert ":::queued" in cli.good("workflow", "graph", "--run", run_id, "--format", "mermaid")
        shown = cli.json("workflow", "graph", "--run", run_id)
        assert [task["state"] for task in shown["tasks"]] == ["queued"] + ["waiting"] * 4

    def test_nothing_to_show_is_wrong_usage(self, cli: Cli) -> None:
        assert "name a FILE" in cli.refused(2, "workflow", "graph")


class TestRuns:
    def test_run_prints_the_id_and_the_same_key_is_the_same_run(self, cli: Cli) -> None:
        put(cli, DIAMOND)
        arguments = ("workflow", "run", "diamond", "--input", '{"parts": []}', "--key", "k")
        assert cli.good(*arguments) == "1\n"
        assert cli.json(*arguments) == {"run_id": 1}
        assert cli.good("workflow", "run", "diamond", "--input", "-", stdin='{"parts": [1]}') == "2\n"

    def test_wrong_inputs_are_refused(self, cli: Cli) -> None:
        put(cli, DIAMOND)
        assert "not JSON" in cli.refused(2, "workflow", "run", "diamond", "--input", "{")
        assert "not a JSON object" in cli.refused(2, "workflow", "run", "diamond", "--input", "[1]")
        assert "is no list" in cli.refused(2, "workflow", "run", "diamond", "--input", '{"parts": 5}')
        assert "no workflow other" in cli.refused(1, "workflow", "run", "other")
        assert "'0'" in cli.refused(2, "workflow", "status", "0")
        assert "no run 77" in cli.refused(1, "workflow", "status", 77)

    def test_status_and_its_verbs(self, cli: Cli) -> None:
        put(cli, DIAMOND)
        run_id = begin(cli)
        assert states(cli, run_id)["top"] == "queued"
        shown = cli.good("workflow", "status", run_id)
        assert "diamond, version 1" in shown
        assert "run 1 is cancelled" in cli.good("workflow", "cancel", run_id)
        assert cli.json("workflow", "cancel", run_id) == {"run_id": 1, "state": "cancelled"}
        assert set(states(cli, run_id).values()) == {"cancelled"}
        assert "run 1 is running" in cli.good("workflow", "resume", run_id)
        assert "no run 77" in cli.refused(1, "workflow", "resume", 77)

    def test_a_signal_carries_a_payload_or_none(self, cli: Cli) -> None:
        put(cli, "name: diamond\ntasks: {a: {wait_for: yes.please}, b: {wait_for: other}}")
        run_id = begin(cli)
        assert cli.good("workflow", "signal", run_id, "yes.please", '{"by": "Ada"}') == (
            "run 1 has the signal yes.please\n"
        )
        assert cli.json("workflow", "signal", run_id, "other") == {"run_id": 1, "signal": "other"}
        results = {task["name"]: task["result"] for task in cli.json("workflow", "status", run_id)["tasks"]}
        assert results == {"a": {"by": "Ada"}, "b": None}
        assert "no task of workflow diamond waits" in cli.refused(1, "workflow", "signal", run_id, "third")
        assert "not JSON" in cli.refused(2, "workflow", "signal", run_id, "other", "{")

    def test_every_option_is_a_variable(self, cli: Cli) -> None:
        put(cli, DIAMOND)
        variables = {"FAULTLINE_WORKFLOW_INPUT": '{"parts": []}', "FAULTLINE_WORKFLOW_KEY": "k"}
        assert cli.good("workflow", "run", "diamond", **variables) == "1\n"
        assert cli.json("workflow", "status", 1)["idempotency_key"] == "k"


class TestFollowing:
    def test_with_an_app_the_run_is_done_right_here(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        put(cli, DIAMOND)
        db.execute("select faultline.enqueue('ok', queue => 'other')")
        done = run(
            *("workflow", "run", "diamond", "--input", '{"parts": [1, 2]}', "--app", "work:app"),
            cwd=tmp_path,
            variables={"FAULTLINE_DSN": db.dsn},
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines[0] == "run 1 of diamond"
        assert lines[-1] == "run 1 has succeeded"
        assert "top: succeeded" in lines
        assert "right: succeeded, 2 of 2" in lines
        assert "alarm: skipped" in lines
        assert lines.index("top: succeeded") < lines.index("bottom: succeeded")
        assert db.rows("select queue, state from faultline.jobs where state = 'queued'") == [("other", "queued")]

    def test_a_run_that_fails_is_a_bad_outcome(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        put(cli, DIAMOND)
        done = run(
            *("workflow", "run", "diamond", "--input", '{"parts": [1, 2], "fail": "left"}', "--app", "work:app"),
            cwd=tmp_path,
            variables={"FAULTLINE_DSN": db.dsn},
        )
        assert done.returncode == 1
        assert "left: failed, " in done.stdout
        assert done.stdout.splitlines()[-1] == "run 1 has failed"
        assert "\x1b" not in done.stdout + done.stderr
        assert "alarm: succeeded" in done.stdout
        shown = cli.good("workflow", "status", 1)
        assert "as told" in shown
        assert "\x1b" not in shown

    def test_a_failure_says_of_what_kind_it_is_on_one_line(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        put(cli, DIAMOND)
        done = run(
            *("workflow", "run", "diamond", "--input", '{"parts": [], "miss": "top"}', "--app", "work:app"),
            cwd=tmp_path,
            variables={"FAULTLINE_DSN": db.dsn},
        )
        assert "top: failed, KeyError: 'day'" in done.stdout.splitlines()
        assert "top: KeyError: 'day'" in done.stderr.splitlines()
        assert "KeyError: 'day'" in cli.good("workflow", "status", 1)

    def test_as_json_there_is_the_status_and_nothing_else(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        put(cli, DIAMOND)
        done = run(
            *("workflow", "run", "diamond", "--input", '{"parts": []}', "--app", "work:app", "--json"),
            cwd=tmp_path,
            variables={"FAULTLINE_DSN": db.dsn},
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["state"] == "succeeded"

    def test_wait_watches_what_runners_do(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        put(cli, DIAMOND)
        with process(tmp_path, db.dsn, "work:app"):
            done = run(
                *("workflow", "run", "diamond", "--input", '{"parts": [1]}', "--wait"),
                cwd=tmp_path,
                variables={"FAULTLINE_DSN": db.dsn},
            )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "run 1 has succeeded")

    def test_who_waits_while_nobody_serves_the_queue_is_told_once(
        self, db: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "STILL_SECONDS", 0)
        put(cli, DIAMOND)
        db.execute("select faultline.register_runner(gen_random_uuid(), 'h', 1, '1', '{elsewhere}')")
        told: list[str] = []

        def cancel(text: str) -> None:
            told.append(text)
            db.execute("select faultline.cancel_run(1)")

        looks = iter(range(50))
        monkeypatch.setattr(time, "sleep", lambda _: next(looks))
        monkeypatch.setattr(output, "note", cancel)
        assert cli("workflow", "run", "diamond", "--input", '{"parts": []}', "--wait").exit_code == 1
        assert told[0].startswith("waiting: no runner serves the queue default.")
        assert len(told) == 1

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
    def test_a_signal_ends_it_gently_and_the_run_goes_on(
        self, number: signal.Signals, code: int, db: Database, cli: Cli, tmp_path: Path
    ) -> None:
        put(cli, "name: diamond\ntasks: {a: {wait_for: x}, b: {type: ok}}")
        with subprocess.Popen(
            [*COMMAND, "workflow", "run", "diamond", "--app", "work:app"],
            cwd=tmp_path,
            env=environment(FAULTLINE_DSN=db.dsn),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as watching:
            query = "select state from faultline.task_log where name = 'b'"
            until(lambda: db.rows(query) == [("succeeded",)], "it is at work")
            watching.send_signal(number)
            assert watching.wait(SECONDS) == code
        assert db.scalar("select state from faultline.run_log") == "running"
        assert db.scalar("select count(*) from faultline.runner_overview") == 0, "it has taken its leave"

    def test_on_a_terminal_there_is_a_table_of_80_columns(self, db: Database, cli: Cli, tmp_path: Path) -> None:
        put(cli, DIAMOND.replace("bottom", "b" * 100))
        shown = on_a_terminal(
            ["workflow", "run", "diamond", "--input", '{"parts": [1, 2]}', "--app", "work:app"], db.dsn, tmp_path
        )
        assert "run 1 has succeeded" in shown
        assert "2 of 2" in shown
        assert "…" in shown


def on_a_terminal(arguments: list[str], dsn: str, cwd: Path) -> str:
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "faultline.cli", *arguments],
        cwd=cwd,
        env=environment(FAULTLINE_DSN=dsn, TERM="xterm", COLUMNS="80", LINES="40"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as child:
        os.close(follower)
        parts = []
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
        assert child.wait(SECONDS) == 0, b"".join(parts)
    os.close(leader)
    return b"".join(parts).decode()
