"""How the API runs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Final

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, kw_only=True)
class ApiOptions:
    """Durations are seconds."""

    dsn: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    connections: int = 10
    """To the database, at most; who finds none free waits for one."""
    timeout: float = 10.0
    """What the database may take for one request."""
    grace: float = 15.0
    """After SIGTERM: how long requests may take to finish."""
    require_token: bool = False
    """Ask for a token on a loopback address too, for a proxy in front."""
    names: tuple[str, ...] = ()
    """Further names of the host under which a browser may call an API that asks for no token."""
    body_seconds: float = 30.0
    """How long a body may take to arrive."""
    streams: int = 100
    """Streams of events at a time."""
    stream_seconds: float = 600.0
    """How long a stream lasts at most; its reader asks again."""

    @property
    def guarded(self) -> bool:
        """Whether every request needs a token."""
        return self.require_token or not is_loopback(self.host)

    @property
    def known_names(self) -> frozenset[str]:
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.lower() for name in (*LOOPBACK_NAMES, own, *self.names))


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
