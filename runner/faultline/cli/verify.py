"""`faultline verify`: does the database hold what is promised?"""

from __future__ import annotations

import click

from faultline.cli import output
from faultline.cli.database import OBSERVER, connect
from faultline.cli.failures import BAD_OUTCOME
from faultline.cli.options import database_options


@click.command()
@database_options
def verify(dsn: str | None, as_json: bool) -> int:
    """Check every promise against the database.

    Exit code 0 if nothing is wrong, 1 if something is. With --json an array, empty if nothing is wrong.

    \b
    faultline verify
    """
    with connect(dsn, OBSERVER) as connection, output.waiting("verifying"):
        rows = connection.execute(
            "select promise, check_name, subject, detail from faultline.verify() order by 1, 2, 3"
        ).fetchall()
    if as_json:
        names = ("promise", "check_name", "subject", "detail")
        output.print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif rows:
        output.print_table(("PROMISE", "CHECK", "SUBJECT", "DETAIL"), rows)
        output.say(f"{output.plural(len(rows), 'violation')} found")
    else:
        output.say("healthy: every promise that can be checked holds")
    return BAD_OUTCOME if rows else 0
