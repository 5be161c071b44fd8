"""Judges the evidence. Pure functions: what they are given decides, so tests can give them what must not pass."""

from __future__ import annotations

import hashlib
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from faultline.logs import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from faultline.demo.direct import Count
    from faultline.demo.evidence import Evidence, Row
    from faultline.demo.files import Stamp

SHOWN: Final = 3


@dataclass(frozen=True)
class Check:
    name: str
    holds: bool
    detail: str


@dataclass
class Totals:
    """Sums over files, and one digest over the sha256 of each in the order of their names."""

    files: int = 0
    size: int = 0
    lines: int = 0
    words: int = 0
    digest: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "bytes": self.size,
            "lines": self.lines,
            "words": self.words,
            "sha256": self.digest,
        }


@dataclass
class Comparison:
    """What the jobs found beside what was counted directly; files that changed meanwhile are out of both."""

    by_jobs: Totals
    directly: Totals
    different: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def compare(
    stamps: Mapping[str, Stamp], results: Mapping[str, Mapping[str, Any]], counts: Mapping[str, Count | None]
) -> Comparison:
    """Compare file by file what the jobs found (`results`) with what was counted directly (`counts`).

    Only a file that was seen to change since `stamps` were taken is left out; one without a result never is.
    """
    changed = sorted(file for file in stamps if _changed(stamps[file], results.get(file, {}), counts[file]))
    kept = sorted(stamps.keys() - set(changed))
    pairs = [(file, _measured(results.get(file, {})), _measured_directly(counts[file])) for file in kept]
    return Comparison(
        _sum(by_job for _, by_job, _ in pairs),
        _sum(direct for _, _, direct in pairs),
        [file for file, by_job, direct in pairs if by_job != direct or by_job == NOTHING],
        changed,
    )


Measure = tuple[int, int, int, str]
NOTHING: Final[Measure] = (-1, -1, -1, "")


def _changed(first: Stamp, result: Mapping[str, Any], count: Count | None) -> bool:
    if not result.get("stamp") and not result.get("unreadable"):
        return False
    if count is None or result.get("unreadable"):  # unreadable once, by one of the two or by both
        return count is None or count.stamp != first
    seen = {tuple(result["stamp"]), tuple(count.stamp.as_list()), tuple(first.as_list())}
    return len(seen) > 1 or bool(result.get("changed")) or not count.whole


def _measured(result: Mapping[str, Any]) -> Measure:
    try:
        return result["bytes"], result["lines"], result["words"], result["sha256"]
    except KeyError:
        return NOTHING


def _measured_directly(count: Count | None) -> Measure:
    return NOTHING if count is None else (count.size, count.lines, count.words, count.sha256)


def _sum(measures: Iterable[Measure]) -> Totals:
    totals = Totals()
    digest = hashlib.sha256()
    for size, lines, words, sha256 in measures:
        totals.files += 1
        totals.size += size
        totals.lines += lines
        totals.words += words
        digest.update(sha256.encode())
    totals.digest = digest.hexdigest()
    return totals


def judge(evidence: Evidence, comparison: Comparison) -> list[Check]:
    """Every claim of the demo, each with what it rests on. The demo is a success only if all of them hold."""
    return [
        _nothing_lost(evidence),
        _nothing_twice(evidence),
        _every_attempt_known(evidence),
        _totals_agree(comparison),
        _invariants_hold(evidence),
        _kill_bit(evidence),
        _freeze_bit(evidence),
        _late_reports_changed_nothing(evidence),
        _ended_well(evidence),
    ]


def _nothing_lost(evidence: Evidence) -> Check:
    succeeded = {row.file: row.job_id for row in evidence.rows if row.state == "succeeded"}
    lost = [file for file, job_id in evidence.enqueued.items() if succeeded.get(file) != job_id]
    return Check(
        "no job lost",
        not lost and bool(evidence.enqueued),
        f"{len(succeeded):,} of {plural(len(evidence.enqueued), 'enqueued job')} succeeded" + _named(lost),
    )


