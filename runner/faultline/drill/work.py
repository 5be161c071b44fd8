"""What the runners of a drill do: `faultline run faultline.drill.work:app`. Each attempt is on record as it begins.

The handlers below "misbehave" do once what no handler should: in the first attempt of a job, never in a later one.
"""

from __future__ import annotations

import asyncio
import functools
import http.client
import json
import os
import resource
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from faultline import Absent, App, Applied, Discard, Job, OutsideEffect, Refused, Snooze, Unknown
from faultline.drill.history import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.drill.history import Recorded

DIRECTORY: Final = "FAULTLINE_DRILL_DIRECTORY"
RECEIVER: Final = "FAULTLINE_DRILL_RECEIVER"
ANSWER_SECONDS: Final = 1.0
HOG: Final = 300_000_000
"""So many numbers are summed up without letting go of the interpreter: several leases long."""
SPARE_BYTES: Final = 64 * 1024 * 1024

app = App()


@functools.cache
def recorder() -> Recorder:
    return Recorder(Path(os.environ[DIRECTORY]), f"runner-{os.getpid()}")


@contextmanager
def recorded(job: Job) -> Iterator[Recorded]:
    """The attempt in the history: it has begun, and how it ended, if it did."""
    token = job.payload.get("token") or job.input.get("token")
    if job.task is not None:
        token = f"{token}/{job.task}"
    args: dict[str, Any] = {"job_id": job.id, "attempt": job.attempt, "type": job.type, "token": token}
    if job.task is not None:
        args["results"] = job.results
    with recorder().handle(**args, runner=os.getpid()) as call:
        yield call


@app.handler("job")
def work(job: Job) -> dict[str, Any]:
    """A moment of work; it fails, or is put off, as often as its payload says."""
    with recorded(job) as call:
        time.sleep(job.payload.get("hold", 0.0))
        _stumble(job)
        result = {"token": job.payload["token"], "attempt": job.attempt}
        call.ok(result)
        return result


@app.handler("async-job")
async def work_async(job: Job) -> dict[str, Any]:
    with recorded(job) as call:
        await asyncio.sleep(job.payload.get("hold", 0.0))
        _stumble(job)
        result = {"token": job.payload["token"], "attempt": job.attempt}
        call.ok(result)
        return result


def _stumble(job: Job) -> None:
    if job.failures < job.payload.get("fails", 0):
        raise RuntimeError("this attempt was to fail")
    if job.payload.get("snoozes") and job.attempt == 1:
        raise Snooze(0.2)
    if job.payload.get("hopeless"):
        raise Discard("this job was to be a dead letter")


@app.handler("transfer")
def transfer(job: Job) -> None:
    """Money from one account to another, inside the database."""
    with recorded(job) as call:
        request = job.payload
        result = {"token": request["token"], "attempt": job.attempt}
        with job.ledger() as tx:
            tx.post(request["from"], -request["amount"], "EUR")
            tx.post(request["to"], request["amount"], "EUR")
            tx.result = result
        call.ok(result)


@app.handler("step")
def step(job: Job) -> dict[str, Any]:
    """A task of a workflow: its own name, and those of what it needed."""
    with recorded(job) as call:
        time.sleep(0.002)
        result = {"task": job.task, "needs": sorted(job.results), "attempt": job.attempt}
        call.ok(result)
        return result


@app.handler("tick")
def tick(job: Job) -> dict[str, Any]:
    with recorded(job) as call:
        result = {"tick_at": job.payload["tick_at"], "attempt": job.attempt}
        call.ok(result)
        return result


# The effect outside of the database.


async def find_charge(effect: OutsideEffect) -> Applied | Absent | Unknown:
    """What became of a charge whose answer was lost. Nobody may send it any more once the job is over."""
    method, absent, applied = ("DELETE", 204, 409) if effect.closing else ("GET", 404, 200)
    status, charge = await asyncio.to_thread(ask, method, f"/charges/{effect.key}")
    if status == absent:
        return Absent()
    return Applied(charge) if status == applied else Unknown(f"the receiver answered {status}")


@app.effect("charge", reconcile=find_charge)
async def charge(job: Job, effect: OutsideEffect) -> Any:
    with recorded(job) as call:
        status, answer = await asyncio.to_thread(
            ask, "POST", "/charges", effect.request, {"Idempotency-Key": effect.key}
        )
        if status == 410:
            raise Refused(f"the receiver answered {status}")
        if status not in {200, 201}:
            raise RuntimeError(f"the receiver answered {status}")
        call.ok(answer)
        return answer


def ask(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and document of the receiver's answer; OSError or HTTPException if there is none in time."""
    connection = http.client.HTTPConnection(urlsplit(os.environ[RECEIVER]).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    finally:
        connection.close()


# Handlers that misbehave.


class Unheard(BaseException):
    """What no `except Exception` catches."""


@app.handler("misbehave")
def misbehave(job: Job) -> dict[str, Any]:
    with recorded(job) as call:
        if job.attempt == 1:
            _MISBEHAVIOURS[job.payload["how"]](job)
        result = {"token": job.payload["token"], "attempt": job.attempt}
        call.ok(result)
        return result


@app.handler("misbehave-async")
async def misbehave_async(job: Job) -> dict[str, Any]:
    with recorded(job) as call:
        if job.attempt == 1:
            await asyncio.Event().wait()
        result = {"token": job.payload["token"], "attempt": job.attempt}
        call.ok(result)
        return result


def _killed(_: Job) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def _out_of_memory(_: Job) -> None:
    """The limit is the process's own: the machine is not in want of any."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES, before[1]))
    hoard = []
    try:
        while True:
            hoard.append(bytearray(SPARE_BYTES // 8))
    finally:
        hoard.clear()
        resource.setrlimit(resource.RLIMIT_AS, before)


def _exits(_: Job) -> None:
    os._exit(0)


def _never_returns(job: Job) -> None:
    """Until somebody else has done the job: a thread that hangs for good would only ever end with its process."""
    while job.attempt == 1 and not job.cancelled:
        time.sleep(0.05)
    time.sleep(3.0)


def _hogs(_: Job) -> None:
    sum(range(HOG))


def _closes_its_connection(job: Job) -> None:
    with job.ledger(f"misbehave-{job.id}") as tx:
        tx.execute("select 1")
        tx.connection.close()


def _raises_base(_: Job) -> None:
    raise Unheard("not an Exception")


_MISBEHAVIOURS: Final = {
    "killed": _killed,
    "memory": _out_of_memory,
    "exits": _exits,
    "never": _never_returns,
    "hogs": _hogs,
    "closes": _closes_its_connection,
    "base": _raises_base,
}
