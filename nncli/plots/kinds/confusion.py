"""Confusion matrix: counts of rows by true and predicted class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import Confusion
from nncli.nn.arrays import Array
from nncli.plots import label_counts, naming, outcomes, style
from nncli.plots.label_counts import LabelConfusion
from nncli.plots.picture import View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TEXT = 20  # classes up to which each cell shows its count
MOST_LABELS = 40  # classes up to which all names are on the axes
NARROWEST = 3.4  # width of all cells together, in inches
LETTER = 0.075  # width of a letter in inches
MISTAKES_NAMED = 3  # named in the caption
CORRECT, WRONG = style.BLUE, style.VERMILION


by_default = outcomes.has_enough_rows


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run predicts no classes, or None if it does."""
    return outcomes.no_classes(run)


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts of rows by true and predicted class.

    Attributes
    ----------
    run, rows : name of the run, and number and part of the rows: `30 test rows`.
    target : name of the target, or `class`.
    confusion : the counts.
    """

    run: str
    rows: str
    target: str
    confusion: Confusion

    @property
    def shares(self) -> Array:
        """Counts divided by the number of rows of the true class, (k, k)."""
        return np.asarray(self.confusion.counts / np.maximum(self.confusion.support, 1)[:, np.newaxis])

    @property
    def correct(self) -> int:
        """Number of rows whose predicted class is the true one."""
        return int(self.confusion.hits.sum())

    @property
    def caption(self) -> str:
        """Accuracy and the most frequent mistakes."""
        correct, total = self.correct, int(self.confusion.counts.sum())
        mistakes = _mistakes(self.confusion).rstrip(".")
        accuracy = f"{self.rows}, {correct:,} correct ({correct / total:.1%})"
        return f"{accuracy}. {mistakes}" if mistakes else accuracy

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Count and share of every cell; of many classes, only cells with rows."""
        counts, classes = self.confusion.counts, self.confusion.classes
        true, predicted = np.nonzero((counts > 0) | (len(classes) <= MOST_TEXT))
        return {
            "true": [classes[index] for index in true],
            "predicted": [classes[index] for index in predicted],
            "rows": counts[true, predicted].astype(float),
            "share_of_true": self.shares[true, predicted],
        }


def numbers(run: Run, view: View) -> ConfusionMatrix | LabelConfusion:
    """Count rows by true and predicted class, or for a multilabel task the confusion counts of each label."""
    if run.model.columns.task == "multilabel":
        return LabelConfusion.of(run)
    outcome, columns = outcomes.outcome(run), run.model.columns
    return ConfusionMatrix(
        run=naming.run_name(run),
        rows=outcome.rows,
        target=columns.targets[0] if columns.labelled else "class",
        confusion=Confusion.of(outcome.A, outcome.Y, columns),
    )


def draw(data: ConfusionMatrix | LabelConfusion) -> Figure:
    """Draw counts and shares of the true class, with the diagonal framed; of many classes only colors."""
    if isinstance(data, LabelConfusion):
        return label_counts.draw(data)
    confusion, k = data.confusion, len(data.confusion.classes)
    labels = _names(confusion)
    width, height = _size(confusion)
    longest = LETTER * max(map(len, labels.values()))
    upright = longest > width / len(labels)
    figure = style.figure(1.0 + longest + width, 1.6 + height + upright * longest)
    axes = figure.subplots()
    axes.imshow(_colors(data.shares), aspect="auto", interpolation="nearest")
    if k <= MOST_TEXT:
        _write(axes, confusion, data.shares)
    _frame(axes, k)
    axes.set_yticks(list(labels), [f"{label} ({confusion.support[k]:,})" for k, label in labels.items()])
    axes.set_xticks(list(labels), list(labels.values()), rotation=90 * upright)
    _label(axes, data.target, k)
    correct = f"{data.correct:,} of {confusion.counts.sum():,} rows correct (framed)."
    style.head(
        figure,
        f"Confusion matrix: {data.run}, {data.rows}",
        f"{correct} {_key(k)} {_mistakes(confusion)}".strip(),
    )
    return figure


def _names(confusion: Confusion) -> dict[int, str]:
    """Return the positions and names of the classes that are named on the axes."""
    k = len(confusion.classes)
    chosen = range(k) if k <= MOST_LABELS else outcomes.thinned(k, MOST_LABELS // 2).tolist()
    return {index: style.plain(confusion.classes[index], 18) for index in chosen}


def _size(confusion: Confusion) -> tuple[float, float]:
    """Return the width and height of all cells in inches, with room for their text if they have any."""
    k = len(confusion.classes)
    if k > MOST_TEXT:
        return 6.0, 5.0
    cell = max(0.42, 0.14 + LETTER * len(f"{confusion.counts.max():,}"))
    return max(NARROWEST, k * cell), max(1.0, k * 0.38)


def _colors(shares: Array) -> Array:
    """Return colors (k, k, 3) from white to blue on the diagonal and to orange elsewhere."""
    from matplotlib.colors import to_rgb

    k = len(shares)
    full = np.where(np.eye(k, dtype=bool)[:, :, np.newaxis], to_rgb(CORRECT), to_rgb(WRONG))
    # A single mistake among many rows must be visible.
    strength = np.where(shares > 0, 0.12 + 0.88 * shares, 0.0)[:, :, np.newaxis]
    return np.asarray(1 - strength * (1 - full))


def _write(axes: Axes, confusion: Confusion, shares: Array) -> None:
    colors = _colors(shares)
    for (true, predicted), count in np.ndenumerate(confusion.counts):
        share = f"\n{shares[true, predicted]:.0%}" if count else ""
        axes.text(
            predicted,
            true,
            f"{count:,}{share}",
            ha="center",
            va="center",
            fontsize=style.SMALL,
            color=style.ink_on(colors[true, predicted]) if count else style.GRAY,
        )


def _frame(axes: Axes, k: int) -> None:
    from matplotlib.patches import Rectangle

    for position in range(k):
        axes.add_patch(
            Rectangle(
                (position - 0.5, position - 0.5),
                1,
                1,
                fill=False,
                edgecolor=style.BLACK,
                linewidth=1.4 if k <= MOST_TEXT else 0.5,
                clip_on=False,
                gid="correct",
            )
        )


def _label(axes: Axes, target: str, k: int) -> None:
    axes.set_ylabel(f"true {style.plain(target)}")
    axes.set_xlabel(f"predicted {style.plain(target)}")
    axes.tick_params(length=0 if k <= MOST_LABELS else 3)
    for side in axes.spines.values():
        side.set_visible(False)


def _key(k: int) -> str:
    shade = "Shade: share of the rows of the true class"
    return f"{shade}, as shown below each count." if k <= MOST_TEXT else f"{shade}."


def _mistakes(confusion: Confusion) -> str:
    found = confusion.mistakes
    if not found:
        return ""
    mistakes = [
        f"{naming.short(confusion.classes[true], 24)} as "
        f"{naming.short(confusion.classes[predicted], 24)} ({confusion.counts[true, predicted]:,})"
        for true, predicted in found[:MISTAKES_NAMED]
    ]
    return f"Most frequent mistakes: {', '.join(mistakes)}."
