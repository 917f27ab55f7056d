"""Every entry of a recipe says what it is: its scalar expressions compute what its array functions do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from nncli.expressions import parse
from nncli.nn.arrays import Array
from nncli.nn.gradients import GRADIENTS
from nncli.nn.initializers import WEIGHT_INITIALIZERS, Initializer
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.optimizers import OPTIMIZERS, Optimizer
from nncli.nn.schedules import SCHEDULES, Schedule

EDGES = [0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e-8, -1e-8, 0.5, 1.0, -1.0, 40.0, -40.0, 1e3, -1e3]


def value(expression: str, variables: Mapping[str, object]) -> Array:
    return np.asarray(parse(expression, [*variables])(variables))


# Optimizers

MADE_OPTIMIZERS: dict[str, Optimizer] = {
    **{name: make() for name, make in OPTIMIZERS.items()},
    "sgd with momentum": OPTIMIZERS["sgd"](momentum=0.9),
    "sgd by Nesterov": OPTIMIZERS["sgd"](momentum=0.9, nesterov=True),
    "sgd that decays": OPTIMIZERS["sgd"](weight_decay=0.1),
    "adam with other options": OPTIMIZERS["adam"](beta1=0.5, beta2=0.9, epsilon=1e-3),
    "adamw without decay": OPTIMIZERS["adamw"](weight_decay=0.0),
    "rmsprop, centered": OPTIMIZERS["rmsprop"](centered=True),
    "rmsprop with momentum": OPTIMIZERS["rmsprop"](momentum=0.9),
    "rmsprop with both": OPTIMIZERS["rmsprop"](centered=True, momentum=0.5),
    "adagrad that slows": OPTIMIZERS["adagrad"](learning_rate_decay=0.3, initial_accumulator_value=0.1),
}


@pytest.mark.parametrize("name", MADE_OPTIMIZERS)
def test_assignments_of_an_optimizer_are_its_rule(name: str) -> None:
    optimizer = MADE_OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    w = np.concatenate([EDGES, rng.normal(size=50)])
    slots = optimizer.init(w)
    assert slots.shape == (len(optimizer.slots), len(w))
    with np.errstate(all="ignore"):
        for update in (1, 2, 3, 50):
            g = np.concatenate([rng.permutation(EDGES), rng.normal(size=50)])
            rate = optimizer.learning_rate / update
            variables: dict[str, object] = {"w": w, "g": g, "rate": rate, "update": update}
            variables |= {**optimizer.options, **dict(zip(optimizer.slots, slots, strict=True))}
            for target, expression in optimizer.assignments:
                variables[target] = value(expression, variables)
            w, slots = optimizer.rule(w, g, slots, update, rate)
            np.testing.assert_allclose(w, np.asarray(variables["w"]), rtol=1e-14, atol=1e-300)
            for slot, row in zip(optimizer.slots, slots, strict=True):
                np.testing.assert_allclose(row, np.asarray(variables[slot]), rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_clipping_and_weight_decay_come_before_the_rule(name: str) -> None:
    optimizer = replace(OPTIMIZERS[name](), weight_decay=0.2, clip_norm=0.5)
    w, g = np.array([1.0, -2.0]), np.array([3.0, 4.0])
    expected = optimizer.rule(w, g * (0.5 / (5.0 + 1e-6)) + 0.2 * w, optimizer.init(w), 1, 0.1)
    for found, right in zip(optimizer.step(w, g, optimizer.init(w), 1, 0.1), expected, strict=True):
        np.testing.assert_array_equal(found, right)


# Losses

MADE_LOSSES: dict[str, Loss] = {
    **{name: make() for name, make in LOSSES.items() if make().expression},
    "huber with another delta": LOSSES["huber"](delta=0.3),
}


def test_only_a_loss_over_a_whole_row_has_no_scalar_form() -> None:
    assert {name for name, make in LOSSES.items() if not make().expression} == {"cross_entropy"}


@pytest.mark.parametrize("name", MADE_LOSSES)
def test_expressions_of_a_loss_are_its_terms_and_slopes(name: str) -> None:
    loss = MADE_LOSSES[name]
    rng = np.random.default_rng(1)
    U = np.concatenate([EDGES, rng.normal(scale=3.0, size=200)])[:, np.newaxis]
    Y = rng.choice([0.0, 1.0, 0.3, -0.3], U.shape)
    variables = {("z" if loss.link else "a"): U, "y": Y, **loss.options}
    assert loss.expression is not None
    assert loss.slope_expression is not None
    np.testing.assert_allclose(value(loss.expression, variables), loss.terms(U, Y), rtol=1e-14)
    expected = loss.slope(U, Y)
    np.testing.assert_allclose(value(loss.slope_expression, variables), expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("name", LOSSES)
def test_targets_of_a_loss_are_those_for_which_it_has_a_least_value(name: str) -> None:
    low, high = LOSSES[name]().targets
    expected = {"binary_cross_entropy": (0.0, 1.0), "cross_entropy": (0.0, np.inf)}
    assert (low, high) == expected.get(name, (-np.inf, np.inf))


# Schedules

MADE_SCHEDULES: dict[str, Schedule] = {
    "constant": SCHEDULES["constant"](),
    "constant after a warm-up": SCHEDULES["constant"](warmup=4),
    "step": SCHEDULES["step"](every=3, gamma=0.5),
    "exponential": SCHEDULES["exponential"](gamma=0.9, warmup=2),
    "cosine": SCHEDULES["cosine"](over=7, warmup=1),
}


@pytest.mark.parametrize("name", MADE_SCHEDULES)
def test_expression_of_a_schedule_is_its_factor_after_the_warmup(name: str) -> None:
    schedule = MADE_SCHEDULES[name]
    for epoch in range(30):
        after = epoch - schedule.warmup
        rising = (epoch + 1) / max(schedule.warmup, 1)
        expected = rising if after < 0 else value(schedule.expression, {"epoch": after, **schedule.options})
        assert schedule(epoch) == pytest.approx(float(expected), rel=1e-15, abs=1e-16)


# Initializers

MADE_INITIALIZERS: dict[str, Initializer] = {
    **{name: make() for name, make in WEIGHT_INITIALIZERS.items() if name not in ("uniform", "constant")},
    "uniform": WEIGHT_INITIALIZERS["uniform"](low=-0.0, high=0.25),
    "normal with another mean": WEIGHT_INITIALIZERS["normal"](mean=3.0, std=0.5),
    "constant": WEIGHT_INITIALIZERS["constant"](value=-1.5),
}


@pytest.mark.parametrize("name", MADE_INITIALIZERS)
def test_distribution_of_an_initializer_is_what_it_draws_from(name: str) -> None:
    initializer = MADE_INITIALIZERS[name]
    inputs, units = 3, 5
    layer = {"inputs": float(inputs), "units": float(units)}
    arguments = [float(value(argument, layer)) for argument in initializer.arguments]
    drawn = initializer(np.random.default_rng(7), (units, inputs))
    rng = np.random.default_rng(7)
    if initializer.distribution == "constant":
        expected = np.full((units, inputs), arguments[0])
    else:
        expected = getattr(rng, initializer.distribution)(*arguments, (units, inputs))
    np.testing.assert_array_equal(drawn, expected)


# Names


@pytest.mark.parametrize(
    "registry",
    [OPTIMIZERS, LOSSES, SCHEDULES, WEIGHT_INITIALIZERS, GRADIENTS],
    ids=["optimizers", "losses", "schedules", "initializers", "gradients"],
)
def test_entries_know_their_own_names(registry: Mapping[str, object]) -> None:
    needed = {"step": {"every": 2}, "exponential": {"gamma": 0.5}, "cosine": {"over": 2}}
    needed |= {"uniform": {"low": 0.0, "high": 1.0}}
    for name, make in registry.items():
        options = {"value": 1.0} if registry is WEIGHT_INITIALIZERS and name == "constant" else {}
        assert make(**needed.get(name, options)).name == name  # type: ignore[operator]
