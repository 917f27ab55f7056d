"""Train several experiments without run directories, one result after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nncli.data.split import Part
from nncli.engines import threads
from nncli.nn.arrays import Array
from nncli.training import loop, measure
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment
from nncli.training.model import Model


@dataclass(frozen=True)
class Trained:
    """The end of one training.

    Attributes
    ----------
    parameters : the weights (P,) that a run would save.
    epochs : complete epochs.
    results : loss and metrics of these weights by name, of each set.
    divergence : message of the error if training diverged, which leaves the last good weights; else None.
    """

    experiment: Experiment
    parameters: Array
    epochs: int
    results: dict[Part, dict[str, float]]
    divergence: str | None = None

    @property
    def model(self) -> Model:
        """The trained network with its columns."""
        return Model(self.experiment.network, self.parameters, self.experiment.rows.training.columns)


def train_each(experiments: Iterable[Experiment]) -> Iterator[Trained]:
    """Train experiments in their order, and yield each result as soon as it is there.

    A training that diverges is a result as well; the others continue.
    """
    for experiment in experiments:
        yield _trained(experiment)


def _trained(experiment: Experiment) -> Trained:
    divergence, progress = None, loop.Progress.start(experiment)
    with threads.limited(experiment.threads):
        try:
            for report in loop.train(experiment):
                progress = report.progress
            parameters, update = progress.parameters(experiment), progress.state.update
        except Diverged as outcome:
            divergence = outcome.message
            parameters, update = outcome.last_good.parameters, outcome.last_good.update
        results = {
            part: measure.measure(experiment, parameters, rows)
            for part, rows in experiment.rows.by_part.items()
        }
    epochs = update // experiment.updates_per_epoch
    return Trained(experiment, parameters, epochs, results, divergence)
