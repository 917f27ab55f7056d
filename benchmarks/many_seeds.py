"""How much faster 50 seeds of XOR train together than one after the other (W9).

All train the template for 1,000 epochs in one process, measure the results, and start from the same weights.
`nncli.train` also writes run directories. The compiled function is there before its time is taken. A time
counts only if all final losses agree.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

import nncli
from nncli.config import Config, Override, load_config
from nncli.engines.compilation import unusable
from nncli.many.seeds import SeedPlan
from nncli.many.trainings import Trained, train_one, train_together
from nncli.storage.resources import folder
from nncli.training.experiment import build

SEEDS, EPOCHS, RUNS = 50, 1000, 5


def main() -> int:
    """Measure and report; 1 if any two disagree."""
    overrides = [Override.parse(f"training.epochs={EPOCHS}")]
    plan = SeedPlan.of(build(load_config(folder("configs") / "xor.yaml", overrides)), SEEDS, None)
    experiments = [plan.seeded(seed) for seed in plan.seeds]
    on_numpy = [replace(each, engine_name="numpy") for each in experiments]
    together = {
        "together, arrays of numpy": lambda: losses(train_together(experiments, "numpy")),
        "together, compiled loops": lambda: losses(train_together(experiments, "compiled")),
        "together, compiled lanes": lambda: losses(train_together(experiments, "lanes")),
    }
    alone = {
        f"one by one, {experiments[0].engine_name} (auto)": lambda: losses(map(train_one, experiments)),
        "one by one, numpy": lambda: losses(map(train_one, on_numpy)),
        "one by one, nncli.train": lambda: losses_of_runs([each.config for each in experiments]),
    }
    if unusable():
        together = {name: train for name, train in together.items() if "compiled" not in name}
    found = {name: timed(train) for name, train in (together | alone).items()}
    for name, (seconds, _) in found.items():
        print(f"{name:26} {1000 * seconds:7.1f} ms")
    for name in together:
        for other in alone:
            print(f"{found[other][0] / found[name][0]:5.1f} times faster: {name} / {other}")
    first, *others = [results for _, results in found.values()]
    return 0 if all(np.allclose(first, each, rtol=1e-9, atol=0) for each in others) else 1


def timed(train: Callable[[], list[float]]) -> tuple[float, list[float]]:
    """Return the median seconds of some runs, after one that is not counted, and the final losses."""
    results = train()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        train()
        seconds.append(time.perf_counter() - began)
    return median(seconds), results


def losses(results: Iterable[Trained]) -> list[float]:
    """Return the final training losses."""
    return [each.results["train"]["loss"] for each in results]


def losses_of_runs(configs: Sequence[Config]) -> list[float]:
    """Train each config into a run directory of its own, and return the final training losses."""
    with tempfile.TemporaryDirectory() as place:
        runs = [nncli.train(config, output=Path(place) / str(k)) for k, config in enumerate(configs)]
        return [run.results_by_part["train"]["loss"] for run in runs]


if __name__ == "__main__":
    sys.exit(main())
