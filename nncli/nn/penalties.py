"""Penalties on large weights: a sum over the parameters, added to the loss of every batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.nn.arrays import Array


@dataclass(frozen=True)
class Penalty:
    """l1 |w| + l2 / 2 w^2 for each parameter w, with factors of its own, (P,); 0 for biases."""

    l1: Array
    l2: Array

    def terms(self, parameters: Array) -> Array:
        """Return the penalty of each parameter, (P,)."""
        l1, l2 = self._factors(parameters)
        return np.asarray(l1 * np.abs(parameters) + 0.5 * l2 * np.square(parameters))

    def slope(self, parameters: Array) -> Array:
        """The derivative by each parameter, (P,); that of |w| at 0 is taken as 0."""
        l1, l2 = self._factors(parameters)
        return np.asarray(l1 * np.sign(parameters) + l2 * parameters)

    def _factors(self, parameters: Array) -> tuple[Array, Array]:
        """Both in the dtype of the parameters, which they would widen."""
        return self.l1.astype(parameters.dtype, copy=False), self.l2.astype(parameters.dtype, copy=False)
