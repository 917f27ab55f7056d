"""Causes of divergence, and changes that fix it, each tried before it is recommended."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from nncli.advice import symptoms, trials
from nncli.advice.trials import Advice, Trial, Trials, Variant
from nncli.messages.wording import rounded
from nncli.training import measure
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment

LEAST_EPOCHS = 300  # of a trial, where the work allows: a diverged run is often a short one
PROBE_UPDATES = 30  # after which a runaway shows
PROBE_SHARE = 0.02  # of the work for each of them
SHARE = 0.1  # of the work for each long trial
SMALLEST_EPSILON = float(np.finfo(np.float64).eps)  # a shorter step does not move a weight of 1
EPSILON = 1e-6
OVERSHOOT = "each step overshoots the minimum by more than the last"
RUNGS = 4  # learning rates tried for longer, from the largest that does not run away


class Cause(NamedTuple):
    """A possible cause of the divergence, and the change that would prove it."""

    words: str
    remedy: Variant | None


def advise(experiment: Experiment, outcome: Diverged) -> Advice:
    """Explain a divergence; every change it recommends was tried from the same start."""
    budget = Trials()
    epochs = max(experiment.epochs, LEAST_EPOCHS)
    causes = list(_causes(experiment))
    tried = [
        (cause, budget.run(cause.remedy, epochs=epochs, share=SHARE) if cause.remedy else None)
        for cause in causes
    ]
    proven = next((cause for cause, trial in tried if trial and trial.beats_baseline), causes[0])
    found = [trial for _, trial in tried if trial]
    slower = _largest_rate(experiment, budget, epochs)
    good = [trial for trial in [*found, *([slower] if slower else [])] if trial.beats_baseline]
    good.sort(key=lambda trial: not trial.variant.key)  # lines of the config first, the data after them
    return Advice(
        since=_since(outcome),
        why=proven.words + _limit(experiment),
        trials=tuple(good),
        otherwise=_otherwise(experiment, slower),
    )


def _since(outcome: Diverged) -> str:
    last = [f"{loss:.3g}" for loss in outcome.losses[-4:]]
    words = "last loss" if len(last) == 1 else "last losses"
    return f"epoch {outcome.epoch}: {outcome.reason}" + (f"; {words} {', '.join(last)}" if last else "")


def _causes(experiment: Experiment) -> Iterator[Cause]:
    """Yield possible causes, the likeliest first; at least one."""
    epsilon = experiment.recipe.gradient.options.get("epsilon", 1.0)
    if epsilon < SMALLEST_EPSILON:
        limit = f"{SMALLEST_EPSILON:.1g}, the rounding error of a weight of 1"
        words = f"gradient.epsilon: {epsilon:g} is smaller than {limit}"
        yield Cause(words, trials.variant(experiment, ("gradient", "epsilon"), EPSILON))
        return
    loss, rate = experiment.recipe.loss, experiment.recipe.optimizer.learning_rate
    terms = experiment.recipe.batch_size * (1 if loss.per_row else experiment.network.outputs)
    column, target = symptoms.largest_input(experiment), symptoms.largest_target(experiment)
    layer, excess = symptoms.excess_of_weights(experiment)
    if not np.isfinite(measure.loss(experiment, experiment.initial)):
        yield from _overflows(experiment)
        return
    if loss.reduction == "sum" and terms > 1:
        yield Cause(
            f"loss.reduction: sum adds up {terms:,} terms per batch, so learning_rate {rate:g} "
            f"is equivalent to {rate * terms:g} with reduction: mean",
            trials.variant(experiment, ("loss", "reduction"), "mean"),
        )
    if excess > symptoms.LARGE_WEIGHTS:
        yield Cause(symptoms.large_weights(experiment), trials.drawn_weights(experiment, layer))
    if abs(column.reaches) > symptoms.LARGE_INPUT:
        yield Cause(
            f"input {column.words}: it is not scaled, so its weights move in large steps",
            trials.scaled_inputs(experiment),
        )
    if abs(target.reaches) > symptoms.LARGE_INPUT:
        yield Cause(
            f"target {target.words}: it is not scaled, so errors and gradients are just as large",
            trials.scaled_targets(experiment),
        )
    adaptive = experiment.config.optimizer.name != "sgd"
    steps = "each step moves every weight by up to about that much" if adaptive else OVERSHOOT
    yield Cause(f"learning_rate {rate:g} is too large: {steps}", None)


def _overflows(experiment: Experiment) -> Iterator[Cause]:
    """Yield the largest number of the start, which makes its loss overflow."""
    column, target = symptoms.largest_input(experiment), symptoms.largest_target(experiment)
    layer, weight = symptoms.largest_weight(experiment)
    start = "the loss is not finite before the first update"
    causes = {
        abs(target.reaches): Cause(f"{start}: target {target.words}", trials.scaled_targets(experiment)),
        abs(column.reaches): Cause(f"{start}: input {column.words}", trials.scaled_inputs(experiment)),
        weight: Cause(
            f"{start}: the weights of layers.{layer} reach {weight:.3g}",
            trials.drawn_weights(experiment, layer),
        ),
    }
    yield causes[max(causes)]


def _limit(experiment: Experiment) -> str:
    """Return the stability limit of the learning rate, if steps are plain gradient steps."""
    optimizer, w = experiment.recipe.optimizer, experiment.initial
    if optimizer.init(w).size or 40 * trials.work(experiment) > SHARE * trials.WORK:
        return ""
    curvature = symptoms.curvature(experiment)
    if not np.isfinite(curvature) or optimizer.learning_rate * curvature <= 2.0:
        return ""
    most = f"2 / {rounded(curvature)} = {2.0 / curvature:.2g}"
    return (
        f". At the initial weights, gradient descent is stable only for learning rates below {most}, where "
        f"{rounded(curvature)} is the largest curvature of the loss; the limit changes during training, "
        "so a somewhat larger rate can converge"
    )


def _largest_rate(experiment: Experiment, budget: Trials, epochs: int) -> Trial | None:
    """The best of the largest learning rates that do not run away, each 3 or 1 times a power of ten."""
    rungs = _ladder(experiment.recipe.optimizer.learning_rate)
    sound = partial(_sound, experiment, budget)
    width = 1
    while width < len(rungs) and not sound(rungs[width - 1]):
        width *= 2
    start = bisect_left(rungs, True, width // 2, min(width, len(rungs)) - 1, key=sound)
    candidates = [trials.learning_rate(experiment, rate) for rate in rungs[start : start + RUNGS]]
    return trials.best(budget.run(candidate, epochs=epochs, share=SHARE) for candidate in candidates)


def _ladder(rate: float) -> list[float]:
    """Falling rates below `rate`, as far as numbers go."""
    exponents = range(int(np.floor(np.log10(rate))), -301, -1)
    return [
        rung for power in exponents for digit in (3, 1) if (rung := float(f"{digit}e{power}")) < 0.7 * rate
    ]


def _sound(experiment: Experiment, budget: Trials, rate: float) -> bool:
    """Tell whether a few updates leave the loss below that of the start or of the best constant."""
    experiment = trials.learning_rate(experiment, rate).experiment
    updates = min(PROBE_UPDATES, budget.affordable(experiment, PROBE_SHARE))
    parameters = budget.trained(experiment, updates)
    if parameters is None:
        return False
    limit = max(measure.loss(experiment, experiment.initial), trials.baseline(experiment))
    return measure.loss(experiment, parameters) <= limit


def _otherwise(experiment: Experiment, slower: Trial | None) -> str:
    """Return what to do if no change was seen to help."""
    column, target = symptoms.largest_input(experiment), symptoms.largest_target(experiment)
    if trials.work(experiment) * trials.FEWEST_UPDATES > trials.WORK:
        return "divide optimizer.learning_rate by 10 (no change was tried, because one update takes too long)"
    if slower:
        rate = trials.written(slower.variant.new)
        return (
            f"set optimizer.learning_rate: {rate}, which does not diverge, but by itself is no better than a "
            "constant prediction; also add a hidden layer, or check the data"
        )
    if abs(column.reaches) > symptoms.LARGE_INPUT >= abs(target.reaches):
        return (
            f"divide input '{column.name}' by {abs(column.reaches):.2g} "
            "(nncli tried several changes, and none helped)"
        )
    return (
        "scale inputs and targets to about -1 to 1, or use smaller initial weights "
        "(nncli tried several changes, and none helped)"
    )
