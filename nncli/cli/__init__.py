"""Command-line interface: one module per command, each parse -> call -> show.

Only typer is imported here and at the top of the commands. A command imports what it needs when it
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

# By panel of --help, in the order in which a newcomer needs them.
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
    # Errors in the arguments themselves respect these switches too.
    out = Output(debug="--debug" in words, json="--json" in words)
    with stoppable():
        code = exit_code(lambda: app(prog_name="nncli", standalone_mode=False, obj=out), out)
    sys.exit(code)
