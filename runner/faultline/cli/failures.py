"""Every failure as one line on stderr and an exit code: 1 for a bad outcome, 2 for wrong usage."""

from __future__ import annotations

import click

from faultline.cli.output import clean

BAD_OUTCOME = 1
WRONG_USAGE = 2
INTERRUPTED = 130
SIGNALED = 128


class Terminated(BaseException):
    """A signal asks us to end. A BaseException, so that no handler of errors takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = SIGNALED + number


class Failure(click.ClickException):
    """The command could not do it; the message names the value and the fix."""

    exit_code = BAD_OUTCOME


class WrongUsage(click.UsageError):
    """The command was asked for something that can't be; the message names the value and the fix."""


def one_line(message: str) -> str:
    return " ".join(clean(message).split())
