"""`nncli train`: from a config to a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.follow import ProgressMode, follow
from nncli.cli.options import ConfigFile, FailIf, Overrides, read_config, tell_oddities, tell_remark
from nncli.cli.output import Output

if TYPE_CHECKING:
    from nncli.inference.conditions import Condition
    from nncli.training.experiment import Experiment


def train(
    context: typer.Context,
    config: ConfigFile,
    set_: Overrides = None,
    epochs: Annotated[
        str | None, typer.Option(metavar="N", help="Short for --set training.epochs=N.")
    ] = None,
    learning_rate: Annotated[
        str | None, typer.Option(metavar="X", help="Short for --set optimizer.learning_rate=X.")
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Short for --set seed=N.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="The run directory; default: runs/NAME.", show_default=False
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --output.")] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on in --output where the last attempt was stopped; begin where there was none, "
            "and leave a finished run as it is: a command that may be repeated until it succeeds.",
        ),
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke",
            help="At most 2 epochs and 64 rows, everything written, read back and checked; keeps nothing. "
            "--fail-if then judges these 2 epochs.",
        ),
    ] = False,
    fail_if: FailIf = None,
    progress: ProgressMode = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Train a network into a new run directory, whose path is the last line printed."""
    from nncli import api
    from nncli.inference.conditions import Condition, measured_names
    from nncli.messages.errors import NncliError

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if smoke and resume:
        raise NncliError("--smoke keeps nothing to resume", hint="leave out --resume")
    loaded = read_config(
        config, set_, training__epochs=epochs, optimizer__learning_rate=learning_rate, seed=seed
    )
    prepared = api.check(loaded)
    tell_remark(prepared.rows.training.table, out)
    tell_oddities(prepared, out)
    conditions = [Condition.parse(text, measured_names(prepared)) for text in fail_if or ()]
    if smoke:
        _smoke(out, prepared, conditions)
        return
    started = api.started(prepared, output=output, overwrite=overwrite, resume=resume, command=sys.argv[1:])
    with started as recording:
        if resume and not recording.resumes:
            out.note(f"{recording.run.path}: nothing to resume, starting afresh")
        results = follow(out, recording, progress)
    for condition in conditions:
        condition.check(results)


def _smoke(out: Output, prepared: Experiment, conditions: list[Condition]) -> None:
    from nncli.inference.conditions import by_name
    from nncli.inspection.smoke import smoke

    result = smoke(prepared)
    out.result(
        f"smoke ok: {prepared.config.run_name}, {result.epochs} epochs, {result.rows} rows, "
        f"{result.files} files written and read back, gradients agree (worst {result.worst:.1e})"
    )
    out.object("smoke", {"ok": True, "epochs": result.epochs, "rows": result.rows, "metrics": result.metrics})
    for condition in conditions:
        condition.check(by_name({"train": result.metrics}))
