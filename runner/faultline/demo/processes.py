"""How the runners of the demo are started."""

from __future__ import annotations

from typing import Final

QUEUE: Final = "demo"
CONCURRENCY: Final = 4
LEASE_SECONDS: Final = 2.0
ARGUMENTS: Final = (
    "faultline.demo.work:app",
    f"--queue={QUEUE}",
    f"--concurrency={CONCURRENCY}",
    f"--lease={LEASE_SECONDS:g}s",
    "--poll=200ms",
    "--grace=10s",
)
