"""From a checked config to what training works on: data, network, start and recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from nncli import engines
from nncli.config import Config
from nncli.config.mistakes import Mistake, wrong_shape
from nncli.config.schema import LayerConfig
from nncli.data import sources
from nncli.data.columns import Dataset, assign
from nncli.data.table import Table
from nncli.engines.contract import Engine, Recipe, updates_per_epoch
from nncli.errors import DataError
from nncli.nn.activations import ACTIVATIONS, Array
from nncli.nn.gradients import GRADIENTS
from nncli.nn.initializers import BIAS_INITIALIZERS, WEIGHT_INITIALIZERS
from nncli.nn.losses import LOSSES
from nncli.nn.metrics import CLASS_METRICS, METRICS, Metric
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class Experiment:
    """A config with its data read and its network drawn, ready to train.

    Attributes
    ----------
    initial : the parameters (P,) training starts from.
    """

    config: Config
    dataset: Dataset
    network: Network
    initial: Array
    recipe: Recipe
    metrics: Mapping[str, Metric]

    @property
    def engine_name(self) -> str:
        """What executes the updates, `auto` decided."""
        return next(name for name, engine in engines.ENGINES.items() if engine is self.engine)

    @cached_property
    def engine(self) -> Engine:
        """The chosen engine."""
        return engines.choose(self.config.training.engine)

    @property
    def epochs(self) -> int:
        """Passes over the rows."""
        return self.config.training.epochs

    @property
    def updates_per_epoch(self) -> int:
        """Updates in a pass."""
        return updates_per_epoch(len(self.dataset), self.recipe)

    def shortened(self, *, epochs: int, rows: int) -> Experiment:
        """The same network from the same start, with at most so many epochs and rows."""
        training = self.config.training.model_copy(update={"epochs": min(epochs, self.epochs)})
        return replace(
            self,
            config=self.config.model_copy(update={"training": training}),
            dataset=Dataset.read(self.dataset.table.head(rows), self.dataset.columns),
            recipe=replace(self.recipe, batch_size=min(self.recipe.batch_size, rows, len(self.dataset))),
        )


def build(config: Config) -> Experiment:
    """Read the data and draw the network that a config describes.

    Raises
    ------
    ConfigError, DataError
        If the data cannot be read, or config and data do not fit.
    """
    dataset = read_dataset(config)
    _check_fit(config, dataset)
    network = _network(config, dataset)
    return Experiment(
        config=config,
        dataset=dataset,
        network=network,
        initial=_initial(config, network),
        recipe=_recipe(config, len(dataset)),
        metrics=_metrics(config, dataset),
    )


def read_table(config: Config) -> tuple[Table, Mapping[str, object]]:
    """The rows a config names, and the roles a built-in set gives its columns."""
    given = config.dataset
    if given.name is not None:
        entry = sources.BUILTIN[given.name]
        if "file" in entry:
            return sources.builtin_file(entry["file"]), entry
        function = {"samples": sources.SAMPLES, "noise": 0.0, **entry["function"]}
    elif given.path is not None:
        try:
            return sources.csv_file(config.folder / given.path, given.path), {}
        except DataError as error:
            if (config.folder / given.path).is_file():
                raise
            raise config.error(
                Mistake(("dataset", "path"), f"no file '{given.path}'", "paths are relative to the config")
            ) from error
    elif given.rows is not None and given.columns is not None:
        return sources.from_rows(given.columns, given.rows), {}
    else:
        assert given.function is not None
        function = given.function.model_dump()
    table = sources.from_function(**function, seed=config.seed.data)
    return table, {"targets": list(function["targets"]), "formulas": function["targets"]}


def read_dataset(config: Config) -> Dataset:
    """The rows of a config as arrays.

    Raises
    ------
    ConfigError, DataError
        If a named column is missing, or a cell cannot be used.
    """
    table, roles = read_table(config)
    given = config.dataset
    for key, names in (("inputs", given.inputs), ("targets", given.targets), ("id", given.id and [given.id])):
        for position, name in enumerate(names or ()):
            if name not in table.columns:
                _missing_column(config, table, key, position, name)
    columns = assign(
        table,
        inputs=given.inputs,
        targets=given.targets or roles["targets"],  # type: ignore[arg-type]
        id=given.id or roles.get("id"),  # type: ignore[arg-type]
        task=given.task,
        output_activation=config.network.layers[-1].activation.name,
        formulas=roles.get("formulas", {}),  # type: ignore[arg-type]
    )
    return Dataset.read(table, columns)


def _missing_column(config: Config, table: Table, key: str, position: int, name: str) -> None:
    try:
        table.require([name])
    except DataError as error:
        loc = ("dataset", key) if key == "id" else ("dataset", key, position)
        raise config.error(Mistake(loc, error.message, error.hint)) from None


def _check_fit(config: Config, dataset: Dataset) -> None:
    layers, columns = config.network.layers, dataset.columns
    last = ("network", "layers", len(layers) - 1)
    if layers[-1].units != columns.outputs:
        what = f"classes ({', '.join(columns.classes)})" if columns.labelled else f"targets ({', '.join(columns.targets)})"
        raise config.error(
            Mistake(
                (*last, "units"),
                f"{layers[-1].units} units in the last layer, but {columns.outputs} {what}",
                f"set units: {columns.outputs}",
            )
        )
    if layers[0].weights is not None:
        for mistake in wrong_shape(("network", "layers", 0), layers[0].weights, layers[0].units, len(columns.inputs)):
            raise config.error(mistake)
    if config.loss.name == "binary_cross_entropy" and not ((dataset.Y >= 0) & (dataset.Y <= 1)).all():
        raise config.error(
            Mistake(("loss",), "binary_cross_entropy needs targets between 0 and 1", "loss: mse takes any target")
        )


def _network(config: Config, dataset: Dataset) -> Network:
    layers = []
    inputs = len(dataset.columns.inputs)
    for layer in config.network.layers:
        activation = ACTIVATIONS[layer.activation.name](**layer.activation.options())
        layers.append(Layer(inputs, layer.units, activation, layer.bias))
        inputs = layer.units
    return Network(tuple(layers))


def _initial(config: Config, network: Network) -> Array:
    rng = sources.random_stream(config.seed.training, "weights")
    return network.flatten(
        [_draw_layer(config, given, layer, rng) for given, layer in zip(config.network.layers, network.layers, strict=True)]
    )


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


def _recipe(config: Config, rows: int) -> Recipe:
    training = config.training
    full = training.batch_size == "full"
    return Recipe(
        loss=LOSSES[config.loss.name](**config.loss.options()),
        gradient=GRADIENTS[config.gradient.name](**config.gradient.options()),
        optimizer=OPTIMIZERS[config.optimizer.name](**config.optimizer.options()),
        batch_size=rows if full else min(int(training.batch_size), rows),
        shuffle=not full if training.shuffle is None else training.shuffle,
        seed=config.seed.training,
    )


def _metrics(config: Config, dataset: Dataset) -> Mapping[str, Metric]:
    names = config.metrics
    classes = dataset.columns.task != "regression"
    if names is None:
        names = ["mse", "accuracy"] if classes else ["mse"]
    for position, name in enumerate(names):
        if name in CLASS_METRICS and not classes:
            raise config.error(
                Mistake(("metrics", position), f"{name} is for classes; the task is regression", "use mse, mae or r2")
            )
    return {name: METRICS[name] for name in names}




def shown_path(path: Path) -> str:
    """A path as a person would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
