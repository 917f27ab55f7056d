"""Changes of an experiment, each tried for a bounded while before it is recommended.

What a trial may cost is counted in work, never in time, so that a config always gets the same advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import BaseModel

from nncli.config.document import Loc, dotted
from nncli.engines.contract import start
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.nn.losses import Loss
from nncli.training import measure
from nncli.training.experiment import Experiment

WORK = 1.5e9  # of all trials of an advice; about 2 s
FEWEST_UPDATES = 5  # less would say nothing
CHUNKS = 10  # a trial that runs away is given up after a tenth
MARGIN = 0.99  # of the baseline: what is above is no better


@dataclass(frozen=True)
class Advice:
    """An explanation of a failed training, and the changes of the config that were seen to help.

    Attributes
    ----------
    since : when it began and what was seen.
    why : the cause, with the number that proves it.
    trials : the changes that helped, each tried alone from the start, the best first.
    otherwise : what to do where none helped.
    known : changes whose effect is known in another way, in words with that effect.
    """

    since: str
    why: str
    trials: tuple[Trial, ...]
    otherwise: str
    known: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """`set key: new instead of old in FILE:LINE (tried: ...)`, one for each change that helped."""
        return (*self.known, *(trial.words for trial in self.trials))

    @property
    def hint(self) -> str:
        """The changes, or what to do without."""
        return " or ".join(self.changes) or self.otherwise


@dataclass(frozen=True)
class Variant:
    """An experiment with a change.

    Attributes
    ----------
    words : the change as an instruction, with its place.
    key, old, new, place : of the value that changes; the key is empty where the data must change.
    """

    words: str
    experiment: Experiment
    key: str = ""
    old: Any = None
    new: Any = None
    place: str | None = None


@dataclass(frozen=True)
class Trial:
    """The result of training a variant.

    Attributes
    ----------
    before, after : the loss on all training rows at the start and after `epochs`.
    baseline : the loss of the best constant prediction.
    """

    variant: Variant
    before: float
    after: float
    epochs: float
    baseline: float

    @property
    def relative(self) -> float:
        """The loss after it in units of that of baseline, comparable among losses and reductions."""
        return self.after / self.baseline if self.baseline else self.after

    @property
    def beats_baseline(self) -> bool:
        """Tell whether it learned more than a constant."""
        return self.after < learned_limit(self.variant.experiment)

    @property
    def words(self) -> str:
        """The instruction with what was seen."""
        planned = self.variant.experiment.epochs
        longer = f" instead of the config's {planned:,}" if self.epochs > planned else ""
        return (
            f"{self.variant.words} (tried for {_count(self.epochs)} epochs{longer}: "
            f"loss {self.before:.3g} -> {self.after:.3g})"
        )


class Trials:
    """Trains variants until the work is used up."""

    def __init__(self) -> None:
        self.left = WORK

    def run(self, variant: Variant, *, epochs: int, share: float) -> Trial | None:
        """Train a variant for at most `epochs` and a share of the work; None where it brings no lower loss.

        None also where the work does not suffice.
        """
        experiment = variant.experiment
        most = self.affordable(experiment, share)
        updates = min(most, epochs * experiment.updates_per_epoch)
        if updates == 0:
            return None
        before = measure.loss(experiment, experiment.initial)
        parameters = self.trained(experiment, updates)
        after = np.inf if parameters is None else measure.loss(experiment, parameters)
        if not after < (before if np.isfinite(before) else np.inf):
            return None
        done = updates / experiment.updates_per_epoch
        return Trial(variant, before, after, done, baseline(experiment))

    def affordable(self, experiment: Experiment, share: float) -> int:
        """Return how many updates a share of the work pays for: at least the fewest, 0 if no work is left."""
        cost = work(experiment)
        most = max(FEWEST_UPDATES, int(share * WORK / cost))
        return min(most, int(self.left / cost)) if FEWEST_UPDATES * cost <= self.left else 0

    def trained(self, experiment: Experiment, updates: int) -> Array | None:
        """The parameters after so many updates, or None where they or a loss left the finite world."""
        plan = experiment.plan()
        state = start(experiment.network, experiment.initial, experiment.recipe)
        size = -(-updates // CHUNKS)
        while state.update < updates:
            chunk = plan.run(state, [min(state.update + size, updates)])
            self.left -= (chunk.state().update - state.update) * work(experiment)
            state = chunk.state()
            if not (np.isfinite(state.parameters).all() and np.isfinite(chunk.losses).all()):
                return None
        return state.parameters


def work(experiment: Experiment) -> float:
    """Estimate the cost of an update, in about nanoseconds of one core, from sizes alone."""
    network, rows = experiment.network, experiment.recipe.batch_size
    units, size = sum(layer.units for layer in network.layers), network.parameter_count
    overhead, depth = 20_000.0, len(network.layers)
    if experiment.config.gradient.name == "backprop":
        return overhead * depth + 2.0 * size + rows * (0.1 * size + 5.0 * units)
    return overhead * depth**2 + 20.0 * rows * size


def baseline(experiment: Experiment) -> float:
    """The loss of the best constant prediction: each target's mean, median or share of its class."""
    Y, loss = experiment.rows.training.Y, experiment.recipe.loss
    counts = None if loss.class_weights is None else loss.row_weights(Y)[:, 0]
    centres = np.average(Y, axis=0, weights=counts), np.median(Y, axis=0)
    return min(_constant_loss(loss, centre, Y) for centre in centres)


