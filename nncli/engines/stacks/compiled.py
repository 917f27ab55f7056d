"""Several trainings by one compiled function, which threads share because it runs without Python's lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Protocol

import numpy as np

from nncli.engines.batches import Batches, block_epochs
from nncli.engines.estimates import looped_update
from nncli.engines.numba_engine import NumbaPlan
from nncli.nn.arrays import Array
from nncli.nn.network import Network

CALL = 200_000.0  # estimated microseconds of a call, in which nothing can stop it
MOST_LOSSES = 65_536  # of epochs, that a call writes


class Trainings(Protocol):
    """Trainings that one thread advances in one call, in place."""

    @property
    def has_failed(self) -> bool:
        """True if the losses of all of them are no longer finite."""

    def advance(self, begin: int, end: int) -> None:
        """Do the updates from one to another."""


class CompiledStack:
    """The updates of S trainings with one recipe, but for seeds and class weights, each with its own bits.

    The function is written and compiled once. Each training is computed by itself, so that the number of
    threads does not matter.

    Parameters
    ----------
    threads : among which the trainings are divided.
    """

    def __init__(self, network: Network, members: Sequence[Batches], threads: int) -> None:
        first = NumbaPlan(network, members[0])
        self._plans = [first, *(NumbaPlan(network, each, first.train) for each in members[1:])]
        self._first, self._threads = members[0], threads
        self._update = looped_update(network, members[0].recipe)

    def train(self, initial: Array, epochs: int) -> tuple[Array, Array]:
        """Train from parameters (S, P).

        Returns
        -------
        parameters (S, P), and the largest loss of an epoch of each training (S,), NaN if one was NaN.
        """
        init = self._first.recipe.optimizer.init
        shares = [_Alone(plan, W, init(W)) for plan, W in zip(self._plans, initial.copy(), strict=True)]
        advance_all(shares, calls(self._first, epochs, self._update), self._threads)
        return np.array([each.W for each in shares]), np.array([each.largest for each in shares])


class _Alone:
    """One training of a stack."""

    def __init__(self, plan: NumbaPlan, W: Array, slots: Array) -> None:
        self._plan, self.W, self._slots = plan, W, slots
        self._loss, self.largest = 0.0, -np.inf

    @property
    def has_failed(self) -> bool:
        return not self.largest < np.inf

    def advance(self, begin: int, end: int) -> None:
        self._loss, ended = self._plan.advance(self.W, self._slots, begin, end, self._loss)
        self.largest = float(np.maximum(self.largest, ended.max(initial=-np.inf)))


def calls(batches: Batches, epochs: int, microseconds: float) -> Iterator[tuple[int, int]]:
    """Divide the updates of a training into calls, after which it can be stopped.

    Parameters
    ----------
    microseconds : that an update takes.
    """
    n, per_epoch = len(batches.X), batches.per_epoch
    size = per_epoch * (block_epochs(n) if batches.recipe.shuffle else MOST_LOSSES)
    most, update, last = max(1, int(CALL / microseconds)), 0, epochs * per_epoch
    while update < last:
        end = min(last, update + most, (update // size + 1) * size)
        yield update, end
        update = end


def advance_all(shares: Sequence[Trainings], calls: Iterator[tuple[int, int]], threads: int) -> None:
    """Advance shares by each call in turn, on some threads, but for those that have failed."""
    threads = max(1, min(threads, len(shares)))
    is_stopped = Event()

    def advance(begin: int, end: int, thread: int) -> None:
        for share in shares[thread::threads]:
            if not share.has_failed and not is_stopped.is_set():
                share.advance(begin, end)

    with ThreadPoolExecutor(threads) as pool:
        try:
            for begin, end in calls:
                list(pool.map(partial(advance, begin, end), range(threads)))
        finally:
            is_stopped.set()  # the pool waits for its threads, after an interruption as well
