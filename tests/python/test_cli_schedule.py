"""`faultline schedule …`: files are applied, schedules shown, and what an operator does to them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.cli.output import ANSI
from tests.support.cli import COMMAND, SECONDS, Cli, environment
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.database import Database

FILE = """\
schedules:
  - name: report
    cron: 0 9 * * 1-5
    timezone: Europe/Berlin
    type: report
    payload: {table: orders}
  - {name: sweep, every: 30s, type: sweep, missed: skip}
"""
NASTY = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u202eevil\u202c"
LAST_WEEK = "update faultline.schedules set ticks_after = now() - interval '2 hours'"


@pytest.fixture
def cli(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs.yaml").write_text(FILE)
    return Cli(db.dsn)


@pytest.fixture
def applied(cli: Cli) -> Cli:
    cli.good("schedule", "apply", "jobs.yaml", "--yes")
    return cli


def names(db: Database) -> list[str]:
    return [name for (name,) in db.rows("select schedule from faultline.schedule_list order by schedule")]


class TestApply:
    def test_it_shows_the_difference_and_changes_nothing_without_a_yes(self, cli: Cli, db: Database) -> None:
        result = cli("schedule", "apply", "jobs.yaml")
        assert result.exit_code == 1
        assert result.stdout.splitlines() == [
            "+ report  weekdays at 09:00, Europe/Berlin: job report",
            "+ sweep  every 30s: job sweep",
            "nothing was changed: --yes changes it",
        ]
        assert names(db) == []

    def test_with_a_yes_the_database_is_equal_to_the_file_and_again_nothing_is_to_do(
        self, cli: Cli, db: Database
    ) -> None:
        assert cli.good("schedule", "apply", "jobs.yaml", "--yes").splitlines()[-1] == "done"
        assert names(db) == ["report", "sweep"]
        rows = "select schedule, version, cursor from faultline.schedule_list order by schedule"
        before = db.rows(rows)
        for _ in range(2):
            assert cli.good("schedule", "apply", "jobs.yaml") == "nothing to do: 2 schedules as in the file\n"
            assert cli.good("schedule", "apply", "jobs.yaml", "--yes").startswith("nothing to do")
        assert db.rows(rows) == before

    def test_what_has_changed_is_shown_key_by_key_and_what_is_gone_is_deleted(
        self, applied: Cli, db: Database, tmp_path: Path
    ) -> None:
        changed = FILE.replace("0 9 ", "30 8 ").replace("orders", "bills").splitlines()[:-1]
        (tmp_path / "jobs.yaml").write_text("\n".join([*changed, "  - {name: new, every: 1h, type: n}"]))
        shown = applied.good("schedule", "apply", "jobs.yaml", "--yes").splitlines()
        assert shown == [
            "~ report",
            "    cron: 0 9 * * 1-5 → 30 8 * * 1-5",
            '    payload: {"table": "orders"} → {"table": "bills"}',
            "+ new  every 1h: job n",
            "- sweep  every 30s: job sweep",
            "done",
        ]
        assert names(db) == ["new", "report"]

    def test_two_files_leave_each_other_alone_and_so_does_what_was_put_otherwise(
        self, applied: Cli, db: Database, tmp_path: Path
    ) -> None:
        (tmp_path / "other.yaml").write_text("schedules: [{name: other, every: 1h, type: t}]")
        db.execute("""select faultline.put_schedule('{"name": "by-hand", "every": "1h", "type": "t"}')""")
        applied.good("schedule", "apply", "other.yaml", "--yes")
        assert names(db) == ["by-hand", "other", "report", "sweep"]
        (tmp_path / "jobs.yaml").write_text("schedules: []")
        applied.good("schedule", "apply", "jobs.yaml", "--yes")
        assert names(db) == ["by-hand", "other"]

    def test_a_schedule_that_moves_to_another_file_says_so(self, applied: Cli, db: Database, tmp_path: Path) -> None:
        (tmp_path / "other.yaml").write_text(FILE)
        assert "    source: jobs.yaml → other.yaml" in applied("schedule", "apply", "other.yaml").stdout.splitlines()
        applied.good("schedule", "apply", "other.yaml", "--yes")
        (tmp_path / "jobs.yaml").write_text("schedules: []")
        applied.good("schedule", "apply", "jobs.yaml", "--yes")
        assert names(db) == ["report", "sweep"]

    def test_a_file_may_say_what_it_is_called_and_stdin_has_to(self, applied: Cli, db: Database) -> None:
        said = applied.refused(2, "schedule", "apply", "-", stdin="schedules: []")
        assert said == "what comes from stdin has no name: write source: NAME in it, or say --source NAME"
        applied.good("schedule", "apply", "-", "--yes", stdin="source: jobs.yaml\nschedules: []")
        assert names(db) == []
        applied.good("schedule", "apply", "jobs.yaml", "--yes", "--source", "else")
        assert db.scalar("select definition ->> 'source' from faultline.schedule_list limit 1") == "else"
        both = applied.refused(2, "schedule", "apply", "-", "--source", "b", stdin="source: a\nschedules: []")
        assert both == "--source is b, and the file says source: a: keep one of them"

    def test_a_file_whose_name_is_no_name_needs_one(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "a b.yaml").write_text(FILE)
        assert "write source: NAME in the file" in cli.refused(2, "schedule", "apply", "a b.yaml")

    def test_all_faults_are_lines_with_file_line_and_column_and_nothing_is_changed(
        self, applied: Cli, db: Database, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.yaml").write_text(
            "source: jobs.yaml\nschedules:\n"
            "  - {name: a, cron: '0 25 * * *', timezone: UTC, type: t}\n"
            "  - {name: b, every: 1s, type: t}\n"
            "  - {name: c, every: 1s, workflow: nowhere}\n"
        )
        result = applied("schedule", "apply", "bad.yaml", "--yes")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines() == [
            "bad.yaml:3:24: schedules[0].cron: hour '25' at character 3 is out of bounds (It lies between 0 and 23)",
            "bad.yaml:5:26: schedules[2].workflow: there is no workflow nowhere (put_workflow comes first.)",
        ]
        assert names(db) == ["report", "sweep"]
        (tmp_path / "bad.yaml").write_text("schedules:\n  - {name: a, corn: 1}\n")
        assert applied("schedule", "apply", "bad.yaml").stderr == (
            "bad.yaml:2:15: schedules[0]: it has the unknown key 'corn' (Did you mean cron?)\n"
        )
        faults = json.loads(applied("schedule", "apply", "bad.yaml", "--json").stdout)["faults"]
        assert [(fault["line"], fault["column"]) for fault in faults] == [(2, 15)]

    def test_all_or_nothing(self, cli: Cli, db: Database) -> None:
        """The last one is refused only when it is put."""
        db.execute(
            "create function refuse() returns trigger language plpgsql as $$ begin"
            " if new.schedule = 'sweep' then raise exception 'not this one'; end if; return new; end $$"
        )
        db.execute("create trigger refuse before update on faultline.schedules for each row execute function refuse()")
        assert "not this one" in cli("schedule", "apply", "jobs.yaml", "--yes").stderr
        assert names(db) == []

    def test_as_json(self, cli: Cli) -> None:
        first = json.loads(cli("schedule", "apply", "jobs.yaml", "--json").stdout)
        assert (first["applied"], [row["action"] for row in first["schedules"]]) == (False, ["create", "create"])
        second = cli.json("schedule", "apply", "jobs.yaml", "--yes")
        assert (second["applied"], second["source"]) == (True, "jobs.yaml")
        third = cli.json("schedule", "apply", "jobs.yaml")
        assert (third["applied"], {row["action"] for row in third["schedules"]}) == (True, {"keep"})

    @pytest.mark.usefixtures("cli")
    def test_on_a_terminal_it_asks(self, db: Database, tmp_path: Path) -> None:
        assert "Change that? [y/N]" in on_terminal(db, tmp_path, "n\n", "schedule", "apply", "jobs.yaml")
        assert names(db) == []
        on_terminal(db, tmp_path, "y\n", "schedule", "apply", "jobs.yaml")
        assert names(db) == ["report", "sweep"]

    @pytest.mark.usefixtures("cli")
    @pytest.mark.parametrize(
        "meanwhile",
        [
            'select faultline.put_schedule(\'{"name": "sweep", "every": "5m", "type": "sweep"}\')',
            'select faultline.put_schedule(\'{"name": "old", "every": "5m", "type": "t", "source": "jobs.yaml"}\')',
        ],
    )
    def test_what_changes_while_somebody_looks_at_the_difference_is_left_alone(
        self, db: Database, tmp_path: Path, meanwhile: str
    ) -> None:
        def look() -> None:
            db.execute(meanwhile)

        shown = on_terminal(db, tmp_path, "y\n", "schedule", "apply", "jobs.yaml", before=look)
        there = names(db)
        assert f"{there[0]} changed after the difference was shown, and nothing was done" in " ".join(shown.split())
        assert len(there) == 1

    @pytest.mark.usefixtures("cli")
    def test_what_somebody_else_has_done_meanwhile_need_not_be_done(self, db: Database, tmp_path: Path) -> None:
        def look() -> None:
            Cli(db.dsn).good("schedule", "apply", "jobs.yaml", "--yes")

        assert "done" in on_terminal(db, tmp_path, "y\n", "schedule", "apply", "jobs.yaml", before=look)
        assert db.rows("select version from faultline.schedule_list") == [(1,), (1,)]

    def test_schedules_are_locked_in_the_order_of_their_names(self, cli: Cli, db: Database, tmp_path: Path) -> None:
        rows = ["  - {name: b, every: %s, type: t}", "  - {name: a, every: %s, type: t}"]
        (tmp_path / "jobs.yaml").write_text("\n".join(["schedules:", *(row % "1h" for row in rows)]))
        cli.good("schedule", "apply", "jobs.yaml", "--yes")
        (tmp_path / "jobs.yaml").write_text("\n".join(["schedules:", *(row % "2h" for row in rows)]))
        holder = db.connect(autocommit=False)
        holder.execute("select from faultline.schedules where schedule = 'a' for update")
        with ThreadPoolExecutor(1) as other:
            done = other.submit(cli.good, "schedule", "apply", "jobs.yaml", "--yes")
            until(lambda: db.scalar("select count(*) from pg_locks where not granted") > 0, "it waits for a")
            holder.execute("select from faultline.schedules where schedule = 'b' for update nowait")
            holder.rollback()
            assert done.result().endswith("done\n")

    def test_a_default_isolation_makes_no_difference(self, cli: Cli, db: Database) -> None:
        strict = psycopg.conninfo.make_conninfo(db.dsn, options="-c default_transaction_isolation=serializable")
        cli.good("schedule", "apply", "jobs.yaml", "--yes", "--dsn", strict)
        assert "job " in cli.good("schedule", "run", "sweep", "--dsn", strict)

    def test_durations_are_shown_as_people_write_them(self, applied: Cli, tmp_path: Path) -> None:
        changed = FILE.replace("every: 30s", "every: 90s, jitter: 5m, timeout: 250ms")
        (tmp_path / "jobs.yaml").write_text(changed)
        shown = applied("schedule", "apply", "jobs.yaml").stdout.splitlines()
        assert shown[1:4] == ["    every: 30s → 90s", "    jitter: none → 5m", "    timeout: none → 250ms"]


def on_terminal(
    db: Database, directory: Path, answer: str, *arguments: str, before: Callable[[], object] = lambda: None
) -> str:
    """What the command shows on a terminal of 80 columns; `before` is done before it is answered."""
    ours, theirs = pty.openpty()
    variables = environment(FAULTLINE_DSN=db.dsn, COLUMNS="80", TERM="xterm")
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=directory, stdin=theirs, stdout=theirs, stderr=theirs, env=variables
    )
    os.close(theirs)
    shown = b""
    sent = False
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:
            break
        if answer and not sent and b"[y/N]" in shown:
            before()
            os.write(ours, answer.encode())
            sent = True
    process.wait(SECONDS)
    os.close(ours)
    return shown.decode()


class TestShown:
    def test_the_list_says_when_in_words(self, applied: Cli) -> None:
        lines = applied.good("schedule", "list").splitlines()
        assert lines[0].split() == ["SCHEDULE", "WHEN", "WHAT", "LAST", "NEXT"]
        assert lines[1].startswith("report    weekdays at 09:00, Europe/Berlin  job report  never  in ")
        assert lines[2].startswith("sweep     every 30s")

    def test_no_schedule_is_no_error(self, cli: Cli) -> None:
        assert cli.good("schedule", "list") == ""
        assert cli.json("schedule", "list") == []

    @pytest.mark.usefixtures("applied")
    def test_the_list_fits_into_80_columns_of_a_terminal(self, db: Database, tmp_path: Path) -> None:
        definition = {"name": "n" * 128, "cron": "0 0 1,15 */2 MON#1,5L", "timezone": "UTC", "type": "t" * 128}
        db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition))
        shown = on_terminal(db, tmp_path, "", "schedule", "list")
        assert all(len(line) <= 80 for line in ANSI.sub("", shown).splitlines())

    def test_json_has_what_the_view_has_and_the_next_ticks(self, applied: Cli) -> None:
        report, sweep = applied.json("schedule", "list")
        assert report["when"] == "weekdays at 09:00, Europe/Berlin"
        assert report["definition"]["payload"] == {"table": "orders"}
        assert len(report["next_ticks"]) == 5
        ticks = [datetime.fromisoformat(tick) for tick in sweep["next_ticks"]]
        assert all(tick.timestamp() % 30 == 0 for tick in ticks)

    def test_show_has_the_last_ticks_and_what_became_of_them(self, applied: Cli, db: Database) -> None:
        db.execute(LAST_WEEK)
        applied.good("schedule", "tick")
        shown = applied.good("schedule", "show", "sweep")
        assert "every 30s" in shown
        assert "missed so far  23" in shown
        assert "queued" in shown
        assert shown.count(" made ") == 2 or shown.count(" made ") == 3
        document = applied.json("schedule", "show", "sweep")
        assert document["ticks"][0]["outcome"] == "made"
        assert document["ticks"][0]["state"] == "queued"
        assert len(document["ticks"]) in {2, 3}
        assert len(applied.json("schedule", "show", "sweep", "--limit", 1)["ticks"]) == 1

    def test_show_has_all_of_a_definition(self, cli: Cli, db: Database) -> None:
        given = {
            "queue": "slow",
            "priority": 4,
            "max_attempts": 7,
            "timeout": "90s",
            "jitter": "5m",
            "tags": ["nightly"],
            "headers": {"team": "b"},
            "backoff": {"kind": "fixed", "delay": "2s"},
            "description": "What was sold",
            "starts_at": "2020-01-01T00:00:00Z",
            "ends_at": "2999-01-01T00:00:00Z",
            "missed": "all",
        }
        definition = json.dumps({"name": "s", "every": "1h", "type": "t", **given})
        db.execute("select faultline.put_schedule(%s::jsonb)", definition)
        shown = cli.good("schedule", "show", "s")
        fields = dict(line.split("  ", 1) for line in shown.splitlines() if not line.startswith(" "))
        wanted = {"queue": "slow", "priority": "4", "max attempts": "7", "timeout": "90s", "jitter": "5m"}
        assert {name: fields[name].strip() for name in wanted} == wanted
        assert all(word in shown for word in ("nightly", "team", "fixed", "What was sold", "2020-01-01", "2999-01-01"))

    def test_a_last_tick_that_retention_has_removed_was_not_never(self, applied: Cli, db: Database) -> None:
        db.execute("update faultline.schedules set forgotten_until = now() - interval '40 days'")
        assert "  40d ago  " in applied.good("schedule", "list").splitlines()[1]

    def test_a_tick_of_this_second_is_now_and_not_just_now(self, cli: Cli, db: Database) -> None:
        db.execute('select faultline.put_schedule(\'{"name": "s", "every": "1s", "type": "t"}\')')
        assert cli.good("schedule", "list").splitlines()[1].endswith("  never  now")
        assert cli.good("schedule", "resume", "s") == "s goes on, next now\n"

    def test_show_of_one_that_is_not_there(self, cli: Cli) -> None:
        assert cli.refused(1, "schedule", "show", "x") == (
            "there is no schedule x: `faultline schedule list` shows those that there are"
        )

    def test_hostile_text_does_not_reach_the_terminal(self, cli: Cli, db: Database) -> None:
        definition = {"name": "s", "every": "1s", "type": "t", "description": NASTY, "payload": {NASTY: NASTY}}
        db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition))
        cli.good("schedule", "pause", "s", "--note", NASTY)
        for arguments in (("list",), ("show", "s"), ("list", "--json"), ("show", "s", "--json")):
            shown = cli.good("schedule", *arguments)
            assert "\x1b" not in shown
            assert "--json" in arguments or "\u202e" not in shown


class TestOperator:
    def test_pause_and_resume(self, applied: Cli) -> None:
        assert applied.good("schedule", "pause", "sweep", "--note", "not now") == (
            "paused sweep: `faultline schedule resume sweep` lets it go on\n"
        )
        assert "paused: not now" in applied.good("schedule", "list")
        assert applied.json("schedule", "list")[1]["next_ticks"] == []
        assert applied.good("schedule", "resume", "sweep").startswith("sweep goes on, next ")
        assert applied.json("schedule", "pause", "sweep") == {"schedule": "sweep", "paused": True}
        assert applied.json("schedule", "resume", "sweep") == {"schedule": "sweep", "paused": False}

    def test_delete(self, applied: Cli, db: Database) -> None:
        assert applied.good("schedule", "delete", "sweep") == "deleted sweep\n"
        assert names(db) == ["report"]
        assert "there is no schedule sweep" in applied.refused(1, "schedule", "delete", "sweep")
        assert applied.json("schedule", "delete", "report") == {"schedule": "report", "deleted": True}

    @pytest.mark.parametrize("verb", ["pause", "resume", "run"])
    def test_of_one_that_is_not_there(self, cli: Cli, verb: str) -> None:
        assert "there is no schedule x" in cli.refused(1, "schedule", verb, "x")

    def test_run_makes_a_job_now_also_of_one_that_is_paused(self, applied: Cli, db: Database) -> None:
        applied.good("schedule", "pause", "report")
        made = applied.json("schedule", "run", "report")
        job = db.scalar("select faultline.job_status(%s)", made["job_id"])
        assert (job["type"], job["payload"]["table"], made["run_id"]) == ("report", "orders", None)
        assert applied.good("schedule", "run", "report") == f"job {made['job_id'] + 1}\n"

    def test_run_begins_a_workflow(self, cli: Cli, db: Database) -> None:
        db.execute("""select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "a"}}}')""")
        db.execute("""select faultline.put_schedule('{"name": "s", "every": "1h", "workflow": "w"}')""")
        made = cli.json("schedule", "run", "s")
        assert db.scalar("select faultline.run_status(%s) ->> 'workflow'", made["run_id"]) == "w"
        assert cli.good("schedule", "run", "s") == f"run {made['run_id'] + 1}\n"
        assert "run " in cli.good("schedule", "show", "s")


