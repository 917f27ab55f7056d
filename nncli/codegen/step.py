"""The training step of one network as Python source, each weight, sum and derivative a variable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.codegen.scalar import FROM_MATH, statements
from nncli.nn.losses import Loss
from nncli.nn.network import Network
from nncli.nn.optimizers import Optimizer


@dataclass(frozen=True)
class Step:
    """Writes the updates of a network, by backprop, as one Python function.

    The function is `train(parameters, slots, update, batches)`. For each update, `batches` yields its rows,
    each the inputs and targets as one tuple, the divisor of the loss, and the learning rate. It returns the
    new parameters and slots, each update's loss, and the last gradient.
    """

    network: Network
    loss: Loss
    optimizer: Optimizer
    batch_size: int

    @property
    def source(self) -> str:
        """The function's source text."""
        head = "def train(parameters, slots, update, batches):"
        body = [
            f"{_tuple(self._w)} = parameters",
            *([f"{_tuple(self._slots)} = slots"] if self._slots else []),
            "losses = []",
            "for rows, divisor, rate in batches:",
            *_indented(self._update()),
            f"return {_tuple(self._w)}, {_tuple(self._slots)}, losses, {_tuple(self._g)}",
        ]
        return "\n".join([f"from math import {', '.join(FROM_MATH)}", "", head, *_indented(body), ""])

    @cached_property
    def _w(self) -> list[str]:
        return [f"w{index}" for index in range(self.network.parameter_count)]

    @cached_property
    def _g(self) -> list[str]:
        return [f"g{index}" for index in range(self.network.parameter_count)]

    @cached_property
    def _slots(self) -> list[str]:
        return [f"{slot}{index}" for slot in self.optimizer.slots for index in range(len(self._w))]

    def _update(self) -> Iterator[str]:
        """One update: the loss and its gradient over the rows, then the optimizer's rule."""
        yield "update += 1"
        X, Y = _names("x", self.network.inputs), _names("y", self.network.outputs)
        row = [*self._forward(X), *self._backward(X, Y)]
        if self.batch_size == 1:
            yield f"({_tuple([*X, *Y])},) = rows"
            yield from row
        else:
            yield f"{' = '.join(self._g)} = value = 0.0"
            yield f"for {_tuple([*X, *Y])} in rows:"
            yield from _indented(row)
        yield from self._penalties()
        yield f"losses.append(value{self._divided}{' + cost' if self.network.penalty else ''})"
        yield from self._rule()

    def _forward(self, X: list[str]) -> Iterator[str]:
        """Z and a of every unit."""
        inputs = X
        for number, layer in enumerate(self.network.layers):
            outputs = []
            for unit in range(layer.units):
                weights = self._weights(number, unit)
                products = [f"{w} * {u}" for w, u in zip(weights, inputs, strict=False)]
                z, a = f"z{number}_{unit}", f"a{number}_{unit}"
                yield f"{z} = {' + '.join([*products, *weights[len(inputs) :]])}"
                assert layer.activation.expression is not None
                yield from statements(a, self._written(layer.activation.expression), {"z": z})
                outputs.append(a)
            inputs = outputs

    def _backward(self, X: list[str], Y: list[str]) -> Iterator[str]:
        """The loss of a row, then dL/dz of every unit, from the last layer to the first, and the gradient."""
        last = len(self.network.layers) - 1
        for number in reversed(range(last + 1)):
            layer = self.network.layers[number]
            inputs = _names(f"a{number - 1}_", self.network.layers[number - 1].units) if number else X
            for unit in range(layer.units):
                if number == last:
                    yield from self._output_error(number, unit, Y[unit])
                else:
                    yield from self._error(number, unit)
                for w, u in zip(self._weights(number, unit), [*inputs, ""], strict=False):
                    yield f"g{w[1:]} {self._adds} d{number}_{unit}" + (f" * {u}" if u else "")

    def _output_error(self, number: int, unit: int, y: str) -> Iterator[str]:
        values = {"z": f"z{number}_{unit}", "a": f"a{number}_{unit}", "y": y}
        values |= {name: repr(float(value)) for name, value in self.loss.options.items()}
        d, layer = f"d{number}_{unit}", self.network.layers[number]
        assert self.loss.expression is not None
        assert self.loss.slope_expression is not None
        assert layer.activation.derivative_expression is not None
        yield from statements("term", self.loss.expression, values)
        yield f"value {self._adds if unit == 0 else '+='} term"
        slope = self.loss.slope_expression
        if self.loss.link:  # written in z, of which the activation is known
            slope = slope.replace(str(layer.activation.expression), "a")
        yield from statements(d, slope, values)
        if self._divided:
            yield f"{d} = {d}{self._divided}"
        if not self.loss.link:
            yield from statements("slope", layer.activation.derivative_expression, values)
            yield f"{d} *= slope"

    def _written(self, expression: str) -> str:
        """Return an activation or its derivative as it is to be computed."""
        return expression

    @cached_property
    def _divided(self) -> str:
        """Division by the divisor of the loss, which of a single row is known, and mostly 1."""
        if self.batch_size > 1:
            return " / divisor"
        divisor = self.loss.divisor(np.empty((1, self.network.outputs)))
        return "" if divisor == 1.0 else f" / {divisor!r}"

    @property
    def _adds(self) -> str:
        """Assignment of a row's part of the gradient: of a single row it is the whole."""
        return "=" if self.batch_size == 1 else "+="

    def _error(self, number: int, unit: int) -> Iterator[str]:
        """dL/dz of a hidden unit: its share of the errors above, times the slope of its activation."""
        above = self.network.layers[number + 1].units
        shares = [f"d{number + 1}_{k} * {self._weights(number + 1, k)[unit]}" for k in range(above)]
        expression = self.network.layers[number].activation.derivative_expression
        assert expression is not None
        values = {"z": f"z{number}_{unit}", "a": f"a{number}_{unit}"}
        yield from statements("slope", self._written(expression), values)
        yield f"d{number}_{unit} = ({' + '.join(shares)}) * slope"

    def _penalties(self) -> Iterator[str]:
        """The penalties l1 and l2, added to the loss and to the gradient."""
        if not self.network.penalty:
            return
        terms = []
        for number, layer in enumerate(self.network.layers):
            for unit in range(layer.units):
                for w in self._weights(number, unit)[: layer.inputs]:
                    terms.append(f"{layer.l1!r} * abs({w}) + {0.5 * layer.l2!r} * {w} * {w}")
                    yield f"g{w[1:]} += {layer.l1!r} * (({w} > 0.0) - ({w} < 0.0)) + {layer.l2!r} * {w}"
        yield f"cost = {' + '.join(terms)}"

    def _rule(self) -> Iterator[str]:
        """Clipping, weight decay, then the optimizer's assignments, for every parameter."""
        gradient = self._g
        optimizer = self.optimizer
        if optimizer.clip_norm is not None:
            squares = " + ".join(f"{g} * {g}" for g in gradient)
            yield f"share = min(1.0, {optimizer.clip_norm!r} / (sqrt({squares}) + 1e-6))"
        constants = {name: repr(float(value)) for name, value in optimizer.options.items()}
        for index, (w, g) in enumerate(zip(self._w, gradient, strict=True)):
            step = g if optimizer.clip_norm is None else f"{g} * share"
            if optimizer.weight_decay:
                step += f" + {optimizer.weight_decay!r} * {w}"
            if step != g:
                yield f"step = {step}"
            names = {slot: f"{slot}{index}" for slot in optimizer.slots}
            names |= {"w": w, "g": g if step == g else "step", **constants}
            for name, expression in optimizer.assignments:
                yield from statements(names.get(name, name), expression, names)

    def _weights(self, number: int, unit: int) -> list[str]:
        """The weights of a unit, and its bias last if it has one."""
        columns = self.network.layers[number].shape[1]
        first = self.network.offsets[number] + unit * columns
        return self._w[first : first + columns]


def _names(letter: str, count: int) -> list[str]:
    return [f"{letter}{index}" for index in range(count)]


def _tuple(names: list[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _indented(lines: Iterator[str] | list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
