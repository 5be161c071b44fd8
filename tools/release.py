"""The loader of functions and views, from release to release.

    python -m tools.release freeze   for a release: deploy/load.sql becomes one text, is tagged in the plan, and
                                     the snapshot is made anew. Commit the result, and that is the release.
    python -m tools.release open X   after a release: begin release X, in which sql/ may change again.

Functions and views live once, in sql/, and deploy/load.sql reads them from there. Whoever deploys an old release first
(a fresh database does, change by change) must get what that release loaded and not what sql/ holds today. So what is
released is frozen as one text; Sqitch keeps it, as deploy/load@TAG.sql, and it is also what a revert of the next
release loads. A change of tables belongs into the plan before the new `load`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools import snapshot, sqitch

INCLUDE = re.compile(r"^\\ir \.\./(sql/\S+)\n", re.MULTILINE)
INLINE = re.compile(r"^-- >>> (sql/\S+)\n.*?^-- <<< \1\n", re.MULTILINE | re.DOTALL)
RELEASE = re.compile(r"\brelease (\d+\.\d+\.\d+)\b")


class ReleaseError(Exception):
    """The loader is not in the state for this."""


def inline(script: str, project: Path) -> str:
    """The loader with the text of every file that it reads."""

    def text_of(include: re.Match[str]) -> str:
        name = include[1]
        return f"-- >>> {name}\n{(project / name).read_text()}-- <<< {name}\n"

    return INCLUDE.sub(text_of, script)


def outline(script: str) -> str:
    """The loader that reads from files again."""
    return INLINE.sub(r"\\ir ../\1\n", script)


def files(script: str) -> list[str]:
    """The files of sql/ that a loader, frozen or not, loads, in its order."""
    return INCLUDE.findall(outline(script))


def release_of(script: str) -> str:
    found = RELEASE.search(script)
    if found is None:
        message = "deploy/load.sql has no line that says `release X.Y.Z`"
        raise ReleaseError(message)
    return found[1]


def freeze(project: Path) -> str:
    """Freeze the loader and tag the plan; returns the tag."""
    loader = project / "deploy/load.sql"
    script = loader.read_text()
    if not INCLUDE.search(script):
        message = f"deploy/load.sql is frozen already, as release {release_of(script)}"
        raise ReleaseError(message)
    tag = f"v{release_of(script)}"
    loader.write_text(inline(script, project))
    _sqitch(project, "tag", tag, "--note", f"Release {release_of(script)}")
    return tag


def reopen(project: Path, release: str) -> None:
    """Let Sqitch keep the frozen loader, and begin a new one that reads from sql/."""
    loader, verify = project / "deploy/load.sql", project / "verify/load.sql"
    script = loader.read_text()
    before = release_of(script)
    if INCLUDE.search(script):
        message = f"deploy/load.sql is not frozen: release {before} has to be frozen before {release} begins"
        raise ReleaseError(message)
    _sqitch(project, "rework", "load", "--note", f"The functions and views of sql/, release {release}")
    loader.write_text(RELEASE.sub(f"release {release}", outline(script)))
    verify.write_text(verify.read_text().replace(before, release))


def _sqitch(project: Path, *arguments: str) -> None:
    environment = sqitch.isolated({})
    del environment["SQITCH_USER_CONFIG"]  # the plan names whoever releases
    result = subprocess.run(
        ["sqitch", *arguments], check=False, cwd=project, env=environment, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise ReleaseError(result.stderr)


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["freeze"]:
                print(f"frozen and tagged as {freeze(sqitch.ROOT)}")
                return snapshot.main([])
            case ["open", release] if re.fullmatch(r"\d+\.\d+\.\d+", release):
                reopen(sqitch.ROOT, release)
                print(f"deploy/load.sql reads from sql/ again, for release {release}")
                return 0
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
