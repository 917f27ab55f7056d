"""How good the best trial of a sweep of digits is after 10, 20 and 40 trials: random draws and TPE.

Five repeats with other seeds. All searches have the same space and data; pruned TPE spends fewer epochs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from nncli.config import Config, Override, load_config
from nncli.many.pool import Processes
from nncli.many.sweeps.folder import opened_sweep
from nncli.many.sweeps.plan import SweepOptions, SweepPlan
from nncli.many.sweeps.space import Axis
from nncli.many.sweeps.trial import SweepTrial
from nncli.storage.resources import folder

TRIALS, REPEATS = 40, 5
STEPS = (10, 20, 40)
SETTINGS = [
    "dataset.split.validation=0.2",
    "dataset.split.test=0.2",
    "network={hidden: [32]}",
    "optimizer=adam",
    "training={epochs: 20, batch_size: 32}",
]
GRID = [
    "optimizer.learning_rate=log:0.00001..1",
    "network.hidden=[8],[16],[32],[64],[32, 32]",
    "network.activation=relu,tanh,sigmoid",
    "training.batch_size=log:8..256",
    "optimizer.beta1=0.5..0.99",
]
SEARCHES = {
    "random": SweepOptions("random", TRIALS),
    "tpe": SweepOptions("tpe", TRIALS),
    "tpe, pruned": SweepOptions("tpe", TRIALS, prune=True),
}


def main() -> int:
    """Measure and report."""
    found = {name: [sweep(options, seed) for seed in range(REPEATS)] for name, options in SEARCHES.items()}
    print(f"lowest val_loss after {', '.join(map(str, STEPS))} trials; median of {REPEATS} repeats (range)")
    for name, repeats in found.items():
        lowest = np.array([[best(trials[:count]) for count in STEPS] for trials in repeats])
        cells = [f"{np.median(each):.4f} ({each.min():.4f}..{each.max():.4f})" for each in lowest.T]
        epochs = np.median([sum(trial.epochs for trial in trials) for trials in repeats])
        print(f"{name:12} {'  '.join(cells)}  {epochs:.0f} epochs")
    return 0


def sweep(options: SweepOptions, seed: int) -> list[SweepTrial]:
    """Return the trials of one sweep in their order."""
    plan = SweepPlan.of(config(seed), [Axis.parse(text) for text in GRID], options)
    with tempfile.TemporaryDirectory() as place, opened_sweep(Path(place) / "s", plan.identity) as kept:
        return sorted(plan.trained(kept, Processes()), key=lambda trial: trial.number)


def config(seed: int) -> Config:
    """Return the config of digits with a seed for weights and draws; the split stays the same."""
    overrides = [*SETTINGS, f"seed={{data: 0, training: {seed}}}"]
    return load_config(folder("configs") / "digits.yaml", [Override.parse(each) for each in overrides])


def best(trials: list[SweepTrial]) -> float:
    """Return the lowest validation loss of finished trials."""
    return min(trial.metrics["val_loss"] for trial in trials if trial.status == "finished")


if __name__ == "__main__":
    sys.exit(main())
