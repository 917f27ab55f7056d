"""Activation functions A = f(Z) of weighted sums, each with its derivative.

Definitions and defaults are PyTorch's. Each elementwise entry also carries f and f' as scalar
expressions (in `z`, and `a` = f(z)), from which code in other languages can be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from nncli.nn.arrays import Array


@dataclass(frozen=True)
class Activation:
    """An activation function with its options bound.

    Attributes
    ----------
    function : Z -> A, the same shape; softmax works along the last axis.
    backward : (dA, Z, A) -> dZ, the chain rule through the activation.
    derivative : (Z, A) -> dA/dZ element by element; None where an output depends on several z.
    expression, derivative_expression : the same as scalar expressions; None likewise.
    kinks : every z where a derivative of the function, be it the second, jumps.
    options : what the entry was made with, by name.
    """

    name: str
    function: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]
    derivative: Callable[[Array, Array], Array] | None = None
    expression: str | None = None
    derivative_expression: str | None = None
    kinks: tuple[float, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)


def _elementwise(
    name: str,
    function: Callable[[Array], Array],
    derivative: Callable[[Array, Array], Array],
    expression: str,
    derivative_expression: str,
    kinks: tuple[float, ...] = (),
    **options: float,
) -> Activation:
    def backward(dA: Array, Z: Array, A: Array) -> Array:
        return np.asarray(dA * derivative(Z, A))

    return Activation(name, function, backward, derivative, expression, derivative_expression, kinks, options)


def logistic(Z: Array) -> Array:
    """1 / (1 + exp(-Z)), without overflow and with full relative precision in both tails."""
    E = np.exp(-np.abs(Z))
    return np.asarray(np.where(Z >= 0, 1.0, E) / (1.0 + E))


LOGISTIC = "where(z >= 0, 1, exp(-abs(z))) / (1 + exp(-abs(z)))"


def identity() -> Activation:
    """The weighted sum itself: z."""
    return _elementwise("identity", lambda Z: Z, lambda Z, A: np.ones_like(Z), "z", "1")


def relu() -> Activation:
    """Rectifier: max(z, 0); its derivative at 0 is taken as 0, as PyTorch does."""
    return _elementwise(
        "relu",
        lambda Z: np.maximum(Z, 0.0),
        lambda Z, A: (Z > 0).astype(Z.dtype),
        "where(z > 0, z, 0)",
        "where(z > 0, 1, 0)",
        kinks=(0.0,),
    )


def leaky_relu(slope: Annotated[float, "", "slope for z < 0"] = 0.01) -> Activation:
    """Rectifier that leaks: z above zero, slope * z below."""
    return _elementwise(
        "leaky_relu",
        lambda Z: np.where(Z > 0, Z, slope * Z),
        lambda Z, A: np.where(Z > 0, 1.0, slope).astype(Z.dtype, copy=False),
        f"where(z > 0, z, {slope!r} * z)",
        f"where(z > 0, 1, {slope!r})",
        kinks=(0.0,),
        slope=slope,
    )


def elu(
    alpha: Annotated[float, "> 0", "the output approaches -alpha as z goes to -infinity"] = 1.0,
) -> Activation:
    """Exponential linear unit: z above zero, alpha (exp(z) - 1) below (Clevert et al. 2015, eq. 12)."""
    return _elementwise(
        "elu",
        lambda Z: np.where(Z > 0, Z, alpha * np.expm1(np.minimum(Z, 0.0))),
        lambda Z, A: np.where(Z > 0, 1.0, alpha * np.exp(np.minimum(Z, 0.0))),
        f"where(z > 0, z, {alpha!r} * expm1(minimum(z, 0)))",
        f"where(z > 0, 1, {alpha!r} * exp(minimum(z, 0)))",
        kinks=(0.0,),
        alpha=alpha,
    )


_GELU_C = 0.7978845608028654  # sqrt(2 / pi)
_GELU_K = 0.044715
GELU_CLIP = "maximum(minimum(z, 12), -12)"  # z, but for where it makes no difference to gelu


def _gelu_tanh(Z: Array) -> tuple[Array, Array]:
    # Beyond |z| = 12 the tanh is 1 to the last bit; the clip keeps z^3 and 0 * inf away.
    C = np.clip(Z, -12.0, 12.0)
    return C, np.tanh(_GELU_C * (C + _GELU_K * C * C * C))


def _gelu(Z: Array) -> Array:
    _, T = _gelu_tanh(Z)
    return 0.5 * Z * (1.0 + T)


def _gelu_derivative(Z: Array, A: Array) -> Array:
    C, T = _gelu_tanh(Z)
    slope = _GELU_C * (1.0 + 3.0 * _GELU_K * C * C)
    return np.asarray(0.5 * (1.0 + T) + 0.5 * C * (1.0 - T * T) * slope)


def gelu() -> Activation:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, section 2)."""
    tanh = f"tanh({_GELU_C!r} * ({GELU_CLIP} + {_GELU_K!r} * {GELU_CLIP}**3))"
    return _elementwise(
        "gelu",
        _gelu,
        _gelu_derivative,
        f"0.5 * z * (1 + {tanh})",
        f"0.5 * (1 + {tanh}) + 0.5 * {GELU_CLIP} * (1 - {tanh}**2)"
        f" * {_GELU_C!r} * (1 + 3 * {_GELU_K!r} * {GELU_CLIP}**2)",
    )


