"""Trials of a sweep: how each is trained in any process, and which is the best."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nncli.config import Config
from nncli.inference.conditions import by_name
from nncli.many.pool import MOST_CRASHES
from nncli.many.sweeps.pruning import Limits, Watch
from nncli.many.trainings import train_one
from nncli.messages.errors import NncliError
from nncli.training import experiment as experiments
from nncli.training.rows import Rows, read_rows

TrialStatus = Literal["finished", "pruned", "diverged", "failed"]


@dataclass(frozen=True)
class SweepTrial:
    """One training of a sweep.

    Attributes
    ----------
    number : from 1.
    values : text of each value by key, as in `--set`.
    status : `finished`, `pruned`, `diverged`, or `failed` if it cannot be trained or its process died three
        times.
    epochs : complete epochs.
    metrics : loss and metrics of each set by name, as in `--fail-if`; empty if it failed.
    message : the error if it diverged or failed; else None.
    weights : SHA-256 of the trained weights; empty if it failed.
    curve : with pruning, the metric after every 5 % of the epochs; else empty.
    """

    number: int
    values: dict[str, str]
    status: TrialStatus
    epochs: int
    metrics: dict[str, float]
    message: str | None
    weights: str
    curve: tuple[float, ...] = ()


def as_kept(trial: SweepTrial) -> dict[str, Any]:
    """Return a trial as the values of a line of its sweep's file, without a curve where there is none."""
    return {key: value for key, value in vars(trial).items() if key != "curve" or value}


class TrialTask(NamedTuple):
    """Everything that a process needs to train a trial.

    Attributes
    ----------
    config : its values.
    folder : the folder of its data.
    limits : when to prune it; None for never.
    """

    config: dict[str, Any]
    folder: str
    limits: Limits | None = None


CRASHED: dict[str, Any] = {
    "status": "failed",
    "epochs": 0,
    "metrics": {},
    "message": f"its process was killed at least {MOST_CRASHES} times, perhaps because memory ran out",
    "weights": "",
}


def train_trial(task: TrialTask) -> dict[str, Any]:
    """Train a trial, and return the end of it as plain values. Such a call can be sent to another process."""
    config = Config.of(task.config, folder=Path(task.folder))
    try:
        settings = [task.config["dataset"], task.config["training"]["dtype"], task.config["seed"]["data"]]
        experiment = experiments.on_rows(config, _rows(json.dumps(settings), task.folder))
        watch = Watch(experiment, task.limits) if task.limits else None
        result = train_one(experiment, watch.stop if watch else None)
    except (NncliError, MemoryError) as error:
        message = error.message if isinstance(error, NncliError) else "out of memory"
        return {**CRASHED, "message": message}
    return {
        "status": "diverged" if result.divergence else "pruned" if result.is_stopped else "finished",
        "epochs": result.epochs,
        "metrics": by_name(result.results),
        "message": result.divergence,
        "weights": sha256_of(result.parameters.tobytes()),
        "curve": tuple(watch.curve) if watch else (),
    }


@lru_cache(maxsize=1)
def _rows(key: str, folder: str) -> Rows:
    """Read the rows of a config; most trials of a sweep have the same."""
    dataset, dtype, seed = json.loads(key)
    values = {"dataset": dataset, "training": {"dtype": dtype}, "network": {"hidden": []}}
    values["seed"] = {"data": seed, "training": 0}
    return read_rows(Config.of(values, folder=Path(folder)))


def best_of(trials: Sequence[SweepTrial], metric: str, *, higher_is_better: bool) -> SweepTrial | None:
    """Return the finished trial with the best value, the first one of equals; None if there is none."""
    first = min(trials, key=lambda trial: rank(trial, metric, higher_is_better), default=None)
    return first if first is not None and rank(first, metric, higher_is_better)[0] == 0 else None


def rank(trial: SweepTrial, metric: str, higher_is_better: bool) -> tuple[int, float, int]:
    """Return what orders trials: finished ones by their metric, then pruned ones, then the others."""
    value = trial.metrics.get(metric, float("nan"))
    group = {"finished": 0, "pruned": 1}.get(trial.status, 2)
    if group == 2 or value != value:
        return 2, 0.0, trial.number
    return group, -value if higher_is_better else value, trial.number


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
