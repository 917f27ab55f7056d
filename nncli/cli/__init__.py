"""The terminal: one file a command, each parse -> call -> show.

Only typer is imported here and at the top of the commands; what a command needs it imports when it
runs, so that `nncli --help` answers at once.
"""

from __future__ import annotations

import sys

from nncli.cli import check, evaluate, gradcheck, init, plot, predict, runs, schema, train  # noqa: F401
from nncli.cli.app import UsageError, app
from nncli.cli.output import print_error

# In --help as a newcomer meets them, not as they are imported.
ORDER = ["init", "check", "train", "predict", "evaluate", "plot", "runs", "gradcheck", "schema"]
app.registered_commands.sort(key=lambda command: ORDER.index(command.name or ""))


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = app(prog_name="nncli", standalone_mode=False)
    except UsageError as error:
        context = error.ctx.command_path if error.ctx else "nncli"
        print_error([f"error: {error.format_message()}\nhint: {context} --help"])
        code = 2
    sys.exit(code if isinstance(code, int) else 0)
