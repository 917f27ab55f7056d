"""Divergence: losses and weights that are not finite, losses that explode, weights that no longer move."""

from __future__ import annotations

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
        return cls(experiment, cadence, HUGE * max(start, measure.worst_constant_loss(experiment)))

    def require_sound(self, chunk: Chunk, reported: tuple[State, State], *, due: bool) -> None:
        """Raise Diverged if training cannot continue after a chunk.

        Parameters
        ----------
        reported : states to fall back on.
        due : whether the chunk ends with an epoch that is due.
        """
        reason = self._not_finite(chunk)
        if reason is None and due:
            reason = self._frozen(chunk.state)
        if reason:
            raise self._located(reported, chunk.state.update, reason)

    def _not_finite(self, chunk: Chunk) -> str | None:
        """Return why training cannot continue, or None."""
        if not np.isfinite(chunk.losses).all():
            return "the loss is no longer finite"
        if not np.isfinite(chunk.state.parameters).all():
            return "a weight is no longer finite"
        if (chunk.losses > self.limit).any():
            return "the loss is more than 1,000,000 times that of a constant prediction"
        return None

    def _frozen(self, state: State) -> str | None:
        """Return why finite differences see no slope. Weights may shrink again, so only due epochs count."""
        epsilon = self.experiment.recipe.gradient.options.get("epsilon", np.inf)
        unmoved = np.abs(state.parameters[state.parameters + epsilon == state.parameters])
        if not unmoved.size:
            return None
        return f"adding gradient.epsilon = {epsilon:g} does not change a weight of {unmoved.max():.3g}"

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
            chunk = plan.run(state, per_epoch - state.update % per_epoch)
            state, losses = chunk.state, np.append(losses, chunk.losses)
            found = self._not_finite(chunk) or self._frozen(state)
            if found:
                reason = found
                break
            if self._is_good(state):
                good = state
        return Diverged(state.update // per_epoch, losses, reason, good)
