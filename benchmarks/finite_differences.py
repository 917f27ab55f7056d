"""How much faster layer-wise finite differences are than a loop over parameters and rows.

The linear map as published (1,000 rows, three layers of two, 10 epochs of central differences),
with the learning rate that converges. Both sides start from the same weights and do the same
arithmetic; a time counts only if their final losses agree.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nncli.config import Override, load_config
from nncli.engines.contract import start
from nncli.storage.resources import folder
from nncli.training import measure
from nncli.training.experiment import Experiment, build

EPOCHS, EPSILON = 10, 1e-6
RUNS = 5

Layers = list[tuple[list[list[float]], list[float]]]


def by_layers(experiment: Experiment) -> float:
    """The final loss of nncli's own training."""
    plan = experiment.engine.plan(
        experiment.network, experiment.rows.training.X, experiment.rows.training.Y, experiment.recipe
    )
    state = start(experiment.network, experiment.initial, experiment.recipe)
    chunk = plan.run(state, [EPOCHS])
    return measure.loss(experiment, chunk.parameters[-1])


def by_loops(experiment: Experiment) -> float:
    """The final loss of one parameter after the other, each with two passes over every row."""
    rows = list(zip(experiment.rows.training.X.tolist(), experiment.rows.training.Y.tolist(), strict=True))
    rate = experiment.recipe.optimizer.learning_rate
    layers: Layers = [
        (W.tolist(), b.tolist()) for W, b in experiment.network.views(experiment.initial) if b is not None
    ]
    places = [vector for W, b in layers for vector in (*W, b)]
    for _ in range(EPOCHS):
        gradient = [
            derivative(layers, rows, vector, index) for vector in places for index in range(len(vector))
        ]
        slopes = iter(gradient)
        for vector in places:
            for index in range(len(vector)):
                vector[index] -= rate * next(slopes)
    return total_loss(layers, rows)


def derivative(
    layers: Layers, rows: list[tuple[list[float], list[float]]], vector: list[float], index: int
) -> float:
    kept = vector[index]
    vector[index] = kept + EPSILON
    above = total_loss(layers, rows)
    vector[index] = kept - EPSILON
    below = total_loss(layers, rows)
    vector[index] = kept
    return (above - below) / (2 * EPSILON)


def total_loss(layers: Layers, rows: list[tuple[list[float], list[float]]]) -> float:
    return sum(
        (output - target) ** 2
        for inputs, targets in rows
        for output, target in zip(outputs(layers, inputs), targets, strict=True)
    )


def outputs(layers: Layers, values: list[float]) -> list[float]:
    for W, b in layers:
        values = [
            sum(weight * value for weight, value in zip(row, values, strict=True)) + bias
            for row, bias in zip(W, b, strict=True)
        ]
    return values


def timed(train: Callable[[Experiment], float], experiment: Experiment) -> tuple[float, float]:
    began = time.perf_counter()
    loss = train(experiment)
    return loss, time.perf_counter() - began


def main() -> None:
    """Run both sides in turn, compare their losses, then print medians and ratio."""
    overrides = [Override.parse(f"training.epochs={EPOCHS}")]
    experiment = build(load_config(Path(str(folder("configs"))) / "linear_map.yaml", overrides))
    times: dict[str, list[float]] = {"loops": [], "layers": []}
    by_layers(experiment)  # the first run pays for caches
    for _ in range(RUNS):
        slow_loss, slow = timed(by_loops, experiment)
        # Three of the short ones around each long one, so that both see the same machine.
        fast_losses, fast = zip(*(timed(by_layers, experiment) for _ in range(3)), strict=True)
        # A difference quotient of a sum of 2,000 terms is exact to about 1e-7.
        if any(abs(slow_loss - loss) > 1e-6 * slow_loss for loss in fast_losses):
            sys.exit(f"the losses differ: {slow_loss!r} by loops, {fast_losses!r} by layers")
        times["loops"].append(slow)
        times["layers"].extend(fast)
    loops, layers = (statistics.median(times[side]) for side in ("loops", "layers"))
    print(f"1,000 rows, {experiment.network.parameter_count} parameters, {EPOCHS} epochs; medians of {RUNS}")
    print(f"final loss                         {slow_loss:.9g} by loops, {fast_losses[-1]:.9g} by layers")
    print(f"loop over parameters and rows      {loops * 1e3:10.2f} ms")
    print(f"layer-wise finite differences      {layers * 1e3:10.2f} ms")
    print(f"ratio                              {loops / layers:10.0f}")


if __name__ == "__main__":
    main()
