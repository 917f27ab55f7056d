"""What the pictures that hold predictions against targets have in common: the rows, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nncli.inference import evaluation
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.runs import Run


class Look(NamedTuple):
    """How the rows of a part are drawn."""

    label: str
    colour: str
    marker: str
    dash: Any


LOOKS = {
    "train": Look("training", style.BLUE, "o", style.DASHES[0]),
    "validation": Look("validation", style.ORANGE, "s", style.DASHES[1]),
    "test": Look("test", style.VERMILION, "^", style.DASHES[2]),
}


@dataclass(frozen=True)
class Outcome:
    """A part of the rows with what the trained network tells of them: A and Y are (n, outputs)."""

    part: str
    A: Array
    Y: Array

    @property
    def rows(self) -> str:
        """`30 test rows`."""
        return counted(len(self.A), f"{LOOKS[self.part].label} row")


def outcome(run: Run) -> Outcome:
    """Of the rows that say most of new ones: the test part, else validation, else training."""
    part, data = evaluation.part(run)
    return Outcome(part, run.model.outputs(data.X), data.expected)


def outcomes(run: Run) -> list[Outcome]:
    """Of every part."""
    return [
        Outcome(part, run.model.outputs(data.X), data.expected)
        for part, data in evaluation.parts(run).items()
    ]


def no_classes(run: Run) -> str | None:
    """Why there are no classes to be told, or None."""
    if run.model.columns.task == "regression":
        return "the task is regression, there are no classes"
    return None if np.isfinite(outcome(run).A).all() else "the network's outputs are not finite"


def second_class(run: Run) -> str:
    """The class whose probability the one output of a binary task is: `species = virginica`."""
    columns = run.model.columns
    return f"{naming.short(columns.targets[0], 20)} = {naming.short(columns.classes[1], 24)}"


def thinned(count: int, most: int) -> Array:
    """Positions of at most so many of the rows, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))
