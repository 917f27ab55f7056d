"""When training cannot go on: what is no longer finite, what has grown too far, what no longer moves."""

from __future__ import annotations

import numpy as np

from nncli.engines.contract import Chunk, Plan, State, start
from nncli.messages.errors import DivergedError
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment
from nncli.training.observer import Observer

HUGE = 1e6  # a loss grown by this factor will not come back


class Diverged(DivergedError):
    """Training left the finite world in `epoch`; the loss of the weights in `last_good` was still sound."""

    def __init__(self, epoch: int, losses: Array, reason: str, last_good: State) -> None:
        super().__init__(f"training diverged at epoch {epoch}: {reason}")
        self.epoch, self.losses, self.reason, self.last_good = epoch, losses, reason, last_good


def limit_of(observer: Observer) -> float:
    """The loss beyond which a training has diverged."""
    return HUGE * max(observer.loss(observer.experiment.initial), observer.loss_of_guessing())


def divergence(chunk: Chunk, limit: float) -> str | None:
    """Why training cannot go on, or None."""
    if not np.isfinite(chunk.losses).all():
        return "the loss is no longer finite"
    if not np.isfinite(chunk.state.parameters).all():
        return "a weight is no longer finite"
    if (chunk.losses > limit).any():
        return "the loss has grown a million times beyond that of guessing"
    return None


def frozen(state: State, experiment: Experiment) -> str | None:
    """Why finite differences see no slope, or None; weights may come back, so it is asked at set epochs."""
    epsilon = experiment.recipe.gradient.options.get("epsilon", np.inf)
    unmoved = np.abs(state.parameters[state.parameters + epsilon == state.parameters])
    reason = f"adding gradient.epsilon = {epsilon:g} does not change a weight of {unmoved.max(initial=0):.3g}"
    return reason if unmoved.size else None


def located(
    plan: Plan, observer: Observer, behind: tuple[State, ...], end: int, limit: float, reason: str
) -> Diverged:
    """Repeat the epochs since the last report one by one: the first to fail, and the last sound state.

    A chunk may begin and end inside an epoch, where nothing is known of the loss of all rows.
    """
    experiment = observer.experiment
    sound = (state for state in behind if observer.loss(state.parameters) <= limit)
    good = next(sound, start(experiment.network, experiment.initial, experiment.recipe))
    state, losses = behind[0], np.empty(0)
    while state.update < end:
        chunk = plan.run(state, experiment.updates_per_epoch - state.update % experiment.updates_per_epoch)
        state, losses = chunk.state, np.append(losses, chunk.losses)
        found = divergence(chunk, limit) or frozen(state, experiment)
        if found:
            reason = found
            break
        if observer.loss(state.parameters) <= limit:
            good = state
    return Diverged(state.update // experiment.updates_per_epoch, losses, reason, good)
