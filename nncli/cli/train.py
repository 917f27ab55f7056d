"""`nncli train`: from a config to a run."""

from __future__ import annotations

import shlex
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from nncli.cli.app import TRAIN, command
from nncli.cli.options import ConfigFile, FailIf, Settings, read_config
from nncli.cli.output import Output, aligned

if TYPE_CHECKING:
    from nncli.analysis.conditions import Condition
    from nncli.experiment import Experiment
    from nncli.runs import Run
    from nncli.training import Diverged


HIGHER_IS_BETTER = ("accuracy", "r2")


@command(TRAIN)
def train(
    out: Output,
    config: ConfigFile,
    set_: Settings = None,
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
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke",
            help="At most 2 epochs and 64 rows, everything written, read back and checked; keeps nothing. "
            "--fail-if then judges these 2 epochs.",
        ),
    ] = False,
    fail_if: FailIf = None,
    progress: Annotated[
        Literal["auto", "live", "log", "none"], typer.Option(help="auto: live on a terminal, else lines.")
    ] = "auto",
) -> None:
    """Train a network into a new run directory, whose path is the last line printed."""
    from nncli import experiment, runs
    from nncli.analysis.conditions import Condition
    from nncli.cli.display import display
    from nncli.cli.stopping import Stopped, stoppable
    from nncli.training import Diverged

    loaded = read_config(
        config, set_, training__epochs=epochs, optimizer__learning_rate=learning_rate, seed=seed
    )
    prepared = experiment.build(loaded)
    conditions = [Condition.parse(text, ["loss", *prepared.metrics]) for text in fail_if or ()]
    if smoke:
        _smoke(out, prepared, conditions)
        return
    run = runs.create(loaded.run_name) if output is None else runs.create_at(output, overwrite=overwrite)
    began = time.perf_counter()
    try:
        with (
            stoppable(),
            display(out, prepared, run, progress) as shown,
            closing(runs.record(prepared, run, sys.argv[1:])) as reports,
        ):
            for report in reports:
                shown.update(report)
    except Diverged as outcome:
        _explain(out, prepared, run, outcome)
    except Stopped as stop:
        out.note(f"stopped after {run.info['epochs']} epochs; what was learnt is saved in {run.path}")
        raise typer.Exit(stop.exit_code) from None
    _summarise(out, run, time.perf_counter() - began)
    for condition in conditions:
        condition.check(run.results)


def _summarise(out: Output, run: Run, seconds: float) -> None:
    rows = [("", "first", "last", "best")]
    rows += [(name, *_course(run, name)) for name in run.results]
    out.detail(f"trained {run.info['epochs']} epochs in {seconds:.2f} s\n")
    out.detail(aligned(rows))
    zeros = ",".join("0" * run.model.network.inputs)
    one = ["--values", zeros] if len(run.experiment.dataset) > 20 else []
    predict = shlex.join(["nncli", "predict", str(run.path), *one])
    out.detail(f"\nnext: {predict}    {shlex.join(['nncli', 'plot', '--run', str(run.path)])}")
    out.result(str(run.path))
    out.object(
        "train",
        {
            "status": run.info["status"],
            "run": str(run.path),
            "seed": run.info["seed"],
            "epochs": run.info["epochs"],
            "seconds": seconds,
            "metrics": {"train": run.results},
        },
    )


def _course(run: Run, name: str) -> tuple[str, str, str]:
    """A loss or metric at the start, at the end and at its best, with the epoch."""
    values = [
        *run.history[name],
        run.results[name],
    ]  # the loss at the end is no epoch's, but the saved weights'
    epochs = [*run.history["epoch"], run.info["epochs"]]
    better = max if name in HIGHER_IS_BETTER else min
    known = [(value, -epoch) for value, epoch in zip(values, epochs, strict=True) if value == value]
    if not known:
        return "-", "-", "-"
    best, epoch = better(known, key=lambda entry: entry[0])
    return f"{values[0]:.4g}", f"{values[-1]:.4g}", f"{best:.4g} (epoch {-epoch:.0f})"


def _explain(out: Output, prepared: Experiment, run: Run, outcome: Diverged) -> NoReturn:
    from nncli.analysis.divergence import advise
    from nncli.errors import DivergedError

    advice = advise(prepared, outcome)
    kept = f"kept: {run.path} (history, and the weights of epoch {run.info['epochs']})"
    changes = (
        " or\n      ".join(advice.changes)
        or "scale the inputs to about -1 to 1, or start from smaller weights"
    )
    out.result(str(run.path))
    out.object(
        "train",
        {
            "status": "diverged",
            "run": str(run.path),
            "since": advice.since,
            "why": advice.why,
            "try": list(advice.changes),
        },
    )
    raise DivergedError(
        f"training diverged at {advice.since}", hint=changes, source=f"why: {advice.why}\n{kept}"
    )


def _smoke(out: Output, prepared: Experiment, conditions: list[Condition]) -> None:
    from nncli.analysis.smoke import smoke

    result = smoke(prepared)
    out.result(
        f"smoke ok: {prepared.config.run_name}, {result.epochs} epochs, {result.rows} rows, "
        f"{result.files} files written and read back, gradients agree (worst {result.worst:.1e})"
    )
    out.object("smoke", {"ok": True, "epochs": result.epochs, "rows": result.rows, "metrics": result.metrics})
    for condition in conditions:
        condition.check(result.metrics)
