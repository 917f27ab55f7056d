"""Trainings of equal shape as one: which can be stacked, and which of them must be trained alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nncli.engines import threads
from nncli.engines.batches import Batches
from nncli.engines.estimates import stacked_update
from nncli.engines.stacked import StackedPlan, most_stacked
from nncli.nn.arrays import Array
from nncli.training.cadence import Cadence
from nncli.training.divergence import Guard
from nncli.training.experiment import Experiment


def reason(experiment: Experiment) -> str | None:
    """Return why an experiment cannot be stacked with others, such as `dropout`, or None."""
    training = experiment.config.training
    reasons = {
        "finite differences": experiment.recipe.gradient.name != "backprop",
        "dropout": experiment.network.has_dropout,
        "float32": experiment.recipe.dtype != "float64",
        "early stopping": experiment.early_stopping is not None,
        "stop_when": training.stop_when is not None,
        "an engine of its own": training.engine != "auto",
    }
    return next((name for name, applies in reasons.items() if applies), None)


def shape(experiment: Experiment) -> object:
    """Return what must be equal in experiments that are stacked; of others, something like no other."""
    if reason(experiment):
        return object()
    config, rows = experiment.config, len(experiment.rows.training)
    parts = config.network, config.loss, config.gradient, config.optimizer, config.training
    return experiment.network.inputs, experiment.network.outputs, rows, parts


def most(experiment: Experiment) -> int:
    """Return how many experiments like this one may be stacked: 1 if they cannot."""
    if reason(experiment):
        return 1
    return max(1, most_stacked(experiment.network, experiment.recipe, len(experiment.rows.training)))


def is_faster(experiments: Sequence[Experiment]) -> bool:
    """Tell whether training them together is estimated to take less time than one after the other."""
    first, count = experiments[0], len(experiments)
    updates = first.epochs * first.updates_per_epoch
    alone = first.engine.seconds(first.network, first.recipe, updates)
    return count > 1 and 1e-6 * updates * stacked_update(first.network, first.recipe, count) < count * alone


def trained(experiments: Sequence[Experiment]) -> list[Array | None]:
    """Train experiments of equal shape together: the weights (P,) of each, or None if it diverged.

    They are those of the training alone but for rounding, because a product of stacked arrays may add in
    another order.
    """
    first = experiments[0]
    members = [Batches(each.rows.training.X, each.rows.training.Y, each.recipe) for each in experiments]
    initial = np.array([each.initial for each in experiments])
    with threads.limited(first.threads):
        limits = [Guard.of(each, Cadence.of(each)).limit for each in experiments]
        parameters, largest = StackedPlan(first.network, members).train(initial, first.epochs)
    # A loss or a weight that is not finite stays so: its largest loss, or the last weights, show it.
    sound = (largest <= limits) & np.isfinite(parameters).all(axis=1) & (largest < np.inf)
    return [each if good else None for each, good in zip(parameters, sound.tolist(), strict=True)]
