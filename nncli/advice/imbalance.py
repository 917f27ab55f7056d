"""Rare classes that a network hardly ever predicts, and weights of the classes that were seen to help."""

from __future__ import annotations

import numpy as np

from nncli.advice import trials
from nncli.advice.trials import Advice, Trials
from nncli.data.columns import Dataset
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment

RARE = 0.2  # of the rows: the share below which the rarest class is rare; of k classes 2 / k times that
FOUND = 0.5  # of its rows: the share below which it is hardly found
BETTER = 0.2  # by which a change must raise that share
FEWEST_ROWS, FEWEST_RARE = 50, 10
SHARE = 0.5  # of the work of an advice
SETS = {"train": "training", "validation": "validation", "test": "test"}


def examine(experiment: Experiment, parameters: Array) -> Advice | None:
    """Advise on a completed training whose network hardly finds the rarest class; None if it does.

    A network hardly finds a class if it is right for less than half of its rows: of the test set, else the
    validation set, else the training set, whichever has enough of them. The change that is tried, weights of
    the classes, must raise this share, the recall, by 0.2.

    Parameters
    ----------
    parameters : of the network as trained, (P,).
    """
    columns, training = experiment.rows.training.columns, experiment.rows.training
    if columns.task not in ("binary", "multiclass") or experiment.recipe.loss.class_weights is not None:
        return None
    counts = np.bincount(_classes(training.Y), minlength=len(columns.classes))
    rare, common = int(counts.argmin()), int(counts.argmax())
    share = counts[rare] / counts.sum()
    enough = {
        part: rows for part, rows in experiment.rows.by_part.items() if _count(rows, rare) >= FEWEST_RARE
    }
    if len(training) < FEWEST_ROWS or not enough or share >= RARE * 2 / len(columns.classes):
        return None
    part, rows = list(enough.items())[-1]
    held, recall = _count(rows, rare), _recall(experiment, parameters, rows, rare)
    if recall >= FOUND:
        return None
    name, usual = (shown(columns.classes[index]) for index in (rare, common))
    return Advice(
        since=f"the network hardly finds '{name}': it is right for {recall:.0%} of its {held} rows in the "
        f"{SETS[part]} set (recall {recall:.2g})",
        why=f"'{name}' is {share:.1%} of the training rows, so that always predicting '{usual}' is right for "
        f"{counts[common] / counts.sum():.1%}",
        trials=(),
        otherwise=_threshold(experiment),
        known=_class_weights(experiment, rows, rare, recall),
    )


def _class_weights(experiment: Experiment, rows: Dataset, rare: int, recall: float) -> tuple[str, ...]:
    """Try weights of the classes; return the change with the recall before and after, if it helps."""
    if not experiment.recipe.loss.link:
        return ()
    change = trials.variant(experiment, ("loss", "class_weight"), "balanced")
    budget = Trials()
    updates = experiment.epochs * experiment.updates_per_epoch
    updates = min(updates, budget.affordable(change.experiment, SHARE))
    trained = budget.trained(change.experiment, updates) if updates else None
    after = recall if trained is None else _recall(change.experiment, trained, rows, rare)
    if after < recall + BETTER:
        return ()
    epochs = f"{updates / experiment.updates_per_epoch:,.3g}"
    return (f"{change.words} (tried for {epochs} epochs: recall {recall:.2g} -> {after:.2g})",)


def _threshold(experiment: Experiment) -> str:
    if experiment.rows.training.columns.task == "binary":
        return "choose another threshold: nncli evaluate --best-threshold f1"
    return "read the recall of each class: nncli evaluate"


def _recall(experiment: Experiment, parameters: Array, rows: Dataset, rare: int) -> float:
    """Share of the rows of a class that are predicted to be of it."""
    with np.errstate(all="ignore"):
        predicted = _classes(experiment.network.predict(parameters, rows.X))
    return float((predicted[_classes(rows.Y) == rare] == rare).mean())


def _count(rows: Dataset, of_class: int) -> int:
    return int((_classes(rows.Y) == of_class).sum())


def _classes(values: Array) -> Array:
    """Return the class of each row (n,), of outputs or targets (n, outputs)."""
    return (values[:, 0] >= 0.5).astype(np.intp) if values.shape[1] == 1 else values.argmax(axis=1)
