"""What a drill has shown: a table of 80 columns, JSON, JUnit's XML and a page of HTML."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from faultline import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faultline.drill.play import Outcome, Told

TITLE_WIDTH: Final = 43
COLUMNS: Final = ("fault", "injected", "bit", "checked", "verdict")
LINE: Final = "{:45}  {:>8}  {:>4}  {:>7}  {}"
PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Faultline drill, seed {seed}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; width: 100%; margin: 1rem 0; }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }}
td.number, th.number {{ text-align: right; }}
.holds {{ color: #17692b; }} .violated {{ color: #b3261e; font-weight: bold; }} .void {{ color: #8a5a00; }}
code {{ overflow-wrap: anywhere; }}
</style>
<h1 class="{verdict}">{headline}</h1>
<p>{command}</p>
{body}
</html>
"""


def save(directory: Path, document: dict[str, Any], junit: ET.Element, page: str) -> None:
    """report.json, report.xml and report.html."""
    (directory / "report.json").write_text(json.dumps(document, indent=2, default=str) + "\n")
    ET.indent(junit)
    xml = ET.tostring(junit, encoding="unicode", xml_declaration=True)
    (directory / "report.xml").write_text(f"{xml}\n", encoding="utf-8")
    (directory / "report.html").write_text(page, encoding="utf-8")


@dataclass
class Report:
    """A drill as a whole."""

    seed: int
    options: dict[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)
    absent: list[tuple[str, str]] = field(default_factory=list)
    """Scenarios that can't be played here, and why."""

    @property
    def violations(self) -> list[str]:
        return [f"{outcome.scenario}: {violation}" for outcome in self.outcomes for violation in outcome.violations]

    @property
    def void(self) -> list[str]:
        return [f"{outcome.scenario}/{name}" for outcome in self.outcomes for name in outcome.void]

    @property
    def verdict(self) -> str:
        if self.violations:
            return "violated"
        return "void" if self.void else "holds"

    @property
    def headline(self) -> str:
        if self.violations:
            return f"VIOLATED: {len(self.violations)} times"
        if self.void:
            return f"VOID: {', '.join(self.void)} never bit, so nothing is proved"
        return "Everything held"

    @property
    def numbers(self) -> dict[str, int]:
        """The counts of all scenarios together."""
        total: dict[str, int] = {}
        for outcome in self.outcomes:
            for name, number in outcome.numbers.items():
                total[name] = total.get(name, 0) + number
        return total

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "seed": self.seed,
            "options": self.options,
            "versions": {
                "faultline": __version__,
                "python": platform.python_version(),
                "postgresql": sorted({outcome.postgresql for outcome in self.outcomes if outcome.postgresql}),
                "system": platform.platform(),
            },
            "numbers": self.numbers,
            "scenarios": [_scenario(outcome) for outcome in self.outcomes],
            "not_injectable": [
                {"scenario": outcome.scenario, "fault": told.name, "why": told.missing}
                for outcome in self.outcomes
                for told in outcome.faults
                if told.missing is not None
            ],
        }

    def save(self, directory: Path) -> None:
        save(directory, self.as_dict(), self._junit(), self._html())

    def lines(self) -> Iterator[str]:
        """The table, as a terminal shows it."""
        yield LINE.format(*COLUMNS)
        for outcome in self.outcomes:
            yield f"{outcome.scenario} ({outcome.seconds:.0f} s)"
            for told in outcome.faults:
                yield LINE.format(*_row(outcome, told))
        reasons = [(told.name, told.missing) for outcome in self.outcomes for told in outcome.faults if told.missing]
        if reasons:
            yield ""
            yield "Not injectable on this machine:"
            yield from (f"  {name}: {why}" for name, why in reasons)
        yield ""
        yield from _columns(self.numbers)
        for violation in self.violations:
            yield f"VIOLATION {violation}"

    def _junit(self) -> ET.Element:
        root = ET.Element("testsuites", name="faultline drill")
        for outcome in self.outcomes:
            suite = ET.SubElement(
                root,
                "testsuite",
                name=outcome.scenario,
                tests=str(len(outcome.faults) + 1),
                failures=str(bool(outcome.violations) + len(outcome.void)),
                skipped=str(sum(told.missing is not None for told in outcome.faults)),
                time=f"{outcome.seconds:.1f}",
            )
            for told in outcome.faults:
                case = ET.SubElement(suite, "testcase", classname=outcome.scenario, name=told.name)
                if told.missing is not None:
                    ET.SubElement(case, "skipped", message=told.missing)
                elif not told.bit:
                    ET.SubElement(case, "failure", message=f"injected {told.injected} times, it never bit")
            case = ET.SubElement(suite, "testcase", classname=outcome.scenario, name="promises")
            if outcome.violations:
                ET.SubElement(case, "failure", message=outcome.violations[0]).text = "\n".join(outcome.violations)
        return root

    def _html(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(outcome.scenario)}</td><td>{escape(told.title)}</td>"
            f"<td class=number>{told.injected}</td><td class=number>{told.bit}</td>"
            f"<td>{escape(told.missing or _row(outcome, told)[-1])}</td>"
            f"<td><code>{escape(json.dumps(told.evidence[:1], default=str)[:300])}</code></td></tr>"
            for outcome in self.outcomes
            for told in outcome.faults
        )
        numbers = "".join(f"<tr><td>{escape(name)}<td class=number>{n:,}</tr>" for name, n in self.numbers.items())
        violations = "".join(f"<li class=violated>{escape(violation)}</li>" for violation in self.violations)
        body = (
            "<table><tr><th>scenario<th>fault<th class=number>injected<th class=number>bit<th>verdict<th>evidence</tr>"
            f"{rows}</table><h2>Numbers</h2><table>{numbers}</table>"
            + (f"<h2>Violations</h2><ul>{violations}</ul>" if violations else "")
        )
        versions = self.as_dict()["versions"]
        command = f"seed {self.seed}, options {json.dumps(self.options)}, {json.dumps(versions)}"
        return PAGE.format(
            seed=self.seed,
            verdict=self.verdict,
            headline=escape(self.headline),
            command=escape(command),
            body=body,
        )


def _scenario(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.scenario,
        "title": outcome.title,
        "seconds": round(outcome.seconds, 1),
        "liveness_seconds": round(outcome.liveness_seconds, 1),
        "postgresql": outcome.postgresql,
        "directory": str(outcome.directory),
        "faults": [vars(told) for told in outcome.faults],
        "numbers": outcome.numbers,
        "counts": outcome.counts,
        "invariants": outcome.invariants,
        "violations": outcome.violations,
        "promises_broken": outcome.broken,
    }


def _row(outcome: Outcome, told: Told) -> tuple[str, str, str, str, str]:
    if told.missing is not None:
        return (f"  {told.title}", "-", "-", "-", "absent")
    verdict = "VIOLATED" if outcome.violations else "holds" if told.bit else "VOID"
    return (f"  {told.title}", str(told.injected), str(told.bit), str(len(outcome.invariants)), verdict)


def _columns(numbers: dict[str, int]) -> Iterator[str]:
    """Two of them a line."""
    cells = [f"{name:28}{number:>9,}" for name, number in numbers.items()]
    for start in range(0, len(cells), 2):
        yield "  ".join(cells[start : start + 2])
