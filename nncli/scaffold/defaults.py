"""Values of a first config that suit a table: general rules of its rows, the same for every table.

They were chosen for scores on rows held out, over some twenty tables, real and drawn, of 150 to 20,000 rows:
Adam with a large step that falls to nothing, and weights that decay, against learning the noise.
Stopping early by a small validation part made nearly every score worse, so training goes to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from nncli.scaffold.profile import Profile

SPLIT_FROM = 20  # rows; fewer are all learnt from
VALIDATION_FROM = 1000  # rows; with fewer, each is of more use in training
TEST, VALIDATION = 0.2, 0.1
UPDATES_PER_TRAINING = 400
WEIGHT_DECAY = 0.3  # thirty times PyTorch's default, which a few thousand updates hardly feel


class Size(NamedTuple):
    """A network and its training."""

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float = 0.01


# The first entry whose limit of rows a table stays below.
SIZES: dict[float, Size] = {
    1_000: Size((64,), epochs=100, batch_size=32),
    10_000: Size((64, 32), epochs=100, batch_size=32),
    100_000: Size((64, 32), epochs=50, batch_size=128),
    float("inf"): Size((128, 64), epochs=20, batch_size=256),
}


@dataclass(frozen=True)
class Suited:
    """Every value that depends on the rows.

    Attributes
    ----------
    validation, test : shares of the rows.
    stratify : whether every class has a row for each part; also where rows have no one class.
    """

    size: Size
    epochs: int
    validation: float
    test: float
    stratify: bool


def suited(profile: Profile) -> Suited:
    """The values for a table."""
    size = next(size for limit, size in SIZES.items() if profile.rows < limit)
    test = TEST if profile.rows >= SPLIT_FROM else 0.0
    validation = VALIDATION if profile.rows >= VALIDATION_FROM else 0.0
    training = round(profile.rows * (1 - test - validation))
    updates = ceil(training / size.batch_size)  # an epoch
    parts = 1 + (test > 0) + (validation > 0)
    return Suited(
        size=size,
        epochs=_epochs(size.epochs, UPDATES_PER_TRAINING / updates),
        validation=validation,
        test=test,
        stratify=len(profile.targets) > 1 or all(rows >= parts for rows in profile.classes.values()),
    )


def _epochs(usual: int, needed: float) -> int:
    """The usual number, or as many hundreds as are needed for more updates."""
    return usual if needed <= usual else 100 * ceil(needed / 100)
