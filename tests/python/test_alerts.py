"""Each alert fires when its cause is real: a real Prometheus, real runners, and what goes wrong in production.

The rules are those that are shipped; only time goes faster in them (tests.support.prometheus.hastened).
"""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from faultline import App, Discard, Job, Unknown
from faultline.drill.proxy import Proxy
from tests.support.prometheus import Prometheus, alerts, panels, prometheus
from tests.support.running import Process, Running, as_runner, enqueue, process, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faultline.effects import OutsideEffect
    from tests.support.database import Database

MODULE = """
import asyncio
from faultline import App, Job

app = App()

@app.handler("hang")
async def hang(job: Job) -> None:
    await asyncio.sleep(3600)
"""
ROLES = ("claim", "report", "heartbeat", "housekeeping", "ask")


@dataclass
class World:
    """An installation that is well, until something befalls it."""

    db: Database
    server: Prometheus
    main: Running
    cut_off: Running
    proxy: Proxy
    doomed: Process
    frozen: Process
    stack: ExitStack
    before: dict[str, list[dict[str, str]]]
    without_runner: dict[str, list[dict[str, str]]]


def application(release: threading.Event) -> App:
    app = App()

    @app.handler("fine")
    async def fine(job: Job) -> None: ...

    @app.handler("hopeless")
    async def hopeless(job: Job) -> None:
        raise Discard("it will never work")

    @app.handler("stubborn", timeout=0.05)
    def stubborn(job: Job) -> None:
        release.wait()

    @app.handler("hold")
    def hold(job: Job) -> None:
        release.wait()

    def nobody_knows(effect: OutsideEffect) -> Unknown:
        return Unknown("it does not answer")

    @app.effect("charge", reconcile=nobody_knows)
    async def charge(job: Job, effect: OutsideEffect) -> None:
        raise TimeoutError("the answer was lost")

    return app


