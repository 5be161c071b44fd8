"""How an attempt ended, in the words of the database: what the executor hands to the completer."""

from __future__ import annotations

import itertools
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from faultline import redaction
from faultline.encoding import encode
from faultline.logs import clean

if TYPE_CHECKING:
    from types import CodeType, TracebackType

    from faultline.job import Job

MESSAGE_MOST: Final = 2_000
TRACEBACK_MOST: Final = 8_000
FRAMES_MOST: Final = 20
STACKS_MOST: Final = 256
DEEP: Final = 100
"""Deeper stacks, of a recursion that has no end, are not kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """One attempt that did not succeed. `verb` names the SQL function, `outcome` the metric."""

    job: Job
    verb: str  # fail, release, snooze, cancelled
    outcome: str
    error: str | None = None  # fail: the error as JSON
    retryable: bool = True  # fail
    seconds: float | None = None  # fail: retry_in; release: delay; snooze: for_


def failed(job: Job, error: BaseException, *, outcome: str = "failed", skip: int = 0) -> Report:
    """The handler raised; the attempt is charged."""
    return Report(job, "fail", outcome, error=describe(error, skip=skip))


def broken(job: Job, error: BaseException) -> Report:
    """It will never work: a dead letter at once."""
    return Report(job, "fail", "discarded", error=describe(error, with_traceback=False), retryable=False)


def describe(error: BaseException, *, skip: int = 0, with_traceback: bool = True) -> str:
    """{"type", "message", "traceback"} as JSON, bounded, and of characters that PostgreSQL takes.

    `skip`: so many outermost frames are ours, not the handler's.
    """
    return encode(shown(error, skip=skip, with_traceback=with_traceback), "the error")


def shown(error: BaseException, *, skip: int = 0, with_traceback: bool = True) -> dict[str, str]:
    """What may be shown of an error: the members of `describe`."""
    members = {"type": type(error).__name__, "message": _cut(_message(error), MESSAGE_MOST)}
    if with_traceback:
        members["traceback"] = _traceback(error, skip)
    return members


def without(trace: TracebackType | None, skip: int) -> TracebackType | None:
    """A traceback without its outermost frames."""
    for _ in itertools.repeat(None, skip):
        trace = trace.tb_next if trace is not None else None
    return trace


def said(error: BaseException) -> str:
    """The type and the message of an error, as they may be logged."""
    return f"{type(error).__name__}: {_message(error)}"


def _message(error: BaseException) -> str:
    try:
        return redaction.text(clean(str(error)))
    except Exception as unprintable:  # noqa: BLE001 - an exception's own __str__ may raise anything
        return f"(its message can't be shown: {type(unprintable).__name__})"


def _traceback(error: BaseException, skip: int) -> str:
    trace = without(error.__traceback__, skip)
    try:
        if _stands_alone(error):
            lines = [_stack(trace), *traceback.format_exception_only(type(error), error)]
        else:
            lines = traceback.format_exception(type(error), error, trace, limit=-FRAMES_MOST)
    except Exception as unprintable:  # noqa: BLE001
        return f"(no traceback: {type(unprintable).__name__})"
    text = redaction.text(clean("".join(lines)))
    return text if len(text) <= TRACEBACK_MOST else f"…{text[-TRACEBACK_MOST:]}"


def _stands_alone(error: BaseException) -> bool:
    """Whether what is shown of it is its stack and then its own lines, neither of which knows of the other."""
    chained = error.__cause__ is not None or (error.__context__ is not None and not error.__suppress_context__)
    return not chained and not isinstance(error, SyntaxError | NameError | BaseExceptionGroup)


def _stack(trace: TracebackType | None) -> str:
    """The head and the frames of a traceback, as Python shows them.

    Kept for the places that fail again and again: to read and parse their source lines is most of what a failure costs.
    """
    place: list[tuple[CodeType, int]] = []
    step = trace
    while step is not None:
        place.append((step.tb_frame.f_code, step.tb_lasti))
        step = step.tb_next
    key = tuple(place)
    text = _stacks.get(key)
    if text is None:
        text = "Traceback (most recent call last):\n" + "".join(traceback.format_tb(trace, limit=-FRAMES_MOST))
        if len(key) <= DEEP:
            if len(_stacks) >= STACKS_MOST:
                _stacks.clear()
            _stacks[key] = text
    return text


_stacks: Final[dict[tuple[tuple[CodeType, int], ...], str]] = {}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
