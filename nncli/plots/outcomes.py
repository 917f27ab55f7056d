"""Predictions and targets of each part of the rows, for the pictures that compare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nncli.inference import evaluation
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.runs import Run

LEAST_BY_DEFAULT = 20  # rows below which frequencies and curves are mostly chance


class PartStyle(NamedTuple):
    """Color, marker and dashes of the training, validation or test set in a picture."""

    label: str
    color: str
    marker: str
    dash: Any


PART_STYLES = {
    "train": PartStyle("training", style.BLUE, "o", style.DASHES[0]),
    "validation": PartStyle("validation", style.ORANGE, "s", style.DASHES[1]),
    "test": PartStyle("test", style.VERMILION, "^", style.DASHES[2]),
}


@dataclass(frozen=True)
class Outcome:
    """Predictions A and targets Y, (n, outputs) each, of the training, validation or test set."""

    part: str
    A: Array
    Y: Array

    @property
    def rows(self) -> str:
        """The number of rows and their part: `30 test rows`."""
        return counted(len(self.A), f"{PART_STYLES[self.part].label} row")


def outcome(run: Run) -> Outcome:
    """Predict the test set; without one the validation set, else the training set."""
    part, data = evaluation.part(run)
    return Outcome(part, run.model.outputs(data.X), data.expected)


def outcomes(run: Run) -> list[Outcome]:
    """Predict the training set and, if the run has them, the validation and the test set."""
    return [
        Outcome(part, run.model.outputs(data.X), data.expected)
        for part, data in run.experiment.rows.by_part.items()
    ]


def has_enough_rows(run: Run) -> bool:
    """Tell whether a picture of the predicted classes shows more than chance."""
    return len(evaluation.part(run)[1]) >= LEAST_BY_DEFAULT


def left_out(run: Run) -> str | None:
    """Return a line on the pictures that are left out because of too few rows, or None if there are none."""
    if run.model.columns.task == "regression" or has_enough_rows(run):
        return None
    count = len(evaluation.part(run)[1])
    return (
        "skipped confusion, roc, precision-recall and calibration "
        f"({counted(count, 'row')}, fewer than {LEAST_BY_DEFAULT}); to draw one anyway, name it"
    )


def no_classes(run: Run) -> str | None:
    """Return the reason why a run predicts no classes, or None if it does."""
    if run.model.columns.task == "regression":
        return "it needs a classification target, but the task is regression"
    return None if np.isfinite(outcome(run).A).all() else "the network's outputs are not finite"


def against_rest(run: Run, outcome: Outcome) -> dict[str, tuple[Array, Array]]:
    """Return scores (n,) and membership (n,) by class, for classes with positive and negative rows."""
    columns = run.model.columns
    names = columns.classes[1:] if columns.task == "binary" else columns.classes
    scored = {
        name: (scores, y >= 0.5) for name, scores, y in zip(names, outcome.A.T, outcome.Y.T, strict=True)
    }
    return {name: pair for name, pair in scored.items() if 0 < pair[1].sum() < len(pair[1])}


def no_curve(run: Run) -> str | None:
    """Return the reason why no class has both positive and negative rows, or None if one has."""
    if reason := no_classes(run):
        return reason
    measured = outcome(run)
    if against_rest(run, measured):
        return None
    if run.model.columns.task == "multilabel":
        return f"every label applies to all of the {measured.rows} or to none"
    return f"the {measured.rows} are all of one class"


def positive_class(run: Run) -> str:
    """Return the positive class of a binary task, whose probability is the output: `species = virginica`."""
    columns = run.model.columns
    return f"{naming.short(columns.targets[0], 20)} = {naming.short(columns.classes[1], 24)}"


def thinned(count: int, most: int) -> Array:
    """Return positions of at most `most` of `count` rows, evenly spaced, as (m,) of integers."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))
