"""How many threads the matrix products run on: more of them add in another order, and slow small ones."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nncli.nn.network import Network

# Measured: OpenBLAS on two threads is slower or no faster than on one below about this width.
WIDE = 256
MOST_THREADS = 2**31 - 1  # what a C int holds


def automatic(network: Network) -> int:
    """One thread for narrow networks, for wide ones as many as this process may use."""
    if max(network.inputs, *(layer.units for layer in network.layers)) < WIDE:
        return 1
    asked = [os.environ.get(name, "") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")]
    return min([processors(), *(int(number) for number in asked if number.isdigit() and int(number) > 0)])


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def limited(count: int) -> Iterator[None]:
    """Within, numpy's matrix products run on `count` threads, where its library lets itself be told."""
    library = _library()
    if library is None:
        yield
        return
    before = library.get()
    library.use(min(count, MOST_THREADS))
    try:
        yield
    finally:
        library.use(before)


class _Library(NamedTuple):
    get: Callable[[], int]
    use: Callable[[int], object]


@cache
def _library() -> _Library | None:
    """The OpenBLAS that numpy's wheels bring; other builds obey their own settings."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            library = ctypes.CDLL(str(path))
            for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
                count = getattr(library, f"{prefix}openblas_get_num_threads{suffix}", None)
                use = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
                if count and use:
                    return _Library(count, use)
    return None
