"""What all commands have in common: how an option is declared, and what an argument may be."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from faultline import durations
from faultline.cli.failures import WRONG_USAGE

if TYPE_CHECKING:
    from collections.abc import Callable

if TYPE_CHECKING:
    Kind = click.ParamType[Any]
else:
    Kind = click.ParamType  # which can't be subscripted before click 8.4

Function = TypeVar("Function", bound="Callable[..., Any]")

HIGHEST_ID: Final = 2**63 - 1
LONGEST_TRANSACTION_ID: Final = 255
NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


def option(*flags: str, group: str = "", also: str = "", **attributes: Any) -> Callable[[Function], Function]:
    """An option that is also an environment variable: --max-attempts is FAULTLINE_MAX_ATTEMPTS.

    The options of a group of commands have its name in theirs (FAULTLINE_QUEUE_LEASE): what is set for a runner must
    not change a queue by accident. `also` is another variable that is read after the first.
    """
    long = next(flag for flag in flags if flag.startswith("--")).partition("/")[0]
    name = "_".join(part for part in ("FAULTLINE", group, long.strip("-").replace("-", "_")) if part).upper()
    return click.option(*flags, envvar=[name, also] if also else name, show_envvar=True, **attributes)


def decorated(command: Function, *options: Callable[[Function], Function]) -> Function:
    """The command with these options, which its help shows in this order."""
    for decorate in reversed(options):
        command = decorate(command)
    return command


dsn_option = option(
    "--dsn",
    metavar="DSN",
    help="The database, as postgresql://user@host/name. Default: libpq's variables (PGHOST, PGDATABASE, …).",
)
json_option = option("--json", "as_json", is_flag=True, help="One JSON document on stdout, for machines.")


def database_options(command: Function) -> Function:
    return dsn_option(json_option(command))


def help_if_bare(ctx: click.Context) -> None:
    """For a group: without a command it shows what commands there are."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(WRONG_USAGE)


class JobId(Kind):
    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"[0-9]{1,19}", value) or not 1 <= int(value) <= HIGHEST_ID:
            self.fail(f"{value!r} is no job id: that is a number, as `faultline enqueue` prints it", param, ctx)
        return int(value)


class RunId(Kind):
    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"[0-9]{1,19}", value) or not 1 <= int(value) <= HIGHEST_ID:
            self.fail(f"{value!r} is no run's id: that is a number, as `faultline workflow run` prints it", param, ctx)
        return int(value)


class Name(Kind):
    """The name of a queue, a type or a tag."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not NAME.fullmatch(value):
            self.fail(f"{value!r} is no name: 1 to 128 characters of A-Z a-z 0-9 _ . : -", param, ctx)
        return str(value)

    def split_envvar_value(self, rv: str) -> list[str]:
        """Several names in a variable: with spaces or commas between."""
        return rv.replace(",", " ").split()


class TransactionId(Kind):
    name = "transaction"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not 1 <= len(value) <= LONGEST_TRANSACTION_ID:
            self.fail(f"a transaction id has 1 to {LONGEST_TRANSACTION_ID} characters, not {len(value)}", param, ctx)
        return str(value)


class Duration(Kind):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return as_timedelta(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Moment(Kind):
    """A time with its zone, or a duration from now. Durations stay durations: the database's clock counts."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        if isinstance(value, datetime | timedelta):
            return value
        try:
            return as_timedelta(value)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: write 10m, or 2030-01-31T08:00:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no time zone: append Z, or an offset such as +02:00", param, ctx)
        return moment


def moment_parameters(moment: datetime | timedelta | None) -> dict[str, datetime | timedelta | None]:
    """A Moment for a query, which has to know both kinds."""
    return {
        "moment": moment if isinstance(moment, datetime) else None,
        "span": moment if isinstance(moment, timedelta) else None,
    }


def as_timedelta(text: str) -> timedelta:
    """ValueError unless it is a duration of at most a year."""
    seconds = durations.parse(text)
    if seconds > durations.LONGEST:
        raise ValueError(f"{text!r} is longer than {durations.show(durations.LONGEST)}")
    return timedelta(seconds=seconds)


JOB = JobId()
RUN = RunId()
NAMED = Name()
TRANSACTION = TransactionId()
DURATION = Duration()
MOMENT = Moment()
