"""Gradients by finite differences as one compiled function of a batch."""

from __future__ import annotations

import numpy as np

from nncli.codegen.differences import DifferenceLoops
from nncli.engines.backprop import BatchGradient
from nncli.engines.batches import Batches
from nncli.engines.compilation import compiled
from nncli.nn.arrays import Array
from nncli.nn.network import Network


class CompiledDifferences(BatchGradient):
    """Loss and gradient of a batch; the same differences as `nn.gradients` takes, of each row's terms."""

    def __init__(self, network: Network, batches: Batches, w: Array, g: Array) -> None:
        self._network, self._batches, self._w, self._g = network, batches, w, g
        options = batches.recipe.gradient.options
        step = float(options["epsilon"])
        self._steps = np.array([step] if options["scheme"] == "forward" else [step, -step])
        source = DifferenceLoops(network, batches.recipe.loss).source
        nothing = np.zeros((0, network.inputs)), np.zeros((0, network.outputs)), np.zeros(0)
        self._differences = compiled(source, "differences", [w, g, *nothing, self._steps])

    def __call__(self, epoch: int, batch: int) -> float:
        """Write the gradient, and return what the batch adds to the epoch's loss."""
        X, Y = map(np.ascontiguousarray, self._batches.rows(epoch, batch))
        loss, divisor = self._batches.recipe.loss, self._batches.divisor(epoch, batch)
        weights = np.zeros(0) if loss.class_weights is None else loss.row_weights(Y)[:, 0].copy()
        value = self._differences(self._w, self._g, X, Y, weights, self._steps) / divisor
        apart = self._steps[0] - (self._steps[1] if len(self._steps) == 2 else 0.0)
        self._g /= divisor * apart
        if penalty := self._network.penalty:
            first, second = self._w + self._steps[0], self._w + (self._steps[0] - apart)
            self._g += (penalty.terms(first) - penalty.terms(second)) / apart
            value += float(self._network.cost(self._w))
        return float(value) * self._batches.share(divisor)
