"""What the pictures of targets that are values have in common: the rows drawn, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nncli.nn import metrics
from nncli.nn.arrays import Array
from nncli.plots import naming, outcomes, style
from nncli.plots.outcomes import LOOKS, Outcome
from nncli.plots.scale import FARTHEST, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 6
MOST_POINTS = 600  # of a part: more would hide what is under them
FARTHEST_OFF = 20  # rows that are drawn in any case

EXACT: dict[str, Any] = {"color": style.BLACK, "linewidth": 1.0, "linestyle": (0, (2, 2))}


@dataclass(frozen=True)
class PredictedValues:
    """Predicted and true values of every part of the rows.

    Attributes
    ----------
    run : the run's name.
    every : predictions and targets by part, the one that says most of new rows last.
    targets : names of all targets.
    """

    run: str
    every: Sequence[Outcome]
    targets: Sequence[str]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Those of a run."""
        return cls(naming.run_name(run), outcomes.outcomes(run), run.model.columns.targets)

    @property
    def drawn(self) -> list[int]:
        """Positions of the targets that are drawn."""
        return panels(self.every)

    def name(self, index: int) -> str:
        """Return the name of a target, shortened."""
        return naming.short(self.targets[index])

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """The rows drawn, target after target."""
        part, target, predicted, true = [], [], [], []
        for each, index, told, known in points(self.every, self.drawn):
            part += [each.part] * len(told)
            target += [self.targets[index]] * len(told)
            predicted.append(told)
            true.append(known)
        together = np.concatenate(predicted), np.concatenate(true)
        return {
            "part": part,
            "target": target,
            "true": together[1],
            "predicted": together[0],
            "residual": together[0] - together[1],
        }


def none_to_meet(run: Run) -> str | None:
    """Why there are no values to be met, or None."""
    task = run.model.columns.task
    if task != "regression":
        kind = "labels" if task == "multilabel" else "classes"
        return f"the task is {task}, the targets are {kind} and not values"
    near = all((np.abs([each.A, each.Y]) < FARTHEST).all() for each in outcomes.outcomes(run))
    return None if near else "outputs or targets are too large to be drawn"


def summary(every: Sequence[Outcome]) -> str:
    """`R² 0.52 on 266 training rows, 0.47 on 88 test rows`, over all targets."""
    said = [f"{r2(each.A, each.Y)} on {each.rows}" for each in every]
    return f"R² {', '.join(said)}"


def r2(A: Array, Y: Array) -> str:
    """The share of the variance that is explained, in a label."""
    value = metrics.r2(A, Y)
    return "not defined" if value != value else number(value)


def panels(every: Sequence[Outcome]) -> list[int]:
    """The targets drawn: of many those that are met worst on the last part, by r2, in their order."""
    A, Y = every[-1].A, every[-1].Y
    scores = [metrics.r2(A[:, [index]], Y[:, [index]]) for index in range(A.shape[1])]
    return sorted(np.argsort(scores, kind="stable")[:MOST_PANELS].tolist())


def of_drawn(shown: PredictedValues) -> str:
    """What a note says where not all targets or not all rows are drawn."""
    targets, drawn = len(shown.targets), len(shown.drawn)
    said = f"The {drawn} of {targets} targets that are met worst. " if drawn < targets else ""
    if max(len(each.A) for each in shown.every) > MOST_POINTS:
        said += (
            f"Drawn: {MOST_POINTS} rows of each part, evenly spaced, and the {FARTHEST_OFF} farthest off; "
            "numbers are of all."
        )
    return said


def points(every: Sequence[Outcome], drawn: list[int]) -> Iterator[tuple[Outcome, int, Array, Array]]:
    """Of each part and target drawn the predictions and targets (m,) of the rows that are drawn."""
    for index in drawn:
        for each in every:
            A, Y = each.A[:, index], each.Y[:, index]
            rows = np.arange(len(A))
            if len(A) > MOST_POINTS:
                farthest = np.argsort(-np.abs(A - Y), kind="stable")[:FARTHEST_OFF]
                rows = np.union1d(outcomes.thinned(len(A), MOST_POINTS), farthest)
            yield each, index, A[rows], Y[rows]


def scatter(axes: Axes, each: Outcome, x: Array, y: Array) -> None:
    """Rows of a part, told apart by marker and colour: training rows filled, the others hollow."""
    look = LOOKS[each.part]
    axes.scatter(
        x,
        y,
        s=float(np.clip(3000 / len(x), 8, 30)),
        marker=look.marker,
        facecolors=look.colour if each.part == "train" else "none",
        edgecolors=look.colour,
        linewidths=0.9,
        alpha=0.5 if each.part == "train" else 1.0,
        gid=each.part,
    )


def legend(axes: Axes, every: Sequence[Outcome]) -> None:
    """The parts beside a panel, as their rows and their lines are drawn."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=look.colour,
            linestyle=look.dash,
            marker=look.marker,
            markersize=6,
            markerfacecolor=look.colour if part == "train" else style.PAPER,
            label=look.label,
        )
        for part, look in ((each.part, LOOKS[each.part]) for each in every)
    ]
    style.legend_beside(axes, [*handles, Line2D([], [], **EXACT, label="exact")])
