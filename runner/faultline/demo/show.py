"""The demo from its beginning to its verdict: survey, server, play, direct count, checks."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

from faultline import schema
from faultline.demo import direct
from faultline.demo.director import SLOTS, DemoError, FaultMissed, Play, Setting
from faultline.demo.files import Survey, path_of
from faultline.demo.verdict import Check, Comparison, compare, judge, results_of
from faultline.embedded import Server
from faultline.logs import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.demo.evidence import Evidence, Fault
    from faultline.demo.narrator import Narrator

WORK_SECONDS: Final = 6.0
SHORTEST_HOLD: Final = 0.005
LONGEST_HOLD: Final = 1.0
ROUNDS: Final = 3
DATABASE: Final = "faultline"  # as `faultline dev` calls it, so that it finds what --keep keeps


@dataclass
class Report:
    survey: Survey
    seed: int
    postgresql: str
    hold_seconds: float
    evidence: Evidence
    comparison: Comparison
    checks: list[Check]
    missed: list[str]
    seconds: float
    kept: Path | None = None

    @property
    def holds(self) -> bool:
        return bool(self.checks) and all(check.holds for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        evidence = self.evidence
        return {
            "ok": self.holds,
            "path": str(self.survey.root),
            "seed": self.seed,
            "postgresql": self.postgresql,
            "seconds": round(self.seconds, 1),
            "files": len(self.survey.files),
            "stopped_at": self.survey.stopped_at,
            "skipped": dict(self.survey.skipped),
            "hold_seconds": self.hold_seconds,
            "killed": {**_fault(evidence, evidence.killed), "exit_code": evidence.killed.exit_code},
            "frozen": {
                **_fault(evidence, evidence.frozen),
                "state": evidence.frozen.state_before_waking,
                "seconds": round(evidence.frozen.seconds, 1),
                "late_reports_refused": len(evidence.refused(evidence.frozen.held)),
                "late_verbs_refused": evidence.refused_verbs(evidence.frozen.held),
            },
            "exit_codes": evidence.exit_codes,
            "leases_expired": len(evidence.expired()),
            "leases_recovered": len(evidence.recovered()),
            "stale_reports_refused": len(evidence.refused()),
            "attempts": evidence.attempts,
            "retries": evidence.retries,
            "given_back": evidence.given_back,
            "totals": {"jobs": self.comparison.by_jobs.as_dict(), "direct": self.comparison.directly.as_dict()},
            "different": self.comparison.different,
            "changed": self.comparison.changed,
            "checks": [{"name": check.name, "holds": check.holds, "detail": check.detail} for check in self.checks],
            "missed": self.missed,
            "kept": str(self.kept) if self.kept else None,
        }


def _fault(evidence: Evidence, fault: Fault) -> dict[str, Any]:
    return {
        "pid": fault.pid,
        "runner": fault.runner,
        "jobs_held": len(fault.held),
        "leases_expired": len(evidence.expired(fault.held)),
        "leases_recovered": len(evidence.recovered(fault.held)),
    }


def show(survey: Survey, *, seed: int, keep: bool, narrator: Narrator) -> Report:
    """Perform it. Raises DemoError, with the runners' logs kept, if it can't be brought to its end."""
    directory = Path(tempfile.mkdtemp(prefix="faultline-demo-"))
    directory.chmod(0o711)  # the server may run as another user, who must get through to its data
    kept = keep
    try:
        with _server(directory / "data" if keep else None, narrator) as server:
            report = _perform(server, survey, directory, seed, narrator)
            report.kept = server.data if keep else None
            return report
    except DemoError as error:
        kept = True
        raise DemoError(f"{error}. The runners' logs: {directory}/runner-*.log") from error
    finally:
        if not kept:
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _server(data: Path | None, narrator: Narrator) -> Iterator[Server]:
    with Server(data) as server:
        narrator.say(f"started PostgreSQL {server.version_text}, durable, with an empty database")
        yield server


def _perform(server: Server, survey: Survey, directory: Path, seed: int, narrator: Narrator) -> Report:
    hold = min(max(WORK_SECONDS * SLOTS / len(survey.files), SHORTEST_HOLD), LONGEST_HOLD)
    missed: list[str] = []
    while True:
        setting = Setting(_database(server), directory, list(survey.files), hold, Random(seed), narrator)  # noqa: S311
        play = Play(setting)
        try:
            evidence = play.perform()
            break
        except FaultMissed as reason:
            missed.append(str(reason))
            if len(missed) == ROUNDS:
                raise DemoError(f"no fault hit a job at work in {ROUNDS} rounds; the last time {reason}") from reason
            narrator.say(f"{reason}: once more from the beginning, with jobs that take longer")
            hold *= 2
        finally:
            play.close()
    comparison = compare(survey.files, results_of(evidence.rows), _count_directly(survey, narrator))
    return Report(
        survey=survey,
        seed=seed,
        postgresql=server.version_text,
        hold_seconds=hold,
        evidence=evidence,
        comparison=comparison,
        checks=judge(evidence, comparison),
        missed=missed,
        seconds=narrator.seconds,
    )


def _database(server: Server) -> str:
    """A new one for each round, so that every check is about this round only."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        connection.execute(sql.SQL("create database {}").format(name))
    schema.install(server.dsn(DATABASE))
    return server.dsn(DATABASE)


def _count_directly(survey: Survey, narrator: Narrator) -> dict[str, direct.Count | None]:
    narrator.say(f"counting {plural(len(survey.files), 'file')} directly, without any job")
    counts = {}
    for number, file in enumerate(survey.files, 1):
        counts[file] = direct.count(path_of(file))
        narrator.progress("files counted directly", number, len(survey.files))
    return counts
