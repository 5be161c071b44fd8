"""What the server really did inside a function: the plan of every nested statement, and the buffers of a whole call."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

AUTO_EXPLAIN = """
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_format = json;
    set auto_explain.log_level = notice;
"""


@dataclass(frozen=True)
class Node:
    """One node of a plan, and those below it; the outer side of a join comes first."""

    kind: str
    relation: str | None
    index: str | None
    raw: dict[str, Any]

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Node:
        return cls(raw["Node Type"], raw.get("Relation Name"), raw.get("Index Name"), raw)

    @property
    def children(self) -> list[Node]:
        return [Node.of(child) for child in self.raw.get("Plans", [])]

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Plan:
    """A statement as it was executed."""

    query: str
    root: Node

    def nodes(self) -> list[Node]:
        return list(self.root.walk())

    def on(self, relation: str) -> list[Node]:
        """The nodes that read this table; writing it is not reading it."""
        return [node for node in self.nodes() if node.relation == relation and node.kind != "ModifyTable"]


class Explained:
    """A connection that keeps the plans of all that its last statement caused, itself included."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.plans: list[Plan] = []
        connection.execute(AUTO_EXPLAIN)
        connection.add_notice_handler(self._keep)

    def run(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        self.plans.clear()
        return self._connection.execute(query.encode(), arguments or None).fetchall()

    def _keep(self, notice: psycopg.errors.Diagnostic) -> None:
        message = notice.message_primary or ""
        if message.startswith("duration:"):
            logged = json.loads(message[message.index("{") :])
            self.plans.append(Plan(" ".join(logged["Query Text"].split()), Node.of(logged["Plan"])))


def buffers(connection: psycopg.Connection[Any], query: str, *arguments: object) -> int:
    """How many pages one statement touched, all that its functions did included."""
    explained = f"explain (analyze, buffers, timing off, format json) {query}"
    row = connection.execute(explained.encode(), arguments or None).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])
