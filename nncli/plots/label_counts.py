"""Confusion counts of each label, for tasks in which a row may have several labels."""

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

MOST_LABELS = 30  # drawn; of more, those with the lowest F1
LETTER = 0.075  # width of a letter in inches
# The columns of the picture: count, label, and whether the prediction is correct.
COLUMNS = {
    "true_positives": ("predicted (TP)", True),
    "false_negatives": ("missed (FN)", False),
    "false_positives": ("predicted (FP)", False),
    "true_negatives": ("not predicted (TN)", True),
}


@dataclass(frozen=True)
class LabelConfusion:
    """Confusion counts of each label.

    Attributes
    ----------
    run, rows : name of the run, and number and part of the rows: `30 test rows`.
    counted : the counts of each label.
    correct, total : number of rows with all labels correct, and of all rows.
    """

    run: str
    rows: str
    counted: LabelCounts
    correct: int
    total: int

    @classmethod
    def of(cls, run: Run) -> Self:
        """Count the labels that a multilabel run predicts."""
        outcome = outcomes.outcome(run)
        correct = int(((outcome.A >= 0.5) == (outcome.Y >= 0.5)).all(axis=1).sum())
        counted = LabelCounts.of(outcome.A, outcome.Y, run.model.columns)
        return cls(naming.run_name(run), outcome.rows, counted, correct, len(outcome.A))

    @property
    def counts(self) -> Array:
        """Counts of each label in the order of COLUMNS, (labels, 4)."""
        return np.column_stack([self.counted.counts[name] for name in COLUMNS])

    @property
    def worst(self) -> Array:
        """Positions of the labels, lowest F1 first."""
        return np.argsort(self.counted.shares["f1"], kind="stable")

    @property
    def summary(self) -> str:
        """Rows with all labels correct, the macro F1 and the lowest F1."""
        lowest, f1 = self.worst[0], self.counted.shares["f1"]
        mean, name = self.counted.averages["macro"]["f1"], self.name(lowest)
        return (
            f"{self.correct:,} of {self.total:,} with all labels correct, macro F1 {mean:.3f}, lowest F1"
            f" {f1[lowest]:.3f} ({name})"
        )

    def name(self, index: int) -> str:
        """Return the name of a label, shortened."""
        return naming.short(self.counted.labels[index], 24)

    @property
    def caption(self) -> str:
        """Number of rows, rows with all labels correct, and F1."""
        return f"{self.rows}, {self.summary}"

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Counts, precision, recall and F1 of every label, including those not drawn."""
        counts = {name: self.counts[:, column].astype(float) for column, name in enumerate(COLUMNS)}
        return {"label": list(self.counted.labels), **counts, **self.counted.shares}


def draw(confusion: LabelConfusion) -> Figure:
    """Draw the counts of each label among the rows with and without it, with their shares."""
    counts, worst = confusion.counts, confusion.worst
    shares = counts / np.maximum(np.repeat([counts[:, :2].sum(1), counts[:, 2:].sum(1)], 2, axis=0).T, 1)
    drawn = np.sort(worst[:MOST_LABELS])
    labels = [style.drawable(confusion.name(index)) for index in drawn]
    figure = style.figure(5.4 + LETTER * max(map(len, labels)), 1.9 + 0.42 * len(drawn))
    axes = figure.subplots()
    _fill(axes, counts[drawn], shares[drawn])
    support = confusion.counted.support
    axes.set_yticks(
        range(len(drawn)), [f"{label} ({support[k]:,})" for label, k in zip(labels, drawn, strict=True)]
    )
    some = len(drawn) < len(worst)
    selection = f" Shows the {len(drawn)} of {len(worst)} labels with the lowest F1." if some else ""
    title = f"Confusion counts per label: {confusion.run}, {confusion.rows}"
    style.head(figure, title, f"{confusion.summary}. Blue: correct. Orange: wrong.{selection}")
    return figure


def _fill(axes: Axes, counts: Array, shares: Array) -> None:
    """Draw a cell for each count, from white to blue if correct and to orange if wrong."""
    from matplotlib.colors import to_rgb

    full = np.array([to_rgb(style.BLUE if correct else style.VERMILION) for _, correct in COLUMNS.values()])
    # A single mistake among many rows must be visible.
    strength = np.where(counts > 0, 0.12 + 0.88 * shares, 0.0)[:, :, np.newaxis]
    colors = 1 - strength * (1 - full)
    axes.imshow(colors, aspect="auto", interpolation="nearest")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(
            column,
            row,
            f"{count:,}  {shares[row, column]:.0%}" if count else "0",
            ha="center",
            va="center",
            fontsize=style.SMALL,
            color=style.ink_on(colors[row, column]) if count else style.GRAY,
        )
    axes.axvline(1.5, color=style.BLACK, linewidth=1.4)
    axes.set_xticks(range(len(COLUMNS)), [label for label, _ in COLUMNS.values()])
    axes.set_xlabel("rows with the label (left), rows without it (right)")
    axes.set_ylabel("label (number of rows)")
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
