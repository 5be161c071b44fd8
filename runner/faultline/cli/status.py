"""`faultline status` and `faultline why`: one job, and why it stands where it does."""

from __future__ import annotations

import click

from faultline.cli import output
from faultline.cli.database import OBSERVER, PRODUCER, connect
from faultline.cli.failures import Failure
from faultline.cli.options import JOB, database_options
from faultline.cli.rendering import decode, describe_error, describe_job


@click.command()
@click.argument("job_id", metavar="JOB", type=JOB)
@database_options
def status(job_id: int, dsn: str | None, as_json: bool) -> None:
    """Show the state of a job.

    Exit code 0 means that the job is known, whatever its state.

    \b
    faultline status 42
    faultline status 42 --json | jq -r .state
    """
    with connect(dsn, PRODUCER) as connection:
        row = connection.execute("select faultline.job_status(%s)::text, clock_timestamp()", (job_id,)).fetchone()
    if row is None or row[0] is None:
        raise unknown(job_id)
    if as_json:
        output.print_raw_json(row[0])
    else:
        output.print_fields(describe_job(row[0], row[1]))


@click.command()
@click.argument("job_id", metavar="JOB", type=JOB)
@database_options
def why(job_id: int, dsn: str | None, as_json: bool) -> None:
    """Say why a job is where it is.

    \b
    faultline why 42
    """
    with connect(dsn, OBSERVER) as connection:
        row = connection.execute("select faultline.why(%s)::text", (job_id,)).fetchone()
    if row is None or row[0] is None:
        raise unknown(job_id)
    if as_json:
        output.print_raw_json(row[0])
        return
    answer = decode(row[0])
    facts = answer.get("facts")
    output.say(output.clean(str(answer.get("why", row[0]))))
    if isinstance(facts, dict) and facts:
        output.say()
        error = facts.pop("error", None)
        shown = {name: output.as_text(value) for name, value in facts.items()}
        output.print_fields({**shown, "error": describe_error(error)})


def unknown(job_id: int) -> Failure:
    return Failure(f"there is no job {job_id} in this database: `faultline job list` shows the latest")
