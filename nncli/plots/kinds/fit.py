"""Fitted curve: the network's output over its only input, with the rows and the true function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.encoding import Number
from nncli.nn.arrays import Array
from nncli.plots import inputs, naming, outcomes, style, values
from nncli.plots.outcomes import PART_STYLES, Outcome
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST, AxisScale, number
from nncli.plots.values import PredictedValues
from nncli.runs import Run
from nncli.tables.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
POINTS = 400  # of the curve
BEYOND_ROWS = 0.08  # of the curve beyond the rows, relative to their range
FUNCTION: dict[str, Any] = {"color": style.BLACK, "linewidth": 1.2, "linestyle": (0, (5, 2))}
OUTPUT: dict[str, Any] = {"color": style.GREEN, "linewidth": 2.0}


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run's output is no curve over one input, or None if it is."""
    columns = run.model.columns
    if len(columns.inputs) != 1:
        return f"it needs exactly one input, but the run has {len(columns.inputs):,}"
    (column,) = columns.preprocessing.columns
    if not isinstance(column, Number):
        return f"it needs a numeric input, but {naming.short(column.name)} is not numeric"
    if columns.task not in ("regression", "binary"):
        return f"it needs a regression or binary target, but the task is {columns.task}"
    reach = max(np.nanmax(np.abs(x)) for x in _inputs(run).values())
    if reach >= FARTHEST:
        return f"an input reaches {reach:.1e}, which is too large for an axis"
    return values.too_large(run)


@dataclass(frozen=True)
class FittedCurve(PredictedValues):
    """The network's output over its input, beside the rows and the true function.

    Attributes
    ----------
    over : name of the input.
    labels : name of each output: a target, or the probability of a class.
    rows_x : the input of the rows of each part, NaN where it is missing.
    x : values of the input along the curve, (p,).
    curve : outputs along the curve, (p, targets), NaN where they are too large to be drawn.
    truth : values of the function along the curve, (p, targets); None if no formula gives them.
    threshold : probability from which a row is predicted to be of the second class; None for regression.
    """

    over: str
    labels: tuple[str, ...]
    rows_x: Mapping[str, Array]
    x: Array
    curve: Array
    truth: Array | None
    threshold: float | None

    @property
    def learned(self) -> tuple[float, float]:
        """Smallest and largest value of the input in the training rows."""
        x = self.rows_x["train"]
        return float(np.nanmin(x)), float(np.nanmax(x))

    @property
    def caption(self) -> str:
        """Error of the curve against the function, else the largest error at the rows."""
        if len(self.targets) == 1:
            return self.finding(0)
        worst = values.lowest_r2(self.outcomes)[0]
        return f"{self.name(worst)} has the lowest R²: {self.finding(worst)}"

    def finding(self, index: int) -> str:
        """Return the error of one output in words."""
        low, high = self.learned
        if self.truth is not None:
            inside = (self.x >= low) & (self.x <= high)
            squares = np.square(self.curve[inside, index] - self.truth[inside, index])
            if np.isfinite(squares).all():
                span = f"{naming.short(self.over, 20)} from {number(low)} to {number(high)}"
                return f"mean squared error of the curve {number(float(squares.mean()))} for {span}"
        errors = [
            f"{number(float(np.abs(one.A[:, index] - one.Y[:, index]).max()))} on {one.rows}"
            for one in self.outcomes
        ]
        return f"largest error {', '.join(errors)}"

    def points(self, index: int) -> Iterator[tuple[Outcome, Array, Array, Array]]:
        """Yield each part with the inputs, predictions and targets, (m,) each, of the rows drawn."""
        for one in self.outcomes:
            x, A, Y = self.rows_x[one.part], one.A[:, index], one.Y[:, index]
            rows = values.rows_drawn(A, Y)
            rows = rows[np.isfinite(x[rows])]
            yield one, x[rows], A[rows], Y[rows]

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """The curve and the rows drawn, target by target. Without a formula, the curve has no true values."""
        part, target = [], []
        numbers: list[tuple[Array, Array, Array]] = []
        for index in self.drawn:
            truth = np.full(len(self.x), np.nan) if self.truth is None else self.truth[:, index]
            pieces = [("curve", self.x, self.curve[:, index], truth)]
            pieces += [(one.part, x, A, Y) for one, x, A, Y in self.points(index)]
            for name, *piece in pieces:
                part += [name] * len(piece[0])
                target += [self.targets[index]] * len(piece[0])
                numbers.append((piece[0], piece[1], piece[2]))
        x, A, Y = (np.concatenate(each) for each in zip(*numbers, strict=True))
        return {"part": part, "target": target, "input": x, "predicted": A, "true": Y}


