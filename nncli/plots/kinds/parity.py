"""Parity plot: predicted against true values, a panel for each target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn import metrics
from nncli.plots import style, values
from nncli.plots.outcomes import PART_STYLES, Outcome
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale, number
from nncli.plots.values import PredictedValues
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no regression targets that can be drawn, or None if it has."""
    return values.unfit(run)


class Parity(PredictedValues):
    """Predicted and true values, with R² as the caption."""

    @property
    def caption(self) -> str:
        """R² over all targets on each part of the rows."""
        return values.target_summary(self.outcomes)


def numbers(run: Run, view: View) -> Parity:
    """Predict the training set and the held-out sets."""
    return Parity.of(run)


def draw(data: Parity) -> Figure:
    """Draw a panel for each target. Markers and colors show the part of the rows."""
    drawn = data.drawn
    across = min(COLUMNS, len(drawn))
    down = -(-len(drawn) // across)
    figure = style.figure(
        width=1.2 + (4.2 if across == 1 else 2.9 * across), height=1.0 + (4.0 if across == 1 else 3.4) * down
    )
    panels = figure.subplots(down, across, squeeze=False)
    for axes in panels.flat[len(drawn) :]:
        axes.remove()
    for outcome, index, predicted, true in values.points(data.outcomes, drawn):
        values.scatter(panels.flat[drawn.index(index)], outcome.part, true, predicted)
    for axes, index in zip(panels.flat, drawn, strict=False):
        _finish(axes, data.outcomes, index, style.drawable(data.name(index)))
    values.legend(panels[0, -1], data.outcomes)
    note = f"On the diagonal the prediction is exact. {values.selection(data)}"
    style.head(figure, f"Predicted against true values: {data.run}", note.strip())
    return figure


def _finish(axes: Axes, parts: Sequence[Outcome], index: int, name: str) -> None:
    both = np.concatenate([column[:, index] for one in parts for column in (one.A, one.Y)])
    scale = AxisScale.linear(both)
    line = np.array([scale.low, scale.high])
    axes.plot(line, line, **values.EXACT)
    style.scaled(axes.xaxis, scale)
    style.scaled(axes.yaxis, scale)
    axes.set_aspect("equal")
    axes.set_xlabel(f"true {name}")
    axes.set_ylabel(f"predicted {name}")
    axes.set_title("\n".join(_scores(one, index) for one in parts), loc="left", fontsize=style.SMALL)
    style.grid(axes)


def _scores(outcome: Outcome, index: int) -> str:
    A, Y = outcome.A[:, [index]], outcome.Y[:, [index]]
    label = PART_STYLES[outcome.part].label
    return f"{label}: R² {values.r2_of_target(A, Y)}, RMSE {number(float(metrics.rmse(A, Y)))}"
