"""What a run has found: a score by area, and what survived."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.mutation.run import Result


def score(results: Sequence[Result]) -> float | None:
    """Of those that can be noticed, the share that is."""
    fates = Counter(result.fate for result in results)
    alive = fates["killed"] + fates["survived"]
    return fates["killed"] / alive if alive else None


def table(results: Sequence[Result], totals: Counter[str]) -> Table:
    """totals: how many mutants each area has, run or not."""
    found = Table("area", "mutants", "run", "stillborn", "equivalent", "killed", "survived", "score", box=None)
    for area in [*totals, "all"]:
        mine = [result for result in results if area in {result.area, "all"}]
        fates = Counter(result.fate for result in mine)
        total = sum(totals.values()) if area == "all" else totals[area]
        share = score(mine)
        numbers = [total, len(mine), fates["stillborn"], fates["equivalent"], fates["killed"], fates["survived"]]
        found.add_row(area, *map(str, numbers), "-" if share is None else f"{share:.1%}")
    return found


def survivor(result: Result) -> str:
    again = f" (no. {result.occurrence})" if result.occurrence > 1 else ""
    return (
        f"{result.file}:{result.line} {result.name}, {result.operator}{again}\n    {result.before}\n    {result.after}"
    )


def as_json(results: Sequence[Result], totals: Counter[str], about: dict[str, Any]) -> dict[str, Any]:
    return {"about": about, "mutants": dict(totals), "score": score(results), "results": [asdict(r) for r in results]}
