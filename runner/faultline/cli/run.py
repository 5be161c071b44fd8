"""`faultline run`: a runner, until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faultline.cli.database import RUNNER, connect
from faultline.cli.loading import load_app
from faultline.cli.options import DURATION, NAMED, dsn_option, option
from faultline.settings import RunnerOptions

if TYPE_CHECKING:
    from datetime import timedelta

    from faultline.app import App


@click.command()
@click.argument("app", metavar="MODULE:APP")
@option(
    "--queue",
    "queues",
    also="FAULTLINE_QUEUES",
    multiple=True,
    type=NAMED,
    help="Serve this queue. May be repeated. Default: all queues.",
)
@option("--concurrency", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Jobs at a time.")
@option("--lease", type=DURATION, default="30s", show_default=True, help="A crash is noticed after so long.")
@option("--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="To use that many cores.")
@option("--until-empty", is_flag=True, help="End when nothing is queued or running.")
@option("--metrics-port", type=click.IntRange(1, 65535), help="Serve /metrics, /health and /ready on this port.")
@option("--metrics-host", default="127.0.0.1", show_default=True, help="The address for that port.")
@option("--grace", type=DURATION, default="30s", show_default=True, help="After SIGTERM handlers have so long.")
@option("--poll", type=DURATION, default="1s", show_default=True, help="Look for jobs at least so often.")
@option("--doorbell/--no-doorbell", default=True, help="Be woken up for new jobs; without it there is only --poll.")
@option("--listen-dsn", metavar="DSN", help="For the doorbell, if --dsn leads through a pooler.")
@option(
    "--handler-connections",
    type=click.IntRange(1, 1_000),
    default=10,
    show_default=True,
    help="For the SQL of handlers, at most.",
)
@option("--tracing", is_flag=True, help="A span of OpenTelemetry for each attempt.")
@option("--reload", is_flag=True, help="Start again when a source file changes.")
@dsn_option
def run(
    app: str,
    queues: tuple[str, ...],
    concurrency: int,
    lease: timedelta,
    processes: int,
    until_empty: bool,
    metrics_port: int | None,
    metrics_host: str,
    grace: timedelta,
    poll: timedelta,
    doorbell: bool,
    listen_dsn: str | None,
    handler_connections: int,
    tracing: bool,
    reload: bool,
    dsn: str | None,
) -> int:
    """Run jobs with your handlers.

    They are those of the faultline.App that is APP in MODULE, which may lie in the current directory.

    SIGTERM, Ctrl-C and the end of its terminal end it gently: it claims nothing more, lets handlers finish within
    --grace, and gives the rest back without charging an attempt. FAULTLINE_QUEUES may name several: mail,default.

    \b
    faultline run jobs:app
    faultline run jobs:app --queue mail --queue reports --concurrency 50
    faultline run jobs:app --until-empty
    """
    found = load_app(app)
    options = RunnerOptions(
        dsn=dsn or found.dsn,
        queues=queues or None,
        concurrency=concurrency,
        lease=lease.total_seconds(),
        processes=processes,
        until_empty=until_empty,
        metrics_port=metrics_port,
        metrics_host=metrics_host,
        grace=grace.total_seconds(),
        poll=poll.total_seconds(),
        reload=reload,
        doorbell=doorbell,
        listen_dsn=listen_dsn,
        handler_connections=handler_connections,
        tracing=tracing,
    )
    with connect(options.dsn, RUNNER):
        pass  # a DSN that doesn't answer now is a mistake; later, it is waited for
    return _start(app, found, options)


def _start(target: str, app: App, options: RunnerOptions) -> int:
    # Imported here, so that no other command waits for it.
    if options.processes > 1 or options.reload:
        from faultline import supervisor  # noqa: PLC0415

        return supervisor.run(target, options)
    from faultline import runner  # noqa: PLC0415

    return runner.run(app, options)
