"""Default values of a generated config, chosen by the number of rows.

They were chosen for held-out scores on some twenty tables, real and synthetic, of 150 to 20,000 rows: Adam
with a large learning rate that decays to 0, and weight decay against overfitting. Early stopping on a small
validation set made nearly every score worse, so training runs to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from nncli.scaffold.profile import Profile

SPLIT_FROM = 20  # rows; a smaller table is used for training as a whole
VALIDATION_FROM = 1000  # rows; in a smaller table, each is more useful for training
TEST, VALIDATION = 0.2, 0.1
UPDATES_PER_TRAINING = 400
WEIGHT_DECAY = 0.3  # thirty times PyTorch's default, which has little effect over a few thousand updates


class Size(NamedTuple):
    """Size of a network and of its training."""

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float = 0.01


# The first entry whose limit exceeds the number of rows applies.
SIZES: dict[float, Size] = {
    1_000: Size((64,), epochs=100, batch_size=32),
    10_000: Size((64, 32), epochs=100, batch_size=32),
    100_000: Size((64, 32), epochs=50, batch_size=128),
    float("inf"): Size((128, 64), epochs=20, batch_size=256),
}


@dataclass(frozen=True)
class Defaults:
    """Values that depend on the rows.

    Attributes
    ----------
    validation, test : shares of the rows.
    stratify : true if every class has a row for each set, or if there are several targets.
    """

    size: Size
    epochs: int
    validation: float
    test: float
    stratify: bool


def defaults_for(profile: Profile) -> Defaults:
    """Return the values that suit a table."""
    size = next(size for limit, size in SIZES.items() if profile.rows < limit)
    test = TEST if profile.rows >= SPLIT_FROM else 0.0
    validation = VALIDATION if profile.rows >= VALIDATION_FROM else 0.0
    training = round(profile.rows * (1 - test - validation))
    updates = ceil(training / size.batch_size)  # per epoch
    parts = 1 + (test > 0) + (validation > 0)
    return Defaults(
        size=size,
        epochs=_epochs(size.epochs, UPDATES_PER_TRAINING / updates),
        validation=validation,
        test=test,
        stratify=len(profile.targets) > 1 or all(rows >= parts for rows in profile.classes.values()),
    )


def _epochs(default: int, needed: float) -> int:
    """Return the default number, or more in hundreds if small tables need more updates."""
    return default if needed <= default else 100 * ceil(needed / 100)
