"""Every help text is legible in 80 columns, and what a list says of a command is said to its end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from faultline.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command and group."""
    yield path
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    """As a terminal of 80 columns shows it."""
    context = click.Context(cli, info_name="faultline", terminal_width=80)
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context, terminal_width=80)
    return command.get_help(context)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_fits_into_80_columns(path: tuple[str, ...]) -> None:
    too_long = [line for line in help_of(path).splitlines() if len(line) > 80]
    assert too_long == []


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_no_list_of_commands_cuts_off_what_it_says(path: tuple[str, ...]) -> None:
    _, _, listed = help_of(path).partition("\nCommands:\n")
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_no_command_loads_what_only_a_drill_or_the_api_needs() -> None:
    program = "import sys; import faultline.cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "faultline.cli.drill" in loaded
    assert [name for name in loaded if name.startswith(("faultline.drill.", "faultline.api", "fastapi"))] == []
