"""Trainings of equal shape as one: which can be stacked, and which of them must be trained alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from nncli.data.columns import Dataset
from nncli.data.split import Part
from nncli.engines import threads
from nncli.engines.batches import Batches
from nncli.engines.compilation import unusable
from nncli.engines.estimates import (
    compiled_stack_seconds,
    compiled_step_update,
    laned_stack_seconds,
    looped_update,
    stacked_update,
)
from nncli.engines.stacks.arrays import StackedPlan, most_stacked, widest
from nncli.engines.stacks.compiled import CompiledStack
from nncli.engines.stacks.lanes import LaneStack
from nncli.nn.arrays import Array
from nncli.training import measure
from nncli.training.cadence import Cadence
from nncli.training.divergence import Guard, loss_limits
from nncli.training.experiment import Experiment

MEASURED = 1_000_000  # numbers of a layer of all networks that are measured at once

Way = Literal["alone", "numpy", "compiled", "lanes"]


def reason(experiment: Experiment) -> str | None:
    """Return why an experiment cannot be stacked with others, such as `dropout`, or None."""
    training = experiment.config.training
    reasons = {
        "finite differences": experiment.recipe.gradient.name != "backprop",
        "dropout": experiment.network.has_dropout,
        "float32": experiment.recipe.dtype != "float64",
        "early stopping": experiment.early_stopping is not None,
        "stop_when": training.stop_when is not None,
        "an engine of its own": training.engine not in ("auto", "numba"),
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


def fastest(experiments: Sequence[Experiment]) -> Way:
    """Return how training experiments of equal shape is estimated to take the shortest time."""
    first, count = experiments[0], len(experiments)
    if count == 1 or reason(first):
        return "alone"
    updates = first.epochs * first.updates_per_epoch
    size = first.network, first.recipe
    if first.config.training.engine == "numba":
        return "compiled" if looped_update(*size) < compiled_step_update(*size) else "alone"
    with_numba: dict[Way, float] = {
        "compiled": compiled_stack_seconds(*size, updates, count),
        "lanes": laned_stack_seconds(*size, updates, count),
    }
    without: dict[Way, float] = {
        "alone": count * first.engine.seconds(*size, updates),
        "numpy": 1e-6 * updates * stacked_update(*size, count),
    }
    way = _shortest(with_numba | without)
    # In this order: whether numba can be imported is asked only where it would be used.
    return _shortest(without) if way in with_numba and unusable() else way


def _shortest(seconds: Mapping[Way, float]) -> Way:
    return min(seconds, key=lambda each: seconds[each])


def trained(experiments: Sequence[Experiment], way: Way) -> list[Array | None]:
    """Train experiments of equal shape together: the weights (P,) of each, or None if it diverged.

    They are those of the training alone but for rounding. Stacked arrays of numpy and lanes may add in
    another order; a compiled function gives the bits of the numba engine.
    """
    first = experiments[0]
    members = [Batches(each.rows.training.X, each.rows.training.Y, each.recipe) for each in experiments]
    initial = np.array([each.initial for each in experiments])
    with threads.limited(first.threads):
        limits = _limits(experiments, initial)
        parameters, largest = _plan(first, members, way).train(initial, first.epochs)
    # A loss or a weight that is not finite stays so: its largest loss, or the last weights, show it.
    sound = (largest <= limits) & np.isfinite(parameters).all(axis=1) & (largest < np.inf)
    return [each if good else None for each, good in zip(parameters, sound.tolist(), strict=True)]


def _plan(first: Experiment, members: Sequence[Batches], way: Way) -> StackedPlan | CompiledStack | LaneStack:
    """Return the trainings of one shape as they are executed."""
    if way == "numpy":
        return StackedPlan(first.network, members)
    stack = CompiledStack if way == "compiled" else LaneStack
    return stack(first.network, members, _threads(first))


def results(
    experiments: Sequence[Experiment], parameters: Sequence[Array]
) -> list[dict[Part, dict[str, float]]]:
    """Return loss and metrics of each experiment's weights by name, of each set.

    Weights on the same rows are measured at once, with the same bits.
    """
    first = experiments[0]
    with threads.limited(first.threads):
        if not _share_rows(experiments):
            return [_results(*each) for each in zip(experiments, parameters, strict=True)]
        sets = {part: _measured(first, parameters, rows) for part, rows in first.rows.by_part.items()}
    return [dict(zip(sets, values, strict=True)) for values in zip(*sets.values(), strict=True)]


def _measured(experiment: Experiment, parameters: Sequence[Array], rows: Dataset) -> list[dict[str, float]]:
    """Loss and metrics of each of the weights on the same rows; memory stays bounded."""
    size = max(1, MEASURED // max(1, len(rows) * widest(experiment.network)))
    found: list[dict[str, float]] = []
    for start in range(0, len(parameters), size):
        some = measure.measure_each(experiment, np.array(parameters[start : start + size]), rows)
        by_name = {name: values.tolist() for name, values in some.items()}
        found += [dict(zip(by_name, each, strict=True)) for each in zip(*by_name.values(), strict=True)]
    return found


def _results(experiment: Experiment, parameters: Array) -> dict[Part, dict[str, float]]:
    sets = experiment.rows.by_part
    return {part: measure.measure(experiment, parameters, rows) for part, rows in sets.items()}


def _threads(experiment: Experiment) -> int:
    asked = experiment.config.training.threads
    return threads.available() if asked == "auto" else asked


def _share_rows(experiments: Sequence[Experiment]) -> bool:
    """Tell whether all have the same rows, and not only equal ones."""
    return all(each.rows is experiments[0].rows for each in experiments)


def _limits(experiments: Sequence[Experiment], initial: Array) -> Array:
    """The loss of each training (S,) beyond which it has diverged."""
    first = experiments[0]
    if not _share_rows(experiments):
        return np.array([Guard.of(each, Cadence.of(each)).limit for each in experiments])
    measured = _measured(first, list(initial), first.rows.training)
    return loss_limits(first, np.array([each["loss"] for each in measured]))
