"""The training loop: a generator of reports, which the caller shows, records or stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from nncli.engines.contract import State, start
from nncli.nn.arrays import Array
from nncli.training import chunks, measure
from nncli.training.cadence import Cadence
from nncli.training.divergence import Guard
from nncli.training.early_stopping import Best
from nncli.training.experiment import Experiment
from nncli.training.measure import Measured

Ending = Literal["early_stopping", "stop_when"]


def train(experiment: Experiment, since: Progress | None = None) -> Iterator[Report]:
    """Train from where a report left off (default: the start) to the end, yielding a report when one is due.

    However a training is divided into chunks, stopped and resumed, its numbers are the same.

    Raises
    ------
    Diverged
        If the loss or a parameter is no longer finite, or the loss has grown beyond recovery.
    """
    progress = since or Progress.start(experiment)
    cadence = Cadence.of(experiment)
    guard = Guard.of(experiment, cadence)
    loss, reported = measure.loss(experiment, progress.state.parameters), time.perf_counter()
    if progress.state.update == 0:
        yield Report.start(experiment, cadence, progress, loss)
    if progress.ended:
        return
    for chunk, due in chunks.run(experiment, cadence, progress.state):
        earlier = progress.reported_before(cadence)
        guard.require_sound(chunk, earlier, due=due)
        loss = float(chunk.losses[-1]) if len(chunk.losses) else loss
        measured = Measured(experiment, chunk.state.parameters)
        progress, recorded = Progress(chunk.state, earlier, progress.best), frozenset[str]()
        if due:
            progress = progress.evaluated(cadence, loss, measured)
            recorded = progress.recorded(cadence)
        if recorded or time.perf_counter() - reported > chunks.SECONDS:
            yield Report(progress, loss, chunk.gradient_norm, recorded, measured)
            reported = time.perf_counter()
        if progress.ended:
            return


@dataclass(frozen=True)
class Progress:
    """The progress of a training: enough to resume it as if it had never stopped.

    Attributes
    ----------
    reported : the states at the last two epochs that the rules of the record report, newest first; a
        divergence falls back on them.
    best : the best evaluation so far, where early stopping is on.
    ended : the key that ended training, the last epoch or not; None while none has.
    """

    state: State
    reported: tuple[State, State]
    best: Best | None = None
    ended: Ending | None = None

    @classmethod
    def start(cls, experiment: Experiment) -> Progress:
        """Before the first update."""
        state = start(experiment.network, experiment.initial, experiment.recipe)
        early = experiment.early_stopping
        return cls(state, (state, state), early.start(experiment.initial) if early else None)

    @property
    def best_epoch(self) -> int:
        """The epoch of the best evaluation; 0 if there is none."""
        return self.best.epoch if self.best else 0

    def parameters(self, experiment: Experiment) -> Array:
        """The weights that a training leaves if it ends here: the last, or the best so far."""
        if experiment.early_stopping is None or self.best is None:
            return self.state.parameters
        return experiment.early_stopping.restored(self.best, self.state.parameters)

    def reported_before(self, cadence: Cadence) -> tuple[State, State]:
        """The states at the last two reported epochs, for whatever comes after this state."""
        return (self.state, self.reported[0]) if cadence.reports(self.state.update) else self.reported

    def evaluated(self, cadence: Cadence, loss: float, measured: Measured) -> Progress:
        """The same state, at the end of an epoch that is due: what is best now, and whether training ends."""
        experiment, best = measured.experiment, self.best
        early, epoch = experiment.early_stopping, self.state.update // cadence.updates_per_epoch
        if early and best and epoch % experiment.evaluate_every == 0:
            value = loss if early.monitor == "loss" else measured.values[early.monitor]
            best = early.after(best, value, epoch, measured.parameters)
        ended: Ending | None = "early_stopping" if early and best and early.is_exhausted(best) else None
        if loss < cadence.loss_below:
            ended = "stop_when"
        return replace(self, best=best, ended=ended)

    def recorded(self, cadence: Cadence) -> frozenset[str]:
        """The parts of the record that the epoch of this state belongs to."""
        epoch = self.state.update // cadence.updates_per_epoch
        return cadence.recorded(epoch, epoch if self.ended else cadence.epochs, self.best_epoch)


@dataclass(frozen=True)
class Report:
    """The numbers of an epoch; epoch 0 is before training.

    Attributes
    ----------
    loss : of epoch k as it was trained, each batch before its update; of epoch 0 at the start.
    gradient_norm : of the epoch's last update; NaN at epoch 0.
    recorded : the parts of the record it belongs to: history, weights, errors. Empty if it only tells how
        far training has come; `epoch` then counts the epochs that are complete.
    """

    progress: Progress
    loss: float
    gradient_norm: float
    recorded: frozenset[str]
    measured: Measured

    @classmethod
    def start(cls, experiment: Experiment, cadence: Cadence, progress: Progress, loss: float) -> Report:
        """The report of epoch 0."""
        measured = Measured(experiment, progress.state.parameters)
        return cls(progress, loss, float("nan"), progress.recorded(cadence), measured)

    @property
    def state(self) -> State:
        """Parameters and the optimizer's slots."""
        return self.progress.state

    @property
    def epoch(self) -> int:
        """Complete epochs."""
        return self.state.update // self.measured.experiment.updates_per_epoch

    @property
    def learning_rate(self) -> float:
        """The optimizer's step size in the epoch; at epoch 0 that of the first."""
        return self.measured.experiment.recipe.learning_rate(max(0, self.epoch - 1))

    @property
    def outputs(self) -> Array:
        """Outputs for all training rows after the epoch, (n, k)."""
        return self.measured.outputs

    @property
    def metrics(self) -> dict[str, float]:
        """The config's metrics of these outputs, by name."""
        return self.measured.metrics

    @property
    def values(self) -> dict[str, float]:
        """The epoch's numbers as the history names them; the measured ones if they are due."""
        due = self.epoch % self.measured.experiment.evaluate_every == 0
        return {"loss": self.loss, **(self.measured.values if due else {})}
