"""A scratch copy of the Sqitch project, to change and deploy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tools import sqitch

if TYPE_CHECKING:
    from pathlib import Path


def copy_to(directory: Path) -> Path:
    for part in ("deploy", "revert", "verify", "sql"):
        shutil.copytree(sqitch.ROOT / part, directory / part)
    for part in ("sqitch.conf", "sqitch.plan"):
        shutil.copy(sqitch.ROOT / part, directory / part)
    return directory
