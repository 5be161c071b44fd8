"""The benchmark's arithmetic, and that its floor does the work it is compared for."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench import api, driver, floor, report, workflows
from bench.cases import Size

if TYPE_CHECKING:
    from tests.support.database import Database


def test_a_ratio_says_how_often_the_floor_could_have_done_it() -> None:
    rates = report.Measured("enqueue", "jobs/s", higher=True, floor=[1000, 900], faultline=[500, 900])
    assert rates.ratio() == [2, 1]
    delays = report.Measured("latency", "ms", higher=False, floor=[2, 4], faultline=[6, 4])
    assert delays.ratio() == [3, 1]


def test_a_table_has_median_least_and_most() -> None:
    console = Console(width=132, record=True, file=io.StringIO())
    measured = report.Measured("enqueue", "jobs/s", higher=True, floor=[1000, 3000, 2000], faultline=[500, 500, 500])
    console.print(report.table([measured]))
    text = console.export_text()
    assert "2,000 (1,000 to 3,000)" in text
    assert "4.00 (2.00 to 6.00)" in text


@pytest.mark.parametrize("name", ["two-cores.json", "ledger.json", "workflows.json", "api.json"])
def test_the_table_in_the_documentation_is_that_of_the_committed_raw_values(name: str) -> None:
    raw = json.loads((driver.ROOT / "bench/results" / name).read_text())
    text = (driver.ROOT / "docs/benchmarks.md").read_text()
    for case in raw["cases"]:
        measured = report.Measured(**{name: value for name, value in case.items() if name != "ratio"})
        cells = report.cells(measured)
        assert f"| {' | '.join(cells)} |" in text
    assert raw["about"]["commit"] in text


def test_flat_is_said_round_by_round_of_the_widest_and_the_narrowest() -> None:
    narrow, _, wide, *_ = costs = [workflows.Costs(shape) for shape in workflows.shapes(Size())]
    for cost, times, cpu in ((narrow, [10, 20, 30], [4, 4, 4]), (wide, [10, 30, 60], [2, 4, 8])):
        cost.tasks["time"] += times
        cost.tasks["CPU"] += cpu
    (line,) = workflows.flatness([narrow, wide])
    assert line.startswith("static: a task of 10,000 costs 1.50 (1.00 to 2.00) times the time and 1.00 (0.50 to 2.00)")
    assert list(workflows.flatness(costs[1:3])) == []


def test_the_servers_cpu_is_that_of_its_sessions_too(db: Database) -> None:
    before = workflows.server_cpu(db.server)
    db.execute("select count(*) from generate_series(1, 3000000) n where n::text like '%%99'")
    assert workflows.server_cpu(db.server) > before


def test_both_percentiles_are_of_one_measurement() -> None:
    measured = iter([[float(n) for n in range(200, 0, -1)], [7.0] * 3])

    def ask(percentile: str) -> float:
        return api.of_one_measurement(("http", "test"), percentile, lambda: next(measured))

    assert (ask("p50"), ask("p99")) == (101, 199)
    assert ask("p50") == 7


def test_the_floor_drains_what_it_was_filled_with(db: Database) -> None:
    db.execute(floor.SCHEMA)
    floor.fill(db.dsn, 2_000)
    driver.pgbench(db.server, db.name, floor.DRAIN, clients=2, times=2, simple=True)
    assert db.rows("select count(*), count(distinct id) from floor_done") == [(2_000, 2_000)]
    assert db.scalar("select count(*) from floor_live") == 0


def test_a_script_that_fails_is_reported(db: Database) -> None:
    with pytest.raises(driver.BenchError, match="no_such_table"):
        driver.pgbench(db.server, db.name, "select * from no_such_table;", times=1)
