"""A workflow as a picture: Mermaid for documents and DOT for Graphviz; with states, if a run is shown."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faultline.workflow.spec import Task

BREAK: Final = "<br/>"
COLOURS: Final = {
    "waiting": "#e5e7eb",
    "queued": "#bae6fd",
    "running": "#fde68a",
    "succeeded": "#bbf7d0",
    "failed": "#fecaca",
    "skipped": "#f3f4f6",
    "cancelled": "#e9d5ff",
}


def mermaid(tasks: Sequence[Task], states: Mapping[str, str]) -> str:
    """A flowchart; tasks are n0, n1, …, so that no name of theirs can be taken for syntax."""
    ids = {task.name: f"n{number}" for number, task in enumerate(tasks)}
    lines = ["flowchart TD"]
    for task in tasks:
        state = states.get(task.name)
        lines.append(f'    {ids[task.name]}["{_html(_label(task, state, BREAK))}"]{f":::{state}" if state else ""}')
    for task in tasks:
        arrow = "-->" if task.when == "success" else f"-. {task.when} .->"
        lines += [f"    {ids[need]} {arrow} {ids[task.name]}" for need in task.needs]
    for state in sorted(set(states.values()) & set(COLOURS)):
        lines.append(f"    classDef {state} fill:{COLOURS[state]},stroke:#6b7280,color:#111827")
    return "\n".join(lines)


def dot(name: str, tasks: Sequence[Task], states: Mapping[str, str]) -> str:
    """A digraph for `dot -Tsvg`."""
    lines = [f"digraph {_quoted(name)} {{", "    node [shape=box, style=filled, fillcolor=white]"]
    for task in tasks:
        state = states.get(task.name)
        colour = f", fillcolor={_quoted(COLOURS[state])}" if state in COLOURS else ""
        lines.append(f"    {_quoted(task.name)} [label={_quoted(_label(task, state, chr(10)))}{colour}]")
    for task in tasks:
        style = "" if task.when == "success" else f" [style=dashed, label={_quoted(task.when)}]"
        lines += [f"    {_quoted(need)} -> {_quoted(task.name)}{style}" for need in task.needs]
    return "\n".join([*lines, "}"])


def describe(task: Task) -> str:
    """What it is, in a few words."""
    what = {"type": "", "wait": "wait ", "wait_for": "signal ", "workflow": "workflow "}[task.kind] + task.what
    return f"{what}, for each of {task.for_each}" if task.for_each is not None else what


def _label(task: Task, state: str | None, newline: str) -> str:
    lines = [task.name] if task.kind == "type" and task.what == task.name else [task.name, describe(task)]
    if task.for_each is not None and len(lines) == 1:
        lines.append(f"for each of {task.for_each}")
    return newline.join([*lines, *([state] if state else [])])


def _html(text: str) -> str:
    """For a quoted label of Mermaid, which takes # for the beginning of an entity."""
    lines = [html.escape(line, quote=False) for line in text.split(BREAK)]
    return BREAK.join(line.replace("#", "#35;").replace('"', "#quot;") for line in lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
