"""What a runner counts, in a form that costs next to nothing per job, and how Prometheus gets it.

Labels are bounded: the first 200 pairs of queue and type have series of their own, all others share queue="other",
type="other".
"""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

SERIES_MOST: Final = 200
SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    1800.0,
)
OUTCOMES: Final = (
    "succeeded",  # completed
    "failed",  # raised; charged, and retried if attempts are left
    "timed_out",  # ran too long; charged likewise
    "retry_later",  # raised RetryLater; charged likewise
    "discarded",  # raised Discard, or its payload or result is no good: a dead letter
    "snoozed",  # raised Snooze
    "cancelled",  # somebody cancelled it
    "released",  # given back, because the runner ends
    "unknown_type",  # given back: no handler here
    "stale",  # its lease was lost, its report refused
    "unreported",  # nobody could be told how it ended; its lease will tell
)
VERBS: Final = ("complete", "fail", "release", "snooze", "cancelled", "heartbeat", "apply")
PROMISES: Final = range(1, 14)
DatabaseValue = tuple[str, "Mapping[str, str]", float]

_HELP: Final = {
    "faultline_queue_depth": "Jobs by queue and state; counts are capped, so the cap means: at least so many",
    "faultline_queue_oldest_ready_seconds": "How long the oldest job that may run has been waiting",
    "faultline_transactions": "Transactions that are INIT, APPLIED (not yet reconciled) or FAILED; capped likewise",
    "faultline_transactions_dead": "INIT transactions whose job is a dead letter; capped likewise",
    "faultline_transaction_oldest_init_seconds": "Age of the oldest transaction that is INIT",
    "faultline_effects_unknown": "Effects outside of which nobody knows whether they have happened; capped likewise",
    "faultline_dead_letters": "Failed jobs that wait for somebody to retry or discard them; capped likewise",
    "faultline_oldest_snapshot_seconds": "Age of the oldest snapshot that any session of the database holds",
}


def database_families(values: Iterable[DatabaseValue]) -> dict[str, CounterMetricFamily | GaugeMetricFamily]:
    """What metrics() of the database said, by name."""
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for name, labels, value in values:
        family = families.get(name)
        if family is None:
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            help_ = _HELP.get(name, "From the database")
            family = families[name] = kind(name, help_, labels=tuple(labels))
        family.add_metric(tuple(labels.values()), value)
    return families


class Histogram:
    """Counts by upper bound in seconds. Written by one thread; a reader may see a value half a step early."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus wants them."""
        running = 0
        result: list[tuple[str, float]] = []
        for bound, count in zip((*(str(bound) for bound in SECONDS), "+Inf"), list(self.counts), strict=True):
            running += count
            result.append((bound, running))
        return result


