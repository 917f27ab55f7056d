"""Loss, outputs and metrics of a network's parameters, in the units of the config."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment
from nncli.training.model import last_layer


def loss(experiment: Experiment, parameters: Array) -> float:
    """Return the loss on all training rows, penalties included."""
    return float(_forward(experiment, parameters, experiment.rows.training)[0])


def mean_loss(experiment: Experiment, parameters: Array) -> float:
    """Return the loss per training row and output, without penalties, whatever the reduction."""
    data, function = experiment.rows.training, experiment.recipe.loss
    with np.errstate(all="ignore"):
        output = last_layer(experiment.network, parameters, data.X)
        return float(function.terms_of(output.Z, output.A, data.Y).mean())


def outputs(experiment: Experiment, parameters: Array, first: int | None = None) -> Array:
    """Return the outputs (..., n, k) for training rows, in the units of the targets.

    Parameters
    ----------
    parameters : of one network or of several, (..., P).
    first : number of rows, from the first on (default: all).
    """
    data = experiment.rows.training
    with np.errstate(all="ignore"):
        return data.columns.unscaled(last_layer(experiment.network, parameters, data.X[:first]).A)


def metrics(experiment: Experiment, A: Array, Y: Array) -> dict[str, Array]:
    """Return the config's metrics (...) by name, of outputs (..., n, k) and targets (n, k) in their units."""
    return {name: metric.each(A, Y) for name, metric in experiment.metrics.items()}


def measure(experiment: Experiment, parameters: Array, dataset: Dataset) -> dict[str, float]:
    """Return the loss, penalties included, and the config's metrics by name, on any rows."""
    return {name: float(value) for name, value in measure_each(experiment, parameters, dataset).items()}


def measure_each(experiment: Experiment, parameters: Array, dataset: Dataset) -> dict[str, Array]:
    """Return the loss and the metrics (...) by name, of parameters (..., P)."""
    value, A = _forward(experiment, parameters, dataset)
    with np.errstate(all="ignore"):
        unscaled = dataset.columns.unscaled(A)
    return {"loss": value, **metrics(experiment, unscaled, dataset.expected)}


def worst_constant_loss(experiment: Experiment) -> float:
    """Return the loss of being off by the largest target (or 1, if all are 0) everywhere, or of Z = 0.

    It is never below that of predicting each target's mean or, with losses written in Z, its share.
    """
    Y, function = experiment.rows.training.Y, experiment.recipe.loss
    with np.errstate(all="ignore"):
        U = np.zeros_like(Y) if function.link else Y + (np.abs(Y).max() or 1.0)
        return float(function.value(U, U, Y))


def _forward(experiment: Experiment, parameters: Array, dataset: Dataset) -> tuple[Array, Array]:
    """Loss with penalties (...), and the outputs (..., n, k) as the network gives them."""
    network = experiment.network
    with np.errstate(all="ignore"):
        output = last_layer(network, parameters, dataset.X)
        value = experiment.recipe.loss.value(output.Z, output.A, dataset.Y) + network.cost(parameters)
    return value, output.A


@dataclass(frozen=True)
class Measured:
    """Outputs and metrics of parameters (K, P), computed when they are first asked for."""

    experiment: Experiment
    parameters: Array

    @cached_property
    def outputs(self) -> Array:
        """Outputs for all training rows, (K, n, k)."""
        return outputs(self.experiment, self.parameters)

    @cached_property
    def values(self) -> dict[str, Array]:
        """The metrics (K,) by name; with `val_` the loss and the metrics of the validation rows."""
        experiment = self.experiment
        training, held_out = experiment.rows.training, experiment.rows.held_out.get("validation")
        validation = {} if held_out is None else measure_each(experiment, self.parameters, held_out)
        trained = metrics(experiment, self.outputs, training.expected) if experiment.metrics else {}
        return {**trained, **{f"val_{name}": value for name, value in validation.items()}}
