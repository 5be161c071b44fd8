"""Mutant by mutant: the tests that could notice it, until one is red. What is known already is not run again."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

from tests.mutation.mutants import ROOT, Mutant, mutants_of
from tests.mutation.stand import Stillborn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.mutation.stand import Stand
    from tests.mutation.suite import Suite

EQUIVALENTS: Final = sorted((ROOT / "tests/mutation/equivalent").glob("*.toml"))

Fate = Literal["killed", "survived", "stillborn", "equivalent"]


@dataclass(frozen=True)
class Result:
    """What became of a mutant. by: the test that killed it, or why it is stillborn or equivalent."""

    key: str
    area: str
    file: str
    line: int
    name: str
    operator: str
    before: str
    after: str
    occurrence: int
    fate: Fate
    by: str
    said: str
    tests: str


class Equivalents:
    """The mutants that change nothing that can be seen, each with its reason."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._reasons: dict[tuple[str, str, str, int], str] = {}
        for entry in (entry for path in paths for entry in tomllib.loads(path.read_text()).get("equivalent", [])):
            change = (entry["function"], entry["before"], entry["after"], entry.get("occurrence", 1))
            self._reasons[change] = entry["reason"]

    def reason(self, mutant: Mutant) -> str | None:
        return self._reasons.get(mutant.change())

    def reasons(self) -> Iterable[str]:
        return self._reasons.values()

    def unknown(self, mutants: Iterable[Mutant]) -> set[tuple[str, str, str, int]]:
        """Entries that name no mutant: the code has changed."""
        return set(self._reasons) - {mutant.change() for mutant in mutants}


class Results:
    """A line of JSON a mutant, written as soon as it is known; the last one of a mutant counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Result] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                result = Result(**json.loads(line))
                self._known[result.key] = result

    def get(self, key: str) -> Result | None:
        return self._known.get(key)

    def add(self, result: Result) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._known[result.key] = result
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")


class Runner:
    """Tries mutants on a stand with a suite."""

    def __init__(self, stand: Stand, suite: Suite, results: Results, equivalents: Equivalents) -> None:
        self._stand = stand
        self._suite = suite
        self._results = results
        self._equivalents = equivalents

    def run(self, mutants: Iterable[Mutant], *, fresh: bool = False) -> Iterator[Result]:
        for mutant in mutants:
            known = None if fresh else self._results.get(mutant.key)
            if known is not None and self._holds(known, mutant):
                if known.fate == "killed":
                    self._suite.killed(mutant, known.by)
                yield known
                continue
            result = self._try(mutant)
            self._results.add(result)
            yield result

    def _holds(self, known: Result, mutant: Mutant) -> bool:
        match known.fate:
            case "stillborn":
                return True
            case "equivalent":
                return self._equivalents.reason(mutant) == known.by
            case "killed":
                return self._suite.is_there(known.by) and self._suite.hash_of(known.by) == known.tests
            case _:
                return self._equivalents.reason(mutant) is None and known.tests == self._suite.hash_of_all(
                    self._tests(mutant)
                )

    def _tests(self, mutant: Mutant) -> list[str]:
        return self._suite.tests_for(mutant, races=mutant.is_about_locks())

    def _try(self, mutant: Mutant) -> Result:
        reason = self._equivalents.reason(mutant)
        if reason is not None:
            return _result(mutant, "equivalent", by=reason)
        try:
            with self._stand.mutated(mutant) as place:
                tests = self._tests(mutant)
                red = self._suite.first_red(tests, place)
        except Stillborn as refusal:
            return _result(mutant, "stillborn", by=str(refusal))
        if red is None:
            return _result(mutant, "survived", said=f"{len(tests)} tests", tests=self._suite.hash_of_all(tests))
        path, said = red
        self._suite.killed(mutant, path)
        return _result(mutant, "killed", by=path, said=said, tests=self._suite.hash_of(path))


def choose(files: Iterable[str], keep: Callable[[Mutant], bool]) -> list[Mutant]:
    return [mutant for file in files for mutant in mutants_of(file) if keep(mutant)]


def _result(mutant: Mutant, fate: Fate, *, by: str = "", said: str = "", tests: str = "") -> Result:
    return Result(
        mutant.key,
        mutant.area,
        mutant.file,
        mutant.line,
        mutant.unit.name,
        mutant.edit.operator,
        mutant.before,
        mutant.after,
        mutant.occurrence,
        fate,
        by,
        said,
        tests,
    )
