"""What large weights cost: a sum over the parameters, added to the loss of every batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.nn.activations import Array


@dataclass(frozen=True)
class Penalty:
    """l1 |w| + l2 / 2 w^2 for each parameter w, with factors of its own, (P,); 0 for biases."""

    l1: Array
    l2: Array

    def terms(self, parameters: Array) -> Array:
        """What each parameter costs, (P,)."""
        return np.asarray(self.l1 * np.abs(parameters) + 0.5 * self.l2 * np.square(parameters))

    def slope(self, parameters: Array) -> Array:
        """The derivative by each parameter, (P,); that of |w| at 0 is taken as 0."""
        return np.asarray(self.l1 * np.sign(parameters) + self.l2 * parameters)
