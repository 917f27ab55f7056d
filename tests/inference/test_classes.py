"""Confusions, shares and curves against values worked by hand, and against scikit-learn where installed."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from nncli.data.columns import Roles
from nncli.inference.classes import BINS, Confusion, LabelCounts, reliability, roc
from nncli.nn import metrics
from nncli.nn.arrays import Array

BINARY = Roles(("x",), ("y",), "binary", ("no", "yes"))


def multiclass(k: int) -> Roles:
    return Roles(("x",), ("y",), "multiclass", tuple(f"class {index}" for index in range(k)))


def multilabel(k: int) -> Roles:
    names = tuple(f"label {index}" for index in range(k))
    return Roles(("x",), names, "multilabel", names)


# Told 0 0 1 2 1 of true 0 1 1 2 2; of a fourth class nothing.
A = np.array(
    [[0.7, 0.2, 0.1, 0], [0.5, 0.3, 0.2, 0], [0.2, 0.6, 0.2, 0], [0.1, 0.1, 0.8, 0], [0.3, 0.4, 0.3, 0]]
)
Y = np.eye(4)[[0, 1, 1, 2, 2]]


def test_confusion_counts_true_classes_down_and_predicted_ones_across() -> None:
    counts = Confusion.of(A, Y, multiclass(4)).counts
    assert counts.tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def test_one_half_is_the_second_class() -> None:
    counts = Confusion.of(np.array([[0.5], [0.499]]), np.array([[0.0], [1.0]]), BINARY).counts
    assert counts.tolist() == [[0, 1], [1, 0]]


def test_shares_are_those_worked_by_hand_and_of_a_class_that_does_not_occur_there_are_none() -> None:
    shares = Confusion.of(A, Y, multiclass(4)).shares
    np.testing.assert_array_equal(shares["precision"], [1 / 2, 1 / 2, 1, math.nan])
    np.testing.assert_array_equal(shares["recall"], [1, 1 / 2, 1 / 2, math.nan])
    np.testing.assert_array_equal(shares["f1"], [2 / 3, 2 / 4, 2 / 3, math.nan])


def test_averages_weigh_classes_equally_or_by_their_rows() -> None:
    averages = Confusion.of(A, Y, multiclass(4)).averages
    assert averages["macro"]["recall"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert averages["weighted"]["recall"] == pytest.approx((1 + 2 * 1 / 2 + 2 * 1 / 2) / 5)


def test_mistakes_come_most_frequent_first() -> None:
    counts = np.array([[5, 1, 3], [0, 5, 0], [9, 1, 5]])
    assert Confusion(("a", "b", "c"), counts).mistakes == [(2, 0), (0, 2), (0, 1), (2, 1)]


def classes_at_random(seed: int) -> tuple[Array, Array, Roles]:
    """Outputs, targets and columns of two or more classes, some of which may not occur."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9) if seed % 2 else rng.integers(50, 200))
    if seed % 3 == 0:
        return rng.uniform(size=(n, 1)).round(1), rng.integers(2, size=(n, 1)).astype(float), BINARY
    k = int(rng.integers(3, 6))
    return rng.dirichlet(np.full(k, 0.3), size=n), np.eye(k)[rng.integers(k, size=n)], multiclass(k)


@pytest.mark.parametrize("seed", range(40))
def test_table_by_class_is_scikit_learns_classification_report(seed: int) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    outputs, targets, columns = classes_at_random(seed)
    confusion = Confusion.of(outputs, targets, columns)
    one = columns.task == "binary"
    true, reported = (
        (array[:, 0] >= 0.5).astype(int) if one else array.argmax(axis=1) for array in (targets, outputs)
    )
    np.testing.assert_array_equal(
        confusion.counts, theirs.confusion_matrix(true, reported, labels=range(len(columns.classes)))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's word on shares of nothing
        report = theirs.classification_report(true, reported, output_dict=True)
    for average, values in confusion.averages.items():
        theirs_of = report[f"{average} avg"]
        assert values["f1"] == pytest.approx(theirs_of["f1-score"], rel=1e-12)
        assert values["precision"] == pytest.approx(theirs_of["precision"], rel=1e-12)
        assert values["recall"] == pytest.approx(theirs_of["recall"], rel=1e-12)
    for position, support in enumerate(confusion.support):
        row = report.get(str(position))
        assert (row is None) == math.isnan(confusion.shares["f1"][position])
        if row is not None:
            assert confusion.shares["precision"][position] == row["precision"]
            assert confusion.shares["recall"][position] == row["recall"]
            assert confusion.shares["f1"][position] == pytest.approx(row["f1-score"], rel=1e-12)
            assert support == row["support"]


def test_roc_is_the_one_worked_by_hand() -> None:
    # Found first a hit, then a hit tied with a false alarm, then a false alarm.
    across, up = roc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    assert across.tolist() == [0, 0, 1 / 2, 1]
    assert up.tolist() == [0, 1 / 2, 1, 1]


def test_roc_of_equal_scores_is_the_diagonal() -> None:
    across, up = roc(np.full(5, 0.3), np.arange(5) < 2)
    assert across.tolist() == up.tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(30))
