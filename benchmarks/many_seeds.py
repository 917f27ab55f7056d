"""How much faster 50 seeds of XOR train together than one after the other (W9).

Both sides train the template for 1,000 epochs in one process, measure the results, and start from the same
weights. A time counts only if all final losses agree.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import chain
from statistics import median

from nncli.config import Override, load_config
from nncli.many.seeds import SeedPlan
from nncli.many.trainings import Trained, train_each
from nncli.storage.resources import folder
from nncli.training.experiment import build

SEEDS, EPOCHS, RUNS = 50, 1000, 5


def main() -> int:
    """Measure and report; 1 if the two disagree."""
    overrides = [Override.parse(f"training.epochs={EPOCHS}")]
    plan = SeedPlan.of(build(load_config(folder("configs") / "xor.yaml", overrides)), SEEDS, None)
    experiments = [plan.seeded(seed) for seed in plan.seeds]
    together, at_once = timed(lambda: [*train_each(experiments)])
    alone, in_turn = timed(lambda: [*chain.from_iterable(train_each([each]) for each in experiments)])
    engine = experiments[0].engine_name
    print(f"together               {1000 * together:7.1f} ms")
    print(f"one after the other    {1000 * alone:7.1f} ms, engine {engine}")
    print(f"{alone / together:.1f} times faster")
    return 0 if agree(at_once, in_turn) else 1


def timed(train: Callable[[], list[Trained]]) -> tuple[float, list[Trained]]:
    """Return the median seconds of some runs, after one that is not counted, and the results."""
    results = train()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        train()
        seconds.append(time.perf_counter() - began)
    return median(seconds), results


def agree(first: list[Trained], second: list[Trained]) -> bool:
    """Tell whether the final losses are the same but for rounding."""
    losses = [[each.results["train"]["loss"] for each in results] for results in (first, second)]
    return all(abs(a - b) <= 1e-9 * abs(b) for a, b in zip(*losses, strict=True))


if __name__ == "__main__":
    sys.exit(main())
