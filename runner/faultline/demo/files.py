"""The files below a directory: which of them become jobs, and how a job names and opens its file."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

SKIPPED_DIRECTORIES: Final = frozenset(
    {".git", ".venv", ".tools", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)
MIB: Final = 1 << 20
LARGEST_FILE: Final = 64 * MIB
MOST_BYTES: Final = 1024 * MIB
SCHEME: Final = "file://"


@dataclass(frozen=True)
class Stamp:
    """What changes when a file does. The ctime can't be set, so a rewritten file can't look unchanged by accident."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        return cls.from_stat(os.fstat(file.fileno()))

    @classmethod
    def from_stat(cls, seen: os.stat_result) -> Self:
        return cls(seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)

    def as_list(self) -> list[int]:
        return [self.size, self.modified_ns, self.changed_ns, self.inode]


@dataclass
class Survey:
    """What was found below a directory, what was left out, and where the search stopped."""

    root: Path
    files: dict[str, Stamp] = field(default_factory=dict)  # by URI
    size: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    stopped_at: int | None = None


class NotRegularError(OSError):
    """What was a regular file is none any more."""


def survey(root: Path, max_files: int) -> Survey:
    """The regular, readable files below `root`, in the order of their names; at most `max_files`."""
    found = Survey(root.absolute())
    for path in _walk(found):
        stamp = _examine(path)
        if isinstance(stamp, Stamp) and found.size + stamp.size > MOST_BYTES:
            stamp = f"files beyond {MOST_BYTES // MIB} MiB in all"
        if isinstance(stamp, str):
            found.skipped[stamp] += 1
        elif len(found.files) == max_files:
            found.stopped_at = max_files
            break
        else:
            found.files[uri_of(path)] = stamp
            found.size += stamp.size
    return found


def _walk(found: Survey) -> Iterator[Path]:
    def unreadable(_error: OSError) -> None:
        found.skipped["unreadable directories"] += 1

    for directory, children, names in os.walk(found.root, onerror=unreadable):
        for child in children:
            if child in SKIPPED_DIRECTORIES:
                found.skipped[child] += 1
            elif (Path(directory) / child).is_symlink():
                found.skipped["symbolic links"] += 1
        children[:] = sorted(child for child in children if child not in SKIPPED_DIRECTORIES)
        for name in sorted(names):
            yield Path(directory) / name


def _examine(path: Path) -> Stamp | str:
    """The stamp of a file, or why it is left out."""
    try:
        seen = path.lstat()
    except OSError:
        return "unreadable files"
    if stat.S_ISLNK(seen.st_mode):
        return "symbolic links"
    if not stat.S_ISREG(seen.st_mode):
        return "special files"
    if not os.access(path, os.R_OK):
        return "unreadable files"
    if seen.st_size > LARGEST_FILE:
        return f"files over {LARGEST_FILE // MIB} MiB"
    return Stamp.from_stat(seen)


def uri_of(path: Path) -> str:
    """The name of a file as text, whatever bytes it consists of."""
    return path.as_uri()


def path_of(uri: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix(SCHEME))))


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, but nothing that a file may have become meanwhile: a pipe would make us wait."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(f"{path} is no regular file any more")
    return os.fdopen(descriptor, "rb")
