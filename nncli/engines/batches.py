"""The batches of an epoch and the order of their rows: one answer for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from nncli.engines.contract import Recipe, updates_per_epoch
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream


@dataclass(frozen=True)
class Batches:
    """Rows X (n, inputs) and Y (n, outputs) as a recipe divides them."""

    X: Array
    Y: Array
    recipe: Recipe

    @cached_property
    def per_epoch(self) -> int:
        """Updates in an epoch."""
        return updates_per_epoch(len(self.X), self.recipe)

    def rows(self, epoch: int, batch: int) -> tuple[Array, Array]:
        """X and Y of a batch of an epoch; both count from 0."""
        size = self.recipe.batch_size
        rows = self.order(epoch, slice(batch * size, (batch + 1) * size))
        return self.X[rows], self.Y[rows]

    def order(self, epoch: int, part: slice) -> slice | Array:
        """The rows of X and Y at a part of the order of an epoch."""
        if not self.recipe.shuffle:
            return part
        n = len(self.X)
        block, row = divmod(epoch, block_epochs(n))
        return np.asarray(epoch_orders(self.recipe.seed, block, n)[row, part])

    def divisor(self, epoch: int, batch: int) -> float:
        """Return what the sum of the loss's terms over a batch is divided by."""
        if self.recipe.loss.class_weights is None:
            return self._divisors[batch == self.per_epoch - 1]
        size = self.recipe.batch_size
        return self.recipe.loss.divisor(self.Y[self.order(epoch, slice(batch * size, (batch + 1) * size))])

    def share(self, divisor: float) -> float:
        """A batch's weight in the loss of its epoch: means by what they are divided by, sums as they are."""
        return divisor / self._divisor if self.recipe.loss.reduction == "mean" else 1.0

    @cached_property
    def _divisor(self) -> float:
        return self.recipe.loss.divisor(self.Y)

    @cached_property
    def _divisors(self) -> tuple[float, float]:
        """Divisors of a whole batch and of the last of an epoch, where all rows count alike."""
        last = (self.per_epoch - 1) * self.recipe.batch_size
        return self.recipe.loss.divisor(self.Y[: self.recipe.batch_size]), self.recipe.loss.divisor(
            self.Y[last:]
        )


def block_epochs(rows: int) -> int:
    """Return how many epochs' orders are drawn together."""
    return max(1, min(256, 1_000_000 // rows))


@lru_cache(maxsize=2)
def epoch_orders(seed: int, block: int, rows: int) -> Array:
    """The order of rows in each epoch of a block, (block_epochs(rows), rows).

    A pure function of its arguments: any epoch's order can be had without those before it.
    """
    rng = random_stream(seed, f"order {block}")
    orders = rng.permuted(np.tile(np.arange(rows), (block_epochs(rows), 1)), axis=1)
    orders.flags.writeable = False  # shared through the cache
    return orders
