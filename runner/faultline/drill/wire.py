"""On the wire of a drill of somebody's own handlers: which statements reach the server, and what became of them.

Whatever library sends them, the proxy sees them. A statement is what a client sends until it waits for an answer. The
process gets SIGKILL at the statement that is asked for: before the server is told to execute it, or after it has been
executed, and before the answer arrives.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from faultline import database
from faultline.drill.proxy import AFTER, BEFORE

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.drill.proxy import Line

HANDLER: Final = "faultline handler"
OURS: Final = "faultline "
REPORT: Final = re.compile(r"faultline\.(complete_jobs?|fail_jobs?|snooze_job|cancelled)\(")
LEDGER: Final = re.compile(r"faultline\.(apply_and_complete|apply_ledger)\(")
BOOKKEEPING: Final = re.compile(r"faultline\.(\w+)\(")
MAKING: Final = re.compile(r"faultline\.(enqueue|enqueue_bulk|enqueue_many|submit_transaction|trigger_workflow)\(")
TARGET: Final = re.compile(
    r"\b(?:insert\s+into|update(?:\s+only)?|delete\s+from(?:\s+only)?|merge\s+into|copy|truncate(?:\s+table)?)\s+"
    r'((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)',
    re.IGNORECASE,
)
CONTROL: Final = re.compile(
    r"\s*(begin|start transaction|commit|rollback|savepoint|release|end|abort|set|show)\b", re.IGNORECASE
)
ASKED_BY_US: Final = frozenset({database.WHO})


@dataclass(eq=False)
class Statement:
    """What a client has sent between two answers."""

    number: int
    application: str
    text: str
    after: int
    """How many lines the process's journal had when it came."""
    tags: list[str] = field(default_factory=list)
    failed: bool = False
    committed: bool = False
    ledger: bool = False
    """Its transaction has written an entry of the ledger."""

    @property
    def of_handler(self) -> bool:
        """Not a report of the runner's."""
        return not self.application.startswith(OURS) or self.application == HANDLER

    @property
    def is_control(self) -> bool:
        return CONTROL.match(self.text) is not None

    @property
    def makes(self) -> bool:
        """It makes jobs, transactions or runs."""
        return MAKING.search(self.text) is not None

    @property
    def targets(self) -> set[str]:
        """The tables that it names as those it writes to, in lower case, without quotes and schemas."""
        return {name.replace('"', "").rpartition(".")[2].lower() for name in TARGET.findall(self.text)}

    @property
    def may_write(self) -> bool:
        """It has done something, and not only asked: a call may do anything."""
        if self.failed or self.is_control or (BOOKKEEPING.search(self.text) and not self.makes):
            return False
        return bool(self.targets) or self.makes or "(" in self.text

    @property
    def title(self) -> str:
        """In a few words."""
        found = BOOKKEEPING.search(self.text)
        if found is not None:
            return f"faultline.{found[1]}"
        words = " ".join(self.text.split())
        return words if len(words) <= 40 else f"{words[:39]}…"


@dataclass(eq=False)
class Open:
    """What is under way on one connection."""

    statement: Statement | None = None
    counted: bool = False
    transaction: list[Statement] = field(default_factory=list)


class Wire:
    """A Watcher of the proxy, for one process."""

    def __init__(
        self, lines_of_journal: Callable[[], int], kill: Callable[[], None], number: int = 0, when: str = BEFORE
    ) -> None:
        """`number`: of the statement at which to `kill`; 0: never."""
        self.statements: list[Statement] = []
        self.struck = threading.Event()
        self._lines_of_journal = lines_of_journal
        self._kill = kill
        self._number = number
        self._when = when
        self._open: dict[Line, Open] = {}
        self._lock = threading.Lock()

    def sending(self, line: Line, message: bytes) -> bool:
        kind = message[:1]
        if kind in b"Xp" or self.struck.is_set():
            return not self.struck.is_set()
        with self._lock:
            at = self._open.setdefault(line, Open())
            text = _text(line, message)
            if at.statement is None:
                at.statement = Statement(0, line.application, text, 0)
            elif text and text != at.statement.text:
                at.statement.text = f"{at.statement.text}; {text}".removeprefix("; ")
            # What is only prepared has not happened.
            if kind in b"QE" and not at.counted and self._counts(at.statement):
                at.counted = True
                self.statements.append(at.statement)
                at.statement.number = len(self.statements)
                at.statement.after = self._lines_of_journal()
                if (at.statement.number, self._when) == (self._number, BEFORE):
                    self.struck.set()
                    self._kill()
                    return False
        return True

    def answering(self, line: Line, message: bytes) -> None:
        with self._lock:
            at = self._open.get(line)
            if at is None or at.statement is None:
                return
            kind = message[:1]
            if kind == b"C":
                at.statement.tags.append(message[5:-1].decode(errors="replace"))
            elif kind == b"E":
                at.statement.failed = True
            elif kind == b"Z":
                self._answered(at, message[5:6])

    def _answered(self, at: Open, status: bytes) -> None:
        statement, at.statement = at.statement, None
        counted, at.counted = at.counted, False
        if statement is None:
            return
        at.transaction.append(statement)
        if status == b"I":
            kept = not statement.failed and "ROLLBACK" not in statement.tags
            ledger = any(LEDGER.search(one.text) for one in at.transaction)
            for one in at.transaction:
                one.committed, one.ledger = kept and not one.failed, ledger
            at.transaction = []
        if counted and (statement.number, self._when) == (self._number, AFTER):
            self.struck.set()
            self._kill()

    def _counts(self, statement: Statement) -> bool:
        if not statement.text or statement.text in ASKED_BY_US:
            return False
        return statement.of_handler or REPORT.search(statement.text) is not None


def _text(line: Line, message: bytes) -> str:
    """The SQL that a message brings, or stands for."""
    kind = message[:1]
    raw = b""
    if kind == b"Q":
        raw = message[5:].rstrip(b"\0")
    elif kind == b"P":
        raw = message[5:].partition(b"\0")[2].partition(b"\0")[0]
    elif kind == b"B":
        raw = line.prepared.get(message[5:].partition(b"\0")[2].partition(b"\0")[0], b"")
    return raw.decode(errors="replace")
