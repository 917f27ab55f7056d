"""Progress of a training while it runs, and a summary at its end; shared by train and resume."""

from __future__ import annotations

import shlex
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TypeVar

import typer

from nncli.cli.output import Output
from nncli.messages.layout import fitted_table
from nncli.messages.wording import counted, measured

if TYPE_CHECKING:
    from nncli.reports.live import LivePage
    from nncli.runs import Recording, Run
    from nncli.training.divergence import Diverged
    from nncli.training.experiment import Experiment
    from nncli.training.loop import Report

FEW_ROWS = 20  # fit on a terminal
FEW_INPUTS = 8  # fit on a line
PAUSE = 2.0  # seconds between two lines on the progress of many trainings

Result = TypeVar("Result")
Shown = Literal["auto", "live", "log", "none"]
ProgressMode = Annotated[
    Shown,
    typer.Option(
        metavar="auto|live|log|none",
        help="Progress display; auto is live on a terminal and log elsewhere (default: auto).",
        show_default=False,
    ),
]


def follow(
    out: Output, recording: Recording, progress: Shown, page: LivePage | None = None
) -> dict[str, float]:
    """Train to the end, unless the run is already complete; print a summary and return the results by name.

    Parameters
    ----------
    page : shows the training in the browser, where it can be paused and stopped.

    Raises
    ------
    DivergedError
        If training diverges, with the reason and changes that help.
    Stopped
        If a signal arrives, after everything is saved.
    """
    from nncli.inference.conditions import by_name
    from nncli.runs import Run

    run = Run(recording.run.path)
    if recording.finished:
        trained = counted(recording.epoch, "epoch")
        words = f"{run.path} is already complete ({trained}{_reason(recording)}), so nothing was trained"
    else:
        words = _train(out, recording, progress, page)
    words += _best_epoch(recording)
    warning = _warn(out, recording.experiment, run)
    out.detail(f"{words}\n")
    _summarize(out, run, recording.experiment, warning)
    return by_name(run.results_by_part)


def follow_each(out: Output, results: Iterator[Result], total: int, noun: str) -> list[Result]:
    """Wait for all results of many trainings; from time to time a line on stderr says how many are there."""
    found: list[Result] = []
    last = time.perf_counter()
    for result in results:
        found.append(result)
        if len(found) < total and (now := time.perf_counter()) - last >= PAUSE:
            out.note(f"{noun}={len(found)}/{total}")
            last = now
    return found


def _train(out: Output, recording: Recording, progress: Shown, page: LivePage | None) -> str:
    """Train while showing progress; return the closing line."""
    from nncli.cli.display import display
    from nncli.cli.stopping import Stopped, answered
    from nncli.runs import Run
    from nncli.training.divergence import Diverged

    def report_interruption() -> None:
        done = f"{recording.epoch} of {recording.experiment.epochs} epochs"
        command = shlex.join(["nncli", "resume", str(recording.run.path)])
        out.say(f"interrupted after {done}; saved to {recording.run.path}. Resume with: {command}")

    began, first = time.perf_counter(), recording.epoch
    try:
        with display(out, recording.experiment, recording.run, progress) as shown:

            def save() -> None:
                shown.close()
                recording.rescue()
                report_interruption()

            with answered(save), closing(recording.reports()) as reports:
                for report in reports:
                    shown.update(report)
                    if page is not None:
                        _publish(page, report)
            if page is not None:
                page.finish("completed")
    except Diverged as outcome:
        if page is not None:
            page.finish("diverged")
        _explain(out, recording.experiment, Run(recording.run.path), outcome)
    except Stopped:
        report_interruption()
        raise
    seconds = time.perf_counter() - began
    return f"trained {counted(recording.epoch - first, 'epoch')} in {seconds:.2f} s{_reason(recording)}"


def _publish(page: LivePage, report: Report) -> None:
    """Show a report in the browser; a training that is stopped there ends as by Ctrl-C."""
    from nncli.cli.stopping import Stopped

    page.publish(report)
    if page.stopped:
        raise Stopped(signal.SIGINT)


def _reason(recording: Recording) -> str:
    """Reason why training ended early, after a semicolon; empty if it did not."""
    experiment, progress = recording.experiment, recording.progress
    early, stop = experiment.early_stopping, experiment.config.training.stop_when
    if progress.ended == "early_stopping" and early:
        waited = counted(early.settings.patience, "evaluation")
        return f"; stopped because {early.monitor} has not improved for {waited}"
    if progress.ended == "stop_when" and stop:
        return f"; stopped because the loss fell below {stop.loss_below:g}"
    return ""


