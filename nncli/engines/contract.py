"""The contract between training and engines: a recipe, a state, and chunks of updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

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
    """

    loss: Loss
    gradient: GradientMethod
    optimizer: Optimizer
    schedule: Schedule
    batch_size: int
    shuffle: bool
    seed: int

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
    """The result of a chunk of updates.

    Attributes
    ----------
    losses : the loss of each epoch that ended inside, each batch measured before its update.
    gradient_norm : Euclidean norm of the last update's gradient.
    """

    state: State
    losses: Array
    gradient_norm: float


class Plan(Protocol):
    """An engine made ready for one network, data set and recipe."""

    def run(self, state: State, updates: int) -> Chunk:
        """Do `updates` updates from `state`, which may stand within an epoch; the same in, the same out."""


class Engine(Protocol):
    """A way to execute updates."""

    def supports(self, network: Network, recipe: Recipe) -> str | None:
        """Return why the engine cannot execute a recipe, such as `dropout`; None if it can."""

    def plan(self, network: Network, X: Array, Y: Array, recipe: Recipe) -> Plan:
        """Make ready for rows X (n, inputs), Y (n, outputs)."""


def start(network: Network, parameters: Array, recipe: Recipe) -> State:
    """The state before the first update."""
    return State(parameters, recipe.optimizer.init(parameters))


def updates_per_epoch(rows: int, recipe: Recipe) -> int:
    """Batches in an epoch."""
    return -(-rows // recipe.batch_size)
