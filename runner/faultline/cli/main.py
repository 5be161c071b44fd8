"""The command `faultline`: its groups, the .env file, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg

from faultline import __version__
from faultline.cli import (
    api,
    demo,
    dev,
    drill,
    enqueue,
    install,
    job,
    ledger,
    queue,
    reconcile,
    run,
    schedule,
    status,
    submit,
    token,
    transaction,
    verify,
    workflow,
)
from faultline.cli.database import explain
from faultline.cli.failures import BAD_OUTCOME, INTERRUPTED, WRONG_USAGE, Terminated, WrongUsage, one_line
from faultline.cli.options import help_if_bare
from faultline.embedded import EmbeddedError
from faultline.errors import FaultlineError
from faultline.settings import load_env_file

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Root(click.Group):
    """Turns every failure into one line on stderr and an exit code, and never shows a traceback for a known one."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._outcome(args, prog_name, complete_var, extra))

    def _outcome(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, extra: dict[str, Any]
    ) -> int:
        try:
            load_env_file()
            code = super().main(args, prog_name or "faultline", complete_var, standalone_mode=False, **extra)
        except BaseException as error:
            concluded = conclude(error)
            if concluded is None:
                raise
            return concluded
        return code if isinstance(code, int) else 0


def conclude(error: BaseException) -> int | None:
    """Say what went wrong and return the exit code; None for what is a bug of ours and deserves its traceback."""
    code: int | None = None
    match error:
        case click.UsageError():
            code = complain(_usage(error), WRONG_USAGE)
        case click.ClickException():
            code = complain(error.format_message(), error.exit_code)
        case FaultlineError() | psycopg.Error() | EmbeddedError():
            code = complain(*explain(error))
        case KeyboardInterrupt() | click.Abort():
            code = INTERRUPTED
        case Terminated():
            code = error.exit_code
        case UnicodeError():
            code = complain(f"text that is not UTF-8: {error}", WRONG_USAGE)
        case BrokenPipeError():  # whoever read our output has read enough
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - so that the last flush finds something
            code = BAD_OUTCOME
        case OSError():
            code = complain(str(error), BAD_OUTCOME)
    return code


def complain(message: str, code: int) -> int:
    click.echo(f"faultline: {one_line(message)}", err=True)
    return code


def _usage(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "faultline"
    message = error.format_message().rstrip(".")
    return message if isinstance(error, WrongUsage) else f"{message} (see `{path} --help`)"


@click.group(cls=Root, invoke_without_command=True, context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Background jobs on PostgreSQL, correct when things break.

    Every option is an environment variable too: --concurrency is FAULTLINE_CONCURRENCY. A .env file in the working
    directory is read; the environment wins. Exit codes: 0 good, 1 bad outcome, 2 wrong usage.

    \b
    See it work:         faultline demo
    A database to try:   faultline dev
    Work on jobs:        faultline run jobs:app
    """
    help_if_bare(ctx)


for command in (
    demo.demo,
    dev.dev,
    drill.drill,
    install.install,
    run.run,
    enqueue.enqueue,
    submit.submit,
    status.status,
    status.why,
    verify.verify,
    job.job,
    queue.queue,
    transaction.transaction,
    reconcile.reconcile,
    ledger.ledger,
    workflow.workflow,
    schedule.schedule,
    api.api,
    token.token,
):
    cli.add_command(command)


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that can't show a character still shows the rest
    cli.main()
