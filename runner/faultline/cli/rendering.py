"""How a job looks to people: fields for one, a row for many."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from rich.text import Text

from faultline import redaction
from faultline.cli import output

TIMES: Final = ("run_at", "created_at", "started_at", "finished_at", "lease_expires_at")
LONGEST_NUMBER: Final = 100


def decode(document: str, *, exact: bool = False) -> dict[str, Any]:
    """A document of the server for people: numbers too big for Python stay text, and so does what can't be read.

    `exact`: all numbers stay text, as the server wrote them.
    """
    number = str if exact else _number
    try:
        value = json.loads(document, parse_float=number, parse_int=number)
    except (ValueError, RecursionError):
        return {"document": document}
    return value if isinstance(value, dict) else {"document": document}


def _number(text: str) -> int | float | str:
    if len(text) > LONGEST_NUMBER:
        return text
    if not set(text) & set(".eE"):
        return int(text)
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else text  # an amount is shown as it is, not rounded


def describe_job(document: str, now: datetime) -> dict[str, object]:
    """The columns of a job in the order in which people ask for them; empty ones are left out."""
    job = decode(document)
    fields: dict[str, object] = {"job": job.pop("job_id", None)}
    state = job.pop("state", None)
    fields["state"] = output.state(str(state)) if state else None
    for name in ("type", "queue"):
        fields[name] = job.pop(name, None)
    fields["attempt"] = f"{job.pop('attempt', '?')} (at most {job.pop('max_attempts', '?')} may fail)"
    fields["tags"] = " ".join(str(tag) for tag in job.pop("tags", None) or ())
    for name in TIMES:
        fields[name.replace("_", " ")] = moment(job.pop(name, None), now)
    error = job.pop("error", None)
    job["cancel_requested"] = "yes" if job.get("cancel_requested") else None
    for name, value in job.items():
        fields[name.replace("_", " ")] = output.as_text(value)
    fields["error"] = describe_error(error)
    return fields


def describe_error(error: object) -> Text | str | None:
    if not isinstance(error, dict):
        return output.as_text(error)
    head = error_line(error)
    trace = str(error.get("traceback") or "")
    rest = {key: value for key, value in error.items() if key not in {"type", "message", "traceback"}}
    parts = [part for part in (head, trace.rstrip(), output.as_text(rest) if rest else "") if part]
    return redaction.text(output.clean("\n".join(parts), multiline=True))


def error_line(error: object) -> str:
    """`KeyError: 'day'`: what kind it is and what it says; a message such as `'day'` alone would say nothing."""
    if not isinstance(error, dict):
        return ""
    return ": ".join(str(error[key]) for key in ("type", "message") if error.get(key))


def moment(value: object, now: datetime) -> str | None:
    """`2030-01-31 08:00:00 UTC, 5m ago`."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return value
    return f"{parsed:%Y-%m-%d %H:%M:%S} UTC, {output.ago((now - parsed).total_seconds())}"
