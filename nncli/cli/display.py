"""Training progress as a bar on a terminal, or as plain key=value lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from nncli.cli.output import Output, columns_of
from nncli.messages.layout import definitions
from nncli.messages.wording import printable

if TYPE_CHECKING:
    from nncli.runs import Run
    from nncli.training.experiment import Experiment
    from nncli.training.loop import Report

PATIENCE = 0.5  # seconds before a bar appears
HEARTBEAT = 30.0  # longest time between lines, in seconds


class Display(Protocol):
    """Protocol of progress displays."""

    def update(self, report: Report) -> None:
        """Show one report."""

    def close(self) -> None:
        """Restore the terminal."""


class Silent:
    """Display that shows nothing."""

    def update(self, report: Report) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing: there is nothing to restore."""


class Lines:
    """Lines of key=value pairs: one every `log_every` epochs, and at least one every 30 s."""

    def __init__(self, experiment: Experiment, run: Run) -> None:
        network, dataset = experiment.network, experiment.rows.training
        widths = [network.inputs, *(layer.units for layer in network.layers)]
        self.epochs = experiment.epochs
        self.every = _every(experiment.config.training.log_every, self.epochs)
        self.due, self.last = 0, time.monotonic()
        _say(f"run={run.path} seed={experiment.config.seed.training} engine={experiment.engine_name}")
        _say(
            f"data source={dataset.table.origin} rows={len(dataset)} inputs={network.inputs} "
            f"outputs={network.outputs} task={dataset.columns.task}"
        )
        _say(
            f"model layers={'-'.join(map(str, widths))} "
            f"activations={','.join(layer.activation.name for layer in network.layers)} "
            f"params={network.parameter_count}"
        )

    def update(self, report: Report) -> None:
        """Print the epochs of a report that are due, or how far training has come."""
        while len(later := np.flatnonzero(report.epochs >= min(self.due, self.epochs))):
            self._print(report, int(later[0]))
            if report.epochs[later[0]] == self.epochs:
                return
        if time.monotonic() - self.last >= HEARTBEAT:
            self.last = time.monotonic()
            _say(f"epoch={report.epoch} of={self.epochs} loss={report.loss:.4g}")

    def _print(self, report: Report, position: int) -> None:
        epoch, self.last = int(report.epochs[position]), time.monotonic()
        self.due = (epoch // self.every + 1) * self.every
        values = {**report.values, "gradient_norm": report.gradient_norms}
        numbers = {name: float(value[position]) for name, value in values.items()}
        shown = " ".join(f"{name}={value:.4g}" for name, value in numbers.items() if value == value)
        _say(f"epoch={epoch} of={self.epochs} {shown}")

    def close(self) -> None:
        """Do nothing: there is nothing to restore."""


class Bar:
    """Progress bar, redrawn at most ten times a second; it appears after half a second of training."""

    def __init__(self, experiment: Experiment, run: Run) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.progress = Progress(
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=None),
            TextColumn("loss {task.fields[loss]:<10}"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=10,
            expand=True,
        )
        print(_described(experiment, run), file=sys.stderr, flush=True)
        self.task = self.progress.add_task("", total=experiment.epochs, loss="")
        self.began = time.monotonic()
        self.started = False

    def update(self, report: Report) -> None:
        """Advance the bar."""
        if not self.started and time.monotonic() - self.began > PATIENCE:
            self.progress.start()
            self.started = True
        self.progress.update(self.task, completed=report.epoch, loss=f"{report.loss:.4g}")

    def close(self) -> None:
        """Remove the bar."""
        if self.started:
            self.progress.stop()


@contextmanager
def display(
    out: Output, experiment: Experiment, run: Run, progress: Literal["auto", "live", "log", "none"]
) -> Iterator[Display]:
    """Display that suits the options and the terminal; restores the terminal at the end."""
    shown: Display
    if progress == "none" or (out.quiet and progress == "auto"):
        shown = Silent()
    elif progress == "live" or (progress == "auto" and _is_live()):
        shown = Bar(experiment, run)
    else:
        shown = Lines(experiment, run)
    try:
        yield shown
    finally:
        shown.close()


def _described(experiment: Experiment, run: Run) -> str:
    """Describe the training that is about to start."""
    network, dataset, recipe = experiment.network, experiment.rows.training, experiment.recipe
    layers = " -> ".join(f"{layer.activation.name} {layer.units}" for layer in network.layers)
    optimizer, seed = experiment.config.optimizer.name, experiment.config.seed.training
    batch = "full batch" if recipe.batch_size == len(dataset) else f"{recipe.batch_size} rows per update"
    fit = (
        f"{recipe.loss.name} ({recipe.loss.reduction}), {optimizer} {recipe.optimizer.learning_rate:g}, "
        f"{batch}, {experiment.epochs:,} epochs"
    )
    facts = [
        ("run", f"{experiment.config.run_name} -> {printable(str(run.path))}, seed {seed}"),
        ("data", f"{printable(dataset.table.origin)}, {len(dataset):,} rows, {dataset.columns.task}"),
        ("model", f"{network.inputs} -> {layers}, {network.parameter_count:,} parameters"),
        ("fit", fit),
    ]
    return definitions(facts, columns_of(sys.stderr))


def _is_live() -> bool:
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_terminal and console.is_interactive and not console.is_dumb_terminal


def _every(log_every: int | str, epochs: int) -> int:
    if isinstance(log_every, str):
        return max(1, epochs * int(log_every.removesuffix("%")) // 100)
    return log_every


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
