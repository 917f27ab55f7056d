"""The updates of one network as loops over arrays for a compiler, with every size written as a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nncli.codegen.scalar import PLAIN_LOGISTIC, hoisted, statements
from nncli.nn.activations import LOGISTIC
from nncli.nn.losses import Loss
from nncli.nn.network import Network
from nncli.nn.optimizers import Optimizer

HEAD = """\
from math import log, sqrt

import numpy as np

from nncli.engines.vector_math import exp, expm1, log1p, tanh

"""


def step_source(optimizer: Optimizer, dtype: str) -> str:
    """Return the function `step(W, slots, G, rate, update)` as source: the optimizer's step in one loop.

    Its numbers have the dtype of the arrays and of the rate; in float64 those of float32 take twice as long.
    """
    body = rule(optimizer, "float(update)", "np.float32" if dtype == "float32" else "float")
    return "\n".join([HEAD, "def step(W, slots, G, rate, update):", *indented(body), ""])


@dataclass(frozen=True)
class Loops:
    """Writes the updates of a network by backprop, from any one to any later one, as one function.

    The function `train` changes the parameters W (P,) and the slots (s, P) in place, writes the gradient to
    G (P,), and returns the loss of the running epoch so far. Its other arguments:

    X (n, inputs), Y (n, outputs), weights : the training rows; the weights (n,) are those of their classes.
    orders : of the rows (epochs, n), the first that of the epoch `first`; or one for all epochs, (1, n).
    rates : learning rates (epochs,), the first that of the epoch `first`.
    divisors, whole : of the loss of a whole batch and of the last in an epoch (2,), and of a whole epoch.
    update, end : where to begin and to end, counted from 0.
    loss : of the running epoch so far.
    stops : after which of the updates (K,) to write the state to kept (K, P), kept_slots (K, s, P),
        partial_losses (K,) and the norm of the gradient to norms (K,).
    losses : where to write the loss of each epoch that ends.
    """

    network: Network
    loss: Loss
    optimizer: Optimizer
    batch_size: int
    shuffle: bool

    @property
    def source(self) -> str:
        """The function's source text."""
        head = [
            HEAD,
            "def train(W, slots, G, X, Y, weights, orders, rates, divisors, whole, update, end, first, loss,",
            "          stops, kept, kept_slots, partial_losses, norms, losses):",
        ]
        return "\n".join([*head, *indented([*self._arrays(), *self._updates(), "return loss"]), ""])

    def _arrays(self) -> Iterator[str]:
        """Views of the layers' parameters and gradients, and the arrays of a row."""
        for number, (layer, start) in enumerate(zip(self.network.layers, self.network.offsets, strict=False)):
            units, columns = layer.shape
            part = f"[{start}:{start + units * columns}].reshape({units}, {columns})"
            yield f"W{number}, G{number} = W{part}, G{part}"
            yield f"z{number}, a{number}, d{number} = np.empty({units}), np.empty({units}), np.empty({units})"

    def _updates(self) -> Iterator[str]:
        size = self.batch_size
        yield "n, stop, ended = X.shape[0], 0, 0"
        yield f"per_epoch = (n + {size - 1}) // {size}"
        yield "while update < end:"
        yield from indented(self._update())

    def _update(self) -> Iterator[str]:
        yield "epoch, batch = update // per_epoch, update % per_epoch"
        yield f"begin = batch * {self.batch_size}"
        yield f"after = min(begin + {self.batch_size}, n)"
        order = f"orders[{'epoch - first' if self.shuffle else '0'}, i]"
        yield from self._divisor(order)
        yield "value = 0.0"
        if self.batch_size > 1:
            yield "for p in range(G.size):"
            yield "    G[p] = 0.0"
        yield "for i in range(begin, after):"
        yield f"    r = {order}"
        yield from indented([*self._forward(), *self._output_error(), *self._backward()])
        yield "value /= divisor"
        yield from self._penalties()
        yield f"loss += value{' * (divisor / whole)' if self.loss.reduction == 'mean' else ''}"
        yield "rate = rates[epoch - first]"
        yield from rule(self.optimizer, "float(update + 1)", "float")
        yield "update += 1"
        yield from self._kept()

    def _divisor(self, order: str) -> Iterator[str]:
        """The divisor of a batch; rows count as much as their class weighs."""
        if self.loss.class_weights is None or self.loss.reduction == "sum":
            yield "divisor = divisors[1 if batch == per_epoch - 1 else 0]"
            return
        yield "divisor = 0.0"
        yield "for i in range(begin, after):"
        yield f"    divisor += weights[{order}]"
        if not self.loss.per_row:
            yield f"divisor *= {self.network.outputs}"

    def _kept(self) -> Iterator[str]:
        """The loss of an epoch that ends, and the state at a stop."""
        yield "if batch == per_epoch - 1:"
        yield "    losses[ended] = loss"
        yield "    loss, ended = 0.0, ended + 1"
        yield "if stop < stops.size and update == stops[stop]:"
        yield "    partial_losses[stop], norm = loss, 0.0"
        # Number by number: numba needs 2.5 s more to compile the assignment of an array to a slice.
        yield f"    for p in range({self.network.parameter_count}):"
        yield "        kept[stop, p] = W[p]"
        yield from (
            f"        kept_slots[stop, {s}, p] = slots[{s}, p]" for s in range(len(self.optimizer.slots))
        )
        yield "        norm += G[p] * G[p]"
        yield "    norms[stop] = sqrt(norm)"
        yield "    stop += 1"

    def _forward(self) -> Iterator[str]:
        """Z and a of every unit of a row."""
        for number, layer in enumerate(self.network.layers):
            below = f"a{number - 1}[k]" if number else "X[r, k]"
            yield f"for j in range({layer.units}):"
            yield f"    t = {f'W{number}[j, {layer.inputs}]' if layer.bias else '0.0'}"
            yield f"    for k in range({layer.inputs}):"
            yield f"        t += W{number}[j, k] * {below}"
            yield f"    z{number}[j] = t"
            if layer.activation.expression is None:
                yield from self._softmax(number)
                continue
            yield f"for j in range({layer.units}):"
            expression = layer.activation.expression.replace(LOGISTIC, PLAIN_LOGISTIC)
            yield from indented(statements("t", expression, {"z": f"z{number}[j]"}))
            yield f"    a{number}[j] = t"

    def _softmax(self, number: int) -> Iterator[str]:
        """Z less the largest, and its softmax; `exps` is the sum that the exponentials are divided by."""
        units = self.network.layers[number].units
        yield f"largest = z{number}[0]"
        yield f"for j in range({units}):"
        yield f"    largest = max(largest, z{number}[j])"
        yield f"for j in range({units}):"
        yield f"    z{number}[j] -= largest"
        yield f"    a{number}[j] = exp(z{number}[j])"
        yield "exps = 0.0"
        yield f"for j in range({units}):"
        yield f"    exps += a{number}[j]"
        yield f"for j in range({units}):"
        yield f"    a{number}[j] /= exps"

    def _output_error(self) -> Iterator[str]:
        """The terms of a row's loss, and dL/dz of the last layer."""
        last, units = len(self.network.layers) - 1, self.network.outputs
        weight = "weights[r]" if self.loss.class_weights is not None else "1.0"
        yield f"scale = {weight} / divisor"
        yield "term = 0.0"
        if self.loss.expression is None:
            yield from self._cross_entropy(last, units)
        else:
            yield f"for j in range({units}):"
            yield from indented(self._elementwise_error(last))
            if not self.loss.link and self.network.output_activation.expression is None:
                yield from self._through_softmax(last)
        yield f"value += term * {weight}"

    def _cross_entropy(self, last: int, units: int) -> Iterator[str]:
        yield "shares = 0.0"  # the targets may sum to something other than one
        yield f"for j in range({units}):"
        yield "    shares += Y[r, j]"
        yield f"    term -= z{last}[j] * Y[r, j]"
        yield "term += log(exps) * shares"
        yield f"for j in range({units}):"
        yield f"    d{last}[j] = (a{last}[j] * shares - Y[r, j]) * scale"

    def _elementwise_error(self, last: int) -> Iterator[str]:
        loss, activation = self.loss, self.network.output_activation
        assert loss.expression is not None
        assert loss.slope_expression is not None
        values = {"z": f"z{last}[j]", "a": f"a{last}[j]", "y": "Y[r, j]"}
        values |= {name: repr(float(value)) for name, value in loss.options.items()}
        yield from statements("t", loss.expression, values)
        yield "term += t"
        slope = loss.slope_expression
        if loss.link:  # written in z, of which the activation is known
            slope = slope.replace(str(activation.expression), "a")
        yield from statements("t", slope, values)
        yield f"d{last}[j] = t * scale"
        if not loss.link and activation.derivative_expression is not None:
            yield from statements("t", activation.derivative_expression, values)
            yield f"d{last}[j] *= t"

    def _through_softmax(self, last: int) -> Iterator[str]:
        """dL/dz of a softmax whose array d holds dL/da."""
        yield "t = 0.0"
        yield f"for j in range({self.network.outputs}):"
        yield f"    t += d{last}[j] * a{last}[j]"
        yield f"for j in range({self.network.outputs}):"
        yield f"    d{last}[j] = a{last}[j] * (d{last}[j] - t)"

    def _backward(self) -> Iterator[str]:
        """The gradient of every layer, from the last to the first, and dL/dz of those below."""
        adds = "=" if self.batch_size == 1 else "+="
        for number in reversed(range(len(self.network.layers))):
            layer = self.network.layers[number]
            below = f"a{number - 1}[k]" if number else "X[r, k]"
            yield f"for j in range({layer.units}):"
            yield f"    for k in range({layer.inputs}):"
            yield f"        G{number}[j, k] {adds} d{number}[j] * {below}"
            if layer.bias:
                yield f"    G{number}[j, {layer.inputs}] {adds} d{number}[j]"
            if number:
                yield from self._error_below(number)

    def _error_below(self, number: int) -> Iterator[str]:
        """dL/dz of the layer below: its share of the errors here, times the slope of its activation."""
        layer, below = self.network.layers[number], number - 1
        yield f"for k in range({layer.inputs}):"
        yield f"    d{below}[k] = 0.0"
        yield f"for j in range({layer.units}):"
        yield f"    for k in range({layer.inputs}):"
        yield f"        d{below}[k] += d{number}[j] * W{number}[j, k]"
        slope = self.network.layers[below].activation.derivative_expression
        assert slope is not None
        slope = slope.replace(LOGISTIC, PLAIN_LOGISTIC)
        yield f"for j in range({layer.inputs}):"
        yield from indented(statements("t", slope, {"z": f"z{below}[j]", "a": f"a{below}[j]"}))
        yield f"    d{below}[j] *= t"

    def _penalties(self) -> Iterator[str]:
        """The penalties l1 and l2, added to the loss and to the gradient."""
        for number, layer in enumerate(self.network.layers):
            if layer.l1 or layer.l2:
                yield f"for j in range({layer.units}):"
                yield f"    for k in range({layer.inputs}):"
                yield f"        t = W{number}[j, k]"
                yield f"        value += {layer.l1!r} * abs(t) + {0.5 * layer.l2!r} * t * t"
                yield from indented(indented(statements("slope", "sign(t)", {})))
                yield f"        G{number}[j, k] += {layer.l1!r} * slope + {layer.l2!r} * t"


