"""The picture of labels that stands in for a confusion matrix: rows by label, as predicted and as true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import LabelCounts
from nncli.messages.wording import shortened
from nncli.nn.arrays import Array
from nncli.plots import lettering, outcomes, style
from nncli.plots.picture import Picture
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LABELS = 30  # drawn; of more those with the lowest F1
LETTER = 0.075  # width of a letter in inches
# The columns of the picture: what is counted, what that is called, and whether it is right.
COLUMNS = {
    "true_positives": ("predicted (TP)", True),
    "false_negatives": ("missed (FN)", False),
    "false_positives": ("predicted (FP)", False),
    "true_negatives": ("not predicted (TN)", True),
}


def draw(run: Run) -> Picture:
    """Counts of each label among the rows that have it and those that do not, with their shares."""
    told = outcomes.outcome(run)
    counted = LabelCounts.of(told.A, told.Y, run.model.columns)
    counts = np.column_stack([counted.counts[name] for name in COLUMNS])
    shares = counts / np.maximum(np.repeat([counts[:, :2].sum(1), counts[:, 2:].sum(1)], 2, axis=0).T, 1)
    worst = np.argsort(counted.shares["f1"], kind="stable")
    drawn = np.sort(worst[:MOST_LABELS])
    names = [lettering.plain(shortened(counted.labels[index], 24)) for index in drawn]
    figure = style.figure(5.4 + LETTER * max(map(len, names)), 1.9 + 0.42 * len(drawn))
    axes = figure.subplots()
    _fill(axes, counts[drawn], shares[drawn])
    axes.set_yticks(
        range(len(drawn)), [f"{name} ({counted.support[k]:,})" for name, k in zip(names, drawn, strict=True)]
    )
    right = int(((told.A >= 0.5) == (told.Y >= 0.5)).all(axis=1).sum())
    lowest = lettering.plain(shortened(counted.labels[worst[0]], 24))
    mean, least = counted.averages["macro"]["f1"], counted.shares["f1"][worst[0]]
    summary = (
        f"{right:,} of {len(told.A):,} with every label right, macro F1 {mean:.3f}, lowest"
        f" {least:.3f} ({lowest})"
    )
    of_drawn = (
        f" The {len(drawn)} labels with the lowest F1 of {len(worst)}." if len(drawn) < len(worst) else ""
    )
    title = f"Confusion of each label: {lettering.named(run)}, {told.rows}"
    style.head(figure, title, f"{summary}. Blue is right, orange is wrong.{of_drawn}")
    return Picture(figure, f"{told.rows}, {summary}", _numbers(counted, counts))


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


def _numbers(counted: LabelCounts, counts: Array) -> dict[str, list[str] | Array]:
    """The counts of every label, also of those that are not drawn."""
    columns = {name: counts[:, column].astype(float) for column, name in enumerate(COLUMNS)}
    return {"label": list(counted.labels), **columns, **counted.shares}
