"""The confusion matrix: rows by true and by predicted class."""

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

MOST_TEXT = 20  # classes up to which each cell holds its numbers
MOST_NAMES = 40  # classes up to which each has its name on the axes
NARROWEST = 3.4  # of all cells, in inches
LETTER = 0.075  # width of a letter in inches
MOST_MISTAKES = 3  # told in words
RIGHT, WRONG = style.BLUE, style.VERMILION


def unfit(run: Run, view: View) -> str | None:
    """Needs classes."""
    return outcomes.no_classes(run)


@dataclass(frozen=True)
class ConfusionMatrix:
    """Rows by true and by predicted class.

    Attributes
    ----------
    run, rows : the run's name, and which rows these are: `30 test rows`.
    target : what the classes are of.
    confusion : the counts.
    """

    run: str
    rows: str
    target: str
    confusion: Confusion

    @property
    def shares(self) -> Array:
        """Of the rows of each true class, the share in each cell, (k, k)."""
        return np.asarray(self.confusion.counts / np.maximum(self.confusion.support, 1)[:, np.newaxis])

    @property
    def right(self) -> int:
        """Rows whose predicted class is the true one."""
        return int(self.confusion.hits.sum())

    @property
    def caption(self) -> str:
        """How many rows are right, and the most frequent mistakes."""
        right, total = self.right, int(self.confusion.counts.sum())
        said = f"{self.rows}, {right:,} right ({right / total:.1%}). {_mistakes(self.confusion)}"
        return said.strip().rstrip(".")

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Every cell; of many classes those that hold rows."""
        counts, classes = self.confusion.counts, self.confusion.classes
        true, told = np.nonzero((counts > 0) | (len(classes) <= MOST_TEXT))
        return {
            "true": [classes[index] for index in true],
            "predicted": [classes[index] for index in told],
            "rows": counts[true, told].astype(float),
            "share_of_true": self.shares[true, told],
        }


def numbers(run: Run, view: View) -> ConfusionMatrix | LabelConfusion:
    """Counts by true and predicted class; where a row may have several labels, those of each label."""
    if run.model.columns.task == "multilabel":
        return LabelConfusion.of(run)
    told, columns = outcomes.outcome(run), run.model.columns
    return ConfusionMatrix(
        run=naming.run_name(run),
        rows=told.rows,
        target=columns.targets[0] if columns.labelled else "class",
        confusion=Confusion.of(told.A, told.Y, columns),
    )


def draw(shown: ConfusionMatrix | LabelConfusion) -> Figure:
    """Counts and shares of the true class, the diagonal framed; of many classes the colors alone."""
    if isinstance(shown, LabelConfusion):
        return label_counts.draw(shown)
    confusion, k = shown.confusion, len(shown.confusion.classes)
    labels = _names(confusion)
    width, height = _size(confusion)
    longest = LETTER * max(map(len, labels.values()))
    upright = longest > width / len(labels)
    figure = style.figure(1.0 + longest + width, 1.6 + height + upright * longest)
    axes = figure.subplots()
    axes.imshow(_colours(shown.shares), aspect="auto", interpolation="nearest")
    if k <= MOST_TEXT:
        _write(axes, confusion, shown.shares)
    _frame(axes, k)
    axes.set_yticks(list(labels), [f"{label} ({confusion.support[k]:,})" for k, label in labels.items()])
    axes.set_xticks(list(labels), list(labels.values()), rotation=90 * upright)
    _label(axes, shown.target, k)
    note = f"{shown.right:,} of {confusion.counts.sum():,} right (framed). {_key(k)} {_mistakes(confusion)}"
    style.head(figure, f"Confusion of classes: {shown.run}, {shown.rows}", note.strip())
    return figure


def _names(confusion: Confusion) -> dict[int, str]:
    """Of the classes that are named on the axes, positions and names."""
    k = len(confusion.classes)
    chosen = range(k) if k <= MOST_NAMES else outcomes.thinned(k, MOST_NAMES // 2).tolist()
    return {index: style.plain(confusion.classes[index], 18) for index in chosen}


def _size(confusion: Confusion) -> tuple[float, float]:
    """Width and height of all cells in inches: room for their text, or for a dot of colour each."""
    k = len(confusion.classes)
    if k > MOST_TEXT:
        return 6.0, 5.0
    cell = max(0.42, 0.14 + LETTER * len(f"{confusion.counts.max():,}"))
    return max(NARROWEST, k * cell), max(1.0, k * 0.38)


def _colours(shares: Array) -> Array:
    """From white to the colour of right or wrong, (k, k, 3)."""
    from matplotlib.colors import to_rgb

    k = len(shares)
    full = np.where(np.eye(k, dtype=bool)[:, :, np.newaxis], to_rgb(RIGHT), to_rgb(WRONG))
    # A single mistake among many rows must not look like none.
    strength = np.where(shares > 0, 0.12 + 0.88 * shares, 0.0)[:, :, np.newaxis]
    return np.asarray(1 - strength * (1 - full))


def _write(axes: Axes, confusion: Confusion, shares: Array) -> None:
    colours = _colours(shares)
    for (true, told), count in np.ndenumerate(confusion.counts):
        share = f"\n{shares[true, told]:.0%}" if count else ""
        axes.text(
            told,
            true,
            f"{count:,}{share}",
            ha="center",
            va="center",
            fontsize=style.SMALL,
            color=style.ink_on(colours[true, told]) if count else style.GREY,
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
                gid="right",
            )
        )


def _label(axes: Axes, of: str, k: int) -> None:
    axes.set_ylabel(f"true {style.plain(of)}")
    axes.set_xlabel(f"predicted {style.plain(of)}")
    axes.tick_params(length=0 if k <= MOST_NAMES else 3)
    for side in axes.spines.values():
        side.set_visible(False)


def _key(k: int) -> str:
    shades = "Shade: share of the true class's rows"
    return f"{shades}, as below each count." if k <= MOST_TEXT else f"{shades}."


def _mistakes(confusion: Confusion) -> str:
    found = confusion.mistakes
    if not found:
        return ""
    told = [
        f"{naming.short(confusion.classes[true], 24)} as "
        f"{naming.short(confusion.classes[told], 24)} ({confusion.counts[true, told]:,})"
        for true, told in found[:MOST_MISTAKES]
    ]
    return f"Most often mistaken: {', '.join(told)}."
