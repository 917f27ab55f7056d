"""Outputs, gradients and losses that a student's functions return, in each layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncli.inspection.student.layouts import Layout, as_array, layouts
from nncli.inspection.student.problem import Problem
from nncli.inspection.student.process import Returned, Student, StudentCall
from nncli.nn.arrays import Array
from nncli.nn.network import LayerView


@dataclass(frozen=True)
class Outputs:
    """Outputs of forward in one layout, for each of its problems (n, outputs).

    Attributes
    ----------
    values : None where a call failed or returned another shape.
    error : of the first call that failed.
    """

    layout: Layout
    problems: Sequence[Problem]
    values: Sequence[Array | None]
    error: str | None

    @property
    def agree(self) -> bool:
        """Tell whether all outputs are right."""
        return all(
            given is not None and close(given, problem.outputs)
            for given, problem in zip(self.values, self.problems, strict=True)
        )


@dataclass(frozen=True)
class Gradients:
    """Gradients of backward in one layout, for each of its problems (P,).

    Attributes
    ----------
    values : NaN for parameters without a gradient; None where a call failed or returned something else.
    mistakes : in the form of what was returned.
    error : of the first call that failed, or what is wrong with its form.
    """

    layout: Layout
    problems: Sequence[Problem]
    values: Sequence[Array] | None
    mistakes: tuple[str, ...] = ()
    error: str | None = None


def close(given: Array, right: Array) -> bool:
    """Tell whether two arrays agree but for rounding."""
    return given.shape == right.shape and bool(np.allclose(given, right, rtol=1e-9, atol=1e-12))


def outputs_of(student: Student, given: list[Problem]) -> list[Outputs]:
    """Return the outputs of forward in every layout, computed in one process."""
    tried = [(layout, layout.problems(given)) for layout in layouts(given[0].network)]
    biased = student.takes_biases("forward")
    calls = [_forward(layout, each, biased) for layout, own in tried for each in own]
    returned = iter(student.call(calls))
    found = []
    for layout, own in tried:
        results = [next(returned) for _ in own]
        values = [_outputs(layout, result, each) for result, each in zip(results, own, strict=True)]
        found.append(Outputs(layout, own, values, _first_error(results)))
    return found


def gradients_of(student: Student, layout: Layout, given: list[Problem]) -> Gradients:
    """Return the gradients of backward in one layout."""
    own = layout.problems(given)
    biased = student.takes_biases("backward")
    results = student.call([_backward(layout, each, biased) for each in own])
    if error := _first_error(results):
        return Gradients(layout, own, None, error=error)
    parsed = [_gradient(layout, result.value, each) for result, each in zip(results, own, strict=True)]
    values = [each for each, _ in parsed if each is not None]
    mistakes = parsed[0][1]
    if len(values) < len(parsed):
        return Gradients(layout, own, None, error=mistakes[0])
    return Gradients(layout, own, values, mistakes)


def losses_of(student: Student, layout: Layout, given: list[Problem]) -> list[float | str]:
    """Return the loss of each problem, or the error of its call."""
    own = layout.problems(given)
    calls = [StudentCall("loss", [layout.rows_of(each.outputs), layout.rows_of(each.Y)]) for each in own]
    return [_loss(result) for result in student.call(calls)]


def _loss(result: Returned) -> float | str:
    if result.error:
        return result.error
    values = as_array(result.value)
    return (
        float(values.item()) if values is not None and values.size == 1 else "loss does not return a number"
    )


def _forward(layout: Layout, problem: Problem, biased: bool) -> StudentCall:
    arguments = [layout.rows_of(problem.X), layout.weights_of(problem)]
    return StudentCall("forward", [*arguments, layout.biases_of(problem)] if biased else arguments)


def _backward(layout: Layout, problem: Problem, biased: bool) -> StudentCall:
    arguments = [layout.rows_of(problem.X), layout.rows_of(problem.Y), layout.weights_of(problem)]
    return StudentCall("backward", [*arguments, layout.biases_of(problem)] if biased else arguments)


def _first_error(results: Sequence[Returned]) -> str | None:
    return next((result.error for result in results if result.error), None)


def _outputs(layout: Layout, result: Returned, problem: Problem) -> Array | None:
    return None if result.error else layout.outputs(result.value, problem)


class _Misshapen(ValueError):
    """Gradients that cannot be assigned to layers."""


def _gradient(layout: Layout, returned: Any, problem: Problem) -> tuple[Array | None, tuple[str, ...]]:
    """Return the gradient (P,) of nested lists (dW, db) or dW, and mistakes in its form."""
    gradient = np.full_like(problem.parameters, np.nan)
    mistakes: list[str] = []
    try:
        weights, biases = _parted(returned, len(problem.network.layers))
        views = problem.network.views(gradient)
        if _is_reversed(weights, biases, layout, views):
            mistakes.append("the gradients are in the order from the last layer to the first")
            weights, biases = weights[::-1], biases[::-1]
        for index, (dW, db, view) in enumerate(zip(weights, biases, views, strict=True)):
            transposed = layout.transposed[index]
            mistakes += _put_weights(dW, view.W.T if transposed else view.W, f"layers.{index}")
            if view.b is not None:
                mistakes += _put_biases(db, view.b, f"layers.{index}")
    except _Misshapen as error:
        return None, (str(error),)
    return gradient, tuple(mistakes)


def _is_reversed(
    weights: list[Array], biases: list[Array | None], layout: Layout, views: list[LayerView]
) -> bool:
    """Tell whether shapes fit in the order from the last layer to the first alone."""
    expected = [
        ((view.W.T if turned else view.W).shape, None if view.b is None else view.b.size)
        for view, turned in zip(views, layout.transposed, strict=True)
    ]
    sizes = [None if b is None else b.size for b in biases]
    given = [*zip((each.shape for each in weights), sizes, strict=True)]
    if given == expected:
        return False
    return all(
        shape == other and size in (None, length)
        for (shape, size), (other, length) in zip(given, expected[::-1], strict=True)
    )


def _put_weights(dW: Array, into: Array, layer: str) -> Iterator[str]:
    """Write dW into a view of the gradient; yield that it is transposed, if it is."""
    if dW.shape == into.shape:
        into[...] = _known(dW)
    elif dW.shape == into.shape[::-1]:
        into[...] = _known(dW.T)
        yield f"dW of {layer} is transposed: its shape is {dW.shape}, that of its weights {into.shape}"
    else:
        raise _Misshapen(f"dW of {layer} has the shape {dW.shape}, its weights have {into.shape}")


def _put_biases(db: Array | None, into: Array, layer: str) -> Iterator[str]:
    """Write db into a view of the gradient; yield that it is missing, if it is."""
    if db is None or not db.size:
        yield f"the gradient of the biases of {layer} is missing"
    elif db.size == into.size:
        into[...] = _known(db.ravel())
    else:
        raise _Misshapen(f"db of {layer} has the shape {db.shape}, and there are {into.size} biases")


def _parted(returned: Any, layers: int) -> tuple[list[Array], list[Array | None]]:
    """Return what backward returned as dW and db, by layer; None for each db that was not returned."""
    if isinstance(returned, list):
        if (
            len(returned) == 2
            and isinstance(returned[0], list)
            and (weights := _matrices(returned[0], layers))
        ):
            given = returned[1]
            biases = given if isinstance(given, list) and len(given) == layers else [None] * layers
            return weights, [None if each is None else as_array(each) for each in biases]
        if weights := _matrices(returned, layers):
            return weights, [None] * layers
    raise _Misshapen(f"it must return dW, db: two lists of {layers} arrays, one for each layer")


def _matrices(values: list[Any], layers: int) -> list[Array] | None:
    """Return one matrix for each layer; None if they are something else."""
    arrays = [as_array(each) for each in values]
    matrices = [each for each in arrays if each is not None and each.ndim == 2]
    return matrices if len(matrices) == len(values) == layers else None


def _known(values: Array) -> Array:
    """NaN that was returned as infinity, because NaN stands for what was not."""
    return np.asarray(np.nan_to_num(values, nan=np.inf, posinf=np.inf, neginf=-np.inf))
