"""Residuals (prediction minus target) against predictions, with their distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn.arrays import Array
from nncli.plots import style, values
from nncli.plots.outcomes import PART_STYLES, Outcome
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale, number
from nncli.plots.values import PredictedValues
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BINS = 30


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no regression targets that can be drawn, or None if it has."""
    return values.unfit(run)


class Residuals(PredictedValues):
    """Predicted and true values, with the residuals as the caption."""

    @property
    def caption(self) -> str:
        """Mean and standard deviation of the first target's residuals on the last part of the rows."""
        index, last = self.drawn[0], self.outcomes[-1]
        residuals = last.A[:, index] - last.Y[:, index]
        largest = number(np.abs(residuals).max())
        statistics = f"{_mean_and_std(residuals)} (mean ± std)"
        return f"{self.name(index)}: residual {statistics} on {last.rows}, largest {largest}"


def numbers(run: Run, view: View) -> Residuals:
    """Predict the training set and the held-out sets."""
    return Residuals.of(run)


def draw(data: Residuals) -> Figure:
    """Draw a panel for each target, and beside it a histogram of the residuals on each part."""
    drawn, parts = data.drawn, data.outcomes
    figure = style.figure(width=8.4, height=1.2 + (3.0 if len(drawn) == 1 else 2.2) * len(drawn))
    panels = figure.subplots(len(drawn), 2, sharey="row", squeeze=False, width_ratios=[2.4, 1])
    for outcome, index, predicted, true in values.points(parts, drawn):
        values.scatter(panels[drawn.index(index), 0], outcome.part, predicted, predicted - true)
    for (left, right), index in zip(panels, drawn, strict=True):
        _finish(left, parts, index, style.drawable(data.name(index)))
        _draw_distribution(right, parts, index)
    panels[-1, 1].set_xlabel("fraction of rows")
    values.legend(panels[0, -1], parts)
    note = "Residual: predicted \N{MINUS SIGN} true, in the unit of the target. Statistics: mean ± std."
    style.head(figure, f"Residuals: {data.run}", f"{note} {values.selection(data)}".strip())
    return figure


def _finish(axes: Axes, parts: Sequence[Outcome], index: int, name: str) -> None:
    predicted = np.concatenate([one.A[:, index] for one in parts])
    residuals = np.concatenate([one.A[:, index] - one.Y[:, index] for one in parts])
    axes.axhline(0, **values.EXACT)
    style.scaled(axes.xaxis, AxisScale.linear(predicted))
    style.scaled(axes.yaxis, AxisScale.linear(np.append(residuals, 0.0)))
    axes.set_xlabel(f"predicted {name}")
    axes.set_ylabel(f"residual of {name}")
    style.grid(axes)


def _draw_distribution(axes: Axes, parts: Sequence[Outcome], index: int) -> None:
    residuals = {one.part: one.A[:, index] - one.Y[:, index] for one in parts}
    scale = AxisScale.linear(np.concatenate(list(residuals.values())))
    edges = np.linspace(scale.low, scale.high, MOST_BINS + 1)
    for part, errors in residuals.items():
        counts, _ = np.histogram(errors, edges)
        axes.stairs(
            counts / len(errors),
            edges,
            orientation="horizontal",
            color=PART_STYLES[part].color,
            linestyle=PART_STYLES[part].dash,
            linewidth=1.4,
        )
    axes.axhline(0, **values.EXACT)
    statistics = [f"{PART_STYLES[part].label}: {_mean_and_std(errors)}" for part, errors in residuals.items()]
    axes.set_title("\n".join(statistics), loc="left", fontsize=style.SMALL)
    axes.set_xlim(0)
    style.grid(axes)


def _mean_and_std(residuals: Array) -> str:
    return f"{number(residuals.mean())} ± {number(residuals.std())}"
