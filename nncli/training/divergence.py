"""Divergence: losses and weights that are not finite, losses that explode, weights that no longer move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nncli.engines.contract import Chunk, State, start
from nncli.messages.errors import DivergedError
from nncli.nn.arrays import Array
from nncli.training import measure
from nncli.training.cadence import Cadence
from nncli.training.experiment import Experiment

HUGE = 1e6  # times the baseline: a loss that large does not recover


class Diverged(DivergedError):
    """Training diverged in `epoch`; the loss of the weights in `last_good` was still within the limit."""

    def __init__(self, epoch: int, losses: Array, reason: str, last_good: State) -> None:
        super().__init__(f"training diverged at epoch {epoch}: {reason}")
        self.epoch, self.losses, self.reason, self.last_good = epoch, losses, reason, last_good


def loss_limits(experiment: Experiment, start: Array | float) -> Array:
    """Return the losses (...) beyond which trainings have diverged that start with losses (...)."""
    worst = measure.worst_constant_loss(experiment)
    return HUGE * np.where(worst > start, worst, start)


@dataclass(frozen=True)
class Guard:
    """Ends a training that cannot continue.

    Attributes
    ----------
    limit : the loss beyond which a training has diverged.
    """

    experiment: Experiment
    cadence: Cadence
    limit: float

    @classmethod
    def of(cls, experiment: Experiment, cadence: Cadence) -> Guard:
        """The guard of an experiment."""
        start = measure.loss(experiment, experiment.initial)
        return cls(experiment, cadence, float(loss_limits(experiment, start)))

    def sound(self, chunk: Chunk, reported: tuple[State, State]) -> Chunk:
        """Return a chunk up to the last stop before training cannot continue: all of it if it can.

        Parameters
        ----------
        reported : states to fall back on.

        Raises
        ------
        Diverged
            If training cannot continue at the first stop.
        """
        epochs, inside = np.divmod(chunk.updates, self.cadence.updates_per_epoch)
        found = self._failure(chunk, (inside == 0) & self.cadence.is_due(epochs))
        if found is None:
            return chunk
        stop, reason = found
        if stop == 0:
            raise self._located(reported, int(chunk.updates[0]), reason)
        return chunk.until(stop, self.cadence.updates_per_epoch)

    def _failure(self, chunk: Chunk, due: Array) -> tuple[int, str] | None:
        """The first stop at which training cannot continue, and why; None if it can.

        Parameters
        ----------
        due : the stops at which weights must move, (K,): elsewhere they may shrink again.
        """
        found = [*self._not_finite(chunk), *self._frozen(chunk.parameters, due)]
        return min(found, key=lambda each: each[0], default=None)

    def _not_finite(self, chunk: Chunk) -> Iterator[tuple[int, str]]:
        """Yield stops at which a number is no longer finite, or beyond the limit, and why training ends."""
        epochs = chunk.updates // self.cadence.updates_per_epoch
        ended = len(chunk.losses) - (epochs[-1] - epochs)  # by each stop
        large = "the loss is more than 1,000,000 times that of a constant prediction"
        for wrong, reason in (
            (~np.isfinite(chunk.losses), "the loss is no longer finite"),
            (chunk.losses > self.limit, large),
        ):
            if wrong.any():
                yield int(np.searchsorted(ended, wrong.argmax(), side="right")), reason
        wrong = ~np.isfinite(chunk.parameters).all(axis=1)
        if wrong.any():
            yield int(wrong.argmax()), "a weight is no longer finite"

    def _frozen(self, parameters: Array, due: Array) -> Iterator[tuple[int, str]]:
        """Yield the first stop that is due at which finite differences see no slope, and why."""
        epsilon = self.experiment.recipe.gradient.options.get("epsilon", np.inf)
        with np.errstate(all="ignore"):
            unmoved = (parameters + epsilon == parameters) & due[:, np.newaxis]
        if unmoved.any():
            stop = int(unmoved.any(axis=1).argmax())
            largest = np.abs(parameters[stop][unmoved[stop]]).max()
            yield stop, f"adding gradient.epsilon = {epsilon:g} does not change a weight of {largest:.3g}"

    def _is_good(self, state: State) -> bool:
        return measure.loss(self.experiment, state.parameters) <= self.limit

    def _located(self, reported: tuple[State, State], end: int, reason: str) -> Diverged:
        """Repeat the epochs since the last report one by one: the first to fail, and the last good state.

        A chunk may begin and end inside an epoch, where nothing is known of the loss of all rows.
        """
        experiment, per_epoch = self.experiment, self.cadence.updates_per_epoch
        beginning = start(experiment.network, experiment.initial, experiment.recipe)
        good = next(filter(self._is_good, reported), beginning)
        plan, state, losses = experiment.plan(), reported[0], np.empty(0)
        while state.update < end:
            chunk = plan.run(state, [state.update - state.update % per_epoch + per_epoch])
            state, losses = chunk.state(), np.append(losses, chunk.losses)
            if found := self._failure(chunk, due=np.ones(1, bool)):
                reason = found[1]
                break
            if self._is_good(state):
                good = state
        return Diverged(state.update // per_epoch, losses, reason, good)
