"""Optimizers: pure steps on the one parameter vector.

Definitions and defaults are PyTorch's (torch.optim); where the papers differ it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np

from nncli.nn.arrays import Array

Rule = Callable[[Array, Array, Array, int, float], tuple[Array, Array]]

LearningRate = Annotated[float, "> 0", "step size"]
Beta1 = Annotated[float, "[0, 1)", "decay rate of the mean gradient"]
Beta2 = Annotated[float, "[0, 1)", "decay rate of the mean squared gradient"]
Epsilon = Annotated[float, "> 0", "added to the denominator to avoid division by zero"]
WeightDecay = Annotated[float, ">= 0", "L2 regularization: adds this times the parameters to the gradient"]


Assignments = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Optimizer:
    """An optimizer with its options bound: a rule that moves parameters, and what comes before it.

    Attributes
    ----------
    rule : (parameters, gradient, slots, update, learning_rate) -> (parameters, slots); `update`
        counts from 1. The arguments are left as they are.
    assignments : the rule for one parameter, as (name, scalar expression) in order: of its `w`, its gradient
        `g` and its slots by name, of the `rate`, the `update` and the options by name.
    slots : the names of what it remembers of each parameter, in the order of the slots' rows.
    options : what the entry was made with, by name.
    initial : what slots start at.
    weight_decay : L2 regularization: adds this times the parameters to the gradient before the rule.
    clip_norm : longest gradient, before weight decay: a longer one is multiplied by
        clip_norm / (norm + 1e-6), as PyTorch's clip_grad_norm_ does.
    """

    name: str
    learning_rate: float
    rule: Rule
    assignments: Assignments
    slots: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)
    initial: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float | None = None

    def init(self, parameters: Array) -> Array:
        """The slots (s, P) before the first update of parameters (P,)."""
        return np.full((len(self.slots), parameters.size), self.initial, parameters.dtype)

    def step(
        self, parameters: Array, gradient: Array, slots: Array, update: int, rate: float
    ) -> tuple[Array, Array]:
        """One update: clipping, weight decay, then the rule."""
        if self.clip_norm is not None:
            share = self.clip_norm / (np.sqrt(gradient @ gradient) + 1e-6)
            gradient = gradient * share if share < 1.0 else gradient
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameters
        return self.rule(parameters, gradient, slots, update, rate)


def sgd(
    learning_rate: LearningRate = 0.1,
    momentum: Annotated[float, "[0, 1)", "fraction of the previous velocity that is retained"] = 0.0,
    nesterov: Annotated[bool, "", "use Nesterov momentum; requires momentum"] = False,
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
        raise ValueError("nesterov requires a momentum above 0")
    rule = look_ahead if nesterov else heavy_ball if momentum else plain
    move = "(g + momentum * velocity)" if nesterov else "velocity" if momentum else "g"
    velocity = (("velocity", "momentum * velocity + g"),) if momentum else ()
    return Optimizer(
        "sgd",
        learning_rate,
        rule,
        (*velocity, ("w", f"w - rate * {move}")),
        slots=("velocity",) if momentum else (),
        options={"momentum": momentum},
        weight_decay=weight_decay,
    )


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

    def rule(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        m = beta1 * slots[0] + (1.0 - beta1) * g
        v = beta2 * slots[1] + (1.0 - beta2) * np.square(g)
        m_hat = m / (1.0 - beta1**update)
        v_hat = v / (1.0 - beta2**update)
        return w - rate * m_hat / (np.sqrt(v_hat) + epsilon), np.stack([m, v])

    return Optimizer(
        "adam",
        learning_rate,
        rule,
        ADAM,
        slots=("m", "v"),
        options={"beta1": beta1, "beta2": beta2, "epsilon": epsilon},
        weight_decay=weight_decay,
    )


ADAM: Assignments = (
    ("m", "beta1 * m + (1 - beta1) * g"),
    ("v", "beta2 * v + (1 - beta2) * square(g)"),
    ("m_hat", "m / (1 - beta1**update)"),
    ("v_hat", "v / (1 - beta2**update)"),
    ("w", "w - rate * m_hat / (sqrt(v_hat) + epsilon)"),
)


def adamw(
    learning_rate: LearningRate = 0.001,
    beta1: Beta1 = 0.9,
    beta2: Beta2 = 0.999,
    epsilon: Epsilon = 1e-8,
    weight_decay: Annotated[
        float, ">= 0", "decoupled weight decay: subtracts this times the learning rate times the parameters"
    ] = 0.01,
) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).

    w = (1 - learning_rate weight_decay) w, then a step of Adam, whose moments know nothing of the
    decay. As in PyTorch the decay is multiplied by the learning rate, in the paper by the schedule's
    factor alone; biases decay too.
    """
    moments = adam(learning_rate, beta1, beta2, epsilon)

    def rule(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        return moments.rule(w * (1.0 - rate * weight_decay), g, slots, update, rate)

    return replace(
        moments,
        name="adamw",
        rule=rule,
        assignments=(("w", "w * (1 - rate * weight_decay)"), *ADAM),
        options={**moments.options, "weight_decay": weight_decay},
    )


def rmsprop(
    learning_rate: LearningRate = 0.01,
    alpha: Annotated[float, "[0, 1)", "decay rate of the mean squared gradient"] = 0.99,
    epsilon: Epsilon = 1e-8,
    weight_decay: WeightDecay = 0.0,
    momentum: Annotated[float, "[0, 1)", "fraction of the previous step that is retained"] = 0.0,
    centered: Annotated[bool, "", "divide by the gradient's deviation from its mean"] = False,
) -> Optimizer:
    """Gradient divided by the root of its mean square (Tieleman & Hinton 2012, lecture 6e).

    v = alpha v + (1 - alpha) g^2, w -= learning_rate g / (sqrt(v) + epsilon); centered, v less m^2 with
    m = alpha m + (1 - alpha) g (Graves 2013, eq. 38 to 45). With momentum the quotient is added to
    momentum b, and w -= learning_rate b. Epsilon is added after the root, as in PyTorch; TensorFlow
    and Graves add it before.
    """

    def rule(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        variance = alpha * slots[0] + (1.0 - alpha) * np.square(g)
        moments = [variance]
        if centered:
            mean = alpha * slots[1] + (1.0 - alpha) * g
            moments.append(mean)
            variance = np.maximum(variance - np.square(mean), 0.0)  # rounding can take it below
        move = g / (np.sqrt(variance) + epsilon)
        if momentum:
            move = momentum * slots[-1] + move
            moments.append(move)
        return w - rate * move, np.stack(moments)

    square = "maximum(v - square(m), 0)" if centered else "v"
    assignments = (
        ("v", "alpha * v + (1 - alpha) * square(g)"),
        *((("m", "alpha * m + (1 - alpha) * g"),) if centered else ()),
        ("move", f"g / (sqrt({square}) + epsilon)"),
        *((("b", "momentum * b + move"),) if momentum else ()),
        ("w", f"w - rate * {'b' if momentum else 'move'}"),
    )
    return Optimizer(
        "rmsprop",
        learning_rate,
        rule,
        assignments,
        slots=("v", *("m" * centered), *("b" * (momentum > 0))),
        options={"alpha": alpha, "epsilon": epsilon, "momentum": momentum},
        weight_decay=weight_decay,
    )


def adagrad(
    learning_rate: LearningRate = 0.01,
    learning_rate_decay: Annotated[float, ">= 0", "update t is divided by 1 + decay (t - 1)"] = 0.0,
    weight_decay: WeightDecay = 0.0,
    initial_accumulator_value: Annotated[float, ">= 0", "initial value of the sum of squares"] = 0.0,
    epsilon: Epsilon = 1e-10,
) -> Optimizer:
    """Gradient divided by the root of the sum of its squares (Duchi, Hazan & Singer 2011, section 1.1).

    s += g^2, w -= learning_rate / (1 + learning_rate_decay (t - 1)) g / (sqrt(s) + epsilon).
    """

    def rule(w: Array, g: Array, slots: Array, update: int, rate: float) -> tuple[Array, Array]:
        total = slots[0] + np.square(g)
        decayed = rate / (1.0 + learning_rate_decay * (update - 1))
        return w - decayed * g / (np.sqrt(total) + epsilon), total[np.newaxis]

    return Optimizer(
        "adagrad",
        learning_rate,
        rule,
        (
            ("s", "s + square(g)"),
            ("decayed", "rate / (1 + learning_rate_decay * (update - 1))"),
            ("w", "w - decayed * g / (sqrt(s) + epsilon)"),
        ),
        slots=("s",),
        options={"learning_rate_decay": learning_rate_decay, "epsilon": epsilon},
        initial=initial_accumulator_value,
        weight_decay=weight_decay,
    )


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
}
