"""A training as a person follows it: progress while it runs, then what came of it. For train and resume."""

from __future__ import annotations

import shlex
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from nncli.cli.output import Output, aligned

if TYPE_CHECKING:
    from nncli.experiment import Experiment
    from nncli.runs import Recording, Run
    from nncli.training import Diverged

HIGHER_IS_BETTER = ("accuracy", "r2")

Shown = Literal["auto", "live", "log", "none"]
Progress = Annotated[Shown, typer.Option(help="auto: live on a terminal, else lines.")]


def follow(out: Output, recording: Recording, progress: Shown) -> dict[str, float]:
    """Train to the end, unless that was reached before, and tell what came of it; gives the results by name.

    Raises
    ------
    DivergedError
        With why, and what was seen to help.
    Stopped
        Once a signal came and everything is saved.
    """
    from nncli.runs import Run

    if recording.finished:
        out.note(f"{recording.run.path} has finished its {recording.experiment.epochs} epochs; left as it is")
    else:
        _train(out, recording, progress)
    run = Run(recording.run.path)
    _summarise(out, run)
    return run.results


def _train(out: Output, recording: Recording, progress: Shown) -> None:
    from nncli.cli.display import display
    from nncli.cli.stopping import Stopped, answered
    from nncli.runs import Run
    from nncli.training import Diverged

    def tell_stopped() -> None:
        done = f"{recording.epoch} of {recording.experiment.epochs} epochs"
        command = shlex.join(["nncli", "resume", str(recording.run.path)])
        out.note(f"stopped after {done}, saved in {recording.run.path}; go on: {command}")

    began, first = time.perf_counter(), recording.epoch
    try:
        with display(out, recording.experiment, recording.run, progress) as shown:

            def save() -> None:
                shown.close()
                recording.stop()
                tell_stopped()

            with answered(save), closing(recording.reports()) as reports:
                for report in reports:
                    shown.update(report)
    except Diverged as outcome:
        _explain(out, recording.experiment, Run(recording.run.path), outcome)
    except Stopped:
        tell_stopped()
        raise
    out.detail(f"trained {recording.epoch - first} epochs in {time.perf_counter() - began:.2f} s\n")


def _summarise(out: Output, run: Run) -> None:
    """What a finished run came to, and what to do with it."""
    rows = [("", "first", "last", "best")]
    rows += [(name, *_course(run, name)) for name in run.results]
    out.detail(aligned(rows))
    zeros = ",".join("0" * run.model.network.inputs)
    one = ["--values", zeros] if len(run.experiment.dataset) > 20 else []
    predict = shlex.join(["nncli", "predict", str(run.path), *one])
    out.detail(f"\nnext: {predict}    {shlex.join(['nncli', 'plot', '--run', str(run.path)])}")
    out.result(str(run.path))
    out.object(
        out.command,
        {
            "status": run.info["status"],
            "run": str(run.path),
            "seed": run.info["seed"],
            "epochs": run.info["epochs"],
            "seconds": run.info["seconds"],
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
        out.command,
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
