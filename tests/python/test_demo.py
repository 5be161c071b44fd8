"""The demo: it tells the truth on any tree, and its verdict is false as soon as anything is."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from faultline.demo import direct, work
from faultline.demo.evidence import Event, Evidence, Fault, Row
from faultline.demo.files import LARGEST_FILE, Stamp, open_regular, path_of, survey, uri_of
from faultline.demo.verdict import Check, Comparison, compare, judge, results_of
from tests.support.cli import COMMAND, environment, refused, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 120
ODD_NAMES = (
    b"plain.txt",
    b"with space",
    b"quote'\"s",
    b"new\nline",
    b"not-utf8-\xff\xfe",
    b"percent%41",
    "ümlaut".encode(),
)
CONTENTS = (
    b"",
    b"\n",
    b"one",
    b" one  two\tthree\nfour\x0bfive\x0csix\r\n",
    b"\x00\xff\x85\xa0 \x1c\x1d",
    b"x" * (work.CHUNK - 1) + b" y",
    b"x" * work.CHUNK + b"y z",
    b"x" * (work.CHUNK - 1) + b"y" + b" " * work.CHUNK + b"z",
    bytes(range(256)) * 5000,
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Odd names, odd contents, and what is no regular file."""
    root = os.fsencode(tmp_path)
    for name, content in zip(ODD_NAMES, CONTENTS, strict=False):
        Path(os.fsdecode(root + b"/" + name)).write_bytes(content)
    deeper = tmp_path / "sub" / "deeper"
    deeper.mkdir(parents=True)
    for number, content in enumerate(CONTENTS):
        (deeper / f"file-{number}").write_bytes(content)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("not this one")
    (tmp_path / "link").symlink_to("plain.txt")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


