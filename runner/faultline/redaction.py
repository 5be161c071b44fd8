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


def text(said: str) -> str:
    """`said` without passwords in URLs, and without what follows a key: `key=value`, `key: value`, and in JSON."""
    said = _CREDENTIALS.sub(rf"\g<head>{HIDDEN}", said)
    pattern = _pattern(os.environ.get("FAULTLINE_REDACT", ""))
    return said if pattern is None else pattern.sub(rf"\g<key>{HIDDEN}", said)


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
    """A key, in quotes of any kind or none, what stands between, and a value: in quotes, or up to the next gap."""
    keys = _keys(listed)
    if not keys:
        return None
    names = "|".join(sorted(map(re.escape, keys), key=len, reverse=True))
    value = r"""(?:\\?"(?:[^"\\]|\\.)*(?:\\?"|$)|'(?:[^'\\]|\\.)*(?:'|$)|[^\s,;&'"}\])]+)"""
    return re.compile(rf"""(?P<key>(?<![\w-])(?:{names})(?:\\?["'])?\s*[=:]\s*){value}""", re.IGNORECASE)
