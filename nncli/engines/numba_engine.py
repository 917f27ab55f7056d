"""The compiled engine: all updates of a chunk in one call of a function that is written for the network.

An update takes 0.1 us and more, where calls of numpy take 10. Larger networks, whose time goes into products,
have those of numpy and a compiled step of the optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from nncli.codegen.loops import Loops
from nncli.engines.backprop import gradient_of
from nncli.engines.batches import Batches, block_epochs, epoch_orders
from nncli.engines.compilation import compiled, unusable
from nncli.engines.contract import Chunk, Engine, Plan, Recipe, State
from nncli.engines.differences import CompiledDifferences
from nncli.engines.estimates import are_differences_looped, compiled_step_update, looped_update
from nncli.engines.numpy_engine import NumpyPlan
from nncli.engines.optimizer_step import CompiledStep
from nncli.nn.arrays import Array
from nncli.nn.network import Network


class NumbaEngine(Engine):
    """Compiled by numba: loops written for a small network, and the optimizer's step of any other."""

    def supports(self, network: Network, recipe: Recipe, rows: int) -> str | None:
        """None: it executes every recipe."""
        return None

    def missing(self) -> str | None:
        """Return whether numba is not installed, or cannot be imported; None if it can."""
        return unusable()

    def seconds(self, network: Network, recipe: Recipe, updates: int) -> float:
        """Estimate 1.5 s to import numba and compile, then the time of so many updates."""
        fastest = min(looped_update(network, recipe), compiled_step_update(network, recipe))
        return 1.5 + 1e-6 * updates * fastest

    def plan(self, network: Network, X: Array, Y: Array, recipe: Recipe) -> Plan:
        """Compile the loops that are faster than numpy, or else the optimizer's step alone."""
        batches = Batches(X, Y, recipe)
        if looped_update(network, recipe) < compiled_step_update(network, recipe):
            return NumbaPlan(network, batches)
        gradient = CompiledDifferences if are_differences_looped(network, recipe) else gradient_of(recipe)
        return NumpyPlan(network, batches, gradient, CompiledStep)


def loops_source(network: Network, recipe: Recipe) -> str:
    """Return the source of the loops that train a network."""
    return Loops(network, recipe.loss, recipe.optimizer, recipe.batch_size, shuffle=recipe.shuffle).source


class NumbaPlan:
    """Updates of one network on one data set.

    Parameters
    ----------
    train : the compiled function of an equal network and recipe; without it, the plan compiles its own.
    """

    def __init__(self, network: Network, batches: Batches, train: Callable[..., Any] | None = None) -> None:
        self._batches, recipe = batches, batches.recipe
        weighted = recipe.loss.class_weights is not None
        weights = recipe.loss.row_weights(batches.Y)[:, 0].copy() if weighted else np.ones(0)
        self._G = np.zeros(network.parameter_count)
        self._data = self._G, np.ascontiguousarray(batches.X), np.ascontiguousarray(batches.Y), weights
        ends = (0, batches.per_epoch - 1)
        self._divisors = np.array([batches.divisor(0, batch) for batch in ends])
        self._whole = recipe.loss.divisor(batches.Y)
        self._in_file_order = np.arange(len(batches.X))[np.newaxis]
        self._in_file_order.flags.writeable = False  # as the orders of epochs are
        self._count, self._slots = network.parameter_count, len(recipe.optimizer.slots)
        self.train = train or self._compiled(network)

    def run(self, state: State, stops: Sequence[int]) -> Chunk:
        """Do updates until each of `stops`."""
        per_epoch, loss, ended = self._batches.per_epoch, state.partial_loss, 0
        updates, W, slots = np.array(stops), state.parameters.copy(), state.slots.copy()
        kept, kept_slots = np.empty((len(stops), *W.shape)), np.empty((len(stops), *slots.shape))
        partial_losses, norms = np.empty((2, len(stops)))
        losses = np.empty(stops[-1] // per_epoch - state.update // per_epoch)
        for update, end in self._blocks(state.update, stops[-1]):
            part = slice(*np.searchsorted(updates, [update, end], side="right"))
            written = [each[part] for each in (updates, kept, kept_slots, partial_losses, norms)]
            loss = self.train(
                W, slots, *self._data, *self._of_epochs(update, end), loss, *written, losses[ended:]
            )
            ended += end // per_epoch - update // per_epoch
        return Chunk(updates, kept, kept_slots, partial_losses, norms, losses)

    def advance(self, W: Array, slots: Array, update: int, end: int, loss: float) -> tuple[float, Array]:
        """Change parameters (P,) and slots (s, P) in place by the updates from one to another.

        Parameters
        ----------
        loss : what the batches of the running epoch add to its loss so far.

        Returns
        -------
        the same at the end, and the loss of each epoch that ended.
        """
        per_epoch, ended = self._batches.per_epoch, 0
        losses = np.empty(end // per_epoch - update // per_epoch)
        for begin, after in self._blocks(update, end):
            of_epochs = self._of_epochs(begin, after)
            loss = self.train(W, slots, *self._data, *of_epochs, loss, *self._nothing, losses[ended:])
            ended += after // per_epoch - begin // per_epoch
        return loss, losses

    @cached_property
    def _nothing(self) -> tuple[Any, ...]:
        """No stops, and the empty arrays of what is kept at them."""
        kept, kept_slots = np.empty((0, self._count)), np.empty((0, self._slots, self._count))
        return np.empty(0, np.int64), kept, kept_slots, np.empty(0), np.empty(0)

    def _compiled(self, network: Network) -> Callable[..., Any]:
        W, slots = np.zeros(self._count), np.zeros((self._slots, self._count))
        arguments = W, slots, *self._data, *self._of_epochs(0, 0), 0.0, *self._nothing, np.empty(0)
        return compiled(loops_source(network, self._batches.recipe), "train", arguments)

    def _blocks(self, update: int, last: int) -> Iterator[tuple[int, int]]:
        """Ranges of updates whose orders are drawn together; all of them if no orders are drawn."""
        if not self._batches.recipe.shuffle:
            if update < last:
                yield update, last
            return
        size = block_epochs(len(self._batches.X)) * self._batches.per_epoch
        while update < last:
            end = min(last, (update // size + 1) * size)
            yield update, end
            update = end

    def _of_epochs(self, update: int, end: int) -> tuple[Any, ...]:
        """Orders, learning rates and divisors, then the range of updates and its first epoch."""
        recipe, n = self._batches.recipe, len(self._batches.X)
        first, last = update // self._batches.per_epoch, -(-end // self._batches.per_epoch)
        orders = self._in_file_order
        if recipe.shuffle:
            block, start = divmod(first, block_epochs(n))
            orders = epoch_orders(recipe.seed, block, n)[start:]
        return (
            orders,
            recipe.learning_rates(range(first, last)),
            self._divisors,
            self._whole,
            update,
            end,
            first,
        )
