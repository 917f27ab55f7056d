"""`nncli train`: from a config to a run."""

from __future__ import annotations

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
            help="At most 2 epochs and 64 rows, everything written, read back and checked; keeps nothing.",
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
    from nncli.training import Diverged

    try:
        with (
            display(out, prepared, run, progress) as shown,
            closing(runs.record(prepared, run, sys.argv[1:])) as reports,
        ):
            for report in reports:
                shown.update(report)
    except Diverged as outcome:
        _explain(out, prepared, run, outcome)
    except KeyboardInterrupt:
        out.note(f"stopped; what was learnt so far is saved in {run.path}")
        raise
    _summarise(out, run, time.perf_counter() - began)
    for condition in conditions:
        condition.check(run.results["train"])


def _summarise(out: Output, run: Run, seconds: float) -> None:
    history, results = run.history, run.results
    rows = [("", "first", "last", "best")]
    for name in ["loss", *(name for name in results["train"] if name != "loss")]:
        values = history[name]
        best = int(values.argmax() if name in ("accuracy", "r2") else values.argmin())
        last = results["train"][name]
        ending = f"{values[best]:.4g} (epoch {int(history['epoch'][best])})"
        rows.append((name, f"{values[0]:.4g}", "-" if last is None else f"{last:.4g}", ending))
    out.detail(f"trained {results['epoch']} epochs in {seconds:.2f} s\n")
    out.detail(aligned(rows))
    zeros = ",".join("0" * run.model.network.inputs)
    one = f" --values {zeros}" if len(run.experiment.dataset) > 20 else ""
    out.detail(f"\nnext: nncli predict {run.path}{one}    nncli plot --run {run.path}")
    out.result(str(run.path))
    out.object(
        "train",
        {
            "status": run.info["status"],
            "run": str(run.path),
            "seed": run.info["seed"],
            "epochs": results["epoch"],
            "seconds": seconds,
            "metrics": {"train": results["train"]},
        },
    )


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
