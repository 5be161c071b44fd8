"""The process: uvicorn, our logs, and an end that lets requests finish."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from faultline import logs
from faultline.api.application import build
from faultline.api.connection import connections
from faultline.api.options import is_loopback
from faultline.errors import InvalidArgument

if TYPE_CHECKING:
    from types import FrameType

    from faultline.api.context import Context
    from faultline.api.options import ApiOptions

log = logging.getLogger("faultline.api")

KEEP_ALIVE_SECONDS = 30


class Server(uvicorn.Server):
    """Tells the streams of events that it ends: nobody else would end them."""

    def __init__(self, config: uvicorn.Config, shared: Context) -> None:
        super().__init__(config)
        self._shared = shared
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: Any = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        if self.started:
            bound = [name for server in self.servers for name in (one.getsockname() for one in server.sockets)]
            log.info("the API listens on http://%s:%d", *_address(bound[0]))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as in the base
        # uvicorn would raise the signal again at the end: an end that was asked for is a good one.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._shared.stopping.set)


def run(options: ApiOptions) -> int:
    """Serve until SIGTERM or SIGINT. Raises InvalidArgument if the address can't be had."""
    logs.setup()
    # What the pool says of each attempt, the gateway says once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    # A line for each request that can't be read would be anybody's to fill a disk with: they are counted.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.ERROR)
    app, shared = build(options)
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        http=connections(shared),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(options.grace),
    )
    with listen(options.host, options.port) as listener:
        if not options.guarded and not is_loopback(address := listener.getsockname()[0]):
            raise InvalidArgument(f"{options.host} is {address} here, which is no loopback address: ask for tokens")
        server = Server(config, shared)
        server.run(sockets=[listener])
        log.info("the API has ended")
    return 0 if server.started else 1


def listen(host: str, port: int) -> socket.socket:
    """Said to be TCP in so many words: only then does asyncio turn off Nagle's algorithm, or a request takes 40 ms."""
    listener: socket.socket | None = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        raise InvalidArgument(f"cannot listen on {host}:{port}: {error}") from None
    return listener


def _address(name: tuple[Any, ...]) -> tuple[str, int]:
    host = str(name[0])
    return (f"[{host}]" if ":" in host else host), int(name[1])
