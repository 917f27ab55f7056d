"""Named streams of random numbers: pure functions of a seed, with no generator to save."""

from __future__ import annotations

import zlib

import numpy as np


def random_stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one named stream of a seed: streams never share or shift each other's numbers."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
