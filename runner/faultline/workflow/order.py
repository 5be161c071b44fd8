"""The order of tasks: who can run when, and which of them wait for each other for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ranks(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many tasks in a row have to run before each; those of a cycle, and what comes after them, are left out."""
    dependents: dict[str, list[str]] = {name: [] for name in needs}
    waits = {name: len(named) for name, named in needs.items()}
    for name, named in needs.items():
        for need in named:
            dependents[need].append(name)
    found = {name: 0 for name, count in waits.items() if count == 0}
    todo = list(found)
    for name in todo:  # it grows
        for dependent in dependents[name]:
            waits[dependent] -= 1
            found_so_far = max(found.get(dependent, 0), found[name] + 1)
            found[dependent] = found_so_far
            if waits[dependent] == 0:
                todo.append(dependent)
    return {name: rank for name, rank in found.items() if waits[name] == 0}


def cycle_of(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The tasks of a cycle, the first one again at the end; empty if there is none."""
    placed = ranks(needs)
    step = next((name for name in needs if name not in placed), None)
    if step is None:
        return []
    path: dict[str, int] = {}
    # Each of them needs another of them: whoever follows that comes to a task for the second time.
    while step not in path:
        path[step] = len(path)
        step = next(need for need in needs[step] if need not in placed)
    return [*list(path)[path[step] :], step]
