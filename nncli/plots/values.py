"""Rows, markers, legend and notes shared by the pictures of regression targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nncli.nn import metrics
from nncli.nn.arrays import Array
from nncli.plots import naming, outcomes, style
from nncli.plots.outcomes import PART_STYLES, Outcome
from nncli.plots.scale import FARTHEST, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 6
MOST_POINTS = 600  # of a part: more would hide each other
LARGEST_ERRORS = 20  # rows of a part that are always drawn

EXACT: dict[str, Any] = {"color": style.BLACK, "linewidth": 1.0, "linestyle": (0, (2, 2))}


@dataclass(frozen=True)
class PredictedValues:
    """Predicted and true values of the training, validation and test set.

    Attributes
    ----------
    run : name of the run.
    outcomes : predictions and targets of each part, held-out parts last.
    targets : names of all targets.
    """

    run: str
    outcomes: Sequence[Outcome]
    targets: Sequence[str]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Predict every part of a run's rows."""
        return cls(naming.run_name(run), outcomes.outcomes(run), run.model.columns.targets)

    @property
    def drawn(self) -> list[int]:
        """Positions of the targets that are drawn."""
        return panels(self.outcomes)

    def name(self, index: int) -> str:
        """Return the name of a target, shortened."""
        return naming.short(self.targets[index])

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Predictions, targets and residuals of the rows drawn, target by target."""
        part, target, predicted, true = [], [], [], []
        for outcome, index, a, y in points(self.outcomes, self.drawn):
            part += [outcome.part] * len(a)
            target += [self.targets[index]] * len(a)
            predicted.append(a)
            true.append(y)
        A, Y = np.concatenate(predicted), np.concatenate(true)
        return {
            "part": part,
            "target": target,
            "true": Y,
            "predicted": A,
            "residual": A - Y,
        }


def unfit(run: Run) -> str | None:
    """Return the reason why a run has no regression targets that can be drawn, or None if it has."""
    task = run.model.columns.task
    if task != "regression":
        return f"it needs a regression target, but the task is {task}"
    return too_large(run)


def too_large(run: Run) -> str | None:
    """Return the reason why outputs or targets of a run cannot be drawn, or None if they can."""
    drawable = all((np.abs([one.A, one.Y]) < FARTHEST).all() for one in outcomes.outcomes(run))
    return (
        None if drawable else f"a prediction or a target is infinite, not a number or beyond {FARTHEST:.0e}"
    )


def target_summary(parts: Sequence[Outcome]) -> str:
    """Format R² over all targets: `R² 0.52 on 266 training rows, 0.47 on 88 test rows`."""
    return f"R² {', '.join(f'{r2_of_target(one.A, one.Y)} on {one.rows}' for one in parts)}"


def r2_of_target(A: Array, Y: Array) -> str:
    """Format the coefficient of determination for a label."""
    value = float(metrics.r2(A, Y))
    return "not defined" if value != value else number(value)


def panels(parts: Sequence[Outcome]) -> list[int]:
    """Return positions of the targets drawn: of many, those with the lowest R² on the last part."""
    return sorted(lowest_r2(parts)[:MOST_PANELS])


def lowest_r2(parts: Sequence[Outcome]) -> list[int]:
    """Return positions of all targets, the one with the lowest R² on the last part first."""
    A, Y = parts[-1].A, parts[-1].Y
    scores = [float(metrics.r2(A[:, [index]], Y[:, [index]])) for index in range(A.shape[1])]
    positions: list[int] = np.argsort(scores, kind="stable").tolist()
    return positions


def selection(values: PredictedValues) -> str:
    """Describe which targets and rows are drawn if not all are, for the note of a picture."""
    targets, drawn = len(values.targets), len(values.drawn)
    notes = [f"Shows the {drawn} of {targets} targets with the lowest R²."] if drawn < targets else []
    if max(len(one.A) for one in values.outcomes) > MOST_POINTS:
        notes.append(
            f"Shows {MOST_POINTS} evenly spaced rows of each set and the {LARGEST_ERRORS} with the largest "
            "errors; the statistics include all rows."
        )
    return " ".join(notes)


def points(parts: Sequence[Outcome], drawn: list[int]) -> Iterator[tuple[Outcome, int, Array, Array]]:
    """Yield each part, target, and the predictions and true values, (m,) each, of the rows drawn."""
    for index in drawn:
        for one in parts:
            A, Y = one.A[:, index], one.Y[:, index]
            rows = rows_drawn(A, Y)
            yield one, index, A[rows], Y[rows]


def rows_drawn(A: Array, Y: Array) -> Array:
    """Return positions of the rows drawn: of many, evenly spaced ones and those with the largest errors."""
    if len(A) <= MOST_POINTS:
        return np.arange(len(A))
    largest = np.argsort(-np.abs(A - Y), kind="stable")[:LARGEST_ERRORS]
    return np.union1d(outcomes.thinned(len(A), MOST_POINTS), largest)


def scatter(axes: Axes, part: str, x: Array, y: Array) -> None:
    """Draw rows of a part with its own marker and color: training rows filled, the others hollow."""
    part_style = PART_STYLES[part]
    axes.scatter(
        x,
        y,
        s=float(np.clip(3000 / len(x), 8, 30)),
        marker=part_style.marker,
        facecolors=part_style.color if part == "train" else "none",
        edgecolors=part_style.color,
        linewidths=0.9,
        alpha=0.5 if part == "train" else 1.0,
        gid=part,
    )


def legend(axes: Axes, parts: Sequence[Outcome]) -> None:
    """Draw the markers and the line styles of the parts beside a panel."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=part_style.color,
            linestyle=part_style.dash,
            marker=part_style.marker,
            markersize=6,
            markerfacecolor=part_style.color if part == "train" else style.PAPER,
            label=part_style.label,
        )
        for part, part_style in ((one.part, PART_STYLES[one.part]) for one in parts)
    ]
    style.legend_beside(axes, [*handles, Line2D([], [], **EXACT, label="exact prediction")])
