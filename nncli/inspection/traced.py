"""The result of a trace: lines in sections, and how a prompt and a notebook show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nncli.inspection.formulas import digits
from nncli.messages.notebook import html_table, html_text
from nncli.messages.wording import counted

MOST_COLUMNS = 8  # that are named with their values
ROUNDED = (
    "Numbers have six significant digits; those just below 1 have more, to show how far they are from 1. "
    "If you compute them by hand, the last digit can differ."
)


@dataclass(frozen=True)
class TraceLine:
    """A number and how it is computed.

    Attributes
    ----------
    name : such as z, a or dL/dz.
    formula : in names; empty if there is none.
    numbers : the formula with numbers in the place of names.
    """

    name: str
    formula: str
    numbers: str
    value: float

    @property
    def sides(self) -> tuple[str, ...]:
        """Formula, numbers and value as texts, each once: what `name =` is followed by."""
        return tuple(dict.fromkeys(filter(None, (self.formula, self.numbers, digits(self.value)))))


@dataclass(frozen=True)
class TraceSection:
    """The lines of a unit or of the loss; `left_out` says what is not shown."""

    title: str
    lines: tuple[TraceLine, ...]
    left_out: str = ""


@dataclass(frozen=True)
class Trace:
    """One row's step through a network, computed by the functions that train.

    Attributes
    ----------
    row : from 0, of the training rows.
    inputs, targets : of the row as the network sees them, by name.
    loss : of the row by itself, penalties included.
    optimizer : with its learning rate, as text.
    names : the meaning of the names in the formulas.
    left_out : what is not shown of a large network, and how to see it.
    """

    row: int
    inputs: Mapping[str, float]
    targets: Mapping[str, float]
    loss: float
    forward: tuple[TraceSection, ...]
    terms: TraceSection
    backward: tuple[TraceSection, ...]
    update: tuple[TraceSection, ...]
    optimizer: str
    names: Mapping[str, str]
    left_out: str = ""

    @property
    def parts(self) -> tuple[tuple[str, tuple[TraceSection, ...]], ...]:
        """The four parts of the step, each with its title."""
        return (
            ("forward", self.forward),
            (f"loss: {self.terms.title}", (self.terms,)),
            ("backward", self.backward),
            (f"update: {self.optimizer}", self.update),
        )

    @property
    def values(self) -> str:
        """Inputs and targets of the row as text."""
        return f"{_named(self.inputs)} -> {_named(self.targets)}"

    def __repr__(self) -> str:
        units = counted(len(self.forward), "unit")
        return f"<Trace of row {self.row + 1}: {self.values}, {units}, loss {digits(self.loss)}>"

    def _repr_html_(self) -> str:
        return "".join(self._html())

    def _html(self) -> Iterator[str]:
        yield html_text("p", f"row {self.row + 1}: {self.values}")
        yield html_table(self.names.items(), left=True)
        yield html_text("p", ROUNDED)
        for title, sections in self.parts:
            yield html_text("h4", title)
            for section in sections:
                if section is not self.terms:
                    yield html_text("h5", section.title)
                yield html_table(map(_cells, section.lines), left=True)
                if section.left_out:
                    yield html_text("p", f"not shown: {section.left_out}")
        if self.left_out:
            yield html_text("p", f"not shown: {self.left_out}")


def _cells(line: TraceLine) -> list[str]:
    """Name, formula, numbers and value of a line; the value is in the last of four cells."""
    *steps, value = line.sides
    return [line.name, *(f"= {step}" for step in steps), *[""] * (2 - len(steps)), f"= {value}"]


def _named(values: Mapping[str, float]) -> str:
    pairs = [f"{name} = {digits(value)}" for name, value in values.items()]
    more = len(pairs) - MOST_COLUMNS
    left_out = [f"... ({counted(more, 'more column')})"] if more > 0 else []
    return ", ".join([*pairs[:MOST_COLUMNS], *left_out])
