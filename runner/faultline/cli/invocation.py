"""How to call this command again: what to print in advice, and what a command started by us needs on its PATH."""

from __future__ import annotations

import os
import shlex
import shutil
import sysconfig
from pathlib import Path
from typing import Final

NAME: Final = "faultline"


def scripts() -> Path:
    """Where the script `faultline` of this very installation lies."""
    return Path(sysconfig.get_path("scripts"))


def program() -> str:
    """`faultline`, or the path to it where the bare name would find nothing, or another one."""
    own = scripts() / NAME
    found = shutil.which(NAME)
    if not own.exists() or (found is not None and os.path.realpath(found) == os.path.realpath(own)):
        return NAME
    return shlex.quote(os.path.relpath(own) if own.is_relative_to(Path.cwd()) else str(own))
