"""Metrics of rows with any number of labels against values worked by hand, and against scikit-learn."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncli.nn.arrays import Array
from nncli.nn.metrics import CLASS_METRICS, LABEL_METRICS, METRICS

# Told 11, 01, 00 of true 10, 01, 11: only the second row is right in both labels.
A = np.array([[0.9, 0.5], [0.2, 0.8], [0.4, 0.3]])
Y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 1 / 3),
        ("precision", (1 / 1 + 1 / 2) / 2),
        ("recall", (1 / 2 + 1 / 2) / 2),
        ("f1", (2 / 3 + 2 / 4) / 2),
        # 0.9 and 0.4 are above 0.2; 0.8 is above 0.5, 0.3 is not.
        ("auc", (2 / 2 + 1 / 2) / 2),
        ("log_loss", -math.log(0.9 * 0.8 * 0.4 * 0.5 * 0.8 * 0.3) / 6),
    ],
)
def test_metric_of_labels_is_the_one_worked_by_hand(name: str, value: float) -> None:
    assert LABEL_METRICS[name](A, Y) == pytest.approx(value, rel=1e-15)


def test_labels_have_the_metrics_of_classes_and_values_the_same_functions() -> None:
    assert list(LABEL_METRICS) == list(METRICS)
    for name, metric in METRICS.items():
        same = LABEL_METRICS[name].function is metric.function
        assert same == (name not in CLASS_METRICS)
        assert LABEL_METRICS[name].higher_is_better == metric.higher_is_better


def sklearn_multilabel(name: str) -> Callable[[Array, Array], float]:
    metrics = pytest.importorskip("sklearn.metrics")

    def of_each(function: Callable[..., float], **options: Any) -> Callable[[Array, Array], float]:
        return lambda A, Y: float(np.mean([function(y, a, **options) for a, y in zip(A.T, Y.T, strict=True)]))

    averaged = {"average": "macro", "zero_division": 0}
    on_labels: dict[str, tuple[Any, dict[str, Any]]] = {
        "accuracy": (metrics.accuracy_score, {}),
        "precision": (metrics.precision_score, averaged),
        "recall": (metrics.recall_score, averaged),
        "f1": (metrics.f1_score, averaged),
    }
    if name == "auc":
        return lambda A, Y: metrics.roc_auc_score(Y, A, average="macro")
    if name == "log_loss":
        return of_each(metrics.log_loss, labels=[0, 1])
    function, options = on_labels[name]
    return lambda A, Y: function(Y.astype(int), (A >= 0.5).astype(int), **options)


def cases() -> list[tuple[Array, Array]]:
    """Outputs and targets: small and large, with ties, with labels of no row, or of every row."""
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(2, 12) if seed % 2 else rng.integers(100, 400)), int(rng.integers(2, 6))
        outputs = rng.uniform(size=(n, k))
        if seed % 3 == 0:
            outputs = outputs.round(1)  # ties, and outputs of exactly 0, 0.5 and 1
        if seed % 4 == 0:
            outputs[:, 0] *= 0.4
        targets = (rng.uniform(size=(n, k)) < 0.4).astype(float)
        if seed % 5 == 0:
            targets[:, -1] = seed % 10 == 0
        found.append((outputs, targets))
    return found


@pytest.mark.parametrize("name", sorted(CLASS_METRICS))
def test_labels_are_scikit_learns(name: str) -> None:
    theirs, compared = sklearn_multilabel(name), 0
    for outputs, targets in cases():
        if name == "auc" and (targets == targets[0]).all(axis=0).any():
            # scikit-learn gives an error or NaN, by its version.
            assert math.isnan(LABEL_METRICS[name](outputs, targets))
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's word on metrics without a value
            expected = theirs(outputs, targets)
        assert LABEL_METRICS[name](outputs, targets) == pytest.approx(expected, rel=1e-12, abs=1e-13)
        compared += 1
    assert compared > 20
