"""`faultline status|why|job …`: what people and machines see of jobs, and what an operator does to them."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import COMMAND, SECONDS, Cli, environment
from tests.support.jobs import Jobs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database

NASTY = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J bell\x07 \u202eevil\u202c\r\nsecond line"


@pytest.fixture
def cli(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    return Cli(db.dsn)


@pytest.fixture
def jobs(db: Database) -> Jobs:
    return Jobs(db)


def failing(db: Database, jobs: Jobs, count: int = 1, queue: str = "default") -> list[int]:
    return [jobs.dead(queue) for _ in range(count)]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["job_id"] for row in rows]


class TestOne:
    def test_status_shows_state_and_type(self, cli: Cli, jobs: Jobs) -> None:
        job = jobs.queued("mail")
        shown = cli.good("status", job)
        assert "queued" in shown
        assert "mail" in shown
        assert cli.json("status", job)["state"] == "queued"

    def test_json_is_what_the_server_wrote(self, db: Database, cli: Cli) -> None:
        job = db.scalar("select faultline.enqueue('work', '{\"n\": 1e5000, \"m\": 1.10}')")
        printed = cli.good("status", job, "--json")
        assert "1" + "0" * 5000 in printed
        assert '"m": 1.10' in printed
        assert "characters)" in cli.good("status", job), "for people it is shortened"

    def test_show_has_the_history(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        (job,) = failing(db, jobs)
        cli.good("job", "retry", job)
        shown = cli.json("job", "show", job)
        assert [event["verb"] for event in shown["events"]] == ["fail", "retry"]
        assert shown["payload"] == {}
        printed = cli.good("job", "show", job)
        assert "retry" in printed

    def test_show_has_the_error_with_its_traceback(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        job = jobs.running()
        error = {"type": "ValueError", "message": "no such user", "traceback": "line 1\nline 2"}
        db.execute("select faultline.fail_job(%s, 1, %s, false)", job, json.dumps(error))
        printed = cli.good("job", "show", job)
        assert "ValueError: no such user" in printed
        assert "line 2" in printed

    @pytest.mark.parametrize("command", ["why", "status"])
    def test_a_traceback_is_printed_line_by_line(self, db: Database, cli: Cli, jobs: Jobs, command: str) -> None:
        job = jobs.running()
        error = {"type": "ValueError", "message": "no such user", "traceback": "line 1\nline 2", "code": 7}
        db.execute("select faultline.fail_job(%s, 1, %s, false)", job, json.dumps(error))
        printed = [line.strip() for line in cli.good(command, job).splitlines()]
        assert printed[-4].split() == ["error", "ValueError:", "no", "such", "user"]
        assert printed[-3:] == ["line 1", "line 2", '{"code": 7}']

    def test_why_is_a_sentence_and_facts(self, cli: Cli, jobs: Jobs) -> None:
        job = jobs.queued("mail")
        cli.good("queue", "pause", "mail", "--note", "the provider is down")
        assert "the provider is down" in cli.good("why", job).splitlines()[0]
        answer = cli.json("why", job)
        assert answer["job_id"] == job
        assert answer["facts"]["queue_paused"] is True

    @pytest.mark.parametrize("command", [["status"], ["why"], ["job", "show"]])
    def test_an_unknown_job_is_a_bad_outcome(self, cli: Cli, command: list[str]) -> None:
        assert "no job 77" in cli.refused(1, *command, 77)

    @pytest.mark.parametrize("word", ["abc", "0", "-1", "1.5", str(2**63), "٣"])
    def test_what_is_no_id_is_wrong_usage(self, cli: Cli, word: str) -> None:
        assert repr(word) in cli.refused(2, "status", "--", word)


class TestList:
    def test_newest_first_as_one_array(self, cli: Cli, jobs: Jobs) -> None:
        first, second = jobs.queued(), jobs.queued("mail")
        rows = cli.json("job", "list")
        assert ids(rows) == [second, first]
        assert rows[0]["queue"] == "mail"
        assert cli.json("job", "list", "--queue", "nobody") == []

    def test_every_filter(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        (dead,) = failing(db, jobs)
        tagged = db.scalar("select faultline.enqueue('other', queue => 'mail', tags => '{a,b}')")
        old = jobs.queued()
        db.execute("update faultline.jobs_live set created_at = now() - interval '2 h' where job_id = %s", old)
        assert ids(cli.json("job", "list", "--state", "failed")) == [dead]
        assert ids(cli.json("job", "list", "--state", "failed", "--state", "queued")) == [old, tagged, dead]
        assert ids(cli.json("job", "list", "--queue", "mail")) == [tagged]
        assert ids(cli.json("job", "list", "--type", "other")) == [tagged]
        assert ids(cli.json("job", "list", "--tag", "a", "--tag", "b")) == [tagged]
        assert ids(cli.json("job", "list", "--tag", "a", "--tag", "c")) == []
        assert ids(cli.json("job", "list", "--since", "1h")) == [tagged, dead]
        assert ids(cli.json("job", "list", "--since", "2000-01-01T00:00Z")) == [old, tagged, dead]
        assert ids(cli.json("job", "list", "--limit", 1)) == [old]

    def test_says_when_there_are_more(self, cli: Cli, jobs: Jobs) -> None:
        jobs.queued()
        jobs.queued()
        assert "newest 1" in cli("job", "list", "--limit", 1).stderr
        assert cli("job", "list", "--limit", 2).stderr == ""

    def test_no_job_is_no_error(self, cli: Cli) -> None:
        result = cli("job", "list")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "no job matches" in result.stderr

    def test_what_producers_wrote_cannot_reach_the_terminal(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        job = jobs.running()
        error = json.dumps({"type": NASTY, "message": NASTY, "traceback": NASTY})
        db.execute("select faultline.fail_job(%s, 1, %s, false)", job, error)
        for command in (["job", "list"], ["job", "show", job], ["status", job], ["why", job]):
            printed = cli.good(*command)
            assert not set(printed) & set("\x1b\x07\x9b\r\u202e"), command
            assert "red" in printed or command[0] == "why"
        listed = cli.good("job", "list").splitlines()
        assert len(listed) == 2, "a line break would forge a row"
        raw = cli.good("job", "list", "--json")
        assert not set(raw) & set("\x1b\x07\x9b\r")
        assert json.loads(raw)[0]["error"]["message"] == NASTY


class TestVerbs:
    def test_retry_runs_a_dead_letter_again(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        dead = failing(db, jobs, 2)
        assert "retried 2 jobs" in cli.good("job", "retry", *dead)
        assert [jobs.shape(job).state for job in dead] == ["queued", "queued"]

    def test_discard_gives_it_up(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        (dead,) = failing(db, jobs)
        assert "discarded 1 job" in cli.good("job", "discard", dead)
        assert jobs.shape(dead).state == "discarded"

    def test_cancel_tells_a_request_from_the_deed(self, cli: Cli, jobs: Jobs) -> None:
        running, queued = jobs.running("a"), jobs.queued("b")
        answer = cli.json("job", "cancel", running, queued)
        assert {row["job_id"]: row["outcome"] for row in answer["changed"]} == {
            running: "requested",
            queued: "cancelled",
        }
        assert "asked 1 running job to stop" in cli.good("job", "cancel", running)

    def test_one_that_is_refused_does_not_keep_the_others_back(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        (dead,) = failing(db, jobs)
        running = jobs.running("busy")
        result = cli("job", "discard", dead, running, 777)
        assert result.exit_code == 1
        assert "discarded 1 job" in result.stdout
        assert f"job {running}: " in result.stderr
        assert "job 777: there is no job 777" in result.stderr
        assert jobs.shape(dead).state == "discarded"
        assert jobs.shape(running).state == "running"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["retry"], "--all"),
            (["retry", "--queue", "mail"], "--all"),
            (["retry", "1", "--all"], "not both"),
            (["retry", "1", "--queue", "mail"], "filters"),
            (["retry", "--all", "--state", "succeeded"], "cannot retry jobs that are succeeded"),
            (["cancel", "--all", "--state", "failed"], "cannot cancel jobs that are failed"),
            (["discard", "--all", "--state", "queued"], "cannot discard jobs that are queued"),
            (["discard", "--all", "--state", "lost"], "'lost'"),
        ],
    )
    def test_wrong_usage_changes_nothing(
        self, db: Database, cli: Cli, jobs: Jobs, arguments: list[str], said: str
    ) -> None:
        failing(db, jobs)
        before = db.rows("select * from faultline.jobs")
        assert said in cli.refused(2, "job", *arguments)
        assert db.rows("select * from faultline.jobs") == before


class TestBulk:
    def test_shows_count_and_sample_and_changes_nothing(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        dead = failing(db, jobs, 7)
        printed = cli.good("job", "retry", "--all", "--type", "work")
        assert "7 jobs to retry: state failed, type work" in printed
        assert "and 2 others" in printed
        assert "nothing has changed" in printed
        assert [jobs.shape(job).state for job in dead] == ["failed"] * 7

    def test_the_dry_run_is_a_document_too(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        failing(db, jobs, 7)
        answer = cli.json("job", "retry", "--all")
        assert (answer["dry_run"], answer["matching"], len(answer["sample"])) == (True, 7, 5)

    def test_with_yes_it_does_just_that(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        dead = failing(db, jobs, 3)
        other = failing(db, jobs, queue="mail")
        answer = cli.json("job", "retry", "--all", "--queue", "default", "--yes")
        assert [row["job_id"] for row in answer["changed"]] == dead
        assert (answer["dry_run"], answer["refused"]) == (False, [])
        assert jobs.shape(other[0]).state == "failed"

    @pytest.mark.parametrize(("answer", "state", "code"), [("y", "queued", 0), ("n", "failed", 1), ("", "failed", 1)])
    def test_at_a_terminal_it_asks(
        self, db: Database, jobs: Jobs, tmp_path: Path, answer: str, state: str, code: int
    ) -> None:
        (dead,) = failing(db, jobs)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "job", "retry", "--all"],
            cwd=tmp_path,
            env=environment(FAULTLINE_DSN=db.dsn, TERM="xterm"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        printed = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 4096):
                printed += part
        os.close(ours)
        assert process.wait(SECONDS) == code, printed.decode()
        assert b"Retry 1 job?" in printed
        assert jobs.shape(dead).state == state

    def test_limit_takes_the_oldest(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        dead = failing(db, jobs, 3)
        assert "2 jobs to retry" in cli.good("job", "retry", "--all", "--limit", 2)
        cli.good("job", "retry", "--all", "--limit", 2, "--yes")
        assert [jobs.shape(job).state for job in dead] == ["queued", "queued", "failed"]

    def test_cancel_means_what_can_be_cancelled(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        (dead,) = failing(db, jobs)
        running, queued = jobs.running("a"), jobs.queued("b")
        printed = cli.good("job", "cancel", "--all", "--yes")
        assert "cancelled 1 job" in printed
        assert "asked 1 running job" in printed
        assert [jobs.shape(job).state for job in (dead, running, queued)] == ["failed", "running", "cancelled"]

    def test_more_than_a_batch(self, db: Database, cli: Cli) -> None:
        db.execute(
            "select faultline.enqueue_many(jsonb_agg(jsonb_build_object('type', 'work'))) from generate_series(1, 1201)"
        )
        assert "cancelled 1,201 jobs" in cli.good("job", "cancel", "--all", "--yes")
        assert db.scalar("select count(*) from faultline.jobs where state = 'cancelled'") == 1201

    def test_nothing_to_do_is_no_error(self, cli: Cli) -> None:
        assert "0 jobs to retry" in cli.good("job", "retry", "--all")
        assert "retried 0 jobs" in cli.good("job", "retry", "--all", "--yes")


class TestQueues:
    def test_pause_and_resume(self, cli: Cli, jobs: Jobs) -> None:
        jobs.queued("mail")
        cli.good("queue", "pause", "mail", "--note", "later")
        (shown,) = cli.json("queue", "list")
        assert (shown["queue"], shown["paused"], shown["paused_note"], shown["queued"]) == ("mail", True, "later", 1)
        assert "paused: later" in cli.good("queue", "list")
        cli.good("queue", "resume", "mail")
        assert cli.json("queue", "list")[0]["paused"] is False

    def test_set_and_reset(self, db: Database, cli: Cli) -> None:
        cli.good("queue", "set", "mail", "--max-running", 3, "--lease", "1500ms", "--max-attempts", 9)
        cli.good("queue", "set", "mail", "--backoff", '{"kind": "fixed", "delay": "5s"}', "--reset", "max-attempts")
        assert db.rows(
            "select max_running, max_attempts, lease = interval '1.5 s', backoff ->> 'delay' from faultline.queues"
        ) == [(3, None, True, "5s")]

    def test_what_is_set_for_a_runner_changes_no_queue(self, db: Database, cli: Cli) -> None:
        cli.good("queue", "set", "mail", "--max-running", 3, FAULTLINE_MAX_ATTEMPTS="9", FAULTLINE_LEASE="2s")
        cli.good("queue", "set", "mail", FAULTLINE_QUEUE_MAX_RUNNING="4")
        assert db.rows("select max_running, max_attempts, lease from faultline.queues") == [(4, None, None)]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "say what to set"),
            (["--max-running", "0"], "--max-running"),
            (["--max-running", "3", "--reset", "max-running"], "both set and reset"),
            (["--lease", "5ms"], "lease"),
            (["--backoff", '{"delay": -1}'], "backoff"),
            (["--reset", "everything"], "'everything'"),
        ],
    )
    def test_wrong_settings_are_wrong_usage(self, db: Database, cli: Cli, arguments: list[str], said: str) -> None:
        assert said in cli.refused(2, "queue", "set", "mail", *arguments)
        assert db.rows("select * from faultline.queues") == []


class TestVerify:
    def test_healthy_is_good(self, cli: Cli) -> None:
        assert "healthy" in cli.good("verify")
        assert cli.json("verify") == []

    def test_a_violation_is_a_bad_outcome(self, db: Database, cli: Cli, jobs: Jobs) -> None:
        job = jobs.queued()
        db.execute("alter table faultline.jobs_live disable trigger user")
        result = cli("verify")
        assert result.exit_code == 1
        assert "found" in result.stdout
        machine = cli("verify", "--json")
        assert machine.exit_code == 1
        assert {"promise", "check_name", "subject", "detail"} == set(json.loads(machine.stdout)[0])
        assert jobs.shape(job).state == "queued"
