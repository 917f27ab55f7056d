"""Gradients of batches: backpropagation as numpy calls on arrays made once, and any by its function.

Arrays are feature-major, (units, rows). The input of a layer with biases ends with a row of ones, so that
biases and their gradient take part in the products. Layers of several networks of one shape may be stacked,
(S, units, rows).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from nncli.engines.batches import Batches
from nncli.engines.calls import Call, Calls, Operand, run
from nncli.engines.contract import Recipe
from nncli.nn.arrays import Array
from nncli.nn.losses import Loss
from nncli.nn.network import Layer, Network
from nncli.nn.randomness import random_stream

UNDIVIDED = 1024  # rows of a batch that are one block in any case
WIDEST = 65_536  # numbers in the widest layer of a block of more rows: 512 kB, which a cache holds
TOGETHER = 16  # batches of one block that are gathered in one go
GATHERED = 100_000  # numbers that are gathered in one go


class BatchGradient(Protocol):
    """The gradient of a batch, made for parameters (P,) and an array (P,) that it is written to."""

    def __init__(self, network: Network, batches: Batches, w: Array, g: Array) -> None: ...

    def __call__(self, epoch: int, batch: int) -> float:
        """Write the gradient, and return what the batch adds to the epoch's loss."""


class Backprop(BatchGradient):
    """Loss and gradient of a batch; a large batch is divided into blocks whose arrays fit the cache."""

    def __init__(self, network: Network, batches: Batches, w: Array, g: Array) -> None:
        self._network, self._batches, self._w, self._g = network, batches, w, g
        self._has_dropout, self._penalty = network.has_dropout, network.penalty
        self._blocks = Blocks(network, batches)
        self._part = np.empty_like(g) if self._blocks.per_batch > 1 else g  # the gradient of a block
        self._scale = np.ones((), w.dtype)
        self._passes: dict[tuple[int, int], Pass] = {}
        self._layers: dict[int, Layers] = {}

    def __call__(self, epoch: int, batch: int) -> float:
        """Write the gradient, and return what the batch adds to the epoch's loss."""
        divisor = self._batches.divisor(epoch, batch)
        self._scale[()] = 1.0 / divisor
        rng = self._stream(epoch, batch) if self._has_dropout else None
        if self._blocks.per_batch == 1:
            total = self._run(self._blocks.load(epoch, batch, 0), rng)
        else:
            total = self._added_up(epoch, batch, rng)
        value = total / divisor
        if self._penalty:
            self._g += self._penalty.slope(self._w)
            value += float(self._network.cost(self._w))
        return value * self._batches.share(divisor)

    def _added_up(self, epoch: int, batch: int, rng: np.random.Generator | None) -> float:
        """Write the gradient of a batch of several blocks, and return the sum of the terms."""
        self._g.fill(0.0)
        total = 0.0
        for block in range(self._blocks.count(batch)):
            total += self._run(self._blocks.load(epoch, batch, block), rng)
            self._g += self._part
        return total

    def _run(self, place: tuple[int, int], rng: np.random.Generator | None) -> float:
        """Write the gradient of the rows at a place, and return the sum of their terms."""
        block = self._passes.get(place) or self._listed(*place)
        if rng is not None:
            block.draw_masks(rng)
        run(block.calls)
        return float(block.sum_of_terms())

    def _stream(self, epoch: int, batch: int) -> np.random.Generator:
        """The random numbers of the masks of an update."""
        update = epoch * self._batches.per_epoch + batch
        return random_stream(self._batches.recipe.seed, f"dropout {update}")

    def _listed(self, place: int, rows: int) -> Pass:
        """List the calls for the rows at a place of those that are gathered."""
        if rows not in self._layers:
            self._layers[rows] = Layers(self._network, rows, self._w.dtype)
        self._passes[place, rows] = self._layers[rows].listed(
            self._blocks.at(place, rows),
            self._batches.recipe.loss,
            self._scale,
            self._network.blocks(self._w),
            self._network.blocks(self._part),
        )
        return self._passes[place, rows]


