"""The updates of several networks of one shape as loops for a compiler, each network in a lane of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from nncli.codegen.loops import HEAD, indented, rule
from nncli.codegen.scalar import PLAIN_LOGISTIC
from nncli.codegen.step import Step
from nncli.nn.activations import LOGISTIC


@dataclass(frozen=True)
class Lanes(Step):
    """Writes the updates of `count` networks, by backprop, from any one to any later one, as one function.

    The numbers of a parameter in all networks stand next to each other, and the innermost loops run over the
    networks: a compiler computes as many of them at once as its registers hold. Each has its own rows.

    The function `train` changes the parameters W (P, count), the first part of the array S, and the slots
    (s, P * count) in place. Its other arguments:

    S : in one dimension, W, then what the function uses: the gradients G (P, count), a row of each network
        (inputs + outputs, count) and the values of their losses (count,). `numbers` is its length. Of numbers
        in one array a compiler knows that they differ; of arrays it would have to test it.
    X (n, inputs), Y (n, outputs) : the rows of all networks.
    orders : of a network's rows (epochs, n, count), the first that of the epoch `first`; or one for all
        epochs, (1, n, count).
    rates : learning rates (epochs,), the first that of the epoch `first`.
    divisors, whole : of the loss of a whole batch and of the last in an epoch (2,), and of a whole epoch.
    update, end : where to begin and to end, counted from 0.
    losses : of the running epoch so far (count,), changed in place.
    largest : loss of an epoch that ended (count,), changed in place; NaN if one was NaN.
    """

    shuffle: bool
    count: int

    @property
    def source(self) -> str:
        """The function's source text."""
        head = [
            HEAD,
            "def train(S, slots, X, Y, orders, rates, divisors, whole, update, end, first, losses, largest):",
        ]
        ends = [self.count * index for index in self._starts.values()][1:]
        body = [
            f"W, G, values = S[: {ends[0]}], S[{ends[0]} : {ends[1]}], S[{ends[2]} :]",
            f"shares = np.empty({self.count})",
            f"n, size = orders.shape[1], {self.batch_size}",
            "per_epoch = (n + size - 1) // size",
            "while update < end:",
            *indented(self._update()),
        ]
        return "\n".join([*head, *indented(body), ""])

    @property
    def numbers(self) -> int:
        """The length of the array S."""
        return self.count * (self._starts["value"] + 1)

    @cached_property
    def _starts(self) -> dict[str, int]:
        """First index of each part of S, in numbers of a network."""
        P, row = self.network.parameter_count, self.network.inputs + self.network.outputs
        return {"W": 0, "G": P, "row": 2 * P, "value": 2 * P + row}

    def _update(self) -> Iterator[str]:
        yield "epoch, batch = update // per_epoch, update % per_epoch"
        yield "divisor = divisors[1 if batch == per_epoch - 1 else 0]"
        yield f"for p in range({self.network.parameter_count * self.count}):"
        yield "    G[p] = 0.0"
        yield from self._in_each(["values[lane] = 0.0"])
        yield "for i in range(batch * size, min(batch * size + size, n)):"
        yield from indented(self._in_each(self._loaded()))
        yield from indented(self._in_each(self._row()))
        yield from self._in_each(["values[lane] /= divisor"])
        yield from self._penalties()
        share = " * (divisor / whole)" if self.loss.reduction == "mean" else ""
        yield from self._in_each([f"losses[lane] += values[lane]{share}"])
        yield "if batch == per_epoch - 1:"
        yield from indented(self._in_each(self._ended()))
        yield from self._clipped()
        yield "rate = rates[epoch - first]"
        yield from rule(replace(self.optimizer, clip_norm=None), "float(update + 1)", "float")
        yield "update += 1"

    def _in_each(self, lines: Iterator[str] | list[str]) -> Iterator[str]:
        """A loop over the networks."""
        yield f"for lane in range({self.count}):"
        yield from indented(lines)

    def _loaded(self) -> Iterator[str]:
        """Copy the row of each network: a loop that reads from anywhere does not compute several at once."""
        yield f"r = orders[{'epoch - first' if self.shuffle else '0'}, i, lane]"
        for k in range(self.network.inputs):
            yield f"{self._at('row', k)} = X[r, {k}]"
        for k in range(self.network.outputs):
            yield f"{self._at('row', self.network.inputs + k)} = Y[r, {k}]"

    def _row(self) -> Iterator[str]:
        """The loss of a row and its gradient, as in the training step of one network."""
        X = [f"x{k}" for k in range(self.network.inputs)]
        Y = [f"y{k}" for k in range(self.network.outputs)]
        for index, w in enumerate(self._w):
            yield f"{w} = {self._at('W', index)}"
        for index, name in enumerate([*X, *Y]):
            yield f"{name} = {self._at('row', index)}"
        yield from self._forward(X)
        yield from self._backward(X, Y)
        for index, g in enumerate(self._g):
            yield f"{self._at('G', index)} += {g}"
        yield f"{self._at('value', 0)} += value"

    def _ended(self) -> Iterator[str]:
        """The loss of an epoch that ends."""
        yield "loss = losses[lane]"
        yield "largest[lane] = loss if loss > largest[lane] or loss != loss else largest[lane]"
        yield "losses[lane] = 0.0"

    def _penalties(self) -> Iterator[str]:
        """The penalties l1 and l2, added to the losses and to the gradients."""
        for number, layer in enumerate(self.network.layers):
            if layer.l1 or layer.l2:
                start, columns = self.network.offsets[number], layer.shape[1]
                yield f"for j in range({layer.units}):"
                yield f"    for k in range({layer.inputs}):"
                yield f"        p = ({start} + j * {columns} + k) * {self.count}"
                yield from indented(indented(self._in_each(self._penalty(layer.l1, layer.l2))))

    def _penalty(self, l1: float, l2: float) -> Iterator[str]:
        yield "t = W[p + lane]"
        yield f"values[lane] += {l1!r} * abs(t) + {0.5 * l2!r} * t * t"
        yield "sign = 1.0 if t > 0.0 else -1.0 if t < 0.0 else 0.0"
        yield f"G[p + lane] += {l1!r} * sign + {l2!r} * t"

    def _clipped(self) -> Iterator[str]:
        """Multiply each gradient that is too long."""
        if self.optimizer.clip_norm is None:
            return
        yield from self._in_each(["shares[lane] = 0.0"])
        yield f"for p in range({self.network.parameter_count}):"
        yield from indented(self._in_each([f"shares[lane] += G[p * {self.count} + lane] ** 2"]))
        share = f"min(1.0, {self.optimizer.clip_norm!r} / (sqrt(shares[lane]) + 1e-6))"
        yield from self._in_each([f"shares[lane] = {share}"])
        yield f"for p in range({self.network.parameter_count}):"
        yield from indented(self._in_each([f"G[p * {self.count} + lane] *= shares[lane]"]))

    def _at(self, part: str, index: int) -> str:
        """A number of each network in a part of S."""
        return f"S[{(self._starts[part] + index) * self.count} + lane]"

    def _written(self, expression: str) -> str:
        return expression.replace(LOGISTIC, PLAIN_LOGISTIC)

    @cached_property
    def _divided(self) -> str:
        return " / divisor"

    @property
    def _adds(self) -> str:
        return "="  # the gradient of a row is added to that of its batch at the end of the row
