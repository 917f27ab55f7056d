"""Calibration curve: observed frequencies against predicted probabilities."""

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
FEW = 10  # rows in a bin below which its frequency is mostly chance


by_default = outcomes.has_enough_rows


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run predicts no probabilities of classes, or None if it does."""
    if reason := outcomes.no_classes(run):
        return reason
    A = outcomes.outcome(run).A
    if A.min() < 0.0 or A.max() > 1.0:
        return "the outputs are not probabilities: some are below 0 or above 1"
    return None


@dataclass(frozen=True)
class CalibrationCurve:
    """Predicted probabilities and observed frequencies in bins.

    Attributes
    ----------
    run, rows : name of the run, and number and part of the rows: `30 test rows`.
    bins : count, mean predicted probability and observed frequency of each bin.
    predicted, observed : mean predicted probability and observed frequency over all bins.
    axes : labels of the probability and of the observed frequency.
    unit : what a bin counts, `rows` or `probabilities`.
    """

    run: str
    rows: str
    bins: Reliability
    predicted: float
    observed: float
    axes: tuple[str, str]
    unit: str

    @property
    def caption(self) -> str:
        """Mean predicted probability, observed frequency and expected calibration error."""
        return (
            f"{self.rows}, mean predicted probability {self.predicted:.1%}, "
            f"observed frequency {self.observed:.1%}, calibration error {self.bins.error:.3f}"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """Edges, count, mean predicted probability and observed frequency of each bin."""
        return {
            "from": EDGES[:-1],
            "to": EDGES[1:],
            "rows": self.bins.counts.astype(float),
            "mean_probability": self.bins.predicted,
            "share_true": self.bins.observed,
        }


def numbers(run: Run, view: View) -> CalibrationCurve:
    """Bin the probabilities: of the positive class, or with more than two classes of the predicted class.

    With several labels per row, the probabilities of all labels are binned together.
    """
    outcome = outcomes.outcome(run)
    probabilities, observed = _events(run, outcome)
    return CalibrationCurve(
        run=naming.run_name(run),
        rows=outcome.rows,
        bins=reliability(probabilities, observed),
        predicted=float(probabilities.mean()),
        observed=float(observed.mean()),
        axes=_axis_labels(run),
        unit="probabilities" if run.model.columns.task == "multilabel" else "rows",
    )


def draw(curve: CalibrationCurve) -> Figure:
    """Draw the observed frequency against the probability, and below it the count of each bin."""
    figure = style.figure(width=5.2, height=5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    across, up = curve.axes
    _draw_curve(upper, curve.bins, up)
    _draw_histogram(lower, curve.bins, across, curve.unit)
    style.head(
        figure,
        f"Calibration: {curve.run}, {curve.rows}",
        "On the diagonal, predicted probabilities match observed frequencies. "
        f"Mean predicted probability {curve.predicted:.1%}, observed frequency {curve.observed:.1%}, "
        f"expected calibration error {curve.bins.error:.3f}. Hollow: fewer than {FEW} {curve.unit}.",
    )
    return figure


def _events(run: Run, outcome: Outcome) -> tuple[Array, Array]:
    """Return each predicted probability (n,) or (n * labels,), and whether its event was observed."""
    columns = run.model.columns
    if columns.task == "binary":
        return outcome.A[:, 0], outcome.Y[:, 0] >= 0.5
    if columns.task == "multilabel":
        return outcome.A.ravel(), outcome.Y.ravel() >= 0.5
    return outcome.A.max(axis=1), decided(outcome.A, columns) == decided(outcome.Y, columns)


def _axis_labels(run: Run) -> tuple[str, str]:
    """Return the labels of the predicted probability and of the observed frequency."""
    if run.model.columns.task == "binary":
        name = outcomes.positive_class(run)
        return f"predicted probability of {name}", f"observed frequency of {name}"
    if run.model.columns.task == "multilabel":
        return "predicted probability of a label", "observed frequency, over all labels"
    return "probability of the predicted class", "observed accuracy"


def _draw_curve(axes: Axes, bins: Reliability, label: str) -> None:
    axes.plot(
        [0, 1], [0, 1], color=style.GRAY, linewidth=1.0, linestyle=(0, (2, 2)), label="perfect calibration"
    )
    filled = bins.counts > 0
    x, y, counts = bins.predicted[filled], bins.observed[filled], bins.counts[filled]
    axes.vlines(x, np.minimum(x, y), np.maximum(x, y), color=style.VERMILION, linewidth=1.2, label="gap")
    axes.plot(x, y, color=style.BLUE, gid="calibration")
    for solid, color in ((counts >= FEW, style.BLUE), (counts < FEW, style.PAPER)):
        axes.plot(
            x[solid],
            y[solid],
            linestyle="",
            marker="o",
            markerfacecolor=color,
            markeredgecolor=style.BLUE,
            zorder=4,
        )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel(style.drawable(label))
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.3)
    style.grid(axes)


def _draw_histogram(axes: Axes, bins: Reliability, label: str, unit: str) -> None:
    axes.stairs(bins.counts, EDGES, fill=True, color=style.SKY)
    for count, left, right in zip(bins.counts, EDGES, EDGES[1:], strict=False):
        axes.text((left + right) / 2, count, f"{count:,}", ha="center", va="bottom", fontsize=style.SMALL)
    axes.set_ylim(0, 1.35 * bins.counts.max())
    axes.set_ylabel(unit)
    axes.set_yticks([])
    axes.set_xlabel(f"{style.drawable(label)}, in {BINS} bins")
