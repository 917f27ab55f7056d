"""The confusion matrix: rows by true and by predicted class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import Confusion
from nncli.messages.wording import shortened
from nncli.nn.arrays import Array
from nncli.plots import label_counts, lettering, outcomes, style
from nncli.plots.picture import Picture, View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TEXT = 20  # classes up to which each cell holds its numbers
MOST_NAMES = 40  # classes up to which each has its name on the axes
NARROWEST = 3.4  # of all cells, in inches
LETTER = 0.075  # width of a letter in inches
MOST_MISTAKES = 3  # told in words
RIGHT, WRONG = style.BLUE, style.VERMILION


def unfit(run: Run, view: View) -> str | None:
    """Needs classes."""
    return outcomes.no_classes(run)


def draw(run: Run, view: View) -> Picture:
    """Counts and shares of the true class, the diagonal framed; of many classes the colours alone.

    Where a row may have several labels, the counts of each label instead.
    """
    if run.model.columns.task == "multilabel":
        return label_counts.draw(run)
    told = outcomes.outcome(run)
    confusion = Confusion.of(told.A, told.Y, run.model.columns)
    shares = confusion.counts / np.maximum(confusion.support, 1)[:, np.newaxis]
    k = len(confusion.classes)
    width, height = _size(confusion)
    chosen = range(k) if k <= MOST_NAMES else outcomes.thinned(k, MOST_NAMES // 2).tolist()
    names = {index: lettering.plain(shortened(confusion.classes[index], 18)) for index in chosen}
    longest = LETTER * max(map(len, names.values()))
    upright = longest > width / len(names)
    figure = style.figure(1.0 + longest + width, 1.6 + height + upright * longest)
    axes = figure.subplots()
    axes.imshow(_colours(shares), aspect="auto", interpolation="nearest")
    if k <= MOST_TEXT:
        _write(axes, confusion, shares)
    _frame(axes, k)
    axes.set_yticks(list(names), [f"{name} ({confusion.support[index]:,})" for index, name in names.items()])
    axes.set_xticks(list(names), list(names.values()), rotation=90 * upright)
    _label(axes, run, k)
    right = int(confusion.hits.sum())
    title = f"Confusion of classes: {lettering.named(run)}, {told.rows}"
    note = f"{right:,} of {len(told.A):,} right (framed). {_key(k)} {_mistakes(confusion)}"
    style.head(figure, title, note.strip())
    caption = f"{told.rows}, {right:,} right ({right / len(told.A):.1%}). {_mistakes(confusion)}".strip()
    return Picture(figure, caption.rstrip("."), _numbers(confusion, shares))


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


def _label(axes: Axes, run: Run, k: int) -> None:
    columns = run.model.columns
    of = lettering.plain(columns.targets[0]) if columns.labelled else "class"
    axes.set_ylabel(f"true {of}")
    axes.set_xlabel(f"predicted {of}")
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
        f"{lettering.plain(shortened(confusion.classes[true], 24))} as "
        f"{lettering.plain(shortened(confusion.classes[told], 24))} ({confusion.counts[true, told]:,})"
        for true, told in found[:MOST_MISTAKES]
    ]
    return f"Most often mistaken: {', '.join(told)}."


def _numbers(confusion: Confusion, shares: Array) -> dict[str, list[str] | Array]:
    """Every cell; of many classes those that hold rows."""
    true, told = np.nonzero((confusion.counts > 0) | (len(confusion.classes) <= MOST_TEXT))
    return {
        "true": [confusion.classes[index] for index in true],
        "predicted": [confusion.classes[index] for index in told],
        "rows": confusion.counts[true, told].astype(float),
        "share_of_true": shares[true, told],
    }
