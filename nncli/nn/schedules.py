"""How the learning rate changes from epoch to epoch: epoch -> factor of it, a pure function.

Epochs count from 0, and the factor holds for all updates of an epoch. The first `warmup` epochs rise
in a straight line to the full rate, (epoch + 1) / warmup; then the schedule starts at its beginning.
Definitions are PyTorch's (torch.optim.lr_scheduler), in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

Schedule = Callable[[int], float]

Warmup = Annotated[int, ">= 0", "epochs in which the rate rises to its full value"]
Gamma = Annotated[float, "[0, 1)", "factor of each step down"]


def constant(warmup: Warmup = 0) -> Schedule:
    """The learning rate as it is."""
    return _after(warmup, lambda epoch: 1.0)


def step(
    every: Annotated[int, "> 0", "epochs between steps"], gamma: Gamma = 0.1, warmup: Warmup = 0
) -> Schedule:
    """A step down every so many epochs: gamma^floor(epoch / every)."""
    return _after(warmup, lambda epoch: gamma ** (epoch // every))


def exponential(gamma: Gamma, warmup: Warmup = 0) -> Schedule:
    """A step down every epoch: gamma^epoch."""
    return _after(warmup, lambda epoch: gamma**epoch)


def cosine(over: Annotated[int, "> 0", "epochs from the full rate to zero"], warmup: Warmup = 0) -> Schedule:
    """Half a cosine down to zero: (1 + cos(pi epoch / over)) / 2 (Loshchilov & Hutter 2017, eq. 5).

    After `over` epochs it stays at zero, where PyTorch's CosineAnnealingLR would rise again.
    """
    return _after(warmup, lambda epoch: 0.5 * (1.0 + math.cos(math.pi * min(epoch / over, 1.0))))


def _after(warmup: int, schedule: Schedule) -> Schedule:
    def factor(epoch: int) -> float:
        return (epoch + 1) / warmup if epoch < warmup else schedule(epoch - warmup)

    return factor


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
}
