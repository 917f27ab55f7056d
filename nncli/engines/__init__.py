"""Engines execute updates: one turns (network, data, recipe) into a plan, and a plan runs chunks.

Arrays cross into an engine once per chunk, never once per operation. Every engine sees the same rows
in the same order, because `batches` draws the orders outside.
"""

from __future__ import annotations

from nncli.engines.contract import Engine, Recipe
from nncli.engines.numpy_engine import NumpyEngine
from nncli.engines.python_engine import PythonEngine
from nncli.nn.network import Network

# The last supports every recipe.
ENGINES: dict[str, Engine] = {"python": PythonEngine(), "numpy": NumpyEngine()}


def choose(name: str, network: Network, recipe: Recipe, rows: int) -> str:
    """The name of the engine for a recipe: `auto` takes the one with the shortest estimated update.

    The estimate depends on the network and the rows alone: more epochs, or another machine, do not change the
    engine of a config.

    Raises
    ------
    ValueError
        If the engine of that name does not support the recipe; the message says why.
    """
    if name == "auto":
        able = [each for each, engine in ENGINES.items() if engine.supports(network, recipe, rows) is None]
        return min(able, key=lambda each: ENGINES[each].microseconds(network, recipe))
    if reason := ENGINES[name].supports(network, recipe, rows):
        raise ValueError(reason)
    return name
