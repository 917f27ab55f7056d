"""The gradient check on networks full of kinks: never a false alarm, and never a mistake let through."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from nncli.config import load_config
from nncli.inspection.gradcheck import CHECKED_ROWS, TOLERANCE, TensorCheck, compared, finite_differences
from nncli.inspection.kinks import meets_kink
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.gradients import backprop
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network
from nncli.storage.resources import folder
from nncli.training.experiment import build

NETWORKS = 1000
SAMPLE = 40

Case = tuple[Network, Array, Array, Array, Loss]


@cache
def table(name: str) -> tuple[Array, Array]:
    dataset = build(load_config(folder("configs") / f"{name}.yaml")).rows.training
    return dataset.X[:CHECKED_ROWS], dataset.Y[:CHECKED_ROWS]


def random_case(seed: int) -> Case:
    """A network of 1 to 3 hidden layers, 1 to 64 units wide, on a real table."""
    rng = np.random.default_rng(seed)
    X, Y = table(["iris", "diabetes", "digits"][int(rng.integers(3))])
    widths = [X.shape[1], *(int(2 ** rng.uniform(0, 6)) for _ in range(rng.integers(1, 4))), Y.shape[1]]
    hidden = [str(rng.choice(["relu", "leaky_relu", "elu"])) for _ in widths[1:-1]]
    output = "sigmoid" if Y.shape[1] > 1 and rng.integers(2) else "identity"
    layers = [
        Layer(inputs, units, ACTIVATIONS[name](), l1=float(rng.choice([0.0, 0.01])))
        for (inputs, units), name in zip(pairwise(widths), [*hidden, output], strict=True)
    ]
    network = Network(tuple(layers))
    parameters = network.flatten(
        [
            (rng.normal(0.0, np.sqrt(2.0 / layer.inputs), layer.shape)[:, :-1], np.zeros(layer.units))
            for layer in layers
        ]
    )
    loss = LOSSES[str(rng.choice(["mae", "huber", "mse"]))](reduction=str(rng.choice(["mean", "sum"])))
    return network, parameters, X, Y, loss


def planted(network: Network, gradient: Array, wrong: Callable[[Array], Array]) -> Array:
    """The gradient with a mistake in its largest tensor."""
    mistaken = gradient.copy()
    largest = max(network.tensors(mistaken).values(), key=lambda tensor: float(np.abs(tensor).max()))
    largest[...] = wrong(largest)
    return mistaken


def worst(checks: list[TensorCheck]) -> float:
    return max(check.worst for check in checks)


MISTAKES: dict[str, Callable[[Array], Array]] = {
    "sign": np.negative,
    "factor": lambda gradient: 2.0 * gradient,
    "index": lambda gradient: np.roll(gradient, 1) if len(np.unique(gradient)) > 1 else 0.0 * gradient,
}


@pytest.mark.parametrize("part", range(4))
def test_right_gradients_pass_and_planted_mistakes_fail_on_random_networks(part: int, long: bool) -> None:
    for seed in range(part, NETWORKS if long else SAMPLE, 4):
        case = network, *_ = random_case(seed)
        value, gradient = backprop()(*case)
        with np.errstate(all="ignore"):
            numeric = finite_differences(*case)
        assert worst(compared(network, value, gradient, numeric)) <= TOLERANCE, seed
        for name, mistake in MISTAKES.items():
            wrong = planted(network, gradient, mistake)
            assert worst(compared(network, value, wrong, numeric)) > 1e-3, (seed, name)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_kink_of_an_activation_is_declared(name: str) -> None:
    """Second derivatives, as differences over 1e-4, jump nowhere but there."""
    activation = ACTIVATIONS[name]()
    if activation.derivative is None:
        return
    Z = np.arange(-8.0, 8.0, 1e-4) + 5e-5  # 0 lies between two of them
    slopes = np.diff(activation.derivative(Z, activation.function(Z)))
    jumps = Z[1:-1][np.abs(np.diff(slopes)) > 1e-6]
    declared = np.array(activation.kinks)
    assert all(np.abs(declared - jump).min() < 3e-4 for jump in jumps) if declared.size else not jumps.size


def single(activation: str, loss: str, *, weight: float, bias: float, l1: float = 0.0) -> Case:
    """A unit with one input of 1 and a target of 0."""
    network = Network((Layer(1, 1, ACTIVATIONS[activation](), l1=l1),))
    return network, np.array([weight, bias]), np.ones((1, 1)), np.zeros((1, 1)), LOSSES[loss]()


@pytest.mark.parametrize(
    ("case", "at"),
    [
        (single("relu", "mse", weight=0.3, bias=-0.2), -0.1),
        (single("leaky_relu", "mse", weight=-0.3, bias=0.2), 0.1),
        (single("elu", "mse", weight=0.5, bias=-0.3), -0.2),
        (single("identity", "mae", weight=0.3, bias=-0.2), -0.1),
        (single("identity", "huber", weight=0.8, bias=0.1), 0.1),
        (single("identity", "mse", weight=0.4, bias=0.0, l1=0.1), -0.4),
    ],
    ids=["relu", "leaky_relu", "elu", "mae", "huber", "l1"],
)
def test_a_step_meets_a_kink_once_it_reaches_beyond_it(case: Case, at: float) -> None:
    for factor, met in ((0.999, False), (1.001, True), (-1.0, False)):
        assert meets_kink(*case, np.array([factor * at, 0.0])).tolist() == [met, False]


def test_a_parameter_that_does_not_move_meets_no_kink() -> None:
    assert not meets_kink(*single("relu", "mse", weight=0.0, bias=0.0), np.zeros(2)).any()
