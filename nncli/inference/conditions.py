"""Conditions on results, as `--fail-if` takes them: NAME OP NUMBER, or NAME OP baseline + NUMBER."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from nncli.messages.errors import CheckFailed, NncliError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import listed, shown
from nncli.training.baselines import BASELINE, LINEAR
from nncli.training.experiment import Experiment

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = re.compile(
    rf"\s*(?P<name>[A-Za-z_]\w*)\s*(?P<operator>[<>]=?)\s*(?P<reference>{BASELINE}|{LINEAR}|)\s*"
    r"(?P<sign>[+-]?)\s*(?P<number>[0-9A-Za-z.+-]*)\s*",
    re.ASCII,
)


@dataclass(frozen=True)
class Condition:
    """A comparison: one that must not hold after `--fail-if`, or that must after `--target`.

    Attributes
    ----------
    reference : the model whose result is added to the number, `baseline` or `linear`; empty for none.
    """

    name: str
    operator: str
    number: float
    reference: str = ""

    @classmethod
    def parse(cls, text: str, known: Collection[str], option: str = "--fail-if") -> Condition:
        """Read `mse > 0.01` or `accuracy < baseline + 0.02`.

        `train_`, `val_` or `test_` may stand before the name.

        Parameters
        ----------
        option : named in errors.

        Raises
        ------
        NncliError
            If it is not of that form, or the name is not among `known`.
        """
        match = _FORM.fullmatch(text)
        number = _number(match) if match else float("nan")
        if match is None or number != number:
            raise NncliError(
                f"{option} '{shown(text)}': expected NAME OP NUMBER, or NAME OP baseline + NUMBER",
                hint=f"write, for example, {_example(option, 'mse', '0.01')} or "
                f"{_example(option, 'accuracy', 'baseline + 0.02')}",
            )
        name = match["name"]
        if name not in known:
            raise NncliError(
                f"{option} '{shown(text)}': no metric '{shown(match['name'])}'",
                hint=_known(name, known),
            )
        return cls(name, match["operator"], number, match["reference"])

    def __str__(self) -> str:
        if not self.reference:
            return f"{self.name} {self.operator} {self.number:g}"
        offset = f" {'-' if self.number < 0 else '+'} {abs(self.number):g}" if self.number else ""
        return f"{self.name} {self.operator} {self.reference}{offset}"

    def holds(
        self,
        results: Mapping[str, float],
        baselines: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
    ) -> bool:
        """Tell whether the comparison holds; it does not where a value is not a number."""
        reference = baselines[self.reference][self.name] if self.reference else 0.0
        return COMPARISONS[self.operator](results[self.name], self.number + reference)

    def check(
        self,
        results: Mapping[str, float],
        named: Callable[[str], str] = str,
        baselines: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
    ) -> None:
        """Raise CheckFailed where the comparison holds, or a value is not a number.

        Parameters
        ----------
        named : gives the name of a metric in the message.
        baselines : the results of `baseline` and `linear`, with the same names.

        Raises
        ------
        NncliError
            If there are no results of the model that the condition names.
        """
        name, value = named(_with_set(self.name, results)), results[self.name]
        limit, found = self.number, ""
        if self.reference:
            if self.name not in baselines.get(self.reference, {}):
                raise NncliError(
                    f"--fail-if '{self}': no {self.reference} result was computed",
                    hint="compare with a number",
                )
            bare = baselines[self.reference][self.name]
            limit, found = bare + self.number, f", {self.reference} {bare:.6g}"
        if value != value or limit != limit:
            raise CheckFailed(f"--fail-if '{self}': {name} is not a number")
        if COMPARISONS[self.operator](value, limit):
            raise CheckFailed(f"--fail-if '{self}' is true: {name} is {value:.6g}{found}")


def _example(option: str, name: str, limit: str) -> str:
    """Return an option with a condition on a metric: what fails, or what is to be reached."""
    lower_is_better = name == "mse"
    comparison = "<" if lower_is_better == (option == "--target") else ">"
    return f'{option} "{name} {comparison} {limit}"'


def _number(match: re.Match[str]) -> float:
    """The number of a condition; 0 if it compares with a model's result alone, NaN if it is none."""
    if match["reference"] and not match["sign"] and not match["number"]:
        return 0.0
    if match["reference"] and not match["sign"]:
        return float("nan")
    try:
        return float(match["sign"] + match["number"])
    except ValueError:
        return float("nan")


def _with_set(name: str, results: Mapping[str, float]) -> str:
    """The name of a result with that of its set, where rows are held out."""
    return next((prefix + name for prefix in ("test_", "val_") if prefix + name in results), name)


PREFIXES = {"train": "train_", "validation": "val_", "test": "test_"}


def measured_names(experiment: Experiment) -> list[str]:
    """Return the names that a condition may use: metrics, with and without the prefix of a set."""
    measured = ["loss", *experiment.metrics]
    parts = ["train", *experiment.rows.held_out]
    return [*measured, *(PREFIXES[part] + name for part in parts for name in measured)]


def baselines_by_name(
    results: Mapping[str, Mapping[Any, Mapping[str, float]]],
) -> dict[str, dict[str, float]]:
    """The results of the best constant and of the linear model by name, as `by_name` names them."""
    return {model: by_name(parts) for model, parts in results.items()}


def by_name(results: Mapping[Any, Mapping[str, float]]) -> dict[str, float]:
    """The results of all parts by name; a name without a part is the last part's: test, validation, train."""
    last = dict(list(results.values())[-1])
    return last | {PREFIXES[part] + name: results[part][name] for part in results for name in results[part]}


def _known(name: str, known: Collection[str]) -> str:
    """Return a hint with the names that a condition can use."""
    part = next((part for part in ("val_", "test_") if name.startswith(part)), "")
    if part and not any(other.startswith(part) for other in known):
        key = "validation" if part == "val_" else "test"
        return f"no {key} rows are held out; set dataset.split.{key}: 0.2, or use one of: {listed([*known])}"
    return suggestion(name, known, "known", "metrics") + "; add others to metrics in the config"
