"""Conditions on results, as `--fail-if` takes them: NAME OP NUMBER."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from nncli.messages.errors import CheckFailed, NncliError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import shown
from nncli.training.experiment import Experiment

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*)\s*(?P<operator>[<>]=?)\s*(?P<number>[0-9A-Za-z.+-]+)\s*", re.ASCII
)


@dataclass(frozen=True)
class Condition:
    """A comparison that must not hold."""

    name: str
    operator: str
    number: float

    @classmethod
    def parse(cls, text: str, known: Collection[str]) -> Condition:
        """Read `mse > 0.01`; `train_`, `val_` or `test_` may stand before the name.

        Raises
        ------
        NncliError
            If it is not of that form, or the name is not among `known`.
        """
        match = _FORM.fullmatch(text)
        try:
            number = float(match["number"]) if match else float("nan")
        except ValueError:
            number = float("nan")
        if match is None or number != number:
            raise NncliError(
                f"--fail-if '{shown(text)}': expected NAME OP NUMBER",
                hint='write for example --fail-if "mse > 0.01"',
            )
        name = match["name"]
        if name not in known:
            raise NncliError(
                f"--fail-if '{shown(text)}': no metric '{shown(match['name'])}'",
                hint=suggestion(name, known, "known", "metrics") + "; add others to metrics in the config",
            )
        return cls(name, match["operator"], number)

    def check(self, results: Mapping[str, float], named: Callable[[str], str] = str) -> None:
        """Raise CheckFailed where the comparison holds, or the value is not a number.

        `named` gives the name of a metric in the message.
        """
        name = named(self.name)
        value = results[self.name]
        if value != value or COMPARISONS[self.operator](value, self.number):
            condition = f"--fail-if '{self.name} {self.operator} {self.number:g}'"
            if value != value:
                raise CheckFailed(f"{condition}: {name} is not a number")
            raise CheckFailed(f"{condition} is true: {name} is {value:.6g}")


PREFIXES = {"train": "train_", "validation": "val_", "test": "test_"}


def measured_names(experiment: Experiment) -> list[str]:
    """Return the names that a condition may use: metrics, with and without the prefix of a set."""
    measured = ["loss", *experiment.metrics]
    parts = ["train", *experiment.rows.held_out]
    return [*measured, *(PREFIXES[part] + name for part in parts for name in measured)]


def by_name(results: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The results of all parts by name; a name without a part is the last part's: test, validation, train."""
    last = dict(list(results.values())[-1])
    return last | {PREFIXES[part] + name: results[part][name] for part in results for name in results[part]}
