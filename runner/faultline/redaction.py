"""What must not be shown: the values of the keys in FAULTLINE_REDACT, and passwords in URLs, wherever they stand.

For what is shown to people and for what is kept of errors. What a producer sent stays as it is, and so does --json.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any, Final

HIDDEN: Final = "***"
DEPTH_MOST: Final = 100
_CREDENTIALS: Final = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@'\"]{0,255}:)[^\s/'\"]{1,1024}(?=@)", re.IGNORECASE
)
_QUOTED: Final = r"""\\?"(?:[^"\\]|\\.)*(?:\\?"|$)|'(?:[^'\\]|\\.)*(?:'|$)"""
# A list, an object, a tuple, or what Python shows of an object: Secret('…').
_OPENED: Final = re.compile(r"(?:[A-Za-z_][\w.]{0,100})?[\[({]")
_PARTS: Final = re.compile(rf"{_QUOTED}|[\[\](){{}}]", re.DOTALL)
# Bytes as Python shows them, and `Authorization: Bearer …`, are one value.
_VALUE: Final = re.compile(
    rf"""(?:[bru]{{1,2}}(?=['"]))?(?:{_QUOTED})+|(?:(?:basic|bearer|digest|token)\s+)?[^\s,;&'"}}\])]+""",
    re.IGNORECASE | re.DOTALL,
)


def text(said: str) -> str:
    """`said` without passwords in URLs, and without what follows a key: `key=value`, `key: value`, and in JSON."""
    said = _CREDENTIALS.sub(rf"\g<head>{HIDDEN}", said)
    pattern = _pattern(os.environ.get("FAULTLINE_REDACT", ""))
    if pattern is None:
        return said
    parts: list[str] = []
    at = 0
    while found := pattern.search(said, at):
        end = _end(said, found.end())
        parts += [said[at : found.end()], HIDDEN if end > found.end() else ""]
        at = end
    return "".join((*parts, said[at:]))


def document(value: Any, depth: int = 0) -> Any:
    """A copy of a value of JSON in which the values of such keys are hidden, whatever they are and however deep."""
    keys = _keys(os.environ.get("FAULTLINE_REDACT", ""))
    if depth > DEPTH_MOST:
        return HIDDEN if keys else value
    if isinstance(value, dict):
        return {
            name: HIDDEN if str(name).casefold() in keys else document(member, depth + 1)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [document(member, depth + 1) for member in value]
    return text(value) if isinstance(value, str) else value


@lru_cache(maxsize=4)
def _keys(listed: str) -> frozenset[str]:
    return frozenset(key.casefold() for key in listed.replace(",", " ").split())


@lru_cache(maxsize=4)
def _pattern(listed: str) -> re.Pattern[str] | None:
    """A key, in quotes of any kind or none, and what stands between it and its value; `Key (a)=(1)`, as PostgreSQL
    says it, too."""
    keys = _keys(listed)
    if not keys:
        return None
    names = "|".join(sorted(map(re.escape, keys), key=len, reverse=True))
    return re.compile(
        rf"""(?<![\w-])(?:{names})(?:\\?["'])?(?:(?:,[^()\[\]{{}}=:"']{{0,200}})?\))?\s*[=:]\s*""", re.IGNORECASE
    )


def _end(said: str, start: int) -> int:
    """Where the value that begins there ends: in quotes, in brackets with all that is in them, or at the next gap."""
    opened = _OPENED.match(said, start)
    if opened is not None:
        return _closed(said, opened.end() - 1)
    value = _VALUE.match(said, start)
    return value.end() if value is not None else start


def _closed(said: str, start: int) -> int:
    depth = 0
    for part in _PARTS.finditer(said, start):
        if part[0] in "[({":
            depth += 1
        elif part[0] in "])}":
            depth -= 1
            if depth == 0:
                return part.end()
    return len(said)
