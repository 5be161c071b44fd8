"""Numbers as people read them, and as programs do."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table


@dataclass
class Measured:
    """One case: a value a round for either side."""

    name: str
    unit: str
    higher: bool
    floor: list[float] = field(default_factory=list)
    faultline: list[float] = field(default_factory=list)
    against: str = "floor"

    def ratio(self) -> list[float]:
        """What Faultline costs, in times of the floor, round by round."""
        pairs = zip(self.floor, self.faultline, strict=True)
        return [(theirs / ours) if self.higher else (ours / theirs) for theirs, ours in pairs]


def table(measured: list[Measured], against: str = "floor") -> Table:
    drawn = Table(title="median (min to max) of the rounds")
    cost = "times the floor's cost" if against == "floor" else f"times the cost of {against}"
    for heading in ("", against, "Faultline", cost):
        drawn.add_column(heading, justify="right" if heading else "left")
    for case in measured:
        drawn.add_row(*cells(case))
    return drawn


def cells(case: Measured) -> list[str]:
    digits = 0 if case.higher else 2
    return [
        f"{case.name}, {case.unit}",
        spread(case.floor, digits),
        spread(case.faultline, digits),
        spread(case.ratio(), 2),
    ]


def spread(values: list[float], digits: int) -> str:
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} to {high})"


def as_json(measured: list[Measured], about: dict[str, Any]) -> dict[str, Any]:
    return {"about": about, "cases": [asdict(case) | {"ratio": case.ratio()} for case in measured]}
