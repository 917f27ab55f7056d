"""Permutation importance: how much worse the network gets when an input column is shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection.inputs.importance import Importance, importance_of, too_few_rows
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.outcomes import PART_STYLES
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST, AxisScale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 20
SCORES = {"accuracy": "accuracy", "r2": "R²", "loss": "the loss"}


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why the inputs of a run cannot be compared, or None if they can."""
    inputs = run.model.columns.inputs
    if len(inputs) == 1:
        return f"it compares inputs, but the run has only one ({naming.short(inputs[0])})"
    return too_few_rows(run)


@dataclass(frozen=True)
class InputImportance:
    """Importance of the inputs.

    Attributes
    ----------
    run : name of the run.
    loss : name and reduction of the loss.
    found : the importance of each input.
    """

    run: str
    loss: str
    found: Importance

    @property
    def rows(self) -> str:
        """The number of rows and their set: `30 test rows`."""
        return counted(self.found.rows, f"{PART_STYLES[self.found.part].label} row")

    @property
    def caption(self) -> str:
        """The most important input, with the score before and after it is shuffled."""
        found, first = self.found, int(self.found.order[0])
        score, before = SCORES[found.score], number(found.intact)
        if found.means[first] > 0:
            effect = "raises" if found.score == "loss" else "lowers"
            finding = f"{naming.short(found.inputs[first])} matters most: shuffling it {effect} {score}"
            finding += f" from {before} to {number(found.shuffled[first].mean())} ({self.rows})"
        else:
            effect = "raise" if found.score == "loss" else "lower"
            finding = f"no input matters: shuffling one of them does not {effect} {score}"
            finding += f", which is {before} ({self.rows})"
        left = len(found.inputs) - MOST_BARS
        return f"{finding}; {counted(left, 'less important input')} not drawn" if left > 0 else finding

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Mean and standard deviation of each input's importance and its repeats, most important first."""
        order, drops = self.found.order, self.found.drops
        return {
            "input": [self.found.inputs[position] for position in order],
            "importance": self.found.means[order],
            "standard_deviation": drops.std(axis=1)[order],
            f"shuffled_{self.found.score}": self.found.shuffled.mean(axis=1)[order],
            **{f"repeat_{repeat + 1}": column[order] for repeat, column in enumerate(drops.T)},
        }


def numbers(run: Run, view: View) -> InputImportance:
    """Shuffle every input on the test set; without one on the validation set, else on the training set."""
    loss = run.experiment.recipe.loss
    return InputImportance(naming.run_name(run), f"{loss.name}, {loss.reduction}", importance_of(run))


def draw(data: InputImportance) -> Figure:
    """Draw a bar for each input, the most important on top, with a dot for each shuffle."""
    order = data.found.order[:MOST_BARS]
    drops = np.clip(np.nan_to_num(data.found.drops[order], nan=0.0), -FARTHEST, FARTHEST)
    figure = style.figure(width=6.4, height=1.7 + 0.26 * len(order))
    axes = figure.subplots()
    _draw_bars(axes, drops)
    axes.set_yticks(range(len(order)), [style.plain(data.found.inputs[position], 40) for position in order])
    axes.set_xlabel(_label(data))
    style.head(figure, f"Importance of inputs: {data.run}, {data.rows}", _note(data))
    return figure


def _draw_bars(axes: Axes, drops: Array) -> None:
    at, means = np.arange(len(drops)), drops.mean(axis=1)
    axes.barh(at, means, height=0.66, color=style.SKY, gid="importance")
    axes.hlines(at, drops.min(axis=1), drops.max(axis=1), color=style.INK, linewidth=0.9)
    axes.plot(
        drops.ravel(),
        np.repeat(at, drops.shape[1]),
        linestyle="",
        marker="o",
        markersize=3.2,
        markerfacecolor=style.PAPER,
        markeredgecolor=style.INK,
        markeredgewidth=0.8,
        gid="repeats",
    )
    style.scaled(axes.xaxis, AxisScale.linear(np.append(drops.ravel(), 0.0)))
    axes.axvline(0.0, color=style.GRAY, linewidth=0.8)
    axes.set_ylim(len(drops) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)


def _label(data: InputImportance) -> str:
    if data.found.score == "loss":
        return f"rise of the loss ({data.loss}) when the input is shuffled"
    return f"drop in {SCORES[data.found.score]} when the input is shuffled"


def _note(data: InputImportance) -> str:
    found = data.found
    notes = [
        f"Without shuffling, {SCORES[found.score]} is {number(found.intact)}.",
        f"Bars: mean of {found.shuffled.shape[1]} shuffles; dots: each shuffle.",
        "Inputs that carry the same information share their importance.",
    ]
    if len(found.inputs) > MOST_BARS:
        notes.append(f"Shows the {MOST_BARS} most important of {len(found.inputs):,} inputs.")
    if found.used < found.rows:
        notes.append(f"Uses {found.used:,} evenly spaced rows.")
    return " ".join(notes)
