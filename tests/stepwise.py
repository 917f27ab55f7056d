"""The epochs of a training one by one, out of reports that hold many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from nncli.nn.arrays import Array
from nncli.training import loop
from nncli.training.experiment import Experiment
from nncli.training.loop import Progress, Report


@dataclass(frozen=True)
class Epoch:
    """One of the epochs of a report."""

    report: Report
    position: int

    @property
    def epoch(self) -> int:
        return int(self.report.epochs[self.position])

    @property
    def loss(self) -> float:
        return float(self.report.losses[self.position])

    @property
    def gradient_norm(self) -> float:
        return float(self.report.gradient_norms[self.position])

    @property
    def learning_rate(self) -> float:
        return float(self.report.learning_rates[self.position])

    @property
    def parameters(self) -> Array:
        return self.report.parameters[self.position]

    @property
    def recorded(self) -> set[str]:
        return {part for part, epochs in self.report.recorded.items() if epochs[self.position]}

    @property
    def values(self) -> dict[str, float]:
        values = {name: float(value[self.position]) for name, value in self.report.values.items()}
        return {name: value for name, value in values.items() if self.report.is_evaluated[self.position]}

    @property
    def metrics(self) -> dict[str, float]:
        return {name: self.values[name] for name in self.report.experiment.metrics}

    @property
    def outputs(self) -> Array:
        chosen = np.zeros(len(self.report.epochs), bool)
        chosen[self.position] = True
        (outputs,) = self.report.outputs(chosen)
        return outputs

    @property
    def progress(self) -> Progress:
        """The progress at the end of the report, of which this must be the last epoch."""
        assert self.report.epoch == self.epoch
        return self.report.progress


def epochs(reports: Iterable[Report]) -> Iterator[Epoch]:
    """The epochs that reports hold."""
    for report in reports:
        yield from (Epoch(report, position) for position in range(len(report.epochs)))


def train(experiment: Experiment, since: Progress | None = None) -> Iterator[Epoch]:
    """Train, epoch by epoch."""
    return epochs(loop.train(experiment, since))
