"""`faultline install`: the schema in any database, without Sqitch."""

from __future__ import annotations

import click

from faultline import database, schema
from faultline.cli import output
from faultline.cli.database import check_dsn
from faultline.cli.options import database_options


@click.command()
@database_options
def install(dsn: str | None, as_json: bool) -> None:
    """Install the schema into a database.

    Everything goes into the schema faultline; the schema sqitch records it, so that `sqitch deploy` can upgrade it
    later. Nothing changes where the schema is already in this version. The user needs CREATE on the database and
    CREATEROLE; no superuser, no extension.

    \b
    faultline install --dsn postgresql://admin@db.example/shop
    """
    check_dsn(dsn)
    with output.waiting("installing"):
        database.connect(dsn, "install").close()  # says better than the next line if nobody answers
        happened = schema.install(database.resolve_dsn(dsn))
    if as_json:
        output.print_json({"schema_version": schema.SCHEMA_VERSION, "happened": happened})
    else:
        output.say(str(happened))
