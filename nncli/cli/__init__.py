"""Command-line interface: one module per command in `commands/`, each parse -> call -> show.

Only typer is imported here and at the top of the commands. A command imports what it needs when it
runs, so that `nncli --help` answers at once.
"""

from __future__ import annotations

import sys

from nncli.cli import streams
from nncli.cli.app import app, exit_code
from nncli.cli.output import Output
from nncli.cli.stopping import stoppable


def main() -> None:
    """Run the command line and exit with its code."""
    streams.prepare()
    words = sys.argv[1:]
    # Errors in the arguments themselves respect these switches too.
    out = Output(debug="--debug" in words, json="--json" in words)
    with stoppable():
        code = exit_code(lambda: app(prog_name="nncli", standalone_mode=False, obj=out), out)
    sys.exit(code)
