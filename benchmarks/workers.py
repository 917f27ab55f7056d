"""How much faster a sweep of long trainings is in two processes than in one.

Eight trials of digits, each of some seconds on one thread; the best of two turns of each, as other work on
the machine disturbs one of them less. A time counts only if all results have the same bits.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from nncli.config import Override, load_config
from nncli.many.pool import Processes
from nncli.many.sweeps.folder import opened_sweep
from nncli.many.sweeps.plan import SweepOptions, SweepPlan
from nncli.many.sweeps.space import Axis
from nncli.many.sweeps.trial import SweepTrial
from nncli.storage.resources import folder

ROUNDS = 2
GRID = ["optimizer.learning_rate=0.001,0.002,0.005,0.01", "seed.training=1,2"]
SETTINGS = ["network={hidden: [128, 128]}", "training.epochs=300", "optimizer=adam"]


def main() -> int:
    """Measure and report; 1 if the results differ."""
    config = load_config(folder("configs") / "digits.yaml", [Override.parse(each) for each in SETTINGS])
    plan = SweepPlan.of(config, [Axis.parse(text) for text in GRID], SweepOptions())
    turns = [(timed(plan, 1), timed(plan, 2)) for _ in range(ROUNDS)]
    one, two = (min(seconds for seconds, _ in each) for each in zip(*turns, strict=True))
    expected, found = (trials for _, trials in turns[-1])
    print(f"one worker   {one:6.1f} s for {len(expected)} trials")
    print(f"two workers  {two:6.1f} s, {one / two:.2f} times faster")
    return 0 if found == expected else 1


def timed(plan: SweepPlan, workers: int) -> tuple[float, list[SweepTrial]]:
    """Return the seconds of a sweep, the start of its processes included, and its trials in order."""
    with tempfile.TemporaryDirectory() as place, opened_sweep(Path(place) / "s", plan.identity) as kept:
        began = time.perf_counter()
        found = sorted(plan.trained(kept, Processes(workers)), key=lambda trial: trial.number)
        return time.perf_counter() - began, found


if __name__ == "__main__":
    sys.exit(main())
