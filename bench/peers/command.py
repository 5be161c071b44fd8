"""python -m bench peers: every workload by every contender, round after round; tables, JSON and a plot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import psycopg
from rich.console import Console

from bench import driver
from bench.peers import report, workloads
from bench.peers.catalogue import CONTENDERS
from faultline.embedded import EmbeddedError, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.peers.workloads import Contenders, Size, Workload

CONNECTIONS: Final = "1000"
BUFFERS: Final = "1GB"
NAMES: Final = [one.name for one in CONTENDERS]


def _chosen(text: str, there: Sequence[str], what: str) -> list[str]:
    """The names in a list with commas; all if it is empty."""
    asked = [word.strip() for word in text.split(",") if word.strip()]
    if wrong := [word for word in asked if not any(word in name for name in there)]:
        message = f"no {what} is named {', '.join(map(repr, wrong))}; there are: {', '.join(there)}"
        raise click.UsageError(message)
    return [name for name in there if not asked or any(word in name for word in asked)]


def _terminated(*_: object) -> None:
    """Workers and servers are ended on the way out."""
    sys.exit(128 + signal.SIGTERM)


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Every workload so many times.")
@click.option("--jobs", type=click.IntRange(100), help="Jobs a drain, instead of 100 000.")
@click.option("--quick", is_flag=True, help="Small amounts and one round: only to see it work.")
@click.option("--only", default="", metavar="WORDS", help="Workloads with one of these in their name.")
@click.option("--peers", default="", metavar="NAMES", help="Only these beside Faultline.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the raw values here, as JSON.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write a plot here, as SVG.")
def peers(
    rounds: int, jobs: int | None, *, quick: bool, only: str, peers: str, out: Path | None, plot: Path | None
) -> None:
    """Measure Faultline beside its peers, which bench/peers/setup installs.

    Words and names are lists with commas: --only drain,latency --peers pgqueuer
    """
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    signal.signal(signal.SIGTERM, _terminated)
    picked = set(_chosen(only, [one.name for one in workloads.WORKLOADS], "workload"))
    whom = {report.OURS, *_chosen(peers, NAMES, "peer")}
    contenders = [one for one in CONTENDERS if one.name in whom and not one.missing]
    for one in CONTENDERS:
        if one.name in whom and one.missing:
            console.print(f"left out: {one.missing}")
    size = workloads.SMALL if quick else workloads.Size()
    size = replace(size, jobs=jobs or size.jobs)
    chosen = [one for one in workloads.WORKLOADS if one.name in picked]
    try:
        with Server(fsync=True, config={"max_connections": CONNECTIONS, "shared_buffers": BUFFERS}) as server:
            console.print(f"PostgreSQL {server.version_text}, fsync and synchronous_commit on, {os.cpu_count()} cores")
            results = measure(server, chosen, contenders, size, 1 if quick else rounds, console.print)
            about = driver.machine(server) | {"size": asdict(size)}
    except EmbeddedError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    titles = {one.name: one.title for one in contenders}
    print(*report.about_contenders(contenders), sep="\n")
    for measured in results:
        print("", *report.markdown(measured, titles), sep="\n")
    if out is not None:
        out.write_text(json.dumps(report.as_json(results, contenders, about), indent=1, ensure_ascii=False) + "\n")
    if plot is not None:
        plot.write_text(report.svg(results, titles))
    sys.exit(1 if any(one.failed for one in results) else 0)


def measure(
    server: Server,
    chosen: Sequence[Workload],
    contenders: Sequence[Contenders],
    size: Size,
    rounds: int,
    say: Callable[[str], None],
) -> list[report.Results]:
    """Interleaved: they take turns at every workload, each round in the other direction. Who fails is out of it."""
    results = [report.Results(workload) for workload in chosen]
    for turn in range(rounds):
        for one in results:
            for contender in contenders if turn % 2 == 0 else reversed(contenders):
                if contender.name in one.failed:
                    continue
                started = time.monotonic()
                try:
                    sample = one.workload.measure(server, contender, size)
                except (driver.BenchError, psycopg.Error, subprocess.TimeoutExpired) as error:
                    one.failed[contender.name] = str(error).splitlines()[0]
                    one.samples.pop(contender.name, None)
                    say(f"{one.workload.name}: {error}")
                    continue
                if sample is None:
                    continue
                one.samples.setdefault(contender.name, []).append(sample)
                said = ", ".join(f"{sample.values[w]:,.2f} {unit}" for w, (unit, _) in one.workload.values.items())
                seconds = time.monotonic() - started
                say(f"round {turn + 1} of {rounds}: {one.workload.name}: {contender.title}: {said} ({seconds:.0f} s)")
    return results
