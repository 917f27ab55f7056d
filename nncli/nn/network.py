"""A fully connected network: shapes only. Its numbers live in one vector, seen through views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.nn.penalties import Penalty


@dataclass(frozen=True)
class Layer:
    """A dense layer: `units` neurons, each with `inputs` weights and, if `bias`, one bias.

    Training adds l1 sum |w| + l2 / 2 sum w^2 over its weights, without biases, to the loss.
    `dropout` is the share of the units that each update leaves out, see `nn.dropout`.
    """

    inputs: int
    units: int
    activation: Activation
    bias: bool = True
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the layer's block in the parameter vector: (units, inputs + 1), the bias last."""
        return self.units, self.inputs + self.bias


class LayerView(NamedTuple):
    """The weights (..., units, inputs) and biases (..., units) of a layer, as views of the vectors."""

    W: Array
    b: Array | None


class Activity(NamedTuple):
    """The values of one layer in a forward pass, both (..., n, units)."""

    Z: Array
    A: Array


@dataclass(frozen=True)
class Network:
    """Layers in order; the inputs of each are the units of the one before."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        for before, after in pairwise(self.layers):
            if before.units != after.inputs:
                raise ValueError(f"a layer of {before.units} units cannot feed {after.inputs} inputs")

    @property
    def inputs(self) -> int:
        """Columns of X."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """Columns of Y."""
        return self.layers[-1].units

    @property
    def output_activation(self) -> Activation:
        """The activation of the last layer."""
        return self.layers[-1].activation

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """The start of each layer's block in the vector; one more entry holds the end."""
        sizes = (units * columns for units, columns in (layer.shape for layer in self.layers))
        return (0, *np.cumsum([*sizes]).tolist())

    @property
    def has_dropout(self) -> bool:
        """Tell whether training leaves units out."""
        return any(layer.dropout for layer in self.layers)

    @property
    def parameter_count(self) -> int:
        """Length of the parameter vector."""
        return self.offsets[-1]

    @cached_property
    def penalty(self) -> Penalty | None:
        """The penalty of the layers' l1 and l2; None if all are 0."""
        if not any(layer.l1 or layer.l2 for layer in self.layers):
            return None
        l1, l2 = np.zeros((2, self.parameter_count))
        for layer, on_l1, on_l2 in zip(self.layers, self.views(l1), self.views(l2), strict=True):
            on_l1.W[...], on_l2.W[...] = layer.l1, layer.l2
        return Penalty(l1, l2)

    def cost(self, parameters: Array) -> Array:
        """Return what the layers' penalties add to the loss, for each vector of parameters (..., P)."""
        if self.penalty is None:
            return np.zeros(parameters.shape[:-1])
        return np.asarray(self.penalty.terms(parameters).astype(np.float64, copy=False).sum(axis=-1))

    def blocks(self, parameters: Array) -> list[Array]:
        """A view (..., units, inputs + 1) of each layer's part of vectors (..., P); without bias one less."""
        return [
            parameters[..., start:stop].reshape(*parameters.shape[:-1], *layer.shape)
            for layer, (start, stop) in zip(self.layers, pairwise(self.offsets), strict=True)
        ]

    def views(self, parameters: Array) -> list[LayerView]:
        """Weights and biases of each layer, as views of vectors (..., P)."""
        return [
            LayerView(block[..., : layer.inputs], block[..., -1] if layer.bias else None)
            for layer, block in zip(self.layers, self.blocks(parameters), strict=True)
        ]

    def tensors(self, parameters: Array) -> dict[str, Array]:
        """The views by name, `layers.0.weight`, `layers.0.bias` ..., in the order of the vector's layers."""
        named = {}
        for index, (W, b) in enumerate(self.views(parameters)):
            named[f"layers.{index}.weight"] = W
            if b is not None:
                named[f"layers.{index}.bias"] = b
        return named

    def flatten(self, layers: Sequence[tuple[Array, Array | None]]) -> Array:
        """The parameter vector (P,) of weights (units, inputs) and biases (units,) by layer."""
        parameters = np.empty(self.parameter_count)
        for view, (W, b) in zip(self.views(parameters), layers, strict=True):
            view.W[...] = W
            if view.b is not None:
                view.b[...] = b
        return parameters

    def forward(self, parameters: Array, X: Array) -> list[Activity]:
        """Every layer's Z and A, (..., n, units), for rows X (n, inputs) and parameters (..., P).

        Stacked parameters give the same numbers, to the last bit, as each vector by itself. Values
        that overflow become inf or nan without a warning: the caller knows what they mean.
        """
        activities, A = list[Activity](), X
        # Besides, OpenBLAS now and then reports an invalid value where every number is finite
        # (numpy issue 24067), which would reach users as a warning about nothing.
        with np.errstate(all="ignore"):
            for layer, (W, b) in zip(self.layers, self.views(parameters), strict=True):
                Z = A @ W.swapaxes(-1, -2)
                if b is not None:
                    Z += b[..., np.newaxis, :]
                A = layer.activation.function(Z)
                activities.append(Activity(Z, A))
        return activities

    def predict(self, parameters: Array, X: Array) -> Array:
        """The outputs (..., n, outputs) for rows X (n, inputs) and parameters (..., P)."""
        return self.forward(parameters, X)[-1].A
