"""Learning rate schedules: epoch -> factor of the learning rate, a pure function.

Epochs count from 0, and the factor holds for all updates of an epoch. The first `warmup` epochs rise
in a straight line to the full rate, (epoch + 1) / warmup; then the schedule starts at its beginning.
Definitions are PyTorch's (torch.optim.lr_scheduler), in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated


@dataclass(frozen=True)
class Schedule:
    """A schedule with its options bound: epoch -> factor of the learning rate.

    Attributes
    ----------
    factor : the function after the warm-up, of epochs that count from 0 again.
    expression : the same as a scalar expression of `epoch` and the options by name.
    options : what the entry was made with, by name.
    """

    name: str
    factor: Callable[[int], float]
    expression: str
    warmup: int = 0
    options: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, epoch: int) -> float:
        """The factor in an epoch, which counts from 0."""
        return (epoch + 1) / self.warmup if epoch < self.warmup else self.factor(epoch - self.warmup)


Warmup = Annotated[int, ">= 0", "epochs of warm-up, in which the rate rises to its full value"]
Gamma = Annotated[float, "[0, 1)", "factor of each step"]


def constant(warmup: Warmup = 0) -> Schedule:
    """The learning rate as it is."""
    return Schedule("constant", lambda epoch: 1.0, "1", warmup)


def step(
    every: Annotated[int, "> 0", "epochs between steps"], gamma: Gamma = 0.1, warmup: Warmup = 0
) -> Schedule:
    """A step down every so many epochs: gamma^floor(epoch / every)."""
    return Schedule(
        "step",
        lambda epoch: gamma ** (epoch // every),
        "gamma ** floor(epoch / every)",
        warmup,
        {"every": every, "gamma": gamma},
    )


def exponential(gamma: Gamma, warmup: Warmup = 0) -> Schedule:
    """A step down every epoch: gamma^epoch."""
    return Schedule("exponential", lambda epoch: gamma**epoch, "gamma ** epoch", warmup, {"gamma": gamma})


def cosine(over: Annotated[int, "> 0", "epochs until the rate is zero"], warmup: Warmup = 0) -> Schedule:
    """Half a cosine down to zero: (1 + cos(pi * epoch / `over`)) / 2 (Loshchilov & Hutter 2017, eq. 5).

    After `over` epochs it stays at zero, where PyTorch's CosineAnnealingLR would rise again.
    """
    return Schedule(
        "cosine",
        lambda epoch: 0.5 * (1.0 + math.cos(math.pi * min(epoch / over, 1.0))),
        "0.5 * (1 + cos(pi * minimum(epoch / over, 1)))",
        warmup,
        {"over": over},
    )


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
}
