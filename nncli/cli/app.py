"""Typer app, the options that every command shares, and the single error boundary."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nncli.cli.help import Section, options, page
from nncli.cli.mistyped import UsageError, explained, misplaced_option, wrong_value
from nncli.cli.output import Output
from nncli.cli.registry import LazyCommands, by_panel, command_names
from nncli.cli.stopping import Stopped
from nncli.messages.errors import NncliError
from nncli.messages.wording import printable, shown
from nncli.version import VERSION

START = [
    ("nncli init xor", "write xor.yaml, a small example"),
    ("nncli train xor.yaml", "train it, and save the run in runs/xor"),
    ("nncli predict", "use the latest run"),
    ("nncli plot", "draw it"),
]
EXIT_CODES = [
    ("0", "ok"),
    ("1", "a bug in nncli"),
    ("2", "invalid usage, config, data or run"),
    ("3", "training diverged"),
    ("4", "a check failed"),
    ("129, 130, 143", "interrupted; continue with nncli resume"),
]

LONGEST_BUG = 300  # characters shown of an unexpected error

HELP = {"help_option_names": ["-h", "--help"]}


class Program(TyperGroup):
    """The program, which imports a command when it is needed and lists all of them by panel."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = LazyCommands(HELP)  # type: ignore[assignment]  # typer only reads it

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Assign the words of the command line; options of a command must follow its name."""
        typed = [*args]
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            raise misplaced_option(typed, command_names()) or explained(error, self, ctx, typed) from error

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or suggest the one that is meant."""
        from nncli.messages.suggestions import nearest

        name = args[0] if args else ""
        meant = None if name in self.commands else nearest(name, self.commands, "command")
        if meant and not name.startswith("-"):
            hint = f"run {ctx.command_path} {meant}; {ctx.command_path} --help lists all commands"
            raise NncliError(f"no command '{shown(name)}'", hint=hint)
        if name not in self.commands and not name.startswith("-"):
            hint = f"run {ctx.command_path} --help, which lists all commands"
            raise NncliError(f"no command '{shown(name)}'", hint=hint)
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        others: list[Section] = [
            ("Options", options(self, ctx)),
            ("Start with", START),
            ("Exit codes", EXIT_CODES),
        ]
        return page([ctx.command_path, "COMMAND", "[ARGUMENTS]"], self.help or "", by_panel(), others)


app = typer.Typer(
    name="nncli",
    help="Train small fully connected neural networks from a YAML file and look inside them.",
    context_settings=HELP,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=Program,
)


@app.callback(invoke_without_command=True)
def _nncli(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"nncli {VERSION}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more detail.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def switched(context: typer.Context, *, quiet: bool, verbose: bool, debug: bool, as_json: bool) -> Output:
    """Return the output of a command, configured by the options that every command shares."""
    out: Output = context.obj
    out.quiet, out.verbose, out.debug, out.json = quiet, verbose, debug, as_json
    out.command = str(context.command.name)
    return out


def exit_code(call: Callable[[], Any], out: Output) -> int:
    """Run a call and return its exit code; print nncli's own errors in full, unexpected ones on one line."""
    try:
        code = call()
        sys.stdout.flush()
        return out.ended(code) if isinstance(code, int) else 0
    except NncliError as error:
        return out.failure(error, error.exit_code)
    except UsageError as error:
        return out.failure(wrong_value(error, sys.argv), 2)
    except Stopped as stop:
        return out.ended(stop.exit_code)
    except FileNotFoundError as error:
        if _in_a_directory():
            return _bug(error, out)
        problem = "the current directory no longer exists"
        return out.failure(NncliError(problem, hint="change to an existing directory with cd"), 2)
    except Exception as error:  # the outermost boundary: a bug must not look like a user's mistake
        return _bug(error, out)


def _bug(error: Exception, out: Output) -> int:
    where = "; ".join(getattr(error, "__notes__", ())) or "--debug prints the traceback"
    words = printable(f"{type(error).__name__}: {error}")[:LONGEST_BUG]
    return out.failure(NncliError(f"a bug in nncli: {words}", hint=f"please report it; {where}"), 1)


def _in_a_directory() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True