def numbers(run: Run, view: View) -> FittedCurve:
    """Predict a grid over the input, a little beyond the rows, and the rows of every part."""
    columns, rows_x = run.model.columns, _inputs(run)
    (over,) = columns.inputs
    known = np.concatenate([x[np.isfinite(x)] for x in rows_x.values()])
    scale, train = AxisScale.linear(known), rows_x["train"]
    margin = BEYOND_ROWS * (scale.high - scale.low)
    grid = np.linspace(scale.low - margin, scale.high + margin, POINTS)
    x = np.union1d(grid, [np.nanmin(train), np.nanmax(train)])
    table = Table("the curve", {over: x})
    truth = columns.expected(table)
    return FittedCurve(
        run=naming.run_name(run),
        outcomes=outcomes.outcomes(run),
        targets=columns.targets,
        over=over,
        labels=tuple(inputs.output_name(run, index) for index in range(columns.outputs)),
        rows_x=rows_x,
        x=x,
        curve=_within_reach(run.model.outputs(columns.X(table))),
        truth=None if truth is None else _within_reach(truth),
        threshold=columns.threshold if columns.task == "binary" else None,
    )


def draw(data: FittedCurve) -> Figure:
    """Draw a panel for each target: the curve, the rows of every part and the true function."""
    drawn = data.drawn
    across = min(COLUMNS, len(drawn))
    down = -(-len(drawn) // across)
    figure = style.figure(
        width=2.2 + (5.0 if across == 1 else 3.0 * across), height=1.2 + (3.2 if across == 1 else 2.5) * down
    )
    panels = figure.subplots(down, across, squeeze=False)
    for axes in panels.flat[len(drawn) :]:
        axes.remove()
    for axes, index in zip(panels.flat, drawn, strict=False):
        _draw_panel(axes, data, index)
    style.legend_beside(panels[0, across - 1], _handles(data))
    beyond = "Gray areas are beyond the training rows, where the network extrapolates."
    note = f"{beyond} {values.selection(data)}".strip()
    style.head(figure, f"Output over {naming.short(data.over)}: {data.run}", note)
    return figure


def _draw_panel(axes: Axes, data: FittedCurve, index: int) -> None:
    (left, right), (low, high) = (data.x[0], data.x[-1]), data.learned
    for start, end in ((left, low), (high, right)):
        axes.axvspan(start, end, color="#f0f0f0", linewidth=0, zorder=0)
    heights = [data.curve[:, index]]
    for one, x, _, Y in data.points(index):
        values.scatter(axes, one.part, x, Y)
        heights.append(Y)
    axes.plot(data.x, data.curve[:, index], **OUTPUT, zorder=3, gid="output")
    if data.truth is not None:
        axes.plot(data.x, data.truth[:, index], **FUNCTION, zorder=4, gid="function")
        heights.append(data.truth[(data.x >= low) & (data.x <= high), index])
    if data.threshold is not None:
        axes.axhline(data.threshold, **style.REFERENCE, gid="threshold")
        heights.append(np.array([0.0, 1.0]))
    style.scaled(axes.xaxis, AxisScale.linear(np.array([left, right])), margin=0.0)
    style.scaled(axes.yaxis, AxisScale.linear(np.concatenate(heights)))
    axes.set_xlabel(style.plain(data.over, 40))
    axes.set_ylabel(style.drawable(data.labels[index]))
    if len(data.targets) == 1:
        axes.set_title(style.drawable(data.finding(index)), loc="left", fontsize=style.SMALL)
    style.grid(axes)


def _handles(data: FittedCurve) -> list[Any]:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **OUTPUT, label="network")]
    if data.truth is not None:
        handles.append(Line2D([], [], **FUNCTION, label="true function"))
    for one in data.outcomes:
        part = PART_STYLES[one.part]
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                color=part.color,
                marker=part.marker,
                markersize=6,
                markerfacecolor=part.color if one.part == "train" else style.PAPER,
                label=one.rows,
            )
        )
    if data.threshold is not None:
        handles.append(Line2D([], [], **style.REFERENCE, label=f"threshold {number(data.threshold)}"))
    return handles


def _inputs(run: Run) -> dict[str, Array]:
    """Return the only input of the rows of each part, in the units of its column."""
    (name,) = run.model.columns.inputs
    return {part: data.table.typed[name].numbers for part, data in run.experiment.rows.by_part.items()}


def _within_reach(A: Array) -> Array:
    """Return values with NaN in place of those that no axis can show."""
    return np.where(np.abs(A) < FARTHEST, A, np.nan)
