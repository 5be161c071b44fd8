"""Which statements of our PL/pgSQL functions the tests have run, as plpgsql_check's profiler counts them.

The profiler counts every session and also what is rolled back, in shared memory, under the ids of database and
function. Each test has a database of its own, so its counts are taken before it is dropped and added up here under the
function's signature and the number of the statement: both are the same in every clone of the template. Counts that were
taken are reset, because those of dropped databases would fill the shared memory.

`python -m tests.support.statements FILE …` adds up what several processes have counted, and wants all of them run.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psycopg

if TYPE_CHECKING:
    from faultline.embedded import Server

LIBRARY = "plpgsql_check"
CONFIG = {
    "shared_preload_libraries": f"plpgsql,{LIBRARY}",
    f"{LIBRARY}.profiler": "on",
}
STATEMENTS = """
    select p.oid::regprocedure::text, p.prosrc, s.stmtid, s.lineno, s.stmtname, s.exec_stmts
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
    cross join lateral plpgsql_check.plpgsql_profiler_function_statements_tb(p.oid) s
    where n.nspname = 'faultline' and l.lanname = 'plpgsql'
      and (%(all)s or p.oid in (select funcoid from plpgsql_check.plpgsql_profiler_functions_all()))
"""
RESET = """
    select plpgsql_check.plpgsql_profiler_reset(funcoid) from plpgsql_check.plpgsql_profiler_functions_all()
"""


@dataclass
class Function:
    """The runs of each statement, by number; its kind and line beside it."""

    source: str
    statements: dict[int, tuple[int, str]] = field(default_factory=dict)
    runs: Counter[int] = field(default_factory=Counter)

    def missed(self) -> list[str]:
        lines = self.source.split("\n")
        return [
            f"line {line}: {lines[line - 1].strip() or kind}"
            for number, (line, kind) in sorted(self.statements.items())
            if not self.runs[number]
        ]


@dataclass
class Statements:
    """Counts by function and statement, added up over databases."""

    functions: dict[str, Function] = field(default_factory=dict)

    def begin(self, dsn: str) -> None:
        """Learn of all functions from the template; then `take` counts only what a test has not replaced."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create schema plpgsql_check")
            connection.execute("create extension plpgsql_check schema plpgsql_check")
            for name, source, number, line, kind, runs in _counts(connection, everything=True):
                function = self.functions.setdefault(name, Function(source))
                function.statements[number] = (line, kind)
                function.runs[number] += runs

    def take(self, dsn: str) -> None:
        """Add the counts of one database, which then begin anew."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            for name, source, number, _, _, runs in _counts(connection, everything=False):
                function = self.functions.get(name)
                if function is not None and function.source == source:
                    function.runs[number] += runs
            connection.execute(RESET)

    def save(self, path: Path) -> None:
        functions = {
            name: [function.source, list(function.statements.items()), list(function.runs.items())]
            for name, function in self.functions.items()
        }
        path.write_text(json.dumps(functions))

    @classmethod
    def load(cls, paths: list[Path]) -> Self:
        """What several processes have counted, each on a template of its own."""
        total = cls()
        for path in paths:
            for name, (source, statements, runs) in json.loads(path.read_text()).items():
                function = total.functions.setdefault(name, Function(source))
                function.statements |= {number: (line, kind) for number, (line, kind) in statements}
                function.runs.update(dict(runs))
        return total

    def complete(self) -> bool:
        return bool(self.functions) and not any(function.missed() for function in self.functions.values())

    def report(self) -> list[str]:
        """The total, and each statement that no test has run."""
        missed = {name: function.missed() for name, function in sorted(self.functions.items())}
        total = sum(len(function.statements) for function in self.functions.values())
        ran = total - sum(map(len, missed.values()))
        lines = [f"{ran} of {total} statements in {len(self.functions)} functions were run"]
        for name, statements in missed.items():
            if statements:
                lines.append(f"{name}, lines of its body that no test runs:")
                lines += [f"    {statement}" for statement in statements]
        return lines


def available(server: Server) -> bool:
    """Debian's PostgreSQL 15 has the extension; the wheel with 18 has not."""
    return (server.bin.parent / "lib" / f"{LIBRARY}.so").exists()


def _counts(connection: psycopg.Connection[Any], *, everything: bool) -> list[tuple[Any, ...]]:
    connection.execute(f"set {LIBRARY}.profiler = off")
    connection.execute("set search_path = ''")
    return connection.execute(STATEMENTS, {"all": everything}).fetchall()


def main(paths: list[str]) -> int:
    counted = Statements.load([Path(path) for path in paths])
    print("\n".join(counted.report()))
    return 0 if counted.complete() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