class TestBackfill:
    MARCH = ("--from", "2026-03-27", "--to", "2026-03-31T23:59")

    def test_a_dry_run_makes_nothing(self, applied: Cli, db: Database) -> None:
        shown = applied.good("schedule", "backfill", "report", *self.MARCH, "--dry-run").splitlines()
        assert shown == [
            "2026-03-27 09:00:00 +0100  would be made",
            "2026-03-30 09:00:00 +0200  would be made",
            "2026-03-31 09:00:00 +0200  would be made",
            "3 ticks, 3 would be made",
        ]
        assert db.scalar("select count(*) from faultline.jobs") == 0

    def test_each_tick_is_made_once_however_often_it_is_asked_for(self, applied: Cli, db: Database) -> None:
        first = applied.good("schedule", "backfill", "report", *self.MARCH).splitlines()
        assert first[-1] == "3 ticks, 3 made"
        again = applied.good("schedule", "backfill", "report", *self.MARCH).splitlines()
        assert again[0] == "2026-03-27 09:00:00 +0100  was made before: job 1"
        assert again[-1] == "3 ticks, 0 made"
        dry = applied.json("schedule", "backfill", "report", *self.MARCH, "--dry-run")
        assert [(tick["created"], tick["job_id"]) for tick in dry] == [(False, 1), (False, 2), (False, 3)]
        payloads = db.rows("select payload ->> 'tick_at' from faultline.jobs order by job_id")
        assert payloads == [(f"2026-03-{day}Z",) for day in ("27T08:00:00", "30T07:00:00", "31T07:00:00")]

    def test_times_with_an_offset_and_ends_that_are_ticks(self, applied: Cli) -> None:
        both = ("--from", "2026-03-27T08:00Z", "--to", "2026-03-30T09:00+02:00", "--dry-run")
        assert len(applied.json("schedule", "backfill", "report", *both)) == 2
        inside = ("--from", "2026-03-27T08:00:01Z", "--to", "2026-03-30T06:59:59Z", "--dry-run")
        assert applied.json("schedule", "backfill", "report", *inside) == []

    def test_ten_thousand_ticks_are_the_most(self, applied: Cli) -> None:
        most = ("--from", "2026-01-01T00:00:30Z", "--to", "2026-01-04T11:20:00Z", "--dry-run")
        assert len(applied.json("schedule", "backfill", "sweep", *most)) == 10_000
        more = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-04T11:20:00Z", "--dry-run")
        said = applied.refused(2, "schedule", "backfill", "sweep", *more)
        assert said == "these are more than 10000 ticks: take a shorter time"

    @pytest.mark.parametrize(
        ("first", "last", "said"),
        [
            ("2026-02-01", "2026-01-01", "--to 2026-01-01T00:00:00 is before --from 2026-02-01T00:00:00"),
            ("2026-02-01", "2999-01-01", "lies in the future: the database's clock says"),
            ("soon", "2026-01-01", "'soon' is no time: write 2030-01-31, 2030-01-31T08:00, or 2030-01-31T08:00Z"),
            ("0001-01-01", "2026-01-01", "is out of bounds: a time between 1970 and 2999"),
            ("1970-01-01", "2026-01-01", "is too long: at most ten years at once"),
        ],
    )
    def test_bad_times(self, applied: Cli, first: str, last: str, said: str) -> None:
        assert said in applied.refused(2, "schedule", "backfill", "report", "--from", first, "--to", last)

    def test_there_is_no_tick_before_the_start_nor_after_the_end(self, applied: Cli, db: Database) -> None:
        span = {"starts_at": "2026-01-01T00:00:01Z", "ends_at": "2026-01-01T02:00:00Z"}
        definition = json.dumps({"name": "report", "every": "1h", "type": "t", **span})
        db.execute("select faultline.put_schedule(%s::jsonb)", definition)
        backfill = ("schedule", "backfill", "report", "--from")
        years = applied.json(*backfill, "2010-01-01T00:00Z", "--to", "2026-02-01T00:00Z", "--dry-run")
        assert [tick["tick_at"][11:16] for tick in years] == ["01:00", "02:00"]
        assert applied.json(*backfill, "2010-01-01T00:00Z", "--to", "2026-02-01T00:00Z") == [
            {**tick, "job_id": at} for at, tick in enumerate(years, 1)
        ]
        for before_or_after in ("2025-01-01T00:00Z", "2026-01-01T02:00:01Z"):
            assert applied.json(*backfill, before_or_after, "--to", before_or_after) == []

    @pytest.mark.parametrize("more", ["--dry-run", "--json"])
    def test_what_the_database_refuses_is_said_and_counts_as_a_failure(
        self, applied: Cli, db: Database, more: str
    ) -> None:
        hours = json.dumps({"name": "report", "every": "1h", "type": "t"})
        db.execute("select faultline.put_schedule(%s::jsonb)", hours)
        times = "ticks_after = '2026-01-01T04:00Z', forgotten_until = '2026-01-01T02:00Z'"
        db.execute(f"update faultline.schedules set {times} where schedule = 'report'")
        span = ("--from", "2026-01-01T02:00Z", "--to", "2026-01-01T05:00Z")
        result = applied("schedule", "backfill", "report", *span, more, "--json")
        forgotten, *made, early = json.loads(result.stdout)
        assert result.exit_code == 1
        assert "may have happened: retention has removed the ticks" in forgotten["error"]
        assert [tick["created"] for tick in made] == [True, True]
        assert "is not past yet" in early["error"]
        db.execute("select faultline.pause_schedule('report')")
        last = ("--from", "2026-01-01T05:00Z", "--to", "2026-01-01T05:00Z")
        assert [tick["created"] for tick in applied.json("schedule", "backfill", "report", *last, more)] == [True]


