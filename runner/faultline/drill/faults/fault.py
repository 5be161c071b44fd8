"""What a fault is: something that is done to an arena, and the evidence that it bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from faultline.drill.arena import Arena


class Missed(Exception):  # noqa: N818 - it is made again
    """An injection that can't bite any more: there was nobody it could have hurt."""


class Fault:
    """`inject`, then `look` again and again, until there is new evidence or `seconds` have passed, then `heal`.

    Evidence is what the system shows afterwards: exit codes, events of jobs, SQLSTATEs, lines of the server's log. An
    injection without any has missed, and is made again.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    seconds: ClassVar[float] = 15.0
    deadly: ClassVar[bool] = False
    """Runners may end by themselves while it is at work: that is what it does."""
    sparing: ClassVar[bool] = False
    """It shows in a runner that lives on, for longer than others do where they are killed all the time: none is,
    meanwhile."""
    lasting: ClassVar[bool] = False
    """It is injected before the others, once, and shows what it was worth when all is over."""

    last: ClassVar[bool] = False
    """What it does is never undone, so it is injected after all the others, until it has bit."""

    own_server: ClassVar[bool] = False
    """It does something to the server, or reads its log: it takes one of the drill's own."""

    connections: ClassVar[int] = 100
    """What it takes of max_connections."""

    def __init__(self) -> None:
        self.injected = 0
        self.evidence: list[dict[str, Any]] = []

    @classmethod
    def needs(cls) -> str | None:
        """Why it can't be injected on this machine; None if it can."""
        return None

    @property
    def bit(self) -> int:
        return len(self.evidence)

    def inject(self, arena: Arena) -> None:
        """Raises Missed if there is nothing to look for."""
        raise NotImplementedError

    def look(self, arena: Arena) -> None:
        """Gather what evidence there is by now. What `inject` has seen already needs no second look."""

    def heal(self, arena: Arena) -> None:
        """Undo it. Called after each injection, also after one that was broken off."""

    def settle(self, arena: Arena) -> None:
        """Gather what shows only after the healing; called once, before the arena is drained."""

    def saw(self, **evidence: Any) -> None:
        self.evidence.append(evidence)


class LoggedFault(Fault):
    """One that the server's log tells of: `inject` marks where it begins, `said` is what came after."""

    line: ClassVar[str]
    own_server = True

    def __init__(self) -> None:
        super().__init__()
        self._since = 0

    def mark(self, arena: Arena) -> None:
        self._since = arena.log_size()

    def said(self, arena: Arena) -> list[str]:
        return arena.log_lines(self._since, self.line)
