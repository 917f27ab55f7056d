"""Division of rows into folds: k of equal size, or every combination of a few rows."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from nncli.data.split import Parts, divide
from nncli.messages.errors import NncliError
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.training.experiment import Experiment

MOST_COMBINATIONS = 10_000


def rows_in_turn(experiment: Experiment) -> Array:
    """Return the rows of the training and validation sets together, by position in the whole table."""
    parts = own_parts(experiment)
    return np.sort(np.concatenate([parts.train, parts.validation]))


def own_parts(experiment: Experiment) -> Parts:
    """Return the sets that the config itself divides its rows into, by position in the whole table."""
    table, columns = experiment.rows.whole.table, experiment.rows.whole.columns
    return divide(table, columns.labels(table), experiment.config.dataset.split, experiment.config.seed.data)


def k_folds(experiment: Experiment, count: int) -> list[Array]:
    """Draw `count` folds of the training and validation rows, with every class spread evenly.

    Sizes of folds, and rows of a class in them, differ by at most one. `split.stratify: false` ignores
    classes.

    Raises
    ------
    NncliError
        If there are fewer than two folds, or fewer rows than folds.
    """
    rows = rows_in_turn(experiment)
    if count < 2:
        raise NncliError(f"cross-validation needs at least 2 folds, found {count}", hint="use 5 folds")
    if count > len(rows):
        raise NncliError(
            f"cannot divide {counted(len(rows), 'row')} into {count} folds",
            hint=f"use at most {counted(len(rows), 'fold')}",
        )
    order = random_stream(experiment.config.seed.data, "folds").permutation(len(rows))
    data = experiment.rows.whole
    if data.columns.task in ("binary", "multiclass") and experiment.config.dataset.split.stratify:
        Y = data.expected[rows]
        classes = Y[:, 0] if Y.shape[1] == 1 else Y.argmax(axis=1)
        order = order[np.argsort(classes[order], kind="stable")]
    return [np.sort(rows[order[fold::count]]) for fold in range(count)]


def row_combinations(experiment: Experiment, size: int) -> list[Array]:
    """Return every combination of `size` training and validation rows, in the order of the rows.

    Raises
    ------
    NncliError
        If no row would be left to train on, or there are more than MOST_COMBINATIONS.
    """
    rows = rows_in_turn(experiment)
    if not 1 <= size < len(rows):
        raise NncliError(
            f"cannot leave out {size} of {counted(len(rows), 'row')} outside the test set: at least one must "
            "be left out, and one must be left to train on",
            hint=f"leave out 1 to {len(rows) - 1}" if len(rows) > 2 else "leave out 1",
        )
    if (trainings := comb(len(rows), size)) > MOST_COMBINATIONS:
        raise NncliError(
            f"leaving out {size} of {counted(len(rows), 'row')} takes {trainings:,} trainings, more than "
            f"{MOST_COMBINATIONS:,}",
            hint="use 10 folds instead",
        )
    return [np.array(each) for each in combinations(rows.tolist(), size)]