class TestTick:
    def test_nothing_is_due(self, cli: Cli) -> None:
        assert cli.good("schedule", "tick") == "nothing is due\n"
        assert cli.json("schedule", "tick") == []

    def test_what_is_due_is_made_once(self, applied: Cli, db: Database) -> None:
        db.execute("select faultline.delete_schedule('sweep')")
        db.execute('select faultline.put_schedule(\'{"name": "hour", "every": "20m", "type": "t"}\')')
        db.execute(LAST_WEEK)
        (fired, *others) = [fired for fired in applied.json("schedule", "tick") if fired["schedule"] == "hour"]
        assert others == []
        assert (fired["outcome"], fired["job_id"] > 0, fired["run_id"]) == ("made", True, None)
        assert applied.json("schedule", "tick") == []

    def test_a_runner_s_rights_are_enough(self, applied: Cli, db: Database) -> None:
        db.execute(LAST_WEEK)
        rights = psycopg.conninfo.make_conninfo(db.dsn, options="-c role=faultline_runner")
        assert "made: job " in applied.good("schedule", "tick", "--dsn", rights)

    def test_a_default_isolation_makes_no_difference(self, applied: Cli, db: Database) -> None:
        db.execute(LAST_WEEK)
        strict = psycopg.conninfo.make_conninfo(db.dsn, options="-c default_transaction_isolation=serializable")
        assert "made: job " in applied.good("schedule", "tick", "--dsn", strict)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_watch_goes_on_until_it_is_stopped(self, db: Database, tmp_path: Path, number: signal.Signals) -> None:
        db.execute('select faultline.put_schedule(\'{"name": "s", "every": "1s", "type": "t"}\')')
        process = subprocess.Popen(
            [*COMMAND, "schedule", "tick", "--watch", "--json"],
            cwd=tmp_path,
            env=environment(FAULTLINE_DSN=db.dsn),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            made = "select count(*) from faultline.schedule_tick_log"
            until(lambda: db.scalar(made) >= 2, "two ticks")
            backends = (
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'faultline tick'"
            )
            assert db.rows(backends) == [(True,)]
            seen = db.scalar(made)
            until(lambda: db.scalar(made) > seen, "it goes on after its connection broke")
            process.send_signal(number)
            out, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
        lines: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
        assert {line["outcome"] for line in lines} == {"made"}
        ticks = [datetime.fromisoformat(line["tick_at"]).astimezone(UTC).timestamp() for line in lines]
        assert ticks == sorted(set(ticks))
