"""Loss and metrics of a state, measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment


@dataclass(frozen=True)
class Observer:
    """Measures a state on the rows of an experiment."""

    experiment: Experiment

    @classmethod
    def of(cls, experiment: Experiment) -> Observer:
        """The observer of an experiment."""
        return cls(experiment)

    def loss(self, parameters: Array) -> float:
        """The loss on all training rows, penalties included."""
        data, loss = self.experiment.dataset, self.experiment.recipe.loss
        with np.errstate(all="ignore"):
            output = self.experiment.network.forward(parameters, data.X)[-1]
            return loss.value(output.Z, output.A, data.Y) + self.experiment.network.cost(parameters)

    def loss_of_guessing(self) -> float:
        """The loss of being off by the largest target (or 1, if all are 0) everywhere, or of z = 0.

        Never below that of predicting each target's mean or, with losses written in Z, its share.
        """
        Y, loss = self.experiment.dataset.Y, self.experiment.recipe.loss
        with np.errstate(all="ignore"):
            U = np.zeros_like(Y) if loss.link else Y + (np.abs(Y).max() or 1.0)
            return loss.value(U, U, Y)

    def measured(self, parameters: Array, dataset: Dataset) -> dict[str, float]:
        """The loss, penalties included, and the config's metrics on any rows, by name."""
        network = self.experiment.network
        with np.errstate(all="ignore"):
            output = network.forward(parameters, dataset.X)[-1]
            loss = self.experiment.recipe.loss.value(output.Z, output.A, dataset.Y) + network.cost(parameters)
        return {"loss": loss, **self.metrics(dataset.columns.unscaled(output.A), dataset.expected)}

    def outputs(self, parameters: Array) -> Array:
        """The outputs (n, k) for all training rows, in the targets' own units."""
        data = self.experiment.dataset
        with np.errstate(all="ignore"):
            return data.columns.unscaled(self.experiment.network.predict(parameters, data.X))

    def metrics(self, A: Array, Y: Array) -> Mapping[str, float]:
        """The config's metrics of outputs and targets (n, k) in their own units, by name."""
        with np.errstate(all="ignore"):
            return {name: metric(A, Y) for name, metric in self.experiment.metrics.items()}


@dataclass(frozen=True)
class Measured:
    """What parameters (P,) are worth, measured when it is first asked for."""

    observer: Observer
    parameters: Array

    @cached_property
    def outputs(self) -> Array:
        """Of all training rows, (n, k)."""
        return self.observer.outputs(self.parameters)

    @cached_property
    def values(self) -> dict[str, float]:
        """The config's metrics by name; with `val_` the loss and the metrics of the validation rows."""
        observer = self.observer
        metrics = observer.metrics(self.outputs, observer.experiment.dataset.expected)
        held_out = observer.experiment.held_out.get("validation")
        validation = {} if held_out is None else observer.measured(self.parameters, held_out)
        return {**metrics, **{f"val_{name}": value for name, value in validation.items()}}
