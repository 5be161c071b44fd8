"""Where the project is, and a scratch copy of its Sqitch part, to change and deploy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tools import sqitch

if TYPE_CHECKING:
    from pathlib import Path

ROOT = sqitch.ROOT


def copy_to(directory: Path) -> Path:
    for part in ("deploy", "revert", "verify", "sql"):
        shutil.copytree(ROOT / part, directory / part)
    for part in ("sqitch.conf", "sqitch.plan"):
        shutil.copy(ROOT / part, directory / part)
    return directory
