"""Sweeps: train a config with many combinations of values, and choose by the validation set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from nncli.config import Config, Override
from nncli.inference.conditions import by_name
from nncli.many.pool import MOST_CRASHES, Backend, Processes, completed
from nncli.many.space import Space
from nncli.many.sweep_folder import SweepFolder
from nncli.many.trainings import train_one
from nncli.messages.errors import ConfigError, NncliError
from nncli.messages.notebook import html_table
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import measured, shown
from nncli.runs import Run
from nncli.tables.table import Table
from nncli.training import experiment as experiments
from nncli.training.experiment import Experiment
from nncli.training.rows import Rows, read_rows

VAL = "val_"
ONE_PROCESS = Processes()
NO_VALIDATION = "hold out validation rows: set dataset.split.validation: 0.2"


@dataclass(frozen=True)
class SweepTrial:
    """One training of a sweep.

    Attributes
    ----------
    number : from 1.
    values : text of each value by key, as in `--set`.
    status : `finished`, `diverged`, or `failed` if it cannot be trained or its process died three times.
    epochs : complete epochs.
    metrics : loss and metrics of each set by name, as in `--fail-if`; empty if it failed.
    message : the error if it diverged or failed; else None.
    weights : SHA-256 of the trained weights; empty if it failed.
    """

    number: int
    values: dict[str, str]
    status: Literal["finished", "diverged", "failed"]
    epochs: int
    metrics: dict[str, float]
    message: str | None
    weights: str


@dataclass(frozen=True)
class Sweep:
    """The trials of a sweep in their order.

    Attributes
    ----------
    metric : name of the metric that trials are compared by.
    path : the directory of the sweep.
    run : the run of the best trial; None if no trial finished.
    """

    trials: list[SweepTrial]
    metric: str
    higher_is_better: bool
    path: Path
    run: Run | None

    @property
    def ranked(self) -> list[SweepTrial]:
        """The trials from the best to the worst, then those that diverged or failed."""
        return sorted(self.trials, key=lambda trial: _rank(trial, self.metric, self.higher_is_better))

    @property
    def best(self) -> SweepTrial | None:
        """The best trial; None if no trial finished."""
        return best_of(self.trials, self.metric, higher_is_better=self.higher_is_better)

    def _repr_html_(self) -> str:
        rows = [
            (str(trial.number), *trial.values.values(), measured(trial.metrics.get(self.metric)))
            for trial in self.ranked
        ]
        return html_table(rows, ("trial", *self.trials[0].values, self.metric))


@dataclass(frozen=True)
class SweepPlan:
    """The trainings of a sweep before they begin, all of them checked.

    Attributes
    ----------
    points : values of each trial by key.
    configs : the config of each trial.
    table : the training rows.
    identity : what two sweeps have in common if the trials of one may be used by the other.
    """

    points: Sequence[Mapping[str, str]]
    configs: Sequence[Config]
    metric: str
    higher_is_better: bool
    table: Table
    identity: Mapping[str, Any]

    @classmethod
    def of(cls, config: Config, grid: Sequence[str], trials: int | None, metric: str | None) -> SweepPlan:
        """Plan and check all trials.

        Raises
        ------
        NncliError
            If the values, the metric or a trial cannot be used.
        """
        space, name = Space.of(grid, trials), _metric_name(metric)
        points = space.points(config.seed.training)
        configs, losses, prepared = list[Config](), set[str](), None
        for point in points:
            overrides = [Override(key, value, "--grid") for key, value in point.items()]
            configs.append(_on_one_thread(config.overridden(overrides)))
            prepared = _prepared(configs, prepared)
            higher_is_better = _require_metric(name, prepared)
            losses.add(str(prepared.config.loss))
        if len(losses) > 1 and name == f"{VAL}loss":
            raise NncliError(
                "trials with different losses cannot be compared by their loss",
                hint="choose by a metric of the config, such as --metric accuracy",
            )
        assert prepared is not None
        rows = prepared.rows
        return cls(
            points=points,
            configs=configs,
            metric=name,
            higher_is_better=higher_is_better,
            table=rows.training.table,
            identity=_identity(config, space, rows),
        )

    def trained(self, folder: SweepFolder, where: Backend = ONE_PROCESS) -> Iterator[SweepTrial]:
        """Train the trials that `folder` does not hold yet; yield each as soon as it is there, and keep it.

        The trials that the folder holds come first.

        Raises
        ------
        NncliError
            If the folder holds other trials, or `where` cannot be used.
        """
        found = folder.trials(self.points)
        yield from (SweepTrial(**values) for values in found.values())
        tasks = {
            number: (config.resolved(config.folder), str(config.folder.resolve()))
            for number, config in enumerate(self.configs, 1)
            if number not in found
        }
        for number, result in completed(train_values, tasks, where):
            values: dict[str, Any] = {"number": number, "values": dict(self.points[number - 1])}
            trial = SweepTrial(**values, **(result or _CRASHED))
            folder.append(vars(trial))
            yield trial

    def best(self, trials: Sequence[SweepTrial]) -> SweepTrial | None:
        """Return the best of some trials; None if none finished."""
        return best_of(trials, self.metric, higher_is_better=self.higher_is_better)

    def outcome(self, trials: Sequence[SweepTrial], folder: SweepFolder) -> Sweep:
        """Return the results of all trials together, and keep the run of the best one."""
        best = self.best(trials)
        run = None if best is None else folder.best_run(self.configs[best.number - 1])
        if best and run and _digest(run.model.parameters.tobytes()) != best.weights:
            raise NncliError(
                f"{run.path}: training trial {best.number} again gave other weights",
                hint=f"its first result is from another machine or version; remove {folder.path} and repeat",
            )
        ordered = sorted(trials, key=lambda trial: trial.number)
        return Sweep(ordered, self.metric, self.higher_is_better, folder.path, run)


def axis_text(key: str, values: str | Sequence[Any]) -> str:
    """Return values of a key as the text of `--grid`."""
    if isinstance(values, str):
        return f"{key}={values}"
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return f"{key}={','.join(texts)}"


_CRASHED = {
    "status": "failed",
    "epochs": 0,
    "metrics": {},
    "message": f"its process was killed {MOST_CRASHES} times, perhaps because memory ran out",
    "weights": "",
}


def train_values(task: tuple[dict[str, Any], str]) -> dict[str, Any]:
    """Train a config given as plain values and the folder of its data; return the end of it as plain values.

    Such a call can be sent to another process.
    """
    values, folder = task
    config = Config.of(values, folder=Path(folder))
    try:
        settings = [values["dataset"], values["training"]["dtype"], values["seed"]["data"]]
        rows = _rows(json.dumps(settings), folder)
        result = train_one(experiments.on_rows(config, rows))
    except (NncliError, MemoryError) as error:
        message = error.message if isinstance(error, NncliError) else "out of memory"
        return {**_CRASHED, "message": message}
    return {
        "status": "diverged" if result.divergence else "finished",
        "epochs": result.epochs,
        "metrics": by_name(result.results),
        "message": result.divergence,
        "weights": _digest(result.parameters.tobytes()),
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
    first = min(trials, key=lambda trial: _rank(trial, metric, higher_is_better), default=None)
    return first if first is not None and _rank(first, metric, higher_is_better)[0] == 0 else None


def _rank(trial: SweepTrial, metric: str, higher_is_better: bool) -> tuple[int, float, int]:
    value = trial.metrics.get(metric, float("nan"))
    if trial.status == "finished" and value == value:
        return 0, -value if higher_is_better else value, trial.number
    return 1, 0.0, trial.number


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _on_one_thread(config: Config) -> Config:
    """Choose one thread where the config leaves it open, so that results do not depend on the workers."""
    if config.training.threads != "auto":
        return config
    return config.overridden([Override("training.threads", "1")])


def _prepared(configs: Sequence[Config], before: Experiment | None) -> Experiment:
    """Build the experiment of the last config, on the rows of the one before if they are the same."""
    if before is None or _data_of(configs[-1]) != _data_of(configs[-2]):
        return experiments.build(configs[-1])
    return experiments.on_rows(configs[-1], before.rows)


def _data_of(config: Config) -> tuple[object, ...]:
    return config.dataset, config.training.dtype, config.seed.data


def _metric_name(metric: str | None) -> str:
    name = metric or "loss"
    for part, reason in (
        ("test_", "choosing by the test set makes its result too good"),
        ("train_", "choosing by the training set rewards overfitting"),
    ):
        if name.startswith(part):
            bare = shown(name.removeprefix(part))
            hint = f"choose by the validation set: --metric {bare}"
            raise NncliError(f"--metric {shown(name)}: {reason}", hint=hint)
    return name if name.startswith(VAL) else VAL + name


def _require_metric(name: str, prepared: Experiment) -> bool:
    """Raise NncliError unless the validation set measures a metric; return True if higher is better."""
    if "validation" not in prepared.rows.held_out:
        problem = "a sweep compares trials by the validation set, and there is none"
        raise ConfigError(problem, hint=NO_VALIDATION)
    bare = name.removeprefix(VAL)
    known = ["loss", *prepared.metrics]
    if bare not in known:
        raise NncliError(
            f"--metric {shown(bare)}: it is not measured",
            hint=suggestion(bare, known, "known", "metrics") + "; add others to metrics in the config",
        )
    return bare != "loss" and prepared.metrics[bare].higher_is_better


def _identity(config: Config, space: Space, rows: Rows) -> dict[str, Any]:
    data = rows.whole.X.tobytes() + rows.whole.Y.tobytes()
    settings = config.resolved(config.folder)
    settings["dataset"].pop("path", None)  # the rows are compared by their content
    return {"config": settings, "grid": [str(axis) for axis in space.axes], "data": _digest(data)}
