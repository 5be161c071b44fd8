"""What the tasks of a workflow are given besides their payload: fetched for a claim as a whole, decoded one by one."""

# ruff: noqa: SLF001 - what is private in a Job is private to the runner, not to its module

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from faultline.encoding import decode_jsonb
from faultline.errors import ContextError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faultline.job import Job

CONTEXTS: Final = "select job_id, run_id, name, item, input, results, error from faultline.task_contexts(job_ids => %s)"

ContextRow = tuple[int, int, str, "bytes | None", "bytes | None", "bytes | None", "bytes | None"]


class Context:
    """The input of a run, and the results of what a task needs; all items of the task share them.

    A context that can't be decoded says so each time it is asked, and is tried only once. In place of one that would be
    too large there is the database's error.
    """

    __slots__ = ("_fault", "_raw", "_refused", "input", "results")

    input: dict[str, Any]
    results: dict[str, Any]

    def __init__(self, raw: tuple[bytes, bytes] | None, refused: bytes | None = None) -> None:
        self._raw = raw
        self._refused = refused
        self._fault = ""

    def decode(self) -> None:
        """ValueError if it can't be; ContextError if it is too large."""
        if self._refused is not None:
            raise ContextError(decode_jsonb(self._refused)["message"])
        if self._raw is not None:
            raw, self._raw = self._raw, None
            try:
                self.input, self.results = decode_jsonb(raw[0]), decode_jsonb(raw[1])
            except Exception as error:  # noqa: BLE001 - whatever a decoder raises, it is this task's fault alone
                self._fault = f"{type(error).__name__}: {error}"
        if self._fault:
            raise ValueError(f"the input of its run, or the results of what it needs: {self._fault}")


def attach(jobs: Iterable[Job], rows: Iterable[ContextRow]) -> int:
    """Give each of these tasks its context, as far as there is one. Returns how many bytes they all have."""
    found: dict[int, tuple[Context, bytes | None]] = {}
    of: tuple[int, str] | None = None
    context: Context | None = None
    size = 0
    for job_id, run_id, name, item, input_, results, error in rows:
        if (run_id, name) != of and error is not None:
            of, context = (run_id, name), Context(None, error)
        elif (run_id, name) != of and input_ is not None and results is not None:
            of, context = (run_id, name), Context((input_, results))
            size += len(input_) + len(results)
        if context is not None and (run_id, name) == of:
            found[job_id] = (context, item)
            size += len(item or b"")
    for job in jobs:
        job._context, job._item = found.get(job.id, (None, None))
    return size
