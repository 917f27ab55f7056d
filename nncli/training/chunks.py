"""Chunks of updates: how a training is divided, by time and by the memory of what is kept."""

from __future__ import annotations

import time

import numpy as np

from nncli.engines.contract import Chunk, State
from nncli.training.cadence import Cadence
from nncli.training.experiment import Experiment

SECONDS = 0.5  # a chunk is the longest time in which nothing is reported and no signal is heard
KEPT = 100_000  # numbers of the states in a chunk, and of a layer of theirs: as many as a cache holds


class Chunks:
    """Runs chunks that end at an epoch that ends training, or after about as long as one should take.

    How long they are depends on the machine, and no number of a training depends on them.
    """

    def __init__(self, experiment: Experiment, cadence: Cadence) -> None:
        self._cadence, self._plan = cadence, experiment.plan()
        self._updates = 1  # in the next chunk
        rows = max(map(len, (experiment.rows.training, *experiment.rows.held_out.values())))
        state = experiment.network.parameter_count * (1 + len(experiment.recipe.optimizer.slots))
        layer = rows * max(layer.units for layer in experiment.network.layers)
        self._stops = max(1, KEPT // max(state, layer))

    def run(self, state: State) -> Chunk:
        """Run the next chunk, from a state before the last update."""
        stops = self._cadence.stops(state.update, self._updates, self._stops)
        began = time.perf_counter()
        chunk = self._plan.run(state, stops)
        done = stops[-1] - state.update
        rate = done / max(time.perf_counter() - began, 1e-9)
        self._updates = max(1, int(min(rate * SECONDS, 10 * done)))
        return self._until_stop(state, chunk)

    def _until_stop(self, start: State, chunk: Chunk) -> Chunk:
        """The chunk up to the first epoch that meets `stop_when`, or all of it."""
        met = np.flatnonzero(chunk.losses < self._cadence.loss_below)
        if not met.size:
            return chunk
        per_epoch, last = self._cadence.updates_per_epoch, len(chunk.losses) - 1
        end = (int(chunk.updates[-1]) // per_epoch - (last - int(met[0]))) * per_epoch
        stops = chunk.updates[chunk.updates < end].tolist()
        return chunk if end == chunk.updates[-1] else self._plan.run(start, [*stops, end])
