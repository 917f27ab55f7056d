"""Layouts in which a student's functions may take rows, weights and biases; all common ones are tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from nncli.inspection.student.problem import Problem
from nncli.messages.wording import listed
from nncli.nn.arrays import Array
from nncli.nn.network import Network

RowLayout = Literal["row vectors", "column vectors", "one row at a time", "one column at a time"]
ARRANGEMENTS: dict[RowLayout, str] = {
    "row vectors": "one sample per row",
    "column vectors": "one sample per column",
    "one row at a time": "a single sample of shape (inputs,)",
    "one column at a time": "a single sample of shape (inputs, 1)",
}
MOST_MIXED = 4  # layers whose weights are also tried in different layouts


@dataclass(frozen=True)
class Layout:
    """Layout in which functions take their arguments.

    Attributes
    ----------
    rows : X as (n, inputs), as (inputs, n), or a row by itself as (inputs,) or (inputs, 1).
    transposed : for each layer whether its weights are (inputs, units) instead of (units, inputs).
    bias : biases as (units,), (units, 1) or (1, units).
    lists : lists of numbers instead of numpy arrays.
    """

    rows: RowLayout
    transposed: tuple[bool, ...]
    bias: tuple[int, ...] = (-1,)
    lists: bool = False

    def __str__(self) -> str:
        shapes = {False: "(units, inputs)", True: "(inputs, units)"}
        kind = "lists" if self.lists else "numpy arrays"
        if self.is_mixed:
            each = [f"{shapes[turned]} in layers.{index}" for index, turned in enumerate(self.transposed)]
            return f"{ARRANGEMENTS[self.rows]} in {kind}, with weights of shape {listed(each)}"
        return f"{ARRANGEMENTS[self.rows]} in {kind}, with weights of shape {shapes[self.transposed[0]]}"

    @property
    def is_mixed(self) -> bool:
        """Tell whether the layers' weights are laid out differently."""
        return len(set(self.transposed)) > 1

    @property
    def takes_one_row(self) -> bool:
        """Tell whether a call takes a single row."""
        return self.rows in ("one row at a time", "one column at a time")

    def problems(self, given: list[Problem]) -> list[Problem]:
        """The problems, one for each call."""
        if not self.takes_one_row:
            return given
        return [single for each in given for single in each.single_rows()]

    def rows_of(self, values: Array) -> dict[str, Any]:
        """Inputs or targets (n, columns) as an argument."""
        laid_out = {
            "row vectors": values,
            "column vectors": values.T,
            "one row at a time": values[0],
            "one column at a time": values.T,
        }[self.rows]
        return self._argument(laid_out)

    def weights_of(self, problem: Problem) -> dict[str, Any]:
        """The weights of all layers as an argument."""
        views = problem.network.views(problem.parameters)
        turned = zip(views, self.transposed, strict=True)
        return {"list": [self._argument(view.W.T if turn else view.W) for view, turn in turned]}

    def biases_of(self, problem: Problem) -> dict[str, Any]:
        """The biases of all layers as an argument; zeros for a layer without."""
        layers = zip(problem.network.layers, problem.network.views(problem.parameters), strict=True)
        biases = [np.zeros(layer.units) if view.b is None else view.b for layer, view in layers]
        return {"list": [self._argument(b.reshape(self.bias)) for b in biases]}

    def _argument(self, values: Array) -> dict[str, Any]:
        return {"plain" if self.lists else "array": values.tolist()}

    def outputs(self, returned: Any, problem: Problem) -> Array | None:
        """The outputs (n, outputs) that forward returned; None if they have another shape."""
        values = as_array(returned)
        shape = problem.Y.shape
        if values is None or values.size != problem.Y.size:
            return None
        if self.rows == "column vectors":
            return values.T if values.shape == shape[::-1] else None
        if self.takes_one_row:
            return values.reshape(shape)
        return values.reshape(shape) if values.shape in (shape, shape[:1]) else None


def as_array(returned: Any) -> Array | None:
    """Return what a function returned as an array; None if it is not one of numbers."""
    if returned is None:
        return None
    try:
        return np.array(returned, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def layouts(network: Network) -> Iterator[Layout]:
    """Yield all layouts, the commonest first, and those whose layers differ last."""
    layers = len(network.layers)
    for turned in (False, True):
        yield from _with_weights((turned,) * layers)
    if layers <= MOST_MIXED:
        for mixed in product((False, True), repeat=layers):
            if len(set(mixed)) > 1:
                yield from _with_weights(mixed)


def _with_weights(transposed: tuple[bool, ...]) -> Iterator[Layout]:
    yield Layout("row vectors", transposed)
    yield Layout("row vectors", transposed, (1, -1))
    yield Layout("column vectors", transposed, (-1, 1))
    yield Layout("one row at a time", transposed)
    yield Layout("one column at a time", transposed, (-1, 1))
    yield Layout("row vectors", transposed, lists=True)
    yield Layout("one row at a time", transposed, lists=True)
