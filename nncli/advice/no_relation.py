"""Tables whose inputs say nothing about the target, for example because the labels were shuffled."""

from __future__ import annotations

import numpy as np

from nncli.advice.new_rows import RowLosses
from nncli.advice.trials import Advice
from nncli.nn.arrays import Array
from nncli.training import measure
from nncli.training.experiment import Experiment

FEWEST_EPOCHS = 10
LITTLE = 0.1  # of the loss of a constant, by which a linear model may be better by chance
FITTED = 0.5  # of the loss of a constant: above it, a network hardly fits its training rows
BELONG_TOGETHER = (
    "check that the inputs and targets of each row belong together (if columns were sorted or joined "
    "separately, they no longer match), or add inputs that matter"
)
ERRORS = 2.0  # standard errors, by which it may be


def examine(experiment: Experiment, parameters: Array, new: RowLosses) -> Advice | None:
    """Advise to check the table if the network does not generalize to new rows; None if something was.

    Nothing was learned if, on rows that were not trained on, the network is no better than the best constant,
    and a linear model is better by less than a tenth and by less than two standard errors.

    Parameters
    ----------
    parameters : of the network as trained, (P,).
    """
    if experiment.epochs < FEWEST_EPOCHS or experiment.recipe.loss.class_weights is not None:
        return None
    gain = new.constant - new.linear
    by_chance = min(LITTLE * new.constant.mean(), ERRORS * gain.std() / np.sqrt(len(gain)))
    if new.network.mean() < new.constant.mean() or gain.mean() > by_chance:
        return None
    loss, constant = measure.mean_loss(experiment, parameters), new.constant.mean()
    layer = "" if len(experiment.network.layers) > 1 else "a hidden layer, "
    return Advice(
        since=f"the network does not generalize to new rows: {new.where}, the loss "
        f"of the network is {new.network.mean():.4g}, of a linear model {new.linear.mean():.4g}, and of a "
        f"constant prediction {constant:.4g}",
        why=_why(len(experiment.rows.training), loss, constant),
        trials=(),
        otherwise=BELONG_TOGETHER
        if loss < FITTED * constant
        else f"try {layer}more units or more epochs; if that does not help, {BELONG_TOGETHER}",
    )


def _why(rows: int, loss: float, constant: float) -> str:
    if loss < FITTED * constant:
        return (
            f"the relationship between inputs and targets in the {rows:,} training rows "
            "does not hold in other rows"
        )
    return (
        f"the network does not fit the {rows:,} training rows well either "
        f"(loss {loss:.4g}, without penalties)"
    )
