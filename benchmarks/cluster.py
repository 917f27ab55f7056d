"""How much longer a tiny trial takes on a cluster than in one local process.

Both sides train the same trials of iris, one at a time; the cluster has one worker on this machine. A time
counts only if all results have the same bits.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from nncli.config import Override, load_config
from nncli.many.cluster import Cluster
from nncli.many.pool import Backend, Processes
from nncli.many.sweeps.folder import opened_sweep
from nncli.many.sweeps.plan import SweepOptions, SweepPlan
from nncli.many.sweeps.space import Axis
from nncli.many.sweeps.trial import SweepTrial
from nncli.storage.resources import folder
from tests.many.dask_cluster import DaskCluster

TRIALS, RUNS = 60, 5
GRID = "optimizer.learning_rate=log:0.001..1"


def main() -> int:
    """Measure and report; 1 if the two disagree."""
    settings = ["dataset.split.validation=0.2", "training.epochs=20"]
    config = load_config(folder("configs") / "iris.yaml", [Override.parse(each) for each in settings])
    axes = [Axis.parse(GRID)]
    plan, few = (SweepPlan.of(config, axes, SweepOptions(trials=count)) for count in (TRIALS, 1))
    with tempfile.TemporaryDirectory() as place, DaskCluster(Path(place)) as cluster:
        cluster.worker("only")
        cluster.wait_for(1)
        far = Cluster(cluster.address)
        here, expected = timed(plan, Processes())
        there, found = timed(plan, far)
        one, _ = timed(few, far)
    print(f"local     {1000 * here:7.1f} ms for {TRIALS} trials")
    print(
        f"cluster   {1000 * there:7.1f} ms, of which {1000 * one:.1f} ms to connect and for the first trial"
    )
    print(f"{1000 * (there - one - here) / TRIALS:.1f} ms more for each trial")
    return 0 if found == expected else 1


def timed(plan: SweepPlan, where: Backend) -> tuple[float, list[SweepTrial]]:
    """Return the median seconds of some runs, after one that is not counted, and the results in order."""
    seconds = []
    for _ in range(RUNS + 1):
        with tempfile.TemporaryDirectory() as place, opened_sweep(Path(place) / "s", plan.identity) as kept:
            began = time.perf_counter()
            found = sorted(plan.trained(kept, where), key=lambda trial: trial.number)
            seconds.append(time.perf_counter() - began)
    return median(seconds[1:]), found


if __name__ == "__main__":
    sys.exit(main())
