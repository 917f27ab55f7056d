"""How a gradient moves the parameters: pure steps on the one parameter vector.

Definitions and defaults are PyTorch's (torch.optim); where the papers differ it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np

from nncli.nn.activations import Array

LearningRate = Annotated[float, "> 0", "step size"]


class Optimizer(NamedTuple):
    """A pair of pure functions on vectors.

    Attributes
    ----------
    init : parameters (P,) -> slots (s, P), the optimiser's memory.
    step : (parameters, gradient, slots, update, learning_rate) -> (parameters, slots); `update`
        counts from 1. The arguments are left as they are.
    """

    learning_rate: float
    init: Callable[[Array], Array]
    step: Callable[[Array, Array, Array, int, float], tuple[Array, Array]]


def sgd(
    learning_rate: LearningRate = 0.1,
    momentum: Annotated[float, "[0, 1)", "share of the last step's velocity that is kept"] = 0.0,
    nesterov: Annotated[bool, "", "look ahead along the velocity; needs momentum"] = False,
) -> Optimizer:
    """Gradient descent: v = momentum v + g, then w -= learning_rate v.

    Nesterov steps by g + momentum v instead of v. PyTorch's form: the learning rate multiplies
    the velocity, while Sutskever et al. (2013, eq. 3) let it multiply the gradient inside v;
    the two are the same while the learning rate is constant. The first velocity is g. The default
    step is a hundred times PyTorch's 0.001, with which a small full-batch run hardly moves.
    """

    def plain(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        return w - rate * g, slots

    def heavy_ball(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        velocity = momentum * slots[0] + g
        return w - rate * velocity, velocity[np.newaxis]

    def look_ahead(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        velocity = momentum * slots[0] + g
        return w - rate * (g + momentum * velocity), velocity[np.newaxis]

    if nesterov and not momentum:
        raise ValueError("nesterov needs a momentum above 0")
    if not momentum:
        return Optimizer(learning_rate, lambda w: np.zeros((0, w.size), w.dtype), plain)
    step = look_ahead if nesterov else heavy_ball
    return Optimizer(learning_rate, lambda w: np.zeros((1, w.size), w.dtype), step)


def adam(
    learning_rate: LearningRate = 0.001,
    beta1: Annotated[float, "[0, 1)", "decay of the mean of the gradient"] = 0.9,
    beta2: Annotated[float, "[0, 1)", "decay of the mean of its square"] = 0.999,
    epsilon: Annotated[float, "> 0", "added to the root, against division by zero"] = 1e-8,
) -> Optimizer:
    """Adaptive moments (Kingma & Ba 2015, algorithm 1).

    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
    w -= learning_rate m_hat / (sqrt(v_hat) + epsilon), m_hat = m / (1 - beta1^t), v_hat likewise.
    Epsilon is added after the bias correction, as in algorithm 1 and PyTorch; the paper's
    shortened form, used by TensorFlow, adds it before.
    """

    def step(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        m = beta1 * slots[0] + (1.0 - beta1) * g
        v = beta2 * slots[1] + (1.0 - beta2) * np.square(g)
        m_hat = m / (1.0 - beta1**update)
        v_hat = v / (1.0 - beta2**update)
        return w - rate * m_hat / (np.sqrt(v_hat) + epsilon), np.stack([m, v])

    return Optimizer(learning_rate, lambda w: np.zeros((2, w.size), w.dtype), step)


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"sgd": sgd, "adam": adam}