def _best_epoch(recording: Recording) -> str:
    """Line that names the epoch of the saved weights; empty if they are those of the last epoch."""
    best = recording.progress.best
    if best and recording.progress.parameters(recording.experiment) is best.parameters:
        return f"\nsaved the weights of epoch {best.epoch:,}, the best"
    return ""


def _warn(out: Output, experiment: Experiment, run: Run) -> dict[str, object]:
    """Warn of what is wrong with the training, if anything; return the fields of --json for that."""
    from nncli.advice import outcome
    from nncli.messages.errors import NncliError

    results, baselines = run.results_by_part, run.baselines_by_part
    advice = outcome.examine(experiment, run.model.parameters, run.history, results, baselines)
    if advice is None:
        return {}
    out.warning(NncliError(advice.since, source=f"why: {advice.why}", hint=advice.hint))
    return {"warning": {"since": advice.since, "why": advice.why, "try": list(advice.changes)}}


def _summarize(out: Output, run: Run, experiment: Experiment, warning: Mapping[str, object]) -> None:
    """Print the results of a finished run and commands to try next."""
    from nncli.inference.conditions import by_name

    saved = "last" if run.epoch == run.info.get("epochs", run.epoch) else "saved"
    models = {name: {**by_name(parts), **parts["train"]} for name, parts in run.baselines_by_part.items()}
    rows = [("", "first", saved, "best", *models)]
    results = {**by_name(run.results_by_part), **run.results}
    courses = {name: _course(run, name, results[name]) for name in run.history if name in results}
    courses |= {name: ("", measured(results[name]), "") for name in results if name.startswith("test_")}
    for name, course in courses.items():
        compared = (measured(model.get(name)) for model in models.values())
        rows.append((run.model.columns.named(name), *course, *compared))
    out.detail(fitted_table(rows, columns=out.columns))
    if words := _which_loss(run):
        out.detail(words)
    use = shlex.join(["nncli", *_use(run, experiment)])
    out.detail(f"\nnext: {use}    {shlex.join(['nncli', 'plot', '--run', str(run.path)])}")
    out.verbatim(str(run.path))
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
    """Explanation if the final loss differs from the last loss in the history; otherwise empty."""
    saved, during = measured(run.results["loss"]), measured(run.history["loss"][-1])
    epoch = run.history["epoch"][-1]
    if saved == during or run.epoch != epoch:
        return ""
    return (
        f"final loss {saved} with the saved weights; {during} was measured during epoch {epoch:,.0f}, "
        "before the last update"
    )


def _use(run: Run, experiment: Experiment) -> list[str]:
    """Command to try next: predict the run's few rows, or one typical row; else evaluate."""
    data, columns = experiment.rows.training, run.model.columns.preprocessing.columns
    if len(data) <= FEW_ROWS:
        return ["predict", str(run.path)]
    if len(columns) > FEW_INPUTS:  # medians of 100,000 x 500 numbers would take 0.9 s
        return ["evaluate", str(run.path)]
    from nncli.inspection.surfaces import typical_value

    cells = [typical_value(column, data.table) for column in columns]
    texts = [cell if isinstance(cell, str) else _typed(cell) for cell in cells]
    if any("," in text for text in texts):
        return ["evaluate", str(run.path)]
    return ["predict", str(run.path), "--values", ",".join(texts)]


def _typed(value: float) -> str:
    """Return a number with two or three digits as one would type it: 120 and not 1.2e+02."""
    text = f"{value:.2g}"
    return f"{float(f'{value:.3g}'):.0f}" if "e+" in text and abs(value) < 1e6 else text


def _course(run: Run, name: str, last: float) -> tuple[str, str, str]:
    """First, last and best value of a loss or metric, the best with its epoch."""
    import numpy as np

    from nncli.nn.metrics import METRICS

    # The final loss is computed with the saved weights, not during an epoch.
    values = np.append(run.history[name], last)
    epochs = np.append(run.history["epoch"], run.epoch)
    metric = METRICS.get(name.removeprefix("val_"))
    if np.isnan(values).all():
        return "-", "-", "-"
    best = np.nanargmax(values) if metric is not None and metric.higher_is_better else np.nanargmin(values)
    return measured(values[0]), measured(values[-1]), f"{measured(values[best])} (epoch {epochs[best]:.0f})"


def _explain(out: Output, prepared: Experiment, run: Run, outcome: Diverged) -> NoReturn:
    from nncli.advice.divergence import advise
    from nncli.messages.errors import DivergedError

    advice = advise(prepared, outcome)
    saved = f"saved: {run.path} (history, and the weights of epoch {run.info['epochs']})"
    out.verbatim(str(run.path))
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
        f"training diverged at {advice.since}", hint=advice.hint, source=f"why: {advice.why}\n{saved}"
    )
