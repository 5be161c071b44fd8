"""The tests that could notice a mutant, the likeliest first: files of pgTAP, and modules of races for what locks.

Which function a test reaches is measured once, on the schema as it is: PostgreSQL counts the calls of functions, and
also those that are rolled back. What it does not count (what is inlined, views, triggers, tables) is reached by what
reaches a function that names it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from tests.mutation import races
from tests.mutation.mutants import ROOT, Mutant
from tests.mutation.together import Together, rolls_back
from tests.support import pgtap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.mutation.stand import Place, Stand

FILES: Final = "tests/sql"
RACES: Final = "tests/races"
# These read the catalogs: what they reach by calls says nothing about what they see.
CATALOG: Final = (
    "tests/sql/catalog/",
    "tests/sql/tables/",
    "tests/sql/_verify_guards/",
    "tests/sql/_verify_privileges/",
)
TRIED: Final = "tried"
SECONDS_AT_LEAST: Final = 30.0
TIMES: Final = 30
# What takes longer writes much, and its dead rows slow down whatever follows in the same database.
TOGETHER_SECONDS: Final = 1.0
REACHED: Final = "select funcname from pg_stat_user_functions where schemaname = 'faultline'"
ALONE: Final = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


class RedError(Exception):
    """A test is red without any mutant: nothing can be said about those."""


@dataclass(frozen=True)
class Test:
    """A file or module, how long it takes, and the functions it calls."""

    path: str
    seconds: float
    reaches: tuple[str, ...]
    together: bool = False


class Suite:
    """Measured tests; `tests_for` says which to run for a mutant, and `killed` teaches it which are good at it."""

    def __init__(self, stand: Stand, cache: Path, only: Iterable[str] = (), *, far: bool = False) -> None:
        self._stand = stand
        self._together = Together(stand.tree)
        self._cache = cache
        self._known: dict[str, Test] = {}
        self._kills: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._hashes: dict[str, str] = {}
        self._only = tuple(only)
        self._far = far
        self._named = _names()
        self._all = hashlib.sha256(
            b"".join(path.read_bytes() for path in sorted((ROOT / "sql").glob("*/*.sql")))
        ).hexdigest()

    def killed(self, mutant: Mutant, path: str) -> None:
        self._kills[mutant.unit.name][path] += 1

    def hash_of(self, path: str) -> str:
        """Of a test and of what it includes."""
        if path not in self._hashes:
            support = sorted((ROOT / "tests/support").glob("*.sql" if path.endswith(".sql") else "*.py"))
            if path.endswith(".py"):
                support.append(ROOT / RACES / "conftest.py")
            content = b"".join(part.read_bytes() for part in (ROOT / path, *support))
            self._hashes[path] = hashlib.sha256(content).hexdigest()[:16]
        return self._hashes[path]

    def hash_of_all(self, paths: Iterable[str]) -> str:
        return hashlib.sha256(" ".join(sorted(map(self.hash_of, paths))).encode()).hexdigest()[:16]

    def is_there(self, path: str) -> bool:
        return (ROOT / path).exists()

    def tests_for(self, mutant: Mutant, *, races: bool) -> list[str]:
        """Files of pgTAP, then modules of races if asked for.

        All that reach a function are many seconds: unless far, only its own and those of what calls it, however
        indirectly, and of what it calls. If far, always with the races.
        """
        functions = self._reaching(mutant)
        own = {f"{FILES}/{mutant.unit.name}/", f"{FILES}/{Path(mutant.file).stem}/"}
        called = self._named.get(mutant.unit.name, set())
        near = own | {f"{FILES}/{name}/" for name in self._callers_of_callers(functions) | called}
        chosen = [
            test
            for test in self._tap()
            if _is_in(test, own)
            or (set(test.reaches) & functions and (self._far or _is_in(test, near)))
            or (mutant.unit.kind != "function" and test.path.startswith(CATALOG))
        ]
        kills = self._kills[mutant.unit.name]

        def likely(test: Test) -> tuple[float, bool, bool, bool, bool, bool, float]:
            return (
                -kills[test.path] / max(test.seconds, TOGETHER_SECONDS),
                not _is_in(test, own),
                test.seconds > TOGETHER_SECONDS,
                not _is_in(test, near),
                not test.together,
                test.path.endswith("signature.sql"),
                test.seconds,
            )

        paths = [test.path for test in sorted(chosen, key=likely)]
        if races or self._far:
            modules = [test for test in self._races() if set(test.reaches) & functions]
            paths += [test.path for test in sorted(modules, key=lambda test: (-kills[test.path], test.seconds))]
        return paths

    def _reaching(self, mutant: Mutant) -> set[str]:
        """The functions whose calls may run what is changed."""
        if mutant.unit.kind == "function":
            name = mutant.unit.name
            inlined = "language sql" in mutant.statement or "returns trigger" in mutant.statement
            return {name} | (self._callers({name}) if inlined else set())
        if mutant.unit.kind == "privilege":
            return {mutant.unit.name}
        text = (ROOT / mutant.file).read_text()[mutant.unit.start : mutant.unit.end]
        tables = set(re.findall(r"faultline\.(\w+)", text))
        if mutant.unit.kind == "table":
            tables = {mutant.unit.name}
        return self._callers(tables)

    def _callers(self, names: set[str]) -> set[str]:
        return {function for function, named in self._named.items() if named & names}

    def _callers_of_callers(self, names: set[str]) -> set[str]:
        found = set(names)
        while more := self._callers(found) - found:
            found |= more
        return found

    def _tap(self) -> list[Test]:
        paths = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / FILES).glob("*/*.sql"))
        return [self._measured(path) for path in paths if not self._only or path in self._only]

    def _races(self) -> list[Test]:
        paths = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / RACES).glob("test_*.py"))
        return [self._measured(path) for path in paths if not self._only or path in self._only]

    def _measured(self, path: str) -> Test:
        key = hashlib.sha256(f"{path} {self.hash_of(path)} {self._all}".encode()).hexdigest()
        if path not in self._known:
            if not self._cache.exists():
                self._cache.parent.mkdir(parents=True, exist_ok=True)
                self._cache.write_text("{}")
            cached = json.loads(self._cache.read_text())
            if key not in cached:
                cached[key] = asdict(self._measure(path))
                self._cache.write_text(json.dumps(cached))
            test = cached[key]
            self._known[path] = Test(path, test["seconds"], tuple(test["reaches"]), test["together"])
        return self._known[path]

    def _measure(self, path: str) -> Test:
        started = time.monotonic()
        if path.endswith(".py"):
            failed, reached = races.run([path], self._stand.server, self._stand.template, races.SECONDS)
            if failed is not None:
                message = f"{path} is red as it is: {failed}"
                raise RedError(message)
            return Test(path, time.monotonic() - started, tuple(sorted(reached)))
        dsn = self._stand.clone(TRIED, self._stand.template)
        try:
            pgtap.run(self._stand.psql, dsn, ROOT / path)
            took = time.monotonic() - started
            with psycopg.connect(dsn, autocommit=True) as connection:
                while connection.execute(ALONE).fetchone() != (0,):
                    pass
                reached = {name for (name,) in connection.execute(REACHED)}
        except pgtap.TapError as error:
            message = f"{path} is red as it is:\n{error}"
            raise RedError(message) from None
        finally:
            self._stand.drop(TRIED)
        together = took <= TOGETHER_SECONDS and self._is_green_together(path)
        return Test(path, took, tuple(sorted(reached)), together=together)

    def _is_green_together(self, path: str) -> bool:
        """Also after another one, in the same session."""
        if not rolls_back(ROOT / path):
            return False
        name = self._stand.prepared(self._together)
        return self._together.run(self._stand.psql, self._stand.server.dsn(name), [path], SECONDS_AT_LEAST) is None

    def first_red(self, paths: Sequence[str], place: Place) -> tuple[str, str] | None:
        """Run tests on a mutant, in this order, until one is red: which, and what it says. Raises Stillborn."""
        for how, group in itertools.groupby(paths, self._way):
            red = self._red_of(how, list(group), place)
            if red is not None:
                return red
        return None

    def _way(self, path: str) -> str:
        return "race" if path.endswith(".py") else "together" if self._known[path].together else "alone"

    def _red_of(self, how: str, paths: list[str], place: Place) -> tuple[str, str] | None:
        if how == "together":
            dsn = place(TRIED, self._together)
            try:
                seconds = TIMES * sum(self._known[path].seconds for path in paths)
                red = self._together.run(self._stand.psql, dsn, paths, seconds)
            finally:
                self._stand.drop(TRIED)
            if red is None or red[0] == paths[0]:
                return red
            # What ran before it in the session is not to blame: it is red by itself too, or else it is passed over.
            rest = paths[paths.index(red[0]) + 1 :]
            return self._red_of("alone", [red[0]], place) or (self._red_of(how, rest, place) if rest else None)
        for path in paths:
            said = self._notices(path, place)
            if said is not None:
                return path, said
        return None

    def _notices(self, path: str, place: Place) -> str | None:
        dsn = place(TRIED, None)
        try:
            if path.endswith(".py"):
                return races.run([path], self._stand.server, TRIED, races.SECONDS)[0]
            pgtap.run(self._stand.psql, dsn, ROOT / path, max(SECONDS_AT_LEAST, TIMES * self._known[path].seconds))
        except pgtap.TapError as error:
            return str(error).splitlines()[0]
        finally:
            self._stand.drop(TRIED)
        return None


def _is_in(test: Test, folders: set[str]) -> bool:
    return f"{test.path.rpartition('/')[0]}/" in folders


def _names() -> dict[str, set[str]]:
    """By function, what its text names in the schema."""
    named = {}
    for path in (ROOT / "sql").glob("*/*.sql"):
        text = path.read_text()
        words = set(re.findall(r"faultline\.(\w+)", text))
        for function in re.findall(r"create function faultline\.(\w+)", text):
            named[function] = words
    return named
