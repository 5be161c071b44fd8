"""What a runner counts, in a form that costs next to nothing per job, and how Prometheus gets it.

Labels are bounded, whatever names queues and types have: the first 200 pairs of queue and type have series of their
own; later ones count under queue="other" and their type. Types without a handler here are all type="other".
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
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

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
    "faultline_queue_depth": "Jobs by queue and state: queued, running, failed; up to faultline_queue_depth_most",
    "faultline_queue_ready": "Jobs that may run now and wait for a runner; up to faultline_queue_depth_most",
    "faultline_queue_oldest_ready_seconds": "How long the oldest job that may run has been waiting",
    "faultline_queue_runners": "Runners that serve the queue, seen within a minute",
    "faultline_queue_paused": "1 if somebody has paused the queue",
    "faultline_queues": "Queues with live jobs; 201 means more than 200, of which 200 have metrics of their own",
    "faultline_queue_depth_most": "Where counts by queue end: 10000, with more than 20 queues 1000",
    "faultline_dead_letters": "Failed jobs that wait for somebody to retry or discard them; 10000: at least so many",
    "faultline_transactions": "Transactions: INIT, APPLIED (not yet reconciled) or FAILED; 10000: at least so many",
    "faultline_transactions_dead": "INIT transactions whose job is a dead letter; 10000: at least so many",
    "faultline_transaction_oldest_init_seconds": "Age of the oldest transaction that is INIT",
    "faultline_effects_unknown": "Effects of which nobody knows whether they have happened; 10000: at least so many",
    "faultline_runs": "Runs of workflows: running, and failed ones that could be resumed; 10000: at least so many",
    "faultline_schedule_missed_total": "Ticks of schedules that were missed",
    "faultline_runners": "Runners seen within a minute",
    "faultline_oldest_snapshot_seconds": "Age of the oldest snapshot in the server; NaN if it may not be seen",
    "faultline_server_connections": "Sessions of the PostgreSQL server, in all of its databases",
    "faultline_server_connections_most": "How many sessions the server takes: max_connections",
    "faultline_jobs_live_bytes": "Size of the table of live jobs, with its indexes",
    "faultline_payloads_bytes": "Size of the table of large payloads, of live and of finished jobs",
    "faultline_jobs_live_dead_rows": "Rows of the table of live jobs that wait for vacuum, as its statistics say",
    "faultline_transaction_ids_used": "Age of the oldest transaction id of the database; the server stops at 2 billion",
}
OTHER: Final = "other"


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
        self.types: Container[str] = ()
        self.claim = Histogram()
        self.stale = dict.fromkeys(VERBS, 0)
        self.leases_expired = 0
        self.leases_recovered = 0
        self.wakeups = 0
        self.answers: dict[tuple[str, str], int] = {}
        self.violations: dict[int, int] | None = None
        self.verified: float | None = None
        self.slots: Callable[[], Mapping[str, int]] = dict
        self.unreported: Callable[[], int] = int
        self.database_up: Callable[[], bool] = bool
        self.database: Callable[[], Iterable[DatabaseValue]] = tuple
        self.database_read: Callable[[], float | None] = lambda: None
        self.info: Mapping[str, str] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def of(self, queue: str, type_: str) -> Series:
        """The series of this pair, or a common one: of a type nobody here knows, or once there are too many."""
        found = self.series.get((queue, type_))
        if found is not None:
            return found
        key = (queue, type_ if type_ in self.types else OTHER)
        if key not in self.series and len(self.series) >= SERIES_MOST:
            key = (OTHER, key[1])
        return self.series.setdefault(key, Series())

    def answer(self, effect: str, said: str) -> None:
        """One more answer about an effect whose job is over."""
        self.answers[effect, said] = self.answers.get((effect, said), 0) + 1

    def finished(self) -> int:
        """Attempts that were reported, whatever their outcome."""
        return sum(one.succeeded + sum(one.outcomes.values()) for one in list(self.series.values()))

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._jobs()
        yield from self._runner()
        yield from self._database()

    def _jobs(self) -> Iterator[Metric]:
        jobs = CounterMetricFamily("faultline_jobs", "Attempts by how they ended", labels=("queue", "type", "outcome"))
        retries = CounterMetricFamily(
            "faultline_job_retries", "Attempts started after an earlier one had failed", labels=("queue", "type")
        )
        run = HistogramMetricFamily("faultline_job_run_seconds", "How long handlers ran", labels=("queue", "type"))
        wait = HistogramMetricFamily(
            "faultline_job_wait_seconds", "From ready to claimed, by the database's clock", labels=("queue", "type")
        )
        for labels, one in list(self.series.items()):
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
        yield from families.values()
        if (read := self.database_read()) is not None:
            yield GaugeMetricFamily(
                "faultline_database_values_age_seconds",
                "Since the database was asked for the values it exports here; they are gone after a minute",
                value=time.monotonic() - read,
            )
        if self.violations is not None and "faultline_invariant_violations" not in families:
            gauge = GaugeMetricFamily(
                "faultline_invariant_violations",
                "Rows that verify() found, by promise; from the one runner that verifies for all",
                labels=("promise",),
            )
            for promise in PROMISES:
                gauge.add_metric((str(promise),), self.violations.get(promise, 0))
            yield gauge
        if (verified := self.verified) is not None:
            yield GaugeMetricFamily(
                "faultline_verify_age_seconds",
                "Since the runner that verifies for all last did so to the end, or took over; it grows if that fails",
                value=time.monotonic() - verified,
            )
