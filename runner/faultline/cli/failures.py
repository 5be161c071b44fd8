"""Every failure as one line on stderr and an exit code: 1 for a bad outcome, 2 for wrong usage."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from faultline.cli.output import clean
from faultline.signals import heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

BAD_OUTCOME = 1
WRONG_USAGE = 2
INTERRUPTED = 130
SIGNALED = 128
END_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """A signal asks us to end. A BaseException, so that no handler of errors takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = SIGNALED + number


@contextmanager
def terminating(*signals: signal.Signals) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP, or those named, raise Terminated, once: what is to be cleaned up gets its time.

    One that we began with ignored (nohup) stays ignored, also for what we start.
    """
    if threading.current_thread() is not threading.main_thread():  # where Python takes no signals
        yield
        return
    numbers = heard(*(signals or END_SIGNALS))

    def terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Terminated(number)

    before = {number: signal.signal(number, terminate) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Failure(click.ClickException):
    """The command could not do it; the message names the value and the fix."""

    exit_code = BAD_OUTCOME


class WrongUsage(click.UsageError):
    """The command was asked for something that can't be; the message names the value and the fix."""


def one_line(message: str) -> str:
    return " ".join(clean(message).split())
