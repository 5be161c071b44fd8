"""What the commands print: tables for people, one JSON document for machines.

Text from the database may hold anything a producer wrote, so nothing of it reaches a terminal before `clean`.
JSON is passed on as the server wrote it: a decoder of ours would round its numbers, or break on them.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import JustifyMethod

ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])", re.DOTALL)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
CONTROL_BUT_NEWLINE: Final = re.compile(CONTROL.pattern.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f"))
RAW_IN_JSON: Final = re.compile(r"[\x7f-\x9f]")
WIDE_ENOUGH: Final = 10_000
LONGEST_VALUE: Final = 2_000
MINUTE, HOUR, DAY = 60, 3600, 86400
STATE_STYLES: Final = {
    "queued": "cyan",
    "running": "yellow",
    "succeeded": "green",
    "failed": "bold red",
    "cancelled": "magenta",
    "discarded": "magenta",
}


def clean(text: str, *, multiline: bool = False) -> str:
    """The text without escape sequences and control characters; a line break becomes a space unless `multiline`."""
    text = ANSI.sub("", text)
    if multiline:
        return CONTROL_BUT_NEWLINE.sub("", text.replace("\t", "    "))
    return CONTROL.sub("", re.sub(r"[\t\n\r]+", " ", text))


def printable(text: str) -> str:
    """Lone surrogates (bytes of a file name that are no UTF-8) as the usual replacement character."""
    return clean(text.encode("utf-8", "replace").decode())


def console(*, stderr: bool = False) -> Console:
    """A terminal's width on a terminal; elsewhere lines as long as they have to be, so that a pipe loses nothing."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False, emoji=False, markup=False)
    if not made.is_terminal:
        made = Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=WIDE_ENOUGH)
    return made


def say(text: str = "") -> None:
    click.echo(text)


def note(text: str) -> None:
    """A remark for people, kept out of what a program reads."""
    click.echo(text, err=True)


def print_json(document: Any) -> None:
    print_raw_json(json.dumps(document, ensure_ascii=False, default=str))


def print_raw_json(text: str) -> None:
    """JSON as the server wrote it; the control characters it leaves alone can only stand inside of strings."""
    click.echo(RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_raw_list(documents: Sequence[str]) -> None:
    """One JSON array, one element a line."""
    print_raw_json("[" + ",\n ".join(documents) + "]")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    cells = [[cell(value) for value in row] for row in rows]
    shown = console()
    if not shown.is_terminal:
        _print_plain([[Text(header) for header in headers], *cells], [header in right for header in headers])
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for header in headers:
        justify: JustifyMethod = "right" if header in right else "left"
        table.add_column(header, justify=justify, overflow="ellipsis", no_wrap=True, min_width=3)
    for row in cells:
        table.add_row(*row)
    shown.print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Name and value, one a line; on a terminal long values go on below themselves."""
    rows = [
        (Text(clean(name), style="bold"), cell(value, multiline=True))
        for name, value in fields.items()
        if value is not None and value != ""
    ]
    shown = console()
    if not shown.is_terminal:
        _print_plain(rows, [False, False])
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    shown.print(table)


def _print_plain(rows: Sequence[Sequence[Text]], right: Sequence[bool]) -> None:
    """Aligned columns, nothing cut off, nothing but text: for a pipe or a file."""
    widths = [max(part.cell_len for part in column) for column in zip(*rows, strict=True)]
    for row in rows:
        parts = []
        for part, width, to_the_right in zip(row, widths, right, strict=True):
            blanks = " " * (width - part.cell_len)
            parts.append(blanks + part.plain if to_the_right else part.plain + blanks)
        say("  ".join(parts).rstrip())


def cell(value: object, *, multiline: bool = False) -> Text:
    if isinstance(value, Text):
        return value
    return Text("" if value is None else shortened(clean(str(value), multiline=multiline)))


def as_text(value: object) -> str | None:
    """A value of a document as people read it: text as it is, everything else as JSON."""
    if value is None or value in ({}, []):
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def state(name: str) -> Text:
    return Text(clean(name), style=STATE_STYLES.get(name, ""))


def shortened(text: str, limit: int = LONGEST_VALUE) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def ago(seconds: float | None) -> str:
    """How long since: `just now`, `42s ago`, `in 5m`."""
    if seconds is None:
        return ""
    if abs(seconds) < 1:
        return "just now"
    return f"in {span(-seconds)}" if seconds < 0 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s" if seconds >= 1 else f"{int(seconds * 1000)}ms"


def plural(number: int, noun: str, several: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Shows on a terminal that something takes its time; it says nothing elsewhere."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(Text(what)):
        yield
