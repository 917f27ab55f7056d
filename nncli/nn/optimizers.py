"""How a gradient moves the parameters: pure steps on the one parameter vector.

Definitions and defaults are PyTorch's (torch.optim); where the papers differ it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np

from nncli.nn.arrays import Array

LearningRate = Annotated[float, "> 0", "step size"]
Beta1 = Annotated[float, "[0, 1)", "decay of the mean of the gradient"]
Beta2 = Annotated[float, "[0, 1)", "decay of the mean of its square"]
Epsilon = Annotated[float, "> 0", "added to the root, against division by zero"]
WeightDecay = Annotated[float, ">= 0", "times the parameters, is added to the gradient"]


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
    weight_decay: WeightDecay = 0.0,
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
    step = look_ahead if nesterov else heavy_ball if momentum else plain
    count = int(momentum > 0)
    optimizer = Optimizer(learning_rate, lambda w: np.zeros((count, w.size), w.dtype), step)
    return _decaying(optimizer, weight_decay)


def adam(
    learning_rate: LearningRate = 0.001,
    beta1: Beta1 = 0.9,
    beta2: Beta2 = 0.999,
    epsilon: Epsilon = 1e-8,
    weight_decay: WeightDecay = 0.0,
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

    optimizer = Optimizer(learning_rate, lambda w: np.zeros((2, w.size), w.dtype), step)
    return _decaying(optimizer, weight_decay)


def adamw(
    learning_rate: LearningRate = 0.001,
    beta1: Beta1 = 0.9,
    beta2: Beta2 = 0.999,
    epsilon: Epsilon = 1e-8,
    weight_decay: Annotated[
        float, ">= 0", "share of the parameters taken off, times the learning rate"
    ] = 0.01,
) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).

    w = (1 - learning_rate weight_decay) w, then a step of Adam, whose moments know nothing of the
    decay. As in PyTorch the decay is multiplied by the learning rate, in the paper by the schedule's
    factor alone; biases decay too.
    """
    moments = adam(learning_rate, beta1, beta2, epsilon)

    def step(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        return moments.step(w * (1.0 - rate * weight_decay), g, slots, update, rate)

    return moments._replace(step=step)


def rmsprop(
    learning_rate: LearningRate = 0.01,
    alpha: Annotated[float, "[0, 1)", "decay of the mean of the gradient's square"] = 0.99,
    epsilon: Epsilon = 1e-8,
    weight_decay: WeightDecay = 0.0,
    momentum: Annotated[float, "[0, 1)", "share of the last step that is kept"] = 0.0,
    centered: Annotated[bool, "", "divide by the gradient's deviation from its mean"] = False,
) -> Optimizer:
    """Gradient over the root of its mean square (Tieleman & Hinton 2012, lecture 6e).

    v = alpha v + (1 - alpha) g^2, w -= learning_rate g / (sqrt(v) + epsilon); centred, v less m^2 with
    m = alpha m + (1 - alpha) g (Graves 2013, eq. 38 to 45). With momentum the quotient is added to
    momentum b, and w -= learning_rate b. Epsilon is added after the root, as in PyTorch; TensorFlow
    and Graves add it before.
    """

    def step(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        variance = alpha * slots[0] + (1.0 - alpha) * np.square(g)
        kept = [variance]
        if centered:
            mean = alpha * slots[1] + (1.0 - alpha) * g
            kept.append(mean)
            variance = np.maximum(variance - np.square(mean), 0.0)  # rounding can take it below
        move = g / (np.sqrt(variance) + epsilon)
        if momentum:
            move = momentum * slots[-1] + move
            kept.append(move)
        return w - rate * move, np.stack(kept)

    count = 1 + int(centered) + int(momentum > 0)
    optimizer = Optimizer(learning_rate, lambda w: np.zeros((count, w.size), w.dtype), step)
    return _decaying(optimizer, weight_decay)


def adagrad(
    learning_rate: LearningRate = 0.01,
    learning_rate_decay: Annotated[float, ">= 0", "update t is divided by 1 + decay (t - 1)"] = 0.0,
    weight_decay: WeightDecay = 0.0,
    initial_accumulator_value: Annotated[float, ">= 0", "start of the sum of squares"] = 0.0,
    epsilon: Epsilon = 1e-10,
) -> Optimizer:
    """Gradient over the root of the sum of its squares (Duchi, Hazan & Singer 2011, section 1.1).

    s += g^2, w -= learning_rate / (1 + learning_rate_decay (t - 1)) g / (sqrt(s) + epsilon).
    """

    def init(w: Array) -> Array:
        return np.full((1, w.size), initial_accumulator_value, w.dtype)

    def step(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        total = slots[0] + np.square(g)
        decayed = rate / (1.0 + learning_rate_decay * (update - 1))
        return w - decayed * g / (np.sqrt(total) + epsilon), total[np.newaxis]

    return _decaying(Optimizer(learning_rate, init, step), weight_decay)


def _decaying(optimizer: Optimizer, weight_decay: float) -> Optimizer:
    """The same steps with the gradient of weight_decay / 2 times the sum of w^2 added, biases included."""
    if not weight_decay:
        return optimizer

    def step(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        return optimizer.step(w, g + weight_decay * w, slots, update, rate)

    return optimizer._replace(step=step)


def clipped(optimizer: Optimizer, longest: float) -> Optimizer:
    """The same steps for gradients shortened to a Euclidean norm of at most `longest`.

    By longest / (norm + 1e-6) where that is below 1, as PyTorch's clip_grad_norm_ does.
    """

    def step(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        share = longest / (np.sqrt(g @ g) + 1e-6)
        return optimizer.step(w, g * share if share < 1.0 else g, slots, update, rate)

    return optimizer._replace(step=step)


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
}
