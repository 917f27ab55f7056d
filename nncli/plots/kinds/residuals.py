"""Residuals, prediction minus target: against the prediction, and how they are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn.arrays import Array
from nncli.plots import style, values
from nncli.plots.outcomes import LOOKS, Outcome
from nncli.plots.picture import View
from nncli.plots.scale import Scale, number
from nncli.plots.values import PredictedValues
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 30


def unfit(run: Run, view: View) -> str | None:
    """Needs targets that are values."""
    return values.none_to_meet(run)


class Residuals(PredictedValues):
    """Residuals against predictions, and how they are spread."""

    @property
    def caption(self) -> str:
        """Mean and spread of the last part's residuals, of the first target drawn."""
        index, last = self.drawn[0], self.every[-1]
        residuals = last.A[:, index] - last.Y[:, index]
        largest = number(np.abs(residuals).max())
        return f"{self.name(index)}: residual {_spread(residuals)} on {last.rows}, largest {largest}"


def numbers(run: Run, view: View) -> Residuals:
    """Predictions and targets of every part of the rows."""
    return Residuals.of(run)


def draw(shown: Residuals) -> Figure:
    """A panel for each target, and beside it the share of the rows of each part by their residual."""
    drawn, every = shown.drawn, shown.every
    figure = style.figure(width=8.4, height=1.2 + (3.0 if len(drawn) == 1 else 2.2) * len(drawn))
    panels = figure.subplots(len(drawn), 2, sharey="row", squeeze=False, width_ratios=[2.4, 1])
    for each, index, told, known in values.points(every, drawn):
        values.scatter(panels[drawn.index(index), 0], each, told, told - known)
    for (left, right), index in zip(panels, drawn, strict=True):
        _finish(left, every, index, style.drawable(shown.name(index)))
        _draw_spread(right, every, index)
    panels[-1, 1].set_xlabel("share of the part's rows")
    values.legend(panels[0, -1], every)
    note = "Residual: predicted \N{MINUS SIGN} true, in the target's units."
    style.head(figure, f"Residuals: {shown.run}", f"{note} {values.of_drawn(shown)}")
    return figure


def _finish(axes: Axes, every: Sequence[Outcome], index: int, name: str) -> None:
    predicted = np.concatenate([each.A[:, index] for each in every])
    residuals = np.concatenate([each.A[:, index] - each.Y[:, index] for each in every])
    axes.axhline(0, **values.EXACT)
    style.scaled(axes.xaxis, Scale.linear(predicted))
    style.scaled(axes.yaxis, Scale.linear(np.append(residuals, 0.0)))
    axes.set_xlabel(f"predicted {name}")
    axes.set_ylabel(f"residual of {name}")
    style.grid(axes)


def _draw_spread(axes: Axes, every: Sequence[Outcome], index: int) -> None:
    residuals = {each.part: each.A[:, index] - each.Y[:, index] for each in every}
    scale = Scale.linear(np.concatenate(list(residuals.values())))
    edges = np.linspace(scale.low, scale.high, BINS + 1)
    for part, spread in residuals.items():
        counts, _ = np.histogram(spread, edges)
        axes.stairs(
            counts / len(spread),
            edges,
            orientation="horizontal",
            color=LOOKS[part].colour,
            linestyle=LOOKS[part].dash,
            linewidth=1.4,
        )
    axes.axhline(0, **values.EXACT)
    said = [f"{LOOKS[part].label}: {_spread(spread)}" for part, spread in residuals.items()]
    axes.set_title("\n".join(said), loc="left", fontsize=style.SMALL)
    axes.set_xlim(0)
    style.grid(axes)


def _spread(residuals: Array) -> str:
    return f"{number(residuals.mean())} ± {number(residuals.std())}"
