"""Tell whether a parameter that moves makes a unit, an error or a penalized weight cross a kink."""

from __future__ import annotations

import numpy as np

from nncli.nn.arrays import Array
from nncli.nn.gradients import MovedTerms
from nncli.nn.losses import Loss
from nncli.nn.network import Network


def meets_kink(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array) -> Array:
    """Tell whether a kink lies between each parameter w and w + h, `steps` h (P,) of either sign.

    Known by signs: of every pre-activation about the kinks of its activation, of every error about those of
    the loss, and of a weight that l1 penalizes.
    """
    moved = MovedTerms(network, parameters, X, Y, loss)
    met = np.zeros(len(steps), dtype=bool)
    if penalty := network.penalty:
        met |= (penalty.l1 > 0.0) & _parted(parameters + steps, parameters)
    for index, units, columns, h in moved.chunks(steps):
        M = network.blocks(met)[index]
        M[units, columns] |= _units_or_errors(moved, index, units, columns, h)
    return met


def _units_or_errors(moved: MovedTerms, index: int, units: Array, columns: Array, steps: Array) -> Array:
    """Tell whether a unit or an error changes its side, for each weight (unit, column) of a layer, (p,)."""
    network, loss = moved.network, moved.loss
    met = np.zeros(len(units), dtype=bool)
    sums = [*moved.sums(index, units, columns, steps)]
    bases = [moved.Z[index][units][:, np.newaxis], *moved.Z[index + 1 :]]
    for layer, Z, base in zip(network.layers[index:], sums, bases, strict=True):
        for kink in layer.activation.kinks:
            met |= _parted(Z - kink, base - kink).any(axis=(-2, -1))
    if loss.kinks:
        _, A = moved.outputs(index, units, sums[-1])
        met |= _parted(loss.kinks(A, moved.Y), loss.kinks(moved.A[-1].T, moved.Y)).any(axis=(-2, -1))
    return met


def _parted(moved: Array, base: Array) -> Array:
    """Mark entries where two arrays lie on different sides of 0, which is a side of its own."""
    return np.asarray(np.sign(moved) != np.sign(base))
