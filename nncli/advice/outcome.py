"""Diagnosis of a completed training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nncli.advice import few_rows, imbalance, leak, no_relation, overfit, plateau, underfit
from nncli.advice.new_rows import row_losses
from nncli.advice.trials import Advice
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment

LossesByPart = Mapping[str, Mapping[str, float]]


def examine(
    experiment: Experiment,
    parameters: Array,
    history: Mapping[str, Array],
    results: LossesByPart,
    baselines: Mapping[str, LossesByPart],
) -> Advice | None:
    """Advise on a completed training: it learned nothing, too little, from a leak, or by heart.

    The first that applies is named, because the others often follow from it. None if the training is sound.

    Parameters
    ----------
    parameters : of the network as trained, (P,).
    history : the columns of the history, (h,) each.
    results, baselines : as results.json has them: set -> results, and model -> set -> results.
    """
    return next(filter(None, _examinations(experiment, parameters, history, results, baselines)), None)


def _examinations(
    experiment: Experiment,
    parameters: Array,
    history: Mapping[str, Array],
    results: LossesByPart,
    baselines: Mapping[str, LossesByPart],
) -> Iterator[Advice | None]:
    yield plateau.examine(experiment, parameters, history["epoch"], history["loss"])
    yield underfit.examine(experiment, parameters)
    yield leak.examine(experiment)
    if new := row_losses(experiment, parameters):
        yield few_rows.examine(experiment, parameters, new)
        yield no_relation.examine(experiment, parameters, new)
    yield overfit.examine(experiment, history, results, baselines)
    yield imbalance.examine(experiment, parameters)
