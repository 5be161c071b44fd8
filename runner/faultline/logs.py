"""Logs: one legible line on a terminal, JSON lines elsewhere, and no control characters in either."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from faultline import redaction

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LEVELS: Final = {"WARNING": "WARN", "CRITICAL": "FATAL"}


def clean(text: str) -> str:
    """`text` without what could move a terminal's cursor, forge a line of a log, or be refused by PostgreSQL.

    Newlines and tabs stay; every other control character, every override of the direction of writing and every lone
    surrogate becomes U+FFFD.
    """
    return _CONTROL.sub("\ufffd", text)


def shown(text: str) -> str:
    """`text` as it may stand in a log: clean, and without what is to be hidden."""
    return redaction.text(clean(text))


def plural(number: int, noun: str, several: str | None = None) -> str:
    """1 job, 2,000 jobs."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def fields(**values: Any) -> dict[str, dict[str, Any]]:
    """For `extra=`: what a machine wants to know about an event, in JSON lines members of their own."""
    return {"fields": values}


class Lines(logging.Formatter):
    """12:00:01 INFO  the message; a traceback is indented below it."""

    def __init__(self, label: str = "") -> None:
        super().__init__()
        self._label = f"{label} " if label else ""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).astimezone()
        level = _LEVELS.get(record.levelname, record.levelname)
        message = shown(record.getMessage()).replace("\n", " ⏎ ")
        line = f"{moment:%H:%M:%S} {level:<5} {self._label}{message}"
        if record.exc_info:
            trace = shown(self.formatException(record.exc_info))
            line += "\n" + "\n".join(f"    {part}" for part in trace.splitlines())
        return line


class JsonLines(logging.Formatter):
    """{"time": …, "level": "info", "logger": …, "message": …, and the event's own fields}."""

    def __init__(self, label: str = "") -> None:
        super().__init__()
        self._label = label

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": shown(record.getMessage()),
        }
        if self._label:
            line["process"] = self._label
        own = getattr(record, "fields", None)
        if isinstance(own, dict):
            line.update({name: value for name, value in own.items() if name not in line})
        if record.exc_info:
            line["traceback"] = shown(self.formatException(record.exc_info))
        return json.dumps(line, default=str)


def setup(
    *, json_lines: bool | None = None, level: int | str = logging.INFO, label: str = "", stream: TextIO | None = None
) -> None:
    """Send the logs of the process to stderr, unless the application has set up logging for itself.

    `json_lines` None: JSON unless stderr is a terminal. `label` tells the processes of one supervisor apart.
    """
    root = logging.getLogger()
    if root.handlers:
        return
    out = stream if stream is not None else sys.stderr
    as_json = not out.isatty() if json_lines is None else json_lines
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines(label) if as_json else Lines(label))
    root.addHandler(handler)
    root.setLevel(level.upper() if isinstance(level, str) else level)


class Limiter:
    """Lets the same event through once per interval, and counts those it kept back."""

    def __init__(self, seconds: float = 30.0, most: int = 1000) -> None:
        self._seconds = seconds
        self._most = most
        self._seen: dict[object, tuple[float, int]] = {}

    def allow(self, key: object, now: float) -> int | None:
        """None: keep it back. Else how many were kept back since the last one that went through."""
        last, kept = self._seen.get(key, (float("-inf"), 0))
        if now - last < self._seconds:
            self._seen[key] = (last, kept + 1)
            return None
        if key not in self._seen and len(self._seen) >= self._most:
            self._seen.clear()
        self._seen[key] = (now, 0)
        return kept
