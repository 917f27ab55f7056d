"""`nncli report`: one HTML page about runs."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import RunsOption, find_whole_run
from nncli.cli.registry import command
from nncli.messages.wording import printable


@command(
    "Look",
    2,
    {
        "nncli report xor --open": "write runs/xor/report.html, and open it in the browser",
        "nncli report xor xor-2 -o both.html": "show two runs on one page",
    },
)
def report(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Run directories or run names under runs/ (default: the latest run).",
            autocompletion=completion.run_names,
            show_default=False,
        ),
    ] = None,
    more: RunsOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (default: report.html in the run; for several runs, report-RUN-RUN.html "
            "beside the first).",
            show_default=False,
        ),
    ] = None,
    opened: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page that replays a run: network, outputs, errors and every number, epoch by epoch."""
    from nncli import api

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    references = [*(names or ()), *(more or ())] or [None]
    found = [find_whole_run(name, out) for name in references]
    written = api.report(found, output=output)
    out.verbatim(str(written.path))
    out.detail(f"{printable(', '.join(run.name for run in found))}: {written.size / 1000:,.0f} kB")
    if opened and not webbrowser.open(written.path.resolve().as_uri()):
        out.note(f"no browser found; open {printable(str(written.path))} yourself")
    out.object(
        "report",
        {"runs": [str(run.path) for run in found], "file": str(written.path), "bytes": written.size},
    )
