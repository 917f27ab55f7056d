"""Estimated microseconds of an update by each engine, from sizes alone; measured on two cores of a Xeon."""

from __future__ import annotations

import math

from nncli.engines.contract import Recipe
from nncli.nn.network import Network

LANES = 16  # networks that are trained side by side: two of the widest registers, which work by turns
MOST_LANED = 100  # parameters; each is written out, so that compiling takes longer with each
MOST_LOOPED = 10_000  # parameters; of more the products of numpy are faster in any case


def numpy_update(network: Network, recipe: Recipe) -> float:
    """Gradient by products; then 0.8 ns for each assignment to a parameter, and 3 us of calls for slots."""
    step = 0.0008 * network.parameter_count * len(recipe.optimizer.assignments)
    return _gradient(network, recipe) + 3.0 * bool(recipe.optimizer.slots) + step


def stacked_update(network: Network, recipe: Recipe, count: int) -> float:
    """By numpy for so many networks at once: twice the calls of one, and 0.2 us for a layer of each other.

    Their rows and parameters take as long as each alone.
    """
    row = 0.003 * _units(network) + 0.0001 * network.parameter_count
    step = 0.0008 * network.parameter_count * len(recipe.optimizer.assignments)
    other = row * recipe.batch_size + step + 0.2 * len(network.layers)
    return 2.0 * numpy_update(network, recipe) + (count - 1) * other


def python_update(network: Network, recipe: Recipe) -> float:
    """35 ns for each parameter and 100 for each unit of a row, 40 for each assignment to a parameter.

    The 0.1 ms for each parameter that writing and compiling take are not counted, so that a training of more
    epochs has the engine of one of fewer.
    """
    row = 0.035 * network.parameter_count + 0.1 * _units(network)
    return 0.6 + row * recipe.batch_size + 0.04 * network.parameter_count * len(recipe.optimizer.assignments)


def looped_update(network: Network, recipe: Recipe) -> float:
    """Compiled: 1 ns for each parameter and 8 for each unit of a row, 1 for each assignment.

    It is infinite for what is not written as loops: finite differences, float32, dropout, hidden softmax.
    """
    softmax = [layer.activation.expression is None for layer in network.layers]
    written = recipe.gradient.name == "backprop" and recipe.dtype == "float64" and not network.has_dropout
    if not written or any(softmax[:-1]) or network.parameter_count > MOST_LOOPED:
        return math.inf
    row = 0.001 * network.parameter_count + 0.008 * _units(network)
    return (
        0.03 + row * recipe.batch_size + 0.001 * network.parameter_count * len(recipe.optimizer.assignments)
    )


def compiled_stack_seconds(network: Network, recipe: Recipe, updates: int, count: int) -> float:
    """Compiled, for so many networks of one shape: 50 us of calls for each besides its loops, and 1.5 s.

    It is infinite where the numba engine itself takes the products of numpy. More threads are not counted.
    """
    loops = looped_update(network, recipe)
    if loops >= compiled_step_update(network, recipe):
        return math.inf
    return 1.5 + 1e-6 * count * (updates * loops + 50.0)


def laned_stack_seconds(network: Network, recipe: Recipe, updates: int, count: int) -> float:
    """Compiled, for so many networks side by side: 200 us of calls for each group, and 2.5 s.

    Lanes beyond their number compute as well.
    """
    groups = -(-count // LANES)
    return 2.5 + 1e-6 * groups * (updates * laned_update(network, recipe) + 200.0)


def laned_update(network: Network, recipe: Recipe) -> float:
    """Compiled, for as many networks side by side as there are lanes; infinite for what is not so written.

    5 ns for each parameter of a row and 20 for each unit; 3 for each assignment.
    """
    layers = [layer.activation.expression for layer in network.layers]
    plain = recipe.loss.class_weights is None and None not in [recipe.loss.expression, *layers]
    if not plain or math.isinf(looped_update(network, recipe)) or network.parameter_count > MOST_LANED:
        return math.inf
    row = 0.005 * network.parameter_count + 0.02 * _units(network)
    return 0.1 + row * recipe.batch_size + 0.003 * network.parameter_count * len(recipe.optimizer.assignments)


def are_differences_looped(network: Network, recipe: Recipe) -> bool:
    """Tell whether finite differences can be written as loops, which are faster than numpy at any size."""
    expressions = [recipe.loss.expression, *(layer.activation.expression for layer in network.layers)]
    return recipe.gradient.name != "backprop" and recipe.dtype == "float64" and None not in expressions


def compiled_step_update(network: Network, recipe: Recipe) -> float:
    """Gradient by numpy or by compiled differences; then 0.2 ns for each assignment to a parameter."""
    step = 0.0002 * network.parameter_count * len(recipe.optimizer.assignments)
    if are_differences_looped(network, recipe):
        return 3.0 + 0.002 * _moved(network, recipe) + step
    return _gradient(network, recipe) + 1.0 + step


def _gradient(network: Network, recipe: Recipe) -> float:
    """By numpy: 4 us of calls for each layer, 3 ns for each unit and 0.1 for each parameter of a row.

    Finite differences take 100 us of calls for each layer, and 4 ns for each unit whose value is changed.
    """
    if recipe.gradient.name != "backprop":
        return 100.0 * len(network.layers) + 0.004 * _moved(network, recipe)
    row = 0.003 * _units(network) + 0.0001 * network.parameter_count
    return 2.0 + 4.0 * len(network.layers) + row * recipe.batch_size


def _moved(network: Network, recipe: Recipe) -> int:
    """Units whose value is changed by moving each parameter, in all rows of a batch."""
    moves, above = 0, 0
    for layer in reversed(network.layers):
        moves += layer.shape[0] * layer.shape[1] * (1 + above)
        above += layer.units
    return moves * recipe.batch_size * (1 if recipe.gradient.options.get("scheme") == "forward" else 2)


def _units(network: Network) -> int:
    return sum(layer.units for layer in network.layers)
