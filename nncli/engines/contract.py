"""The contract between training and engines: a recipe, a state, and chunks of updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from nncli.nn.arrays import Array
from nncli.nn.gradients import GradientMethod
from nncli.nn.losses import Loss
from nncli.nn.network import Network
from nncli.nn.optimizers import Optimizer
from nncli.nn.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the numbers of an update, besides network and data.

    Attributes
    ----------
    batch_size : rows per update; the last batch of an epoch may be smaller.
    shuffle : whether each epoch has an order of rows of its own, drawn from `seed`.
    dtype : of the numbers, float64 or float32.
    """

    loss: Loss
    gradient: GradientMethod
    optimizer: Optimizer
    schedule: Schedule
    batch_size: int
    shuffle: bool
    seed: int
    dtype: str = "float64"

    def learning_rates(self, epochs: Sequence[int]) -> Array:
        """The step sizes in epochs (K,), which count from 0 and ascend."""
        if self.schedule.name == "constant" and epochs and epochs[0] >= self.schedule.warmup:
            return np.full(len(epochs), self.optimizer.learning_rate)
        return np.array([self.learning_rate(epoch) for epoch in epochs], dtype=np.float64)

    def learning_rate(self, epoch: int) -> float:
        """The step size in an epoch, which counts from 0."""
        return self.optimizer.learning_rate * self.schedule(epoch)


@dataclass(frozen=True)
class State:
    """The state between two updates; never changed, only replaced.

    Attributes
    ----------
    parameters : (P,).
    slots : the optimizer's slots (s, P).
    update : updates done since the start.
    partial_loss : what the batches of the running epoch add to its loss so far.
    """

    parameters: Array
    slots: Array
    update: int = 0
    partial_loss: float = 0.0


class Chunk(NamedTuple):
    """The result of a chunk of updates: the state at each of its stops, and every epoch's loss.

    Attributes
    ----------
    updates : done since the start, at each stop (K,), ascending.
    parameters : (K, P).
    slots : the optimizer's slots (K, s, P).
    partial_losses : what the batches of the epoch running at a stop add to its loss so far (K,).
    gradient_norms : Euclidean norm of the gradient of the update before each stop (K,).
    losses : the loss of each epoch that ended inside, each batch measured before its update.
    """

    updates: Array
    parameters: Array
    slots: Array
    partial_losses: Array
    gradient_norms: Array
    losses: Array

    @classmethod
    def of(cls, states: Sequence[State], gradient_norms: Sequence[float], losses: Sequence[float]) -> Chunk:
        """Return the chunk of states at its stops, (K,), and of the losses of the epochs that ended."""
        return cls(
            np.array([state.update for state in states]),
            np.array([state.parameters for state in states]),
            np.array([state.slots for state in states]),
            np.array([state.partial_loss for state in states]),
            np.array(gradient_norms),
            np.array(losses, dtype=np.float64),
        )

    def state(self, stop: int = -1) -> State:
        """Return the state at a stop, by default the last."""
        update, loss = int(self.updates[stop]), float(self.partial_losses[stop])
        return State(self.parameters[stop], self.slots[stop], update, loss)

    def until(self, stops: int, updates_per_epoch: int) -> Chunk:
        """Return the chunk up to the first so many stops."""
        epochs = self.updates // updates_per_epoch
        ended = len(self.losses) - int(epochs[-1] - epochs[stops - 1])
        return Chunk._make([*(part[:stops] for part in self[:-1]), self.losses[:ended]])


class Plan(Protocol):
    """An engine made ready for one network, data set and recipe."""

    def run(self, state: State, stops: Sequence[int]) -> Chunk:
        """Do updates from `state`, which may stand within an epoch, until each of `stops`.

        The same in, the same out, and wherever the stops are, the same numbers.

        Parameters
        ----------
        stops : updates since the start, ascending, at which the state is kept; the last ends the chunk.
        """


class Engine(Protocol):
    """A way to execute updates."""

    def supports(self, network: Network, recipe: Recipe, rows: int) -> str | None:
        """Return what the engine cannot do in training on so many rows, such as `dropout`, or None."""

    def missing(self) -> str | None:
        """Return why the engine cannot run here, such as `is not installed`, or None."""
        return None

    def seconds(self, network: Network, recipe: Recipe, updates: int) -> float:
        """Estimate the time of so many updates from sizes alone, with that of making ready."""

    def plan(self, network: Network, X: Array, Y: Array, recipe: Recipe) -> Plan:
        """Make ready for rows X (n, inputs), Y (n, outputs)."""


def start(network: Network, parameters: Array, recipe: Recipe) -> State:
    """The state before the first update."""
    return State(parameters, recipe.optimizer.init(parameters))


def updates_per_epoch(rows: int, recipe: Recipe) -> int:
    """Batches in an epoch."""
    return -(-rows // recipe.batch_size)
