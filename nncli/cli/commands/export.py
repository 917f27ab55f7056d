"""`nncli export`: a trained network in another form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.misplaced import one_run
from nncli.cli.options import RunOption, WholeRunReference, find_whole_run
from nncli.cli.registry import command
from nncli.messages.wording import counted

if TYPE_CHECKING:
    from nncli.exports import Exported


@command(
    "Use",
    3,
    {
        "nncli export iris --to onnx": "write an ONNX model with its preprocessing",
        "nncli export xor --to c -o xor.c": "write one C file that predicts",
    },
)
def export(
    context: typer.Context,
    run: WholeRunReference = None,
    run_: RunOption = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(completion.export_target_names()),
            help="What to write (default: by the suffix of the file).",
            autocompletion=completion.export_targets,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (default: in exports/ in the run).",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Write a run's network as ONNX, PyTorch, Keras, Python, C or JSON, and compare predictions."""
    from nncli import api

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    found = find_whole_run(one_run(run, run_, out.command), out)
    exported = api.export(found, to, output)
    for file in exported.files:
        out.verbatim(str(file))
    out.detail(_agreement(exported))
    out.object(
        "export",
        {
            "run": str(found.path),
            "to": exported.target,
            "files": [str(file) for file in exported.files],
            "rows": exported.rows,
            "largest_difference": exported.difference,
        },
    )


def _agreement(exported: Exported) -> str:
    if exported.unchecked:
        return f"not checked: {exported.unchecked}"
    rows = counted(exported.rows, "row")
    return f"checked on {rows}: the largest difference from nncli's outputs is {exported.difference:.2g}"
