"""A training as a person follows it: progress while it runs, then what came of it. For train and resume."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from nncli.cli.output import Output, aligned
from nncli.messages.wording import counted, measured

if TYPE_CHECKING:
    from nncli.runs import Recording, Run
    from nncli.training.divergence import Diverged
    from nncli.training.experiment import Experiment

FEW_ROWS = 20  # fill a terminal
FEW_INPUTS = 8  # fit a line

Shown = Literal["auto", "live", "log", "none"]
ProgressMode = Annotated[Shown, typer.Option(help="auto: live on a terminal, else lines.")]


def follow(out: Output, recording: Recording, progress: Shown) -> dict[str, float]:
    """Train to the end, unless that was reached before, and tell what came of it; gives the results by name.

    Raises
    ------
    DivergedError
        With why, and what was seen to help.
    Stopped
        Once a signal came and everything is saved.
    """
    from nncli.inference.conditions import by_name
    from nncli.runs import Run

    run = Run(recording.run.path)
    if recording.finished:
        trained = counted(recording.epoch, "epoch")
        words = f"{run.path} is left as it is, finished after {trained}{_ending(recording)}"
    else:
        words = _train(out, recording, progress)
    warning = _warn(out, recording.experiment, run)
    out.detail(f"{words}\n")
    _summarise(out, run, recording.experiment, warning)
    return by_name(run.results_by_part)


def _train(out: Output, recording: Recording, progress: Shown) -> str:
    """Show progress to the end; gives the words that close it."""
    from nncli.cli.display import display
    from nncli.cli.stopping import Stopped, answered
    from nncli.runs import Run
    from nncli.training.divergence import Diverged

    def tell_stopped() -> None:
        done = f"{recording.epoch} of {recording.experiment.epochs} epochs"
        command = shlex.join(["nncli", "resume", str(recording.run.path)])
        out.say(f"interrupted after {done}; saved to {recording.run.path}. Resume with: {command}")

    began, first = time.perf_counter(), recording.epoch
    try:
        with display(out, recording.experiment, recording.run, progress) as shown:

            def save() -> None:
                shown.close()
                recording.rescue()
                tell_stopped()

            with answered(save), closing(recording.reports()) as reports:
                for report in reports:
                    shown.update(report)
    except Diverged as outcome:
        _explain(out, recording.experiment, Run(recording.run.path), outcome)
    except Stopped:
        tell_stopped()
        raise
    seconds = time.perf_counter() - began
    return f"trained {counted(recording.epoch - first, 'epoch')} in {seconds:.2f} s{_ending(recording)}"


def _ending(recording: Recording) -> str:
    """Why training ended before its last epoch, and which weights are kept if not the last."""
    experiment, progress = recording.experiment, recording.progress
    early, best, stop = experiment.early_stopping, progress.best, experiment.config.training.stop_when
    words = ""
    if progress.ended == "early_stopping" and early:
        words = f": {early.monitor} has not improved for {counted(early.settings.patience, 'evaluation')}"
    if progress.ended == "stop_when" and stop:
        words = f": its loss is below {stop.loss_below:g}"
    if best and progress.parameters(experiment) is best.parameters:
        words += f"\nkept the weights of epoch {best.epoch:,}"
    return words


def _warn(out: Output, experiment: Experiment, run: Run) -> dict[str, object]:
    """Tell where training learnt nothing; gives the fields of --json that say so."""
    from nncli.advice.plateau import examine
    from nncli.messages.errors import NncliError

    advice = examine(experiment, run.model.parameters, run.history["epoch"], run.history["loss"])
    if advice is None:
        return {}
    out.warning(NncliError(advice.since, source=f"why: {advice.why}", hint=advice.hint))
    return {"warning": {"since": advice.since, "why": advice.why, "try": list(advice.changes)}}


def _summarise(out: Output, run: Run, experiment: Experiment, warning: Mapping[str, object]) -> None:
    """What a finished run came to, and what to do with it."""
    from nncli.inference.conditions import by_name

    rows = [("", "first", "last" if run.epoch == run.info.get("epochs", run.epoch) else "kept", "best")]
    results = {**by_name(run.results_by_part), **run.results}
    shown = [name for name in run.history if name in results]
    rows += [(name, *_course(run, name, results[name])) for name in shown]
    rows += [(name, "", measured(results[name]), "") for name in results if name.startswith("test_")]
    out.detail(aligned(rows))
    if words := _which_loss(run):
        out.detail(words)
    use = shlex.join(["nncli", *_use(run, experiment)])
    out.detail(f"\nnext: {use}    {shlex.join(['nncli', 'plot', '--run', str(run.path)])}")
    out.result(str(run.path))
    out.object(
        out.command,
        {
            "status": run.info.get("status"),
            "run": str(run.path),
            "seed": run.info.get("seed"),
            "epochs": run.info.get("epochs"),
            "ended_by": run.info.get("ended_by"),
            "weights_of_epoch": run.epoch,
            "seconds": run.info.get("seconds"),
            "metrics": run.results_by_part,
            **warning,
        },
    )


def _which_loss(run: Run) -> str:
    """Why the last loss differs from that of the log and the history; empty where it does not."""
    saved, during = measured(run.results["loss"]), measured(run.history["loss"][-1])
    epoch = run.history["epoch"][-1]
    if saved == during or run.epoch != epoch:
        return ""
    return f"loss {saved} is that of the saved weights; epoch {epoch:,.0f} had {during} while it trained"


def _use(run: Run, experiment: Experiment) -> list[str]:
    """What to try next: predict the few rows there are, or a usual one of a few inputs; else evaluate."""
    from nncli.inspection.surfaces import usual

    data, columns = experiment.rows.training, run.model.columns.preprocessing.columns
    if len(data) <= FEW_ROWS:
        return ["predict", str(run.path)]
    cells = [usual(column, data.table) for column in columns]
    texts = [cell if isinstance(cell, str) else f"{cell:.2g}" for cell in cells]
    if len(columns) > FEW_INPUTS or any("," in text for text in texts):
        return ["evaluate", str(run.path)]
    return ["predict", str(run.path), "--values", ",".join(texts)]


def _course(run: Run, name: str, last: float) -> tuple[str, str, str]:
    """A loss or metric at the start, at the end and at its best, with the epoch."""
    from nncli.nn.metrics import METRICS

    # The loss at the end is no epoch's, but the saved weights'.
    values = [*run.history[name], last]
    epochs = [*run.history["epoch"], run.epoch]
    metric = METRICS.get(name.removeprefix("val_"))
    better = max if metric is not None and metric.higher_is_better else min
    known = [(value, -epoch) for value, epoch in zip(values, epochs, strict=True) if value == value]
    if not known:
        return "-", "-", "-"
    best, epoch = better(known, key=lambda entry: entry[0])
    return measured(values[0]), measured(values[-1]), f"{measured(best)} (epoch {-epoch:.0f})"


def _explain(out: Output, prepared: Experiment, run: Run, outcome: Diverged) -> NoReturn:
    from nncli.advice.divergence import advise
    from nncli.messages.errors import DivergedError

    advice = advise(prepared, outcome)
    kept = f"kept: {run.path} (history, and the weights of epoch {run.info['epochs']})"
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
        f"training diverged at {advice.since}", hint=advice.hint, source=f"why: {advice.why}\n{kept}"
    )
