"""Default values of a generated config: networks that suit a table of its size.

They were chosen for held-out scores by `python -m benchmarks.tables`; docs/init-defaults.md shows the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from nncli.scaffold.profile import Profile

SPLIT_FROM = 20  # rows; a smaller table is used for training as a whole
VALIDATION_FROM = 1000  # rows; in a smaller table, each is more useful for training
COMPARED_BELOW = 5_000  # rows; in a larger table, the comparison would take long and changes little
COMPARED_UP_TO = 300  # numbers per row after encoding, for the same reason
TEST, VALIDATION = 0.2, 0.1


class Candidate(NamedTuple):
    """A network and how long it is trained.

    Attributes
    ----------
    hidden : units of each hidden layer; none for a linear model.
    epochs : passes over the training set, more if the table is too small for `updates` in so few.
    l2, weight_decay : penalty of the last layer's weights, and decay of all weights.
    """

    hidden: tuple[int, ...]
    activation: str = "relu"
    weight_init: str = "he_uniform"
    l2: float = 0.0
    weight_decay: float = 0.0
    updates: int = 400
    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 0.01


LINEAR = Candidate((), weight_init="zeros", updates=500)

# Networks that are compared by cross-validation, from the simplest.
COMPARED: tuple[Candidate, ...] = (
    LINEAR._replace(l2=0.1),
    LINEAR._replace(l2=1.0),
    LINEAR._replace(l2=0.01),
    Candidate((64,), weight_decay=1.0, updates=500),
    Candidate((64,), weight_decay=0.3, updates=2_000),
    Candidate((64,), "tanh", "glorot_uniform", weight_decay=0.3, updates=2_000),
    Candidate((32, 32), "silu", weight_decay=0.1, updates=2_000),
)

# Without a comparison: the first entry whose limit exceeds the number of rows applies.
BY_ROWS: dict[float, Candidate] = {
    1_000: Candidate((64,), weight_decay=0.3, epochs=100),
    10_000: Candidate((64, 32), weight_decay=0.3, epochs=100),
    100_000: Candidate((64, 32), weight_decay=0.3, epochs=50, batch_size=128),
    float("inf"): Candidate((128, 64), weight_decay=0.3, epochs=20, batch_size=256),
}


@dataclass(frozen=True)
class Defaults:
    """Values that depend on the rows.

    Attributes
    ----------
    validation, test : shares of the rows.
    stratify : true if every class has a row for each set, or if there are several targets.
    """

    candidate: Candidate
    epochs: int
    validation: float
    test: float
    stratify: bool


def by_rows(profile: Profile) -> Candidate:
    """Return the network that suits a table of this many rows."""
    return next(candidate for limit, candidate in BY_ROWS.items() if profile.rows < limit)


def is_compared(profile: Profile) -> bool:
    """Tell whether networks are compared by cross-validation on a table."""
    columns = profile.inputs.values()
    width = sum(column.distinct if column.kind == "category" else 1 for column in columns)
    return SPLIT_FROM <= profile.rows < COMPARED_BELOW and width <= COMPARED_UP_TO


def defaults_for(profile: Profile, candidate: Candidate) -> Defaults:
    """Return the values that suit a table and a network."""
    test = TEST if profile.rows >= SPLIT_FROM else 0.0
    validation = VALIDATION if profile.rows >= VALIDATION_FROM else 0.0
    training = round(profile.rows * (1 - test - validation))
    updates = ceil(training / candidate.batch_size)  # per epoch
    parts = 1 + (test > 0) + (validation > 0)
    return Defaults(
        candidate=candidate,
        epochs=_epochs(candidate.epochs, candidate.updates / updates),
        validation=validation,
        test=test,
        stratify=len(profile.targets) > 1 or all(rows >= parts for rows in profile.classes.values()),
    )


def _epochs(default: int, needed: float) -> int:
    """Return the default number, or more, rounded up, if a small table needs more for its updates."""
    if needed <= default:
        return default
    unit = 10 if needed < 100 else 100
    return unit * ceil(needed / unit)
