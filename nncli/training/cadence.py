"""The epochs that are recorded: a pure function of the config and of sizes, never of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nncli.engines.contract import Chunk
from nncli.training.experiment import Experiment


def history_step(epoch: int) -> int:
    """Return the epochs between two rows of the history: 1 up to epoch 1,000, 10 up to 10,000, and so on."""
    step = 1
    while epoch > 1000 * step:
        step *= 10
    return step


def snapshot_step(epoch: int, density: int) -> int:
    """Return the epochs between two snapshots: 1 up to epoch 16, then `density` per doubling."""
    return 1 if epoch <= 16 else (1 << (epoch.bit_length() - 1)) // density


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

    def steps(self, epoch: int) -> dict[str, int]:
        """Return the epochs between two records of each part; parts never recorded are left out."""
        auto = {
            "history": history_step(epoch),
            "weights": snapshot_step(epoch, self.density),
            "errors": snapshot_step(epoch, self.density),
        }
        records = self.records
        return {part: 1 if records[part] == "all" else auto[part] for part in auto if records[part] != "none"}

    def reports(self, update: int) -> bool:
        """Tell whether the rules report the epoch that ends with an update, even if it were not the last."""
        epoch, inside = divmod(update, self.updates_per_epoch)
        return not inside and any(epoch % step == 0 for step in self.steps(epoch).values())

    def next_due(self, update: int) -> int:
        """Return the update that ends the first epoch due after `update`."""
        first = update // self.updates_per_epoch + 1
        steps = [*self.steps(first).values()]
        if self.evaluate_every:
            steps.append(self.evaluate_every)
        epoch = min(self.epochs, *(-(-first // step) * step for step in steps))
        return epoch * self.updates_per_epoch

    def ends(self, chunk: Chunk) -> bool:
        """Tell whether the loss of the last epoch in a chunk ends training."""
        return bool((chunk.losses[-1:] < self.loss_below).any())

    def recorded(self, epoch: int, end: int, best: int) -> frozenset[str]:
        """Return the parts of the record that an epoch belongs to.

        The last epoch of a training belongs to all of them, the best one (0 if there is none) to the history.
        """
        extra = {"history"} if epoch == best else set[str]()
        by_rule = {part for part, step in self.steps(epoch).items() if epoch == end or epoch % step == 0}
        return frozenset(by_rule | extra)
