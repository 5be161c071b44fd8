"""What the API counts, beside what the database knows. Labels are closed sets: a route is its template, not a path."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from faultline.api.problems import Problem
from faultline.metrics import Histogram, database_families

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from faultline.api.gateway import Gateway

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE: Final = "none"
FRESH_SECONDS: Final = 1.0
SECONDS_MOST: Final = 1.0
_METRICS: Final = "select name, labels, value from faultline.metrics()"


class HttpMetrics(Collector):
    """Counts requests; `text` is the page that Prometheus reads."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._requests: dict[tuple[str, str, str], int] = {}
        self._seconds: dict[tuple[str, str], Histogram] = {}
        self._values: list[tuple[str, dict[str, str], float]] = []
        self._asked = float("-inf")
        self._up = False
        self._lock = asyncio.Lock()
        self.streams = 0
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def count(self, method: str, route: str | None, status: int, seconds: float) -> None:
        method = method if method in METHODS else "other"
        route = route or NO_ROUTE
        key = (method, route, str(status))
        self._requests[key] = self._requests.get(key, 0) + 1
        self._seconds.setdefault((method, route), Histogram()).observe(seconds)

    async def text(self) -> bytes:
        """There also while the database is away."""
        async with self._lock:
            if time.monotonic() - self._asked > FRESH_SECONDS:
                await self._ask()
            return generate_latest(self.registry)

    async def _ask(self) -> None:
        try:
            rows = await self._gateway.rows(_METRICS, seconds=SECONDS_MOST)
        except Problem as problem:
            self._values = []
            # One that answers, but not in time, is there.
            self._up = problem.kind != "database-unavailable"
        else:
            self._values = [(name, labels, value) for name, labels, value in rows]
            self._up = True
        self._asked = time.monotonic()

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "faultline_http_requests", "Requests, by the template of their route", labels=("method", "route", "status")
        )
        for labels, count in self._requests.items():
            requests.add_metric(labels, count)
        yield requests
        seconds = HistogramMetricFamily(
            "faultline_http_request_seconds",
            "From the head of a request to the end of its answer",
            labels=("method", "route"),
        )
        for names, histogram in self._seconds.items():
            seconds.add_metric(names, histogram.buckets(), histogram.total)
        yield seconds
        yield GaugeMetricFamily("faultline_http_streams", "Streams of events that are open", value=self.streams)
        yield GaugeMetricFamily("faultline_database_up", "1 if the database answers the API", value=int(self._up))
        yield from database_families(self._values).values()
