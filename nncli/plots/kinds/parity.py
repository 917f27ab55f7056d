"""Predicted against true values, one panel for each target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn import metrics
from nncli.plots import style, values
from nncli.plots.outcomes import LOOKS, Outcome
from nncli.plots.picture import View
from nncli.plots.scale import Scale, number
from nncli.plots.values import PredictedValues
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3


def unfit(run: Run, view: View) -> str | None:
    """Needs targets that are values."""
    return values.none_to_meet(run)


class Parity(PredictedValues):
    """Predicted against true values."""

    @property
    def caption(self) -> str:
        """R² over all targets, by part of the rows."""
        return values.summary(self.every)


def numbers(run: Run, view: View) -> Parity:
    """Predictions and targets of every part of the rows."""
    return Parity.of(run)


def draw(shown: Parity) -> Figure:
    """A panel for each target. On the diagonal a prediction is exact; markers and colors show the part."""
    drawn = shown.drawn
    across = min(COLUMNS, len(drawn))
    down = -(-len(drawn) // across)
    figure = style.figure(
        width=1.2 + (4.2 if across == 1 else 2.9 * across), height=1.0 + (4.0 if across == 1 else 3.4) * down
    )
    panels = figure.subplots(down, across, squeeze=False)
    for axes in panels.flat[len(drawn) :]:
        axes.remove()
    for each, index, told, known in values.points(shown.every, drawn):
        values.scatter(panels.flat[drawn.index(index)], each, known, told)
    for axes, index in zip(panels.flat, drawn, strict=False):
        _finish(axes, shown.every, index, style.drawable(shown.name(index)))
    values.legend(panels[0, -1], shown.every)
    style.head(figure, f"Predicted against true: {shown.run}", values.of_drawn(shown))
    return figure


def _finish(axes: Axes, every: Sequence[Outcome], index: int, name: str) -> None:
    both = np.concatenate([column[:, index] for each in every for column in (each.A, each.Y)])
    scale = Scale.linear(both)
    line = np.array([scale.low, scale.high])
    axes.plot(line, line, **values.EXACT)
    style.scaled(axes.xaxis, scale)
    style.scaled(axes.yaxis, scale)
    axes.set_aspect("equal")
    axes.set_xlabel(f"true {name}")
    axes.set_ylabel(f"predicted {name}")
    axes.set_title("\n".join(_said(each, index) for each in every), loc="left", fontsize=style.SMALL)
    style.grid(axes)


def _said(each: Outcome, index: int) -> str:
    A, Y = each.A[:, [index]], each.Y[:, [index]]
    label = LOOKS[each.part].label
    return f"{label}: R² {values.r2(A, Y)}, RMSE {number(metrics.rmse(A, Y))}"
