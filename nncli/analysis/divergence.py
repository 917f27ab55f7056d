"""Why a training diverged, and a change that mends it, tried before it is recommended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from nncli import training
from nncli.engines.contract import State, start
from nncli.experiment import Experiment
from nncli.nn.losses import LOSSES
from nncli.nn.optimizers import OPTIMIZERS

TRIAL_EPOCHS = 20
TRIAL_UPDATES = 2000


@dataclass(frozen=True)
class Advice:
    """What happened, why, and which changes of the config were seen to help.

    Attributes
    ----------
    changes : `set key: value`, each tried alone, with what it did.
    """

    since: str
    why: str
    changes: tuple[str, ...]


def advise(experiment: Experiment, outcome: training.Diverged) -> Advice:
    """Explain a divergence, having tried the advice for a few epochs from the same start."""
    return Advice(_since(outcome), _why(experiment), tuple(_helpful(experiment)))


def _since(outcome: training.Diverged) -> str:
    losses = ", ".join(f"{loss:.3g}" for loss in outcome.losses[-4:])
    return f"epoch {outcome.epoch}: {outcome.reason}" + (f" (loss {losses})" if losses else "")


def _why(experiment: Experiment) -> str:
    loss, rate = experiment.recipe.loss, experiment.recipe.optimizer.learning_rate
    terms = experiment.recipe.batch_size * (1 if loss.per_row else experiment.network.outputs)
    if not np.isfinite(training.Observer.of(experiment).loss(experiment.initial)):
        return "the loss is not finite at the start already: the initial weights or the data are too large"
    X = experiment.dataset.X
    row, column = np.unravel_index(int(np.abs(X).argmax()), X.shape)
    if loss.reduction == "sum" and terms > 1:
        return (
            f"loss.reduction is sum over {terms:,} terms a batch, so learning_rate {rate:g} "
            f"acts like {rate * terms:g} on the mean"
        )
    if abs(X[row, column]) > 10:
        name = experiment.dataset.columns.inputs[column]
        return f"input column '{name}' reaches {X[row, column]:g}, so its weights move in large steps"
    return f"learning_rate {rate:g} is too large: each step overshoots the minimum by more than the last"


def _helpful(experiment: Experiment) -> Iterator[str]:
    """Changes that keep training finite and lower the loss."""
    loss = experiment.config.loss
    if experiment.recipe.loss.reduction == "sum":
        mean = LOSSES[loss.name](**{**loss.options(), "reduction": "mean"})
        trial = replace(experiment, recipe=replace(experiment.recipe, loss=mean))
        if told := _tried(trial):
            rate = experiment.recipe.optimizer.learning_rate
            yield f"set loss.reduction: mean (keeps learning_rate {rate:g}; {told})"
    options = experiment.config.optimizer.options()
    for power in range(1, 13):
        rate = float(f"{options['learning_rate'] / 10**power:.3g}")
        optimizer = OPTIMIZERS[experiment.config.optimizer.name](**{**options, "learning_rate": rate})
        if told := _tried(replace(experiment, recipe=replace(experiment.recipe, optimizer=optimizer))):
            yield f"set optimizer.learning_rate: {rate:g} ({told})"
            return


def _tried(experiment: Experiment) -> str | None:
    """What a few epochs did to the loss, or None where they did no good."""
    observer = training.Observer.of(experiment)
    before = observer.loss(experiment.initial)
    state = _after(experiment, min(TRIAL_EPOCHS * experiment.updates_per_epoch, TRIAL_UPDATES))
    after = observer.loss(state.parameters)
    if not after < before or not np.isfinite(state.parameters).all():
        return None
    epochs = state.update / experiment.updates_per_epoch
    return f"tried: loss {before:.3g} -> {after:.3g} in {epochs:.3g} epochs"


def _after(experiment: Experiment, updates: int) -> State:
    dataset, recipe = experiment.dataset, experiment.recipe
    plan = experiment.engine.plan(experiment.network, dataset.X, dataset.Y, recipe)
    return plan.run(start(experiment.network, experiment.initial, recipe), updates).state
