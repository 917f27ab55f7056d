"""Overfitting: a network that fits its training rows much better than rows that are held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nncli.advice import trials
from nncli.advice.trials import Advice
from nncli.config.schema import EarlyStoppingConfig
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.training.baselines import BASELINE, LINEAR
from nncli.training.early_stopping import EarlyStopping
from nncli.training.experiment import Experiment

FEWEST_EPOCHS = 10
FEWEST_HELD_OUT = 20  # rows, of fewer the loss says too little
RISE = 1.2  # of the validation loss over its lowest value, from which training overfits
NOTICEABLE = 0.02  # of the loss of a constant prediction, which the rise must exceed too
FALL = 0.9  # of the training loss since that epoch
GAP = 2.0  # of the loss on held-out rows over that on training rows
WORSE = 1.1  # than the linear model on held-out rows, while better than it on training rows

LossesByPart = Mapping[str, Mapping[str, float]]


def examine(
    experiment: Experiment,
    history: Mapping[str, Array],
    results: LossesByPart,
    baselines: Mapping[str, LossesByPart],
) -> Advice | None:
    """Advise on a completed training that overfitted; None if it did not, or keeps its best weights.

    With a validation set it overfitted if, after the epoch with the lowest validation loss, that loss rose by
    a fifth, in the last epoch and on average over the last quarter, while the training loss fell by a tenth.
    What early stopping leads to follows from the history, because it changes no update. With a test set alone
    it overfitted if the loss there is twice that on the training rows, and a constant or, by a tenth, a
    linear model is better there.

    Parameters
    ----------
    history : the columns of the history, (h,) each.
    results, baselines : as results.json has them: set -> results, and model -> set -> results.
    """
    early = experiment.early_stopping
    if experiment.epochs < FEWEST_EPOCHS or (early is not None and early.settings.restore_best):
        return None
    if "val_loss" in history:
        enough = len(experiment.rows.held_out["validation"]) >= FEWEST_HELD_OUT
        return _by_validation(experiment, history) if enough else None
    return _by_test(experiment, results, baselines)


def _by_validation(experiment: Experiment, history: Mapping[str, Array]) -> Advice | None:
    measured = np.isfinite(history["val_loss"]) & np.isfinite(history["loss"])
    epochs, losses, training = (history[name][measured] for name in ("epoch", "val_loss", "loss"))
    if not len(epochs):
        return None
    best = int(losses.argmin())
    late = losses[epochs > 0.75 * epochs[-1]]
    least = max(RISE * losses[best], losses[best] + NOTICEABLE * trials.baseline(experiment))
    if min(losses[-1], late.mean()) < least or training[-1] > FALL * training[best]:
        return None
    return Advice(
        since=f"the network overfits: val_loss was lowest in epoch {epochs[best]:,.0f} ({losses[best]:.4g}) "
        f"and ended at {losses[-1]:.4g}, while the training loss fell from {training[best]:.4g} to "
        f"{training[-1]:.4g}",
        why=_why(experiment),
        trials=(),
        otherwise="use fewer units or stronger weight decay",
        known=_early_stopping(experiment, epochs, losses),
    )


def _by_test(
    experiment: Experiment, results: LossesByPart, baselines: Mapping[str, LossesByPart]
) -> Advice | None:
    rows = experiment.rows.held_out.get("test")
    if rows is None or len(rows) < FEWEST_HELD_OUT or experiment.recipe.loss.reduction != "mean":
        return None
    train, test = (results[part]["loss"] for part in ("train", "test"))
    better = {
        words: baselines[name]["test"]["loss"]
        for name, words, margin in ((LINEAR, "a linear model", WORSE), (BASELINE, "a constant", 1.0))
        if name in baselines
        and test >= margin * baselines[name]["test"]["loss"]
        and train < baselines[name]["train"]["loss"]
    }
    if test < GAP * train or not better:
        return None
    words, simple = min(better.items(), key=lambda each: each[1])
    return Advice(
        since=f"the network overfits: its loss is {train:.4g} on the training set and {test:.4g} on the test "
        f"set, where {words} has {simple:.4g}",
        why=_why(experiment),
        trials=(),
        otherwise="stop early: set dataset.split.validation: 0.2 and training.early_stopping: true; or use "
        "fewer units or stronger weight decay",
    )


def _why(experiment: Experiment) -> str:
    rows, parameters = len(experiment.rows.training), experiment.network.parameter_count
    return (
        f"{counted(parameters, 'parameter')} fit the noise of {counted(rows, 'training row')}, which other "
        "rows do not share"
    )


def _early_stopping(experiment: Experiment, epochs: Array, losses: Array) -> tuple[str, ...]:
    """Name early stopping with the validation loss that it leads to, if that is much lower than the last."""
    if len(epochs) <= epochs[-1]:
        return ()  # the history does not hold every evaluation
    settings = EarlyStoppingConfig.model_validate({})
    rule = EarlyStopping("val_loss", higher_is_better=False, settings=settings)
    best = rule.start(experiment.initial)
    for epoch, loss in zip(epochs[1:].tolist(), losses[1:].tolist(), strict=True):  # it never keeps epoch 0
        best = rule.after(best, loss, int(epoch), experiment.initial)
        if rule.is_exhausted(best):
            break
    if best.value > losses[-1] / RISE:
        return ()
    change = trials.variant(experiment, ("training", "early_stopping"), settings)
    place = f" in {change.place}" if change.place else ""
    return (
        f"set training.early_stopping: true{place} (it saves the weights of epoch {best.epoch:,}, "
        f"val_loss {best.value:.4g})",
    )
