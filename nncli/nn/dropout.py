"""Hidden units left out at random while training (Srivastava et al. 2014), in PyTorch's inverted form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.nn.network import Layer, Network


def dropped(network: Network, rng: np.random.Generator, rows: int) -> Network:
    """The network of an update: a unit of a row is 0 with the probability p of its layer, else over 1 - p."""
    return Network(tuple(_with_mask(layer, rng, rows) for layer in network.layers))


def _with_mask(layer: Layer, rng: np.random.Generator, rows: int) -> Layer:
    if not layer.dropout:
        return layer
    keep_probability = 1.0 - layer.dropout
    return replace(
        layer,
        activation=_masked(
            layer.activation,
            (rng.random((rows, layer.units)) < keep_probability) / keep_probability,
            keep_probability,
        ),
    )


def _masked(activation: Activation, mask: Array, keep_probability: float) -> Activation:
    """An activation times a mask of 0 and 1 / keep_probability, (n, units)."""

    def backward(dA: Array, Z: Array, A: Array) -> Array:
        # Where a unit is left out A is not its activation, but then dA is 0.
        return activation.backward(dA * mask.astype(Z.dtype, copy=False), Z, A * keep_probability)

    def function(Z: Array) -> Array:
        return np.asarray(activation.function(Z) * mask.astype(Z.dtype, copy=False))

    return Activation(activation.name, function, backward)
