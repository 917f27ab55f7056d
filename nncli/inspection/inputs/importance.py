"""Permutation importance: how much worse a network gets when one input column of its table is shuffled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nncli.data.columns import Dataset
from nncli.data.split import Part
from nncli.inference import evaluation
from nncli.inspection.surfaces import affordable_rows
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.runs import Run
from nncli.training import measure

CACHED = "_importance"  # attribute of a Run, as its cached properties are
REPEATS = 5
LEAST_ROWS = 8  # below, a shuffled column often differs little from the column itself


@dataclass(frozen=True)
class Importance:
    """Permutation importance of each input column.

    Attributes
    ----------
    inputs : names of the input columns, in the order of the table.
    part, rows : set that was evaluated, and the number of its rows.
    used : number of the rows that were evaluated, fewer than `rows` if the set is very large.
    score : name of the score: `accuracy`, `r2` or `loss`.
    intact : score without shuffling.
    shuffled : score with an input shuffled, (inputs, repeats).
    """

    inputs: tuple[str, ...]
    part: Part
    rows: int
    used: int
    score: str
    intact: float
    shuffled: Array

    @property
    def drops(self) -> Array:
        """Drop of the score, or rise of the loss, due to each shuffle, (inputs, repeats)."""
        change = self.intact - self.shuffled
        return np.asarray(-change if self.score == "loss" else change)

    @property
    def means(self) -> Array:
        """Importance of each input, (inputs,): the mean over its shuffles."""
        with np.errstate(all="ignore"):
            return np.asarray(self.drops.mean(axis=1))

    @property
    def order(self) -> Array:
        """Positions of the inputs, (inputs,), the most important one first."""
        return np.argsort(-np.nan_to_num(self.means, nan=-np.inf), kind="stable")


def importance_of(run: Run) -> Importance:
    """Return the permutation importance of a run's inputs, computed once for each Run object."""
    # Not by the run's path: a run of the same path can have been trained again.
    kept: dict[str, Importance] = vars(run)
    if CACHED not in kept:
        kept[CACHED] = permutation_importance(run)
    return kept[CACHED]


def permutation_importance(run: Run, permutations: Array | None = None) -> Importance:
    """Shuffle each input column of the held-out rows several times, and measure the score each time.

    The rows are those of the test set, without one of the validation set, else of the training set. All
    network inputs that encode a column are shuffled together, and all columns in the same orders.

    Parameters
    ----------
    permutations : order of the evaluated rows in each repeat, (repeats, rows) (default: REPEATS random
        orders, which follow from the run's seed).

    References
    ----------
    Breiman (2001), Random forests, Machine Learning 45(1); `sklearn.inspection.permutation_importance`.
    """
    part, held_out = evaluation.part(run)
    blocks = run.model.columns.preprocessing.blocks
    data = some_rows(run, held_out, passes=len(blocks) * REPEATS)
    if permutations is None:
        rng = random_stream(run.config.seed.training, "importance")
        permutations = np.array([rng.permutation(len(data)) for _ in range(REPEATS)])
    shuffled = np.empty((len(blocks), len(permutations)))
    X = data.X.copy()
    for row, block in enumerate(blocks.values()):
        for repeat, order in enumerate(permutations):
            X[:, block] = data.X[order, block]
            shuffled[row, repeat] = _score(run, data, X)
        X[:, block] = data.X[:, block]
    return Importance(
        inputs=tuple(blocks),
        part=part,
        rows=len(held_out),
        used=len(data),
        score=score_name(run),
        intact=_score(run, data, data.X),
        shuffled=shuffled,
    )


def score_name(run: Run) -> str:
    """Return the score whose drop is the importance: accuracy or R² if the run has it, else the loss."""
    preferred = "r2" if run.model.columns.task == "regression" else "accuracy"
    return preferred if preferred in run.experiment.metrics else "loss"


def some_rows(run: Run, data: Dataset, passes: int) -> Dataset:
    """Return the rows that can pass the network so often within a few seconds: all, or evenly spaced ones."""
    return data.part(affordable_rows(run.experiment.network, len(data), passes))


def too_few_rows(run: Run) -> str | None:
    """Return the reason why the evaluated rows of a run cannot be shuffled, or None if they can."""
    part, data = evaluation.part(run)
    if len(data) < LEAST_ROWS:
        name = {"train": "training"}.get(part, part)
        return f"it needs at least {LEAST_ROWS} rows, but the {name} set has {len(data)}"
    if not np.isfinite(run.model.outputs(data.X)).all():
        return "the network's outputs are not finite"
    return None


def _score(run: Run, data: Dataset, X: Array) -> float:
    name = score_name(run)
    metrics = {each: metric for each, metric in run.experiment.metrics.items() if each == name}
    experiment = replace(run.experiment, metrics=metrics)
    return measure.measure(experiment, run.model.parameters, replace(data, X=X))[name]
