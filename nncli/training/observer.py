"""What is measured of a training's way, and at which epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment


def history_step(epoch: int) -> int:
    """How far apart the history's rows are around an epoch: 1 to 1,000, 10 to 10,000, and so on."""
    step = 1
    while epoch > 1000 * step:
        step *= 10
    return step


def snapshot_step(epoch: int, density: int) -> int:
    """How far apart snapshots are around an epoch: 1 to 16, then `density` per doubling."""
    return 1 if epoch <= 16 else (1 << (epoch.bit_length() - 1)) // density


def snapshot_density(numbers: int) -> int:
    """Snapshots per doubling of epochs, 16 at most, so that 24 doublings stay below 64 MB."""
    affordable = (64_000_000 // (8 * max(1, numbers)) - 17) // 24
    return next((density for density in (16, 8, 4, 2) if density <= affordable), 1)


@dataclass(frozen=True)
class Observer:
    """Measures a state on the training rows, and knows at which epochs."""

    experiment: Experiment
    density: int

    @classmethod
    def of(cls, experiment: Experiment) -> Observer:
        """The observer an experiment's `record` asks for."""
        rows = min(len(experiment.dataset), 1000) * experiment.network.outputs
        return cls(experiment, snapshot_density(experiment.network.parameter_count + rows))

    def steps(self, epoch: int) -> dict[str, int]:
        """How far apart each part of the record is kept around an epoch; without those never kept."""
        record = self.experiment.config.record
        auto = {
            "history": history_step(epoch),
            "weights": snapshot_step(epoch, self.density),
            "errors": snapshot_step(epoch, self.density),
        }
        every = {"history": record.history, "weights": record.weights, "errors": record.errors}
        return {part: 1 if every[part] == "all" else auto[part] for part in auto if every[part] != "none"}

    def reports(self, epoch: float) -> bool:
        """Whether the rules alone report an epoch, be it the last or not; never inside one."""
        return any(epoch % step == 0 for step in self.steps(int(epoch)).values())

    def next_epoch(self, epoch: int) -> int:
        """The first epoch after `epoch` that is reported."""
        first = epoch + 1
        steps = [*self.steps(first).values()]
        if self.experiment.early_stopping:
            steps.append(self._evaluate_every)
        due = (-(-first // step) * step for step in steps)
        return min(self.experiment.epochs, *due)

    def kept(self, epoch: int, end: int, best: int) -> frozenset[str]:
        """Which parts of the record an epoch belongs to.

        The one at which training ends belongs to all, the best one, 0 where there is none, to the history.
        """
        extra = {"history"} if epoch == best else set[str]()
        by_rule = {part for part, step in self.steps(epoch).items() if epoch == end or epoch % step == 0}
        return frozenset(by_rule | extra)

    def evaluates(self, epoch: int) -> bool:
        """Whether metrics and validation are measured after an epoch, be it the last or not."""
        return epoch % self._evaluate_every == 0

    @property
    def _evaluate_every(self) -> int:
        return self.experiment.config.training.evaluate_every or 1

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
