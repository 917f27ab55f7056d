"""Sweeps: train a config with many combinations of values, and choose by the validation set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nncli.config import Config, Override
from nncli.inference.conditions import by_name
from nncli.many.pool import Backend, Processes, completed
from nncli.many.sweeps.folder import SweepFolder
from nncli.many.sweeps.queue import NO_LIMIT, VAL, Budget, Goal, TrialQueue
from nncli.many.sweeps.search import Listed, ParzenSearch, Search, SearchName, searched
from nncli.many.sweeps.space import Axis, Space
from nncli.many.sweeps.trial import CRASHED, SweepTrial, as_kept, best_of, rank, sha256_of, train_trial
from nncli.messages.errors import ConfigError, NncliError
from nncli.messages.notebook import html_table
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import measured, shown
from nncli.runs import Run
from nncli.tables.table import Table
from nncli.training import experiment as experiments
from nncli.training.experiment import Experiment
from nncli.training.rows import Rows

ONE_PROCESS = Processes()
OTHER_ROUNDING = 1e-3  # relative difference of a metric that other rounding may cause in a whole training
NO_VALIDATION = "hold out validation rows: set dataset.split.validation: 0.2"


@dataclass(frozen=True)
class Sweep:
    """The trials of a sweep in their order.

    Attributes
    ----------
    metric : name of the metric that trials are compared by.
    path : the directory of the sweep.
    run : the run of the best trial; None if no trial finished.
    remark : how this run differs from the trial if another processor trained that; usually empty.
    """

    trials: list[SweepTrial]
    metric: str
    higher_is_better: bool
    path: Path
    run: Run | None
    remark: str = ""

    @property
    def ranked(self) -> list[SweepTrial]:
        """The trials from the best to the worst, then those that diverged or failed."""
        return sorted(self.trials, key=lambda trial: rank(trial, self.metric, self.higher_is_better))

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
class SweepOptions:
    """Options of a sweep: the choice of its trials and of the best one.

    Attributes
    ----------
    search : how values are chosen; None for all combinations of lists, or random draws if there is a range
        or a number of trials.
    trials : number of trials; None for all combinations, or 20.
    metric : name of a result on the validation set; None for the loss.
    prune : end a trial early if it does worse than the median of earlier ones.
    """

    search: SearchName | None = None
    trials: int | None = None
    metric: str | None = None
    prune: bool = False


@dataclass(frozen=True)
class SweepPlan:
    """The trainings of a sweep before they begin, checked as far as their values are known.

    Attributes
    ----------
    base : the config that the values of a trial are laid over.
    configs : the config of each trial, if they are known before the first is trained.
    count : number of trials.
    search : makes what chooses the values of the trials.
    goal : what they are compared by.
    table : the training rows.
    identity : what two sweeps have in common if the trials of one may be used by the other.
    """

    base: Config
    configs: Sequence[Config]
    count: int
    search: Callable[[], Search]
    goal: Goal
    table: Table
    identity: Mapping[str, Any]

    @classmethod
    def of(cls, config: Config, axes: Sequence[Axis], options: SweepOptions) -> SweepPlan:
        """Plan all trials, and check them.

        Raises
        ------
        NncliError
            If the values, the metric or a trial cannot be used.
        """
        space, metric = Space.of(config, axes), _metric_name(options.metric)
        name, count = searched(space, options.search, options.trials)
        is_known, seed = name != "tpe", config.seed.training
        points = space.grid() if name == "grid" else space.draws(count, seed) if is_known else []
        configs, prepared = _checked(config, points or list(space.corners()), metric)
        better = prepared.metrics[metric].higher_is_better if metric in prepared.metrics else False
        return cls(
            base=config,
            configs=configs if is_known else (),
            count=len(points) if is_known else count,
            search=lambda: Listed(points) if is_known else ParzenSearch(space, seed, higher_is_better=better),
            goal=Goal(metric, better, options.prune),
            table=prepared.rows.training.table,
            identity=_identity(config, space, prepared.rows, options, is_known),
        )

    def trained(
        self, folder: SweepFolder, where: Backend = ONE_PROCESS, budget: Budget = NO_LIMIT
    ) -> Iterator[SweepTrial]:
        """Train the trials that `folder` does not hold yet; yield each as soon as it is there, and keep it.

        The trials that the folder holds come first.

        Raises
        ------
        NncliError
            If the folder holds other trials, or `where` cannot be used.
        """
        metric, better = self.goal.metric, self.goal.higher_is_better
        folder.keep_goal({"metric": metric, "higher_is_better": better, "trials": self.count})
        kept = {number: SweepTrial(**values) for number, values in folder.trials(self.count).items()}
        queue = TrialQueue(self.count, self.search(), self.config, self.goal, where.ahead, budget, dict(kept))
        yield from kept.values()
        for number, result in completed(train_trial, queue, self.count - len(kept), where):
            trial = SweepTrial(number, queue.values[number], **(result or CRASHED))
            folder.append(as_kept(trial))
            queue.add(trial)
            yield trial

    def config(self, number: int, values: Mapping[str, str]) -> Config:
        """Return the config of a trial."""
        return self.configs[number - 1] if self.configs else _laid_over(self.base, values)

    def best(self, trials: Sequence[SweepTrial]) -> SweepTrial | None:
        """Return the best of some trials; None if none finished."""
        return best_of(trials, self.goal.metric, higher_is_better=self.goal.higher_is_better)

    def outcome(self, trials: Sequence[SweepTrial], folder: SweepFolder) -> Sweep:
        """Return the results of all trials together, and keep the run of the best one."""
        best = self.best(trials)
        run = None if best is None else folder.best_run(self.config(best.number, best.values))
        remark = self._remark(best, run) if best and run else ""
        ordered = sorted(trials, key=lambda trial: trial.number)
        return Sweep(ordered, self.goal.metric, self.goal.higher_is_better, folder.path, run, remark)

    def _remark(self, best: SweepTrial, run: Run) -> str:
        """Return how the run of the best trial differs from the trial, if it does by rounding alone."""
        if sha256_of(run.model.parameters.tobytes()) == best.weights:
            return ""
        before, now = best.metrics[self.goal.metric], by_name(run.results_by_part)[self.goal.metric]
        if abs(now - before) > OTHER_ROUNDING * abs(before):
            raise NncliError(
                f"{run.path}: training trial {best.number} again gave other weights",
                hint="its first result is from another machine or version; "
                f"remove {run.path.parent} and repeat",
            )
        values = f"{self.goal.metric}={now:.17g} instead of {before:.17g}"
        return f"{run.path}: trained again on this machine, whose processor rounds differently: {values}"


def _checked(
    config: Config, points: Sequence[Mapping[str, str]], metric: str
) -> tuple[list[Config], Experiment]:
    """Return the config of each point, and the last experiment; raise an error if one cannot be trained."""
    configs, losses, prepared = list[Config](), set[str](), None
    for point in points:
        configs.append(_laid_over(config, point))
        prepared = _prepared(configs, prepared)
        _require_metric(metric, prepared)
        losses.add(str(prepared.config.loss))
    if len(losses) > 1 and metric == "loss":
        raise NncliError(
            "trials with different losses cannot be compared by their loss",
            hint="choose by a metric of the config, such as --metric accuracy",
        )
    assert prepared is not None
    return configs, prepared


def _laid_over(config: Config, values: Mapping[str, str]) -> Config:
    flags = {key: "sweep" if key in (config.sweep or {}) else "--grid" for key in values}
    return _on_one_thread(config.overridden([Override(key, values[key], flags[key]) for key in values]))


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
    return name.removeprefix(VAL)


def _require_metric(name: str, prepared: Experiment) -> None:
    """Raise an error unless the validation set measures a metric."""
    if "validation" not in prepared.rows.held_out:
        problem = "a sweep compares trials by the validation set, and there is none"
        raise ConfigError(problem, hint=NO_VALIDATION)
    known = ["loss", *prepared.metrics]
    if name not in known:
        raise NncliError(
            f"--metric {shown(name)}: it is not measured",
            hint=suggestion(name, known, "known", "metrics") + "; add others to metrics in the config",
        )


def _identity(
    config: Config, space: Space, rows: Rows, options: SweepOptions, is_known: bool
) -> dict[str, Any]:
    data = rows.whole.X.tobytes() + rows.whole.Y.tobytes()
    settings = config.resolved(config.folder)
    settings["dataset"].pop("path", None)  # the rows are compared by their content
    found: dict[str, Any] = {
        "config": settings,
        "grid": [str(axis) for axis in space.axes],
        "data": sha256_of(data),
    }
    # Of a search that learns, and of pruned trials, the results depend on the metric as well.
    if not is_known or options.prune:
        found |= {"search": options.search, "metric": options.metric, "prune": options.prune}
    return found
