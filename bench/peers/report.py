"""The measurements as tables, as JSON, and as a plot."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final

from bench.peers.workloads import Sample, Workload
from bench.report import spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.peers.catalogue import Contender

OURS: Final = "faultline"
COSTS: Final = {
    "client_cpu": ("client CPU, µs a job", 1e3, 0),
    "server_cpu": ("server CPU, µs a job", 1e3, 0),
    "wal": ("WAL, B a job", 1, 0),
    "dead": ("dead versions a job", 1, 2),
    "memory": ("client, MB", 1, 0),
}


@dataclass
class Results:
    """The samples of one workload, by the contender's name, one a round; who failed, and with what words."""

    workload: Workload
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def values(self, name: str, what: str) -> list[float]:
        return [sample.values[what] for sample in self.samples[name]]

    def ratio(self, name: str, what: str) -> list[float]:
        """How many times better Faultline is, round by round. Rounds that one of them has not are left out."""
        higher = self.workload.values[what][1]
        pairs = zip(self.samples.get(OURS, ()), self.samples[name], strict=False)
        return [
            ours.values[what] / theirs.values[what] if higher else theirs.values[what] / ours.values[what]
            for ours, theirs in pairs
            if ours.values[what] and theirs.values[what]
        ]


def markdown(results: Results, titles: dict[str, str]) -> Iterator[str]:
    """A table: a row a contender, best first."""
    values = results.workload.values
    costs = [cost for cost in COSTS if any(_cost(samples, cost) for samples in results.samples.values())]
    yield f"**{results.workload.title}**"
    yield ""
    headings = ["", *(unit for unit, _ in values.values()), "Faultline, times as good", *(COSTS[c][0] for c in costs)]
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for name in ranked(results):
        yield f"| {' | '.join([titles[name], *cells(results, name, costs)])} |"
    for words in results.failed.values():
        yield ""
        yield words


def cells(results: Results, name: str, costs: Sequence[str]) -> list[str]:
    samples = results.samples[name]
    values = results.workload.values
    first = next(iter(values))
    measured = [spread(results.values(name, what), 0 if higher else 2) for what, (_, higher) in values.items()]
    ratio = results.ratio(name, first)
    took = []
    for cost in costs:
        found = _cost(samples, cost)
        _, factor, digits = COSTS[cost]
        took.append(f"{factor * statistics.median(found):,.{digits}f}" if found else "")
    return [*measured, spread(ratio, 2) if ratio and name != OURS else "", *took]


def ranked(results: Results) -> list[str]:
    """The contenders by the median of the first value, best first."""
    what, (_, higher) = next(iter(results.workload.values.items()))
    return sorted(results.samples, key=lambda name: statistics.median(results.values(name, what)), reverse=higher)


def _cost(samples: Sequence[Sample], cost: str) -> list[float]:
    return [value for sample in samples if (value := getattr(sample, cost)) is not None]


def as_json(results: Sequence[Results], contenders: Sequence[Contender], about: dict[str, Any]) -> dict[str, Any]:
    return {
        "about": about,
        "contenders": [
            {
                "name": one.name,
                "title": one.title,
                "version": one.version,
                "settings": one.settings,
                "page": one.page,
                "promises": one.promises,
            }
            for one in contenders
        ],
        "workloads": [
            {
                "name": one.workload.name,
                "title": one.workload.title,
                "values": {what: {"unit": unit, "higher": up} for what, (unit, up) in one.workload.values.items()},
                "samples": {name: [asdict(sample) for sample in samples] for name, samples in one.samples.items()},
                "ratios": {
                    name: one.ratio(name, next(iter(one.workload.values))) for name in one.samples if name != OURS
                },
                "failed": one.failed,
            }
            for one in results
        ],
    }


def from_json(raw: dict[str, Any]) -> tuple[list[Results], dict[str, str]]:
    """The results that `as_json` wrote, and the contenders' titles by their names."""
    results = []
    for one in raw["workloads"]:
        values = {what: (value["unit"], value["higher"]) for what, value in one["values"].items()}
        workload = Workload(one["name"], one["title"], values, lambda *_: None)
        samples = {name: [Sample(**sample) for sample in samples] for name, samples in one["samples"].items()}
        results.append(Results(workload, samples, one["failed"]))
    return results, {one["name"]: one["title"] for one in raw["contenders"]}


def about_contenders(contenders: Sequence[Contender]) -> Iterator[str]:
    """Who was measured, at what version, with which settings, and what it promises."""
    yield "| | version | settings | from | what it promises |"
    yield "|---|---|---|---|---|"
    for one in contenders:
        page = f"<{one.page}>" if one.page.startswith("http") else one.page
        yield f"| {one.title} | {one.version} | {one.settings} | {page} | {one.promises} |"


WIDTH: Final = 760
LABEL: Final = 190
BAR: Final = 18
GAP: Final = 6
HEAD: Final = 34
COLOURS: Final = {True: "#1f6feb", False: "#8b949e"}


def svg(results: Sequence[Results], titles: dict[str, str]) -> str:
    """A bar a contender, a block a workload: the median, and a line from the least to the most."""
    parts: list[str] = []
    top = 10
    for one in results:
        if one.samples:
            drawn, height = _block(one, titles, top)
            parts += drawn
            top += height
    style = "text{font:12px sans-serif;fill:#24292f}.t{font-weight:bold;font-size:14px}.v{font-size:11px}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">',
            f'<style>{style}</style><rect width="{WIDTH}" height="{top}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _block(results: Results, titles: dict[str, str], top: int) -> tuple[list[str], int]:
    what, (unit, higher) = next(iter(results.workload.values.items()))
    most = max(max(results.values(name, what)) for name in results.samples) or 1.0
    scale = (WIDTH - LABEL - 170) / most
    better = "more is better" if higher else "less is better"
    title = f"{results.workload.title}: {unit}, {better}"
    parts = [f'<text class="t" x="10" y="{top + 18}">{escape(title)}</text>']
    y = top + HEAD
    for name in ranked(results):
        values = results.values(name, what)
        low, middle, high = min(values), statistics.median(values), max(values)
        end = LABEL + middle * scale
        text = f"{middle:,.{0 if higher else 2}f}"
        parts += [
            f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(titles[name])}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{middle * scale:.1f}" height="{BAR}" fill="{COLOURS[name == OURS]}"/>',
            f'<path d="M{LABEL + low * scale:.1f} {y + BAR / 2:g}H{LABEL + high * scale:.1f}" stroke="#24292f"/>',
            f'<text class="v" x="{max(end, LABEL + high * scale) + 6:.1f}" y="{y + 13}">{text}</text>',
        ]
        y += BAR + GAP
    return parts, y - top + 10
