"""An input that gives the target away, such as a column that was computed from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nncli.advice.trials import Advice
from nncli.data.columns import Dataset
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.nn.metrics import accuracy, r2
from nncli.training.experiment import Experiment
from nncli.training.linear_model import LARGEST_FIT, LARGEST_NUMBER, linear_model

EXAMINED_ROWS, EXAMINED_INPUTS = 50, 3  # at least
MOST_ROWS = 20_000  # examined, spread over the training set; ranks of more take longer than a short training
ALONE = 0.01  # largest error of the input alone, in units of the error of a constant
WITHOUT = 0.3  # smallest error of all other inputs together, in the same units


def examine(experiment: Experiment) -> Advice | None:
    """Advise to look at an input that predicts the target almost without error; None if there is none.

    Alone, its error must be below 1 % of that of a constant, and that of a linear model of all other inputs
    above 30 %. For numbers the error is 1 - r², with the rank correlation r of the input and the target, so
    that any increasing or decreasing function of the target counts. For classes it is the share of rows that
    a logistic regression gets wrong. Formulas are exempt: their inputs are meant to determine the target.
    """
    training = _spread(experiment.rows.training)
    if not _is_examined(training):
        return None
    name = _closest(training)
    own = np.zeros(training.X.shape[1], bool)
    own[training.columns.preprocessing.blocks[name]] = True
    alone = _error_alone(training, own)
    if not (alone <= ALONE and (without := _linear_error(training, ~own)) >= WITHOUT):
        return None
    return _advice(training, name, alone, without)


def _spread(training: Dataset) -> Dataset:
    """Return rows at equal distances, as many as are examined."""
    most = min(MOST_ROWS, LARGEST_FIT // (training.X.shape[1] * training.Y.shape[1]))
    if len(training) <= most:
        return training
    return training.part(np.linspace(0, len(training) - 1, most).astype(np.intp))


def _is_examined(training: Dataset) -> bool:
    columns = training.columns
    return (
        not columns.formulas
        and len(columns.targets) == 1
        and len(columns.preprocessing.columns) >= EXAMINED_INPUTS
        and len(training) >= EXAMINED_ROWS
        and bool(np.abs(training.X).max() <= LARGEST_NUMBER)
        and bool(np.ptp(training.Y, axis=0).all())
    )


def _advice(training: Dataset, name: str, alone: float, without: float) -> Advice:
    (target,) = training.columns.targets
    if training.columns.task == "regression":
        seen = f"has a rank correlation of {np.sqrt(1.0 - alone):.4f} with '{shown(target)}'"
        others = f"has an R2 of only {1.0 - without:.2g}"
    else:
        constant = _constant_error(training)
        seen = f"alone predicts '{shown(target)}' correctly for {1.0 - alone * constant:.1%} of the rows"
        others = f"is right for only {1.0 - without * constant:.1%} of the training rows"
    return Advice(
        since=f"'{shown(name)}' gives the target away: it {seen}",
        why=f"without it, a linear model {others}; an input that says so much is often computed from the "
        "target, or known only after it",
        trials=(),
        otherwise=f"unless '{shown(name)}' is known for new rows, add it to dataset.exclude",
    )


def _closest(training: Dataset) -> str:
    """Return the input one of whose encoded columns has the largest correlation with the target."""
    regression = training.columns.task == "regression"
    targets = _scores(training.Y) if regression else _standardized(training.Y)
    squares = np.square(_scores(training.X).T @ targets / len(training)).sum(axis=1)
    blocks = training.columns.preprocessing.blocks
    return max(blocks, key=lambda name: float(squares[blocks[name]].max(initial=0.0)))


def _error_alone(training: Dataset, own: Array) -> float:
    """Return the error of an input's encoded columns alone, in units of that of a constant."""
    if training.columns.task != "regression":
        return _linear_error(training, own)
    correlations = _scores(training.X[:, own]).T @ _scores(training.Y) / len(training)
    return float(1.0 - np.square(correlations).max())


def _linear_error(training: Dataset, chosen: Array) -> float:
    """Return the error of a linear model of some encoded columns, in units of that of a constant."""
    part = replace(training, X=training.X[:, chosen])
    model = linear_model(part)
    assert model is not None, "a part is not larger than the whole"
    A = model.outputs(part.X)[1]
    if training.columns.task == "regression":
        return float(1.0 - r2(A, training.Y))
    return float((1.0 - accuracy(A, training.Y)) / _constant_error(training))


def _constant_error(training: Dataset) -> float:
    """Return the share of rows that are not of the most frequent class."""
    shares = training.Y.mean(axis=0)
    return float(1.0 - max(shares.max(), 1.0 - shares[0] if len(shares) == 1 else 0.0))


def _scores(columns: Array) -> Array:
    """Return the ranks of the values of each column (n, k), standardized; equal values share a rank."""
    ranks = np.empty(columns.shape)
    for index, values in enumerate(columns.T):
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks[:, index] = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return _standardized(ranks)


def _standardized(columns: Array) -> Array:
    """Return columns (n, k) with mean 0 and standard deviation 1; a constant column becomes 0."""
    centered = columns - columns.mean(axis=0)
    deviation = centered.std(axis=0)
    return np.asarray(centered / np.where(deviation > 0.0, deviation, 1.0))
