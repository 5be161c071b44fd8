"""Every help text is legible in 80 columns, and what a list says of a command is said to its end."""

from __future__ import annotations

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


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_fits_into_80_columns(path: tuple[str, ...]) -> None:
    context = click.Context(cli, info_name="faultline", terminal_width=80)
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context, terminal_width=80)
    too_long = [line for line in command.get_help(context).splitlines() if len(line) > 80]
    assert too_long == []


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_no_list_of_commands_cuts_off_what_it_says(path: tuple[str, ...]) -> None:
    context = click.Context(cli, info_name="faultline", terminal_width=80)
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context, terminal_width=80)
    _, _, listed = command.get_help(context).partition("\nCommands:\n")
    assert [line for line in listed.splitlines() if line.endswith("...")] == []