@pytest.fixture(scope="module")
def world(shared: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("alerts")
    (directory / "jobs.py").write_text(MODULE)
    release = threading.Event()
    dsn = as_runner(shared.dsn)
    shared.execute("grant pg_read_all_stats to faultline_owner")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        stack.callback(shared.execute, "revoke pg_read_all_stats from faultline_owner")
        patch.setattr("faultline.housekeeper.VERIFY_SECONDS", 0.2)
        patch.setattr("faultline.housekeeper.VERIFY_LIMIT", 2.0)
        patch.setattr("faultline.housekeeper.METRICS_FRESH", 0.1)
        server = stack.enter_context(prometheus(directory))
        without_runner = until(server.firing, "nobody is there, and Prometheus says so")
        app = application(release)
        main = stack.enter_context(Running(app, shared, queues=("default", "crowded"), metrics_port=0, grace=0.1))
        proxy = stack.enter_context(Proxy(dsn))
        cut_off = stack.enter_context(Running(app, shared, dsn=proxy.dsn, queues=("far",), metrics_port=0, grace=0.1))
        stack.callback(setattr, proxy, "refuse", False)
        processes = [
            stack.enter_context(
                process(directory, dsn, "jobs:app", "--queue", queue, "--lease", "1s", "--metrics-port", str(port))
            )
            for queue, port in (("doomed", free_port()), ("frozen", free_port()))
        ]
        stack.callback(release.set)
        ports = [port_of(one) for one in processes]
        server.scrape(main.runner.port, cut_off.runner.port, *ports)
        enqueue(shared, "fine")
        until(lambda: len(server.query("faultline_runner_info")) == 4, "all of them are scraped")
        until(lambda: server.query("faultline_invariant_violations"), "one has verified")
        until(lambda: server.query("faultline:dead_letters:max"), "what the rules record is there")
        until(lambda: not server.firing(), "all is well")
        doomed, frozen = processes
        yield World(shared, server, main, cut_off, proxy, doomed, frozen, stack, server.firing(), without_runner)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(one: Process) -> int:
    """Where it serves its metrics, once it has started."""
    until(lambda: "metrics on http" in one.output(), "it has started")
    return int(one.output().partition("127.0.0.1:")[2].partition("/")[0])


# What goes wrong.


def backlog(world: World) -> None:
    world.db.execute("select faultline.set_queue('crowded', '{\"max_running\": 1}')")
    enqueue(world.db, "hold", queue="crowded", count=2)


def dead_letter(world: World) -> None:
    enqueue(world.db, "hopeless")


def unserved(world: World) -> None:
    enqueue(world.db, "fine", queue="nobody")


def killed(world: World) -> None:
    ids = enqueue(world.db, "hang", queue="doomed", count=8)
    running(world, ids)
    world.doomed.signal(signal.SIGKILL)


def gone(world: World) -> None:
    until(lambda: world.doomed.process.poll() is not None, "the runner that was killed is dead")


def frozen(world: World) -> None:
    (job_id,) = enqueue(world.db, "hang", queue="frozen")
    running(world, [job_id])
    world.frozen.signal(signal.SIGSTOP)
    until(lambda: world.db.scalar("select state <> 'running' from faultline.jobs where job_id = %s", job_id), "reaped")
    world.frozen.signal(signal.SIGCONT)


def running(world: World, ids: list[int]) -> None:
    query = "select count(*) from faultline.jobs_live where job_id = any(%s) and state = 'running'"
    until(lambda: world.db.scalar(query, ids) == len(ids), "they run")


def stuck(world: World) -> None:
    enqueue(world.db, "stubborn")


def init_left(world: World) -> None:
    world.db.execute("select faultline.submit_transaction('left', 'fine', '{}', queue => 'nobody')")


def effect_unknown(world: World) -> None:
    world.db.execute("select faultline.submit_transaction('unknown', 'charge', '{}')")


def violation(world: World) -> None:
    world.db.execute("grant select on faultline.jobs_live to faultline_producer")


def verify_hangs(world: World) -> None:
    until(lambda: world.server.firing().get("FaultlineInvariantViolated"), "it has been verified until now")
    blocker = world.db.connect(autocommit=False)
    world.stack.callback(blocker.rollback)
    blocker.execute("lock table faultline.account_checkpoints in access exclusive mode")


def snapshot(world: World) -> None:
    reader = world.db.connect(autocommit=False)
    world.stack.callback(reader.rollback)
    reader.execute("set transaction isolation level repeatable read")
    reader.execute("select count(*) from faultline.settings")


def ticks_missed(world: World) -> None:
    definition = '{"name": "watch", "every": "1m", "type": "fine", "missed": "skip"}'
    with world.db.connect() as connection:
        connection.execute("set session_replication_role = replica")
        with connection.transaction():
            connection.execute("select faultline.put_schedule(%s::jsonb)", [definition])
            connection.execute("update faultline.schedules set ticks_after = ticks_after - interval '10 minutes'")


def cut_off(world: World) -> None:
    world.proxy.refuse = True
    for role in ROLES:
        world.proxy.cut(f"faultline {role}")


CAUSES: dict[str, tuple[Callable[[World], None], dict[str, Any]]] = {
    "FaultlineOldSnapshot": (snapshot, {}),
    "FaultlineTransactionStuck": (init_left, {}),
    "FaultlineQueueUnserved": (unserved, {"queue": "nobody"}),
    "FaultlineBacklogOld": (backlog, {"queue": "crowded"}),
    "FaultlineDeadLettersGrow": (dead_letter, {}),
    "FaultlineEffectsUnknown": (effect_unknown, {}),
    "FaultlineHandlersStuck": (stuck, {}),
    "FaultlineLeasesExpire": (killed, {}),
    "FaultlineProcessDown": (gone, {"job": "faultline-runner"}),
    "FaultlineStaleReports": (frozen, {}),
    "FaultlineTicksMissed": (ticks_missed, {}),
    "FaultlineInvariantViolated": (violation, {"promise": "13"}),
    "FaultlineVerifyLate": (verify_hangs, {}),
    "FaultlineDatabaseUnreachable": (cut_off, {}),
}


@pytest.fixture(scope="module")
def troubled(world: World) -> World:
    """Everything at once."""
    for cause, _ in CAUSES.values():
        cause(world)
    return world


def test_without_a_runner_there_is_one_alert(world: World) -> None:
    assert world.without_runner == {"FaultlineNoRunner": [{"severity": "critical"}]}


def test_while_all_is_well_none_fires(world: World) -> None:
    assert world.before == {}


@pytest.mark.parametrize("name", CAUSES)
def test_the_alert_fires(troubled: World, name: str) -> None:
    def fires() -> bool:
        found = troubled.server.firing().get(name, [])
        return any(expected.items() <= labels.items() for labels in found)

    _, expected = CAUSES[name]
    until(fires, f"{name} fires")


def test_every_alert_has_a_cause_here() -> None:
    assert set(CAUSES) | {"FaultlineNoRunner"} == set(alerts())


def test_the_dashboard_shows_all_of_it(troubled: World) -> None:
    elsewhere = ("faultline_http_", "faultline_effect_answers", "_paused")
    for title, query in panels():
        if not any(part in query for part in elsewhere):
            until(partial(troubled.server.query, query), f"{title}: {query}")
