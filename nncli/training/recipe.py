"""Networks, initial parameters, losses and recipes as a config describes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nncli.config import Config
from nncli.config.document import Mistake
from nncli.config.schema import LayerConfig
from nncli.data.columns import Dataset, Roles
from nncli.data.preprocessing import as_dtype
from nncli.engines.contract import Recipe
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.gradients import GRADIENTS
from nncli.nn.initializers import BIAS_INITIALIZERS, WEIGHT_INITIALIZERS
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS, Optimizer
from nncli.nn.randomness import random_stream
from nncli.nn.schedules import SCHEDULES


def loss_of(config: Config) -> Loss:
    """Return the loss that a config names."""
    return LOSSES[config.loss.name](**config.loss.options())


def network_of(config: Config, inputs: int) -> Network:
    """Return the network of a config for a number of inputs."""
    layers = []
    for layer in config.network.layers:
        activation = ACTIVATIONS[layer.activation.name](**layer.activation.options())
        layers.append(Layer(inputs, layer.units, activation, layer.bias, layer.l1, layer.l2, layer.dropout))
        inputs = layer.units
    return Network(tuple(layers))


def initial_parameters(config: Config, network: Network) -> Array:
    """Return the parameters (P,) that training starts from, drawn or given.

    Raises
    ------
    ConfigError
        If a weight is beyond the dtype.
    """
    rng = random_stream(config.seed.training, "weights")
    drawn = network.flatten(
        [
            _draw_layer(config, given, layer, rng)
            for given, layer in zip(config.network.layers, network.layers, strict=True)
        ]
    )
    initial = as_dtype(drawn, config.training.dtype)
    if not np.isfinite(initial).all():
        found = f"an initial weight of {np.abs(drawn).max():g} is too large for {config.training.dtype}"
        raise config.error(Mistake(("training", "dtype"), found, "set dtype: float64"))
    return initial


def _draw_layer(
    config: Config, given: LayerConfig, layer: Layer, rng: np.random.Generator
) -> tuple[Array, Array | None]:
    weight_init = given.weight_init or config.network.weight_init
    bias_init = given.bias_init or config.network.bias_init
    # Drawn also where numbers are given, so that giving one layer's leaves the others' as they were.
    W = WEIGHT_INITIALIZERS[weight_init.name](**weight_init.options())(rng, (layer.units, layer.inputs))
    b = BIAS_INITIALIZERS[bias_init.name](**bias_init.options())(rng, (layer.units,))
    if given.weights is not None:
        W = np.array(given.weights)
    if given.biases is not None:
        b = np.array(given.biases)
    return W, b if layer.bias else None


def recipe_of(config: Config, dataset: Dataset) -> Recipe:
    """Return the recipe of a config for its training rows."""
    training, rows = config.training, len(dataset)
    full = training.batch_size == "full"
    return Recipe(
        loss=replace(loss_of(config), class_weights=_class_weights(config, dataset)),
        gradient=GRADIENTS[config.gradient.name](**config.gradient.options()),
        optimizer=_optimizer(config),
        schedule=SCHEDULES[config.optimizer.schedule.name](**config.optimizer.schedule.options()),
        batch_size=rows if full else min(int(training.batch_size), rows),
        shuffle=not full if training.shuffle is None else training.shuffle,
        seed=config.seed.training,
        dtype=config.training.dtype,
    )


def _class_weights(config: Config, dataset: Dataset) -> Array | None:
    """The weight of each class; balanced is scikit-learn's: n / (classes * rows of the class)."""
    given, classes = config.loss.class_weight, dataset.columns.classes
    if given is None:
        return None
    if given != "balanced":
        return np.array([given[name] for name in classes])
    labels = dataset.columns.labels(dataset.table) or ()
    counts = np.array([labels.count(name) for name in classes])
    return np.asarray(len(dataset) / (len(classes) * np.maximum(counts, 1.0)))


def _optimizer(config: Config) -> Optimizer:
    optimizer = OPTIMIZERS[config.optimizer.name](**config.optimizer.options())
    return replace(optimizer, clip_norm=config.optimizer.clip_norm)


def metric_names(config: Config, columns: Roles) -> list[str]:
    """Return the names of the metrics to report besides the loss."""
    if config.metrics is not None:
        return config.metrics
    return ["mse"] if columns.task == "regression" else ["mse", "accuracy"]
