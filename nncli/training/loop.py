"""The training loop: a generator of reports, which the caller shows, records or stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nncli.engines.contract import Chunk, State, start
from nncli.nn.arrays import Array
from nncli.training.cadence import Cadence
from nncli.training.divergence import divergence, frozen, limit_of, located
from nncli.training.early_stopping import Best
from nncli.training.experiment import Experiment
from nncli.training.observer import Measured, Observer

Ending = Literal["early_stopping", "stop_when"]

CHUNK_SECONDS = 0.5  # a chunk is the longest time in which nothing is reported or heard


@dataclass(frozen=True)
class Standing:
    """Where a training stands: enough to go on as if it had never stopped.

    Attributes
    ----------
    behind : the states at the last two epochs that the rules of the record report, newest first;
        a divergence falls back on them.
    best : what early stopping knows, where it is on.
    ended : the key that ended training, the last epoch or not; None while none has.
    """

    state: State
    behind: tuple[State, State]
    best: Best | None = None
    ended: Ending | None = None

    @classmethod
    def start(cls, experiment: Experiment) -> Standing:
        """Before the first update."""
        state = start(experiment.network, experiment.initial, experiment.recipe)
        early = experiment.early_stopping
        return cls(state, (state, state), early.start(experiment.initial) if early else None)

    @property
    def best_epoch(self) -> int:
        """The epoch of the best evaluation; 0 where there is none."""
        return self.best.epoch if self.best else 0

    def parameters(self, experiment: Experiment) -> Array:
        """What a training that stands here leaves as its weights: the last, or the best so far."""
        if experiment.early_stopping is None or self.best is None:
            return self.state.parameters
        return experiment.early_stopping.kept(self.best, self.state.parameters)


@dataclass(frozen=True)
class Report:
    """What is known after an epoch; epoch 0 is before training.

    Attributes
    ----------
    loss : of epoch k as it was trained, each batch before its update; of epoch 0 at the start.
    gradient_norm : of the epoch's last update; NaN at epoch 0.
    kept : which parts of the record it belongs to: history, weights, errors. Empty where it only
        says how far training has come; `epoch` then counts the epochs that are complete.
    """

    epoch: int
    loss: float
    gradient_norm: float
    standing: Standing
    kept: frozenset[str]
    measured: Measured

    @property
    def state(self) -> State:
        """Parameters and the optimiser's memory."""
        return self.standing.state

    @property
    def learning_rate(self) -> float:
        """The optimiser's step size in the epoch; at epoch 0 that of the first."""
        return self.measured.observer.experiment.recipe.learning_rate(max(0, self.epoch - 1))

    @property
    def outputs(self) -> Array:
        """Of all training rows after the epoch, (n, k)."""
        return self.measured.outputs

    @property
    def metrics(self) -> dict[str, float]:
        """The config's metrics of these outputs, by name."""
        return {name: self.measured.values[name] for name in self.measured.observer.experiment.metrics}

    @property
    def values(self) -> dict[str, float]:
        """The epoch's numbers as the history names them; of those measured after it, where they are due."""
        due = self.epoch % self.measured.observer.experiment.evaluate_every == 0
        return {"loss": self.loss, **(self.measured.values if due else {})}


def train(experiment: Experiment, since: Standing | None = None) -> Iterator[Report]:
    """Train from where a report stood (default: the start) to the last epoch, yielding what is due.

    Whatever stood between two reports, chunks and stops, the numbers are those of one undisturbed training.

    Raises
    ------
    Diverged
        When the loss or a parameter is no longer finite, or the loss has grown beyond all hope.
    """
    plan = experiment.engine.plan(
        experiment.network, experiment.dataset.X, experiment.dataset.Y, experiment.recipe
    )
    per_epoch = experiment.updates_per_epoch
    observer = Observer.of(experiment)
    cadence, limit = Cadence.of(experiment), limit_of(observer)
    loss = observer.loss(experiment.initial)
    standing = since or Standing.start(experiment)
    state, behind = standing.state, standing.behind
    if state.update == 0:
        kept = cadence.kept(0, experiment.epochs, 0)
        yield Report(0, loss, float("nan"), standing, kept, Measured(observer, state.parameters))
    else:
        loss = observer.loss(state.parameters)
    pace, reported = _Pace(), time.perf_counter()
    while state.update < per_epoch * experiment.epochs and not standing.ended:
        if cadence.reports(state.update / per_epoch):
            behind = state, behind[0]
        due = cadence.next_epoch(state.update // per_epoch) * per_epoch
        updates = min(due - state.update, pace.updates)
        began = time.perf_counter()
        chunk = plan.run(state, updates)
        pace.measured(updates, time.perf_counter() - began)
        end = _end(chunk, experiment)
        if end:
            due = end
            chunk = plan.run(state, end - state.update) if end < chunk.state.update else chunk
        reason = divergence(chunk, limit)
        if reason is None and chunk.state.update == due:
            reason = frozen(chunk.state, experiment)
        if reason:
            raise located(plan, observer, behind, chunk.state.update, limit, reason)
        state = chunk.state
        loss = float(chunk.losses[-1]) if len(chunk.losses) else loss
        epoch, measured = state.update // per_epoch, Measured(observer, state.parameters)
        standing, kept = Standing(state, behind, standing.best), frozenset[str]()
        if state.update == due:
            standing = _judged(standing, epoch, loss, measured, met=bool(end))
            last = epoch if standing.ended else experiment.epochs
            kept = cadence.kept(epoch, last, standing.best_epoch)
        if kept or time.perf_counter() - reported > CHUNK_SECONDS:
            yield Report(epoch, loss, chunk.gradient_norm, standing, kept, measured)
            reported = time.perf_counter()


def _end(chunk: Chunk, experiment: Experiment) -> int:
    """The update at which the first epoch of a chunk met `stop_when`; 0 for none."""
    stop, per_epoch = experiment.config.training.stop_when, experiment.updates_per_epoch
    if stop is None or not (met := np.flatnonzero(chunk.losses < stop.loss_below)).size:
        return 0
    return int(chunk.state.update // per_epoch - len(chunk.losses) + met[0] + 1) * per_epoch


def _judged(standing: Standing, epoch: int, loss: float, measured: Measured, *, met: bool) -> Standing:
    """Where a training stands after an epoch, whose `stop_when` was met or not."""
    observer = measured.observer
    early, best = observer.experiment.early_stopping, standing.best
    if early and best and epoch % observer.experiment.evaluate_every == 0:
        value = loss if early.monitor == "loss" else measured.values[early.monitor]
        best = early.judged(best, value, epoch, measured.parameters)
    if met:
        return replace(standing, best=best, ended="stop_when")
    ended: Ending | None = "early_stopping" if early and best and early.ends(best) else None
    return replace(standing, best=best, ended=ended)


class _Pace:
    """How many updates fill a chunk, learnt from the last one."""

    def __init__(self) -> None:
        self.updates = 1

    def measured(self, updates: int, seconds: float) -> None:
        rate = updates / max(seconds, 1e-9)
        self.updates = max(1, int(min(rate * CHUNK_SECONDS, 10 * updates)))
