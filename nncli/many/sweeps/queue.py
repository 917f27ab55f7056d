"""The order in which the trials of a sweep are trained, and what each of them waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nncli.config import Config
from nncli.many.sweeps.folder import OTHER
from nncli.many.sweeps.pruning import Limits
from nncli.many.sweeps.search import Search
from nncli.many.sweeps.trial import SweepTrial, TrialTask
from nncli.messages.errors import NncliError, RunError

VAL = "val_"


@dataclass(frozen=True)
class Goal:
    """Metric that the trials of a sweep are compared by.

    Attributes
    ----------
    name : of the metric or `loss`.
    prune : end a trial early if it does worse than the median of earlier ones.
    """

    name: str
    higher_is_better: bool
    prune: bool

    @property
    def metric(self) -> str:
        """The name of its value on the validation set."""
        return VAL + self.name


@dataclass(frozen=True)
class Budget:
    """Limit after which a sweep begins no further trial; the first one is trained in any case.

    Attributes
    ----------
    seconds : since its start.
    epochs : of all trials together.

    Raises
    ------
    NncliError
        If a limit is not positive.
    """

    seconds: float | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and not self.seconds > 0:
            problem = f"expected a timeout of more than 0 s, found {self.seconds:g}"
            raise NncliError(problem, hint="use --timeout 10m")
        if self.epochs is not None and self.epochs < 1:
            problem = f"expected a budget of at least 1 epoch, found {self.epochs:,}"
            raise NncliError(problem, hint="use --budget 5000")

    def is_spent(self, began: float, epochs: int) -> bool:
        """Tell whether no further trial may begin after so many epochs."""
        is_late = self.seconds is not None and time.monotonic() - began >= self.seconds
        return is_late or (self.epochs is not None and epochs >= self.epochs)


NO_LIMIT = Budget()


@dataclass
class TrialQueue(Iterator[tuple[int, TrialTask] | None]):
    """Trials to train, in the order of their numbers.

    Where a trial depends on earlier results, those of all trials but the last few are waited for, and no
    later ones are used. So it does not matter which of several workers is faster.

    Attributes
    ----------
    count : number of trials.
    config : makes the config of a trial from its number and values.
    goal : the metric, and whether trials are pruned by it.
    ahead : number of trials that are chosen before the result of the first is known.
    known : the trials with results.
    values : the values of each trial so far.
    """

    count: int
    search: Search
    config: Callable[[int, Mapping[str, str]], Config]
    goal: Goal
    ahead: int
    budget: Budget
    known: dict[int, SweepTrial]
    values: dict[int, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began, self._number, self._learned = time.monotonic(), 0, 0
        self._epochs = sum(trial.epochs for trial in self.known.values())
        self._curves: list[Sequence[float]] = []  # of the finished trials that are learned

    def __next__(self) -> tuple[int, TrialTask] | None:
        while self._number < self.count and not self._is_spent():
            number = self._number + 1
            if (self.search.learns or self.goal.prune) and not self._learns(number - self.ahead):
                return None
            self._number = number
            if number not in self.known:
                return number, self._task(number, self.search.propose(number))
            self._adopt(self.known[number])
        raise StopIteration

    def _is_spent(self) -> bool:
        is_first, is_kept = self._number == 0, self._number + 1 in self.known
        return not (is_first or is_kept) and self.budget.is_spent(self._began, self._epochs)

    def add(self, trial: SweepTrial) -> None:
        """Add the result of a trial."""
        self.known[trial.number] = trial
        self._epochs += trial.epochs

    def _learns(self, last: int) -> bool:
        """Learn the results up to a trial; False if one is missing."""
        while self._learned < last and (trial := self.known.get(self._learned + 1)):
            self._learned += 1
            is_measured = trial.status in ("finished", "pruned")
            self.search.learn(trial.number, trial.metrics[self.goal.metric] if is_measured else float("nan"))
            if trial.status == "finished":
                self._curves.append(trial.curve)
        return self._learned >= last

    def _adopt(self, trial: SweepTrial) -> None:
        self.values[trial.number] = trial.values
        if not self.search.adopt(trial.number, trial.values):
            raise RunError(f"trial {trial.number} of this directory has other values than now", hint=OTHER)

    def _task(self, number: int, values: dict[str, str]) -> TrialTask:
        self.values[number] = values
        config, goal, limits = self.config(number, values), self.goal, None
        if goal.prune:
            limits = Limits.of(goal.name, self._curves, higher_is_better=goal.higher_is_better)
        return TrialTask(config.resolved(config.folder), str(config.folder.resolve()), limits)