class AnyGradient(BatchGradient):
    """The gradient by the function of the recipe, such as finite differences; nothing is dropped there."""

    def __init__(self, network: Network, batches: Batches, w: Array, g: Array) -> None:
        self._network, self._batches, self._w, self._g = network, batches, w, g

    def __call__(self, epoch: int, batch: int) -> float:
        """Write the gradient of a batch, and return what the batch adds to the epoch's loss."""
        recipe, rows = self._batches.recipe, self._batches.rows(epoch, batch)
        value, self._g[...] = recipe.gradient(self._network, self._w, *rows, recipe.loss)
        return value * self._batches.share(self._batches.divisor(epoch, batch))


def gradient_of(recipe: Recipe) -> type[BatchGradient]:
    """Return how numpy computes the gradient of a recipe."""
    return Backprop if recipe.gradient.name == "backprop" else AnyGradient


class Blocks:
    """The rows of an epoch in its order, gathered into arrays that stay where they are.

    Attributes
    ----------
    per_batch : blocks that a batch is divided into.
    """

    def __init__(self, network: Network, batches: Batches) -> None:
        self._batches, self._n, self._size = batches, len(batches.X), batches.recipe.batch_size
        self._shuffle = batches.recipe.shuffle
        widest = max(network.inputs, *(layer.units for layer in network.layers))
        self._rows = min(self._size, max(UNDIVIDED, WIDEST // widest))
        self.per_batch = -(-self._size // self._rows)
        fits = GATHERED // (self._rows * (network.inputs + network.outputs))
        self._together = max(1, min(fits, TOGETHER, batches.per_epoch)) if self.per_batch == 1 else 1
        dtype, held = batches.X.dtype, self._rows * self._together
        self._X = np.ones((held, network.inputs + network.layers[0].bias), dtype)
        self._inputs = self._X[:, : network.inputs]
        self._Y = np.empty((network.outputs, held), dtype)
        weighted = batches.recipe.loss.class_weights is not None
        self._weights = np.empty((1, held), dtype) if weighted else None
        self._epoch = self._first = -1  # of what is gathered

    def count(self, batch: int) -> int:
        """Blocks of a batch; the last batch may have fewer."""
        rows = min(self._size, self._n - batch * self._size)
        return -(-rows // self._rows)

    def load(self, epoch: int, batch: int, block: int) -> tuple[int, int]:
        """Gather a block of a batch unless it is there, and return its place and its number of rows."""
        start, end = batch * self._size + block * self._rows, min((batch + 1) * self._size, self._n)
        place = (batch * self.per_batch + block) % self._together
        first = start - place * self._rows
        if first != self._first or (epoch != self._epoch and self._shuffle):
            self._gather(epoch, first, self._n if self.per_batch == 1 else end)
        return place, min(start + self._rows, end) - start

    def at(self, place: int, rows: int) -> BlockRows:
        """Return views of the rows at a place."""
        part = slice(place * self._rows, place * self._rows + rows)
        weights = None if self._weights is None else self._weights[:, part]
        return BlockRows(self._X[part], self._Y[:, part], weights)

    def _gather(self, epoch: int, start: int, end: int) -> None:
        """Gather the rows from a start on, as many as there is room for."""
        part = slice(start, min(start + len(self._X), end))
        rows, count = self._batches.order(epoch, part), part.stop - part.start
        Y = self._batches.Y[rows]
        self._inputs[:count], self._Y[:, :count] = self._batches.X[rows], Y.T
        if self._weights is not None:
            self._weights[:, :count] = self._batches.recipe.loss.row_weights(Y).T
        self._epoch, self._first = epoch, start


class BlockRows(NamedTuple):
    """Some training rows.

    Attributes
    ----------
    X : (..., rows, inputs), and a column of ones if the first layer has biases.
    Y : (..., outputs, rows).
    weights : of the rows' classes (..., 1, rows), if they have any.
    """

    X: Array
    Y: Array
    weights: Array | None


class Pass(NamedTuple):
    """A forward and a backward pass over some rows.

    Attributes
    ----------
    calls : in order.
    sum_of_terms : of the loss, after the calls.
    masks : of dropout, (units, rows), each with its layer.
    """

    calls: list[Call]
    sum_of_terms: Callable[[], Any]
    masks: list[tuple[Array, Layer]]

    def draw_masks(self, rng: np.random.Generator) -> None:
        """Draw 0 or 1 / keep_probability for each unit and row."""
        for mask, layer in self.masks:
            keep_probability = 1.0 - layer.dropout
            mask[...] = ((rng.random(mask.shape[::-1]) < keep_probability) / keep_probability).T


class LayerArrays(NamedTuple):
    """The arrays of one layer for a number of rows.

    Attributes
    ----------
    Z, A, dZ : weighted sums, outputs of the activation, and the loss's derivative by Z, (..., units, rows).
    mask : of dropout (..., units, rows).
    U : A times the mask, (..., units, rows), then the row of ones if the next layer has biases.
    """

    layer: Layer
    Z: Array
    A: Array
    dZ: Array
    mask: Array | None
    U: Array

    @classmethod
    def of(
        cls, layer: Layer, stack: tuple[int, ...], rows: int, ones: bool, dtype: np.dtype[np.floating]
    ) -> LayerArrays:
        """Make the arrays of a layer."""
        U = np.ones((*stack, layer.units + ones, rows), dtype)
        A, mask = U[..., : layer.units, :], None
        if layer.dropout:
            A, mask = np.empty((2, *stack, layer.units, rows), dtype)
        Z = A if layer.activation.expression == "z" else np.empty_like(A)
        return cls(layer, Z, A, np.empty_like(A), mask, U)

    @property
    def outputs(self) -> Array:
        """A times the mask."""
        return self.U[..., : self.layer.units, :]


class Layers:
    """The layers of a network for a number of rows, and the calls on their arrays.

    Parameters
    ----------
    stack : (S,) for S networks of one shape; else empty.
    """

    def __init__(
        self, network: Network, rows: int, dtype: np.dtype[np.floating], stack: tuple[int, ...] = ()
    ) -> None:
        ones = [*(layer.bias for layer in network.layers[1:]), False]
        self._layers = [
            LayerArrays.of(layer, stack, rows, bias, dtype)
            for layer, bias in zip(network.layers, ones, strict=True)
        ]
        self._calls = Calls(dtype)

    def listed(self, rows: BlockRows, loss: Loss, scale: Array, w: list[Array], g: list[Array]) -> Pass:
        """List the calls of both passes.

        Parameters
        ----------
        scale : what the errors are multiplied by, an array without dimensions, or (S, 1, 1).
        w, g : the blocks of the parameters and of the gradient, (..., units, inputs + 1) each.
        """
        self._forward(rows.X, w, loss)
        terms = self._output_error(rows, loss, scale)
        terms = terms.reshape(*terms.shape[:-2], -1)
        self._backward(rows.X, w, g)
        masks = [(each.mask, each.layer) for each in self._layers if each.mask is not None]
        return Pass(self._calls.taken(), _sum_of(terms), masks)

    def _forward(self, X: Array, w: list[Array], loss: Loss) -> None:
        inputs = X.swapaxes(-1, -2)
        for each, block in zip(self._layers, w, strict=True):
            self._product(block, inputs, each.Z)
            if each is self._layers[-1] and loss.expression is None:
                return  # cross-entropy takes the softmax itself
            if each.layer.activation.expression is None:
                self._calls.add(_softmax, each.Z, each.A)
            elif each.Z is not each.A:
                self._calls.assign(each.A, each.layer.activation.expression, {"z": each.Z})
            if each.mask is not None:
                self._calls.add(np.multiply, each.A, each.mask, each.outputs)
            inputs = each.U

    def _output_error(self, rows: BlockRows, loss: Loss, scale: Array) -> Array:
        """List the terms of the loss and dZ of the last layer; return the terms."""
        last, calls = self._layers[-1], self._calls
        terms = np.empty_like(last.A[..., :1, :] if loss.per_row else last.A, order="C")
        if loss.expression is None or loss.slope_expression is None:
            self._cross_entropy(last.Z, rows.Y, terms, last.dZ)
        else:
            values: dict[str, Operand] = {name: repr(float(value)) for name, value in loss.options.items()}
            values |= {"z": last.Z, "a": last.A if loss.link else last.outputs, "y": rows.Y}
            calls.assign(terms, loss.expression, values)
            # A loss written in z knows the activation, of which the value is at hand.
            written = str(last.layer.activation.expression) if loss.link else "a"
            calls.assign(last.dZ, loss.slope_expression.replace(written, "a"), values)
        if rows.weights is not None:
            calls.add(np.multiply, terms, rows.weights, terms)
            calls.add(np.multiply, last.dZ, rows.weights, last.dZ)
        calls.add(np.multiply, last.dZ, scale, last.dZ)
        if not loss.link:
            self._through_activation(last)
        return terms

    def _cross_entropy(self, Z: Array, Y: Array, terms: Array, dZ: Array) -> None:
        """List each column's term, log sum exp(z) minus z where y is 1, and its derivative softmax(z) - y."""
        add = self._calls.add
        largest, sums, shares = np.empty((3, *terms.shape), terms.dtype)
        ones = np.ones((*Z.shape[:-2], 1, Z.shape[-2]), Z.dtype)  # a product takes a third of a sum's time
        add(np.maximum.reduce, Z, -2, None, largest, True)
        add(np.subtract, Z, largest, Z)
        add(np.exp, Z, dZ)
        self._product(ones, dZ, sums)
        self._product(ones, Y, shares)  # the targets may sum to something other than one
        add(np.log, sums, terms)
        add(np.multiply, terms, shares, terms)
        add(np.divide, shares, sums, sums)
        add(np.multiply, dZ, sums, dZ)
        add(np.subtract, dZ, Y, dZ)
        add(np.multiply, Z, Y, Z)
        self._product(ones, Z, sums)
        add(np.subtract, terms, sums, terms)

    def _backward(self, X: Array, w: list[Array], g: list[Array]) -> None:
        """List the gradient of every layer, and dZ of those below."""
        for number in reversed(range(len(self._layers))):
            each, below = self._layers[number], self._layers[number - 1]
            self._product(each.dZ, below.U.swapaxes(-1, -2) if number else X, g[number])
            if number:
                W = w[number][..., : each.layer.inputs]
                self._product(W.swapaxes(-1, -2), each.dZ, below.dZ)
                self._through_activation(below)

    def _product(self, left: Array, right: Array, out: Array) -> None:
        if left.ndim == 2:
            self._calls.add(left.dot, right, out)  # 0.5 us less than matmul
        else:
            self._calls.add(np.matmul, left, right, out)

    def _through_activation(self, each: LayerArrays) -> None:
        """List the chain rule through mask and activation; dZ holds dA before."""
        activation, calls = each.layer.activation, self._calls
        if each.mask is not None:
            calls.add(np.multiply, each.dZ, each.mask, each.dZ)
        if activation.derivative_expression is None:
            calls.add(_softmax_backward, each.A, each.dZ)
        elif activation.derivative_expression != "1":
            calls.multiply(each.dZ, activation.derivative_expression, {"z": each.Z, "a": each.A})


def _sum_of(terms: Array) -> Callable[[], Any]:
    """Return the function that adds terms (..., N) in float64; a product takes a quarter of a sum's time."""
    if terms.dtype == np.float64:
        return partial(terms.dot, np.ones(terms.shape[-1]))
    return partial(terms.sum, axis=-1, dtype=np.float64)


def _softmax(Z: Array, A: Array) -> None:
    """Each column's probabilities."""
    np.subtract(Z, Z.max(axis=-2, keepdims=True), A)
    np.exp(A, A)
    np.divide(A, A.sum(axis=-2, keepdims=True), A)


def _softmax_backward(A: Array, dZ: Array) -> None:
    """Turn dA, in the array of dZ, into dZ = A (dA - sum of dA A) of each column."""
    np.subtract(dZ, (dZ * A).sum(axis=-2, keepdims=True), dZ)
    np.multiply(dZ, A, dZ)
