"""The derivative of the loss by every parameter, in two ways that check each other.

Both have one signature: (network, parameters (P,), X (n, inputs), Y (n, outputs), loss)
-> (value, gradient (P,)), the network's penalties included. They are the oracle of every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np

from nncli.nn.arrays import Array
from nncli.nn.losses import Loss
from nncli.nn.network import Network

# Numbers in the largest temporary of a finite-difference chunk, 4 MB.
CHUNK = 500_000

GradientFunction = Callable[[Network, Array, Array, Array, Loss], tuple[float, Array]]


@dataclass(frozen=True)
class GradientMethod:
    """A way to compute the gradient, with its options bound.

    Attributes
    ----------
    function : as above.
    options : what the entry was made with, by name.
    """

    name: str
    function: GradientFunction
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(
        self, network: Network, parameters: Array, X: Array, Y: Array, loss: Loss
    ) -> tuple[float, Array]:
        """The loss and its gradient (P,)."""
        return self.function(network, parameters, X, Y, loss)


def backprop() -> GradientMethod:
    """Exact derivatives by the chain rule, layer by layer from the output.

    With dZ = dL/dZ of a layer and U its input: dL/dW = dZ^T U, dL/db = the column sums of dZ, and
    the layer below has dA = dZ W, dZ = dA f'(Z) (Rumelhart, Hinton & Williams 1986, eq. 5 to 7).
    """
    return GradientMethod("backprop", _backprop)


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
    return float(loss.value(output.Z, output.A, Y) + network.cost(parameters)), gradient


def finite_difference(
    scheme: Annotated[
        Literal["central", "forward"], "", "central: change in both directions; forward: in one"
    ] = "central",
    epsilon: Annotated[float, "> 0", "change of each parameter"] = 1e-6,
) -> GradientMethod:
    """Each parameter moved by epsilon: (L(w + e) - L(w - e)) / 2e, or (L(w + e) - L(w)) / e."""
    differences = SCHEMES[scheme]

    def gradient_of(
        network: Network, parameters: Array, X: Array, Y: Array, loss: Loss
    ) -> tuple[float, Array]:
        return differences(network, parameters, X, Y, loss, np.full_like(parameters, epsilon))

    return GradientMethod("finite_difference", gradient_of, {"scheme": scheme, "epsilon": epsilon})


def central_differences(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array
) -> tuple[float, Array]:
    """(L(w + h) - L(w - h)) / 2h with a step h of its own for every parameter, `steps` (P,)."""
    moved = MovedTerms(network, parameters, X, Y, loss)
    return moved.value, (moved.change(steps) - moved.change(-steps)) / (2.0 * steps)


def forward_differences(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array
) -> tuple[float, Array]:
    """(L(w + h) - L(w)) / h with a step h of its own for every parameter; negative steps look backward."""
    moved = MovedTerms(network, parameters, X, Y, loss)
    return moved.value, moved.change(steps) / steps


class MovedTerms:
    """Gradients of the loss: backpropagation and finite differences.

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
        self.value = float(self.base.sum() / loss.divisor(Y) + network.cost(parameters))

    def change(self, steps: Array) -> Array:
        """L(w + h) - L(w) for each parameter moved by its own step h, (P,)."""
        change = np.zeros_like(steps)
        for index, units, columns, h in self.chunks(steps):
            *_, Z = self.sums(index, units, columns, h)
            terms = self.loss.terms_of(*self.outputs(index, units, Z), self.Y)
            # Term by term before the sum: two large, nearly equal sums would cancel.
            C = self.network.blocks(change)[index]
            C[units, columns] = (terms - self.base).sum(axis=(-2, -1))
        change /= self.loss.divisor(self.Y)
        if penalty := self.network.penalty:
            change += penalty.terms(self.parameters + steps) - penalty.terms(self.parameters)
        return change

    def sums(self, index: int, units: Array, columns: Array, steps: Array) -> Iterator[Array]:
        """Z of the moved unit (p, 1, n), then of each later layer (p, units, n), one weight moved in each."""
        layers = self.network.layers[index:]
        moved = self.Z[index][units] + steps[:, np.newaxis] * self.inputs[index][columns]
        yield moved[:, np.newaxis]
        if len(layers) == 1:
            return
        change = layers[0].activation.function(moved) - self.A[index][units]
        Z = change[:, np.newaxis, :] * self.views[index + 1].W.T[units][:, :, np.newaxis]
        Z += self.Z[index + 1]
        yield Z
        for layer, view in zip(layers[1:], self.views[index + 2 :], strict=False):
            Z = view.W @ layer.activation.function(Z)
            if view.b is not None:
                Z += view.b[:, np.newaxis]
            yield Z

    def outputs(self, index: int, units: Array, Z: Array) -> tuple[Array, Array]:
        """Z and A of the last layer, (p, n, k), from the last of the sums."""
        if index == len(self.network.layers) - 1:
            # The other outputs stay, but a softmax needs them all.
            moved = Z[:, 0]
            Z = np.repeat(self.Z[index][np.newaxis], len(units), axis=0)
            Z[np.arange(len(units)), units] = moved
        Z = Z.swapaxes(-1, -2)
        return Z, self.network.output_activation.function(Z)

    def chunks(self, steps: Array) -> Iterator[tuple[int, Array, Array, Array]]:
        """Layer, units, columns and steps of parameters that move, with temporaries of at most `CHUNK`."""
        for index, H in enumerate(self.network.blocks(steps)):
            moving = np.flatnonzero(H)
            widest = max(layer.units for layer in self.network.layers[index:])
            size = max(1, CHUNK // (len(self.Y) * widest))
            for start in range(0, len(moving), size):
                units, columns = np.divmod(moving[start : start + size], H.shape[1])
                yield index, units, columns, H[units, columns]


SCHEMES = {"central": central_differences, "forward": forward_differences}

GRADIENTS: dict[str, Callable[..., GradientMethod]] = {
    "backprop": backprop,
    "finite_difference": finite_difference,
}
