"""Cross-validation of generated configs on the training set, to choose among networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def losses(configs: Sequence[Config]) -> list[Array]:
    """Return the loss of each training row (n,) under each config, by networks that did not learn from the row.

    The rows of the validation and the test set are not used. The loss of a training that diverges is infinite.

    Parameters
    ----------
    configs : differ in their network, optimizer and training only, and have the same seed and split.
    """
    first = build(configs[0])
    folds = folds_of(first.rows.training, configs[0].seed.data)
    return [_of_one(first.changed(config), folds) for config in configs]


def folds_of(rows: Dataset, seed: int) -> list[Array]:
    """Divide rows into FOLDS parts at random, with every class spread evenly."""
    order = random_stream(seed, "folds").permutation(len(rows))
    if rows.columns.task in ("binary", "multiclass"):
        classes = rows.Y[:, 0] if rows.Y.shape[1] == 1 else rows.Y.argmax(axis=1)
        order = order[np.argsort(classes[order], kind="stable")]
    return [np.sort(order[fold::FOLDS]) for fold in range(FOLDS)]


def _of_one(experiment: Experiment, folds: Sequence[Array]) -> Array:
    """Return the loss of each row (n,) under one config."""
    found = np.full(len(experiment.rows.training), np.inf)
    try:
        for held_out, values in _of_folds(experiment, folds):
            found[held_out] = values
    except Diverged:
        found[:] = np.inf
    return found


def _of_folds(experiment: Experiment, folds: Sequence[Array]) -> Iterator[tuple[Array, Array]]:
    """Train without each fold; yield its rows, and the loss of each."""
    training = experiment.rows.training
    for held_out in folds:
        others = training.part(np.setdiff1d(np.arange(len(training)), held_out))
        *_, last = loop.train(_on(experiment, others))
        rows = training.part(held_out)
        output = experiment.network.forward(last.progress.state.parameters, rows.X)[-1]
        yield held_out, experiment.recipe.loss.terms_of(output.Z, output.A, rows.Y).mean(axis=1)


def _on(experiment: Experiment, rows: Dataset) -> Experiment:
    """Return an experiment that trains on some of its rows and measures no others."""
    recipe = replace(experiment.recipe, batch_size=min(experiment.recipe.batch_size, len(rows)))
    return replace(experiment, rows=experiment.rows._replace(training=rows, held_out={}), recipe=recipe)
