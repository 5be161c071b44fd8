"""`faultline api`: the HTTP API, until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faultline.cli.database import OPERATOR, connect
from faultline.cli.failures import Failure, WrongUsage
from faultline.cli.options import DURATION, dsn_option, option

if TYPE_CHECKING:
    from datetime import timedelta


@click.command()
@option("--host", group="api", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", group="api", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one.")
@option(
    "--connections",
    group="api",
    type=click.IntRange(1, 1_000),
    default=10,
    show_default=True,
    help="To the database, at most.",
)
@option("--timeout", group="api", type=DURATION, default="10s", show_default=True, help="For a request's SQL.")
@option(
    "--grace", group="api", type=DURATION, default="15s", show_default=True, help="After SIGTERM requests have so long."
)
@option(
    "--body-timeout",
    group="api",
    type=DURATION,
    default="30s",
    show_default=True,
    help="For a request to arrive, and for its sender to go on reading.",
)
@option(
    "--streams", group="api", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Of events, at most."
)
@option(
    "--stream-time", group="api", type=DURATION, default="10m", show_default=True, help="One lasts at most so long."
)
@option("--require-token", group="api", is_flag=True, help="Ask for a token on a loopback address, too.")
@option("--name", "names", group="api", multiple=True, help="Another name of this host, for browsers. May be repeated.")
@dsn_option
def api(
    host: str,
    port: int,
    connections: int,
    timeout: timedelta,
    grace: timedelta,
    body_timeout: timedelta,
    streams: int,
    stream_time: timedelta,
    require_token: bool,
    names: tuple[str, ...],
    dsn: str | None,
) -> int:
    """Serve the HTTP API; /docs describes it.

    On a loopback address it asks for no token. On any other it does, and does not start before there is one. It acts
    as the role that --dsn connects as, which needs what faultline_operator has. SIGTERM and Ctrl-C end it gently.

    \b
    faultline api
    faultline token create --scope read --scope enqueue --name shop
    faultline api --host 0.0.0.0
    """
    try:
        from faultline.api import server  # noqa: PLC0415 - an extra
        from faultline.api.options import ApiOptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = f"the API needs more packages ({error.name}): pip install '.[api]' in a clone of Faultline"
        raise Failure(message) from None
    if not 0.1 <= timeout.total_seconds() <= 3600:
        raise WrongUsage("--timeout lies between 100ms and 1h")
    options = ApiOptions(
        dsn=dsn,
        host=host,
        port=port,
        connections=connections,
        timeout=timeout.total_seconds(),
        grace=grace.total_seconds(),
        body_seconds=body_timeout.total_seconds(),
        streams=streams,
        stream_seconds=stream_time.total_seconds(),
        require_token=require_token,
        names=names,
    )
    with connect(dsn, OPERATOR) as connection:
        ((valid,),) = connection.execute("select count(*) from faultline.token_overview t where t.valid").fetchall()
    if options.guarded and not valid:
        raise Failure(
            f"there is no valid token, and {host} asks for one: `faultline token create --scope read` makes one, "
            "or listen on 127.0.0.1"
        )
    return server.run(options)
