"""Chunks of updates: how a training is divided, by epochs that are due and by time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from nncli.engines.contract import Chunk, Plan, State
from nncli.training.cadence import Cadence
from nncli.training.experiment import Experiment

SECONDS = 0.5  # a chunk is the longest time in which nothing is reported and no signal is heard


def run(experiment: Experiment, cadence: Cadence, state: State) -> Iterator[tuple[Chunk, bool]]:
    """Yield chunks from a state to the last update, and whether each ends with an epoch that is due.

    None reaches beyond an epoch that is due or that ends training. How long the others are depends on the
    machine, and no number of a training depends on them.
    """
    plan, pace = experiment.plan(), _Pace()
    while state.update < cadence.updates:
        end = cadence.next_due(state.update)
        chunk = _until_stop(plan, cadence, state, pace.run(plan, state, end))
        yield chunk, chunk.state.update == end or cadence.ends(chunk)
        state = chunk.state


def _until_stop(plan: Plan, cadence: Cadence, start: State, chunk: Chunk) -> Chunk:
    """The chunk up to the first epoch that meets `stop_when`, or all of it."""
    met = np.flatnonzero(chunk.losses < cadence.loss_below)
    if not met.size:
        return chunk
    per_epoch, last = cadence.updates_per_epoch, len(chunk.losses) - 1
    end = (chunk.state.update // per_epoch - (last - int(met[0]))) * per_epoch
    return chunk if end == chunk.state.update else plan.run(start, end - start.update)


class _Pace:
    """The number of updates that fill a chunk, learned from the last one."""

    def __init__(self) -> None:
        self._updates = 1

    def run(self, plan: Plan, state: State, end: int) -> Chunk:
        """Run at most as far as update `end`, for about as long as a chunk should take."""
        updates = min(end - state.update, self._updates)
        began = time.perf_counter()
        chunk = plan.run(state, updates)
        rate = updates / max(time.perf_counter() - began, 1e-9)
        self._updates = max(1, int(min(rate * SECONDS, 10 * updates)))
        return chunk
