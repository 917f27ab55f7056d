"""The values that a sweep tries: a full grid, or random draws from lists and ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from nncli.messages.errors import ConfigError
from nncli.messages.wording import shown
from nncli.nn.randomness import random_stream

MOST_TRIALS = 10_000
DRAWS = 20  # from ranges, if no number is given
DIGITS = 6  # of a number drawn from a range

_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*(log:)?\s*({_NUMBER})\.\.({_NUMBER})\s*")
_WHOLE = re.compile(r"[-+]?\d+")


@dataclass(frozen=True)
class Axis:
    """A config key and the values that are tried.

    Attributes
    ----------
    values : texts as in `--set`; empty for a range.
    low, high : ends of a range, which it includes.
    log : draw the logarithm of the value uniformly.
    whole : draw integers.
    """

    key: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False

    @classmethod
    def parse(cls, text: str) -> Axis:
        """Read `KEY=a,b,c`, `KEY=low..high` or `KEY=log:low..high`.

        Raises
        ------
        ConfigError
            If it has another form, a value is missing or repeated, or the range is empty.
        """
        key, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not key or not values:
            raise ConfigError(
                f"--grid {shown(text)}: expected KEY=VALUES",
                hint="write for example --grid optimizer.learning_rate=0.1,0.01 or =log:0.001..0.1",
            )
        if match := _RANGE.fullmatch(values):
            return cls._range(text, key, match)
        several = _separated(values)
        if "" in several:
            raise ConfigError(f"--grid {shown(text)}: a value is missing", hint="remove a comma")
        if repeated := next((value for value in several if several.count(value) > 1), None):
            problem = f"--grid {shown(text)}: {shown(repeated)} is listed twice"
            raise ConfigError(problem, hint="remove one of the two")
        return cls(key, tuple(several))

    @classmethod
    def _range(cls, text: str, key: str, match: re.Match[str]) -> Axis:
        low, high, log = float(match[2]), float(match[3]), match[1] is not None
        if not low < high or not math.isfinite(high - low):
            raise ConfigError(f"--grid {shown(text)}: the range is empty", hint="write LOW..HIGH, LOW < HIGH")
        if log and low <= 0:
            problem = f"--grid {shown(text)}: a log range must start above 0"
            raise ConfigError(problem, hint="choose a positive LOW, or remove log:")
        whole = all(_WHOLE.fullmatch(match[group]) for group in (2, 3))
        return cls(key, (), low, high, log, whole)

    def draw(self, random: np.random.Generator) -> str:
        """Draw a value."""
        if self.values:
            return self.values[random.integers(len(self.values))]
        if not self.log:
            if self.whole:
                return str(random.integers(int(self.low), int(self.high) + 1))
            return _digits(random.uniform(self.low, self.high), self.low, self.high)
        drawn = math.exp(random.uniform(math.log(self.low), math.log(self.high)))
        return str(round(drawn)) if self.whole else _digits(drawn, self.low, self.high)

    def __str__(self) -> str:
        if self.values:
            return f"{self.key}={','.join(self.values)}"
        return f"{self.key}={'log:' * self.log}{self.low:.17g}..{self.high:.17g}{' whole' * self.whole}"


@dataclass(frozen=True)
class Space:
    """The axes of a sweep.

    Attributes
    ----------
    trials : number of random draws; None for the full grid.
    """

    axes: tuple[Axis, ...]
    trials: int | None

    @classmethod
    def of(cls, grid: Sequence[str], trials: int | None) -> Space:
        """Read the axes.

        Raises
        ------
        ConfigError
            If one cannot be used, or there would be too many trials.
        """
        axes = tuple(map(Axis.parse, grid))
        keys = [axis.key for axis in axes]
        if not axes:
            hint = "add for example --grid optimizer.learning_rate=0.1,0.01"
            raise ConfigError("no values to try", hint=hint)
        if repeated := next((key for key in keys if keys.count(key) > 1), None):
            problem = f"--grid {shown(repeated)}: the key is given twice"
            raise ConfigError(problem, hint="list all its values in one --grid")
        if trials is not None and trials < 1:
            raise ConfigError(f"expected at least 1 trial, found {trials}", hint="use --trials 20")
        if trials is None and not all(axis.values for axis in axes):
            trials = DRAWS
        space = cls(axes, trials)
        if (size := space.size) > MOST_TRIALS:
            hint = "list fewer values, or draw some of them at random: --trials 100"
            raise ConfigError(f"{size:,} trials are more than {MOST_TRIALS:,}", hint=hint)
        return space

    @property
    def size(self) -> int:
        """Number of trials."""
        if self.is_drawn:
            return self.trials or 0
        combinations = math.prod(len(axis.values) for axis in self.axes)
        return combinations if self.trials is None else min(combinations, self.trials)

    @property
    def is_drawn(self) -> bool:
        """True if an axis is a range."""
        return not all(axis.values for axis in self.axes)

    def points(self, seed: int) -> list[dict[str, str]]:
        """Return the values of each trial by key; fewer draws are the first ones of more."""
        keys = [axis.key for axis in self.axes]
        random = random_stream(seed, "sweep")
        if self.is_drawn:
            return [{axis.key: axis.draw(random) for axis in self.axes} for _ in range(self.size)]
        combinations: Iterator[tuple[str, ...]] = product(*(axis.values for axis in self.axes))
        if self.trials is not None:
            combinations = iter(islice(_shuffled(self.axes, random), self.size))
        return [dict(zip(keys, values, strict=True)) for values in combinations]


def _shuffled(axes: Sequence[Axis], random: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """Yield distinct combinations of a grid of any size in random order."""
    seen: set[tuple[str, ...]] = set()
    while True:
        drawn = tuple(axis.draw(random) for axis in axes)
        if drawn not in seen:
            seen.add(drawn)
            yield drawn


def _digits(value: float, low: float, high: float) -> str:
    """A number as text with few digits, inside its range."""
    text = f"{value:.{DIGITS}g}"
    return text if low <= float(text) <= high else repr(value)


def _separated(text: str) -> list[str]:
    """Split at commas outside brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[{") - (char in "]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
