"""Engines execute updates: one turns (network, data, recipe) into a plan, and a plan runs chunks.

Arrays cross into an engine once per chunk, never once per operation. Every engine sees the same rows
in the same order, because `batches` draws the orders outside.
"""

from __future__ import annotations

from nncli.engines.contract import Engine, Recipe
from nncli.engines.numpy_engine import NumpyEngine
from nncli.nn.network import Network

# The fastest first: `auto` takes the first that supports the recipe, and the last supports every one.
ENGINES: dict[str, Engine] = {"numpy": NumpyEngine()}


def choose(name: str, network: Network, recipe: Recipe) -> str:
    """The name of the engine for a recipe: `auto` takes the fastest that supports it.

    Raises
    ------
    ValueError
        If the engine of that name does not support the recipe; the message says why.
    """
    if name == "auto":
        return next(each for each, engine in ENGINES.items() if engine.supports(network, recipe) is None)
    if reason := ENGINES[name].supports(network, recipe):
        raise ValueError(reason)
    return name
