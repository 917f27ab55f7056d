"""Initial weights and biases: (rng, shape) -> array.

The shape is (units, inputs) for weights and (units,) for biases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from nncli.nn.arrays import Array


@dataclass(frozen=True)
class Initializer:
    """An initializer with its options bound: (rng, shape) -> array.

    Attributes
    ----------
    distribution : what numbers are drawn from; `constant` draws none.
    arguments : low and high, mean and std, or value, as scalar expressions of a layer's `inputs` and `units`.
    """

    name: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array]
    distribution: Literal["uniform", "normal", "constant"]
    arguments: tuple[str, ...]

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Weights (units, inputs) or biases (units,)."""
        return self.draw(rng, shape)


def glorot_uniform() -> Initializer:
    """Uniform within sqrt(6 / (inputs + units)) (Glorot & Bengio 2010, eq. 16)."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        limit = np.sqrt(6.0 / sum(shape))
        return rng.uniform(-limit, limit, shape)

    limit = "sqrt(6 / (inputs + units))"
    return Initializer("glorot_uniform", draw, "uniform", (f"-{limit}", limit))


def glorot_normal() -> Initializer:
    """Normal with std sqrt(2 / (inputs + units)), not truncated (as in PyTorch; Keras truncates)."""
    return Initializer(
        "glorot_normal",
        lambda rng, shape: rng.normal(0.0, np.sqrt(2.0 / sum(shape)), shape),
        "normal",
        ("0", "sqrt(2 / (inputs + units))"),
    )


def he_uniform() -> Initializer:
    """Uniform within sqrt(6 / inputs) (He et al. 2015, eq. 10, as a uniform of equal variance)."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        limit = np.sqrt(6.0 / shape[-1])
        return rng.uniform(-limit, limit, shape)

    return Initializer("he_uniform", draw, "uniform", ("-sqrt(6 / inputs)", "sqrt(6 / inputs)"))


def he_normal() -> Initializer:
    """Normal with std sqrt(2 / inputs) (He et al. 2015, eq. 10)."""
    return Initializer(
        "he_normal",
        lambda rng, shape: rng.normal(0.0, np.sqrt(2.0 / shape[-1]), shape),
        "normal",
        ("0", "sqrt(2 / inputs)"),
    )


def zeros() -> Initializer:
    """Zeros. As weights, they keep all units of a layer equal during training; as biases, they are usual."""
    return Initializer("zeros", lambda rng, shape: np.zeros(shape), "constant", ("0",))


def uniform(
    low: Annotated[float, "", "lower bound, inclusive"], high: Annotated[float, "", "upper bound, exclusive"]
) -> Initializer:
    """Uniform between `low` and `high`."""
    return Initializer(
        "uniform",
        # + 0.0 makes 0.0 of -0.0, which numpy takes for less than 0.0.
        lambda rng, shape: rng.uniform(low + 0.0, high + 0.0, shape),
        "uniform",
        (repr(low + 0.0), repr(high + 0.0)),
    )


def normal(
    mean: Annotated[float, "", "center"] = 0.0,
    std: Annotated[float, ">= 0", "standard deviation"] = 1.0,
) -> Initializer:
    """Normal around `mean` with standard deviation `std`."""
    return Initializer(
        "normal",
        lambda rng, shape: rng.normal(mean, std + 0.0, shape),  # numpy takes -0.0 for negative
        "normal",
        (repr(mean), repr(std + 0.0)),
    )


def constant(value: Annotated[float, "", "number that every entry gets"]) -> Initializer:
    """The same number everywhere."""
    return Initializer(
        "constant", lambda rng, shape: np.full(shape, float(value)), "constant", (repr(float(value)),)
    )


BIAS_INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "zeros": zeros,
    "uniform": uniform,
    "normal": normal,
    "constant": constant,
}

WEIGHT_INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    **BIAS_INITIALIZERS,
}
