"""The updates of a recipe one after the other, straight on `nn`: what every engine must agree with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from nncli.engines.batches import Batches
from nncli.engines.contract import Chunk, Recipe, State
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.dropout import dropped
from nncli.nn.gradients import GRADIENTS
from nncli.nn.losses import LOSSES
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.randomness import random_stream
from nncli.nn.schedules import SCHEDULES

ELEMENTWISE = sorted(set(ACTIVATIONS) - {"softmax"})
OPTIONS = {
    "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}],
    "adam": [{}, {"weight_decay": 0.1}],
    "adamw": [{}],
    "rmsprop": [{}, {"momentum": 0.5}, {"centered": True}],
    "adagrad": [{}, {"learning_rate_decay": 0.1}],
}
RULES = [(name, options) for name, choices in OPTIONS.items() for options in choices]


def updates(
    network: Network, X: Array, Y: Array, recipe: Recipe, state: State, stops: Sequence[int]
) -> Chunk:
    """Do updates until each of the stops."""
    batches = Batches(X, Y, recipe)
    parameters, slots, loss = state.parameters, state.slots, state.partial_loss
    states, norms, losses = list[State](), list[float](), list[float]()
    for update in range(state.update, stops[-1]):
        epoch, batch = divmod(update, batches.per_epoch)
        X_batch, Y_batch = batches.rows(epoch, batch)
        masked = network
        if network.has_dropout:
            masked = dropped(network, random_stream(recipe.seed, f"dropout {update}"), len(X_batch))
        value, gradient = recipe.gradient(masked, parameters, X_batch, Y_batch, recipe.loss)
        divisors = recipe.loss.divisor(Y_batch), recipe.loss.divisor(Y)
        loss += value * (divisors[0] / divisors[1] if recipe.loss.reduction == "mean" else 1.0)
        parameters, slots = recipe.optimizer.step(
            parameters, gradient, slots, update + 1, recipe.learning_rate(epoch)
        )
        if batch == batches.per_epoch - 1:
            losses.append(loss)
            loss = 0.0
        if update + 1 in stops:
            states.append(State(parameters, slots, update + 1, loss))
            norms.append(float(np.linalg.norm(gradient)))
    return Chunk.of(states, norms, losses)


class Training(NamedTuple):
    """A random network with rows and a recipe."""

    network: Network
    X: Array
    Y: Array
    recipe: Recipe
    parameters: Array


@st.composite
def trainings(draw: st.DrawFn, loss: str, gradient: str = "backprop") -> Training:
    """Small networks of every kind, and up to nine rows, with a loss of the given name."""
    chosen = LOSSES[loss](draw(st.sampled_from(["mean", "sum"])))
    output = chosen.link or draw(st.sampled_from([*ELEMENTWISE, "softmax"]))
    network = draw(networks(output, dropout=gradient == "backprop"))
    rows, rng = draw(st.integers(1, 9)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X, Y = rng.normal(size=(rows, network.inputs)), rng.uniform(size=(rows, network.outputs))
    if chosen.targets == (0.0, 1.0) and draw(st.booleans()):
        Y = np.round(Y)
        if network.outputs == 1 and draw(st.booleans()):
            chosen = replace(chosen, class_weights=rng.uniform(0.5, 2.0, 2))
    if loss == "cross_entropy" and draw(st.booleans()):
        Y = np.eye(network.outputs)[rng.integers(network.outputs, size=rows)]
        if network.outputs > 1 and draw(st.booleans()):
            chosen = replace(chosen, class_weights=rng.uniform(0.5, 2.0, network.outputs))
    name, options = draw(st.sampled_from(RULES))
    recipe = Recipe(
        loss=chosen,
        gradient=GRADIENTS[gradient](),
        optimizer=replace(
            OPTIMIZERS[name](learning_rate=0.01, **options), clip_norm=draw(st.sampled_from([None, 0.3]))
        ),
        schedule=SCHEDULES["exponential"](gamma=0.9, warmup=2),
        batch_size=draw(st.integers(1, rows)),
        shuffle=draw(st.booleans()),
        seed=3,
    )
    return Training(network, X, Y, recipe, rng.normal(size=network.parameter_count))


@st.composite
def networks(draw: st.DrawFn, output: str, *, dropout: bool) -> Network:
    """Up to three layers of up to four units, with and without biases, penalties and dropout."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    last = len(sizes) - 2
    layers = [
        Layer(
            inputs,
            units,
            ACTIVATIONS[output if number == last else draw(st.sampled_from(ELEMENTWISE))](),
            bias=draw(st.booleans()),
            l1=draw(st.sampled_from([0.0, 0.01])),
            l2=draw(st.sampled_from([0.0, 0.02])),
            dropout=draw(st.sampled_from([0.0, 0.4])) if dropout and number < last else 0.0,
        )
        for number, (inputs, units) in enumerate(itertools.pairwise(sizes))
    ]
    return Network(tuple(layers))
