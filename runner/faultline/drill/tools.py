"""What the machine has for a drill besides us: programs of the system, or of the checkout that this runs from."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[3]


def checkout() -> Path | None:
    """The source tree, with the SQL in it; None if we are installed without one."""
    return CHECKOUT if (CHECKOUT / "deploy/load.sql").exists() else None


def faketime() -> Path | None:
    """libfaketime, installed or unpacked into .tools."""
    for root in (Path("/"), CHECKOUT / ".tools/faketime"):
        for found in sorted(root.glob("usr/lib/*/faketime/libfaketime.so.1")):
            return found
    return None


def pgbouncer() -> Path | None:
    """PgBouncer's program, installed or unpacked into .tools."""
    unpacked = CHECKOUT / ".tools/pgbouncer/usr/sbin/pgbouncer"
    if unpacked.exists():
        return unpacked
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


def linux() -> bool:
    return sys.platform == "linux"


def root() -> bool:
    return os.geteuid() == 0
