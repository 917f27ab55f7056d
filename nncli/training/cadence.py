"""The epochs that are recorded: a pure function of the config and of sizes, never of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment

MOST_EPOCHS = 65_536  # that one call looks at
_DECADES = 10 ** np.arange(16)
_DOUBLINGS = 2 ** np.arange(63)


def history_steps(epochs: Array) -> Array:
    """Return the epochs between two rows of the history: 1 up to epoch 1,000, 10 up to 10,000, and so on."""
    return np.asarray(_DECADES[np.searchsorted(1000 * _DECADES, epochs, side="left")])


def snapshot_steps(epochs: Array, density: int) -> Array:
    """Return the epochs between two snapshots: 1 up to epoch 16, then `density` per doubling."""
    doubling = np.searchsorted(_DOUBLINGS, np.maximum(epochs, 1), side="right") - 1
    return np.where(epochs <= 16, 1, _DOUBLINGS[doubling] // density)


def snapshot_density(numbers: int) -> int:
    """Return the snapshots per doubling of epochs, at most 16, so that 24 doublings stay below 64 MB."""
    affordable = (64_000_000 // (8 * max(1, numbers)) - 17) // 24
    return next((density for density in (16, 8, 4, 2) if density <= affordable), 1)


@dataclass(frozen=True)
class Cadence:
    """The epochs that belong to a training's record.

    Attributes
    ----------
    records : for `history`, `weights` and `errors`: `all` epochs, those of `auto`, or `none`.
    density : snapshots per doubling of epochs.
    epochs : the last epoch.
    updates_per_epoch : updates in an epoch.
    evaluate_every : epochs between evaluations that early stopping waits for; None without it.
    loss_below : the loss of an epoch below which training ends; -inf if the config gives none.
    """

    records: Mapping[str, str]
    density: int
    epochs: int
    updates_per_epoch: int
    evaluate_every: int | None
    loss_below: float

    @classmethod
    def of(cls, experiment: Experiment) -> Cadence:
        """Return the cadence of an experiment."""
        record, stop = experiment.config.record, experiment.config.training.stop_when
        rows = min(len(experiment.rows.training), 1000) * experiment.network.outputs
        return cls(
            {"history": record.history, "weights": record.weights, "errors": record.errors},
            snapshot_density(experiment.network.parameter_count + rows),
            experiment.epochs,
            experiment.updates_per_epoch,
            experiment.evaluate_every if experiment.early_stopping else None,
            stop.loss_below if stop else -np.inf,
        )

    @property
    def updates(self) -> int:
        """The last update."""
        return self.epochs * self.updates_per_epoch

    def by_rule(self, epochs: Array) -> dict[str, Array]:
        """Tell for each part which epochs (K,) its rule records, whatever epoch is the last."""
        snapshots = snapshot_steps(epochs, self.density)
        steps = {"history": history_steps(epochs), "weights": snapshots, "errors": snapshots}
        choices = {"none": np.zeros(len(epochs), bool), "all": np.ones(len(epochs), bool)}
        return {
            part: choices[rule].copy() if rule in choices else epochs % steps[part] == 0
            for part, rule in self.records.items()
        }

    def reported(self, updates: Array) -> Array:
        """Tell which updates (K,) end an epoch that the rules record, even if it were not the last."""
        recorded = np.any([*self.by_rule(updates // self.updates_per_epoch).values()], axis=0)
        return np.asarray((updates % self.updates_per_epoch == 0) & recorded)

    def is_due(self, epochs: Array) -> Array:
        """Tell which epochs (K,) are recorded by rule, are waited for by early stopping, or are the last."""
        due = np.any([*self.by_rule(epochs).values()], axis=0) | (epochs == self.epochs)
        return np.asarray(due | (epochs % self.evaluate_every == 0) if self.evaluate_every else due)

    def stops(self, update: int, updates: int, most: int) -> list[int]:
        """Return the updates that end the epochs due after `update`, and the last one, about `updates` later.

        Parameters
        ----------
        most : due epochs after which to end.
        """
        per_epoch = self.updates_per_epoch
        first = update // per_epoch + 1
        end = min(update + updates, self.updates, (first + MOST_EPOCHS) * per_epoch)
        epochs = np.arange(first, end // per_epoch + 1)
        due: list[int] = (epochs[self.is_due(epochs)] * per_epoch).tolist()
        if len(due) >= most:
            return due[:most]
        return due if due[-1:] == [end] else [*due, end]

    def recorded(self, epochs: Array, end: int, best: int) -> dict[str, Array]:
        """Tell for each part of the record which epochs (K,) belong to it.

        The last epoch of a training belongs to all parts that are recorded, the best one (0 if there is none)
        to the history.
        """
        parts = self.by_rule(epochs)
        for part, rule in self.records.items():
            if rule != "none":
                parts[part] |= epochs == end
        parts["history"] |= epochs == best
        return parts
