"""The app, and what every command has: the common switches and the one error boundary."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import nncli
from nncli.cli.output import Output, print_error
from nncli.errors import NncliError

# typer exports only the last of click's error classes, and newer versions bring click inside.
UsageError: Any = typer.BadParameter.__base__

TRAIN, USE, LOOK, CHECK = "Train", "Use", "Look", "Check"

EPILOG = (
    "Start with: nncli init xor, then nncli train xor.yaml, nncli predict, nncli plot. "
    "Exit codes: 0 ok, 2 bad usage, config or data, 3 training diverged, 4 a check failed, 130 interrupted."
)

app = typer.Typer(
    name="nncli",
    help="Train small fully connected neural networks from a YAML file and look inside them.",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback(invoke_without_command=True)
def _nncli(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"nncli {nncli.__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


_COMMON = inspect.signature(lambda quiet, verbose, debug, json: None).replace(
    parameters=[
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in {
            "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="The result alone.")],
            "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="More detail.")],
            "debug": Annotated[bool, typer.Option("--debug", help="Show tracebacks.")],
            "json": Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")],
        }.items()
    ]
)


def command(panel: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command of the same name.

    Its first parameter is the `Output` that the common switches -q, -v, --debug and --json make;
    the other parameters are the command's own. Errors end here: an NncliError as its message and
    exit code, anything unforeseen as one line and exit code 1.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(quiet: bool, verbose: bool, debug: bool, json: bool, **own: Any) -> None:
            out = Output(quiet=quiet, verbose=verbose, json=json)
            code = _bounded(lambda: function(out, **own), debug)
            if code:
                raise typer.Exit(code)

        own = [*inspect.signature(function, eval_str=True).parameters.values()][1:]
        parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        del run.__wrapped__  # typer reads the signature below, not the function's
        run.__signature__ = inspect.Signature([*parameters, *_COMMON.parameters.values()])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*parameters, *_COMMON.parameters.values()]}
        app.command(function.__name__, rich_help_panel=panel, no_args_is_help=False)(run)
        return function

    return register


def _bounded(call: Callable[[], None], debug: bool) -> int:
    """The exit code of a call, its errors printed."""
    try:
        call()
        sys.stdout.flush()
    except NncliError as error:
        if debug:
            raise
        print_error(error.blocks())
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has what they wanted; the interpreter must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (typer.Exit, typer.Abort, KeyboardInterrupt, UsageError):
        raise
    except Exception as error:  # the outermost boundary: a bug must not look like a user's mistake
        if debug:
            raise
        kind = type(error).__name__
        print_error(
            [f"error: a bug in nncli: {kind}: {error}\nhint: please report it, with what --debug prints"]
        )
        return 1
    return 0
