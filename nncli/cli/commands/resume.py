"""`nncli resume`: go on with a training that was stopped."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.follow import ProgressMode, follow
from nncli.cli.misplaced import one_run
from nncli.cli.options import FailIf, RunOption, find_run
from nncli.cli.registry import command


@command(
    "Train",
    4,
    {
        "nncli resume": "continue the latest run where it was interrupted",
        "nncli resume xor --epochs 2000": "train a finished run further",
    },
)
def resume(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="A run directory or a run name under runs/ (default: the latest run).",
            autocompletion=completion.run_names,
            show_default=False,
        ),
    ] = None,
    run_: RunOption = None,
    epochs: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="New total number of epochs, to extend a run (default: the number in its config).",
        ),
    ] = None,
    fail_if: FailIf = None,
    progress: ProgressMode = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Resume a run from its checkpoint. The result is byte-identical to an uninterrupted run."""
    from nncli import runs
    from nncli.api import training
    from nncli.inference.conditions import Condition, baselines_by_name, measured_names

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    found = find_run(one_run(run, run_, out.command), out, having=runs.CHECKPOINT)
    with training.resumed(found, epochs=epochs, command=sys.argv[1:]) as recording:
        conditions = [Condition.parse(text, measured_names(recording.experiment)) for text in fail_if or ()]
        if not found.readable_info:
            out.note(f"{found.path / runs.RUN} cannot be read; using the checkpoint alone")
        for name, (then, now) in found.other_versions.items():
            out.note(f"{name} changed from {then} to {now}; last digits may differ from an uninterrupted run")
        results = follow(out, recording, progress)
    baselines = baselines_by_name(runs.Run(found.path).baselines_by_part)
    for condition in conditions:
        condition.check(results, found.model.columns.named, baselines)
