"""Predicted against true values, one panel for each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.nn import metrics
from nncli.plots import lettering, outcomes, style, values
from nncli.plots.outcomes import LOOKS, Outcome
from nncli.plots.picture import Picture, View
from nncli.plots.scale import Scale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3


def unfit(run: Run, view: View) -> str | None:
    """Needs targets that are values."""
    return values.none_to_meet(run)


def draw(run: Run, view: View) -> Picture:
    """On the diagonal a row is met; the parts of the rows are told apart by marker and colour."""
    every = outcomes.outcomes(run)
    drawn = values.panels(every)
    across = min(COLUMNS, len(drawn))
    down = -(-len(drawn) // across)
    figure = style.figure(
        width=1.2 + (4.2 if across == 1 else 2.9 * across), height=1.0 + (4.0 if across == 1 else 3.4) * down
    )
    panels = figure.subplots(down, across, squeeze=False)
    for axes in panels.flat[len(drawn) :]:
        axes.remove()
    for each, index, told, known in values.points(every, drawn):
        values.scatter(panels.flat[drawn.index(index)], each, known, told)
    for axes, index in zip(panels.flat, drawn, strict=False):
        _finish(axes, every, index, lettering.plain(run.model.columns.targets[index]))
    values.legend(panels[0, -1], every)
    title = f"Predicted against true: {lettering.named(run)}"
    style.head(figure, title, values.of_drawn(run, every, drawn))
    return Picture(figure, values.summary(every), values.numbers(run, every, drawn))


def _finish(axes: Axes, every: list[Outcome], index: int, name: str) -> None:
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
