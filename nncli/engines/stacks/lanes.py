"""Several trainings of a tiny network by one compiled function, as many at once as registers hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nncli.codegen.lanes import Lanes
from nncli.engines.batches import Batches, block_epochs, epoch_orders
from nncli.engines.compilation import compiled
from nncli.engines.contract import Recipe
from nncli.engines.estimates import LANES, laned_update
from nncli.engines.stacks.compiled import advance_all, calls
from nncli.nn.arrays import Array
from nncli.nn.network import Network


def lanes(network: Network, recipe: Recipe) -> Lanes:
    """Return the loops that train networks side by side."""
    parts = network, recipe.loss, recipe.optimizer, recipe.batch_size
    return Lanes(*parts, shuffle=recipe.shuffle, count=LANES)


class LaneStack:
    """The updates of S trainings with one recipe, but for seeds, in groups of as many as there are lanes.

    Each has the same bits in any lane, beside any others, and on any number of threads. They are those of
    the numba engine but for rounding.

    Parameters
    ----------
    threads : among which the groups are divided.
    """

    def __init__(self, network: Network, members: Sequence[Batches], threads: int) -> None:
        recipe = members[0].recipe
        self._lanes, self._update = lanes(network, recipe), laned_update(network, recipe)
        self._members, self._threads = members, threads

    def train(self, initial: Array, epochs: int) -> tuple[Array, Array]:
        """Train from parameters (S, P).

        Returns
        -------
        parameters (S, P), and the largest loss of an epoch of each training (S,), NaN if one was NaN.
        """
        starts = range(0, len(initial), LANES)
        size = self._lanes.numbers
        groups = [_Group(self._members[k : k + LANES], initial[k : k + LANES], size) for k in starts]
        function = compiled(self._lanes.source, "train", groups[0].arguments(0, 0))
        shares = [_SideBySide(function, group) for group in groups]
        advance_all(shares, calls(self._members[0], epochs, self._update), self._threads)
        parameters = np.concatenate([group.parameters for group in groups])
        return parameters, np.concatenate([group.largest for group in groups])


class _SideBySide:
    """The trainings of a group, which are advanced together."""

    def __init__(self, function: Callable[..., Any], group: _Group) -> None:
        self._function, self._group = function, group

    @property
    def has_failed(self) -> bool:
        return not (self._group.largest < np.inf).any()

    def advance(self, begin: int, end: int) -> None:
        self._function(*self._group.arguments(begin, end))


class _Group:
    """The state of the trainings in all lanes, and their rows; lanes left over repeat the last one."""

    def __init__(self, members: Sequence[Batches], initial: Array, size: int) -> None:
        self._first, self._members = members[0], members
        self._lanes = np.minimum(np.arange(LANES), len(members) - 1)
        recipe, n = self._first.recipe, len(self._first.X)
        shared = all(each.X is self._first.X and each.Y is self._first.Y for each in members)
        held = members[:1] if shared else members
        self._X = np.concatenate([each.X for each in held])
        self._Y = np.concatenate([each.Y for each in held])
        self._offsets = np.zeros(LANES, np.int64) if shared else n * self._lanes
        self._numbers = np.empty(size)
        self._W: Array = self._numbers[: initial.shape[1] * LANES]
        self._W[:] = initial[self._lanes].T.ravel()
        self._slots = recipe.optimizer.init(self._W)
        ends = (0, self._first.per_epoch - 1)
        self._divisors = np.array([self._first.divisor(0, batch) for batch in ends])
        self._whole = recipe.loss.divisor(self._first.Y)
        self._losses, self._largest = np.zeros(LANES), np.full(LANES, -np.inf)
        self._in_file_order = np.arange(n)[np.newaxis, :, np.newaxis] + self._offsets
        self._drawn = -1, self._in_file_order

    @property
    def parameters(self) -> Array:
        """Parameters (S, P)."""
        return self._W.reshape(-1, LANES).T[: len(self._members)]

    @property
    def largest(self) -> Array:
        """Largest loss of an epoch of each training (S,)."""
        return self._largest[: len(self._members)]

    def arguments(self, update: int, end: int) -> tuple[Any, ...]:
        """The arguments of the function for the updates from one to another, within a block of orders."""
        recipe, per_epoch = self._first.recipe, self._first.per_epoch
        first, last = update // per_epoch, -(-end // per_epoch)
        rows = self._X, self._Y, self._orders(first)
        factors = recipe.learning_rates(range(first, last)), self._divisors, self._whole
        losses = self._losses, self._largest
        return self._numbers, self._slots, *rows, *factors, update, end, first, *losses

    def _orders(self, first: int) -> Array:
        """The rows of each lane in each epoch from the first, to the end of its block."""
        recipe, n = self._first.recipe, len(self._first.X)
        if not recipe.shuffle:
            return self._in_file_order
        block, start = divmod(first, block_epochs(n))
        if self._drawn[0] != block:
            orders = [epoch_orders(each.recipe.seed, block, n) for each in self._members]
            self._drawn = block, np.stack(orders, axis=2)[..., self._lanes] + self._offsets
        return self._drawn[1][start:]
