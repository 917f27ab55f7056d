"""The derivative of the loss by every parameter, in two ways that check each other.

Both have one signature: (network, parameters (P,), X (n, inputs), Y (n, outputs), loss)
-> (value, gradient (P,)), the network's penalties included. They are the oracle of every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import numpy as np

from nncli.nn.activations import Array
from nncli.nn.losses import Loss
from nncli.nn.network import Network

# Numbers in the largest temporary of a finite-difference chunk, 4 MB.
CHUNK = 500_000

GradientMethod = Callable[[Network, Array, Array, Array, Loss], tuple[float, Array]]


def backprop() -> GradientMethod:
    """Exact derivatives by the chain rule, layer by layer from the output.

    With dZ = dL/dZ of a layer and U its input: dL/dW = dZ^T U, dL/db = the column sums of dZ, and
    the layer below has dA = dZ W, dZ = dA f'(Z) (Rumelhart, Hinton & Williams 1986, eq. 5 to 7).
    """
    return _backprop


def _backprop(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> tuple[float, Array]:
    activities = network.forward(parameters, X)
    inputs = [X, *(activity.A for activity in activities[:-1])]
    gradient = np.empty_like(parameters)
    views, gradient_views = network.views(parameters), network.views(gradient)

    output = activities[-1]
    dZ = loss.output_error(network.output_activation, output.Z, output.A, Y)
    for index in reversed(range(len(network.layers))):
        dW, db = gradient_views[index]
        np.matmul(dZ.T, inputs[index], out=dW)
        if db is not None:
            dZ.sum(axis=0, out=db)
        if index:
            below = activities[index - 1]
            dA = dZ @ views[index].W
            dZ = network.layers[index - 1].activation.backward(dA, below.Z, below.A)
    if network.penalty:
        gradient += network.penalty.slope(parameters)
    return loss.value(output.Z, output.A, Y) + network.cost(parameters), gradient


def finite_difference(
    scheme: Annotated[Literal["central", "forward"], "", "both sides, or one"] = "central",
    epsilon: Annotated[float, "> 0", "how far each parameter is moved"] = 1e-6,
) -> GradientMethod:
    """Each parameter moved by epsilon: (L(w + e) - L(w - e)) / 2e, or (L(w + e) - L(w)) / e."""
    differences = SCHEMES[scheme]

    def gradient_of(
        network: Network, parameters: Array, X: Array, Y: Array, loss: Loss
    ) -> tuple[float, Array]:
        return differences(network, parameters, X, Y, loss, np.full_like(parameters, epsilon))

    return gradient_of


def central_differences(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array
) -> tuple[float, Array]:
    """(L(w + h) - L(w - h)) / 2h with a step h of its own for every parameter, `steps` (P,)."""
    moved = _MovedTerms(network, parameters, X, Y, loss)
    return moved.value, (moved.change(steps) - moved.change(-steps)) / (2.0 * steps)


def forward_differences(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array
) -> tuple[float, Array]:
    """(L(w + h) - L(w)) / h with a step h of its own for every parameter; negative steps look backward."""
    moved = _MovedTerms(network, parameters, X, Y, loss)
    return moved.value, moved.change(steps) / steps


class _MovedTerms:
    """How the loss changes when one parameter moves, for many parameters at once.

    A weight (i, j) of a layer moves one row of Z by its step times input j; that moves the next
    layer's Z by a rank-one term; only the layers after it need a product. So a gradient costs P
    element-wise updates of one layer instead of P forward passes. Arrays are feature-major here,
    (parameters, units, n), the rows of X along the contiguous axis.
    """

    def __init__(self, network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> None:
        activities = network.forward(parameters, X)
        self.network, self.parameters, self.loss = network, parameters, loss
        # Rows by columns to read, but laid out feature-major like every array it meets.
        self.Y = np.ascontiguousarray(Y.T).T
        self.views = network.views(parameters)
        self.Z = [np.ascontiguousarray(activity.Z.T) for activity in activities]
        self.A = [np.ascontiguousarray(activity.A.T) for activity in activities]
        ones = np.ones((1, len(X)))
        self.inputs = [
            np.concatenate([U, ones]) if layer.bias else U
            for layer, U in zip(network.layers, [np.ascontiguousarray(X.T), *self.A[:-1]], strict=True)
        ]
        self.base = loss.terms_of(self.Z[-1].T, self.A[-1].T, self.Y)
        self.value = float(self.base.sum() / loss.divisor(Y)) + network.cost(parameters)

    def change(self, steps: Array) -> Array:
        """L(w + h) - L(w) for each parameter moved by its own step h, (P,)."""
        change = np.empty_like(steps)
        for index, (H, C) in enumerate(
            zip(self.network.blocks(steps), self.network.blocks(change), strict=True)
        ):
            for start, stop in self._chunks(index):
                units, columns = np.divmod(np.arange(start, stop), H.shape[1])
                terms = self._terms(index, units, columns, H[units, columns])
                # Term by term before the sum: two large, nearly equal sums would cancel.
                C[units, columns] = (terms - self.base).sum(axis=(-2, -1))
        change /= self.loss.divisor(self.Y)
        if penalty := self.network.penalty:
            change += penalty.terms(self.parameters + steps) - penalty.terms(self.parameters)
        return change

    def _terms(self, index: int, units: Array, columns: Array, steps: Array) -> Array:
        """Loss terms (p, n, k) with the weights (units, columns) of a layer moved one at a time."""
        layers = self.network.layers
        moved = self.Z[index][units] + steps[:, np.newaxis] * self.inputs[index][columns]
        if index == len(layers) - 1:
            # The other outputs stay, but a softmax needs them all.
            Z = np.repeat(self.Z[index][np.newaxis], len(units), axis=0)
            Z[np.arange(len(units)), units] = moved
        else:
            change = layers[index].activation.function(moved) - self.A[index][units]
            Z = change[:, np.newaxis, :] * self.views[index + 1].W.T[units][:, :, np.newaxis]
            Z += self.Z[index + 1]
            Z = self._forward(Z, index + 1)
        Z = Z.swapaxes(-1, -2)
        return self.loss.terms_of(Z, layers[-1].activation.function(Z), self.Y)

    def _forward(self, Z: Array, index: int) -> Array:
        """Z of the last layer, given Z (p, units, n) of layer `index`."""
        for layer, view in zip(self.network.layers[index:], self.views[index + 1 :], strict=False):
            Z = view.W @ layer.activation.function(Z)
            if view.b is not None:
                Z += view.b[:, np.newaxis]
        return Z

    def _chunks(self, index: int) -> Iterator[tuple[int, int]]:
        """Ranges of a layer's parameters whose largest temporary has at most `CHUNK` numbers."""
        layers = self.network.layers[index:]
        per_parameter = len(self.Y) * max(layer.units for layer in layers)
        size = max(1, CHUNK // per_parameter)
        count = layers[0].units * layers[0].shape[1]
        return ((start, min(start + size, count)) for start in range(0, count, size))


SCHEMES = {"central": central_differences, "forward": forward_differences}

GRADIENTS: dict[str, Callable[..., GradientMethod]] = {
    "backprop": backprop,
    "finite_difference": finite_difference,
}
