"""The terminal: one file a command, each parse -> call -> show.

Only typer is imported here and at the top of the commands; what a command needs it imports when it
runs, so that `nncli --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from nncli.cli import (
    check,
    evaluate,
    gradcheck,
    init,
    plot,
    predict,
    reproduce,
    resume,
    runs,
    schema,
    streams,
    train,
)
from nncli.cli.app import app, exit_code
from nncli.cli.output import Output
from nncli.cli.stopping import stoppable

# By the panels of --help, as a newcomer meets them.
COMMANDS: dict[str, list[Callable[..., None]]] = {
    "Train": [init.init, check.check, train.train, resume.resume],
    "Use": [predict.predict, evaluate.evaluate],
    "Look": [plot.plot, runs.runs],
    "Check": [gradcheck.gradcheck, reproduce.reproduce, schema.schema],
}
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(command.__name__, rich_help_panel=panel)(command)


def main() -> None:
    """Run the command line and exit with its code."""
    streams.prepare()
    words = sys.argv[1:]
    # Also mistakes in the words themselves are shown as asked for.
    out = Output(debug="--debug" in words, json="--json" in words)
    with stoppable():
        code = exit_code(lambda: app(prog_name="nncli", standalone_mode=False, obj=out), out)
    sys.exit(code)
