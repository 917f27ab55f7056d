"""The straight-line engine: the updates of one tiny network as Python source, written out and executed.

Arithmetic on floats of Python takes 35 ns for each weight and row, the calls of numpy 10 us for each update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from nncli.codegen.step import Step
from nncli.engines.batches import Batches, block_epochs, epoch_orders
from nncli.engines.contract import Chunk, Engine, Recipe, State
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
        """35 ns for each parameter and 100 for each unit of a row, 40 for each assignment to a parameter.

        The 0.1 ms for each parameter that writing and compiling take are not counted, so that a training of
        more epochs has the engine of one of fewer.
        """
        parameters, units = network.parameter_count, sum(layer.units for layer in network.layers)
        rows = (0.035 * parameters + 0.1 * units) * recipe.batch_size
        return 1e-6 * updates * (0.6 + rows + 0.04 * parameters * len(recipe.optimizer.assignments))

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
        per_epoch = self.batches.per_epoch
        parameters, slots = tuple(state.parameters.tolist()), tuple(state.slots.ravel().tolist())
        loss, update = state.partial_loss, state.update
        states, norms, losses = list[State](), list[float](), list[float]()
        for end in stops:
            batches = self._between(update, end)
            parameters, slots, values, gradient = self._train(parameters, slots, update, batches)
            for value in values:
                loss += value * self._shares[update % per_epoch]
                update += 1
                if update % per_epoch == 0:
                    losses.append(loss)
                    loss = 0.0
            norms.append(math.sqrt(sum(g * g for g in gradient)))
            states.append(State(np.array(parameters), np.reshape(slots, state.slots.shape), end, loss))
        return Chunk.of(states, norms, losses)

    @cached_property
    def _train(self) -> Callable[..., Any]:
        return _compiled(PythonEngine().source(self.network, self.batches.recipe))

    @cached_property
    def _rows(self) -> list[Row]:
        return [tuple(row) for row in np.hstack([self.batches.X, self.batches.Y]).tolist()]

    @cached_property
    def _parts(self) -> list[slice]:
        """The rows of each batch of an epoch, by their position in its order."""
        size = self.batches.recipe.batch_size
        return [slice(batch * size, (batch + 1) * size) for batch in range(self.batches.per_epoch)]

    @cached_property
    def _divisors(self) -> list[float]:
        return [self.batches.divisor(0, batch) for batch in range(self.batches.per_epoch)]

    @cached_property
    def _shares(self) -> list[float]:
        """Weight of each batch in the loss of its epoch."""
        return [self.batches.share(divisor) for divisor in self._divisors]

    def _between(self, first: int, last: int) -> Iterator[Batch]:
        """Rows, divisor and learning rate of each update."""
        recipe, per_epoch = self.batches.recipe, self.batches.per_epoch
        if per_epoch == 1 and not recipe.shuffle and recipe.schedule.name == "constant":
            rate = recipe.learning_rate(recipe.schedule.warmup)
            if first >= recipe.schedule.warmup:
                yield from zip(repeat(self._rows, last - first), repeat(self._divisors[0]), repeat(rate))
                return
        for epoch in range(first // per_epoch, -(-last // per_epoch)):
            start, end = max(first - epoch * per_epoch, 0), min(last - epoch * per_epoch, per_epoch)
            rows = self._of_epoch(epoch)[start:end]
            yield from zip(rows, self._divisors[start:end], repeat(recipe.learning_rate(epoch)))

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
        return [rows[part] for part in self._parts]


@lru_cache(maxsize=16)
def _compiled(source: str) -> Callable[..., Any]:
    """The function `train` of a source text that `Step` has written."""
    names: dict[str, Any] = {}
    exec(compile(source, "<step>", "exec"), names)
    return names["train"]  # type: ignore[no-any-return]
