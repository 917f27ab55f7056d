from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nncli.inference.best_threshold import OF_DECISIONS, best_threshold_of
from nncli.nn.arrays import Array
from nncli.nn.metrics import METRICS

GRID = np.linspace(0.0, 1.0, 4001)


def at(threshold: float, probabilities: Array, positive: Array, metric: str) -> float:
    decisions, true = (each[:, np.newaxis].astype(float) for each in (probabilities >= threshold, positive))
    return METRICS[metric](decisions, true)


def rows(seed: int, dtype: str = "float64") -> tuple[Array, Array]:
    """Random probabilities, some of them equal, and which rows are positive."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 60))
    probabilities = rng.beta(1, 3, count).round(int(rng.integers(1, 4)))
    return probabilities.astype(dtype), rng.random(count) < probabilities + rng.normal(scale=0.3, size=count)


@pytest.mark.parametrize("metric", OF_DECISIONS)
@pytest.mark.parametrize("seed", range(40))
def test_no_threshold_of_a_fine_grid_is_better(seed: int, metric: str) -> None:
    probabilities, positive = rows(seed)
    threshold, value, at_half = best_threshold_of(probabilities, positive, metric)
    scores = np.array([at(each, probabilities, positive, metric) for each in GRID])
    assert 0.0 <= threshold <= 1.0
    assert value == scores.max() == at(threshold, probabilities, positive, metric)
    assert at_half == at(0.5, probabilities, positive, metric)


@pytest.mark.parametrize("metric", OF_DECISIONS)
@pytest.mark.parametrize("seed", range(40))
def test_of_equally_good_thresholds_the_one_nearest_to_half_is_chosen(seed: int, metric: str) -> None:
    probabilities, positive = rows(seed)
    values = sorted({0.0, 1.0, *probabilities.tolist()})
    midpoints = [lower + (upper - lower) / 2 for lower, upper in pairwise(values)]
    ranks = [
        (at(each, probabilities, positive, metric), -abs(each - 0.5), -each)
        for each in (0.0, 0.5, *midpoints)
    ]
    assert best_threshold_of(probabilities, positive, metric)[0] == -max(ranks)[2]


@pytest.mark.parametrize("metric", OF_DECISIONS)
def test_metric_at_the_threshold_is_that_of_scikit_learn(metric: str) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    function = getattr(metrics, f"{metric}_score")
    options = {} if metric == "accuracy" else {"zero_division": 0}
    for seed in range(20):
        probabilities, positive = rows(seed)
        threshold, value, _ = best_threshold_of(probabilities, positive, metric)
        assert value == pytest.approx(function(positive, probabilities >= threshold, **options), abs=1e-15)


def test_threshold_lies_midway_between_two_probabilities() -> None:
    found = best_threshold_of(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, True]), "f1")
    assert found == (pytest.approx(0.25), 1.0, 0.0)


@pytest.mark.parametrize(
    ("probabilities", "positive", "expected"),
    [
        ([0.2, 0.3], [False, False], 0.5),  # already right at 0.5
        ([0.6, 0.8], [False, True], 0.7),
        ([0.6, 0.8], [False, False], 0.9),  # no row is positive
        ([0.2, 0.4], [True, True], 0.1),  # every row is positive
        ([0.0, 0.0], [True, True], 0.0),
        ([0.1, 0.3, 0.8, 0.9], [False, True, False, True], 0.2),  # as good as 0.85
        ([0.1, 0.2, 0.7], [True, False, False], 0.85),  # predicts no row positive
    ],
)
def test_accuracy_is_best_at(probabilities: list[float], positive: list[bool], expected: float) -> None:
    threshold, _, _ = best_threshold_of(np.array(probabilities), np.array(positive), "accuracy")
    assert threshold == pytest.approx(expected)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_neighboring_floats_are_divided(dtype: str) -> None:
    lower = np.asarray(0.3, dtype)
    probabilities = np.array([lower, np.nextafter(lower, np.ones((), dtype))])
    for positive in (np.array([False, True]), np.array([True, False])):
        threshold, value, _ = best_threshold_of(probabilities, positive, "precision")
        assert value == at(threshold, probabilities, positive, "precision")
    threshold, value, _ = best_threshold_of(probabilities, np.array([False, True]), "f1")
    assert (probabilities >= threshold).tolist() == [False, True]
    assert value == 1.0


def test_probability_that_is_not_a_number_reaches_no_threshold() -> None:
    probabilities, positive = np.array([np.nan, 0.2, 0.4]), np.array([True, False, True])
    threshold, value, _ = best_threshold_of(probabilities, positive, "recall")
    assert (threshold, value) == (pytest.approx(0.3), 0.5)


def test_every_metric_of_decisions_is_best_at_its_largest_value() -> None:
    assert all(METRICS[metric].higher_is_better for metric in OF_DECISIONS)
