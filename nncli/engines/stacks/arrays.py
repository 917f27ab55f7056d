"""Several trainings of one shape as one: their networks are stacked, so that a call of numpy serves all.

A tiny update costs its calls; those of 50 networks together cost little more than those of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nncli.engines.backprop import BlockRows, Layers, Pass
from nncli.engines.batches import Batches, block_epochs, epoch_orders
from nncli.engines.calls import run
from nncli.engines.contract import Recipe
from nncli.engines.optimizer_step import NumpyStep
from nncli.nn.arrays import Array
from nncli.nn.network import Network

IN_CACHE = 100_000  # numbers of a stacked layer, or of the stacked parameters: as many as a cache holds
HELD = 4_000_000  # numbers of the stacked rows, and of the orders of rows: 32 MB
CHECKED = 1000  # updates after which training ends if every loss has failed


def widest(network: Network) -> int:
    """Return the largest number of inputs or units of a layer."""
    return max(network.inputs, *(layer.units for layer in network.layers))


def most_stacked(network: Network, recipe: Recipe, rows: int) -> int:
    """Return how many trainings on so many rows may be stacked; memory grows with their number."""
    in_cache = IN_CACHE // max(recipe.batch_size * widest(network), network.parameter_count)
    orders = block_epochs(rows) * rows if recipe.shuffle else 0
    return min(in_cache, HELD // max(orders, rows * (network.inputs + network.outputs + 1)))


class StackedRows:
    """The batches of S trainings, gathered into arrays that stay where they are."""

    def __init__(self, network: Network, members: Sequence[Batches]) -> None:
        first = members[0]
        self._members, self._n, self._size = members, len(first.X), first.recipe.batch_size
        self._shuffle, self._per_epoch = first.recipe.shuffle, first.per_epoch
        shared = all(each.X is first.X and each.Y is first.Y for each in members)
        apart = 0 if shared else self._n
        self._offsets = apart * np.arange(len(members))[:, np.newaxis]
        held = members[:1] if shared else members
        X = np.concatenate([each.X for each in held])
        self._X = np.concatenate([X, np.ones((len(X), int(network.layers[0].bias)))], axis=1)
        self._Y = np.concatenate([each.Y for each in held])
        self._weights: Array | None = None
        if first.recipe.loss.class_weights is not None:
            self._weights = np.concatenate([each.recipe.loss.row_weights(each.Y) for each in held])
        self._blocks: dict[int, BlockRows] = {}
        self._loaded, self._drawn = (-1, -1), -1
        self._orders = np.empty(0)  # of the block of epochs that is drawn

    def load(self, epoch: int, batch: int) -> BlockRows:
        """Gather a batch of an epoch, in each training's own order, unless it is there."""
        start, end = batch * self._size, min((batch + 1) * self._size, self._n)
        block = self._blocks.get(end - start) or self._made(end - start)
        place = (epoch if self._shuffle else 0), batch
        if place != self._loaded:
            rows = self._offsets + self._order(epoch)[..., start:end]
            np.take(self._X, rows, axis=0, out=block.X, mode="clip")  # clip writes without a buffer
            block.Y[...] = self._Y[rows].swapaxes(-1, -2)
            if self._weights is not None and block.weights is not None:
                block.weights[...] = self._weights[rows].swapaxes(-1, -2)
            self._loaded = place
        return block

    def _made(self, rows: int) -> BlockRows:
        count = len(self._members)
        weights = None if self._weights is None else np.empty((count, 1, rows))
        X, Y = np.empty((count, rows, self._X.shape[1])), np.empty((count, self._Y.shape[1], rows))
        self._blocks[rows] = BlockRows(X, Y, weights)
        return self._blocks[rows]

    def _order(self, epoch: int) -> Array:
        """The order of rows of each training in an epoch, (S, n) or (n,)."""
        if not self._shuffle:
            return np.arange(self._n)
        block, row = divmod(epoch, block_epochs(self._n))
        if self._drawn != block:
            orders = [epoch_orders(each.recipe.seed, block, self._n) for each in self._members]
            self._orders, self._drawn = np.stack(orders, axis=1), block
        return np.asarray(self._orders[row])


class StackedPlan:
    """The updates of S trainings with one recipe, but for seeds and class weights.

    Attributes
    ----------
    w, g : the parameters (S, P) and the gradients (S, P).
    """

    def __init__(self, network: Network, members: Sequence[Batches]) -> None:
        self._network, self._members, self._first = network, members, members[0]
        self._loss, self._rows = members[0].recipe.loss, StackedRows(network, members)
        self.w, self.g = np.zeros((2, len(members), network.parameter_count))
        optimizer = members[0].recipe.optimizer
        slots = optimizer.init(self.w).reshape(-1, *self.w.shape)
        self._step = NumpyStep(optimizer, self.w, self.g, slots)
        weighted = self._loss.class_weights is not None and self._loss.reduction == "mean"
        self._scale = np.ones((len(members), 1, 1) if weighted else ())
        self._whole = np.array([each.recipe.loss.divisor(each.Y) for each in members])
        self._passes: dict[int, Pass] = {}

    def train(self, initial: Array, epochs: int) -> tuple[Array, Array]:
        """Train from parameters (S, P), once.

        Returns
        -------
        parameters (S, P), and the largest loss of an epoch of each training (S,), NaN if one was NaN.
        """
        rate, per_epoch = self._first.recipe.learning_rate, self._first.per_epoch
        self.w[...] = initial
        losses, largest = np.zeros(len(initial)), np.full(len(initial), -np.inf)
        with np.errstate(all="ignore"):  # the caller judges what is no longer finite
            for update in range(epochs * per_epoch):
                epoch, batch = divmod(update, per_epoch)
                losses += self._gradient(epoch, batch)
                self._step(update + 1, rate(epoch))
                if batch == per_epoch - 1:
                    np.maximum(largest, losses, out=largest)
                    losses.fill(0.0)
                if update % CHECKED == CHECKED - 1 and not (largest < np.inf).any():
                    break
        return self.w, largest

    def _gradient(self, epoch: int, batch: int) -> Array:
        """Write the gradients, and return what the batch adds to each epoch's loss (S,)."""
        block = self._rows.load(epoch, batch)
        count = block.Y.shape[-1]
        divisor = self._divisor(block, epoch, batch)
        self._scale.T[...] = 1.0 / divisor
        passes = self._passes.get(count) or self._listed(count, block)
        run(passes.calls)
        values = passes.sum_of_terms() / divisor
        if self._network.penalty:
            self.g += self._network.penalty.slope(self.w)
            values += self._network.cost(self.w)
        if self._loss.reduction == "mean" and self._first.per_epoch > 1:
            values *= divisor / self._whole
        return np.asarray(values)

    def _divisor(self, block: BlockRows, epoch: int, batch: int) -> Array | float:
        """Return what the sum of the terms over a batch is divided by; (S,) where rows have weights."""
        if block.weights is None or self._loss.reduction == "sum":
            return self._first.divisor(epoch, batch)
        per_row = 1 if self._loss.per_row else block.Y.shape[-2]
        return np.asarray(block.weights.sum(axis=(-2, -1)) * per_row)

    def _listed(self, count: int, block: BlockRows) -> Pass:
        """List the calls for batches of so many rows."""
        layers = Layers(self._network, count, self.w.dtype, stack=self.w.shape[:1])
        w, g = self._network.blocks(self.w), self._network.blocks(self.g)
        self._passes[count] = layers.listed(block, self._loss, self._scale, w, g)
        return self._passes[count]