def _silu_derivative(Z: Array, A: Array) -> Array:
    S = logistic(Z)
    return S + A * (1.0 - S)


def silu() -> Activation:
    """Sigmoid-weighted linear unit, also called swish: z sigmoid(z)."""
    return _elementwise(
        "silu",
        lambda Z: Z * logistic(Z),
        _silu_derivative,
        f"z * ({LOGISTIC})",
        f"({LOGISTIC}) + a * (1 - ({LOGISTIC}))",
    )


def softplus() -> Activation:
    """Smooth rectifier: log(1 + exp(z))."""
    return _elementwise(
        "softplus",
        lambda Z: np.maximum(Z, 0.0) + np.log1p(np.exp(-np.abs(Z))),
        lambda Z, A: logistic(Z),
        "maximum(z, 0) + log1p(exp(-abs(z)))",
        LOGISTIC,
    )


def sigmoid() -> Activation:
    """Logistic function: 1 / (1 + exp(-z)), between 0 and 1."""
    return _elementwise("sigmoid", logistic, lambda Z, A: A * (1.0 - A), LOGISTIC, "a * (1 - a)")


def tanh() -> Activation:
    """Hyperbolic tangent, between -1 and 1."""
    return _elementwise("tanh", np.tanh, lambda Z, A: 1.0 - A * A, "tanh(z)", "1 - a**2")


def below_largest(Z: Array) -> Array:
    """Z less the largest of its row: at most 0, so that exp(Z) cannot overflow."""
    half = float(np.finfo(Z.dtype).max) / 2.0  # the difference of two larger numbers would be infinite
    C = np.clip(Z, -half, half)
    return np.asarray(C - C.max(axis=-1, keepdims=True))


def _softmax(Z: Array) -> Array:
    E = np.exp(below_largest(Z))
    return np.asarray(E / E.sum(axis=-1, keepdims=True))


def _softmax_backward(dA: Array, Z: Array, A: Array) -> Array:
    # dA_i/dZ_j = A_i (delta_ij - A_j)
    return np.asarray(A * (dA - (dA * A).sum(axis=-1, keepdims=True)))


def softmax() -> Activation:
    """Probabilities that sum to one over the layer: exp(z_i) / sum_j exp(z_j); for the last layer."""
    return Activation("softmax", _softmax, _softmax_backward)


ACTIVATIONS: dict[str, Callable[..., Activation]] = {
    "identity": identity,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
}
