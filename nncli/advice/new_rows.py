"""Losses on rows that a network was not trained on: of the network, of a linear model and of a constant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nncli.advice.trials import Trials
from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.training.baselines import BASELINE, LINEAR, Baselines
from nncli.training.experiment import Experiment
from nncli.training.linear_model import LinearModel, constant_model
from nncli.training.rows import Rows

FEWEST_HELD_OUT = 20  # rows; of fewer, the loss says too little
FOLDED_ROWS = 10  # fewest rows of a cross-validation
CROSS_FOLDS = 5
GOOD = 0.3  # of the loss of a constant: nothing is wrong with a network below it
SHARE = 0.1  # of the work of an advice, for each fold


class RowLosses(NamedTuple):
    """The loss of each new row, (n,) for each model, and what these rows are."""

    where: str
    network: Array
    linear: Array
    constant: Array


def row_losses(experiment: Experiment, parameters: Array) -> RowLosses | None:
    """Return the losses on the test set, else the validation set, else by cross-validation with five folds.

    A set needs at least 20 rows. None if no rows are held out at all, because then nothing is expected of new
    rows, if the network's loss on the set is below 30 % of that of the constant, which needs no explanation,
    or if the linear model or training the folds takes too long.
    """
    held_out = experiment.rows.held_out
    for part in ("test", "validation"):
        if len(held_out.get(part, ())) >= FEWEST_HELD_OUT:
            if _is_good(experiment, parameters, held_out[part]):
                return None
            found = _losses(experiment, parameters, held_out[part])
            return None if found is None else RowLosses(f"on the {part} set", *found)
    folds = _cross_validated(experiment) if held_out and len(experiment.rows.whole) >= FOLDED_ROWS else None
    return None if folds is None else RowLosses(f"in a cross-validation with {CROSS_FOLDS} folds", *folds)


def _is_good(experiment: Experiment, parameters: Array, rows: Dataset) -> bool:
    constant = constant_model(experiment.rows.training, experiment.recipe.loss)
    limit = GOOD * _of_linear(experiment, constant, rows).mean()
    return bool(_of_network(experiment, parameters, rows).mean() < limit)


def _losses(experiment: Experiment, parameters: Array, rows: Dataset) -> Array | None:
    """Return the losses (3, n) of network, linear model and constant; None without a linear model."""
    models = Baselines(experiment).models
    if LINEAR not in models:
        return None
    simple = [_of_linear(experiment, models[name], rows) for name in (LINEAR, BASELINE)]
    return np.array([_of_network(experiment, parameters, rows), *simple])


def _of_network(experiment: Experiment, parameters: Array, rows: Dataset) -> Array:
    with np.errstate(all="ignore"):
        Z, A = experiment.network.forward(parameters, rows.X)[-1]
        return np.asarray(experiment.recipe.loss.terms_of(Z, A, rows.Y).mean(axis=1))


def _of_linear(experiment: Experiment, model: LinearModel, rows: Dataset) -> Array:
    with np.errstate(all="ignore"):
        Z, A = model.outputs(rows.X.astype(np.float64))
        return np.asarray(experiment.recipe.loss.terms_of(Z, A, rows.Y.astype(np.float64)).mean(axis=1))


def _cross_validated(experiment: Experiment) -> Array | None:
    """Return the loss of each row (3, n) by training on the other folds; None if that takes too long."""
    budget, found = Trials(), []
    for fold in _folds(experiment):
        updates = experiment.epochs * fold.updates_per_epoch
        if updates > budget.affordable(fold, SHARE):
            return None
        parameters = budget.trained(fold, updates)
        losses = None if parameters is None else _losses(fold, parameters, fold.rows.held_out["test"])
        if losses is None:
            return None
        found.append(losses)
    return np.concatenate(found, axis=1)


def _folds(experiment: Experiment) -> Iterator[Experiment]:
    """Yield the experiment with each fold of all rows as its test set, and the others as its training set."""
    whole, recipe = experiment.rows.whole, experiment.recipe
    order = random_stream(0, "folds").permutation(len(whole))
    for fold in range(CROSS_FOLDS):
        taken = np.zeros(len(whole), bool)
        taken[order[fold::CROSS_FOLDS]] = True
        training = whole.part(np.flatnonzero(~taken))
        rows = Rows(training, {"test": whole.part(np.flatnonzero(taken))}, whole, experiment.rows.left_out)
        batches = replace(recipe, batch_size=min(recipe.batch_size, len(training)))
        yield replace(experiment, rows=rows, recipe=batches)
