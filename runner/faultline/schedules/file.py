"""Schedules in a file: a list, read safely. Its shape is judged here, with the place; its values by check_schedule."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from faultline.documents import Checker, DocumentFault, Fault, Node, Place, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
A_NAME: Final = "1 to 128 characters of A-Z a-z 0-9 _ . : -"
MOST_SCHEDULES: Final = 10_000
ROOT_KEYS: Final = ("source", "defaults", "schedules")
KEYS: Final = (
    *("name", "description", "cron", "every", "timezone", "type", "payload", "workflow", "input", "queue", "priority"),
    *("max_attempts", "backoff", "timeout", "tags", "headers", "missed", "missed_window", "missed_limit", "overlap"),
    *("jitter", "starts_at", "ends_at"),
)
DEFAULT_KEYS: Final = (
    *("timezone", "queue", "priority", "max_attempts", "backoff", "timeout", "tags", "missed", "missed_window"),
    *("missed_limit", "overlap", "jitter", "starts_at", "ends_at"),
)
OF_JOBS: Final = ("queue", "priority", "max_attempts", "backoff", "timeout", "tags", "jitter")
_POSITION: Final = re.compile(r"\bcharacter ([0-9]{1,6})\b")


class ScheduleFault(DocumentFault):
    """The schedules can't be put; `faults` says where and why, in the order of the file."""


@dataclass
class Entry:
    """One schedule of a file. `definition` is what put_schedule takes."""

    definition: dict[str, Any]
    node: Node = field(repr=False)
    path: str = ""
    defaults: Node | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    def fault(self, column: str | None, message: str, hint: str) -> Fault:
        """What the database says of one of its keys, with the place in the file: within an expression, too."""
        for node in (self.node, self.defaults):
            if column is not None and node is not None and column in node.value:
                return Fault(message, hint, f"{self.path}.{column}", _within(node, column, message))
        return Fault(message, hint, f"{self.path}.{column}" if column in KEYS else self.path, self.node.place)


@dataclass
class ScheduleFile:
    """A file that was read, and whose shape is good."""

    entries: list[Entry]
    source: str | None


def load(source: str | bytes) -> ScheduleFile:
    """Read a file of schedules. Raises ScheduleFault with all that is wrong with its shape.

    What only the database knows: expressions, zones, bounds, whether a workflow is there.
    """
    try:
        root = parse(source, "schedules: [{name: …, cron: …, timezone: …, type: …}]")
    except DocumentFault as refused:
        raise ScheduleFault(refused.faults) from None
    checker = _Checker()
    checker.check(root)
    if checker.faults:
        raise ScheduleFault(checker.in_order())
    given = root.value.get("source")
    defaults = root.value.get("defaults")
    return ScheduleFile(
        [_entry(node, at, defaults) for at, node in enumerate(root.value["schedules"].value)],
        None if given is None or given.value is None else str(given.value),
    )


def _entry(node: Node, at: int, defaults: Node | None) -> Entry:
    own = node.plain()
    fitting = {key: value for key, value in (defaults.plain() if defaults else {}).items() if _fits(key, own, defaults)}
    return Entry({**fitting, **own}, node, f"schedules[{at}]", defaults)


def _fits(key: str, own: Mapping[str, Any], defaults: Node | None) -> bool:
    """Whether a schedule may have that default at all."""
    shared = defaults.value.get("missed") if defaults is not None else None
    missed = own.get("missed", shared.value if shared is not None else None) or "latest"
    return not (
        (key == "timezone" and own.get("every") is not None)
        or (key in OF_JOBS and own.get("workflow") is not None)
        or (key == "missed_window" and missed == "skip")
        or (key == "missed_limit" and missed != "all")
    )


def _within(node: Node, key: str, message: str) -> Place:
    """The place of the key, or that of the character of its value that the message names."""
    value = node.value[key]
    found = _POSITION.search(message)
    place: Place = value.place
    if found is None or value.inset is None:
        return node.keys[key]
    return Place(place.line, place.column + value.inset + int(found[1]) - 1)


class _Checker(Checker):
    """What a file of schedules may have in it."""

    def check(self, root: Node) -> None:
        if not self._keys(root, "", ROOT_KEYS):
            return
        source, defaults, schedules = (root.value.get(key) for key in ROOT_KEYS)
        if (
            source is not None
            and source.kind != "null"
            and (source.kind != "string" or not NAME.fullmatch(source.value))
        ):
            self._fault(source, "source", f"{source.short()} is not a name", A_NAME)
        if defaults is not None:
            self._keys(defaults, "defaults", DEFAULT_KEYS)
        if schedules is None or schedules.kind != "array":
            hint = "schedules: [{name: …, cron: …, timezone: …, type: …}]"
            self._fault(schedules or root, "schedules", "it is missing, or not a list", hint)
            return
        if len(schedules.value) > MOST_SCHEDULES:
            self._fault(schedules, "schedules", f"there are {len(schedules.value)}", f"At most {MOST_SCHEDULES} a file")
            return
        seen: dict[str, Place] = {}
        for at, node in enumerate(schedules.value):
            self._schedule(node, f"schedules[{at}]", seen)

    def _schedule(self, node: Node, path: str, seen: dict[str, Place]) -> None:
        if not self._keys(node, path, KEYS):
            return
        given = node.value
        name = given.get("name")
        if name is None or name.kind != "string":
            self._fault(name or node, f"{path}.name", "it is missing, or not a text", "name: nightly-report")
        elif not NAME.fullmatch(name.value):
            self._fault(name, f"{path}.name", f"{name.short()} is not a name", A_NAME)
        elif name.value in seen:
            said = f"{name.short()} is there twice: first in line {seen[name.value].line}"
            self._fault(name, f"{path}.name", said, "A name stands for one schedule")
        else:
            seen[name.value] = name.place
        if all(key in KEYS for key in given):  # else what is missing may be what is misspelt
            self._one_of(node, path, ("cron", "every"), "cron: 0 9 * * 1-5, or every: 30s")
            self._one_of(node, path, ("type", "workflow"), "Exactly one of type (a job) and workflow (a run of it)")

    def _one_of(self, node: Node, path: str, keys: tuple[str, str], hint: str) -> None:
        found = [key for key in keys if key in node.value]
        if not found:
            self._fault(node, path, f"it has neither {keys[0]} nor {keys[1]}", hint)
        elif len(found) == 2:
            self._fault(node.value[found[1]], f"{path}.{found[1]}", f"it has both {found[0]} and {found[1]}", hint)
