"""What Prometheus gets: the names and labels that are promised, bounded, and there also when the database is not."""

from __future__ import annotations

import random
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from prometheus_client import generate_latest

from faultline import App, Job
from faultline.drill.proxy import Proxy
from faultline.metrics import SERIES_MOST, Histogram, Metrics
from tests.support.metrics import exported, listed
from tests.support.running import Running, as_runner, enqueue, sample, states, until

if TYPE_CHECKING:
    from tests.support.database import Database


def app() -> App:
    made = App()

    @made.handler("fine")
    async def fine(job: Job) -> None: ...

    return made


def test_what_a_runner_exports_is_what_the_list_says(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.housekeeper.VERIFY_SECONDS", 0.1)
    enqueue(db, "fine", count=3)
    enqueue(db, "elsewhere", queue="other")
    with Running(app(), db, metrics_port=0) as running:
        until(lambda: states(db).get("succeeded") == 3, "the jobs are done")
        until(lambda: running.runner.metrics.violations is not None, "it has verified")
        running.runner.metrics.answer("charge", "applied")
        housekeeper = running.runner.housekeeper
        assert housekeeper is not None
        housekeeper._values = (float("-inf"), [])
        status, text = running.get("/metrics")
    assert status == 200
    assert exported(text) == listed("runner", "both", "database", *installed())
    assert sample(text, "faultline_invariant_violations") == 0
    lines = text.splitlines()
    for name in listed("runner", "both", "database", *installed()):
        (line,) = [line for line in lines if line.startswith(f"# HELP {name} ")]
        assert len(line) > len(f"# HELP {name} ") + 10, "a help text says something"
        assert "From the database" not in line


def installed() -> list[str]:
    """The groups of the list that belong to parts which a build may lack."""
    return [group for group in ("schedules",) if find_spec(f"faultline.{group}") is not None]


def test_names_follow_the_rules_of_prometheus() -> None:
    for name, kind in listed().items():
        assert name.endswith("_total") == (kind.type == "counter"), name
        assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|percent)(_|$)", name), f"{name}: base units"
        assert not {"id", "job_id", "run_id", "transaction_id", "path"} & kind.labels, f"{name}: unbounded"


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


