"""The verbs of workflows on a real database, and what can be seen of runs there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.jobs import ALICE
from tests.support.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKFLOW_ROWS = """
    delete from faultline.run_signals;
    delete from faultline.tasks;
    delete from faultline.runs;
    delete from faultline.task_dependencies;
    delete from faultline.workflow_tasks;
    delete from faultline.workflows;
"""
CLAIM = "select job_id, attempt, run_id, task from faultline.claim_job('default', %s, %s, '1 hour')"
CONTEXTS = "select job_id, run_id, name, item, input, results from faultline.task_contexts(%s::bigint[])"
COMPLETE = "select faultline.complete_job(%s, %s, %s::jsonb)"
COMPLETE_MANY = "select verdict from faultline.complete_jobs(%s::bigint[], %s::int[], %s::jsonb[])"
# The waits of backoffs are over at once.
LET_ALL_BE_DUE = """
    update faultline.jobs_live set ready_at = clock_timestamp() where state = 'queued' and ready_at > clock_timestamp()
"""
LET_WAKE = """
    update faultline.tasks set due_at = clock_timestamp() - interval '1 s'
    where run_id = %s and name = %s and item = -1 and due_at is not null
"""
STATUSES = """
    select r.run_id, faultline.run_status(r.run_id)
    from faultline.runs r
    where r.root_run_id = any (%s::bigint[])
"""
LIVE = """
    select run_id, task, state, attempt, failures, cancel_requested_at is not null
    from faultline.jobs_live
    order by run_id, task, job_id
"""


class Claimed(NamedTuple):
    """A claimed job, with what its handler is given."""

    id: int
    attempt: int
    run: int
    task: str
    item: Any
    input: Any
    results: Any


class WorkflowVerbs(Verbs):
    def start(self) -> None:
        super().start()
        self.connection.execute(WORKFLOW_ROWS)

    def put(self, spec: Any) -> Any:
        return self._scalar("select faultline.put_workflow(%s::jsonb)", json.dumps(spec))

    def trigger(self, name: str, input_: Any) -> Any:
        return self._scalar("select faultline.trigger_workflow(%s, %s::jsonb)", name, json.dumps(input_))

    def signal(self, run: int, name: str, payload: Any) -> Any:
        return self._scalar("select faultline.signal_run(%s, %s, %s::jsonb)", run, name, _json(payload))

    def wake(self, due: Sequence[tuple[int, str]]) -> Any:
        for run, name in due:
            self.connection.execute(LET_WAKE, (run, name))
        return self._scalar("select faultline.wake_tasks()")

    def cancel_run(self, run: int) -> Any:
        return self._scalar("select faultline.cancel_run(%s)", run)

    def resume_run(self, run: int) -> Any:
        return self._scalar("select faultline.resume_run(%s)", run)

    def claim_tasks(self, batch: int) -> list[Claimed]:
        claimed = self._rows(CLAIM, ALICE, batch)
        contexts: dict[int, tuple[Any, ...]] = {}
        shared: dict[tuple[int, str], tuple[Any, Any]] = {}
        for job, run, name, item, input_, results in self._rows(CONTEXTS, [job for job, *_ in claimed]):
            # The first row of a task has what all its items share.
            shared.setdefault((run, name), (input_, results))
            contexts[job] = (item, *shared[run, name])
        return [Claimed(*row, *contexts[row[0]]) for row in claimed]

    def complete_task(self, job: int, attempt: int, result: Any) -> Any:
        return self._scalar(COMPLETE, job, attempt, _json(result))

    def complete_tasks(self, reports: Sequence[tuple[int, int, Any]]) -> list[str]:
        jobs, attempts, results = zip(*reports, strict=True)
        rows = self._rows(COMPLETE_MANY, list(jobs), list(attempts), [_json(result) for result in results])
        return [verdict for (verdict,) in rows]

    def reap_these(self, jobs: Sequence[int]) -> Any:
        for job in jobs:
            self.let_expire(job)
        reaped = self.reap(1000)
        self.connection.execute(LET_ALL_BE_DUE)
        return reaped

    def statuses(self, roots: Sequence[int]) -> dict[int, Any]:
        """What run_status tells of all runs of these families."""
        return dict(self._rows(STATUSES, list(roots)))

    def live_jobs(self) -> Any:
        return self._rows(LIVE)


def _json(value: Any) -> str | None:
    """None is the NULL of SQL: no result, no payload."""
    return None if value is None else json.dumps(value)
