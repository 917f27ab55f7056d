"""Predictions compared with known classes: confusion matrices, precision and recall, curves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.data.columns import Roles
from nncli.nn.arrays import Array
from nncli.nn.metrics import label_counts

BINS = 10


def decided(A: Array, roles: Roles) -> Array:
    """Return the class of outputs or targets (n, outputs) as its position (n,): of ties the first."""
    return (A[:, 0] >= roles.threshold).astype(np.intp) if roles.task == "binary" else A.argmax(axis=1)


@dataclass(frozen=True)
class Confusion:
    """Rows by true and by predicted class, and the shares that follow, defined as in scikit-learn.

    Attributes
    ----------
    classes : their names.
    counts : rows (k, k), true class down, predicted class across.
    """

    classes: tuple[str, ...]
    counts: Array

    @classmethod
    def of(cls, A: Array, Y: Array, roles: Roles) -> Confusion:
        """Compute it for outputs A and targets Y, both (n, outputs)."""
        k = len(roles.classes)
        cells = decided(Y, roles) * k + decided(A, roles)
        return cls(roles.classes, np.bincount(cells, minlength=k * k).reshape(k, k))

    @property
    def hits(self) -> Array:
        """Rows of each class (k,) that are predicted to be of it."""
        return self.counts.diagonal()

    @property
    def predicted(self) -> Array:
        """Rows predicted to be of each class (k,)."""
        return np.asarray(self.counts.sum(axis=0))

    @property
    def support(self) -> Array:
        """Rows that are of each class (k,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def shares(self) -> dict[str, Array]:
        """Precision, recall and F1 of each class (k,): 0 if only predicted or only true, NaN if neither."""
        wholes = {"precision": self.predicted, "recall": self.support}
        parts = {name: self.hits / np.maximum(whole, 1) for name, whole in wholes.items()}
        parts["f1"] = 2 * self.hits / np.maximum(self.predicted + self.support, 1)
        occurring = self.predicted + self.support > 0
        return {name: np.where(occurring, share, np.nan) for name, share in parts.items()}

    @property
    def averages(self) -> dict[str, dict[str, float]]:
        """Over the classes that occur, `macro` with equal weight and `weighted` by their rows."""
        occurring = self.predicted + self.support > 0
        weights = {"macro": occurring.astype(float), "weighted": self.support.astype(float)}
        return {
            average: {
                name: float(share[occurring] @ weight[occurring] / weight.sum())
                for name, share in self.shares.items()
            }
            for average, weight in weights.items()
        }

    @property
    def mistakes(self) -> list[tuple[int, int]]:
        """True and predicted class of each kind of mistake made, the most frequent first."""
        wrong = self.counts * ~np.eye(len(self.classes), dtype=bool)
        true, predicted = np.nonzero(wrong)
        order = np.argsort(-wrong[true, predicted], kind="stable")
        return list(zip(true[order].tolist(), predicted[order].tolist(), strict=True))


@dataclass(frozen=True)
class LabelCounts:
    """Rows by label, as predicted and as true, where a row may have any number of labels.

    Attributes
    ----------
    labels : their names.
    true_positives, false_positives, false_negatives, true_negatives : rows of each label (k,).
    """

    labels: tuple[str, ...]
    true_positives: Array
    false_positives: Array
    false_negatives: Array
    true_negatives: Array

    @classmethod
    def of(cls, A: Array, Y: Array, roles: Roles) -> LabelCounts:
        """Those of outputs A and targets Y, both (n, labels)."""
        hits, predicted, true = label_counts(A, Y)
        return cls(roles.classes, hits, predicted - hits, true - hits, len(Y) - predicted - true + hits)

    @property
    def support(self) -> Array:
        """Rows that have each label (k,)."""
        return np.asarray(self.true_positives + self.false_negatives)

    @property
    def counts(self) -> dict[str, Array]:
        """The four counts of each label by name, (k,) each."""
        return {
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "true_negatives": self.true_negatives,
        }

    @cached_property
    def shares(self) -> dict[str, Array]:
        """Precision, recall and F1 of each label (k,), 0 where they are undefined."""
        return _shares(self.true_positives, self.false_positives, self.false_negatives)

    @property
    def averages(self) -> dict[str, dict[str, float]]:
        """`macro` with equal weight, `weighted` by rows with the label, `micro` of the counts of all labels.

        Weighted averages are 0 where no row has any label, as in scikit-learn.
        """
        weights = self.support / max(int(self.support.sum()), 1)
        sums = (self.true_positives.sum(), self.false_positives.sum(), self.false_negatives.sum())
        return {
            "macro": {name: float(share.mean()) for name, share in self.shares.items()},
            "weighted": {name: float(share @ weights) for name, share in self.shares.items()},
            "micro": {name: float(share) for name, share in _shares(*sums).items()},
        }


def _shares(hits: Array, false_positives: Array, false_negatives: Array) -> dict[str, Array]:
    wrong = false_positives + false_negatives
    return {
        "precision": hits / np.maximum(hits + false_positives, 1),
        "recall": hits / np.maximum(hits + false_negatives, 1),
        "f1": 2 * hits / np.maximum(2 * hits + wrong, 1),
    }


def roc(scores: Array, positive: Array) -> tuple[Array, Array]:
    """For each threshold the share of the other rows, and of the positive ones, that reach it (p,).

    Begins at (0, 0), ends at (1, 1) and leaves out points on the straight line between their
    neighbors, as scikit-learn's `roc_curve` does. Needs a row of either kind.

    Parameters
    ----------
    scores : (n,), finite.
    positive : (n,) of bool.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]), 1.0))
    hits = np.append(0, np.cumsum(positive[order])[last_of_ties])
    alarms = np.append(0, np.cumsum(~positive[order])[last_of_ties])
    bends = (np.diff(hits, 2) != 0) | (np.diff(alarms, 2) != 0)
    corners = np.concatenate([[True], bends, [True]])
    return alarms[corners] / alarms[-1], hits[corners] / hits[-1]


@dataclass(frozen=True)
class RankedRows:
    """Precision and recall of a class at every threshold, the highest first, as (p,) each.

    Attributes
    ----------
    thresholds : the different scores; a row with at least this score is predicted to be of the class.
    precision : share of the rows predicted to be of the class that are.
    recall : share of the rows of the class that are predicted to be.
    share : share of all rows that are of the class, which is the precision of random predictions.
    """

    thresholds: Array
    precision: Array
    recall: Array
    share: float

    @classmethod
    def of(cls, scores: Array, positive: Array) -> RankedRows:
        """Rank rows by finite scores (n,); positive (n,) of bool has at least one row."""
        order = np.argsort(-scores, kind="stable")
        last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]), 1.0))
        hits = np.cumsum(positive[order])[last_of_ties]
        return cls(
            thresholds=scores[order][last_of_ties],
            precision=hits / (last_of_ties + 1),
            recall=hits / hits[-1],
            share=float(positive.mean()),
        )

    @property
    def average_precision(self) -> float:
        """Sum over thresholds of the rise of recall times the precision, as in scikit-learn."""
        return float(np.diff(self.recall, prepend=0.0) @ self.precision)


@dataclass(frozen=True)
class Reliability:
    """Predicted probabilities and observed frequencies, in bins of equal width.

    Attributes
    ----------
    counts : rows in each bin (BINS,).
    predicted, observed : their mean probability and the share of them where it observed; NaN in an empty bin.
    """

    counts: Array
    predicted: Array
    observed: Array

    @property
    def error(self) -> float:
        """Expected calibration error: |predicted - observed|, averaged over the rows.

        References
        ----------
        Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian
        binning, AAAI.
        """
        filled = self.counts > 0
        gaps = np.abs(self.predicted - self.observed)[filled]
        return float(gaps @ self.counts[filled] / self.counts.sum())


def reliability(probabilities: Array, observed: Array) -> Reliability:
    """Bins as of scikit-learn's `calibration_curve`: of a border between two the lower one.

    Parameters
    ----------
    probabilities : (n,), from 0 to 1.
    observed : (n,) of bool.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    bins = np.searchsorted(edges[1:-1], probabilities)
    counts = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        predicted = np.bincount(bins, weights=probabilities, minlength=BINS) / counts
        share = np.bincount(bins, weights=observed, minlength=BINS) / counts
    return Reliability(counts, predicted, share)