class TestFiles:
    def test_finds_every_regular_file_and_says_what_it_leaves_out(self, tree: Path) -> None:
        found = survey(tree, 1000)
        assert len(found.files) == len(ODD_NAMES) + len(CONTENTS)
        assert found.skipped == {".git": 1, "symbolic links": 2, "special files": 1}
        assert found.size == sum(path_of(uri).stat().st_size for uri in found.files)
        assert found.stopped_at is None

    def test_stops_where_it_is_told_to(self, tree: Path) -> None:
        found = survey(tree, 3)
        assert (len(found.files), found.stopped_at) == (3, 3)
        everything = survey(tree, 1000)
        assert survey(tree, len(everything.files)).stopped_at is None

    def test_a_file_over_the_limit_is_left_out(self, tmp_path: Path) -> None:
        with (tmp_path / "sparse").open("wb") as file:
            file.truncate(LARGEST_FILE + 1)
        found = survey(tmp_path, 10)
        assert not found.files
        assert sum(found.skipped.values()) == 1

    def test_a_name_survives_whatever_it_is(self, tree: Path) -> None:
        for uri in survey(tree, 1000).files:
            assert uri.isascii()
            json.dumps(uri).encode()
            assert uri_of(path_of(uri)) == uri
            assert path_of(uri).is_file()

    def test_a_file_that_became_a_pipe_makes_nobody_wait(self, tree: Path) -> None:
        with pytest.raises(OSError, match="no regular file"):
            open_regular(tree / "pipe")
        with pytest.raises(OSError, match=r"."):
            open_regular(tree / "link")

    def test_the_two_ways_to_count_agree(self, tree: Path) -> None:
        for uri in survey(tree, 1000).files:
            result, count = work.count(path_of(uri)), direct.count(path_of(uri))
            assert count is not None
            assert (result["bytes"], result["lines"], result["words"], result["sha256"]) == (
                count.size,
                count.lines,
                count.words,
                count.sha256,
            ), uri

    def test_they_count_as_everybody_does(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(b" one  two\tthree\nfour\n")
        result = work.count(tmp_path / "f")
        assert (result["bytes"], result["lines"], result["words"]) == (21, 2, 4)

    def test_one_that_can_not_be_read_is_a_result_too(self, tmp_path: Path) -> None:
        assert work.count(tmp_path / "gone") == {"unreadable": "FileNotFoundError"}
        assert direct.count(tmp_path / "gone") is None


def stamps(tree: Path) -> dict[str, Stamp]:
    return survey(tree, 1000).files


def count_both(files: dict[str, Stamp]) -> tuple[dict[str, dict[str, Any]], dict[str, direct.Count | None]]:
    return (
        {uri: work.count(path_of(uri)) for uri in files},
        {uri: direct.count(path_of(uri)) for uri in files},
    )


class TestCompare:
    def test_equal_totals_of_all_files(self, tree: Path) -> None:
        files = stamps(tree)
        compared = compare(files, *count_both(files))
        assert compared.by_jobs == compared.directly
        assert compared.by_jobs.files == len(files)
        assert (compared.different, compared.changed) == ([], [])

    @pytest.mark.parametrize("wrong", [{"bytes": 5}, {"lines": 5}, {"words": 5}, {"sha256": "0" * 64}])
    def test_one_wrong_number_is_seen(self, tree: Path, wrong: dict[str, Any]) -> None:
        files = stamps(tree)
        results, counts = count_both(files)
        uri = uri_of(tree / "plain.txt")
        results[uri] |= wrong
        compared = compare(files, results, counts)
        assert compared.different == [uri]
        assert compared.changed == []
        assert compared.by_jobs != compared.directly

    def test_a_missing_result_is_a_difference(self, tree: Path) -> None:
        files = stamps(tree)
        results, counts = count_both(files)
        uri = uri_of(tree / "plain.txt")
        del results[uri]
        assert compare(files, results, counts).different == [uri]

    def test_a_missing_result_of_a_missing_file_is_one_too(self, tree: Path) -> None:
        files = stamps(tree)
        results, counts = count_both(files)
        uri = uri_of(tree / "plain.txt")
        del results[uri]
        counts[uri] = None
        assert compare(files, results, counts).different == [uri]

    @pytest.mark.parametrize("when", ["before the job", "after the job", "before both, and back"])
    def test_a_file_that_changed_is_left_out_and_named(self, tree: Path, when: str) -> None:
        files = stamps(tree)
        path = tree / "with space"
        results, counts = count_both(files)
        path.write_text("something else")
        if when != "after the job":
            results[uri_of(path)] = work.count(path)
        if when != "before the job":
            path.write_bytes(CONTENTS[1])
        counts[uri_of(path)] = direct.count(path)
        compared = compare(files, results, counts)
        assert compared.changed == [uri_of(path)]
        assert compared.different == []
        assert compared.by_jobs == compared.directly
        assert compared.by_jobs.files == len(files) - 1

    def test_a_file_that_went_is_left_out_and_named(self, tree: Path) -> None:
        files = stamps(tree)
        first, second = tree / "plain.txt", tree / "with space"
        first.unlink()
        results, counts = count_both(files)
        second.unlink()
        counts[uri_of(second)] = direct.count(second)
        assert compare(files, results, counts).changed == sorted([uri_of(first), uri_of(second)])

    def test_a_job_that_could_not_read_what_did_not_change_is_a_difference(self, tree: Path) -> None:
        files = stamps(tree)
        results, counts = count_both(files)
        uri = uri_of(tree / "plain.txt")
        results[uri] = {"unreadable": "PermissionError"}
        assert compare(files, results, counts).different == [uri]


JOBS = 4
KILLED = frozenset({(1, 1), (2, 1)})
FROZEN = frozenset({(3, 1), (4, 1)})


def flawless() -> Evidence:
    """Four jobs; the killed runner held two, the frozen one the two others."""
    events = [Event(job, 1, "expire", "r", "") for job in range(1, JOBS + 1)]
    events.append(Event(3, 1, "stale", "r", "complete"))
    return Evidence(
        enqueued={f"file:///{job}": job for job in range(1, JOBS + 1)},
        killed=Fault("runner 1", 11, "a", KILLED, exit_code=-9),
        frozen=Fault("runner 2", 12, "b", FROZEN, state="T", state_before_waking="T", seconds=3.0),
        exit_codes={"runner 2": 0, "runner 3": 0},
        rows=[Row(job, f"file:///{job}", "succeeded", 2, {}) for job in range(1, JOBS + 1)],
        done_rows=dict.fromkeys(range(1, JOBS + 1), 1),
        events=events,
        violations=[],
    )


def comparison(tree: Path) -> Comparison:
    files = stamps(tree)
    return compare(files, *count_both(files))


def failing(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.holds]


def lose_a_job(evidence: Evidence) -> None:
    evidence.rows.pop()


def fail_a_job(evidence: Evidence) -> None:
    evidence.rows[0] = dataclasses.replace(evidence.rows[0], state="failed")


def swap_two_jobs(evidence: Evidence) -> None:
    evidence.rows[0] = dataclasses.replace(evidence.rows[0], job_id=2)


def finish_twice(evidence: Evidence) -> None:
    evidence.done_rows[2] = 2


def finish_a_stranger(evidence: Evidence) -> None:
    evidence.done_rows[99] = 1


def finish_one_for_another(evidence: Evidence) -> None:
    evidence.done_rows[99] = evidence.done_rows.pop(1)


def violate(evidence: Evidence) -> None:
    evidence.violations.append(("some_check", "job 1", "is wrong"))


def die_gently(evidence: Evidence) -> None:
    evidence.killed.exit_code = 0


def die_idle(evidence: Evidence) -> None:
    evidence.killed.held = frozenset()


def never_recover(evidence: Evidence) -> None:
    evidence.rows[0] = dataclasses.replace(evidence.rows[0], attempt=1)


def never_freeze(evidence: Evidence) -> None:
    evidence.frozen.state = "S"


def wake_up_early(evidence: Evidence) -> None:
    evidence.frozen.state_before_waking = "R"


def freeze_without_losing_a_lease(evidence: Evidence) -> None:
    evidence.events = [event for event in evidence.events if event.of not in FROZEN or event.verb != "expire"]


def report_nothing_late(evidence: Evidence) -> None:
    evidence.events = [event for event in evidence.events if event.verb != "stale"]


def report_late_elsewhere(evidence: Evidence) -> None:
    evidence.events[-1] = Event(1, 1, "stale", "r", "complete")


def accept_the_late_report(evidence: Evidence) -> None:
    evidence.rows[2] = dataclasses.replace(evidence.rows[2], attempt=1)


def forget_an_attempt(evidence: Evidence) -> None:
    evidence.rows[0] = dataclasses.replace(evidence.rows[0], attempt=3)


def end_badly(evidence: Evidence) -> None:
    evidence.exit_codes["runner 3"] = 1


def enqueue_nothing(evidence: Evidence) -> None:
    evidence.enqueued.clear()


class TestVerdict:
    def test_flawless_evidence_holds(self, tree: Path) -> None:
        checks = judge(flawless(), comparison(tree))
        assert failing(checks) == []
        assert len(checks) == 9

    @pytest.mark.parametrize(
        "tamper",
        [
            *(lose_a_job, fail_a_job, swap_two_jobs, finish_twice, finish_a_stranger, finish_one_for_another, violate),
            *(die_gently, die_idle, never_recover, never_freeze, wake_up_early, freeze_without_losing_a_lease),
            *(report_nothing_late, report_late_elsewhere, accept_the_late_report, forget_an_attempt, end_badly),
            enqueue_nothing,
        ],
    )
    def test_whatever_is_wrong_is_seen(self, tree: Path, tamper: Callable[[Evidence], None]) -> None:
        evidence = flawless()
        tamper(evidence)
        assert failing(judge(evidence, comparison(tree)))

    def test_totals_that_differ_are_seen(self, tree: Path) -> None:
        files = stamps(tree)
        results, counts = count_both(files)
        results[uri_of(tree / "plain.txt")]["words"] += 1
        assert failing(judge(flawless(), compare(files, results, counts))) == [
            "totals of the jobs = totals counted directly"
        ]

    def test_nothing_left_to_compare_proves_nothing(self) -> None:
        assert failing(judge(flawless(), compare({}, {}, {}))) == ["totals of the jobs = totals counted directly"]

    def test_only_what_succeeded_has_a_result(self) -> None:
        evidence = flawless()
        fail_a_job(evidence)
        assert len(results_of(evidence.rows)) == JOBS - 1


@pytest.fixture
def outside() -> Iterator[Path]:
    """Below the temporary directory, where the server's user gets through as well."""
    directory = Path(tempfile.mkdtemp(prefix="faultline-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


class TestWhole:
    """The real thing: a durable server, real runners, real signals."""

    def test_on_a_tree_with_odd_names(self, tree: Path, outside: Path) -> None:
        variables = {"TMPDIR": str(outside)}
        done = run("demo", str(tree), "--json", "--seed", "7", "--keep", cwd=outside, variables=variables)
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert report["ok"] is True
        assert report["files"] == len(ODD_NAMES) + len(CONTENTS)
        assert report["totals"]["jobs"] == report["totals"]["direct"]
        assert report["totals"]["jobs"]["bytes"] == sum(path_of(uri).stat().st_size for uri in stamps(tree))
        assert report["killed"]["exit_code"] == -9
        assert report["killed"]["leases_expired"] >= 1
        assert report["frozen"]["state"] == "T"
        assert report["frozen"]["leases_expired"] >= 1
        assert report["frozen"]["late_reports_refused"] >= 1
        assert report["leases_recovered"] == report["leases_expired"]
        assert report["attempts"] == report["files"] + report["retries"] + report["given_back"]
        assert report["retries"] >= report["killed"]["leases_expired"] + report["frozen"]["leases_expired"]
        assert all(check["holds"] for check in report["checks"])
        look = ("dev", "--data", report["kept"], "--", "faultline", "job", "list", "--json")
        kept = json.loads(run(*look, cwd=outside).stdout)
        assert {job["state"] for job in kept} == {"succeeded"}

    def test_on_one_file_as_people_see_it(self, outside: Path) -> None:
        (outside / "only.txt").write_text("one two\n")
        done = run("demo", cwd=outside)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "KILLED" in done.stdout
        assert "FROZE" in done.stdout
        assert "Everything adds up" in done.stdout
        assert "What to try next" in done.stdout
        assert not set(done.stdout) & set("\x1b\r")

    def test_interrupted_it_leaves_nothing_behind(self, tree: Path) -> None:
        temporary = Path(tempfile.mkdtemp(prefix="faultline-test-"))
        temporary.chmod(0o711)
        process = subprocess.Popen(
            [*COMMAND, "demo", str(tree)], env=environment(TMPDIR=str(temporary)), stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        pids = []
        for line in process.stdout:
            pids += [int(pid) for pid in re.findall(r"started runner \d+ \(pid (\d+)\)", line)]
            if "FROZE" in line:
                break
        assert len(pids) == 2
        process.terminate()
        process.communicate(timeout=SECONDS)
        assert process.returncode == 128 + signal.SIGTERM
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
        assert list(temporary.iterdir()) == []
        temporary.rmdir()

    def test_an_empty_tree_is_wrong_usage(self, tmp_path: Path) -> None:
        assert "no regular, readable file" in refused(run("demo", cwd=tmp_path), 2)

    def test_a_path_that_is_not_there_is_wrong_usage(self, tmp_path: Path) -> None:
        assert "nowhere" in refused(run("demo", "nowhere", cwd=tmp_path), 2)
