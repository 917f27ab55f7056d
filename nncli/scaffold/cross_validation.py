"""Cross-validation of generated configs on the training set, to choose among networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nncli.config import Config
from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.training import loop
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment, build

FOLDS = 5
LEFT_OUT = 3  # folds that are left out in turn: enough for a choice, in a second or so


def losses(configs: Sequence[Config]) -> list[Array]:
    """Return the loss of each training row that is left out once (m,), under each config.

    The network that computes it did not learn from the row. The validation and the test set are not used. The
    loss of a training that diverges is infinite.

    Parameters
    ----------
    configs : differ in their network, optimizer and training only, and have the same seed and split.
    """
    first = build(configs[0])
    folds = folds_of(first.rows.training, configs[0].seed.data)
    return [_of_one(first.changed(config), folds) for config in configs]


def folds_of(rows: Dataset, seed: int) -> list[Array]:
    """Return the rows of each fold that is left out, drawn at random with every class spread evenly."""
    order = random_stream(seed, "folds").permutation(len(rows))
    if rows.columns.task in ("binary", "multiclass"):
        classes = rows.Y[:, 0] if rows.Y.shape[1] == 1 else rows.Y.argmax(axis=1)
        order = order[np.argsort(classes[order], kind="stable")]
    return [np.sort(order[fold::FOLDS]) for fold in range(LEFT_OUT)]


def _of_one(experiment: Experiment, folds: Sequence[Array]) -> Array:
    """Return the loss of each row that is left out once (m,), under one config."""
    try:
        return np.concatenate([_of_fold(experiment, fold) for fold in folds])
    except Diverged:
        return np.full(sum(map(len, folds)), np.inf)


def _of_fold(experiment: Experiment, fold: Array) -> Array:
    """Train without the rows of a fold, and return the loss of each of them."""
    training = experiment.rows.training
    others = training.part(np.setdiff1d(np.arange(len(training)), fold))
    *_, last = loop.train(_on(experiment, others))
    left_out = training.part(fold)
    output = experiment.network.forward(last.progress.state.parameters, left_out.X)[-1]
    terms: Array = experiment.recipe.loss.terms_of(output.Z, output.A, left_out.Y)
    return np.asarray(terms.mean(axis=1))


def _on(experiment: Experiment, rows: Dataset) -> Experiment:
    """Return an experiment that trains on some of its rows and measures no others."""
    recipe = replace(experiment.recipe, batch_size=min(experiment.recipe.batch_size, len(rows)))
    return replace(experiment, rows=experiment.rows._replace(training=rows, held_out={}), recipe=recipe)
