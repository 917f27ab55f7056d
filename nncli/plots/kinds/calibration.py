"""The reliability diagram: what probabilities were told, and how often they came true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import BINS, Reliability, decided, reliability
from nncli.nn.arrays import Array
from nncli.plots import naming, outcomes, style
from nncli.plots.outcomes import Outcome
from nncli.plots.picture import View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


@dataclass(frozen=True)
class CalibrationCurve:
    """Predicted probabilities in bins, and how often they came true.

    Attributes
    ----------
    run, rows : the run's name, and which rows these are of: `30 test rows`.
    bins : counts, mean probability and share that came true of each bin.
    predicted, true : mean probability and share that came true over all.
    axes : what a probability is of, and what came true.
    counted : what a bin counts.
    """

    run: str
    rows: str
    bins: Reliability
    predicted: float
    true: float
    axes: tuple[str, str]
    counted: str

    @property
    def caption(self) -> str:
        """Both means, and the calibration error."""
        return (
            f"{self.rows}, told {self.predicted:.1%} on the whole, true {self.true:.1%}, "
            f"calibration error {self.bins.error:.3f}"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """A row for each bin."""
        return {
            "from": EDGES[:-1],
            "to": EDGES[1:],
            "rows": self.bins.counts.astype(float),
            "mean_probability": self.bins.told,
            "share_true": self.bins.happened,
        }


def numbers(run: Run, view: View) -> CalibrationCurve:
    """For two classes the probability of the second; for more that of the predicted class, if it is right.

    Where a row may have several labels, the probability of each label of each row.
    """
    told = outcomes.outcome(run)
    probabilities, happened = _told_and_true(run, told)
    return CalibrationCurve(
        run=naming.run_name(run),
        rows=told.rows,
        bins=reliability(probabilities, happened),
        predicted=float(probabilities.mean()),
        true=float(happened.mean()),
        axes=_names(run),
        counted="probabilities" if run.model.columns.task == "multilabel" else "rows",
    )


def draw(curve: CalibrationCurve) -> Figure:
    """The share that came true against the probability, and below it how many are in each bin."""
    figure = style.figure(width=5.2, height=5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    across, up = curve.axes
    _draw_curve(upper, curve.bins, up)
    _draw_histogram(lower, curve.bins, across, curve.counted)
    style.head(
        figure,
        f"Calibration: {curve.run}, {curve.rows}",
        "On the diagonal a probability comes true as often as it says. "
        f"Told {curve.predicted:.1%} on the whole, true {curve.true:.1%}. "
        f"Hollow: fewer than {FEW} {curve.counted}. Expected calibration error {curve.bins.error:.3f}.",
    )
    return figure


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
    axes.set_ylabel(style.drawable(label))
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.3)
    style.grid(axes)


def _draw_histogram(axes: Axes, bins: Reliability, label: str, counted: str) -> None:
    axes.stairs(bins.counts, EDGES, fill=True, color=style.SKY)
    for count, left, right in zip(bins.counts, EDGES, EDGES[1:], strict=False):
        axes.text((left + right) / 2, count, f"{count:,}", ha="center", va="bottom", fontsize=style.SMALL)
    axes.set_ylim(0, 1.35 * bins.counts.max())
    axes.set_ylabel(counted)
    axes.set_yticks([])
    axes.set_xlabel(f"{style.drawable(label)}, in {BINS} bins")