def test_of_several_runners_one_verifies_for_all(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.housekeeper.VERIFY_SECONDS", 0.1)
    with Running(app(), db, metrics_port=0) as second:
        until(lambda: second.runner.metrics.violations is not None, "it has verified, as the only one")
        db.execute("select faultline.register_runner(gen_random_uuid(), 'elsewhere', 1, 'v')")
        db.execute("update faultline.runners set started_at = now() - interval '1 day' where host = 'elsewhere'")
        until(lambda: second.runner.metrics.violations is None, "another one is there longer, and does it")
        text = second.get("/metrics")[1]
        assert "faultline_invariant_violations" not in text
        assert "faultline_verify_age_seconds" not in text
        db.execute("update faultline.runners set last_seen_at = now() - interval '2 minutes' where host = 'elsewhere'")
        until(lambda: second.runner.metrics.violations is not None, "that one is gone")
        assert 0 <= sample(second.get("/metrics")[1], "faultline_verify_age_seconds") < 30


def test_a_verification_that_takes_too_long_shows_in_its_age(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.housekeeper.VERIFY_SECONDS", 0.1)
    monkeypatch.setattr("faultline.housekeeper.VERIFY_LIMIT", 0.05)
    blocker = db.connect(autocommit=False)
    blocker.execute("lock table faultline.idempotency_keys in access exclusive mode")
    with Running(app(), db, metrics_port=0, queues=("nothing",)) as running:
        until(lambda: running.runner.metrics.verified is not None, "it has tried")
        since = running.runner.metrics.verified
        until(lambda: "faultline_verify_age_seconds 0.3" in running.get("/metrics")[1], "the age grows")
        assert running.runner.metrics.violations is None
        assert running.runner.metrics.verified == since
        blocker.rollback()
        until(lambda: running.runner.metrics.violations == {}, "it has verified")
        assert running.runner.metrics.verified != since


def test_while_a_chore_takes_long_the_last_values_stand(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.runner.SCRAPE_SECONDS", 0.2)
    with Running(app(), db, metrics_port=0, queues=("nothing",)) as running:
        until(lambda: "faultline_dead_letters 0.0" in running.get("/metrics")[1], "the database has answered")
        housekeeper = running.runner.housekeeper
        assert housekeeper is not None
        asked, values = housekeeper._values
        blocker = db.connect(autocommit=False)
        blocker.execute("lock table faultline.jobs_live in access exclusive mode")  # reap waits, and with it the scrape
        until(housekeeper._lock.locked, "a chore is under way")
        housekeeper._values = (asked - 10, values)
        text = running.get("/metrics")[1]
        assert "faultline_dead_letters 0.0" in text
        assert sample(text, "faultline_database_values_age_seconds") > 10
        housekeeper._values = (asked - 61, values)
        text = running.get("/metrics")[1]
        blocker.rollback()
    assert "faultline_dead_letters" not in text
    assert "faultline_database_values_age_seconds" not in text


def test_without_the_database_there_are_metrics_and_they_say_so(db: Database) -> None:
    with Proxy(db.dsn) as proxy, Running(app(), db, dsn=as_runner(proxy.dsn), metrics_port=0) as running:
        until(lambda: "faultline_dead_letters 0.0" in running.get("/metrics")[1], "the database has answered")
        assert sample(running.get("/metrics")[1], "faultline_database_up") == 1
        proxy.refuse = True
        for role in ("claim", "report", "heartbeat", "housekeeping", "ask"):
            proxy.cut(f"faultline {role}")
        until(lambda: sample(running.get("/metrics")[1], "faultline_database_up") == 0, "it has noticed")
        until(lambda: "faultline_dead_letters" not in running.get("/metrics")[1], "it knows nothing of the database")
        status, text = running.get("/metrics")
        assert status == 200
        assert 'faultline_runner_slots{state="idle"}' in text
        assert "# HELP faultline_jobs_total " in text
        proxy.refuse = False
        until(lambda: sample(running.get("/metrics")[1], "faultline_database_up") == 1, "the database is back")


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


def jobs(metrics: Metrics) -> list[str]:
    text = generate_latest(metrics.registry).decode()
    return [line for line in text.splitlines() if line.startswith("faultline_jobs_total{")]


def test_any_number_of_types_that_nobody_knows_makes_one_series() -> None:
    metrics = Metrics()
    for number in range(100_000):
        metrics.of("queue", f"type-{number}").succeeded += 1
    assert jobs(metrics) == ['faultline_jobs_total{outcome="succeeded",queue="queue",type="other"} 100000.0']
    assert metrics.finished() == 100_000


def test_any_number_of_queues_makes_two_hundred_series_and_one_for_each_type_of_the_rest() -> None:
    metrics = Metrics()
    metrics.types = {"fine", "boom"}
    for number in range(100_000):
        metrics.of(f"queue-{number}", "fine").succeeded += 1
        metrics.of(f"queue-{number}", "boom").count("failed")
    lines = jobs(metrics)
    assert len(metrics.series) == SERIES_MOST + 2
    assert 'faultline_jobs_total{outcome="succeeded",queue="other",type="fine"} 99900.0' in lines
    assert 'faultline_jobs_total{outcome="failed",queue="other",type="boom"} 99900.0' in lines
    assert metrics.finished() == 200_000


def test_two_hundred_pairs_have_series_of_their_own() -> None:
    metrics = Metrics()
    metrics.types = {"fine"}
    for number in range(SERIES_MOST):
        metrics.of(f"queue-{number}", "fine")
    assert ("other", "fine") not in metrics.series
    metrics.of("one more", "fine")
    assert ("other", "fine") in metrics.series
    assert metrics.of("queue-7", "fine") is metrics.series["queue-7", "fine"]


def test_a_queue_and_a_type_that_are_called_other_are_no_second_series() -> None:
    metrics = Metrics()
    metrics.types = {"other"}
    metrics.of("other", "other").succeeded += 1
    metrics.of("other", "unknown").succeeded += 1
    assert jobs(metrics) == ['faultline_jobs_total{outcome="succeeded",queue="other",type="other"} 2.0']


def test_a_runner_knows_the_types_of_its_handlers(db: Database) -> None:
    enqueue(db, "elsewhere")
    enqueue(db, "fine")
    with Running(app(), db) as running:
        until(lambda: running.runner.metrics.finished() == 2, "both are reported")
    assert set(running.runner.metrics.series) == {("default", "fine"), ("default", "other")}


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
