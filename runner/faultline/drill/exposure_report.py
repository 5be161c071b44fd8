"""What a drill of somebody's own handlers has shown: lines of 80 columns, JSON, JUnit's XML and a page of HTML."""

from __future__ import annotations

import json
import platform
import textwrap
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from faultline import __version__
from faultline.drill.exposure import DIFFERS, FAILS, LOST, TWICE
from faultline.drill.report import PAGE, save
from faultline.logs import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.drill.exposure import Finding, Outcome
    from faultline.drill.probe import Place

WIDTH: Final = 80
COLUMNS: Final = ("job", "points", "alike", "twice", "lost", "fails", "differs", "missed")
LINE: Final = "{:27}  {:>6} {:>6} {:>6} {:>5} {:>6} {:>8} {:>7}"
HEADINGS: Final = {
    TWICE: "could happen twice",
    LOST: "could be lost",
    FAILS: "could stop the next attempt",
    DIFFERS: "depends on the attempt",
}


@dataclass
class ExposureReport:
    """Of all jobs together."""

    options: dict[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        return [finding for outcome in self.outcomes for finding in outcome.findings]

    @property
    def verdict(self) -> str:
        if self.findings:
            return "exposed"
        return "void" if any(outcome.unreached or not outcome.points for outcome in self.outcomes) else "holds"

    @property
    def headline(self) -> str:
        points = sum(len(outcome.points) for outcome in self.outcomes)
        if self.findings:
            lines = {finding.place for finding in self.findings}
            return f"EXPOSED: {plural(len(self.findings), 'effect')}, at {plural(len(lines), 'line')}"
        if self.verdict == "void":
            missed = sum(len(outcome.unreached) for outcome in self.outcomes)
            return f"VOID: {missed} of {plural(points, 'point')} were not reached again, so nothing is proved there"
        return f"Killed at {plural(points, 'point')}: each time it ended as if undisturbed"

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "options": self.options,
            "versions": {"faultline": __version__, "python": platform.python_version()},
            "jobs": [_outcome(outcome) for outcome in self.outcomes],
        }

    def save(self, directory: Path) -> None:
        save(directory, self.as_dict(), self._junit(), self._html())

    def lines(self) -> Iterator[str]:
        """As a terminal shows it."""
        yield LINE.format(*COLUMNS)
        for outcome in self.outcomes:
            yield LINE.format(_cut(outcome.type, 27), *_numbers(outcome))
        for outcome in self.outcomes:
            if outcome.outside:
                yield ""
                yield f"{_cut(outcome.type, 60)}, undisturbed, outside:"
                for told in outcome.outside:
                    yield from _wrapped(told, 2)
            for finding in outcome.findings:
                yield ""
                yield from _told(outcome, finding)
            for title in outcome.unreached:
                yield from _wrapped(f"{outcome.type}: not reached again: {title}", 0)

    def _junit(self) -> ET.Element:
        root = ET.Element("testsuites", name="faultline drill --app")
        for outcome in self.outcomes:
            suite = ET.SubElement(
                root,
                "testsuite",
                name=outcome.type,
                tests=str(len(outcome.points)),
                failures=str(len(outcome.points) - outcome.alike),
                time=f"{outcome.seconds:.1f}",
            )
            for point in outcome.points:
                case = ET.SubElement(suite, "testcase", classname=outcome.type, name=point.title)
                found = [finding for finding in outcome.findings if point.title in finding.points]
                if found:
                    message = f"{HEADINGS[found[0].verdict]}: {found[0].what}"
                    ET.SubElement(case, "failure", message=message).text = "\n".join(map(_brief, found))
                elif point.title in outcome.unreached:
                    ET.SubElement(case, "failure", message="not reached again: nothing is proved")
        return root

    def _html(self) -> str:
        header = "".join(f"<th class={'number' if name != 'job' else 'name'}>{name}" for name in COLUMNS)
        rows = "".join(
            f"<tr><td>{escape(outcome.type)}"
            + "".join(f"<td class=number>{number}" for number in _numbers(outcome))
            + "</tr>"
            for outcome in self.outcomes
        )
        found = "".join(
            f"<tr><td>{escape(outcome.type)}<td class=violated>{HEADINGS[finding.verdict]}<td>{escape(finding.what)}"
            f"<td>{escape(_where(finding.place))}<br><code>{escape(finding.source)}</code>"
            f"<td>{escape(finding.protect)}<td>{escape(_at(outcome, finding))}</tr>"
            for outcome in self.outcomes
            for finding in outcome.findings
        )
        outside = "".join(
            f"<li>{escape(outcome.type)} {escape(told)}</li>" for outcome in self.outcomes for told in outcome.outside
        )
        missed = "".join(
            f"<li class=void>{escape(outcome.type)}: {escape(title)}</li>"
            for outcome in self.outcomes
            for title in outcome.unreached
        )
        body = (
            f"<table><tr>{header}</tr>{rows}</table>"
            + (
                f"<h2>Found</h2><table><tr><th>job<th><th>what<th>line<th>protect<th>at</tr>{found}</table>"
                if found
                else ""
            )
            + (f"<h2>Outside, undisturbed</h2><ul>{outside}</ul>" if outside else "")
            + (f"<h2>Not reached again</h2><ul>{missed}</ul>" if missed else "")
        )
        classes = {"exposed": "violated", "void": "void", "holds": "holds"}
        return PAGE.format(
            seed=self.options.get("seed", 0),
            verdict=classes[self.verdict],
            headline=escape(self.headline),
            command=escape(f"options {json.dumps(self.options)}"),
            body=body,
        )


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "type": outcome.type,
        **(outcome.place._asdict() if outcome.place else {}),
        "points": [point._asdict() for point in outcome.points],
        "alike": outcome.alike,
        **{verdict: outcome.at(verdict) for verdict in HEADINGS},
        "unreached": outcome.unreached,
        "outside": outcome.outside,
        "findings": [finding.as_dict() for finding in outcome.findings],
        "seconds": round(outcome.seconds, 1),
    }


def _numbers(outcome: Outcome) -> tuple[int, ...]:
    return (
        len(outcome.points),
        outcome.alike,
        *(outcome.at(verdict) for verdict in (TWICE, LOST, FAILS, DIFFERS)),
        len(outcome.unreached),
    )


def _told(outcome: Outcome, finding: Finding) -> Iterator[str]:
    yield from _wrapped(f"{_where(finding.place)}: {HEADINGS[finding.verdict]}", 0)
    if finding.source:
        yield f"  | {_cut(finding.source, WIDTH - 4)}"
    yield from _wrapped(finding.what, 2)
    yield from _wrapped(f"killed {_at(outcome, finding)}", 2)
    yield from _wrapped(f"protect: {finding.protect}", 2)


def _at(outcome: Outcome, finding: Finding) -> str:
    first, others = finding.points[0], len(finding.points) - 1
    also = f", and at {plural(others, 'other')} of {len(outcome.points)} points" if others else ""
    return f"{first}{also}"


def _where(place: Place | None) -> str:
    if place is None:
        return "at no line that is known"
    by = f", by {_short(place.by)}" if place.by else ""
    return f"{_short(place.file)}:{place.line}, in {place.function}{by}"


def _short(path: str) -> str:
    """Without the working directory."""
    return path.removeprefix(f"{Path.cwd()}/")


def _brief(finding: Finding) -> str:
    return f"{_where(finding.place)}: {HEADINGS[finding.verdict]}: {finding.what}; protect: {finding.protect}"


def _wrapped(text: str, indent: int) -> Iterator[str]:
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_on_hyphens=False
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