def test_roc_holds_scikit_learns_points_and_the_area_of_the_metric(seed: int) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12) if seed % 2 else rng.integers(50, 300))
    scores = rng.uniform(size=n).round(1 + seed % 3)
    positive = rng.permutation(np.arange(n) < rng.integers(1, n))
    across, up = roc(scores, positive)
    area = metrics.auc(scores[:, np.newaxis], positive[:, np.newaxis].astype(float))
    assert np.trapezoid(up, across) == pytest.approx(area, rel=1e-12)
    their_across, their_up, _ = theirs.roc_curve(positive, scores)
    points = set(zip(across, up, strict=True))
    # Theirs keeps the first threshold also where it lies on a straight line from (0, 0).
    extra = set(zip(their_across, their_up, strict=True)) ^ points
    assert all(point == (their_across[1], their_up[1]) for point in extra)


def test_reliability_is_the_one_worked_by_hand() -> None:
    bins = reliability(
        np.array([0.0, 0.1, 0.15, 0.95, 1.0]), np.array([False, True, False, True, True])
    )  # 0.1 is a border
    assert bins.counts.tolist() == [2, 1, *[0] * 7, 2]
    assert bins.predicted[[0, 1, 9]].tolist() == [0.05, 0.15, 0.975]
    assert bins.observed[[0, 1, 9]].tolist() == [0.5, 0.0, 1.0]
    assert np.isnan(bins.predicted[2:9]).all()
    assert bins.error == pytest.approx((2 * 0.45 + 0.15 + 2 * 0.025) / 5)


@pytest.mark.parametrize("seed", range(10))
def test_reliability_is_scikit_learns_calibration_curve(seed: int) -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(seed)
    probabilities = rng.uniform(size=40 + 300 * (seed % 2)).round(1 + seed % 4)
    happened = rng.uniform(size=len(probabilities)) < probabilities
    share, reported = calibration.calibration_curve(happened, probabilities, n_bins=BINS)
    bins = reliability(probabilities, happened)
    np.testing.assert_allclose(bins.predicted[bins.counts > 0], reported, rtol=1e-15)
    np.testing.assert_allclose(bins.observed[bins.counts > 0], share, rtol=1e-15)


def test_label_counts_are_the_ones_worked_by_hand() -> None:
    A = np.array([[0.9, 0.5, 0.1], [0.2, 0.8, 0.2], [0.4, 0.3, 0.3]])
    Y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    found = LabelCounts.of(A, Y, multilabel(3))
    assert found.labels == ("label 0", "label 1", "label 2")
    assert {name: count.tolist() for name, count in found.counts.items()} == {
        "true_positives": [1, 1, 0],
        "false_positives": [0, 1, 0],
        "false_negatives": [1, 1, 0],
        "true_negatives": [1, 0, 3],
    }
    assert found.support.tolist() == [2, 2, 0]
    assert found.shares["f1"].tolist() == [2 / 3, 2 / 4, 0.0]
    assert found.averages["macro"]["recall"] == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert found.averages["micro"] == pytest.approx({"precision": 2 / 3, "recall": 2 / 4, "f1": 4 / 7})


@pytest.mark.parametrize("seed", range(30))
def test_label_counts_are_scikit_learns(seed: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 60)), int(rng.integers(2, 6))
    A, Y = rng.uniform(size=(n, k)).round(1), (rng.uniform(size=(n, k)) < 0.3).astype(int)
    if seed % 3 == 0:
        Y[:, 0], A[:, 0] = 0, 0.1 * (seed % 2)  # a label of no row, and never reported
    if seed % 10 == 0:
        Y[:] = 0
    reported = (A >= 0.5).astype(int)
    found = LabelCounts.of(A, Y.astype(float), multilabel(k))
    names = ["true_negatives", "false_positives", "false_negatives", "true_positives"]
    matrices = np.column_stack([found.counts[name] for name in names]).reshape(k, 2, 2)
    assert np.array_equal(matrices, sklearn.multilabel_confusion_matrix(Y, reported))
    scores = sklearn.precision_recall_fscore_support
    expected = scores(Y, reported, average=None, zero_division=0)
    for name, values in zip(("precision", "recall", "f1"), expected, strict=False):
        np.testing.assert_allclose(found.shares[name], values, rtol=1e-14)
    assert found.support.tolist() == expected[3].tolist()
    for average, values in found.averages.items():
        theirs = scores(Y, reported, average=average, zero_division=0)[:3]
        np.testing.assert_allclose(list(values.values()), theirs, rtol=1e-14, atol=1e-15)
