"""Metrics against values worked by hand, and against scikit-learn where it is installed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncli.nn.arrays import Array
from nncli.nn.metrics import CLASS_METRICS, METRICS

VALUE_METRICS = [name for name in METRICS if name not in CLASS_METRICS]

# Errors 1, -2; 0, 2; -1, 0 in three rows of two outputs.
Y = np.array([[0.0, 3.0], [1.0, 1.0], [2.0, 5.0]])
A = Y + np.array([[1.0, -2.0], [0.0, 2.0], [-1.0, 0.0]])

# One output: predicted 1 1 0 0 1 of true 1 0 1 0 1, so 2 hits, 3 predicted, 3 true.
ONE = np.array([[0.9], [0.6], [0.4], [0.1], [0.5]]), np.array([[1.0], [0.0], [1.0], [0.0], [1.0]])
# Three outputs: predicted 0 0 1 2 1 of true 0 1 1 2 2.
THREE = (
    np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]]),
    np.eye(3)[[0, 1, 1, 2, 2]],
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mse", 10 / 6),
        ("rmse", (math.sqrt(2 / 3) + math.sqrt(8 / 3)) / 2),
        ("mae", 1.0),
        ("max_error", 2.0),
        # Sums of squares around the means 1 and 3: 2 and 8; of the errors: 2 and 8.
        ("r2", ((1 - 2 / 2) + (1 - 8 / 8)) / 2),
    ],
)
def test_metric_of_targets_is_the_one_worked_by_hand(name: str, value: float) -> None:
    assert METRICS[name](A, Y) == pytest.approx(value, rel=1e-15, abs=1e-15)


@pytest.mark.parametrize(
    ("name", "one", "three"),
    [
        ("accuracy", 3 / 5, 3 / 5),
        # Of the classes 0, 1, 2: hits 1 1 1, predicted 2 2 1, true 1 2 2.
        ("precision", 2 / 3, (1 / 2 + 1 / 2 + 1) / 3),
        ("recall", 2 / 3, (1 + 1 / 2 + 1 / 2) / 3),
        ("f1", 4 / 6, (2 / 3 + 2 / 4 + 2 / 3) / 3),
        # One: of 3 x 2 pairs 0.9 wins 2, 0.4 wins 1, 0.5 wins 1. Three: 0.7 wins all 4; 0.3 wins over
        # 0.2 and 0.1, 0.6 over all, where 0.4 is in between: 2 + 3 of 6; 0.8 wins 3 and 0.3 wins 3 of 6.
        ("auc", 4 / 6, (4 / 4 + 5 / 6 + 6 / 6) / 3),
        ("log_loss", -math.log(0.9 * 0.4 * 0.4 * 0.9 * 0.5) / 5, -math.log(0.7 * 0.3 * 0.6 * 0.8 * 0.3) / 5),
    ],
)
def test_metric_of_classes_is_the_one_worked_by_hand(name: str, one: float, three: float) -> None:
    assert METRICS[name](*ONE) == pytest.approx(one, rel=1e-15)
    assert METRICS[name](*THREE) == pytest.approx(three, rel=1e-15)


@pytest.mark.parametrize("name", METRICS)
def test_exact_outputs_are_the_best(name: str) -> None:
    metric = METRICS[name]
    cases = [ONE[1], THREE[1]] if metric.needs_classes else [Y]
    for targets in cases:
        # Of a logarithm of probabilities, 1 - eps is the best it can tell.
        best = 1.0 if metric.higher_is_better else 0.0
        assert metric(targets, targets) == pytest.approx(best, abs=1e-15)


@pytest.mark.parametrize("name", METRICS)
def test_higher_is_better_says_which_way_a_metric_goes(name: str) -> None:
    metric = METRICS[name]
    exact = ONE[1] if metric.needs_classes else Y
    assert (metric(exact, exact) > metric(0.4 - 0.3 * exact, exact)) == metric.higher_is_better


def test_metrics_of_classes_are_those_that_need_them() -> None:
    assert {"accuracy", "precision", "recall", "f1", "auc", "log_loss"} == CLASS_METRICS


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


def test_accuracy_of_equal_outputs_takes_the_first() -> None:
    assert METRICS["accuracy"](np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])) == 1.0


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_nothing_predicted_and_nothing_true_is_zero(name: str) -> None:
    assert METRICS[name](np.full((3, 1), 0.2), np.zeros((3, 1))) == 0.0


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_a_class_neither_predicted_nor_true_does_not_count(name: str) -> None:
    outputs, targets = (np.insert(array, 1, 0.0, axis=1) for array in THREE)
    assert METRICS[name](outputs, targets) == METRICS[name](*THREE)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_auc_of_one_class_alone_is_undefined(value: float) -> None:
    assert math.isnan(METRICS["auc"](ONE[0], np.full((5, 1), value)))
    assert math.isnan(METRICS["auc"](THREE[0], np.eye(3)[[0, 1, 1, 0, 1]]))


def test_auc_counts_ties_as_half() -> None:
    assert METRICS["auc"](np.full((4, 1), 0.3), np.array([[0.0], [1.0], [0.0], [0.0]])) == 0.5


def test_log_loss_of_certain_mistakes_is_finite() -> None:
    eps = np.finfo(float).eps
    assert METRICS["log_loss"](np.array([[1.0]]), np.array([[0.0]])) == -math.log(eps)
    assert METRICS["log_loss"](np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])) == -math.log(eps)


@pytest.mark.parametrize("output", [-0.01, 1.01])
def test_log_loss_of_what_is_no_probability_is_undefined(output: float) -> None:
    assert math.isnan(METRICS["log_loss"](np.array([[output], [0.5]]), np.array([[0.0], [1.0]])))


@pytest.mark.parametrize("name", ["auc", "log_loss", *VALUE_METRICS])
def test_an_output_that_is_no_number_makes_the_metric_none(name: str) -> None:
    for outputs, targets in (ONE, THREE):
        broken = outputs.copy()
        broken[0, 0] = math.nan
        assert math.isnan(METRICS[name](broken, targets))


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("outputs", [1e200, -1e308, math.inf, math.nan])
def test_a_metric_of_any_floats_warns_of_nothing(name: str, outputs: float) -> None:
    for _, targets in (ONE, THREE):
        assert isinstance(METRICS[name](np.full(targets.shape, outputs), targets), float)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_leaves_its_arguments_as_they_are(name: str) -> None:
    for outputs, targets in (ONE, THREE):
        kept = outputs.copy(), targets.copy()
        METRICS[name](outputs, targets)
        np.testing.assert_array_equal(outputs, kept[0])
        np.testing.assert_array_equal(targets, kept[1])


# scikit-learn


def sklearn_regression(name: str) -> Callable[[Array, Array], float]:
    metrics = pytest.importorskip("sklearn.metrics")
    functions = {
        "mse": metrics.mean_squared_error,
        "rmse": metrics.root_mean_squared_error,
        "mae": metrics.mean_absolute_error,
        "max_error": lambda Y, A: max(metrics.max_error(y, a) for y, a in zip(Y.T, A.T, strict=True)),
        "r2": metrics.r2_score,
    }
    return lambda A, Y: functions[name](Y, A)


def sklearn_binary(name: str) -> Callable[[Array, Array], float]:
    metrics = pytest.importorskip("sklearn.metrics")
    on_scores = {
        "auc": metrics.roc_auc_score,
        "log_loss": lambda y, a: metrics.log_loss(y, a, labels=[0, 1]),
    }
    on_labels = {
        "accuracy": metrics.accuracy_score,
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "f1": metrics.f1_score,
    }
    if name in on_scores:
        return lambda A, Y: on_scores[name](Y[:, 0], A[:, 0])
    return lambda A, Y: on_labels[name](Y[:, 0], A[:, 0] >= 0.5)


def sklearn_multiclass(name: str) -> Callable[[Array, Array], float]:
    metrics = pytest.importorskip("sklearn.metrics")
    on_scores: dict[str, tuple[Any, dict[str, Any]]] = {
        "auc": (metrics.roc_auc_score, {"multi_class": "ovr"}),
        "log_loss": (metrics.log_loss, {}),
    }
    on_labels: dict[str, tuple[Any, dict[str, Any]]] = {
        "accuracy": (metrics.accuracy_score, {}),
        "precision": (metrics.precision_score, {"average": "macro"}),
        "recall": (metrics.recall_score, {"average": "macro"}),
        "f1": (metrics.f1_score, {"average": "macro"}),
    }
    if name in on_scores:
        function, options = on_scores[name]
        return lambda A, Y: function(Y.argmax(axis=1), A, labels=np.arange(Y.shape[1]), **options)
    function, options = on_labels[name]
    return lambda A, Y: function(Y.argmax(axis=1), A.argmax(axis=1), **options)


def assert_agree(name: str, theirs: Callable[[Array, Array], float], outputs: Array, targets: Array) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's word on metrics without a value
        expected = theirs(outputs, targets)
    # Sums of up to 400 numbers in another order.
    assert METRICS[name](outputs, targets) == pytest.approx(expected, rel=1e-12, abs=1e-13, nan_ok=True)


@pytest.mark.parametrize("name", VALUE_METRICS)
def test_regression_is_scikit_learns(name: str) -> None:
    theirs = sklearn_regression(name)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        shape = (int(rng.integers(1, 30)), int(rng.integers(1, 4)))
        targets = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 7)
        if seed % 4 == 0:
            targets[:, 0] = 0.1  # no variance, or none but that of rounding
        outputs = targets if seed % 8 == 0 else targets + rng.normal(size=shape)
        assert_agree(name, theirs, outputs, targets)


@pytest.mark.parametrize("name", sorted(CLASS_METRICS))
def test_two_classes_are_scikit_learns(name: str) -> None:
    theirs = sklearn_binary(name)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 12) if seed % 2 else rng.integers(100, 400))
        outputs = rng.uniform(size=(n, 1))
        if seed % 3 == 0:
            outputs = outputs.round(1)  # many ties, and outputs of exactly 0, 0.5 and 1
        if seed % 5 == 0:
            outputs *= 0.4  # none reported
        targets = (rng.uniform(size=(n, 1)) < [0.5, 0.05, 0.95][seed % 3]).astype(float)
        assert_agree(name, theirs, outputs, targets)
    for value in (0.0, 1.0):
        assert_agree(name, theirs, ONE[0], np.full((5, 1), value))


@pytest.mark.parametrize("name", sorted(CLASS_METRICS))
def test_many_classes_are_scikit_learns(name: str) -> None:
    theirs = sklearn_multiclass(name)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(3, 12) if seed % 2 else rng.integers(100, 400)), int(rng.integers(3, 7))
        outputs = rng.dirichlet(np.full(k, 0.3), size=n)
        if seed % 3 == 0:
            outputs = np.eye(k)[rng.integers(k, size=n)]  # certain, so right or wrong beyond doubt
        if seed % 3 == 1:
            outputs = rng.multinomial(4, np.full(k, 1 / k), size=n) / 4  # ties in rows and columns
        targets = np.eye(k)[rng.integers(k if seed % 4 else 2, size=n)]  # or classes without a row
        assert_agree(name, theirs, outputs, targets)
