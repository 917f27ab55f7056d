"""Registry of the commands: found by their files in `commands/`, and imported when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import typer

from nncli.cli.help import helpful

PACKAGE = "nncli.cli.commands"
HELP_PANELS = ("Train", "Use", "Look", "Check")  # of --help, from the top


@dataclass(frozen=True)
class Command:
    """A command of the terminal.

    Attributes
    ----------
    panel, place : where --help lists it; lower places come first.
    examples : command lines that its help ends with, and what each does.
    """

    function: Callable[..., None]
    panel: str
    place: int
    examples: Mapping[str, str]

    @property
    def summary(self) -> str:
        """The sentences that --help shows."""
        return " ".join((self.function.__doc__ or "").split())


_imported: dict[str, Command] = {}


def command(
    panel: str, place: int, examples: Mapping[str, str]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function the command of its own name; the arguments are the attributes of `Command`.

    A name that is a keyword of Python ends in an underscore there.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _imported[function.__name__.rstrip("_")] = Command(function, panel, place, examples)
        return function

    return register


def command_names() -> list[str]:
    """Return the names of all commands."""
    files = iter_modules([str(Path(__file__).with_name("commands"))])
    return [module.name.rstrip("_") for module in files]


def load_command(name: str) -> Command:
    """Return a command, importing its module if needed."""
    import_module(f"{PACKAGE}.{name}{'_' if iskeyword(name) else ''}")
    return _imported[name]


def by_panel() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the panels of --help, each with the names and summaries of its commands."""
    commands = sorted(
        ((name, load_command(name)) for name in command_names()), key=lambda entry: entry[1].place
    )
    return [
        (panel, [(name, each.summary) for name, each in commands if each.panel == panel])
        for panel in HELP_PANELS
    ]


class LazyCommands(Mapping[str, Any]):
    """The commands as typer needs them, each built when it is asked for.

    Reading the signatures of all takes 15 ms.
    """

    def __init__(self, context_settings: Mapping[str, Any]) -> None:
        self._context_settings = dict(context_settings)

    def __getitem__(self, name: str) -> Any:
        if name not in command_names():
            raise KeyError(name)
        entry = load_command(name)
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        kind = helpful(list(entry.examples.items()))
        single.command(name, cls=kind, context_settings=self._context_settings)(entry.function)
        return typer.main.get_command(single)

    def __iter__(self) -> Iterator[str]:
        return iter(command_names())

    def __len__(self) -> int:
        return len(command_names())