def rule(optimizer: Optimizer, count: str, number: str) -> Iterator[str]:
    """Clipping, weight decay, then the optimizer's assignments, for every parameter in one loop.

    Parameters
    ----------
    count : how the number of the update is had, from 1.
    number : the function that makes a number of the arrays' dtype.
    """
    yield f"count = {count}"
    clipped = ""
    if optimizer.clip_norm is not None:
        yield "squares = 0.0"
        yield "for p in range(G.size):"
        yield "    squares += G[p] * G[p]"
        yield f"share = {number}(min(1.0, {optimizer.clip_norm!r} / (sqrt(squares) + 1e-6)))"
        clipped = " * share"
    options = {**optimizer.options, "decay": optimizer.weight_decay}
    yield from (f"{name} = {number}({float(value)!r})" for name, value in options.items())
    before, loop = _assignments(optimizer, number)
    yield from before
    yield "for p in range(W.size):"
    yield f"    w, g = W[p], G[p]{clipped}"
    if optimizer.weight_decay:
        yield "    g += decay * w"
    yield from (f"    {slot} = slots[{row}, p]" for row, slot in enumerate(optimizer.slots))
    yield from indented(loop)
    yield "    W[p] = w"
    yield from (f"    slots[{row}, p] = {slot}" for row, slot in enumerate(optimizer.slots))


def _assignments(optimizer: Optimizer, number: str) -> tuple[list[str], list[str]]:
    """The statements of the rule that are the same for all parameters, and those of each."""
    exact = {name: repr(float(value)) for name, value in optimizer.options.items()} | {"update": "count"}
    varying = {"w", "g", *optimizer.slots}
    before, loop = list[str](), list[str]()
    for index, (name, expression) in enumerate(optimizer.assignments):
        found, rest = hoisted(expression, varying, f"c{index}_")
        for constant, invariant in found.items():
            # In float64: 1 - 0.999 would be off by 5e-5 in float32.
            before += statements(f"{constant}_exact", invariant, exact)
            before.append(f"{constant} = {number}({constant}_exact)")
        if rest in found:
            before.append(f"{name} = {rest}")
        else:
            loop += statements(name, rest, {})
            varying.add(name)
    return before, loop


def indented(lines: Iterator[str] | list[str]) -> list[str]:
    """Return lines one level further to the right."""
    return [f"    {line}" for line in lines]
