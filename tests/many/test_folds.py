"""Folds: every row left out once, sizes and classes as even as in scikit-learn, the test set never used."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.many.folds import k_folds, row_combinations
from nncli.messages.errors import NncliError
from nncli.training.experiment import Experiment

CLASSES = ["a"] * 13 + ["b"] * 7 + ["c"] * 4


def experiment(split: dict[str, Any] | None = None, **changes: Any) -> Experiment:
    rows = [[float(k), label] for k, label in enumerate(CLASSES)]
    dataset = {"columns": ["x", "y"], "rows": rows, "targets": ["y"], "split": split or {}}
    return nncli.check({"dataset": dataset, "network": {"hidden": [2]}, **changes})


def class_counts(rows: np.ndarray) -> list[int]:
    return [[CLASSES[row] for row in rows.tolist()].count(label) for label in "abc"]


@pytest.mark.parametrize("count", [2, 3, 5, 7, 24])
def test_each_row_is_left_out_once_and_sizes_differ_by_at_most_one(count: int) -> None:
    folds = k_folds(experiment(), count)
    assert len(folds) == count
    assert sorted(np.concatenate(folds).tolist()) == list(range(24))
    assert np.ptp([len(fold) for fold in folds]) <= 1


@pytest.mark.parametrize("count", [2, 3, 4])
def test_classes_are_as_even_as_in_scikit_learn(count: int) -> None:
    sklearn = pytest.importorskip("sklearn.model_selection")
    oracle = sklearn.StratifiedKFold(count, shuffle=True, random_state=0).split(CLASSES, CLASSES)
    spreads = np.ptp([class_counts(fold) for fold in k_folds(experiment(), count)], axis=0)
    assert (spreads <= np.ptp([class_counts(fold) for _, fold in oracle], axis=0)).all()
    assert (spreads <= 1).all()


def test_sizes_are_those_of_scikit_learn_where_classes_are_ignored() -> None:
    sklearn = pytest.importorskip("sklearn.model_selection")
    sizes = sorted(len(fold) for fold in k_folds(experiment({"stratify": False}), 5))
    assert sizes == sorted(len(fold) for _, fold in sklearn.KFold(5).split(CLASSES))
    several = [k_folds(experiment({"stratify": False}, seed=seed), 2) for seed in range(5)]
    assert max(np.ptp([class_counts(fold) for fold in folds], axis=0).max() for folds in several) > 1


def test_the_data_seed_draws_the_folds_and_the_training_seed_does_not() -> None:
    folds = [k_folds(experiment(seed=seed), 3) for seed in (0, 1, {"data": 1, "training": 5})]
    assert not all(np.array_equal(*pair) for pair in zip(folds[0], folds[1], strict=True))
    assert all(np.array_equal(*pair) for pair in zip(folds[1], folds[2], strict=True))


def test_rows_of_the_test_set_are_in_no_fold_and_validation_rows_are() -> None:
    split = experiment({"validation": 5, "test": 6})
    tested = set(split.rows.held_out["test"].X[:, 0].tolist())
    rows = set(np.concatenate(k_folds(split, 3)).tolist())
    assert rows == set(range(24)) - tested


def test_every_combination_of_rows_is_left_out() -> None:
    found = [tuple(each.tolist()) for each in row_combinations(experiment(), 2)]
    assert found == list(combinations(range(24), 2))
    assert [each.tolist() for each in row_combinations(experiment(), 1)] == [[row] for row in range(24)]


@pytest.mark.parametrize("count", [1, 0, -3, 25])
def test_impossible_numbers_of_folds_are_refused(count: int) -> None:
    with pytest.raises(NncliError, match="fold") as refused:
        k_folds(experiment(), count)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "at least one"), (24, "one must be left"), (5, "takes 42,504 trainings, more than 10,000")],
)
def test_impossible_combinations_are_refused(size: int, words: str) -> None:
    with pytest.raises(NncliError, match=words) as refused:
        row_combinations(experiment(), size)
    assert refused.value.hint