class Series:
    """The counts of one pair of queue and type."""

    __slots__ = ("outcomes", "retries", "run", "succeeded", "wait")

    def __init__(self) -> None:
        self.succeeded = 0
        self.retries = 0
        self.outcomes: dict[str, int] = {}
        self.run = Histogram()
        self.wait = Histogram()

    def count(self, outcome: str) -> None:
        """One more attempt that ended so; `succeeded` is counted by its own attribute."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


class Metrics(Collector):
    """Everything one runner process exports, its own counts and (if asked) those of the database."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str], Series] = {}
        self._other = Series()
        self.claim = Histogram()
        self.stale = dict.fromkeys(VERBS, 0)
        self.leases_expired = 0
        self.leases_recovered = 0
        self.wakeups = 0
        self.answers: dict[tuple[str, str], int] = {}
        self.violations: dict[int, int] | None = None
        self.verified = time.monotonic()
        self.slots: Callable[[], Mapping[str, int]] = dict
        self.unreported: Callable[[], int] = int
        self.database_up: Callable[[], bool] = bool
        self.database: Callable[[], Iterable[DatabaseValue]] = tuple
        self.info: Mapping[str, str] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def of(self, queue: str, type_: str) -> Series:
        """The series of this pair, or the common one once there are too many."""
        key = (queue, type_)
        found = self.series.get(key)
        if found is None:
            if len(self.series) >= SERIES_MOST:
                return self._other
            found = self.series[key] = Series()
        return found

    def answer(self, effect: str, said: str) -> None:
        """One more answer about an effect whose job is over."""
        self.answers[effect, said] = self.answers.get((effect, said), 0) + 1

    def finished(self) -> int:
        """Attempts that were reported, whatever their outcome."""
        return sum(one.succeeded + sum(one.outcomes.values()) for _, one in self._labelled())

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._jobs()
        yield from self._runner()
        yield from self._database()

    def _labelled(self) -> list[tuple[tuple[str, str], Series]]:
        rows = list(self.series.items())
        if len(rows) >= SERIES_MOST:
            rows.append((("other", "other"), self._other))
        return rows

    def _jobs(self) -> Iterator[Metric]:
        jobs = CounterMetricFamily("faultline_jobs", "Attempts by how they ended", labels=("queue", "type", "outcome"))
        retries = CounterMetricFamily(
            "faultline_job_retries", "Attempts started after an earlier one had failed", labels=("queue", "type")
        )
        run = HistogramMetricFamily("faultline_job_run_seconds", "How long handlers ran", labels=("queue", "type"))
        wait = HistogramMetricFamily(
            "faultline_job_wait_seconds", "From ready to claimed, by the database's clock", labels=("queue", "type")
        )
        for labels, one in self._labelled():
            for outcome, count in (("succeeded", one.succeeded), *list(one.outcomes.items())):
                jobs.add_metric((*labels, outcome), count)
            retries.add_metric(labels, one.retries)
            run.add_metric(labels, one.run.buckets(), one.run.total)
            wait.add_metric(labels, one.wait.buckets(), one.wait.total)
        yield from (jobs, retries, run, wait)

    def _runner(self) -> Iterator[Metric]:
        stale = CounterMetricFamily(
            "faultline_stale_reports", "Reports that were refused because the lease was lost", labels=("verb",)
        )
        for verb, count in self.stale.items():
            stale.add_metric((verb,), count)
        yield stale
        yield CounterMetricFamily(
            "faultline_leases_expired", "Leases that this runner lost while it held the job", value=self.leases_expired
        )
        yield CounterMetricFamily(
            "faultline_leases_recovered",
            "Jobs that this runner took back from an expired lease",
            value=self.leases_recovered,
        )
        slots = GaugeMetricFamily(
            "faultline_runner_slots",
            "Handlers: busy, idle, stuck (timed out, its thread still runs; also busy); and jobs prefetched",
            labels=("state",),
        )
        for state, count in self.slots().items():
            slots.add_metric((state,), count)
        yield slots
        claim = HistogramMetricFamily("faultline_claim_seconds", "Round trips of claims")
        claim.add_metric((), self.claim.buckets(), self.claim.total)
        yield claim
        answers = CounterMetricFamily(
            "faultline_effect_answers",
            "What the outside said about effects whose job is over: applied, absent, unknown",
            labels=("effect", "answer"),
        )
        for labels, count in list(self.answers.items()):
            answers.add_metric(labels, count)
        yield answers
        yield CounterMetricFamily("faultline_wakeups", "Times the doorbell woke this runner", value=self.wakeups)
        yield GaugeMetricFamily(
            "faultline_unreported_results", "Results the database has not accepted yet", value=self.unreported()
        )
        yield GaugeMetricFamily(
            "faultline_database_up", "1 if every connection of the runner works", value=int(self.database_up())
        )
        yield InfoMetricFamily("faultline_runner", "This runner process", value=dict(self.info))

    def _database(self) -> Iterator[Metric]:
        families = database_families(self.database())
        if self.violations is not None and "faultline_invariant_violations" not in families:
            gauge = GaugeMetricFamily(
                "faultline_invariant_violations", "Rows that verify() found, by promise", labels=("promise",)
            )
            for promise in PROMISES:
                gauge.add_metric((str(promise),), self.violations.get(promise, 0))
            families[gauge.name] = gauge
        yield GaugeMetricFamily(
            "faultline_verify_age_seconds",
            "Since this runner last verified all promises to the end (or has started): it grows if that takes too long",
            value=time.monotonic() - self.verified,
        )
        yield from families.values()
