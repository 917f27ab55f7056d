"""Training rows that weight decay keeps from being fitted, and the change that was seen to help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nncli.advice import trials
from nncli.advice.trials import Advice, Trials, Variant
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.training import measure
from nncli.training.experiment import Experiment

FITTED = 0.2  # of the loss of a constant prediction; below it the training rows count as fitted
BETTER = 0.25  # times the loss after training: a change that ends above it is not recommended
FEWEST_EPOCHS, FEWEST_ROWS = 10, 20
MORE_EPOCHS = 10
SHARE = 0.3  # of the work of an advice
HELD_OUT = 0.2  # of the training rows, on which the change must hold too


def examine(experiment: Experiment, parameters: Array) -> Advice | None:
    """Advise to train without weight decay if that fits rows far better; None if it does not, or is unknown.

    The change is tried on four fifths of the training rows. Its loss on the others must be below a quarter
    of the loss that the finished training has on its own rows, so that noise learned by heart does not count.

    Parameters
    ----------
    parameters : of the network as trained, (P,).
    """
    decay = getattr(experiment.config.optimizer, "weight_decay", 0.0)
    few = experiment.epochs < FEWEST_EPOCHS or len(experiment.rows.training) < FEWEST_ROWS
    if not decay or few:
        return None
    end, baseline = measure.loss(experiment, parameters), trials.baseline(experiment)
    if not FITTED * baseline < end < np.inf:
        return None
    budget = Trials()
    affordable = budget.affordable(experiment, SHARE) // experiment.updates_per_epoch
    epochs = min(MORE_EPOCHS * experiment.epochs, affordable)
    if epochs < experiment.epochs:
        return None
    change = _without_decay(experiment, epochs)
    trial = budget.run(change, epochs=epochs, share=SHARE)
    if trial is None or trial.after >= BETTER * end or _beyond(change, budget, epochs) >= BETTER * end:
        return None
    return Advice(
        since=f"the training rows are not fitted: the loss is {end:.4g}, and that of a constant prediction "
        f"{baseline:.4g}",
        why=f"weight_decay {decay:g} keeps the weights small; without it, the network predicts the training "
        "rows far better, and held-out rows too",
        trials=(trial,),
        otherwise="",
    )


def _without_decay(experiment: Experiment, epochs: int) -> Variant:
    """Return the experiment without weight decay, for so many epochs, over which its schedule extends."""
    change = trials.variant(experiment, ("optimizer", "weight_decay"), 0.0)
    longer = trials.variant(change.experiment, ("training", "epochs"), epochs)
    words = [change.words, longer.words]
    if hasattr(getattr(experiment.config.optimizer, "schedule", None), "over"):
        longer = trials.variant(longer.experiment, ("optimizer", "schedule", "over"), epochs)
        words.append(longer.words)
    return replace(change, words=" and ".join(words), experiment=longer.experiment)


def _beyond(change: Variant, budget: Trials, epochs: int) -> float:
    """Return the loss on held-out training rows after training a variant on the others."""
    experiment, rows = change.experiment, change.experiment.rows
    order = random_stream(0, "underfit").permutation(len(rows.training))
    size = int(HELD_OUT * len(order))
    held_out = rows.training.part(np.sort(order[:size]))
    rest = rows._replace(training=rows.training.part(np.sort(order[size:])))
    recipe = replace(experiment.recipe, batch_size=min(experiment.recipe.batch_size, len(rest.training)))
    fewer = replace(experiment, rows=rest, recipe=recipe)
    parameters = budget.trained(fewer, epochs * fewer.updates_per_epoch)
    return np.inf if parameters is None else measure.measure(fewer, parameters, held_out)["loss"]
