"""Which epochs are reported and recorded: a function of the config and of sizes alone, never of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
class Cadence:
    """When the parts of a training's record are due.

    Attributes
    ----------
    records : `history`, `weights` and `errors` -> whether `all` epochs, those of `auto`, or `none`.
    density : snapshots per doubling of epochs.
    epochs : the last epoch.
    evaluate_every : epochs between evaluations that early stopping waits for; None where it does not.
    """

    records: Mapping[str, str]
    density: int
    epochs: int
    evaluate_every: int | None

    @classmethod
    def of(cls, experiment: Experiment) -> Cadence:
        """The cadence that an experiment's `record` asks for."""
        record = experiment.config.record
        rows = min(len(experiment.dataset), 1000) * experiment.network.outputs
        return cls(
            {"history": record.history, "weights": record.weights, "errors": record.errors},
            snapshot_density(experiment.network.parameter_count + rows),
            experiment.epochs,
            experiment.evaluate_every if experiment.early_stopping else None,
        )

    def steps(self, epoch: int) -> dict[str, int]:
        """How far apart each part is recorded around an epoch; without those never recorded."""
        auto = {
            "history": history_step(epoch),
            "weights": snapshot_step(epoch, self.density),
            "errors": snapshot_step(epoch, self.density),
        }
        records = self.records
        return {part: 1 if records[part] == "all" else auto[part] for part in auto if records[part] != "none"}

    def reports(self, epoch: float) -> bool:
        """Whether the rules alone report an epoch, be it the last or not; never inside one."""
        return any(epoch % step == 0 for step in self.steps(int(epoch)).values())

    def next_epoch(self, epoch: int) -> int:
        """The first epoch after `epoch` that is reported."""
        first = epoch + 1
        steps = [*self.steps(first).values()]
        if self.evaluate_every:
            steps.append(self.evaluate_every)
        due = (-(-first // step) * step for step in steps)
        return min(self.epochs, *due)

    def kept(self, epoch: int, end: int, best: int) -> frozenset[str]:
        """Which parts of the record an epoch belongs to.

        The one at which training ends belongs to all, the best one, 0 where there is none, to the history.
        """
        extra = {"history"} if epoch == best else set[str]()
        by_rule = {part for part, step in self.steps(epoch).items() if epoch == end or epoch % step == 0}
        return frozenset(by_rule | extra)
