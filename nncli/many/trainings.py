"""Train several experiments without run directories, one result after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from nncli.data.split import Part
from nncli.engines import threads
from nncli.many import stacked
from nncli.many.stacked import Way
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
    is_stopped : whether the caller stopped it before its end.
    """

    experiment: Experiment
    parameters: Array
    epochs: int
    results: dict[Part, dict[str, float]]
    divergence: str | None = None
    is_stopped: bool = False

    @property
    def model(self) -> Model:
        """The trained network with its columns."""
        return Model(self.experiment.network, self.parameters, self.experiment.rows.training.columns)


def train_each(experiments: Iterable[Experiment]) -> Iterator[Trained]:
    """Train experiments in their order, and yield each result as soon as it is there.

    Neighbors of equal shape are trained together, if that is faster; their results come together. A training
    that diverges is a result as well; the others continue.
    """
    for together in _alike(experiments):
        way = stacked.fastest(together)
        if way == "alone":
            yield from map(train_one, together)
        else:
            yield from train_together(together, way)


def _alike(experiments: Iterable[Experiment]) -> Iterator[list[Experiment]]:
    """Yield neighbors of equal shape, as many as may be stacked."""
    together: list[Experiment] = []
    common: object = None
    for experiment in experiments:
        shape = stacked.shape(experiment)
        if together and (shape != common or len(together) == stacked.most(together[0])):
            yield together
            together = []
        together.append(experiment)
        common = shape
    if together:
        yield together


def train_together(experiments: Sequence[Experiment], way: Way) -> Iterator[Trained]:
    """Train experiments of equal shape at once, in the given way; those that diverge again, alone."""
    found = stacked.trained(experiments, way)
    sound = [(each, weights) for each, weights in zip(experiments, found, strict=True) if weights is not None]
    measured = iter(stacked.results(*zip(*sound, strict=True)) if sound else [])
    for experiment, parameters in zip(experiments, found, strict=True):
        if parameters is None:
            yield train_one(experiment)  # alone, for the epoch and the reason of its divergence
        else:
            yield Trained(experiment, parameters, experiment.epochs, next(measured))


Stop = Callable[[loop.Report], tuple[int, Array] | None]


def train_one(experiment: Experiment, stop: Stop | None = None) -> Trained:
    """Train an experiment alone, with the same result as a run of it, bit for bit.

    Parameters
    ----------
    stop : sees every report, and may return an epoch of it with the weights (P,) after it, to end there.
    """
    divergence, progress = None, loop.Progress.start(experiment)
    with threads.limited(experiment.threads):
        try:
            for report in loop.train(experiment):
                progress = report.progress
                if stop and (end := stop(report)):
                    epochs, parameters = end
                    return Trained(
                        experiment, parameters, epochs, _results(experiment, parameters), is_stopped=True
                    )
            parameters, update = progress.parameters(experiment), progress.state.update
        except Diverged as outcome:
            divergence = outcome.message
            parameters, update = outcome.last_good.parameters, outcome.last_good.update
    epochs = update // experiment.updates_per_epoch
    return Trained(experiment, parameters, epochs, _results(experiment, parameters), divergence)


def _results(experiment: Experiment, parameters: Array) -> dict[Part, dict[str, float]]:
    with threads.limited(experiment.threads):
        return {
            part: measure.measure(experiment, parameters, rows)
            for part, rows in experiment.rows.by_part.items()
        }
