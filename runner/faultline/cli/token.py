"""`faultline token …`: who may call the HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, connect
from faultline.cli.options import DURATION, Kind, database_options, help_if_bare, option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

SCOPES: Final = ("read", "enqueue", "operate")
LIST: Final = """
select to_jsonb(t)::text, t.token_id, t.name, t.scopes,
  case when t.valid then 'valid' when t.revoked_at is not null then 'revoked' else 'expired' end,
  extract(epoch from clock_timestamp() - t.created_at)::float8, t.created_by,
  to_char(t.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
from faultline.token_overview t
order by t.token_id desc
limit %s
"""


class TokenId(Kind):
    name = "token"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:20]) < 2**63:
            # Never the value: somebody may have pasted the whole token.
            self.fail("that is no token's id, which is a number: `faultline token list` shows them", param, ctx)
        return int(value)


@click.group(invoke_without_command=True)
@click.pass_context
def token(ctx: click.Context) -> None:
    """Tokens of the HTTP API: make, list, revoke.

    The scopes are read (look at everything), enqueue (make jobs, runs and transactions, and see how they are) and
    operate (cancel, retry, pause, put workflows, …). None contains another.

    \b
    faultline token create --scope enqueue --name shop
    faultline token list
    faultline token revoke 1
    """
    help_if_bare(ctx)


@token.command()
@option(
    "--scope", "scopes", group="token", multiple=True, required=True, type=click.Choice(SCOPES), help="May be repeated."
)
@option("--name", group="token", help="Whose it is, for people.")
@option("--expires", group="token", type=DURATION, help="After so long, such as 90d. Default: never.")
@database_options
def create(
    scopes: tuple[str, ...], name: str | None, expires: timedelta | None, dsn: str | None, as_json: bool
) -> None:
    """Make a token and print it. This once: the database knows only its hash.

    \b
    faultline token create --scope read --name prometheus > token
    faultline token create --scope enqueue --scope read --expires 90d
    """
    from faultline.tokens import Secret, token_of  # noqa: PLC0415 - only here

    secret = Secret.new()
    with connect(dsn, OPERATOR) as connection:
        ((token_id,),) = connection.execute(
            "select faultline.create_token(%s, %s, %s, %s)", (secret.hash, list(scopes), name, expires)
        ).fetchall()
    made = token_of(token_id, secret)
    if as_json:
        output.print_json({"token_id": token_id, "token": made, "scopes": sorted(set(scopes))})
    else:
        output.say(made)
        output.note(f"token {token_id}: keep it, it is not shown again")


@token.command("list")
@option("--limit", group="token", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@database_options
def list_tokens(limit: int, dsn: str | None, as_json: bool) -> None:
    """List tokens, the newest first, without their secrets. With --json an array, one a line.

    \b
    faultline token list
    """
    with connect(dsn, OBSERVER) as connection:
        rows = connection.execute(LIST, (limit + 1,)).fetchall()
    output.print_newest(rows, limit, _print_tokens, nothing="there is no token", as_json=as_json)


def _print_tokens(rows: Sequence[Sequence[Any]]) -> None:
    output.print_table(
        ("TOKEN", "NAME", "SCOPES", "STATE", "MADE", "BY", "EXPIRES (UTC)"),
        [
            [token_id, name, " ".join(scopes), state, output.ago(age), by, expires]
            for _, token_id, name, scopes, state, age, by, expires in rows
        ],
        right=("TOKEN",),
    )


@token.command()
@click.argument("token_id", metavar="TOKEN", type=TokenId())
@database_options
def revoke(token_id: int, dsn: str | None, as_json: bool) -> None:
    """Revoke a token for good. An API that has just seen it takes it for two seconds more.

    \b
    faultline token revoke 1
    """
    with connect(dsn, OPERATOR) as connection:
        connection.execute("select faultline.revoke_token(%s)", (token_id,))
    output.tell({"token_id": token_id, "revoked": True}, f"token {token_id} is revoked", as_json=as_json)
