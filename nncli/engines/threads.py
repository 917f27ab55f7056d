"""Threads of the matrix products: more of them add in another order, and slow small products down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from nncli.nn.network import Network

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# Measured: OpenBLAS on two threads is slower or no faster than on one below about this width.
WIDE = 256
MOST_THREADS = 2**31 - 1  # what a C int holds


def automatic(network: Network) -> int:
    """One thread for narrow networks, for wide ones as many as this process may use."""
    if max(network.inputs, *(layer.units for layer in network.layers)) < WIDE:
        return 1
    return available()


def available() -> int:
    """Return as many threads as this process may use, or fewer if the environment asks for fewer."""
    asked = [os.environ.get(name, "") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")]
    return min([processors(), *(int(number) for number in asked if number.isdigit() and int(number) > 0)])


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def limited(count: int) -> Iterator[None]:
    """Run numpy's matrix products on `count` threads within, whatever BLAS it was built with."""
    with _libraries().limit(limits=min(count, MOST_THREADS), user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    """The libraries with threads that are loaded, of which numpy's BLAS is one: found once, in 2 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
