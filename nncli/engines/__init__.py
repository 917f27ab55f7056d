"""What executes updates. An engine turns (network, data, recipe) into a plan; a plan runs chunks.

Arrays cross into an engine once per chunk, never once per operation. Every engine sees the same rows
in the same order, because the orders are drawn outside, by `epoch_orders`.
"""

from __future__ import annotations

from nncli.engines import numpy_engine
from nncli.engines.contract import Engine

ENGINES: dict[str, Engine] = {"numpy": numpy_engine.NumpyEngine()}


def choose(name: str) -> Engine:
    """The engine of a name; `auto` takes the fastest that is installed."""
    return ENGINES["numpy" if name == "auto" else name]
