"""The picture of labels that stands in for a confusion matrix: rows by label, as predicted and as true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from nncli.inference.classes import LabelCounts
from nncli.nn.arrays import Array
from nncli.plots import naming, outcomes, style
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LABELS = 30  # drawn; of more those with the lowest F1
LETTER = 0.075  # width of a letter in inches
# The columns of the picture: what is counted, what that is called, and whether it is right.
COLUMNS = {
    "true_positives": ("predicted (TP)", True),
    "false_negatives": ("missed (FN)", False),
    "false_positives": ("predicted (FP)", False),
    "true_negatives": ("not predicted (TN)", True),
}


@dataclass(frozen=True)
class LabelConfusion:
    """Rows by label, as predicted and as true.

    Attributes
    ----------
    run, rows : the run's name, and which rows these are: `30 test rows`.
    counted : the counts of each label.
    right, total : rows with every label right, of how many.
    """

    run: str
    rows: str
    counted: LabelCounts
    right: int
    total: int

    @classmethod
    def of(cls, run: Run) -> Self:
        """That of a run whose rows may have several labels."""
        told = outcomes.outcome(run)
        right = int(((told.A >= 0.5) == (told.Y >= 0.5)).all(axis=1).sum())
        counted = LabelCounts.of(told.A, told.Y, run.model.columns)
        return cls(naming.run_name(run), told.rows, counted, right, len(told.A))

    @property
    def counts(self) -> Array:
        """Rows of each label by kind of outcome, (labels, 4)."""
        return np.column_stack([self.counted.counts[name] for name in COLUMNS])

    @property
    def worst(self) -> Array:
        """Positions of the labels, the one with the lowest F1 first."""
        return np.argsort(self.counted.shares["f1"], kind="stable")

    @property
    def summary(self) -> str:
        """Rows that are right, the mean F1 and the lowest."""
        lowest, f1 = self.worst[0], self.counted.shares["f1"]
        mean, name = self.counted.averages["macro"]["f1"], self.name(lowest)
        return (
            f"{self.right:,} of {self.total:,} with every label right, macro F1 {mean:.3f}, lowest"
            f" {f1[lowest]:.3f} ({name})"
        )

    def name(self, index: int) -> str:
        """The name of a label, as it is drawn."""
        return naming.short(self.counted.labels[index], 24)

    @property
    def caption(self) -> str:
        """Which rows these are, and how well they are predicted."""
        return f"{self.rows}, {self.summary}"

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """The counts of every label, also of those that are not drawn."""
        counts = {name: self.counts[:, column].astype(float) for column, name in enumerate(COLUMNS)}
        return {"label": list(self.counted.labels), **counts, **self.counted.shares}


def draw(shown: LabelConfusion) -> Figure:
    """Counts of each label among the rows that have it and those that do not, with their shares."""
    counts, worst = shown.counts, shown.worst
    shares = counts / np.maximum(np.repeat([counts[:, :2].sum(1), counts[:, 2:].sum(1)], 2, axis=0).T, 1)
    drawn = np.sort(worst[:MOST_LABELS])
    labels = [style.drawable(shown.name(index)) for index in drawn]
    figure = style.figure(5.4 + LETTER * max(map(len, labels)), 1.9 + 0.42 * len(drawn))
    axes = figure.subplots()
    _fill(axes, counts[drawn], shares[drawn])
    support = shown.counted.support
    axes.set_yticks(
        range(len(drawn)), [f"{label} ({support[k]:,})" for label, k in zip(labels, drawn, strict=True)]
    )
    some = len(drawn) < len(worst)
    of_drawn = f" The {len(drawn)} labels with the lowest F1 of {len(worst)}." if some else ""
    title = f"Confusion of each label: {shown.run}, {shown.rows}"
    style.head(figure, title, f"{shown.summary}. Blue is right, orange is wrong.{of_drawn}")
    return figure


def _fill(axes: Axes, counts: Array, shares: Array) -> None:
    """A cell for each count, from white to the color of right or wrong, under the heads of its columns."""
    from matplotlib.colors import to_rgb

    full = np.array([to_rgb(style.BLUE if right else style.VERMILION) for _, right in COLUMNS.values()])
    # A single mistake among many rows must not look like none.
    strength = np.where(counts > 0, 0.12 + 0.88 * shares, 0.0)[:, :, np.newaxis]
    colours = 1 - strength * (1 - full)
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(
            column,
            row,
            f"{count:,}  {shares[row, column]:.0%}" if count else "0",
            ha="center",
            va="center",
            fontsize=style.SMALL,
            color=style.ink_on(colours[row, column]) if count else style.GREY,
        )
    axes.axvline(1.5, color=style.BLACK, linewidth=1.4)
    axes.set_xticks(range(len(COLUMNS)), [words for words, _ in COLUMNS.values()])
    axes.set_xlabel("rows with the label (left) and rows without it (right)")
    axes.set_ylabel("label (rows with it)")
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
