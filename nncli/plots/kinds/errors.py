"""The signed error of each row over the epochs, on linear and on log-log axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, FARTHEST, Scale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = 64  # of rows and outputs that are still drawn one by one
WORST = 5
COLOURS = (style.VERMILION, style.BLUE, style.GREEN, style.PURPLE, style.ORANGE)


def unfit(run: Run, view: View) -> str | None:
    """Needs the errors of at least two epochs."""
    if len(_kept(run)[0]) < 2:
        return "no errors of rows were kept on the way (record.errors: none, or no epoch)"
    return None


@dataclass(frozen=True)
class RowErrors:
    """The signed error of each row and output over the epochs.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    epochs, errors : kept epochs (s,) and errors (s, rows * outputs).
    names : what each error belongs to.
    kept, rows : rows whose errors were kept, of how many.
    """

    run: str
    epochs: Array
    errors: Array
    names: Sequence[str]
    kept: int
    rows: int

    @property
    def worst(self) -> Array:
        """Positions of the largest errors at the end, the largest first."""
        return np.argsort(-np.abs(self.errors[-1]), kind="stable")[:WORST]

    @property
    def caption(self) -> str:
        """The largest error at the end and at the start."""
        last, worst = self.errors[-1], self.worst[0]
        return (
            f"largest error at the end {number(last[worst])} ({naming.short(self.names[worst])}), "
            f"largest at the start {number(np.abs(self.errors[0]).max())}"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """Every error by epoch, or those of the worst rows; then their mean and largest size."""
        few = len(self.names) <= LINES + WORST
        return {
            "epoch": self.epochs,
            **_by_name(self, range(len(self.names)) if few else self.worst.tolist()),
            "mean_abs": np.abs(self.errors).mean(axis=1),
            "max_abs": np.abs(self.errors).max(axis=1),
        }


def numbers(run: Run, view: View) -> RowErrors:
    """The errors that were kept, as far as they can be drawn."""
    epochs, errors = _kept(run)
    return RowErrors(
        run=naming.run_and_rows(run),
        epochs=epochs,
        errors=errors,
        names=_names(run),
        kept=run.snapshots.errors.shape[1],
        rows=len(run.experiment.dataset),
    )


def draw(shown: RowErrors) -> Figure:
    """The worst five rows stand out; the others are thin lines, or bands where they are many."""
    epochs, errors = shown.epochs, shown.errors
    figure = style.figure(width=8.6, height=4.3)
    left, right = figure.subplots(1, 2)
    _panel(left, epochs, errors, shown)
    _finish_linear(left, epochs, errors)
    after = epochs >= 1
    sizes = np.where(np.abs(errors[after]) < 1 / DRAWABLE, np.nan, np.abs(errors[after]))
    _panel(right, epochs[after], sizes, shown)
    _finish_log_log(right, epochs[after], sizes)
    style.legend_beside(right, title="error at the end", alignment="left")
    style.head(figure, f"Error of each row over {epochs[-1]:,} epochs: {shown.run}", _note(shown))
    return figure


def _kept(run: Run) -> tuple[Array, Array]:
    """Epochs (s,) and errors (s, rows * outputs), as far as they are finite and can be drawn."""
    kept = run.snapshots
    errors = kept.errors.reshape(len(kept.error_epochs), int(np.prod(kept.errors.shape[1:])))
    good = (np.abs(errors) < FARTHEST).all(axis=1) if errors.size else np.zeros(len(errors), dtype=bool)
    return kept.error_epochs[good], errors[good]


def _names(run: Run) -> list[str]:
    """What each error belongs to: the row's id or number (from 1), and the output where there are several."""
    columns, table = run.model.columns, run.experiment.dataset.table
    count, outputs = run.snapshots.errors.shape[1:]
    rows = table.texts(columns.id)[:count] if columns.id else ([f"row {row + 1}" for row in range(count)])
    if outputs == 1:
        return rows
    targets = columns.targets if columns.task == "regression" else columns.classes
    return [f"{row}, {target}" for row in rows for target in targets]


def _panel(axes: Axes, epochs: Array, values: Array, shown: RowErrors) -> None:
    others = np.delete(values, shown.worst, axis=1)
    if 0 < others.shape[1] <= LINES:
        lines = axes.plot(epochs, others, color=style.FAINT, linewidth=0.9)
        lines[0].set_label("other rows" if len(lines) > 1 else "other row")
    elif others.shape[1]:
        # A zero has no logarithm and is left out; the quantiles are of the rest.
        low, lower, middle, upper, high = np.nanquantile(
            _without_gaps(values), [0.05, 0.25, 0.5, 0.75, 0.95], axis=1
        )
        axes.fill_between(epochs, low, high, color=style.FAINT, alpha=0.45, linewidth=0, label="90 % of all")
        axes.fill_between(
            epochs, lower, upper, color=style.GREY, alpha=0.45, linewidth=0, label="50 % of all"
        )
        axes.plot(epochs, middle, color=style.BLACK, linewidth=1.0, linestyle=style.DASHES[2], label="median")
    for place, position in enumerate(shown.worst):
        axes.plot(
            epochs,
            values[:, position],
            color=COLOURS[place],
            linestyle=style.DASHES[place],
            linewidth=1.7,
            label=f"{style.plain(shown.names[position])}: {number(shown.errors[-1, position])}",
            gid="worst",
        )


def _without_gaps(values: Array) -> Array:
    """Every epoch with at least one number, so that its quantiles exist."""
    empty = np.isnan(values).all(axis=1)
    return np.where(empty[:, np.newaxis], 0.0, values)


def _finish_linear(axes: Axes, epochs: Array, errors: Array) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    low, high = float(min(errors.min(), 0.0)), float(max(errors.max(), 0.0))
    style.scaled(axes.yaxis, Scale(False, low, high if high > low else low + 1.0))
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.set_xlim(epochs[0], epochs[-1])
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("signed error: output \N{MINUS SIGN} target")
    axes.set_title("linear", loc="left")
    style.grid(axes)


def _finish_log_log(axes: Axes, epochs: Array, sizes: Array) -> None:
    finite = sizes[np.isfinite(sizes)]
    low, high = (np.log10(finite.min()), np.log10(finite.max())) if finite.size else (-1.0, 0.0)
    if high - low < 0.5:
        low, high = low - 0.25, high + 0.25
    style.scaled(axes.yaxis, Scale(True, float(low), float(high)))
    style.scaled(axes.xaxis, Scale(True, 0.0, max(0.3, float(np.log10(epochs[-1])))), margin=0.0)
    axes.set_xlabel("epoch (log scale)")
    axes.set_ylabel("|error| (log scale)")
    axes.set_title("log-log", loc="left")
    style.grid(axes)


def _note(shown: RowErrors) -> str:
    count, rows, lines = shown.kept, shown.rows, len(shown.names)
    kept = f" Errors were kept for the first {count:,} of {rows:,} rows." if count < rows else ""
    others = "all others grey" if lines - WORST <= LINES else "all rows as bands"
    coloured = f"The {WORST} largest at the end in colour, {others}; rows" if lines > WORST else "Rows"
    return f"{coloured} count from 1.{kept}"


def _by_name(shown: RowErrors, positions: Iterable[int]) -> dict[str, Array]:
    """Errors (s,) by name. Ids may repeat, so the names of columns are made unique by position."""
    names = shown.names
    return {
        f"{names[position]} ({position + 1})"
        if names.count(names[position]) > 1
        else names[position]: shown.errors[:, position]
        for position in positions
    }
