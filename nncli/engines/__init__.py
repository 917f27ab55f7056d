"""Engines execute updates: one turns (network, data, recipe) into a plan, and a plan runs chunks.

Arrays cross into an engine once per chunk, never once per operation. Every engine sees the same rows
in the same order, because `batches` draws the orders outside.
"""

from __future__ import annotations

from nncli.engines.contract import Engine, Recipe, updates_per_epoch
from nncli.engines.numba_engine import NumbaEngine
from nncli.engines.numpy_engine import NumpyEngine
from nncli.engines.python_engine import PythonEngine
from nncli.nn.network import Network

# The last supports every recipe.
ENGINES: dict[str, Engine] = {
    "python": PythonEngine(),
    "numba": NumbaEngine(),
    "numpy": NumpyEngine(),
}


def estimates(network: Network, recipe: Recipe, rows: int, epochs: int) -> dict[str, float | str]:
    """Each engine's estimated seconds, or why it cannot be used, such as `is not installed`.

    Estimates depend on the network, the recipe and the rows alone, not on the machine or on what is cached.
    """
    updates = epochs * updates_per_epoch(rows, recipe)
    return {
        name: _refusal(name, network, recipe, rows) or engine.seconds(network, recipe, updates)
        for name, engine in ENGINES.items()
    }


def choose(name: str, network: Network, recipe: Recipe, rows: int, epochs: int) -> str:
    """The name of the engine for a recipe: `auto` takes the one with the shortest estimated training.

    Raises
    ------
    ValueError
        If the engine of that name cannot be used; the message says why.
    """
    if name == "auto":
        updates = max(1, epochs * updates_per_epoch(rows, recipe))
        fastest = sorted(ENGINES, key=lambda each: ENGINES[each].seconds(network, recipe, updates))
        # In this order: whether numba can be imported is asked only where it would be chosen.
        return next(each for each in fastest if not _refusal(each, network, recipe, rows))
    if reason := _refusal(name, network, recipe, rows):
        raise ValueError(f"{name} {reason}")
    return name


def broken(chosen: str, network: Network, recipe: Recipe, rows: int, epochs: int) -> str | None:
    """Return which engine would be faster than the chosen one but cannot be imported, and why; or None."""
    updates = epochs * updates_per_epoch(rows, recipe)
    limit = ENGINES[chosen].seconds(network, recipe, updates)
    for name, engine in ENGINES.items():
        if engine.seconds(network, recipe, updates) < limit and not engine.supports(network, recipe, rows):
            missing = engine.missing() or ""
            if missing.startswith("cannot"):
                return f"{name} {missing}"
    return None


def _refusal(name: str, network: Network, recipe: Recipe, rows: int) -> str | None:
    engine = ENGINES[name]
    unsupported = engine.supports(network, recipe, rows)
    return f"does not support {unsupported}" if unsupported else engine.missing()
