"""What Prometheus gets: the names and labels that are promised, bounded, and there also when the database is not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from faultline import App, Job
from faultline.metrics import SERIES_MOST, Histogram, Metrics
from tests.support.running import Running, enqueue, sample, states, until

if TYPE_CHECKING:
    from tests.support.database import Database

PROMISED = {
    "faultline_jobs": {"queue", "type", "outcome"},
    "faultline_job_run_seconds": {"queue", "type"},
    "faultline_job_wait_seconds": {"queue", "type"},
    "faultline_job_retries": {"queue", "type"},
    "faultline_stale_reports": {"verb"},
    "faultline_leases_expired": set(),
    "faultline_leases_recovered": set(),
    "faultline_runner_slots": {"state"},
    "faultline_claim_seconds": set(),
    "faultline_queue_depth": {"queue", "state"},
    "faultline_queue_oldest_ready_seconds": {"queue"},
    "faultline_dead_letters": set(),
    "faultline_oldest_snapshot_seconds": set(),
    "faultline_invariant_violations": {"promise"},
}


def app() -> App:
    made = App()

    @made.handler("fine")
    async def fine(job: Job) -> None: ...

    return made


def labels(text: str) -> dict[str, set[str]]:
    """The label names of each metric in an exposition, but for a histogram's own."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found.setdefault(family.name, set()).update(set(one.labels) - {"le"})
    return found


def test_every_promised_metric_is_there_with_its_labels_and_no_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultline.housekeeper.VERIFY_SECONDS", 0.1)
    enqueue(db, "fine", count=3)
    enqueue(db, "elsewhere", queue="other")
    with Running(app(), db, metrics_port=0) as running:
        until(lambda: states(db).get("succeeded") == 3, "the jobs are done")
        until(lambda: running.runner.metrics.violations is not None, "it has verified")
        status, text = running.get("/metrics")
    assert status == 200
    found = labels(text)
    assert {name: found.get(name) for name in PROMISED} == PROMISED
    assert sample(text, "faultline_invariant_violations") == 0
    assert not [name for name, names in found.items() if {"job_id", "id", "runner_id"} & names]


def test_a_broken_promise_shows_in_the_gauge_and_in_the_log(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("faultline.housekeeper.VERIFY_SECONDS", 0.1)
    db.execute("grant select on faultline.jobs_live to faultline_producer")
    with Running(app(), db, metrics_port=0) as running:
        until(lambda: running.runner.metrics.violations, "it has verified")
        text = running.get("/metrics")[1]
    assert 'faultline_invariant_violations{promise="13"} 1.0' in text
    assert "promise 13 is broken" in caplog.text


def test_the_database_is_asked_at_most_every_five_seconds(db: Database) -> None:
    with Running(app(), db, metrics_port=0, queues=("nothing",)) as running:
        until(lambda: "faultline_dead_letters 0.0" in running.get("/metrics")[1], "the database has answered")
        enqueue(db, "fine", queue="unserved")
        assert 'queue="unserved"' not in running.get("/metrics")[1]


def test_a_scrape_does_not_wait_for_a_database_that_is_locked(db: Database) -> None:
    blocker = db.connect(autocommit=False)
    with Running(app(), db, metrics_port=0) as running:
        until(lambda: running.get("/ready")[0] == 200, "it is ready")
        blocker.execute("lock table faultline.runners in access exclusive mode")
        status, text = running.get("/metrics")
        assert status == 200
        assert "faultline_runner_slots" in text
        blocker.rollback()


def test_maintenance_is_every_runners_business(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.housekeeper.MAINTAIN_SECONDS", 0.1)
    last = "select max(c.relname) from pg_class c where c.relname ~ '^jobs_done_[0-9]{8}$'"
    name = db.scalar(last)
    db.execute(f"drop table faultline.{name}")
    with Running(app(), db):
        until(lambda: db.scalar(last) == name, "the partition is back")


def test_labels_are_bounded_whatever_the_names_are() -> None:
    metrics = Metrics()
    for number in range(SERIES_MOST + 100):
        series = metrics.of("queue", f"type-{number}")
        series.succeeded += 1
        series.count("failed")
    text = generate_latest(metrics.registry).decode()
    lines = [line for line in text.splitlines() if line.startswith("faultline_jobs_total{")]
    assert len(lines) == 2 * (SERIES_MOST + 1)
    assert 'faultline_jobs_total{outcome="succeeded",queue="other",type="other"} 100.0' in lines
    assert metrics.finished() == 2 * (SERIES_MOST + 100)


def test_a_histogram_counts_into_the_right_buckets() -> None:
    histogram = Histogram()
    for seconds in (0.0, 0.001, 0.0011, 3.0, 10_000.0, -0.5):
        histogram.observe(seconds)
    buckets = dict(histogram.buckets())
    assert buckets["0.001"] == 3
    assert buckets["0.0025"] == 4
    assert (buckets["5.0"], buckets["1800.0"], buckets["+Inf"]) == (5, 5, 6)
    assert histogram.total == pytest.approx(10_002.5021)


def test_buckets_never_go_down() -> None:
    histogram = Histogram()
    chance = random.Random(1)
    for _ in range(1000):
        histogram.observe(chance.expovariate(1))
    counts = [count for _, count in histogram.buckets()]
    assert counts == sorted(counts)
    assert counts[-1] == 1000
