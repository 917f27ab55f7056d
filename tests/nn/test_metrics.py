"""Metrics against values worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.nn.metrics import CLASS_METRICS, METRICS

# Errors 1, -2; 0, 2; -1, 0 in three rows of two outputs.
Y = np.array([[0.0, 3.0], [1.0, 1.0], [2.0, 5.0]])
A = Y + np.array([[1.0, -2.0], [0.0, 2.0], [-1.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mse", 10 / 6),
        ("rmse", (math.sqrt(2 / 3) + math.sqrt(8 / 3)) / 2),
        ("mae", 1.0),
        ("max_error", 2.0),
        # Sums of squares around the means 1 and 3: 2 and 8; of the errors: 2 and 8.
        ("r2", ((1 - 2 / 2) + (1 - 8 / 8)) / 2),
        # Classes predicted 0 1 1, true 1 0 1: of equal values, as in the second row, the first is taken.
        ("accuracy", 1 / 3),
    ],
)
def test_metric_is_the_one_worked_by_hand(name: str, value: float) -> None:
    A_of = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 5.0]]) if name == "accuracy" else A
    assert METRICS[name](A_of, Y) == pytest.approx(value, rel=1e-15, abs=1e-15)


@pytest.mark.parametrize("name", METRICS)
def test_exact_outputs_are_the_best(name: str) -> None:
    assert METRICS[name](Y, Y) == (1.0 if name in {"r2", *CLASS_METRICS} else 0.0)


def test_r2_of_a_constant_target_is_one_if_met_and_zero_if_not() -> None:
    constant = np.full((3, 1), 2.0)
    assert METRICS["r2"](constant, constant) == 1.0
    assert METRICS["r2"](constant + np.array([[0.0], [0.1], [0.0]]), constant) == 0.0


def test_r2_is_negative_where_the_mean_would_have_been_better() -> None:
    assert METRICS["r2"](np.array([[2.0], [0.0]]), np.array([[0.0], [2.0]])) == -3.0


def test_r2_of_one_row_is_undefined() -> None:
    assert math.isnan(METRICS["r2"](np.ones((1, 1)), np.ones((1, 1))))


def test_accuracy_of_one_output_counts_one_half_as_the_second_class() -> None:
    outputs, targets = np.array([[0.5], [0.499], [0.9], [0.1]]), np.array([[1.0], [1.0], [0.0], [0.0]])
    assert METRICS["accuracy"](outputs, targets) == 0.5


def test_accuracy_of_several_outputs_takes_the_largest() -> None:
    outputs = np.array([[0.2, 0.5, 0.3], [0.4, 0.35, 0.25]])
    assert METRICS["accuracy"](outputs, np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])) == 0.5
