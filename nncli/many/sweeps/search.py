"""Ways to choose the values of the trials: every combination, random draws, or from earlier results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isnan
from typing import Any, Literal, Protocol, get_args

from nncli.many.sweeps.space import Axis, Space
from nncli.messages.errors import ConfigError, missing_package
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import shown
from nncli.nn.randomness import random_stream

SearchName = Literal["grid", "random", "tpe"]
SEARCHES: tuple[SearchName, ...] = get_args(SearchName)


MOST_TRIALS = 10_000
DRAWS = 20  # if no number of trials is given


def searched(space: Space, name: SearchName | None, trials: int | None) -> tuple[SearchName, int]:
    """Return the search of a sweep and the number of its trials.

    Raises
    ------
    ConfigError
        If the search does not suit the values, or there are too many trials.
    """
    if trials is not None and trials < 1:
        raise ConfigError(f"expected at least 1 trial, found {trials}", hint="use --trials 20")
    if name not in (None, *SEARCHES):
        hint = suggestion(str(name), SEARCHES, "known", "searches")
        raise ConfigError(f"--search {shown(str(name))}: there is no such search", hint=hint)
    if name == "grid" and (trials is not None or not space.is_listed):
        reason = "--trials draws at random" if space.is_listed else "a range has no end of values"
        raise ConfigError(f"--search grid: {reason}", hint="use --search random or tpe")
    if name is None:
        name = "grid" if space.is_listed and trials is None else "random"
    count = trials or DRAWS
    if name != "tpe" and space.combinations is not None:
        count = space.combinations if name == "grid" else min(space.combinations, count)
    if count > MOST_TRIALS:
        hint = "list fewer values, or draw some of them at random: --trials 100"
        raise ConfigError(f"{count:,} trials are more than {MOST_TRIALS:,}", hint=hint)
    return name, count


class Search(Protocol):
    """The values of the trials, which are asked for in the order of their numbers.

    Attributes
    ----------
    learns : whether values depend on the results of earlier trials.
    """

    learns: bool

    def propose(self, number: int) -> dict[str, str]:
        """Return the values of a trial by key, as texts for `--set`."""

    def adopt(self, number: int, values: Mapping[str, str]) -> bool:
        """Take the values of a trial that is there already; False if this sweep cannot have them."""

    def learn(self, number: int, value: float) -> None:
        """Learn the metric of a trial, NaN if it has none; in the order of the trials."""


class Listed:
    """Values that are known before the first trial."""

    learns = False

    def __init__(self, points: Sequence[Mapping[str, str]]) -> None:
        self.points = points

    def propose(self, number: int) -> dict[str, str]:
        """Return the values of a trial by key."""
        return dict(self.points[number - 1])

    def adopt(self, number: int, values: Mapping[str, str]) -> bool:
        """Tell whether a trial has its values."""
        return values == self.points[number - 1]

    def learn(self, number: int, value: float) -> None:
        """Do nothing."""


class ParzenSearch:
    """Tree-structured Parzen estimators: values near those of good trials, by Optuna.

    Each proposal depends on the seed, its number, and the results learned so far, and on nothing else, so
    that a sweep can be stopped and resumed.

    Bergstra, Bardenet, Bengio, Kégl, Algorithms for Hyper-Parameter Optimization (2011).
    """

    learns = True

    def __init__(self, space: Space, seed: int, *, higher_is_better: bool) -> None:
        self._optuna, self._space, self._seed = optuna(), space, seed
        self._worst = -inf if higher_is_better else inf
        direction = "maximize" if higher_is_better else "minimize"
        self._study = self._optuna.create_study(direction=direction)
        self._running: dict[int, int] = {}  # number of a trial -> its number in the study
        self._distributions = {axis.key: self._distribution(axis) for axis in space.axes}

    def propose(self, number: int) -> dict[str, str]:
        """Return the values of a trial by key."""
        seed = int(random_stream(self._seed, f"sweep trial {number}").integers(2**31))
        self._study.sampler = self._optuna.samplers.TPESampler(seed=seed)
        asked = self._study.ask(self._distributions)
        values = {axis.key: axis.text(asked.params[axis.key]) for axis in self._space.axes}
        # The rounded value is the one that counts, for a resumed sweep reads it from the file.
        self._study.tell(asked, state=self._optuna.trial.TrialState.FAIL)
        self.adopt(number, values)
        return values

    def adopt(self, number: int, values: Mapping[str, str]) -> bool:
        """Begin a trial with the values that it has; False if they are not of this space."""
        try:
            found = {axis.key: axis.parameter(values[axis.key]) for axis in self._space.axes}
        except (KeyError, ValueError):
            return False
        trial = self._optuna.trial.create_trial(
            state=self._optuna.trial.TrialState.RUNNING, params=found, distributions=self._distributions
        )
        self._study.add_trial(trial)
        self._running[number] = len(self._study.get_trials(deepcopy=False)) - 1
        return True

    def learn(self, number: int, value: float) -> None:
        """Learn the metric of a trial; one without a metric counts as the worst."""
        self._study.tell(self._running.pop(number), self._worst if isnan(value) else value)

    def _distribution(self, axis: Axis) -> Any:
        kinds = self._optuna.distributions
        if axis.values:
            return kinds.CategoricalDistribution(axis.values)
        if axis.whole:
            return kinds.IntDistribution(int(axis.low), int(axis.high), log=axis.log)
        return kinds.FloatDistribution(axis.low, axis.high, log=axis.log)


def optuna() -> Any:
    """Import Optuna, without its log.

    Raises
    ------
    NncliError
        If it is not installed.
    """
    try:
        import optuna as found
    except ImportError:
        raise missing_package("the search tpe", "optuna") from None
    found.logging.set_verbosity(found.logging.ERROR)
    return found
