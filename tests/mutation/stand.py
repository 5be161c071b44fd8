"""A server with the schema as it is, and databases in which one thing of it is different."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import psycopg

from faultline.embedded import Server
from tests.mutation.mutants import ROOT, Mutant
from tests.support import database, statements, template
from tools.sqitch import libpq_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from tests.mutation.together import Together

    Place = Callable[[str, Together | None], str]

MUTATED: Final = "mutated"
PREPARED: Final = "prepared"
DROPS: Final = 5  # each waits for five seconds
CHANGES: Final = ("schema", "jobs", "ledger", "workflows", "schedules", "api", "load")
FAULTS: Final = """
    select f.message
    from pg_proc p, plpgsql_check.plpgsql_check_function_tb(p.oid, fatal_errors => false) f
    where p.pronamespace = 'faultline'::regnamespace and p.proname = %s and f.level = 'error'
"""


class Stillborn(Exception):  # noqa: N818 - it is no error of ours
    """The server, or plpgsql_check, refuses the mutant; the message says why."""


class Stand:
    """`with Stand() as stand:` a server and a template, or lent ones; `mutated` makes databases of mutants."""

    def __init__(self, server: Server | None = None, lent: str | None = None) -> None:
        self._stack = ExitStack()
        self._prepared = False
        self._checked: Mutant | None = None
        self._server, self._lent = server, lent

    def __enter__(self) -> Self:
        with self._stack:
            self.tree = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            self.tree.chmod(0o755)
            for folder in ("deploy", "sql"):
                shutil.copytree(ROOT / folder, self.tree / folder)
            if self._server is not None and self._lent is not None:
                self.server, self.template = self._server, self._lent
                self._stack.callback(self._give_back)
            else:
                self.server = self._stack.enter_context(
                    Server(fsync=False, config=template.CONFIG | {"track_functions": "all"})
                )
                template.make_deployer(self.server)
                self.template = template.make(self.server)
            self._checks = statements.available(self.server)
            if self._checks:
                with psycopg.connect(self.server.dsn(self.template), autocommit=True) as connection:
                    connection.execute("create schema if not exists plpgsql_check")
                    connection.execute("create extension if not exists plpgsql_check schema plpgsql_check")
            self._stack = self._stack.pop_all()
        return self

    def _give_back(self) -> None:
        if self._prepared:
            self.drop(PREPARED)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def psql(self) -> Path:
        return self.server.bin / "psql"

    def clone(self, name: str, origin: str) -> str:
        """A new database; returns its DSN."""
        database.create(self.server, name, template=origin)
        return self.server.dsn(name)

    def drop(self, name: str) -> None:
        """Whoever computes on in it, as some mutants make a backend do, hears of its end only now and then."""
        for left in reversed(range(DROPS)):
            try:
                database.drop(self.server, name)
            except psycopg.errors.ObjectInUse:
                if not left:
                    raise
            else:
                return

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[Place]:
        """A function that makes databases with the mutant in them, prepared for tests together or not.

        It may raise Stillborn. Who calls it drops what it made.
        """
        if mutant.unit.kind == "function":
            yield lambda name, together: self._replaced(mutant, name, together=together)
            return
        self.clone(MUTATED, self.template)
        try:
            self._build_again(mutant)
            yield self._cloned
        finally:
            self.drop(MUTATED)

    def _cloned(self, name: str, together: Together | None) -> str:
        dsn = self.clone(name, MUTATED)
        if together:
            together.prepare(self, name)
        return dsn

    def _replaced(self, mutant: Mutant, name: str, *, together: Together | None) -> str:
        dsn = self.clone(name, self.prepared(together) if together else self.template)
        try:
            self._replace(mutant, dsn)
        except BaseException:
            self.drop(name)
            raise
        return dsn

    def prepared(self, together: Together) -> str:
        """The template with what the files of tests include."""
        if not self._prepared:
            self.clone(PREPARED, self.template)
            together.prepare(self, PREPARED)
            self._prepared = True
        return PREPARED

    def _replace(self, mutant: Mutant, dsn: str) -> None:
        """One function, which keeps its owner and privileges."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            try:
                connection.execute("set role faultline_owner")
                connection.execute(
                    mutant.statement.replace("create function", "create or replace function", 1).encode()
                )
            except psycopg.Error as error:
                raise Stillborn(str(error).splitlines()[0]) from None
            if self._checks and mutant is not self._checked and _is_checkable(mutant.statement):
                self._checked = mutant
                connection.execute("reset role")
                faults = connection.execute(FAULTS, (mutant.unit.name,)).fetchall()
                if faults:
                    raise Stillborn(str(faults[0][0]))

    def _build_again(self, mutant: Mutant) -> None:
        """The whole schema, from the scripts of Sqitch with this file changed."""
        original = (ROOT / mutant.file).read_text()
        changed = self.tree / mutant.file
        changed.write_text(mutant.edit.apply(original))
        try:
            with psycopg.connect(self.server.dsn(MUTATED), autocommit=True) as connection:
                connection.execute("drop schema faultline cascade")
                connection.execute(
                    "alter default privileges for role faultline_owner grant execute on functions to public"
                )
            scripts = [argument for name in CHANGES for argument in ("-f", self.tree / "deploy" / f"{name}.sql")]
            result = subprocess.run(
                [self.psql, "-Xq", "-v", "ON_ERROR_STOP=1", *scripts, "-c", "select faultline.maintain()"],
                check=False,
                env=libpq_environment(self.server.dsn(MUTATED)) | {"LC_ALL": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
        finally:
            changed.write_text(original)
        if result.returncode != 0:
            raise Stillborn(result.stderr.strip().splitlines()[-1])


def _is_checkable(statement: str) -> bool:
    """plpgsql_check wants the table of a trigger."""
    return "language plpgsql" in statement and "returns trigger" not in statement