def _nothing_twice(evidence: Evidence) -> Check:
    ids = set(evidence.enqueued.values())
    twice = [str(job_id) for job_id, number in evidence.done_rows.items() if number != 1]
    foreign = [str(job_id) for job_id in evidence.done_rows.keys() - ids]
    rows = sum(evidence.done_rows.values())
    holds = not twice and not foreign and rows == len(ids) == len(evidence.rows) == len(evidence.enqueued)
    return Check(
        "none counted twice",
        holds,
        f"{plural(rows, 'row')} of finished jobs for {plural(len(evidence.enqueued), 'file')}"
        + _named(twice + foreign),
    )


def _every_attempt_known(evidence: Evidence) -> Check:
    succeeded = sum(row.state == "succeeded" for row in evidence.rows)
    known = succeeded + evidence.retries + evidence.given_back
    return Check(
        "every attempt is accounted for",
        known == evidence.attempts,
        f"{plural(evidence.attempts, 'attempt')} = {succeeded:,} succeeded + {evidence.retries:,} lost or failed + "
        f"{evidence.given_back:,} given back",
    )


def _totals_agree(comparison: Comparison) -> Check:
    jobs, direct = comparison.by_jobs, comparison.directly
    holds = jobs == direct and not comparison.different and jobs.files > 0
    left_out = f"; {plural(len(comparison.changed), 'file')} changed meanwhile" if comparison.changed else ""
    return Check(
        "totals of the jobs = totals counted directly",
        holds,
        f"bytes, lines, words and sha256 of {plural(jobs.files, 'file')}{left_out}" + _named(comparison.different),
    )


def _invariants_hold(evidence: Evidence) -> Check:
    found = [f"{name} {subject}: {detail}" for name, subject, detail in evidence.violations]
    return Check("verify finds nothing", not found, plural(len(found), "violation") + _named(found))


def _kill_bit(evidence: Evidence) -> Check:
    fault = evidence.killed
    expired, recovered = evidence.expired(fault.held), evidence.recovered(fault.held)
    holds = fault.exit_code == -signal.SIGKILL and bool(expired) and recovered == expired
    return Check(
        "the kill hit jobs at work, and all were recovered",
        holds,
        f"exit code {fault.exit_code}, {plural(len(expired), 'lease')} expired, {len(recovered)} recovered",
    )


def _freeze_bit(evidence: Evidence) -> Check:
    fault = evidence.frozen
    expired, recovered = evidence.expired(fault.held), evidence.recovered(fault.held)
    stopped = fault.state == fault.state_before_waking == "T"
    refused = evidence.refused(fault.held)
    holds = stopped and bool(expired) and recovered == expired and bool(refused)
    return Check(
        "so did the freeze, and late reports were refused",
        holds,
        f"state {fault.state or '?'} until woken, {plural(len(expired), 'lease')} expired, {len(recovered)} recovered, "
        f"{plural(len(refused), 'late report')} refused",
    )


def _late_reports_changed_nothing(evidence: Evidence) -> Check:
    accepted = {row.job_id: row.attempt for row in evidence.rows if row.state == "succeeded"}
    refused = evidence.refused()
    wrong = [str(event.job_id) for event in refused if accepted.get(event.job_id, 0) <= event.attempt]
    return Check(
        "what was refused changed nothing",
        not wrong,
        f"{plural(len(refused), 'refused report')}, each of an older attempt than the result that counts"
        + _named(wrong),
    )


def _ended_well(evidence: Evidence) -> Check:
    bad = [f"{name}: {code}" for name, code in evidence.exit_codes.items() if code != 0]
    return Check(
        "the other runners ended well",
        not bad and bool(evidence.exit_codes),
        f"exit codes {', '.join(str(code) for code in evidence.exit_codes.values())}" + _named(bad),
    )


def _named(wrong: Sequence[str]) -> str:
    if not wrong:
        return ""
    return f" - wrong: {', '.join(wrong[:SHOWN])}{' …' if len(wrong) > SHOWN else ''}"


def results_of(rows: Iterable[Row]) -> dict[str, Mapping[str, Any]]:
    return {row.file: row.result for row in rows if row.state == "succeeded"}
