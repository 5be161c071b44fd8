"""The one list of all metrics, ops/metrics.yml, and what an exposition really has in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tools import sqitch

if TYPE_CHECKING:
    from collections.abc import Iterable

LIST = sqitch.ROOT / "ops/metrics.yml"


@dataclass(frozen=True)
class Kind:
    """What is said of one metric: counter, gauge or histogram, and the names of its labels."""

    type: str
    labels: frozenset[str]


def listed(*groups: str) -> dict[str, Kind]:
    """The metrics of these groups of the list; of all of them if none is named."""
    document: dict[str, dict[str, Any]] = yaml.safe_load(LIST.read_text())
    return {
        name: Kind(one["type"], frozenset(one["labels"]))
        for group in groups or document
        for name, one in document[group].items()
    }


def exported(text: str) -> dict[str, Kind]:
    """The same of an exposition. A metric without a sample yet has no labels."""
    found: dict[str, Kind] = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for one in family.samples for label in one.labels} - {"le"}
        found[name] = Kind(family.type, frozenset(labels))
    return found


def series(metrics: dict[str, Kind]) -> dict[str, frozenset[str]]:
    """The names that a query may use, with their labels."""
    return {name: labels for metric, kind in metrics.items() for name, labels in _series(metric, kind)}


def _series(name: str, kind: Kind) -> Iterable[tuple[str, frozenset[str]]]:
    if kind.type != "histogram":
        return [(name, kind.labels)]
    return [(f"{name}_bucket", kind.labels | {"le"}), (f"{name}_sum", kind.labels), (f"{name}_count", kind.labels)]
