"""Training progress: a chart with numbers on a terminal, plain key=value lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from nncli.cli.output import Output, columns_of
from nncli.cli.streams import NARROWEST, shows_braille
from nncli.messages.layout import definitions
from nncli.messages.wording import measured, printable

if TYPE_CHECKING:
    from rich.live import Live

    from nncli.nn.arrays import Array
    from nncli.runs import Run
    from nncli.training.experiment import Experiment
    from nncli.training.loop import Report

PATIENCE = 0.5  # seconds before a chart appears
SHORTEST_PAUSE = 0.1  # seconds between two drawings
SPEED_UPDATES = 20  # latest reports, with a pause between them, from which the speed is measured
KEPT_POINTS = 2048  # of a curve
CHART_ROWS = 7
LOWEST_SCREEN = 12  # rows that the chart and its lines take
SHORTEST_BAR = 10  # columns
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


class LiveView:
    """Loss curve with lines of numbers, redrawn at most ten times a second; it appears after half a second.

    It has the same height and the same columns throughout. On a small terminal it is a single line.
    """

    def __init__(self, experiment: Experiment, run: Run) -> None:
        self.status = StatusLines(experiment)
        self.losses = {"loss": Course(), "val_loss": Course()}
        self.live: Live | None = None
        self.closed = not _is_live()
        self.braille = shows_braille(sys.stderr)  # before rich replaces the stream
        print(_described(experiment, run), file=sys.stderr, flush=True)
        self.began = self.drawn = time.monotonic()

    def update(self, report: Report) -> None:
        """Remember the losses of a report, and redraw the block unless it was drawn just now."""
        if self.closed:
            return
        for name, course in self.losses.items():
            course.add(report.epochs, report.values.get(name, np.full(len(report.epochs), np.nan)))
        self.losses["loss"].follow(report.epoch, report.loss)
        now = time.monotonic()
        self.status.update(report, now)
        if now - self.began > PATIENCE and now - self.drawn >= SHORTEST_PAUSE:
            self.drawn = now
            self._draw()

    def close(self) -> None:
        """Remove the block."""
        self.closed = True
        if self.live:
            self.live.stop()

    def _draw(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        from nncli.plots.chart import WIDEST_CHART

        if self.live is None:
            self.live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self.live.start()
        columns, rows = self.live.console.size
        text = Text("\n".join(self._lines(min(columns, WIDEST_CHART), rows)), no_wrap=True, overflow="crop")
        text.highlight_regex("[\u2801-\u28ff]+|[\u2501\u257a]+", "cyan")
        self.live.update(text, refresh=True)

    def _lines(self, columns: int, rows: int) -> list[str]:
        """Lines of the block: numbers above the chart, or a single line on a small terminal."""
        from nncli.plots.chart import chart

        if rows < LOWEST_SCREEN or columns < NARROWEST:
            return [self.status.single_line(columns, self.braille)]
        curves = {name: course.points for name, course in self.losses.items() if len(course.points[0])}
        plot = chart(curves, "loss", width=columns, height=CHART_ROWS, braille=self.braille)
        return [self.status.progress(columns, self.braille), self.status.numbers(columns), *plot]


class Course:
    """Bounded history of a number: each value, or each second, fourth and so on of many values."""

    def __init__(self) -> None:
        self._epochs, self._values = np.empty(0, np.int64), np.empty(0)
        self._count, self._every = 0, 1
        self._last: tuple[int, float] | None = None  # the newest value, whether it is kept or not

    def add(self, epochs: Array, values: Array) -> None:
        """Add the finite values (n,) of epochs (n,). Which ones are kept depends on their number alone."""
        finite = np.isfinite(values)
        epochs, values = epochs[finite], values[finite]
        kept = (self._count + np.arange(len(epochs))) % self._every == 0
        self._epochs = np.concatenate([self._epochs, epochs[kept]])
        self._values = np.concatenate([self._values, values[kept]])
        self._count += len(epochs)
        while len(self._epochs) > KEPT_POINTS:
            self._epochs, self._values = self._epochs[::2], self._values[::2]
            self._every *= 2
        if len(epochs):
            self._last = int(epochs[-1]), float(values[-1])

    def follow(self, epoch: int, value: float) -> None:
        """Set the newest value, which is drawn until the next one arrives."""
        self._last = epoch, value

    @property
    def points(self) -> tuple[Array, Array]:
        """Epochs and values that are drawn, (n,) each."""
        if self._last is None or (len(self._epochs) and self._last[0] <= self._epochs[-1]):
            return self._epochs, self._values
        return np.append(self._epochs, self._last[0]), np.append(self._values, self._last[1])


class StatusLines:
    """Progress, speed and the newest numbers of a training, as lines whose fields keep their columns."""

    def __init__(self, experiment: Experiment) -> None:
        self.total = experiment.epochs
        self.recipe = experiment.recipe
        metric = next((name for name in experiment.metrics if name != self.recipe.loss.name), "")
        self.values = dict.fromkeys(["loss", "val_loss", metric, "gradient_norm", "learning_rate"], math.nan)
        self.epoch = 0
        self.times: deque[tuple[float, int]] = deque(maxlen=SPEED_UPDATES)

    def update(self, report: Report, now: float) -> None:
        """Take the newest numbers from a report."""
        known = {**report.values, "gradient_norm": report.gradient_norms}
        for name in self.values.keys() & known.keys():
            if len(finite := known[name][np.isfinite(known[name])]):
                self.values[name] = float(finite[-1])
        self.values["loss"], self.epoch = report.loss, report.epoch
        if self.recipe.schedule.name != "constant" or self.recipe.schedule.warmup:
            self.values["learning_rate"] = self.recipe.learning_rate(max(0, report.epoch - 1))
        if not self.times or now - self.times[-1][0] >= SHORTEST_PAUSE:
            self.times.append((now, report.epoch))

    def progress(self, columns: int, braille: bool) -> str:
        """Line of epoch, bar, percentage, speed and time left, as far as they fit."""
        percent = f"{self._share:4.0%}"
        fields = {"epoch": self._epoch, "percent": percent, "speed": self._speed, "left": self._time_left}
        fitting = _fitting(fields, ("epoch", "left", "speed", "percent"), columns)
        return self._with_bar(fitting, columns, braille)

    def single_line(self, columns: int, braille: bool) -> str:
        """Line of epoch, bar, loss and time left, as far as they fit."""
        fields = {"epoch": self._epoch, "loss": _named("loss", self.values["loss"]), "left": self._time_left}
        return self._with_bar(_fitting(fields, ("epoch", "loss", "left"), columns), columns, braille)

    def numbers(self, columns: int) -> str:
        """Line of losses, metric, gradient norm and learning rate, as far as they fit."""
        fields = {name: _named(name, value) for name, value in self.values.items() if not math.isnan(value)}
        important = [name for name in dict.fromkeys(["loss", "gradient_norm", *fields]) if name in fields]
        return "  ".join(_fitting(fields, important, columns)).rstrip()

    def _with_bar(self, fields: list[str], columns: int, braille: bool) -> str:
        """Join fields, with a bar after the first where there is room for one."""
        room = columns - len("  ".join(fields)) - 2
        if room >= SHORTEST_BAR:
            fields = [*fields[:1], _bar(self._share, room, braille), *fields[1:]]
        return "  ".join(fields)

    @property
    def _share(self) -> float:
        return self.epoch / self.total if self.total else 1.0

    @property
    def _epoch(self) -> str:
        total = f"{self.total:,}"
        return f"epoch {self.epoch:{len(total)},}/{total}"

    @property
    def _rate(self) -> float:
        """Epochs per second lately; 0 as long as it is unknown."""
        (began, first), (now, epoch) = self.times[0], self.times[-1]
        return (epoch - first) / (now - began) if now > began else 0.0

    @property
    def _speed(self) -> str:
        rate = self._rate
        return f"{f'{rate:,.0f}' if rate >= 100 else f'{rate:.2g}' if rate else '-':>9} epochs/s"

    @property
    def _time_left(self) -> str:
        if not self._rate:
            return f"{'-:--':>8} left"
        minutes, seconds = divmod(round((self.total - self.epoch) / self._rate), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        return f"{clock if hours < 100 else '>99 h':>8} left"


def _named(name: str, value: float) -> str:
    """Name a number, in as many columns whatever its value."""
    return f"{name.replace('_norm', ' norm').replace('_rate', ' rate')} {measured(value):<9}"


def _fitting(fields: Mapping[str, str], important: Sequence[str], columns: int) -> list[str]:
    """Return the fields that fit beside each other, in their own order; the most important ones stay."""
    kept, room = set[str](), columns + 2
    for name in important:
        if len(fields[name]) + 2 <= room:
            kept.add(name)
            room -= len(fields[name]) + 2
    return [text for name, text in fields.items() if name in kept]


def _bar(share: float, columns: int, braille: bool) -> str:
    done = int(share * columns)
    full, tip, rest = "━╺─" if braille else "#>-"
    return (full * done + (tip + rest * columns)[: columns - done]) if done else rest * columns


@contextmanager
def display(
    out: Output, experiment: Experiment, run: Run, progress: Literal["auto", "live", "log", "none"]
) -> Iterator[Display]:
    """Display that suits the options and the terminal; restores the terminal at the end."""
    shown: Display
    if progress == "none" or (out.quiet and progress == "auto"):
        shown = Silent()
    elif progress == "live" or (progress == "auto" and _is_live()):
        shown = LiveView(experiment, run)
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
    return (
        sys.stderr.isatty()
        and console.is_terminal
        and console.is_interactive
        and not console.is_dumb_terminal
    )


def _every(log_every: int | str, epochs: int) -> int:
    if isinstance(log_every, str):
        return max(1, epochs * int(log_every.removesuffix("%")) // 100)
    return log_every


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
