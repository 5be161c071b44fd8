"""Every mutant of the SQL: one change of one statement of a file of sql/ or deploy/."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.mutation import operators, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
AREAS: Final = ("jobs", "ledger", "workflows", "schedules", "deploy")
MORE_AREAS: Final = ("operate", "observe", "api")
# What is said, and where the functions come from, is no behaviour of the schema.
LEFT_OUT: Final = {"load.sql", "roles.sql", "drop.sql"}

LOCKING: Final = re.compile(
    r"faultline\._lock_|\bfor (no key )?update\b|\bfor (key )?share\b|pg_current_xact_id|advisory"
)


@dataclass(frozen=True)
class Mutant:
    """A change of a file; before and after are the lines that it touches, their blanks made one each."""

    file: str
    unit: source.Unit
    edit: operators.Edit
    before: str
    after: str
    occurrence: int

    @property
    def area(self) -> str:
        return self.file.split("/")[-2]

    @property
    def line(self) -> int:
        return (ROOT / self.file).read_text().count("\n", 0, self.edit.start) + 1

    @cached_property
    def statement(self) -> str:
        """The statement of the file, changed."""
        text = (ROOT / self.file).read_text()
        changed = self.edit.apply(text)
        return changed[self.unit.start : self.unit.end + len(changed) - len(text)]

    @cached_property
    def key(self) -> str:
        return hashlib.sha256(f"{self.file}\n{self.unit.start}\n{self.statement}".encode()).hexdigest()[:20]

    def is_about_locks(self) -> bool:
        """Only sessions beside each other may see it."""
        return self.edit.operator in {"lock", "order"} or bool(LOCKING.search(self.before))

    def change(self) -> tuple[str, str, str, int]:
        """What names it for a person: what is changed, the lines before and after, and which of several alike."""
        return (self.unit.name, self.before, self.after, self.occurrence)


def files(areas: Sequence[str]) -> Iterator[str]:
    for area in areas:
        folder = ROOT / "deploy" if area == "deploy" else ROOT / "sql" / area
        for path in sorted(folder.glob("*.sql")):
            if path.name not in LEFT_OUT:
                yield path.relative_to(ROOT).as_posix()


def mutants_of(file: str) -> Iterator[Mutant]:
    text = (ROOT / file).read_text()
    seen: Counter[tuple[str, str, str]] = Counter()
    for unit in source.units_of(text):
        for edit in operators.edits_of(text, unit):
            before, after = _lines(text, edit)
            seen[unit.name, before, after] += 1
            yield Mutant(file, unit, edit, before, after, seen[unit.name, before, after])


def _lines(text: str, edit: operators.Edit) -> tuple[str, str]:
    first = text.rfind("\n", 0, edit.start) + 1
    last = text.find("\n", edit.end)
    last = len(text) if last < 0 else last
    before, after = text[first:last], text[first : edit.start] + edit.text + text[edit.end : last]
    return " ".join(before.split()), " ".join(after.split())
