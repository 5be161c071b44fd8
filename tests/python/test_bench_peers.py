"""The benchmark beside peers: its arithmetic, its report, and that it counts what was run. No peer is needed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import psycopg
import pytest
from click.testing import CliRunner

from bench import driver
from bench.peers import catalogue, command, crew, report, workloads
from bench.peers.adapters import meter
from bench.peers.workloads import Sample, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faultline.embedded import Server

RATE = {"rate": ("jobs/s", True)}
TITLES = {"faultline": "Faultline", "slow": "Slow & steady", "late": "Late"}
SETUP = driver.ROOT / "bench/peers/setup"
PEERS = [one for one in catalogue.CONTENDERS if isinstance(one, catalogue.Peer)]


def rates(*values: float) -> list[Sample]:
    return [Sample({"rate": value}, 100) for value in values]


def results(**samples: list[Sample]) -> report.Results:
    return report.Results(Workload("drain", "Drain", RATE, lambda *_: None), dict(samples))


class Recorder:
    """An adapter that keeps what is enqueued."""

    def __init__(self) -> None:
        self.payloads: list[meter.Payload] = []
        self.batches: list[int] = []

    async def install(self, dsn: str) -> None: ...

    async def producer(self, dsn: str) -> Recorder:  # noqa: ARG002
        return self

    async def work(self, dsn: str, counter: meter.Meter) -> None: ...

    async def one(self, payload: meter.Payload) -> None:
        await asyncio.sleep(0)
        self.payloads.append(payload)

    async def many(self, payloads: list[meter.Payload]) -> None:
        self.payloads += payloads
        self.batches.append(len(payloads))

    async def close(self) -> None: ...


def produced(**options: Any) -> Recorder:
    recorder = Recorder()
    told = asyncio.run(meter.produce(recorder, "", options))
    assert told["jobs"] == len(recorder.payloads)
    return recorder


@pytest.mark.parametrize("jobs", [1, 999, 1_000, 1_001, 2_500])
def test_every_number_is_enqueued_once_in_bulk(jobs: int) -> None:
    recorder = produced(jobs=jobs, bulk=True)
    assert [payload["n"] for payload in recorder.payloads] == list(range(jobs))
    assert max(recorder.batches) <= meter.BATCH


def test_every_number_is_enqueued_once_by_several_clients() -> None:
    recorder = produced(jobs=500, clients=16)
    assert sorted(payload["n"] for payload in recorder.payloads) == list(range(500))


def test_at_a_rate_each_job_says_when_it_was_sent() -> None:
    sent = [payload["sent"] for payload in produced(jobs=5, rate=1_000).payloads]
    assert sent == sorted(sent)


def test_a_payload_is_as_long_as_asked_and_so_many_in_a_hundred_fail() -> None:
    payloads = produced(jobs=200, bulk=True, size=2_000, failing=30, wave=7).payloads
    assert {len(payload["text"]) for payload in payloads} == {2_000}
    assert payloads[0]["text"] != payloads[1]["text"]
    assert sum("fail" in payload for payload in payloads) == 60
    assert {payload["w"] for payload in payloads} == {7}


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> meter.Meter:
    monkeypatch.setenv("BENCH_STATE", str(tmp_path))
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    return meter.Meter()


def test_a_worker_tells_what_it_ran_of_the_last_wave(counting: meter.Meter, tmp_path: Path) -> None:
    for wave, number in ((1, 5), (2, 3), (2, 4)):
        counting.ran({"n": number, "w": wave})
    counting._write()
    states = [file.read_text() for file in tmp_path.glob("*.state")]
    count = crew.counted(states, 2)
    assert (count.jobs, count.numbers) == (2, 7)
    assert count.first > 0
    assert crew.counted(states, 1) == crew.Count(0, 0, 0.0)


def test_a_job_that_is_meant_to_fail_counts_when_it_has_succeeded(counting: meter.Meter, tmp_path: Path) -> None:
    payload = {"n": 1, "w": 1, "fail": True}
    with pytest.raises(meter.MeantToFailError):
        counting.begin(payload, again=False)
    counting.begin(payload, again=True)
    counting._write()
    assert crew.counted([file.read_text() for file in tmp_path.glob("*.state")], 1).jobs == 1


def test_how_late_a_handler_began_is_told_once(counting: meter.Meter, tmp_path: Path) -> None:
    counting.ran({"n": 1, "w": 1, "sent": 0})
    counting._write()
    counting._write()
    (late,) = tmp_path.glob("*.late")
    assert len(late.read_text().split()) == 1


def test_counts_are_added_up_over_processes_and_the_first_began_first() -> None:
    states = ["1 10 45 100.5\n   ", "1 5 60 99.25\n   ", "0 200 19900 1.0\n   ", "1 0 0 0.0\n", "1 3", ""]
    assert crew.counted(states, 1) == crew.Count(15, 105, 99.25)


def test_percentiles_are_of_all_jobs_in_milliseconds() -> None:
    assert workloads.percentiles([n / 1000 for n in range(200, 0, -1)]) == {"p50": 101, "p99": 199}


def test_a_ratio_says_how_many_times_better_faultline_is_round_by_round() -> None:
    assert results(faultline=rates(100, 300), slow=rates(50, 100)).ratio("slow", "rate") == [2, 3]
    late = report.Results(Workload("late", "Late", {"p50": ("ms", False)}, lambda *_: None))
    late.samples = {"faultline": [Sample({"p50": 2.0}, 1)], "late": [Sample({"p50": 5.0}, 1)]}
    assert late.ratio("late", "p50") == [2.5]


def test_without_faultline_there_is_no_ratio() -> None:
    assert results(slow=rates(50)).ratio("slow", "rate") == []


def test_a_table_has_the_best_first_the_spread_and_what_a_job_took() -> None:
    one = results(slow=rates(50, 100, 60), faultline=rates(100, 300, 200))
    one.samples["faultline"][0].wal = 900.4
    one.failed["late"] = "Late: it fell over"
    lines = list(report.markdown(one, TITLES))
    table = [line for line in lines if line.startswith("|")]
    assert table[0] == "|  | jobs/s | Faultline, times as good | WAL, B a job |"
    assert table[2] == "| Faultline | 200 (100 to 300) |  | 900 |"
    assert table[3] == "| Slow & steady | 60 (50 to 100) | 3.00 (2.00 to 3.33) |  |"
    assert lines[-1] == "Late: it fell over"


def test_the_plot_is_svg_with_a_bar_for_each_and_the_longest_for_the_most() -> None:
    drawn = ET.fromstring(report.svg([results(slow=rates(50), faultline=rates(100))], TITLES))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    bars = [float(bar.get("width", "0")) for bar in drawn.iter(f"{space}rect")][1:]
    assert bars[0] == pytest.approx(2 * bars[1], rel=0.01)
    texts = [text.text for text in drawn.iter(f"{space}text")]
    assert texts[:2] == ["Drain: jobs/s, more is better", "Faultline"]
    assert "Slow & steady" in texts


def test_the_raw_values_say_who_was_measured_how_and_by_what_page() -> None:
    raw = report.as_json([results(faultline=rates(100), pgmq=rates(50))], [catalogue.FLOOR], {"commit": "abc"})
    assert json.loads(json.dumps(raw)) == raw
    assert raw["about"] == {"commit": "abc"}
    assert raw["contenders"][0]["settings"] == catalogue.FLOOR.settings
    assert raw["workloads"][0]["ratios"] == {"pgmq": [2]}
    assert raw["workloads"][0]["samples"]["faultline"][0]["values"] == {"rate": 100}


def measured(measure: Any, rounds: int) -> tuple[list[report.Results], list[str]]:
    said: list[str] = []
    workload = Workload("drain", "Drain", RATE, measure)
    contenders: list[workloads.Contenders] = [catalogue.FAULTLINE, catalogue.PGMQ, catalogue.FLOOR]
    server: Any = None
    return command.measure(server, [workload], contenders, workloads.SMALL, rounds, said.append), said


@pytest.mark.parametrize(
    "file", sorted((driver.ROOT / "bench/results").glob("peers-*.json")), ids=lambda file: file.stem
)
def test_the_tables_in_the_documentation_are_those_of_the_committed_raw_values(file: Path) -> None:
    raw = json.loads(file.read_text())
    measured, titles = report.from_json(raw)
    text = (driver.ROOT / "docs/benchmarks.md").read_text()
    for one in measured:
        for line in report.markdown(one, titles):
            assert line in text
    assert raw["about"]["commit"] in text


def test_what_is_written_as_json_can_be_read_again() -> None:
    written = report.as_json([results(faultline=rates(10.0, 20.0))], [catalogue.FLOOR], {})
    (read,), titles = report.from_json(json.loads(json.dumps(written)))
    assert list(report.markdown(read, TITLES)) == list(report.markdown(results(faultline=rates(10.0, 20.0)), TITLES))
    assert titles == {"floor": "bare SQL"}


def test_contenders_take_turns_and_each_round_goes_the_other_way() -> None:
    asked: list[str] = []

    def measure(_: object, one: catalogue.Contender, __: object) -> Sample:
        asked.append(one.name)
        return Sample({"rate": 1.0}, 1)

    measured(measure, 2)
    assert asked == ["faultline", "pgmq", "floor", "floor", "pgmq", "faultline"]


def test_who_fails_is_said_and_left_out_and_the_others_go_on() -> None:
    asked: list[str] = []

    def measure(_: object, one: catalogue.Contender, __: object) -> Sample | None:
        asked.append(one.name)
        if one.name == "pgmq":
            message = "it fell over\nwith a trace"
            raise driver.BenchError(message)
        return None if one.name == "floor" else Sample({"rate": 1.0}, 1)

    (one,), said = measured(measure, 2)
    assert {name: len(samples) for name, samples in one.samples.items()} == {"faultline": 2}
    assert one.failed == {"pgmq": "it fell over"}
    assert asked.count("pgmq") == 1
    assert any("with a trace" in line for line in said)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "nonesuch"], "no workload is named 'nonesuch'; there are: drain-1"),
        (["--peers", "pgqueuer,celery"], "no peer is named 'celery'; there are: faultline"),
        (["--jobs", "99"], "99 is not in the range"),
        (["--rounds", "0"], "0 is not in the range"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(arguments: list[str], words: str) -> None:
    ended = CliRunner().invoke(command.peers, arguments)
    assert ended.exit_code == 2
    assert words in ended.output


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_an_adapter_that_names_a_page_and_a_place_in_setup(peer: catalogue.Peer) -> None:
    kind = "mjs" if isinstance(peer, catalogue.NodePeer) else "py"
    assert (driver.ROOT / "bench/peers/adapters" / f"{peer.name}.{kind}").exists()
    assert peer.page
    assert peer.promises
    known = SETUP.read_text()
    assert peer is catalogue.FAULTLINE or peer.package in known


def test_setup_names_the_peers_it_knows() -> None:
    ended = subprocess.run([SETUP, "celery"], check=False, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "no peer is named celery; there are: faultline pgqueuer" in ended.stderr


@pytest.fixture
def swept(server: Server) -> Iterator[Server]:
    """One that has no database of the benchmark in the end."""
    yield server
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        found = connection.execute("select datname from pg_database where datname like 'bench!_peer%' escape '!'")
        for (name,) in found.fetchall():
            connection.execute(f"drop database {name} with (force)".encode())


def test_a_drain_by_faultlines_own_runners_runs_every_job_and_says_what_it_took(swept: Server) -> None:
    sample = workloads.drain(2)(swept, catalogue.FAULTLINE, replace(workloads.SMALL, jobs=300))
    assert sample is not None
    assert sample.jobs == 300
    assert sample.values["rate"] > 0
    assert sample.wal
    assert sample.dead
    assert sample.memory
    assert sample.dead >= 2


@pytest.mark.parametrize("kind", ["queued", "finished"])
def test_a_drain_beside_many_jobs_of_faultline(swept: Server, kind: str) -> None:
    size = replace(workloads.SMALL, jobs=300, ballast=2_000)
    sample = workloads.ballast(kind)(swept, catalogue.FAULTLINE, size)
    assert sample is not None
    assert sample.jobs >= 300


def test_an_idle_runner_of_faultline_is_measured_after_jobs_on_many_queues(swept: Server) -> None:
    sample = workloads.idle(swept, catalogue.FAULTLINE, replace(workloads.SMALL, queues=20, idle_seconds=0.5))
    assert sample is not None
    assert set(sample.values) == {"many", "one"}


def test_bare_sql_is_drained_to_the_end(swept: Server) -> None:
    size = replace(workloads.SMALL, jobs=2_000)
    sample = workloads.drain(2)(swept, catalogue.FLOOR, size)
    assert sample is not None
    assert sample.dead == pytest.approx(2, abs=0.1)
    assert workloads.drain(1, size=100)(swept, catalogue.FLOOR, size) is None
    assert workloads.drain(0)(swept, catalogue.FLOOR, size) is None


def test_the_same_rows_by_bare_sql_are_what_faultline_writes(swept: Server) -> None:
    size = replace(workloads.SMALL, jobs=2_000)
    by_hand = workloads.drain(2)(swept, catalogue.SAME_ROWS, size)
    ours = workloads.drain(1)(swept, catalogue.FAULTLINE, size)
    assert by_hand is not None
    assert ours is not None
    assert by_hand.dead == pytest.approx(2, abs=0.1)
    assert by_hand.wal is not None
    assert by_hand.wal == pytest.approx(ours.wal, rel=0.25)


def test_jobs_that_are_spread_over_queues_are_all_drained(swept: Server) -> None:
    sample = workloads.drain(1, queues=7)(swept, catalogue.FAULTLINE, replace(workloads.SMALL, jobs=300))
    assert sample is not None
    assert sample.jobs == 300
    assert workloads.drain(1, queues=7)(swept, catalogue.PGQUEUER, workloads.SMALL) is None


def test_latency_is_measured_at_half_of_what_one_worker_keeps_up_with(swept: Server) -> None:
    size = replace(workloads.SMALL, seconds=0.5, rate_seconds=1.5)
    sample = workloads.busy_latency(swept, catalogue.FAULTLINE, size)
    assert sample is not None
    assert sample.jobs == pytest.approx(sample.values["rate"] * 0.5, abs=1)
    assert 0 < sample.values["p50"] <= sample.values["p99"]


def test_waves_under_a_snapshot_have_company_or_say_what_was_missing(
    swept: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = replace(workloads.SMALL, waves=2, wave=200)
    monkeypatch.setattr(workloads, "BESIDE_SECONDS", 0.1)
    sample = workloads.held_snapshot(busy=True)(swept, catalogue.FAULTLINE, size)
    assert sample is not None
    assert sample.values["last"] > 0
    assert workloads.held_snapshot(busy=True)(swept, catalogue.PGQUEUER, size) is None
    monkeypatch.setattr(workloads, "BESIDE_WAIT", 0.0)
    monkeypatch.setattr(workloads, "BESIDE", {"eclipse": "select false"})
    with pytest.raises(driver.BenchError, match="there was not one eclipse"):
        workloads.held_snapshot(busy=True)(swept, catalogue.FAULTLINE, size)
