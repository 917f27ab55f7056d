"""The reliability diagram: what probabilities were told, and how often they came true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import BINS, Reliability, decided, reliability
from nncli.nn.arrays import Array
from nncli.plots import lettering, outcomes, style
from nncli.plots.outcomes import Outcome
from nncli.plots.picture import Picture, View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EDGES = np.linspace(0.0, 1.0, BINS + 1)
FEW = 10  # rows in a bin below which its share is mostly chance


def unfit(run: Run, view: View) -> str | None:
    """Needs probabilities of classes."""
    if reason := outcomes.no_classes(run):
        return reason
    A = outcomes.outcome(run).A
    if A.min() < 0.0 or A.max() > 1.0:
        return "the outputs are no probabilities: they go below 0 or above 1"
    return None


def draw(run: Run, view: View) -> Picture:
    """For two classes the probability of the second; for more that of the class told, if it is right.

    Where a row may have several labels, the probability of each label of each row.
    """
    told = outcomes.outcome(run)
    probabilities, happened = _told_and_true(run, told)
    bins = reliability(probabilities, happened)
    figure = style.figure(width=5.2, height=5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    across, up = _names(run)
    counted = "probabilities" if run.model.columns.task == "multilabel" else "rows"
    _draw_curve(upper, bins, up)
    _draw_histogram(lower, bins, across, counted)
    mean, share = probabilities.mean(), happened.mean()
    title = f"Calibration: {lettering.named(run)}, {told.rows}"
    style.head(
        figure,
        title,
        f"On the diagonal a probability comes true as often as it says. Told {mean:.1%} on the whole, true "
        f"{share:.1%}. Hollow: fewer than {FEW} {counted}. Expected calibration error {bins.error:.3f}.",
    )
    caption = (
        f"{told.rows}, told {mean:.1%} on the whole, true {share:.1%}, calibration error {bins.error:.3f}"
    )
    return Picture(figure, caption, _numbers(bins))


def _told_and_true(run: Run, told: Outcome) -> tuple[Array, Array]:
    """The probability of each row (n,), or of each label in it (n * labels,), and whether it came true."""
    columns = run.model.columns
    if columns.task == "binary":
        return told.A[:, 0], told.Y[:, 0] >= 0.5
    if columns.task == "multilabel":
        return told.A.ravel(), told.Y.ravel() >= 0.5
    return told.A.max(axis=1), decided(told.A, columns) == decided(told.Y, columns)


def _names(run: Run) -> tuple[str, str]:
    """What the axes are: the probability told, and what came true."""
    if run.model.columns.task == "binary":
        name = outcomes.second_class(run)
        return f"probability of {name}", f"share of rows with {name}"
    if run.model.columns.task == "multilabel":
        return "probability of a label", "share of rows with the label, over all labels"
    return "probability of the class told", "share of rows told right"


def _draw_curve(axes: Axes, bins: Reliability, label: str) -> None:
    axes.plot([0, 1], [0, 1], color=style.GREY, linewidth=1.0, linestyle=(0, (2, 2)), label="perfect")
    filled = bins.counts > 0
    x, y, counts = bins.told[filled], bins.happened[filled], bins.counts[filled]
    axes.vlines(x, np.minimum(x, y), np.maximum(x, y), color=style.VERMILION, linewidth=1.2, label="gap")
    axes.plot(x, y, color=style.BLUE, gid="calibration")
    for solid, colour in ((counts >= FEW, style.BLUE), (counts < FEW, style.PAPER)):
        axes.plot(
            x[solid],
            y[solid],
            linestyle="",
            marker="o",
            markerfacecolor=colour,
            markeredgecolor=style.BLUE,
            zorder=4,
        )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel(label)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.3)
    style.grid(axes)


def _draw_histogram(axes: Axes, bins: Reliability, label: str, counted: str) -> None:
    axes.stairs(bins.counts, EDGES, fill=True, color=style.SKY)
    for count, left, right in zip(bins.counts, EDGES, EDGES[1:], strict=False):
        axes.text((left + right) / 2, count, f"{count:,}", ha="center", va="bottom", fontsize=style.SMALL)
    axes.set_ylim(0, 1.35 * bins.counts.max())
    axes.set_ylabel(counted)
    axes.set_yticks([])
    axes.set_xlabel(f"{label}, in {BINS} bins")


def _numbers(bins: Reliability) -> dict[str, Array]:
    return {
        "from": EDGES[:-1],
        "to": EDGES[1:],
        "rows": bins.counts.astype(float),
        "mean_probability": bins.told,
        "share_true": bins.happened,
    }
