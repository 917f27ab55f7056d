"""The threshold of the positive class at which a metric of a binary task is best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.data.columns import Roles
from nncli.data.split import Part
from nncli.engines import threads
from nncli.messages.errors import DataError, NncliError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import listed, shown
from nncli.nn.arrays import Array
from nncli.nn.metrics import METRICS
from nncli.runs import Run, store_threshold

OF_DECISIONS = ("accuracy", "precision", "recall", "f1")  # metrics of predicted classes, not of probabilities


@dataclass(frozen=True)
class BestThreshold:
    """Threshold that was chosen for a metric.

    Attributes
    ----------
    metric : its name.
    threshold : probability from which the positive class is predicted.
    value, value_at_half : the metric at the threshold, and at 0.5.
    part, rows : which of the run's own rows it was chosen on, and how many they are.
    """

    metric: str
    threshold: float
    value: float
    value_at_half: float
    part: Part
    rows: int


def choose_threshold(run: Run, metric: str) -> BestThreshold:
    """Choose the threshold with the best metric on the validation set, else the training set, and store it.

    Raises
    ------
    NncliError
        If the task is not binary, the metric does not depend on the threshold, or the run cannot be written.
    """
    _require_choice(run, metric)
    run.require_own_weights()
    held_out = run.experiment.rows.held_out
    part: Part = "validation" if "validation" in held_out else "train"
    rows = held_out.get(part, run.experiment.rows.training)
    with threads.limited(run.experiment.threads):
        probabilities = run.model.outputs(rows.X)[:, 0]
    threshold, value, at_half = best_threshold_of(probabilities, rows.expected[:, 0] >= 0.5, metric)
    store_threshold(run, threshold, metric=metric, part=part, value=value)
    return BestThreshold(metric, threshold, value, at_half, part, len(rows))


def _require_choice(run: Run, metric: str) -> None:
    """Raise NncliError unless the metric depends on a threshold, and the task has one."""
    task = run.model.columns.task
    if task != "binary":
        hint = "remove --best-threshold, which applies only to two classes"
        raise DataError(f"a {task} task has no threshold to choose", hint=hint)
    if metric not in OF_DECISIONS:
        known = metric in METRICS or metric == "loss"
        raise NncliError(
            f"{metric} does not depend on the threshold" if known else f"no metric named '{shown(metric)}'",
            hint=f"choose from: {listed(OF_DECISIONS)}" if known else suggestion(metric, OF_DECISIONS),
        )


def best_threshold_of(probabilities: Array, positive: Array, metric: str) -> tuple[float, float, float]:
    """Return the threshold with the best metric, the metric there, and the metric at 0.5.

    Of equally good thresholds it is the one nearest to 0.5.

    Parameters
    ----------
    probabilities : of the positive class (n,).
    positive : which rows are of it (n,), bool.
    metric : one of OF_DECISIONS; all of them are best at their largest value.
    """
    candidates = _candidates(probabilities)
    scores = _scores(metric, probabilities, positive, candidates)
    best = np.flatnonzero(scores == scores.max())
    chosen = best[np.abs(candidates[best] - Roles.threshold).argmin()]
    usual = np.searchsorted(candidates, Roles.threshold)
    return float(candidates[chosen]), float(scores[chosen]), float(scores[usual])


def _candidates(probabilities: Array) -> Array:
    """Return a threshold for every way to divide the rows, in ascending order, and 0.5."""
    # In the type of the probabilities, in which they are compared: rounding cannot move a row across.
    ends = np.array([0.0, 1.0], probabilities.dtype)
    found = np.unique(np.concatenate([ends, probabilities[np.isfinite(probabilities)]]))
    lower, upper = found[:-1], found[1:]
    middle = lower + (upper - lower) / 2
    between = np.where(middle > lower, middle, upper)  # neighboring floats have no middle
    usual = np.array([0.0, Roles.threshold], probabilities.dtype)
    return np.unique(np.concatenate([usual, between]))


def _scores(metric: str, probabilities: Array, positive: Array, thresholds: Array) -> Array:
    """Return a metric at ascending thresholds (t,), as `METRICS` defines it."""
    finite = np.isfinite(probabilities)  # a probability that is NaN reaches no threshold
    predicted = _reaching(probabilities[finite], thresholds)
    hits = _reaching(probabilities[finite & positive], thresholds)
    rows, true = len(positive), int(positive.sum())
    part, whole = {
        "accuracy": (rows - true - predicted + 2 * hits, np.asarray(rows)),
        "precision": (hits, predicted),
        "recall": (hits, np.asarray(true)),
        "f1": (2 * hits, predicted + true),
    }[metric]
    return np.asarray(part / np.maximum(whole, 1))


def _reaching(probabilities: Array, thresholds: Array) -> Array:
    """Count the probabilities at or above each threshold."""
    return len(probabilities) - np.searchsorted(np.sort(probabilities), thresholds, side="left")
