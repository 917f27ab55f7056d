"""The numpy engine: the calls of an update are listed once, on arrays made once, and then only executed.

A tiny update costs its calls, some 0.3 us each; a wide one its matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nncli.engines.backprop import BatchGradient, gradient_of
from nncli.engines.batches import Batches
from nncli.engines.contract import Chunk, Engine, Recipe, State
from nncli.engines.estimates import numpy_update
from nncli.engines.optimizer_step import NumpyStep, OptimizerStep
from nncli.nn.arrays import Array
from nncli.nn.network import Network


class NumpyEngine(Engine):
    """Plain numpy."""

    def supports(self, network: Network, recipe: Recipe, rows: int) -> str | None:
        """None: it executes every recipe."""
        return None

    def seconds(self, network: Network, recipe: Recipe, updates: int) -> float:
        """Estimate the time of so many updates."""
        return 1e-6 * updates * numpy_update(network, recipe)

    def plan(self, network: Network, X: Array, Y: Array, recipe: Recipe) -> NumpyPlan:
        """List the calls of an update, for rows X (n, inputs), Y (n, outputs)."""
        return NumpyPlan(network, Batches(X, Y, recipe), gradient_of(recipe), NumpyStep)


def _keep_freed_memory() -> None:
    """Let the C library keep the temporaries' memory from update to update.

    glibc gives blocks above 128 kB back to the system when they are freed, and pays for every page
    anew in the next update, until one larger block has been freed. Measured: finite differences 2.5
    times faster at 2-2-2-2 with 1,000 rows, 3.5 times at 8-32-32-1 with 500.
    """
    np.empty(31 << 20, dtype=np.uint8)  # just below the largest size that glibc takes as a hint


class NumpyPlan:
    """Updates of one network on one data set.

    Attributes
    ----------
    w, g : the parameters (P,) and the gradient (P,), which every update writes anew.
    slots : of the optimizer (s, P).
    """

    def __init__(
        self, network: Network, batches: Batches, gradient: type[BatchGradient], step: type[OptimizerStep]
    ) -> None:
        _keep_freed_memory()
        self.batches = batches
        self.w, self.g = np.zeros((2, network.parameter_count), batches.X.dtype)
        self.slots = batches.recipe.optimizer.init(self.w)
        self._step = step(batches.recipe.optimizer, self.w, self.g, self.slots)
        self._gradient = gradient(network, batches, self.w, self.g)

    def run(self, state: State, stops: Sequence[int]) -> Chunk:
        """Do updates until each of `stops`."""
        rate, per_epoch, loss = self.batches.recipe.learning_rate, self.batches.per_epoch, state.partial_loss
        states, norms, ended = list[State](), list[float](), list[float]()
        self.w[...], self.slots[...] = state.parameters, state.slots
        with np.errstate(all="ignore"):  # the caller judges what is no longer finite
            for update in range(state.update, stops[-1]):
                epoch, batch = divmod(update, per_epoch)
                loss += self._gradient(epoch, batch)
                self._step(update + 1, rate(epoch))
                if batch == per_epoch - 1:
                    ended.append(loss)
                    loss = 0.0
                if update + 1 == stops[len(states)]:
                    states.append(State(self.w.copy(), self.slots.copy(), update + 1, loss))
                    norms.append(float(np.sqrt(self.g @ self.g)))
        return Chunk.of(states, norms, ended)
