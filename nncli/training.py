"""The training loop: a generator of reports, which the caller shows, records or stops."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Dataset
from nncli.engines.contract import Chunk, Plan, State, start
from nncli.errors import DivergedError
from nncli.experiment import Experiment
from nncli.nn.activations import Array

CHUNK_SECONDS = 0.5  # a chunk is the longest time in which nothing is reported or heard
HUGE = 1e6  # a loss grown by this factor will not come back


@dataclass(frozen=True)
class Standing:
    """Where a training stands: enough to go on as if it had never stopped.

    Attributes
    ----------
    behind : the states at the last two epochs that the rules of the record report, newest first;
        a divergence falls back on them.
    """

    state: State
    behind: tuple[State, State]

    @classmethod
    def start(cls, experiment: Experiment) -> Standing:
        """Before the first update."""
        state = start(experiment.network, experiment.initial, experiment.recipe)
        return cls(state, (state, state))


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
    observer: Observer

    @property
    def state(self) -> State:
        """Parameters and the optimiser's memory."""
        return self.standing.state

    @property
    def learning_rate(self) -> float:
        """The optimiser's step size in the epoch; at epoch 0 that of the first."""
        return self.observer.experiment.recipe.learning_rate(max(0, self.epoch - 1))

    @cached_property
    def outputs(self) -> Array:
        """Of all training rows after the epoch, (n, k)."""
        return self.observer.outputs(self.state.parameters)

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """The config's metrics of these outputs, by name."""
        return self.observer.metrics(self.outputs, self.observer.experiment.dataset.expected)

    @cached_property
    def validation(self) -> Mapping[str, float]:
        """Loss and metrics of the validation rows after the epoch, by name; nothing where there are none."""
        held_out = self.observer.experiment.held_out.get("validation")
        return {} if held_out is None else self.observer.measured(self.state.parameters, held_out)


class Diverged(DivergedError):
    """Training left the finite world in `epoch`; the loss of the weights in `last_good` was still sound."""

    def __init__(self, epoch: int, losses: Array, reason: str, last_good: State) -> None:
        super().__init__(f"training diverged at epoch {epoch}: {reason}")
        self.epoch, self.losses, self.reason, self.last_good = epoch, losses, reason, last_good


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
    loss = observer.loss(experiment.initial)
    limit = HUGE * max(loss, observer.loss_of_guessing())
    since = since or Standing.start(experiment)
    state, behind = since.state, since.behind
    if state.update == 0:
        yield Report(0, loss, float("nan"), since, observer.kept(0), observer)
    else:
        loss = observer.loss(state.parameters)
    pace, reported = _Pace(), time.perf_counter()
    while state.update < per_epoch * experiment.epochs:
        if observer.reports(state.update / per_epoch):
            behind = state, behind[0]
        due = observer.next_epoch(state.update // per_epoch) * per_epoch
        updates = min(due - state.update, pace.updates)
        began = time.perf_counter()
        chunk = plan.run(state, updates)
        pace.measured(updates, time.perf_counter() - began)
        reason = _divergence(chunk, limit)
        if reason is None and chunk.state.update == due:
            reason = _frozen(chunk.state, experiment)
        if reason:
            raise _diverged(plan, observer, behind, chunk.state.update, limit, reason)
        state = chunk.state
        loss = float(chunk.losses[-1]) if len(chunk.losses) else loss
        epoch = state.update // per_epoch
        kept = observer.kept(epoch) if state.update == due else frozenset[str]()
        if kept or time.perf_counter() - reported > CHUNK_SECONDS:
            yield Report(epoch, loss, chunk.gradient_norm, Standing(state, behind), kept, observer)
            reported = time.perf_counter()


class _Pace:
    """How many updates fill a chunk, learnt from the last one."""

    def __init__(self) -> None:
        self.updates = 1

    def measured(self, updates: int, seconds: float) -> None:
        rate = updates / max(seconds, 1e-9)
        self.updates = max(1, int(min(rate * CHUNK_SECONDS, 10 * updates)))


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
        due = (-(-first // step) * step for step in self.steps(first).values())
        return min(self.experiment.epochs, *due)

    def kept(self, epoch: int) -> frozenset[str]:
        """Which parts of the record an epoch belongs to; the last belongs to all."""
        last = epoch == self.experiment.epochs
        return frozenset(part for part, step in self.steps(epoch).items() if last or epoch % step == 0)

    def loss(self, parameters: Array) -> float:
        """The loss on all training rows."""
        data, loss = self.experiment.dataset, self.experiment.recipe.loss
        with np.errstate(all="ignore"):
            output = self.experiment.network.forward(parameters, data.X)[-1]
            return loss.value(output.Z, output.A, data.Y)

    def loss_of_guessing(self) -> float:
        """The loss of being off by the largest target (or 1, if all are 0) everywhere, or of z = 0.

        Never below that of predicting each target's mean or, with losses written in Z, its share.
        """
        Y, loss = self.experiment.dataset.Y, self.experiment.recipe.loss
        with np.errstate(all="ignore"):
            U = np.zeros_like(Y) if loss.link else Y + (np.abs(Y).max() or 1.0)
            return loss.value(U, U, Y)

    def measured(self, parameters: Array, dataset: Dataset) -> dict[str, float]:
        """The loss and the config's metrics on any rows, by name."""
        with np.errstate(all="ignore"):
            output = self.experiment.network.forward(parameters, dataset.X)[-1]
            loss = self.experiment.recipe.loss.value(output.Z, output.A, dataset.Y)
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


def _divergence(chunk: Chunk, limit: float) -> str | None:
    """Why training cannot go on, or None."""
    if not np.isfinite(chunk.losses).all():
        return "the loss is no longer finite"
    if not np.isfinite(chunk.state.parameters).all():
        return "a weight is no longer finite"
    if (chunk.losses > limit).any():
        return "the loss has grown a million times beyond that of guessing"
    return None


def _frozen(state: State, experiment: Experiment) -> str | None:
    """Why finite differences see no slope, or None; weights may come back, so it is asked at set epochs."""
    epsilon = experiment.config.gradient.options().get("epsilon")
    if epsilon and (state.parameters + epsilon == state.parameters).any():
        return f"a weight is so large that adding epsilon = {epsilon:g} no longer changes it"
    return None


def _diverged(
    plan: Plan, observer: Observer, behind: tuple[State, ...], end: int, limit: float, reason: str
) -> Diverged:
    """Repeat the epochs since the last report one by one: the first to fail, and the last sound state.

    A chunk may begin and end inside an epoch, where nothing is known of the loss of all rows.
    """
    experiment = observer.experiment
    sound = (state for state in behind if observer.loss(state.parameters) <= limit)
    good = next(sound, Standing.start(experiment).state)
    state, losses = behind[0], np.empty(0)
    while state.update < end:
        chunk = plan.run(state, experiment.updates_per_epoch - state.update % experiment.updates_per_epoch)
        state, losses = chunk.state, np.append(losses, chunk.losses)
        found = _divergence(chunk, limit) or _frozen(state, experiment)
        if found:
            reason = found
            break
        if observer.loss(state.parameters) <= limit:
            good = state
    return Diverged(state.update // experiment.updates_per_epoch, losses, reason, good)
