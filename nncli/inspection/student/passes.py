"""Forward and backward passes whose steps can be replaced by wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from nncli.inspection.student.problem import Problem
from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.nn.network import Activity

Through = Callable[[Activation, Array, Array, Array], Array]


@dataclass(frozen=True)
class LayerInput:
    """Arrays that dW may be computed from besides dZ.

    Attributes
    ----------
    U : the layer's input, (n, inputs).
    Z_below : Z of the layer that gave it, (n, inputs); X for the first layer.
    A : the layer's own output, (n, units).
    """

    U: Array
    Z_below: Array
    A: Array


def through(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    """Return dZ from dA (n, units): the chain rule through the activation."""
    return activation.backward(dA, Z, A)


def output_error(problem: Problem, output: Activity) -> Array:
    """Return dZ of the last layer, (n, outputs)."""
    return problem.loss.output_error(problem.network.output_activation, output.Z, output.A, problem.Y)


def weight_gradient(dZ: Array, layer: LayerInput) -> Array:
    """Return dW (units, inputs)."""
    return np.asarray(dZ.T @ layer.U)


def bias_gradient(dZ: Array) -> Array:
    """Return db (units,)."""
    return np.asarray(dZ.sum(axis=0))


def down(dZ: Array, W: Array, dW: Array) -> Array:
    """Return dA of the layer below, (n, inputs), from dZ and the weights W (units, inputs)."""
    return np.asarray(dZ @ W)


def penalty_gradient(problem: Problem) -> Array:
    """Return the gradient of the penalties, (P,)."""
    penalty = problem.network.penalty
    return np.zeros_like(problem.parameters) if penalty is None else penalty.slope(problem.parameters)


@dataclass(frozen=True)
class Backward:
    """The steps of backprop, each of which a mistake may replace.

    Attributes
    ----------
    through : by layer, for those that differ from the chain rule.
    """

    output_error: Callable[[Problem, Activity], Array] = output_error
    through: Mapping[int, Through] = field(default_factory=dict)
    weight_gradient: Callable[[Array, LayerInput], Array] = weight_gradient
    bias_gradient: Callable[[Array], Array] = bias_gradient
    down: Callable[[Array, Array, Array], Array] = down
    penalty_gradient: Callable[[Problem], Array] = penalty_gradient

    def gradient(self, problem: Problem) -> Array:
        """Return the gradient (P,) by these steps.

        Raises
        ------
        ValueError
            If shapes do not fit together.
        """
        network, activities = problem.network, problem.network.forward(problem.parameters, problem.X)
        inputs = [problem.X, *(activity.A for activity in activities[:-1])]
        views, gradient = network.views(problem.parameters), self.penalty_gradient(problem).copy()
        dZ = self.output_error(problem, activities[-1])
        for index in reversed(range(len(network.layers))):
            below = activities[index - 1] if index else Activity(problem.X, problem.X)
            dW = self.weight_gradient(dZ, LayerInput(inputs[index], below.Z, activities[index].A))
            slopes = network.views(gradient)[index]
            slopes.W[...] += dW
            if slopes.b is not None:
                slopes.b[...] += self.bias_gradient(dZ)
            if index:
                dA = self.down(dZ, views[index].W, dW)
                step = self.through.get(index - 1, through)
                dZ = step(network.layers[index - 1].activation, dA, below.Z, below.A)
        return gradient


def forward(
    problem: Problem,
    activations: Mapping[int, Activation],
    without_bias: frozenset[int] = frozenset(),
    transposed: frozenset[int] = frozenset(),
) -> Array:
    """Return the outputs (n, outputs) of a forward pass in which some layers are computed differently.

    Raises
    ------
    ValueError
        If shapes do not fit together.
    """
    A = problem.X
    views = problem.network.views(problem.parameters)
    for index, (layer, (W, b)) in enumerate(zip(problem.network.layers, views, strict=True)):
        Z = A @ (W if index in transposed else W.T)
        if b is not None and index not in without_bias:
            Z = Z + b
        A = activations.get(index, layer.activation).function(Z)
    return A
