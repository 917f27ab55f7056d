"""The straight-line engine: the updates of one tiny network as Python source, written out and executed.

Arithmetic on floats of Python takes 35 ns for each weight and row, the calls of numpy 10 us for each update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain, cycle, islice, repeat
from typing import Any

import numpy as np

from nncli.codegen.step import Step
from nncli.engines.batches import Batches, block_epochs, epoch_orders
from nncli.engines.contract import Chunk, Engine, Recipe, State
from nncli.engines.estimates import python_update
from nncli.nn.arrays import Array
from nncli.nn.network import Network

MOST_WEIGHTS = 1000  # of more the source would take longer to compile than numpy to train
MOST_NUMBERS = 1_000_000  # in the rows: as floats of Python they take four times the memory, about 40 MB

Row = tuple[float, ...]
Batch = tuple[Sequence[Row], float, float]


class PythonEngine(Engine):
    """Python source written for the network, one variable for each number."""

    def supports(self, network: Network, recipe: Recipe, rows: int) -> str | None:
        """Return why a step cannot be written out; None if it can."""
        columns = network.inputs + network.outputs
        expressions = [recipe.loss.expression, *(layer.activation.expression for layer in network.layers)]
        reasons = {
            f"gradient {recipe.gradient.name}": recipe.gradient.name != "backprop",
            "dropout": network.has_dropout,
            "class weights": recipe.loss.class_weights is not None,
            "softmax": None in expressions,
            recipe.dtype: recipe.dtype != "float64",
            f"more than {MOST_WEIGHTS:,} parameters": network.parameter_count > MOST_WEIGHTS,
            f"more than {MOST_NUMBERS:,} numbers in the training rows": rows * columns > MOST_NUMBERS,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def source(self, network: Network, recipe: Recipe) -> str:
        """Return the function `train` of a network as Python source, which does the updates of a chunk."""
        return Step(network, recipe.loss, recipe.optimizer, recipe.batch_size).source

    def seconds(self, network: Network, recipe: Recipe, updates: int) -> float:
        """Estimate the time of so many updates."""
        return 1e-6 * updates * python_update(network, recipe)

    def plan(self, network: Network, X: Array, Y: Array, recipe: Recipe) -> PythonPlan:
        """Write the step and compile it."""
        return PythonPlan(network, Batches(X, Y, recipe))


class PythonPlan:
    """Updates of one network on one data set."""

    def __init__(self, network: Network, batches: Batches) -> None:
        self.network, self.batches = network, batches
        # The orders of many epochs are drawn together, and kept as rows until the next are due.
        self._block: tuple[int, list[list[list[Row]]]] = (-1, [])

    def run(self, state: State, stops: Sequence[int]) -> Chunk:
        """Do updates until each of `stops`."""
        parameters, slots = tuple(state.parameters.tolist()), tuple(state.slots.ravel().tolist())
        update, batches = state.update, self._between(state.update, stops[-1])
        kept, kept_slots, norms, values = list[Row](), list[Row](), list[float](), list[float]()
        for end in stops:
            some = islice(batches, end - update)
            parameters, slots, new_values, gradient = self._train(parameters, slots, update, some)
            kept.append(parameters)
            kept_slots.append(slots)
            norms.append(math.hypot(*gradient))
            values += new_values
            update = end
        updates = np.array(stops)
        losses, partial_losses = self._losses(state, np.array(values), updates)
        shape = (len(stops), *state.slots.shape)
        return Chunk(
            updates, np.array(kept), np.reshape(kept_slots, shape), partial_losses, np.array(norms), losses
        )

    def _losses(self, state: State, values: Array, stops: Array) -> tuple[Array, Array]:
        """The loss of each epoch that ended, and of the running one at each stop, from the batches' own."""
        per_epoch, begin = self.batches.per_epoch, state.update % self.batches.per_epoch
        epochs = -(-(begin + len(values)) // per_epoch)
        terms = np.zeros(epochs * per_epoch)
        terms[begin : begin + len(values)] = values
        sums = np.zeros((epochs, per_epoch + 1))  # of the first batches of each epoch, from none to all
        with np.errstate(all="ignore"):  # the caller judges what is no longer finite
            sums[:, 1:] = terms.reshape(epochs, per_epoch) * self._shares
            sums[0, begin] = state.partial_loss
            np.add.accumulate(sums, axis=1, out=sums)
        local = stops - (state.update - begin)
        partial_losses = np.where(local % per_epoch, sums[(local - 1) // per_epoch, local % per_epoch], 0.0)
        return sums[: local[-1] // per_epoch, -1], partial_losses

    @cached_property
    def _train(self) -> Callable[..., Any]:
        return _compiled(PythonEngine().source(self.network, self.batches.recipe))

    @cached_property
    def _rows(self) -> list[Row]:
        return [tuple(row) for row in np.hstack([self.batches.X, self.batches.Y]).tolist()]

    @cached_property
    def _divisors(self) -> list[float]:
        return [self.batches.divisor(0, batch) for batch in range(self.batches.per_epoch)]

    @cached_property
    def _shares(self) -> Array:
        """Weight of each batch in the loss of its epoch."""
        return np.array([self.batches.share(divisor) for divisor in self._divisors])

    def _between(self, first: int, last: int) -> Iterator[Batch]:
        """Rows, divisor and learning rate of each update, without a step of Python between two of them."""
        per_epoch = self.batches.per_epoch
        epochs = range(first // per_epoch, -(-last // per_epoch))
        rates = self.batches.recipe.learning_rates(epochs).tolist()
        batches = zip(
            chain.from_iterable(map(self._of_epoch, epochs)),
            cycle(self._divisors),
            chain.from_iterable(map(repeat, rates, repeat(per_epoch))),
        )
        return islice(batches, first - epochs.start * per_epoch, None)

    def _of_epoch(self, epoch: int) -> list[list[Row]]:
        """The rows of each batch of an epoch, in its order."""
        if not self.batches.recipe.shuffle:
            return self._in_file_order
        block, place = divmod(epoch, block_epochs(len(self._rows)))
        if self._block[0] != block:
            orders = epoch_orders(self.batches.recipe.seed, block, len(self._rows)).tolist()
            self._block = block, [self._divided([self._rows[row] for row in order]) for order in orders]
        return self._block[1][place]

    @cached_property
    def _in_file_order(self) -> list[list[Row]]:
        return self._divided(self._rows)

    def _divided(self, rows: list[Row]) -> list[list[Row]]:
        size = self.batches.recipe.batch_size
        return [rows[start : start + size] for start in range(0, len(rows), size)]


@lru_cache(maxsize=16)
def _compiled(source: str) -> Callable[..., Any]:
    """The function `train` of a source text that `Step` has written."""
    names: dict[str, Any] = {}
    exec(compile(source, "<step>", "exec"), names)
    return names["train"]  # type: ignore[no-any-return]
