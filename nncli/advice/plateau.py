"""Causes of a training that learned nothing, and changes that help, each tried before it is recommended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nncli.advice import symptoms, trials
from nncli.advice.trials import Advice, Trial, Trials, Variant
from nncli.messages.wording import rounded
from nncli.nn.arrays import Array
from nncli.nn.gradients import backprop
from nncli.nn.network import Layer
from nncli.training import measure
from nncli.training.experiment import Experiment

FEWEST_EPOCHS = 10  # of fewer nothing is said
STILL = 0.01  # a loss that changes by less, as a share of it, does not move
CREEPING = 0.02  # one that changes by less in a quarter of so many updates creeps
MANY_UPDATES = 1000
BETTER = 0.9  # of the baseline: a change that ends above it is not told
SHARE = 0.06  # of the work for each trial
MOST_CHANGES = 3
RATES = (0.1, 0.01, 0.001, 10.0, 100.0, 1e3, 1e4, 1e5)  # times the learning rate
MORE_EPOCHS = 10
NEAR, FAR = 0.01, 30.0  # weights that moved less, or more, times their size


class Symptom(NamedTuple):
    """Something wrong, with its number, and the changes that would treat it."""

    words: str
    remedies: tuple[Variant, ...] = ()


def examine(experiment: Experiment, parameters: Array, epochs: Array, losses: Array) -> Advice | None:
    """Advise on a completed training that learned nothing; None if it learned, or may yet.

    It learned nothing if both hold, after at least 10 epochs:

    - The mean loss of the last quarter of the epochs is not below 99 % of the loss of the best
      constant prediction (each target's mean or median, for cross entropies the share of each class).
      Where the targets never vary, being off by a hundredth of the largest counts as learned.
    - It is less than 1 % below that of the quarter before: nothing is on its way.

    It also learned nothing if one of these holds, and a change that was tried ends 10 % lower:

    - The loss of no row of the history differs from the first by 1 %. Else the start may be the best.
    - After at least 1,000 updates the mean loss of the last quarter is not below 99 % of that of the best
      constant prediction, and less than 2 % below that of the quarter before: it creeps.

    Parameters
    ----------
    parameters : of the network as trained, (P,).
    epochs, losses : the rows of the history, (h,) each, from epoch 0 on.
    """
    if len(losses) < 2 or epochs[-1] < FEWEST_EPOCHS or not np.isfinite(losses).all():
        return None
    third, fourth = _quarters(epochs, losses)
    limit = trials.learned_limit(experiment)
    stalled = fourth >= limit and third - fourth < STILL * third
    unmoved = bool((np.abs(losses - losses[0]) < STILL * abs(losses[0])).all()) and losses[-1] > 0
    many = epochs[-1] * experiment.updates_per_epoch >= MANY_UPDATES
    creeping = many and fourth >= limit and third - fourth < CREEPING * third
    if not (stalled or unmoved or creeping):
        return None
    found = list(_symptoms(experiment, parameters))
    baseline = trials.baseline(experiment)
    least = BETTER * min(fourth, max(baseline, limit)) / (baseline or 1.0)
    helpful = _helpful(experiment, found, _rates(experiment, parameters), least)
    if not helpful and not stalled:
        return None
    return Advice(
        since=_since(
            epochs, losses, baseline if stalled or creeping else None, measure.loss(experiment, parameters)
        ),
        why=_why(experiment, parameters, found),
        trials=tuple(helpful),
        otherwise="check that the inputs determine the targets, or try a larger network "
        "(nncli tried several changes, and none helped)",
    )


def _quarters(epochs: Array, losses: Array) -> tuple[float, float]:
    """The mean loss of the third and of the last quarter of the epochs."""
    share = epochs / epochs[-1]
    third, fourth = (share > 0.5) & (share <= 0.75), share > 0.75
    return float(losses[third].mean() if third.any() else losses[0]), float(losses[fourth].mean())


def _since(epochs: Array, losses: Array, baseline: float | None, end: float) -> str:
    """Describe the plateau, with the baseline if training ended no better.

    `end` is the loss after training. If it reads differently from the last logged loss, which each batch
    measured before its update, the description says which of the two it shows.
    """
    moved = np.abs(losses - losses[-1]) >= STILL * abs(losses[-1])
    since = float(epochs[np.flatnonzero(moved)[-1]]) if moved.any() else 0.0
    still, last = f"changed by less than 1% in the last {epochs[-1] - since:,.0f} epochs", f"{losses[-1]:.4g}"
    if baseline is None:
        return f"the loss is still {last} and has {still}"
    logged = "" if f"{end:.4g}" == last else ", measured during the last epoch"
    better = "hardly better than" if float(last) < float(f"{baseline:.4g}") else "no better than"
    return (
        f"the network learned nothing: its loss ({last}{logged}) is {better} that of a constant "
        f"prediction ({baseline:.4g})" + (f"; the loss has {still}" if epochs[-1] - since > 1 else "")
    )


def _why(experiment: Experiment, parameters: Array, found: list[Symptom]) -> str:
    if found:
        return "; ".join(symptom.words for symptom in found[:2])
    X, Y = (rows[: symptoms.MOST_ROWS] for rows in (experiment.rows.training.X, experiment.rows.training.Y))
    with np.errstate(all="ignore"):
        gradient = backprop()(experiment.network, parameters, X, Y, experiment.recipe.loss)[1]
        length = float(np.sqrt(gradient @ gradient))
    return f"the loss is flat here (gradient norm {length:.2g}), although no unit is dead or saturated"


def _symptoms(experiment: Experiment, parameters: Array) -> Iterator[Symptom]:
    """Yield what is wrong, the most telling first; small steps and linear models only if nothing else is."""
    found = [
        *_out_of_reach(experiment),
        *_equal_units(experiment, parameters),
        *_unresponsive(experiment, parameters),
        *_large_weights(experiment),
        *_large_inputs(experiment),
    ]
    rate, moved = experiment.recipe.optimizer.learning_rate, _moved(experiment, parameters)
    if moved > FAR:
        found.append(
            Symptom(
                f"learning_rate {rate:g} is large: training moved the weights by {rounded(moved)} times "
                "their initial size"
            )
        )
    if not found and moved < NEAR:
        steps = f"{experiment.epochs:,} epochs of learning_rate {rate:g}"
        found.append(Symptom(f"{steps} changed the weights by only {100 * moved:.2g}%"))
    yield from found or _straight(experiment)


def _moved(experiment: Experiment, parameters: Array) -> float:
    """Return how far training moved the parameters, in units of their initial size."""
    size = float(np.linalg.norm(experiment.initial))
    return float(np.linalg.norm(parameters - experiment.initial)) / (size or 1.0)


def _out_of_reach(experiment: Experiment) -> Iterator[Symptom]:
    """Targets that the output activation cannot give."""
    if words := symptoms.out_of_reach(experiment):
        last = len(experiment.network.layers) - 1
        remedy = trials.variant(experiment, ("network", "layers", last, "activation"), "identity")
        yield Symptom(words, (remedy,))


def _equal_units(experiment: Experiment, parameters: Array) -> Iterator[Symptom]:
    """A hidden layer whose units started alike and could never part."""
    starts = experiment.network.blocks(experiment.initial)
    ends = experiment.network.blocks(parameters)
    for layer, (start, end) in enumerate(zip(starts[:-1], ends[:-1], strict=True)):
        scale = float(np.abs(end).max())
        if len(start) > 1 and not np.ptp(start, axis=0).any() and (np.ptp(end, axis=0) <= 1e-9 * scale).all():
            at = f"at {start[0, 0]:g}" if not np.ptp(start[:, :-1]) else "alike"
            yield Symptom(
                f"all weights of layers.{layer} start {at}, so its {len(start)} units stay identical",
                (trials.drawn_weights(experiment, layer),),
            )
            return


def _unresponsive(experiment: Experiment, parameters: Array) -> Iterator[Symptom]:
    """Layers whose derivative is near 0 at nearly all units and rows; the first is reported."""
    linked = experiment.recipe.loss.link is not None
    layers = experiment.network.layers[: -1 if linked else None]
    for index, (layer, activity) in enumerate(
        zip(layers, symptoms.activities(experiment, parameters), strict=False)
    ):
        slopes, name = symptoms.slopes(layer, activity), layer.activation.name
        dead = ((slopes == 0.0) & (activity.A == 0.0)).all(axis=0).sum()
        flat = float((slopes < symptoms.FLAT).mean())
        if dead == layer.units:
            words = _dead(layer, index)
        elif flat >= 0.9:
            flat_share = f"{name}'(z) is below {symptoms.FLAT:g} in {flat:.0%} of cases"
            words = f"layers.{index} is saturated: over all units and rows, {flat_share}"
        else:
            continue
        yield Symptom(words, tuple(_revivals(experiment, index)))
        return


def _dead(layer: Layer, index: int) -> str:
    name = layer.activation.name
    if layer.units == 1:
        return f"the {name} unit of layers.{index} is dead: its output is 0 for every row"
    return f"all {layer.units} {name} units of layers.{index} are dead: their output is 0 for every row"


def _revivals(experiment: Experiment, index: int) -> Iterator[Variant]:
    """Changes that let a layer respond again."""
    view = experiment.network.views(experiment.initial)[index]
    activity = symptoms.activities(experiment, experiment.initial)[index]
    if view.b is not None and np.abs(view.b).mean() > np.abs(activity.Z - view.b).mean():
        yield trials.zero_biases(experiment, index)
    if index < len(experiment.network.layers) - 1:
        yield trials.variant(experiment, ("network", "layers", index, "activation"), "leaky_relu")


def _large_weights(experiment: Experiment) -> Iterator[Symptom]:
    layer, excess = symptoms.excess_of_weights(experiment)
    if excess > symptoms.LARGE_WEIGHTS:
        words = symptoms.large_weights(experiment)
        yield Symptom(words, (trials.drawn_weights(experiment, layer),))


def _large_inputs(experiment: Experiment) -> Iterator[Symptom]:
    column = symptoms.largest_input(experiment)
    if abs(column.reaches) <= symptoms.LARGE_INPUT:
        return
    scaled = trials.scaled_inputs(experiment)
    remedies = [scaled] if scaled else []
    if experiment.config.network.layers[0].weights is None:
        std = float(f"{1.0 / abs(column.reaches):.1g}")
        loc = ("network", "layers", 0, "weight_init")
        remedies.insert(0, trials.variant(experiment, loc, {"name": "normal", "std": std}))
    yield Symptom(f"input {column.words}: it is not scaled", tuple(remedies))


def _straight(experiment: Experiment) -> Iterator[Symptom]:
    """A network without a hidden layer that bends."""
    layers = experiment.config.network.layers
    Z = np.linspace(-2.0, 2.0, 9)
    for layer in experiment.network.layers[:-1]:
        slope = layer.activation.derivative
        if slope is None or np.ptp(slope(Z, layer.activation.function(Z))):
            return
    if layers[0].weights is not None:
        return
    bent = {"units": 8, "activation": "tanh"}
    changed = trials.variant(experiment, ("network", "layers"), [bent, *layers])
    place = f" in {changed.place}" if changed.place else ""
    words = f"add {trials.written(bent)} as the first layer{place}"
    yield Symptom(
        "without a nonlinear hidden layer the network is a linear model",
        (replace(changed, words=words),),
    )


def _helpful(experiment: Experiment, found: list[Symptom], rates: list[float], least: float) -> list[Trial]:
    """The changes that end below `least` times the baseline; those of the config before those of the data.

    Tried are treatments and learning rates; where no line of the config helps, both together; where
    nothing does, more epochs and another seed.
    """
    budget = Trials()

    def tried(variants: Iterable[Variant]) -> list[Trial]:
        runs = (budget.run(variant, epochs=variant.experiment.epochs, share=SHARE) for variant in variants)
        return [trial for trial in runs if trial and trial.relative < least]

    def best_of(variants: Iterable[Variant]) -> list[Trial]:
        trial = trials.best(tried(variants))
        return [trial] if trial else []

    remedies = [remedy for symptom in found for remedy in symptom.remedies]
    helpful = tried(remedies) + best_of(trials.learning_rate(experiment, rate) for rate in rates)
    lines = [trial for trial in helpful if trial.variant.key]
    others = [trial for trial in helpful if not trial.variant.key]
    for remedy in [remedy for remedy in remedies if remedy.key][:MOST_CHANGES]:
        if not lines:
            lines = best_of(trials.learning_rate_too(remedy, rate) for rate in rates)
    if not lines and not others:
        longer = trials.variant(experiment, ("training", "epochs"), MORE_EPOCHS * experiment.epochs)
        seed = trials.variant(experiment, ("seed", "training"), experiment.config.seed.training + 1)
        lines = tried([longer, seed])
    return (lines + others)[:MOST_CHANGES]


def _rates(experiment: Experiment, parameters: Array) -> list[float]:
    """Learning rates to try; where the weights hardly moved also such as move them by about their size."""
    rate, moved = experiment.recipe.optimizer.learning_rate, _moved(experiment, parameters)
    rates = [float(f"{factor * rate:.3g}") for factor in RATES]
    if 0.0 < moved < NEAR:
        rates += [float(f"{factor * rate / moved:.1g}") for factor in (1.0, 10.0, 100.0)]
    return [each for each in rates if 0.0 < each < float("inf")]
