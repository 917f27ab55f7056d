"""Mistakes that people make in backprop, each as a backward pass with a wrong step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from nncli.inspection.formulas import readable
from nncli.inspection.student import passes
from nncli.inspection.student.passes import Backward, LayerInput
from nncli.inspection.student.problem import Problem
from nncli.nn.activations import ACTIVATIONS, Activation
from nncli.nn.arrays import Array
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Activity, Network


@dataclass(frozen=True)
class Hypothesis:
    """Mistakes, and the backward pass that has them.

    Attributes
    ----------
    named : each mistake in words that follow "backward: ", and its fix; none for the right pass.
    steps : the replaced steps, by field of `Backward`.
    """

    named: tuple[tuple[str, str], ...] = ()
    steps: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, mistake: str, fix: str, steps: Mapping[str, Any]) -> Hypothesis:
        """Return the hypothesis of a single mistake."""
        return cls(((mistake, fix),), steps)

    def combined(self, other: Hypothesis) -> Hypothesis | None:
        """Return both mistakes together; None if both replace the same step."""
        if set(self.steps) & set(other.steps):
            return None
        return Hypothesis(self.named + other.named, {**self.steps, **other.steps})

    def gradient(self, problem: Problem) -> Array | None:
        """Return the gradient (P,) with this mistake; None if its shapes do not fit."""
        try:
            with np.errstate(all="ignore"):
                return Backward(**self.steps).gradient(problem)
        except ValueError:
            return None


def hypotheses(problem: Problem, learning_rate: float) -> list[Hypothesis]:
    """Return the mistakes that a network and its loss make possible, the likeliest first."""
    network, loss = problem.network, problem.loss
    return [
        *_of_output_derivative(network, loss),
        *_of_another_loss(network, loss),
        *_of_hidden_derivatives(network),
        *_of_other_activations(network, loss),
        *_of_backward_weights(network, learning_rate),
        *_of_inputs(network),
        *_of_biases(network),
        *_of_rows(),
        *_of_penalties(network),
        *_of_class_weights(loss),
    ]


def _of_output_derivative(network: Network, loss: Loss) -> Iterator[Hypothesis]:
    """Yield mistakes in dZ of the last layer."""
    last, activation = len(network.layers) - 1, network.output_activation
    if loss.link:
        own = activation.name
        if activation.derivative is not None:
            yield Hypothesis.of(
                f"the derivative of {own} is applied once too often in layers.{last}",
                f"use dZ = a - y there, which contains the derivative of {own}",
                {"output_error": partial(_after_output_error, step=_slope)},
            )
        else:
            yield Hypothesis.of(
                f"a (1 - a) is applied to the output error of layers.{last}, which is that of sigmoid",
                "use dZ = a - y, which contains the derivative of softmax",
                {"output_error": partial(_after_output_error, step=_logistic_slope)},
            )
        return
    for words, fix, step in _wrong_steps(activation):
        yield Hypothesis.of(f"{words} in layers.{last}", fix, {"output_error": partial(_dA_then, step=step)})


def _of_hidden_derivatives(network: Network) -> Iterator[Hypothesis]:
    """Yield mistakes in the derivative of an activation, for all hidden layers and for each."""
    hidden = range(len(network.layers) - 1)
    by_name: dict[str, list[int]] = {}
    for index in hidden:
        by_name.setdefault(network.layers[index].activation.name, []).append(index)
    chosen = [[index] for index in hidden] + [each for each in by_name.values() if len(each) > 1]
    for layers in sorted(chosen, key=len, reverse=True):
        where = " and ".join(f"layers.{index}" for index in layers)
        for words, fix, step in _wrong_steps(network.layers[layers[0]].activation):
            yield Hypothesis.of(f"{words} in {where}", fix, {"through": dict.fromkeys(layers, step)})


def _wrong_steps(activation: Activation) -> Iterator[tuple[str, str, passes.Through]]:
    """Yield wrong ways through an activation: mistake, fix, step."""
    if activation.name == "identity":
        return
    own = activation.name
    if activation.derivative is None or activation.derivative_expression is None:
        fix = "use dZ = a (dA - sum(dA a)), because every output depends on every z"
        yield f"the derivative of {own} is missing", fix, _missing
        yield f"a (1 - a) is used as the derivative of {own}", fix, _logistic_slope
        return
    fix = f"multiply dA by {readable(activation.derivative_expression)}"
    yield f"the derivative of {own} is missing", fix, _missing
    yield f"the derivative of {own} is taken at a instead of z", fix, _at_activation
    yield f"the derivative of {own} is computed with z in the place of a", fix, _at_sum
    yield f"{own} itself is used as its derivative", fix, _value
    yield f"the derivative of {own} is applied twice", fix, _twice
    for name in ACTIVATIONS:
        other = ACTIVATIONS[name]()
        if other.derivative is not None and name not in (own, "identity"):
            step = partial(_of_another, other=other)
            yield f"the derivative of {name} is used for {own}", fix, step


def _of_another_loss(network: Network, loss: Loss) -> Iterator[Hypothesis]:
    """Yield gradients of other losses, each with both reductions."""
    for name, make in LOSSES.items():
        for reduction in ("mean", "sum"):
            other = make(reduction=reduction)
            fits = other.link in (None, network.output_activation.name)
            same = (name, reduction) == (loss.name, loss.reduction) or _alike(loss, other)
            if fits and not same:
                yield Hypothesis.of(
                    f"this is the gradient of {name} ({reduction}), and the config's loss is "
                    f"{loss.name} ({loss.reduction})",
                    _towards(network, other),
                    {"output_error": partial(_of_loss, loss=other)},
                )


def _towards(network: Network, other: Loss) -> str:
    """Return the fix for the gradient of another loss."""
    change = f"set loss: {{name: {other.name}, reduction: {other.reduction}}}"
    slope = network.output_activation.derivative_expression
    if other.link and slope:
        return f"use the derivative of the config's loss times {readable(slope)} for dZ, or {change}"
    return f"use the derivative of the config's loss, or {change}"


def _alike(loss: Loss, other: Loss) -> bool:
    """Tell whether two losses differ by a constant factor alone, which is explained as such."""
    squares = {"mse", "squared_error", "half_squared_error"}
    return loss.name == other.name or {loss.name, other.name} <= squares


def _of_other_activations(network: Network, loss: Loss) -> Iterator[Hypothesis]:
    """Yield the derivative that is missing in all layers at once."""
    if loss.link or len(network.layers) < 2:
        return
    yield Hypothesis.of(
        "the derivatives of the activations are missing in all layers",
        "multiply dA of each layer by the derivative of its activation",
        {
            "output_error": partial(_dA_then, step=_missing),
            "through": dict.fromkeys(range(len(network.layers) - 1), _missing),
        },
    )


def _of_backward_weights(network: Network, learning_rate: float) -> Iterator[Hypothesis]:
    """Yield mistakes in the step from dZ of a layer to dA of the layer below."""
    if len(network.layers) < 2:
        return
    yield Hypothesis.of(
        "dA is computed with transposed weights",
        "use dA = dZ W for weights of shape (units, inputs) and rows of X: forward uses their transpose",
        {"down": lambda dZ, W, dW: dZ @ W.T},
    )
    yield Hypothesis.of(
        "dZ is passed to the layer below without its weights",
        "use dA = dZ W",
        {"down": lambda dZ, W, dW: np.repeat(dZ.sum(axis=1, keepdims=True), W.shape[1], axis=1)},
    )
    yield Hypothesis.of(
        "the layer below gets its error through weights that are already updated",
        "compute all gradients before the first update",
        {"down": lambda dZ, W, dW: dZ @ (W - learning_rate * dW)},
    )
    yield Hypothesis.of(
        "only the first unit above is counted in dA of the layer below",
        "sum over all units above",
        {"down": lambda dZ, W, dW: dZ[:, :1] @ W[:1]},
    )
    yield Hypothesis.of(
        "only the last unit above is counted in dA of the layer below",
        "sum over all units above",
        {"down": lambda dZ, W, dW: dZ[:, -1:] @ W[-1:]},
    )


def _of_inputs(network: Network) -> Iterator[Hypothesis]:
    """Yield mistakes in dW."""
    if any(layer.inputs == layer.units > 1 for layer in network.layers):
        yield Hypothesis.of(
            "dW of a layer with as many units as inputs is transposed",
            "use dW = dZ^T u for weights of shape (units, inputs), u^T dZ for (inputs, units)",
            {"weight_gradient": _turned_where_square},
        )
    if len(network.layers) > 1:
        yield Hypothesis.of(
            "dW is computed with z of the layer below instead of its activation a",
            "use dW = dZ^T a of the layer below",
            {"weight_gradient": lambda dZ, layer: dZ.T @ layer.Z_below},
        )
    yield Hypothesis.of(
        "dW is computed with the layer's own output instead of its input",
        "use dW = dZ^T u with the input u of the layer",
        {"weight_gradient": lambda dZ, layer: dZ.T @ layer.A},
    )


def _of_biases(network: Network) -> Iterator[Hypothesis]:
    """Yield mistakes in db."""
    if not any(layer.bias for layer in network.layers):
        return
    fix = "use db = sum of dZ over the rows"
    yield Hypothesis.of("the gradients of the biases are 0", fix, {"bias_gradient": lambda dZ: 0.0 * dZ[0]})
    yield Hypothesis.of(
        "db is the mean of dZ over the rows, dW the sum", fix, {"bias_gradient": lambda dZ: dZ.mean(axis=0)}
    )
    yield Hypothesis.of(
        "dW is the mean over the rows, db the sum",
        "treat both alike",
        {"weight_gradient": lambda dZ, layer: dZ.T @ layer.U / len(dZ)},
    )
    yield Hypothesis.of("db is dZ of the first row alone", fix, {"bias_gradient": lambda dZ: dZ[0]})
    yield Hypothesis.of("db is dZ of the last row alone", fix, {"bias_gradient": lambda dZ: dZ[-1]})


def _of_rows() -> Iterator[Hypothesis]:
    """Yield gradients of a single row of the batch."""
    for name, chosen, fix in (
        (
            "last",
            slice(-1, None),
            "add to the gradient in each turn of the loop (+=) instead of replacing it",
        ),
        ("first", slice(0, 1), "return after the loop over the rows, not inside it"),
    ):
        yield Hypothesis.of(
            f"only the {name} row is counted", fix, {"output_error": partial(_of_one_row, chosen=chosen)}
        )


def _of_penalties(network: Network) -> Iterator[Hypothesis]:
    """Yield mistakes in the gradient of l1 and l2."""
    if network.penalty is None:
        return
    yield Hypothesis.of(
        "the penalties (l1, l2) are missing",
        "add l1 sign(w) + l2 w to the gradient of each weight, not of the biases",
        {"penalty_gradient": lambda problem: np.zeros_like(problem.parameters)},
    )
    yield Hypothesis.of(
        "the penalties (l1, l2) are counted twice",
        "the penalty l2 / 2 w^2 has the derivative l2 w",
        {"penalty_gradient": lambda problem: 2.0 * passes.penalty_gradient(problem)},
    )


def _of_class_weights(loss: Loss) -> Iterator[Hypothesis]:
    """Yield the gradient without class weights."""
    if loss.class_weights is not None:
        yield Hypothesis.of(
            "class_weight is left out",
            "multiply the terms of each row by the weight of its class",
            {"output_error": partial(_of_loss, loss=replace(loss, class_weights=None))},
        )


def _turned_where_square(dZ: Array, layer: LayerInput) -> Array:
    dW = passes.weight_gradient(dZ, layer)
    return dW.T if dW.shape[0] == dW.shape[1] else dW


def _missing(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return dA


def _slope(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return activation.backward(dA, Z, A)


def _at_activation(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return activation.backward(dA, A, activation.function(A))


def _at_sum(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return activation.backward(dA, Z, Z)


def _value(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return np.asarray(dA * A)


def _twice(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return activation.backward(activation.backward(dA, Z, A), Z, A)


def _logistic_slope(activation: Activation, dA: Array, Z: Array, A: Array) -> Array:
    return np.asarray(dA * A * (1.0 - A))


def _of_another(activation: Activation, dA: Array, Z: Array, A: Array, other: Activation) -> Array:
    return other.backward(dA, Z, A)


def _dA(problem: Problem, output: Activity) -> Array:
    """Return dA of the last layer, for a loss written in A."""
    loss = problem.loss
    slope = loss.slope(output.A, problem.Y) / loss.divisor(problem.Y)
    return np.asarray(slope if loss.class_weights is None else slope * loss.row_weights(problem.Y))


def _dA_then(problem: Problem, output: Activity, step: passes.Through) -> Array:
    return step(problem.network.output_activation, _dA(problem, output), output.Z, output.A)


def _after_output_error(problem: Problem, output: Activity, step: passes.Through) -> Array:
    dZ = passes.output_error(problem, output)
    return step(problem.network.output_activation, dZ, output.Z, output.A)


def _of_loss(problem: Problem, output: Activity, loss: Loss) -> Array:
    return loss.output_error(problem.network.output_activation, output.Z, output.A, problem.Y)


def _of_one_row(problem: Problem, output: Activity, chosen: slice) -> Array:
    dZ = passes.output_error(problem, output)
    alone = np.zeros_like(dZ)
    alone[chosen] = dZ[chosen]
    return alone
