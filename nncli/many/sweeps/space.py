"""The values that a sweep tries: a full grid, or random draws from lists and ranges."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product, repeat
from typing import Any

import numpy as np

from nncli.config import Config, Mistake
from nncli.config.schema import SweepAxis
from nncli.messages.errors import ConfigError
from nncli.messages.wording import shown
from nncli.nn.randomness import random_stream

DIGITS = 6  # of a number drawn from a range

_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*(log:)?\s*({_NUMBER})\.\.({_NUMBER})\s*")
_WORD = re.compile(r"[A-Za-z_][\w ./-]*")
NO_WORDS = ("true", "false", "null")  # as text, they must be quoted
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
        try:
            return cls._parsed(text)
        except _Unusable as error:
            raise ConfigError(f"--grid {shown(text)}: {error.problem}", hint=error.hint) from None

    @classmethod
    def given(cls, key: str, values: str | Sequence[Any]) -> Axis:
        """Return the axis of a list of values, or of a text such as `0..1`.

        Raises
        ------
        ConfigError
            If a value is repeated, or the text cannot be read.
        """
        if isinstance(values, str):
            return cls.parse(f"{key}={values}")
        try:
            return cls._listed(key, list(map(_text, values)))
        except _Unusable as error:
            raise ConfigError(f"grid {shown(key)}: {error.problem}", hint=error.hint) from None

    @classmethod
    def of(cls, key: str, form: SweepAxis) -> Axis:
        """Return the axis that a config describes; raise _Unusable if it has no values."""
        if form.values is not None:
            return cls._listed(key, [_text(value) for value in form.values])
        low, high = form.uniform or form.log or (0, 0)
        whole = isinstance(low, int) and isinstance(high, int)
        return cls._ranged(key, low, high, log=form.log is not None, whole=whole)

    @classmethod
    def _parsed(cls, text: str) -> Axis:
        key, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not key or not values:
            hint = "write, for example, --grid optimizer.learning_rate=0.1,0.01 or =log:0.001..0.1"
            raise _Unusable("expected KEY=VALUES", hint)
        if match := _RANGE.fullmatch(values):
            whole = all(_WHOLE.fullmatch(match[group]) for group in (2, 3))
            return cls._ranged(key, float(match[2]), float(match[3]), log=match[1] is not None, whole=whole)
        return cls._listed(key, _separated(values))

    @classmethod
    def _listed(cls, key: str, values: Sequence[str]) -> Axis:
        if "" in values or not values:
            raise _Unusable("a value is missing", "remove a comma, or write null for none")
        if repeated := next((value for value in values if values.count(value) > 1), None):
            raise _Unusable(f"{shown(repeated)} is listed twice", "remove one of the two")
        return cls(key, tuple(values))

    @classmethod
    def _ranged(cls, key: str, low: float, high: float, *, log: bool, whole: bool) -> Axis:
        if not low < high or not math.isfinite(high - low):
            raise _Unusable("the range is empty", "the first number must be less than the second")
        if log and low <= 0:
            hint = "start above 0, or draw uniformly without log"
            raise _Unusable("a log range must start above 0", hint)
        return cls(key, (), float(low), float(high), log, whole)

    @classmethod
    def kept(cls, text: str) -> Axis:
        """Read an axis from the text that `str` gives of it.

        Raises
        ------
        ConfigError
            If it is none.
        """
        bare = text.removesuffix(" whole")
        axis = cls.parse(bare)
        return axis if axis.values else replace(axis, whole=bare != text)

    def draw(self, random: np.random.Generator) -> str:
        """Draw a value."""
        if self.values:
            return self.values[random.integers(len(self.values))]
        if self.log:
            return self.text(math.exp(random.uniform(math.log(self.low), math.log(self.high))))
        if self.whole:
            return str(random.integers(int(self.low), int(self.high) + 1))
        return self.text(random.uniform(self.low, self.high))

    def text(self, value: float | str) -> str:
        """Return a value as text: of a range with few digits, but within the range."""
        if isinstance(value, str):
            return value
        if self.whole:
            return str(round(value))
        text = f"{value:.{DIGITS}g}"
        return text if self.low <= float(text) <= self.high else repr(float(value))

    def parameter(self, text: str) -> float | str:
        """Return a value of the axis as a number if it is of a range, from its text.

        Raises
        ------
        ValueError
            If the axis does not have it.
        """
        if self.values:
            return self.values[self.values.index(text)]
        number = int(text) if self.whole else float(text)
        if not self.low <= number <= self.high:
            raise ValueError(text)
        return number

    @property
    def samples(self) -> tuple[str, ...]:
        """The values of a list, or the ends of a range, as texts."""
        return self.values or (self.text(self.low), self.text(self.high))

    def __str__(self) -> str:
        if self.values:
            return f"{self.key}={','.join(self.values)}"
        return f"{self.key}={'log:' * self.log}{self.low:.17g}..{self.high:.17g}{' whole' * self.whole}"


@dataclass(frozen=True)
class Space:
    """The axes of a sweep."""

    axes: tuple[Axis, ...]

    @classmethod
    def of(cls, config: Config, axes: Sequence[Axis]) -> Space:
        """Return the axes of a config and given ones, which replace those with their keys.

        Raises
        ------
        ConfigError
            If one cannot be used, or there is none.
        """
        given = {axis.key: axis for axis in _distinct(axes)}
        forms = {key: form for key, form in (config.sweep or {}).items() if key not in given}
        found = [*(_of_config(config, key, form) for key, form in forms.items()), *given.values()]
        if not found:
            raise ConfigError(
                "no values to try",
                hint="add for example --grid optimizer.learning_rate=0.1,0.01, or a sweep to the config",
            )
        return cls(tuple(found))

    @property
    def combinations(self) -> int | None:
        """Number of combinations of lists; None with a range."""
        return math.prod(len(axis.values) for axis in self.axes) if self.is_listed else None

    @property
    def is_listed(self) -> bool:
        """True if no axis is a range."""
        return all(axis.values for axis in self.axes)

    def grid(self) -> list[dict[str, str]]:
        """Return every combination of lists, as values by key."""
        keys = [axis.key for axis in self.axes]
        return [
            dict(zip(keys, values, strict=True)) for values in product(*(axis.values for axis in self.axes))
        ]

    def draws(self, count: int, seed: int) -> list[dict[str, str]]:
        """Return random values by key, without repetition of lists; fewer are the first ones of more."""
        random = random_stream(seed, "sweep")
        drawn = ({axis.key: axis.draw(random) for axis in self.axes} for _ in repeat(None))
        return list(islice(_distinct_values(drawn) if self.is_listed else drawn, count))

    def corners(self) -> Iterator[dict[str, str]]:
        """Yield values that show each value of a list and each end of a range once."""
        first = {axis.key: axis.samples[0] for axis in self.axes}
        yield first
        for axis in self.axes:
            for sample in axis.samples[1:]:
                yield {**first, axis.key: sample}


class _Unusable(Exception):
    """Says why the values of a key cannot be used, and what to do."""

    def __init__(self, problem: str, hint: str) -> None:
        self.problem, self.hint = problem, hint


def _of_config(config: Config, key: str, form: SweepAxis) -> Axis:
    """Return an axis of a config, or raise an error with its place."""
    try:
        return Axis.of(key, form)
    except _Unusable as error:
        raise config.error(Mistake(("sweep", key), error.problem, error.hint)) from None


def _distinct(axes: Sequence[Axis]) -> Sequence[Axis]:
    """Raise an error if two axes have one key."""
    keys = [axis.key for axis in axes]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        problem = f"--grid {shown(repeated)}: the key is given twice"
        raise ConfigError(problem, hint="list all its values in one --grid")
    return axes


def _distinct_values(drawn: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield each of some draws when it comes for the first time."""
    seen: set[tuple[str, ...]] = set()
    for values in drawn:
        if (key := tuple(values.values())) not in seen:
            seen.add(key)
            yield values


def _text(value: Any) -> str:
    """Return a value of a list in a config as text for `--set`."""
    is_word = isinstance(value, str) and _WORD.fullmatch(value) and value.lower() not in NO_WORDS
    return value if is_word else json.dumps(value, ensure_ascii=False)


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