def learned_limit(experiment: Experiment) -> float:
    """Return the loss below which a network has learned more than a constant.

    Where the targets never vary there is no more to learn; being off by a hundredth of them is near enough.
    """
    Y, loss = experiment.rows.training.Y, experiment.recipe.loss
    if np.ptp(Y, axis=0).any():
        return MARGIN * baseline(experiment)
    return _constant_loss(loss, Y[0] + 0.01 * (np.abs(Y).max() or 1.0), Y)


def _constant_loss(loss: Loss, values: Array, Y: Array) -> float:
    """The loss of the same values (k,) for every row; with losses written in Z they are shares."""
    U = np.broadcast_to(values, Y.shape)
    with np.errstate(all="ignore"):
        if loss.link == "softmax":
            U = np.log(np.clip(U, 1e-15, 1.0))
        elif loss.link:
            U = np.clip(U, 1e-15, 1.0 - 1e-15)
            U = np.log(U / (1.0 - U))
        return float(loss.value(U, U, Y))


def variant(experiment: Experiment, loc: Loc, new: Any) -> Variant:
    """The experiment with another value in its config; None leaves the key out."""
    config = experiment.config
    old, place = _value(config, loc), config.place(loc)
    words = f"leave out {dotted(loc)}" if new is None else f"set {dotted(loc)}: {written(new)}"
    if old is not None and new is not None:
        words += f" instead of {written(old)}"
    if place is not None:
        words += f" in {place}"
    if option := _option(place, dotted(loc), new):
        words = f"use {option} instead of {place}"
    return Variant(words, experiment.changed(config.changed(loc, new)), dotted(loc), old, new, place)


def _option(place: str | None, key: str, new: Any) -> str:
    """The option to type for a new value; empty if no option gave exactly the old one."""
    value = written(new)
    if new is None or place is None or not place.startswith("--") or " " in value:
        return ""
    if place.startswith("--set "):
        return f"--set {key}={value}" if place.startswith(f"--set {key}=") else ""
    return f"{place.partition(' ')[0]} {value}"


def scaled_inputs(experiment: Experiment) -> Variant | None:
    """The experiment with each input column scaled; None where they are."""
    return _scaled(experiment, "scale")


def scaled_targets(experiment: Experiment) -> Variant | None:
    """The experiment with each target scaled; None where they are, or are classes."""
    return (
        _scaled(experiment, "scale_targets")
        if experiment.rows.training.columns.task == "regression"
        else None
    )


def _scaled(experiment: Experiment, key: str) -> Variant | None:
    if getattr(experiment.config.dataset.preprocessing, key) != "none":
        return None
    return variant(experiment, ("dataset", "preprocessing", key), "standard")


def drawn_weights(experiment: Experiment, layer: int) -> Variant:
    """The experiment with a layer's weights drawn by glorot_uniform."""
    given = experiment.config.network.layers[layer]
    if given.weights is not None:
        return variant(experiment, ("network", "layers", layer, "weights"), None)
    if given.weight_init is not None:
        return variant(experiment, ("network", "layers", layer, "weight_init"), "glorot_uniform")
    return variant(experiment, ("network", "weight_init"), "glorot_uniform")


def zero_biases(experiment: Experiment, layer: int) -> Variant:
    """The experiment with a layer's biases starting at 0."""
    given = experiment.config.network.layers[layer]
    if given.biases is not None:
        return variant(experiment, ("network", "layers", layer, "biases"), None)
    if given.bias_init is not None:
        return variant(experiment, ("network", "layers", layer, "bias_init"), "zeros")
    return variant(experiment, ("network", "bias_init"), "zeros")


def learning_rate(experiment: Experiment, rate: float) -> Variant:
    """The experiment with another step size."""
    return variant(experiment, ("optimizer", "learning_rate"), rate)


def learning_rate_too(change: Variant, rate: float) -> Variant:
    """A change together with another step size."""
    also = learning_rate(change.experiment, rate)
    return replace(change, words=f"{change.words} and {also.words}", experiment=also.experiment)


def best(trials: Iterable[Trial | None]) -> Trial | None:
    """The trial with the lowest loss."""
    return min((trial for trial in trials if trial), key=lambda trial: trial.relative, default=None)


def written(value: Any) -> str:
    """A value as YAML would have it on a line."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, Mapping):
        if set(value) == {"name"}:
            return str(value["name"])
        return "{" + ", ".join(f"{key}: {written(entry)}" for key, entry in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else shown(str(value))


def _count(epochs: float) -> str:
    return f"{epochs:,.0f}" if epochs >= 10 else f"{epochs:.2g}"


def _value(config: BaseModel, loc: Loc) -> Any:
    value: Any = config
    for step in loc:
        value = value[step] if isinstance(step, int) else getattr(value, step)
    return value
