"""The reference engine: the updates one after the other, straight on `nn.gradients`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nncli.engines.batches import Batches
from nncli.engines.contract import Chunk, Recipe, State
from nncli.nn.arrays import Array
from nncli.nn.dropout import dropped
from nncli.nn.network import Network
from nncli.nn.randomness import random_stream


class NumpyEngine:
    """Plain numpy."""

    def supports(self, network: Network, recipe: Recipe, rows: int) -> str | None:
        """None: it executes every recipe."""
        return None

    def microseconds(self, network: Network, recipe: Recipe) -> float:
        """Some 20 us of calls for each layer, whatever its size, and 12 for slots; then the products."""
        calls = 20.0 * len(network.layers) + 12.0 * bool(recipe.optimizer.slots)
        return calls + 0.0005 * network.parameter_count * recipe.batch_size

    def plan(self, network: Network, X: Array, Y: Array, recipe: Recipe) -> NumpyPlan:
        """Nothing to make ready but the memory."""
        _keep_freed_memory()
        return NumpyPlan(network, Batches(X, Y, recipe))


def _keep_freed_memory() -> None:
    """Let the C library keep the temporaries' memory from update to update.

    glibc gives blocks above 128 kB back to the system when they are freed, and pays for every page
    anew in the next update, until one larger block has been freed. Measured: finite differences 2.5
    times faster at 2-2-2-2 with 1,000 rows, 3.5 times at 8-32-32-1 with 500.
    """
    np.empty(31 << 20, dtype=np.uint8)  # just below the largest size that glibc takes as a hint


@dataclass(frozen=True)
class NumpyPlan:
    """Updates of one network on one data set."""

    network: Network
    batches: Batches

    def run(self, state: State, stops: Sequence[int]) -> Chunk:
        """Do updates until each of `stops`."""
        batches, recipe = self.batches, self.batches.recipe
        parameters, slots, loss = state.parameters, state.slots, state.partial_loss
        states, norms, losses = list[State](), list[float](), list[float]()
        with np.errstate(all="ignore"):  # the caller judges what is no longer finite
            for update in range(state.update, stops[-1]):
                epoch, batch = divmod(update, batches.per_epoch)
                X, Y = batches.rows(epoch, batch)
                network = self._network(update, len(X))
                value, gradient = recipe.gradient(network, parameters, X, Y, recipe.loss)
                loss += value * batches.share(Y)
                parameters, slots = recipe.optimizer.step(
                    parameters, gradient, slots, update + 1, recipe.learning_rate(epoch)
                )
                if batch == batches.per_epoch - 1:
                    losses.append(loss)
                    loss = 0.0
                if update + 1 == stops[len(states)]:
                    states.append(State(parameters, slots, update + 1, loss))
                    norms.append(float(np.sqrt(gradient @ gradient)))
        return Chunk.of(states, norms, losses)

    def _network(self, update: int, rows: int) -> Network:
        """The network of an update, without the units it leaves out."""
        if not self.network.has_dropout:
            return self.network
        return dropped(self.network, random_stream(self.batches.recipe.seed, f"dropout {update}"), rows)
