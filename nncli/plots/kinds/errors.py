"""Error of each row over the epochs, on linear and on log-log axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, FARTHEST, AxisScale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = 64  # of rows and outputs up to which each has a line
WORST = 5
BEGINNING = 0.02  # of the epochs
OUTBREAK = 5.0  # times the errors after the beginning: larger ones are beyond the linear axis
DEEPEST = 4.0  # decades below the largest error at the end: smaller ones do not matter
COLORS = (style.VERMILION, style.BLUE, style.GREEN, style.PURPLE, style.ORANGE)


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no errors of at least two epochs, or None if it has."""
    if len(_recorded(run)[0]) < 2:
        return "errors of rows were not recorded (record.errors is none, or no epoch was trained)"
    return None


@dataclass(frozen=True)
class RowErrors:
    """Signed error of each row and output over the epochs.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    epochs, errors : recorded epochs (s,) and errors (s, rows * outputs).
    names : row, and output if there are several, of each error.
    recorded, rows : number of rows with recorded errors, and of all training rows.
    """

    run: str
    epochs: Array
    errors: Array
    names: Sequence[str]
    recorded: int
    rows: int

    @property
    def worst(self) -> Array:
        """Positions of the largest errors in the last epoch, largest first."""
        return np.argsort(-np.abs(self.errors[-1]), kind="stable")[:WORST]

    @property
    def caption(self) -> str:
        """Largest error in the last and in the first recorded epoch."""
        last, worst = self.errors[-1], self.worst[0]
        return (
            f"largest error: {number(last[worst])} at the end ({naming.short(self.names[worst])}), "
            f"{number(np.abs(self.errors[0]).max())} at the start"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """Errors of all rows, or of the worst if there are many, and the mean and maximum absolute error."""
        few = len(self.names) <= LINES + WORST
        return {
            "epoch": self.epochs,
            **_by_name(self, range(len(self.names)) if few else self.worst.tolist()),
            "mean_abs": np.abs(self.errors).mean(axis=1),
            "max_abs": np.abs(self.errors).max(axis=1),
        }


def numbers(run: Run, view: View) -> RowErrors:
    """Read the recorded errors that can be drawn."""
    epochs, errors = _recorded(run)
    return RowErrors(
        run=naming.run_and_rows(run),
        epochs=epochs,
        errors=errors,
        names=_names(run),
        recorded=run.snapshots.errors.shape[1],
        rows=len(run.experiment.rows.training),
    )


def draw(data: RowErrors) -> Figure:
    """Draw the five largest errors as colored lines, and the others as thin lines, or as bands if many."""
    epochs, errors = data.epochs, data.errors
    figure = style.figure(width=8.6, height=4.3)
    left, right = figure.subplots(1, 2)
    _panel(left, epochs, errors, data)
    _finish_linear(left, epochs, errors)
    after = epochs >= 1
    sizes = np.where(np.abs(errors[after]) < 1 / DRAWABLE, np.nan, np.abs(errors[after]))
    _panel(right, epochs[after], sizes, data)
    _finish_log_log(right, epochs[after], sizes)
    style.legend_beside(right, title="error in the last epoch", alignment="left")
    style.head(figure, f"Error of each row over {counted(int(epochs[-1]), 'epoch')}: {data.run}", _note(data))
    return figure


def _recorded(run: Run) -> tuple[Array, Array]:
    """Return the epochs (s,) and errors (s, rows * outputs) that are finite and can be drawn."""
    snapshots = run.snapshots
    errors = snapshots.errors.reshape(len(snapshots.error_epochs), int(np.prod(snapshots.errors.shape[1:])))
    usable = (np.abs(errors) < FARTHEST).all(axis=1) if errors.size else np.zeros(len(errors), dtype=bool)
    return snapshots.error_epochs[usable], errors[usable]


def _names(run: Run) -> list[str]:
    """Name each error by its row's id or number (from 1), and by its output if there are several."""
    columns, table = run.model.columns, run.experiment.rows.training.table
    count, outputs = run.snapshots.errors.shape[1:]
    numbered = [f"row {row + 1}" for row in range(count)]
    rows = list(table.typed[columns.id].texts[:count]) if columns.id else numbered
    if outputs == 1:
        return rows
    targets = columns.targets if columns.task == "regression" else columns.classes
    return [f"{row}, {target}" for row in rows for target in targets]


def _panel(axes: Axes, epochs: Array, values: Array, data: RowErrors) -> None:
    others = np.delete(values, data.worst, axis=1)
    if 0 < others.shape[1] <= LINES:
        lines = axes.plot(epochs, others, color=style.FAINT, linewidth=0.9)
        lines[0].set_label("other rows" if len(lines) > 1 else "other row")
    elif others.shape[1]:
        # Zeros have no logarithm and are left out of the quantiles.
        low, lower, middle, upper, high = np.nanquantile(
            _without_gaps(values), [0.05, 0.25, 0.5, 0.75, 0.95], axis=1
        )
        axes.fill_between(epochs, low, high, color=style.FAINT, alpha=0.45, linewidth=0, label="middle 90%")
        axes.fill_between(epochs, lower, upper, color=style.GRAY, alpha=0.45, linewidth=0, label="middle 50%")
        axes.plot(epochs, middle, color=style.BLACK, linewidth=1.0, linestyle=style.DASHES[2], label="median")
    for place, position in enumerate(data.worst):
        axes.plot(
            epochs,
            values[:, position],
            color=COLORS[place],
            linestyle=style.DASHES[place],
            linewidth=1.7,
            label=f"{style.plain(data.names[position])}: {number(data.errors[-1, position])}",
            gid="worst",
        )


def _without_gaps(values: Array) -> Array:
    """Fill epochs without any number with 0, so that every epoch has quantiles."""
    empty = np.isnan(values).all(axis=1)
    return np.where(empty[:, np.newaxis], 0.0, values)


def _finish_linear(axes: Axes, epochs: Array, errors: Array) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    shown = errors[_is_usual(epochs, errors)]
    low, high = float(min(shown.min(), 0.0)), float(max(shown.max(), 0.0))
    style.scaled(axes.yaxis, AxisScale(False, low, high if high > low else low + 1.0))
    axes.axhline(0, color=style.GRAY, linewidth=0.8)
    axes.set_xlim(epochs[0], epochs[-1])
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("error: output \N{MINUS SIGN} target")
    axes.set_title("linear axes", loc="left")
    style.grid(axes)


def _is_usual(epochs: Array, errors: Array) -> Array:
    """Tell which epochs have errors of a size that occurs after the beginning, (s,)."""
    sizes = np.abs(errors).max(axis=1)
    usual = float(sizes[epochs >= BEGINNING * epochs[-1]].max())
    return np.asarray(sizes <= OUTBREAK * usual) if usual > 0 else np.ones(len(sizes), dtype=bool)


def _finish_log_log(axes: Axes, epochs: Array, sizes: Array) -> None:
    finite = sizes[np.isfinite(sizes)]
    low, high = (np.log10(finite.min()), np.log10(finite.max())) if finite.size else (-1.0, 0.0)
    if finite.size and len(sizes):
        low = max(low, np.log10(max(np.nanmax(sizes[-1], initial=0.0), 1 / DRAWABLE)) - DEEPEST)
        high = max(high, low)
    if high - low < 0.5:
        low, high = low - 0.25, high + 0.25
    style.scaled(axes.yaxis, AxisScale(True, float(low), float(high)))
    style.scaled(axes.xaxis, AxisScale(True, 0.0, max(0.3, float(np.log10(epochs[-1])))), margin=0.0)
    axes.set_xlabel("epoch (log scale)")
    axes.set_ylabel("|error| (log scale)")
    axes.set_title("log-log axes", loc="left")
    style.grid(axes)


def _note(data: RowErrors) -> str:
    count, rows, lines = data.recorded, data.rows, len(data.names)
    notes = []
    if lines > WORST:
        others = "all others in gray" if lines - WORST <= LINES else "all errors as bands"
        notes.append(f"The {WORST} largest errors in the last epoch are in color, {others}.")
    notes.append("Rows are numbered from 1.")
    usual = _is_usual(data.epochs, data.errors)
    if not usual.all():
        last = int(data.epochs[~usual][-1])
        notes.append(f"Larger errors up to epoch {last:,} are beyond the linear axis.")
    notes += [f"Errors were recorded for the first {count:,} of {rows:,} rows."] if count < rows else []
    return " ".join(notes)


def _by_name(data: RowErrors, positions: Iterable[int]) -> dict[str, Array]:
    """Return errors (s,) by name, with the position added to names that repeat."""
    names = data.names
    return {
        f"{names[position]} ({position + 1})"
        if names.count(names[position]) > 1
        else names[position]: data.errors[:, position]
        for position in positions
    }
