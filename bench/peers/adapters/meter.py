"""What the handlers of every peer in Python do, and how their jobs are made. Standard library only: it runs anywhere.

A worker's file `PID.state` says wave, jobs run in it, the sum of their numbers, and when the first began. A thread
writes it every BENCH_TICK seconds, so a handler costs two additions and a comparison, for every peer alike.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

Payload = dict[str, Any]
BATCH = 1_000
TICK = float(os.environ.get("BENCH_TICK", "0.01"))


class MeantToFailError(Exception):
    """The handler's answer to a job that has to be retried."""


class Producer(Protocol):
    """One client of the peer, with a connection of its own."""

    async def one(self, payload: Payload) -> None: ...

    async def many(self, payloads: list[Payload]) -> None: ...

    async def close(self) -> None: ...


class Adapter(Protocol):
    """What a peer has to be able to do."""

    async def install(self, dsn: str) -> None: ...

    async def producer(self, dsn: str) -> Producer: ...

    async def work(self, dsn: str, counter: Meter) -> None:
        """Run handlers until SIGTERM."""


class Meter:
    """Counts what the handlers of this process have run."""

    def __init__(self) -> None:
        self._directory = Path(os.environ["BENCH_STATE"])
        self._wave, self._count, self._sum, self._first = -1, 0, 0, 0.0
        self._late: list[float] = []
        self._told = ""
        self._file = os.open(self._directory / f"{os.getpid()}.state", os.O_CREAT | os.O_WRONLY)
        self._write()
        threading.Thread(target=self._tick, name="meter", daemon=True).start()

    def ran(self, payload: Payload) -> None:
        """The handler of this job does nothing else."""
        if payload["w"] != self._wave:
            self._first, self._count, self._sum, self._wave = time.time(), 0, 0, payload["w"]
        self._count += 1
        self._sum += payload["n"]
        if "sent" in payload:
            self._late.append(time.time() - payload["sent"])

    def begin(self, payload: Payload, *, again: bool) -> None:
        """As `ran`, for jobs of which some fail at their first attempt: only what succeeds is counted."""
        if "fail" in payload and not again:
            raise MeantToFailError
        self.ran(payload)

    def _tick(self) -> None:
        while True:
            time.sleep(TICK)
            self._write()

    def _write(self) -> None:
        told = f"{self._wave} {self._count} {self._sum} {self._first:.6f}\n"
        if told != self._told:
            os.pwrite(self._file, told.ljust(80).encode(), 0)
            self._told = told
        if self._late:
            late, self._late = self._late, []
            with (self._directory / f"{os.getpid()}.late").open("a") as file:
                file.writelines(f"{seconds:.6f}\n" for seconds in late)


class Maker:
    """Payloads: the job's number, its wave, and as much text as was asked for, which does not compress away."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._wave = options.get("wave", 0)
        self._size = options.get("size", 0)
        self._failing = options.get("failing", 0)
        self._text = base64.b64encode(random.Random(1).randbytes(self._size * 2)).decode()

    def __call__(self, number: int) -> Payload:
        payload: Payload = {"n": number, "w": self._wave}
        if self._size:
            start = number * 7 % (len(self._text) - self._size)
            payload["text"] = self._text[start : start + self._size]
        if number % 100 < self._failing:
            payload["fail"] = True
        return payload


async def produce(adapter: Adapter, dsn: str, options: dict[str, Any]) -> dict[str, float]:
    """Enqueues `jobs`, or for so many `seconds`, one by one or in bulk, or evenly at a `rate`; says what it took."""
    make = Maker(options)
    producers = [await adapter.producer(dsn) for _ in range(options.get("clients", 1))]
    until = options.get("seconds", 0)
    left = iter(range(options["jobs"])) if "jobs" in options else iter(range(10**12))
    done = 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()

    async def one_by_one(producer: Producer) -> None:
        nonlocal done
        for number in left:
            await producer.one(make(number))
            done += 1
            if until and time.perf_counter() - started >= until:
                return

    async def in_bulk(producer: Producer) -> None:
        nonlocal done
        while batch := [make(number) for _, number in zip(range(BATCH), left, strict=False)]:
            await producer.many(batch)
            done += len(batch)
            if until and time.perf_counter() - started >= until:
                return

    async def at_a_rate(producer: Producer) -> None:
        nonlocal done
        for number in left:
            await asyncio.sleep(max(0.0, started + number / options["rate"] - time.perf_counter()))
            await producer.one(make(number) | {"sent": time.time()})
            done += 1

    way = at_a_rate if "rate" in options else in_bulk if options.get("bulk") else one_by_one
    await asyncio.gather(*(way(producer) for producer in producers))
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    for producer in producers:
        await producer.close()
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return {"jobs": done, "seconds": seconds, "cpu": cpu, "memory": most_resident()}


def most_resident() -> float:
    """In MB, of this process. What getrusage says would include what it was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def run(adapter: Adapter) -> None:
    """The program: VERB, and for `produce` its options as JSON."""
    dsn = os.environ["BENCH_DSN"]
    verb = sys.argv[1]
    with asyncio.Runner(loop_factory=_loop()) as runner:
        if verb == "install":
            runner.run(adapter.install(dsn))
        elif verb == "produce":
            print(json.dumps(runner.run(produce(adapter, dsn, json.loads(sys.argv[2])))), flush=True)
        else:
            runner.run(adapter.work(dsn, Meter()))


def _loop() -> Any:
    """uvloop's loop, where the environment has it."""
    try:
        import uvloop  # noqa: PLC0415 - in the environments of the peers only
    except ImportError:
        return None
    return uvloop.new_event_loop
