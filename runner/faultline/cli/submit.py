"""`faultline submit`: one transaction, and its job, from the command line."""

from __future__ import annotations

import json
from typing import Any

import click

from faultline.cli import output
from faultline.cli.database import PRODUCER, connect
from faultline.cli.enqueue import given_options, job_options, read_object
from faultline.cli.options import NAMED, TRANSACTION, database_options, moment_parameters

SUBMIT = """
select faultline.submit_transaction(
  %(transaction)s, %(kind)s, %(request)s::jsonb, o.queue,
  coalesce(%(moment)s::timestamptz, clock_timestamp() + %(span)s::interval),
  o.priority, o.max_attempts, o.backoff, o.timeout, o.tags, o.headers)
from jsonb_to_record(%(options)s::jsonb) as o (
  queue text, priority int, max_attempts int, backoff jsonb, timeout interval, tags text[], headers jsonb)
"""


@click.command(epilog="Prints the job's id. The same ID, KIND and REQUEST again are the same job.")
@click.argument("transaction_id", metavar="ID", type=TRANSACTION)
@click.argument("kind", type=NAMED)
@click.argument("request", default="{}")
@job_options
@database_options
def submit(transaction_id: str, kind: str, request: str, dsn: str | None, as_json: bool, **options: Any) -> None:
    """Submit what has to happen once: a transaction and its job.

    The job has KIND as its type and REQUEST, a JSON object (`-` reads it from stdin), as its payload. ID names the
    work for ever: no other work can have it, and once it has failed nothing can be submitted under it.

    \b
    faultline submit inv-17 transfer '{"to": "bob", "cents": 500}'
    faultline submit payout-2030-01 payout --run-at 2030-01-31T08:00:00Z
    """
    parameters = {
        "transaction": transaction_id,
        "kind": kind,
        "request": read_object(request, "request"),
        **moment_parameters(options.pop("run_at")),
        "options": json.dumps(given_options(options)),
    }
    with connect(dsn, PRODUCER) as connection:
        ((job_id,),) = connection.execute(SUBMIT, parameters).fetchall()
    if as_json:
        output.print_json({"transaction_id": transaction_id, "job_id": job_id})
    else:
        output.say(str(job_id))
