"""Schedules against values worked by hand, and against PyTorch's formulas, which go from epoch to epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from nncli.nn.schedules import SCHEDULES

OPTIONS: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"every": 3, "gamma": 0.5},
    "exponential": {"gamma": 0.9},
    "cosine": {"over": 12},
}


@pytest.mark.parametrize(
    ("name", "options", "factors"),
    [
        ("constant", {}, [1, 1, 1, 1, 1, 1]),
        ("constant", {"warmup": 4}, [1 / 4, 2 / 4, 3 / 4, 1, 1, 1]),
        ("step", {"every": 2}, [1, 1, 0.1, 0.1, 0.01, 0.01]),
        ("step", {"every": 2, "gamma": 0.5, "warmup": 2}, [1 / 2, 1, 1, 1, 0.5, 0.5]),
        ("exponential", {"gamma": 0.5}, [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32]),
        ("exponential", {"gamma": 0.5, "warmup": 1}, [1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]),
        # cos of 0, 60, 120 and 180 degrees: 1, 1/2, -1/2, -1; then it stays.
        ("cosine", {"over": 3}, [1, 3 / 4, 1 / 4, 0, 0, 0]),
        ("cosine", {"over": 3, "warmup": 2}, [1 / 2, 1, 1, 3 / 4, 1 / 4, 0]),
    ],
)
def test_factors_are_those_worked_by_hand(name: str, options: dict[str, Any], factors: list[float]) -> None:
    schedule = SCHEDULES[name](**options)
    assert [schedule(epoch) for epoch in range(6)] == pytest.approx(factors, rel=1e-15, abs=1e-16)


# PyTorch's recurrences: the factor of an epoch from that of the one before.


def torch_constant() -> Iterator[float]:
    while True:
        yield 1.0


def torch_step(every: int, gamma: float) -> Iterator[float]:
    factor, epoch = 1.0, 0
    while True:
        yield factor
        epoch += 1
        factor = factor * gamma if epoch % every == 0 else factor


def torch_exponential(gamma: float) -> Iterator[float]:
    factor = 1.0
    while True:
        yield factor
        factor *= gamma


def torch_cosine(over: int) -> Iterator[float]:
    factor, epoch = 1.0, 0
    while epoch < over:
        yield factor
        epoch += 1
        factor *= (1 + math.cos(math.pi * epoch / over)) / (1 + math.cos(math.pi * (epoch - 1) / over))


def torch_linear(warmup: int) -> Iterator[float]:
    """LinearLR from 1 / warmup to 1, which reaches 1 in the last of the `warmup` epochs."""
    start = 1 / warmup
    factor = start
    for epoch in range(1, warmup + 1):
        yield factor
        factor *= 1 + (1 - start) / ((warmup - 1) * start + (epoch - 1) * (1 - start)) if warmup > 1 else 1


TORCH = {
    "constant": torch_constant,
    "step": torch_step,
    "exponential": torch_exponential,
    "cosine": torch_cosine,
}


@pytest.mark.parametrize("warmup", [0, 1, 5])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_is_pytorchs_after_its_linear_warm_up(name: str, warmup: int) -> None:
    rise = list(torch_linear(warmup)) if warmup else []
    main = TORCH[name](**OPTIONS[name])
    expected = [*rise, *(next(main) for _ in range(12))]
    schedule = SCHEDULES[name](**OPTIONS[name], warmup=warmup)
    found = [schedule(epoch) for epoch in range(len(expected))]
    assert found == pytest.approx(expected, rel=1e-12)  # rounding of a dozen products


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_stay_between_zero_and_one_however_long_it_takes(name: str) -> None:
    for warmup in (0, 7):
        schedule = SCHEDULES[name](**OPTIONS[name], warmup=warmup)
        assert all(0.0 <= schedule(epoch) <= 1.0 for epoch in [*range(50), 10**6, 10**12])
        assert schedule(warmup) == 1.0
