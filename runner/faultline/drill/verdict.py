"""What a checker says: violations, and how much there was to find them in; as a table of 80 columns, or as a
document."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from faultline.drill.evidence import ENDS, REPORTS, add_up, fence, was_refused
from faultline.drill.history import FAIL, OK, UNKNOWN
from faultline.drill.receiver import ASKED, CHARGED, LATE, RECEIVED, REFUSED, REPEATED
from faultline.logs import clean, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from faultline.drill.evidence import Evidence
    from faultline.drill.history import Call


class Violation(NamedTuple):
    """A broken promise: which, by which rule, what it is about, and the lines of the history that prove it."""

    promise: int
    rule: str
    subject: str
    detail: str
    where: tuple[str, ...] = ()


@dataclass
class Report:
    """What was found, and how much there was to find it in."""

    violations: list[Violation]
    counts: dict[str, dict[str, Any]]
    judged: list[tuple[int, str, int]] = field(default_factory=list)  # promise, what it says, violations
    tolerated: list[Violation] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "violations": [violation._asdict() for violation in self.violations],
            "counts": self.counts,
            "judged": [
                {"promise": number, "title": title, "violations": found} for number, title, found in self.judged
            ],
            "tolerated": [violation._asdict() for violation in self.tolerated],
        }


def count(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """How much happened: what a verdict without violations is worth."""
    facts, events = evidence.facts, Counter(event.verb for event in evidence.facts.events)
    stale = Counter(event.report for event in facts.events if event.verb == "stale")
    receipts = Counter(receipt.event for receipt in evidence.receipts)
    ticks = [tick for tick in facts.ticks if tick.kind == "calendar"]
    return {
        "calls": {
            name: {phase: sum(call.phase == phase for call in calls) for phase in (OK, FAIL, UNKNOWN)}
            for name, calls in sorted(evidence.calls.items())
        },
        "ambiguous": _resolved(evidence),
        "stale": {
            "recorded": sum(stale.values()),
            "reports": sum(number for report, number in stale.items() if report != "heartbeat"),
            "seen": sum(was_refused(call) for call in evidence.called(*REPORTS, "heartbeat", "apply")),
        },
        "duplicates": {"answered_alike": _answered_alike(evidence)},
        "jobs": dict(sorted(Counter(job.state for job in facts.jobs).items())),
        "attempts": {
            "claimed": sum(job.attempt for job in facts.jobs),
            **{verb: events[verb] for verb in sorted(ENDS)},
        },
        "transactions": dict(sorted(Counter(transaction.state for transaction in facts.transactions).items())),
        "entries": {"entries": len(facts.entries), "postings": len(facts.postings)},
        "sum": {currency: str(total) for currency, total in sorted(add_up(evidence).items())},
        "receiver": {event: receipts[event] for event in (RECEIVED, CHARGED, REPEATED, ASKED, REFUSED, LATE)},
        "runs": dict(sorted(Counter(run.state for run in facts.runs).items())),
        "ticks": {
            "made": sum(tick.outcome == "made" for tick in ticks),
            "missed": sum(tick.missed for tick in ticks),
        },
    }


def _resolved(evidence: Evidence) -> dict[str, int]:
    """What the facts say of the calls whose answer was lost. Of a claim, a heartbeat and a handler they can say
    nothing."""
    resolved = {"done": 0, "not_done": 0}
    for call in evidence.history:
        if call.phase == UNKNOWN and call.name in HAPPENED:
            resolved["done" if HAPPENED[call.name](evidence, call) else "not_done"] += 1
    return resolved


HAPPENED: Final[dict[str, Callable[[Evidence, Call], bool]]] = {
    "enqueue": lambda evidence, call: call.args["token"] in evidence.jobs_of_token,
    "rolled_back": lambda evidence, call: call.args["token"] in evidence.jobs_of_token,
    "submit": lambda evidence, call: call.args["transaction"] in evidence.transactions,
    "trigger": lambda evidence, call: call.args["token"] in evidence.runs_of_token,
    **{
        report: lambda evidence, call: evidence.recorded(*fence(call), call.name)
        for report in (*REPORTS, "apply")
    },
}  # fmt: skip


def _answered_alike(evidence: Evidence) -> int:
    """Calls that asked once more for what had been asked for, and got the same answer."""
    again: int = sum(call.phase == OK and call.value == "repeat" for call in evidence.reports)
    for calls in (*evidence.keyed.values(), *evidence.submitted.values()):
        answered: Counter[int] = Counter(call.value["job_id"] for call in calls if call.phase == OK)
        again += sum(number - 1 for number in answered.values())
    runs: Counter[tuple[str, str, int]] = Counter(
        (call.args["workflow"], call.args["key"], call.value["run_id"])
        for call in evidence.called("trigger")
        if call.phase == OK and call.args.get("key") is not None
    )
    return again + sum(number - 1 for number in runs.values())


SHOWN: Final = 3  # violations of a rule
WIDTH: Final = 80


def text(report: Report) -> str:
    """For people: 80 columns."""
    lines = [f"{'call':<14} {'ok':>12} {'fail':>10} {'unknown':>10}"]
    for name, phases in report.counts["calls"].items():
        lines.append(f"{name:<14} {phases[OK]:>12,} {phases[FAIL]:>10,} {phases[UNKNOWN]:>10,}")
    lines.append("")
    for group in (
        "ambiguous",
        "stale",
        "duplicates",
        "jobs",
        "attempts",
        "transactions",
        "entries",
        "receiver",
        "runs",
        "ticks",
    ):
        said = ", ".join(
            f"{_number(value)} {name.replace('_', ' ')}" for name, value in report.counts[group].items() if value
        )
        lines += _wrapped(f"{TITLES.get(group, group):<14} ", said or "none")
    lines += _wrapped(f"{'Σ balances':<14} ", ", ".join(f"{v} {k}" for k, v in report.counts["sum"].items()) or "none")
    lines.append("")
    for number, title, found in report.judged:
        lines.append(f"{number:>2}  {title:<46} {plural(found, 'violation') if found else 'kept'}")
    lines.append("")
    for (number, rule), violations in _by_rule(report.violations).items():
        lines += _wrapped("", f"promise {number}, {rule}: {plural(len(violations), 'violation')}")
        for violation in violations[:SHOWN]:
            lines += _wrapped("  ", f"{violation.subject}: {violation.detail}")
            if violation.where:
                lines += _wrapped(
                    "    ", f"see {', '.join(violation.where[:4])}{' …' if len(violation.where) > 4 else ''}"
                )
    if report.tolerated:
        names = Counter(violation.rule for violation in report.tolerated)
        lines += _wrapped("tolerated: ", ", ".join(f"{number} {name}" for name, number in names.items()))
    lines.append(plural(len(report.violations), "violation") if report.violations else "no violation")
    return "\n".join(lines)


TITLES: Final = {"ambiguous": "lost answers", "stale": "stale reports", "receiver": "the receiver"}


def _by_rule(violations: Iterable[Violation]) -> dict[tuple[int, str], list[Violation]]:
    groups: dict[tuple[int, str], list[Violation]] = {}
    for violation in violations:
        groups.setdefault((violation.promise, violation.rule), []).append(violation)
    return groups


def _wrapped(indent: str, said: str) -> list[str]:
    return textwrap.wrap(
        clean(said).replace("\n", " "),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_on_hyphens=False,
    )


def _number(value: int) -> str:
    return f"{value:,}"
