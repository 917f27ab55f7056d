"""Finite differences of one network as loops over arrays for a compiler, every size written as a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nncli.codegen.loops import HEAD, indented
from nncli.codegen.scalar import PLAIN_LOGISTIC, statements
from nncli.nn.activations import LOGISTIC
from nncli.nn.losses import Loss
from nncli.nn.network import Network


@dataclass(frozen=True)
class DifferenceLoops:
    """Writes the changes of a loss, if each parameter is moved, as one function.

    A weight (i, j) of a layer moves z of unit i by its step times input j, and that moves each z of the next
    layer by a product; only the layers after it need sums. The innermost loop runs over inputs j or units k,
    whose numbers stand next to each other, so that a compiler computes several at once.

    The function `differences(W, C, X, Y, weights, steps)` returns the sum of the terms of the rows. For each
    parameter it writes to C (P,) the sum with it moved by the first of the steps (2,), less that with it
    moved by the second; of one step (1,), less that with none moved. The weights (n,) are those of the rows.
    """

    network: Network
    loss: Loss

    @property
    def source(self) -> str:
        """The function's source text."""
        weight = "weights[r]" if self.loss.class_weights is not None else "1.0"
        body = [
            *self._arrays(),
            "for p in range(C.size):",
            "    C[p] = 0.0",
            "total = 0.0",
            "for r in range(X.shape[0]):",
        ]
        row = [f"weight = {weight}", *self._unmoved()]
        for number in range(len(self.network.layers)):
            row += self._moved_one_by_one(number)
        head = "def differences(W, C, X, Y, weights, steps):"
        return "\n".join([HEAD, head, *indented([*body, *indented(row), "return total"]), ""])

    @property
    def _last(self) -> int:
        return len(self.network.layers) - 1

    def _arrays(self) -> Iterator[str]:
        """Views of the layers' parameters and changes; arrays of a row, m of its units where one is moved."""
        for number, (layer, start) in enumerate(zip(self.network.layers, self.network.offsets, strict=False)):
            units, columns = layer.shape
            part = f"[{start}:{start + units * columns}].reshape({units}, {columns})"
            yield f"W{number}, C{number} = W{part}, C{part}"
            yield f"z{number}, a{number}, m{number} = np.empty({units}), np.empty({units}), np.empty({units})"
        widest = max(max(layer.shape) for layer in self.network.layers)
        yield from (f"{name} = np.empty({widest})" for name in ("u", "v", "moved", "change"))
        yield f"base = np.empty({self.network.outputs})"

    def _unmoved(self) -> Iterator[str]:
        """Z and a of every unit of a row, and the terms of its loss."""
        for number, layer in enumerate(self.network.layers):
            yield f"for p in range({layer.units}):"
            yield from indented(self._sum(number, f"a{number - 1}[k]" if number else "X[r, k]"))
            yield f"    z{number}[p] = z"
            yield from indented(self._activation(number, f"a{number}[p]"))
        yield f"for k in range({self.network.outputs}):"
        yield f"    z = z{self._last}[k]"
        yield from indented(self._term("k"))
        yield "    base[k] = t"
        yield "    total += weight * t"

    def _moved_one_by_one(self, number: int) -> Iterator[str]:
        """The changes by every parameter of a layer."""
        layer = self.network.layers[number]
        yield f"for j in range({layer.inputs}):"
        yield f"    u[j] = {f'a{number - 1}[j]' if number else 'X[r, j]'}"
        if layer.bias:
            yield f"u[{layer.inputs}] = 1.0"
        yield f"for i in range({layer.units}):"
        if number < self._last:
            yield f"    for k in range({self.network.layers[number + 1].units}):"
            yield f"        v[k] = W{number + 1}[k, i]"  # side by side, for the innermost loop
        yield "    sign = weight"
        yield "    for step in steps:"
        yield from indented(indented(self._moved(number)))
        yield f"        for j in range({layer.shape[1]}):"
        yield f"            C{number}[i, j] += sign * change[j]"
        yield "        sign = -weight"

    def _moved(self, number: int) -> Iterator[str]:
        """The change of a row's terms by each input j of unit i, written to `change`."""
        columns = self.network.layers[number].shape[1]
        yield f"for j in range({columns}):"
        yield f"    z = z{number}[i] + step * u[j]"
        if number == self._last:
            yield from indented(self._term("i"))
            yield "    change[j] = t - base[i]"
            return
        yield from indented(self._activation(number, "a"))
        yield f"    moved[j] = a - a{number}[i]"
        yield "    change[j] = 0.0"
        after = f"z{number + 1}[k] + v[k] * moved[j]"
        if number + 1 == self._last:
            yield f"for k in range({self.network.outputs}):"
            yield f"    for j in range({columns}):"
            yield f"        z = {after}"
            yield from indented(indented(self._changed_term()))
        else:
            yield f"for j in range({columns}):"
            yield f"    for k in range({self.network.layers[number + 1].units}):"
            yield f"        z = {after}"
            yield from indented(indented(self._activation(number + 1, f"m{number + 1}[k]")))
            yield from indented(self._later(number + 2))

    def _later(self, first: int) -> Iterator[str]:
        """The change of a row's terms from m of the layer before the first."""
        for number in range(first, self._last):
            yield f"for p in range({self.network.layers[number].units}):"
            yield from indented(self._sum(number, f"m{number - 1}[k]"))
            yield from indented(self._activation(number, f"m{number}[p]"))
        yield f"for p in range({self.network.outputs}):"
        yield from indented(self._sum(self._last, f"m{self._last - 1}[k]"))
        yield from indented(self._term("p"))
        yield "    change[j] += t - base[p]"

    def _changed_term(self) -> Iterator[str]:
        yield from self._term("k")
        yield "change[j] += t - base[k]"

    def _sum(self, number: int, below: str) -> Iterator[str]:
        """Z of unit p of a layer."""
        layer = self.network.layers[number]
        yield f"z = {f'W{number}[p, {layer.inputs}]' if layer.bias else '0.0'}"
        yield f"for k in range({layer.inputs}):"
        yield f"    z += W{number}[p, k] * {below}"

    def _activation(self, number: int, a: str) -> Iterator[str]:
        """The activation of z."""
        expression = self.network.layers[number].activation.expression
        assert expression is not None
        yield from statements("t", expression.replace(LOGISTIC, PLAIN_LOGISTIC), {})
        yield f"{a} = t"

    def _term(self, unit: str) -> Iterator[str]:
        """The term of the loss of z of an output."""
        assert self.loss.expression is not None
        if not self.loss.link:
            yield from self._activation(self._last, "a")
        options = {name: repr(float(value)) for name, value in self.loss.options.items()}
        yield from statements(
            "t", self.loss.expression, {"z": "z", "a": "a", "y": f"Y[r, {unit}]", **options}
        )
