"""The training loop: a generator of reports, which the caller shows, records or stops."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from nncli.engines.contract import Chunk, State, start
from nncli.nn.arrays import Array
from nncli.training import chunks, measure
from nncli.training.cadence import Cadence
from nncli.training.divergence import Guard
from nncli.training.early_stopping import Best
from nncli.training.experiment import Experiment
from nncli.training.measure import Measured

Ending = Literal["early_stopping", "stop_when"]


def train(experiment: Experiment, since: Progress | None = None) -> Iterator[Report]:
    """Train from where a report left off (default: the start) to the end, yielding reports of the epochs.

    However a training is divided into chunks, stopped and resumed, its numbers are the same.

    Raises
    ------
    Diverged
        If the loss or a parameter is no longer finite, or the loss has grown beyond recovery.
    """
    progress, cadence = since or Progress.start(experiment), Cadence.of(experiment)
    guard, divided = Guard.of(experiment, cadence), chunks.Chunks(experiment, cadence)
    loss, reported = measure.loss(experiment, progress.state.parameters), time.perf_counter()
    if progress.state.update == 0:
        yield Report.start(experiment, cadence, progress, loss)
    while not progress.ended and progress.state.update < cadence.updates:
        chunk = guard.sound(divided.run(progress.state), progress.reported_before(cadence))
        report = Report.of(chunk, progress, loss, cadence, experiment)
        progress, loss = report.progress, report.loss
        if len(report.epochs) or time.perf_counter() - reported > chunks.SECONDS:
            yield report
            reported = time.perf_counter()


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
        return (self.state, self.reported[0]) if self._is_reported(cadence) else self.reported

    def _is_reported(self, cadence: Cadence) -> bool:
        return bool(cadence.reported(np.array([self.state.update])).all())

    def after(self, chunk: Chunk, cadence: Cadence) -> Progress:
        """The progress at the last stop of a chunk, as if training went on."""
        reported = np.flatnonzero(cadence.reported(chunk.updates[:-1]))[-2:].tolist()
        older, newer = [*reversed(self.reported_before(cadence)), *map(chunk.state, reported)][-2:]
        return replace(self, state=chunk.state(), reported=(newer, older))


@dataclass(frozen=True)
class Report:
    """The numbers of the epochs since the last report that are due; of epoch 0 before training.

    Attributes
    ----------
    progress : at the end of the report, which may be beyond the last of its epochs, or inside one.
    loss : of the last complete epoch.
    epochs : those that are due, (K,), ascending.
    losses : of epoch k as it was trained, each batch before its update; of epoch 0 at the start (K,).
    gradient_norms : of each epoch's last update; NaN at epoch 0 (K,).
    parameters : after each epoch (K, P).
    recorded : for each part of the record (history, weights, errors) the epochs that belong to it, as
        booleans (K,).
    """

    experiment: Experiment
    progress: Progress
    loss: float
    epochs: Array
    losses: Array
    gradient_norms: Array
    parameters: Array
    recorded: Mapping[str, Array]

    @classmethod
    def start(cls, experiment: Experiment, cadence: Cadence, progress: Progress, loss: float) -> Report:
        """The report of epoch 0."""
        epochs = np.zeros(1, np.int64)
        recorded = cadence.recorded(epochs, end=cadence.epochs, best=progress.best_epoch)
        return cls(
            experiment,
            progress,
            loss,
            epochs,
            np.array([loss]),
            np.full(1, np.nan),
            progress.state.parameters[np.newaxis],
            recorded,
        )

    @classmethod
    def of(
        cls, chunk: Chunk, since: Progress, loss: float, cadence: Cadence, experiment: Experiment
    ) -> Report:
        """The report of a chunk, up to where training ends.

        Parameters
        ----------
        since : the progress before the chunk.
        loss : of the last complete epoch before the chunk.
        """
        losses = np.concatenate([[loss], chunk.losses])
        epochs = chunk.updates // cadence.updates_per_epoch
        losses = losses[len(chunk.losses) - (epochs[-1] - epochs)]
        stops_at = losses < cadence.loss_below
        due = (chunk.updates % cadence.updates_per_epoch == 0) & (cadence.is_due(epochs) | stops_at)
        report = cls(
            experiment,
            since.after(chunk, cadence),
            float(losses[-1]),
            epochs[due],
            losses[due],
            chunk.gradient_norms[due],
            chunk.parameters[due],
            {},
        )
        best, exhausted = report._evaluated(since.best)
        if exhausted is not None:
            stops = int(np.flatnonzero(due)[exhausted]) + 1
            if stops < len(due):
                shorter = chunk.until(stops, cadence.updates_per_epoch)
                return cls.of(shorter, since, loss, cadence, experiment)
        ended: Ending | None = "early_stopping" if exhausted is not None else None
        if due[-1] and stops_at[-1]:
            ended = "stop_when"
        progress = replace(report.progress, best=best, ended=ended)
        end = int(epochs[-1]) if ended else cadence.epochs
        recorded = cadence.recorded(report.epochs, end, progress.best_epoch)
        return replace(report, progress=progress, recorded=recorded)

    def _evaluated(self, best: Best | None) -> tuple[Best | None, int | None]:
        """The best evaluation by now, and the position of the epoch at which patience was exhausted."""
        early = self.experiment.early_stopping
        if early is None or best is None:
            return best, None
        for position in np.flatnonzero(self.is_evaluated).tolist():
            value = float(self.values[early.monitor][position])
            best = early.after(best, value, int(self.epochs[position]), self.parameters[position])
            if early.is_exhausted(best):
                return best, position
        return best, None

    @property
    def state(self) -> State:
        """Parameters and the optimizer's slots at the end of the report."""
        return self.progress.state

    @property
    def epoch(self) -> int:
        """Complete epochs."""
        return self.state.update // self.experiment.updates_per_epoch

    @property
    def is_evaluated(self) -> Array:
        """Tell at which epochs metrics and validation are measured (K,)."""
        return np.asarray(self.epochs % self.experiment.evaluate_every == 0)

    @cached_property
    def _measured(self) -> Measured:
        return Measured(self.experiment, self.parameters[self.is_evaluated])

    @property
    def learning_rates(self) -> Array:
        """The optimizer's step size in each epoch; at epoch 0 that of the first (K,)."""
        return self.experiment.recipe.learning_rates(np.maximum(0, self.epochs - 1).tolist())

    @cached_property
    def values(self) -> dict[str, Array]:
        """The numbers of each epoch as the history names them (K,), NaN where they were not measured."""
        values = {"loss": self.losses}
        for name, measured in self._measured.values.items():
            values[name] = np.full(len(self.epochs), np.nan)
            values[name][self.is_evaluated] = measured
        return values

    def outputs(self, chosen: Array, first: int | None = None) -> Array:
        """Outputs for the first training rows (default: all) after the chosen epochs, booleans (K,).

        Returns
        -------
        (chosen, rows, k). If metrics need the outputs for all rows, they are not computed again.
        """
        if not self.experiment.metrics or (chosen & ~self.is_evaluated).any():
            return measure.outputs(self.experiment, self.parameters[chosen], first)
        return np.asarray(self._measured.outputs[chosen[self.is_evaluated], :first])
