"""What the routes share, of one API process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from faultline.api.gate import Gate
from faultline.api.gateway import Gateway
from faultline.api.metrics import HttpMetrics

if TYPE_CHECKING:
    from starlette.requests import Request

    from faultline.api.options import ApiOptions


class Context:
    def __init__(self, options: ApiOptions) -> None:
        self.options = options
        self.gateway = Gateway(options.dsn, options.connections, options.timeout)
        self.gate = Gate(self.gateway, guarded=options.guarded)
        self.metrics = HttpMetrics(self.gateway)
        self.stopping = asyncio.Event()
        self.ready: tuple[bool, dict[str, object]] = (False, {})
        self.ready_asked = float("-inf")
        self.ready_lock = asyncio.Lock()


def context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


def gateway(request: Request) -> Gateway:
    return context(request).gateway
