"""From a checked config to what training works on: data, network, start and recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nncli import engines
from nncli.config import Config
from nncli.config.contradictions import wrong_shape
from nncli.config.document import Mistake
from nncli.config.schema import LayerConfig
from nncli.data.columns import Dataset, Roles
from nncli.data.preprocessing import as_dtype
from nncli.data.split import Part
from nncli.engines import threads
from nncli.engines.contract import Engine, Plan, Recipe, updates_per_epoch
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, listed, shown
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.gradients import GRADIENTS
from nncli.nn.initializers import BIAS_INITIALIZERS, WEIGHT_INITIALIZERS
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.metrics import CLASS_METRICS, LABEL_METRICS, METRICS, Metric
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS, Optimizer
from nncli.nn.randomness import random_stream
from nncli.nn.schedules import SCHEDULES
from nncli.training.early_stopping import EarlyStopping
from nncli.training.rows import Rows, prepared, read_rows

MOST_PARAMETERS = 100_000_000  # 0.8 GB, and several times that while training


@dataclass(frozen=True)
class Experiment:
    """A config with its data read and its network drawn, ready to train.

    Attributes
    ----------
    dataset : the training rows.
    held_out : the rows of `validation` and `test`, where there are such parts.
    whole : all rows, in file order.
    left_out : rows of the table that miss a value, where these are dropped.
    initial : the parameters (P,) training starts from.
    early_stopping : what may end training before its last epoch, where the config asks for it.
    engine_name : what executes the updates, `auto` decided.
    threads : of the matrix products, `auto` decided.
    """

    config: Config
    dataset: Dataset
    held_out: Mapping[Part, Dataset]
    whole: Dataset
    left_out: int
    network: Network
    initial: Array
    recipe: Recipe
    metrics: Mapping[str, Metric]
    early_stopping: EarlyStopping | None
    engine_name: str
    threads: int

    @property
    def engine(self) -> Engine:
        """The chosen engine."""
        return engines.ENGINES[self.engine_name]

    def plan(self) -> Plan:
        """The engine, ready to run updates on the training rows."""
        return self.engine.plan(self.network, self.dataset.X, self.dataset.Y, self.recipe)

    @property
    def epochs(self) -> int:
        """Passes over the rows."""
        return self.config.training.epochs

    @property
    def evaluate_every(self) -> int:
        """Epochs between two measurements of metrics and validation."""
        return self.config.training.evaluate_every or 1

    @property
    def updates_per_epoch(self) -> int:
        """Updates in a pass."""
        return updates_per_epoch(len(self.dataset), self.recipe)

    def shortened(self, *, epochs: int, rows: int) -> Experiment:
        """The same network from the same start, with at most so many epochs and rows."""
        training = self.config.training.model_copy(update={"epochs": min(epochs, self.epochs)})
        few = np.arange(min(rows, len(self.dataset)))
        return replace(
            self,
            config=self.config.model_copy(update={"training": training}),
            dataset=self.dataset.part(few),
            recipe=replace(self.recipe, batch_size=min(self.recipe.batch_size, rows, len(self.dataset))),
        )

    def changed(self, config: Config) -> Experiment:
        """The same rows under another config, which names the same columns."""
        rows = Rows(self.dataset, self.held_out, self.whole, self.left_out)
        if (config.dataset, config.training.dtype) != (self.config.dataset, self.config.training.dtype):
            rows = prepared(config, self.whole.table, self.whole.columns)
        return _experiment(config, rows)


def build(config: Config) -> Experiment:
    """Read the data and draw the network that a config describes.

    Raises
    ------
    ConfigError, DataError
        If the data cannot be read, or config and data do not fit.
    """
    try:
        rows = read_rows(config)
        _check(config, rows.whole)
        return _experiment(config, rows)
    except MemoryError:
        raise config.error(
            Mistake((), "rows and network need more memory than there is", "give fewer rows or units")
        ) from None


def _experiment(config: Config, rows: Rows) -> Experiment:
    columns = rows.dataset.columns
    network = _network(config, len(columns.encoded))
    functions = LABEL_METRICS if columns.task == "multilabel" else METRICS
    metrics = {name: functions[name] for name in _metric_names(config, columns)}
    recipe = _recipe(config, rows.dataset)
    return Experiment(
        config=config,
        **rows._asdict(),
        network=network,
        initial=_initial(config, network),
        recipe=recipe,
        metrics=metrics,
        early_stopping=_early_stopping(config, metrics, rows.held_out),
        engine_name=_engine_name(config, network, recipe),
        threads=threads.automatic(network) if config.training.threads == "auto" else config.training.threads,
    )


def _engine_name(config: Config, network: Network, recipe: Recipe) -> str:
    asked = config.training.engine
    try:
        return engines.choose(asked, network, recipe)
    except ValueError as reason:
        mistake = Mistake(("training", "engine"), f"{asked} does not support {reason}", "set engine: auto")
        raise config.error(mistake) from None


def _check(config: Config, data: Dataset) -> None:
    """Raise every mistake that a config has together with its data."""
    found = [*_misfits(config, data.columns), *_wrong_sizes(config, len(data.columns.encoded))]
    if found := found or [*_bad_targets(config, data)]:
        raise config.error(*found)


def _misfits(config: Config, roles: Roles) -> Iterator[Mistake]:
    """Where the last layer and the metrics do not fit the roles."""
    layers = config.network.layers
    if layers[-1].units != roles.outputs:
        kind = "class" if roles.labelled else "target"
        names = roles.classes if roles.labelled else roles.targets
        yield Mistake(
            ("network", "layers", len(layers) - 1, "units"),
            f"{counted(layers[-1].units, 'unit')} in the last layer for"
            f" {counted(roles.outputs, kind)} ({listed(names)})",
            f"set units: {roles.outputs}",
        )
    for position, name in enumerate(_metric_names(config, roles)):
        if name in CLASS_METRICS and roles.task == "regression":
            yield Mistake(
                ("metrics", position), f"{name} is for classes; the task is regression", "use mse, mae or r2"
            )
    yield from _wrong_class_weights(config, roles)
    if config.dataset.preprocessing.scale_targets != "none" and roles.task != "regression":
        yield Mistake(
            ("dataset", "preprocessing", "scale_targets"),
            f"the targets are classes ({listed(roles.classes)}), not values",
            "remove the key",
        )


def _wrong_class_weights(config: Config, roles: Roles) -> Iterator[Mistake]:
    given, loc = config.loss.class_weight, ("loss", "class_weight")
    if given is None:
        return
    if roles.task == "multilabel":
        found = f"class_weight needs one class per row, but a row may have several of {listed(roles.classes)}"
        yield Mistake(loc, found, "remove the key")
    elif not roles.labelled:
        yield Mistake(loc, "the targets are no classes of rows", "remove the key")
    elif given != "balanced":
        for name in given:
            if name not in roles.classes:
                hint = suggestion(name, roles.classes, "classes")
                yield Mistake((*loc, name), f"no class '{shown(name)}'", hint, at_key=True)
        for name in roles.classes:
            if name not in given:
                yield Mistake(loc, f"no weight for class '{shown(name)}'", "give every class a weight")


def _wrong_sizes(config: Config, inputs: int) -> Iterator[Mistake]:
    """Where the network does not fit its number of inputs."""
    first = config.network.layers[0]
    if first.weights is not None:
        yield from wrong_shape(("network", "layers", 0), first, inputs)
    if (size := _network(config, inputs).parameter_count) > MOST_PARAMETERS:
        yield Mistake(
            ("network", "layers"),
            f"{size:,} weights and biases",
            f"at most {MOST_PARAMETERS:,}: use fewer units",
        )


def _bad_targets(config: Config, dataset: Dataset) -> Iterator[Mistake]:
    loss, low, high = _loss(config), float(dataset.Y.min()), float(dataset.Y.max())
    least, most = loss.targets
    if low < least or high > most:
        words = f"between {least:g} and {most:g}" if np.isfinite(most) else f"of at least {least:g}"
        yield Mistake(
            ("loss",),
            f"{loss.name} needs targets {words}, found {low:g} to {high:g}",
            "loss: mse takes any target",
        )


def _loss(config: Config) -> Loss:
    return LOSSES[config.loss.name](**config.loss.options())


def _network(config: Config, inputs: int) -> Network:
    layers = []
    for layer in config.network.layers:
        activation = ACTIVATIONS[layer.activation.name](**layer.activation.options())
        layers.append(Layer(inputs, layer.units, activation, layer.bias, layer.l1, layer.l2, layer.dropout))
        inputs = layer.units
    return Network(tuple(layers))


def _initial(config: Config, network: Network) -> Array:
    rng = random_stream(config.seed.training, "weights")
    drawn = network.flatten(
        [
            _draw_layer(config, given, layer, rng)
            for given, layer in zip(config.network.layers, network.layers, strict=True)
        ]
    )
    initial = as_dtype(drawn, config.training.dtype)
    if not np.isfinite(initial).all():
        found = f"a weight starts at {np.abs(drawn).max():g}, beyond {config.training.dtype}"
        raise config.error(Mistake(("training", "dtype"), found, "dtype: float64, or smaller weights"))
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


def _recipe(config: Config, dataset: Dataset) -> Recipe:
    training, rows = config.training, len(dataset)
    full = training.batch_size == "full"
    return Recipe(
        loss=replace(_loss(config), class_weights=_class_weights(config, dataset)),
        gradient=GRADIENTS[config.gradient.name](**config.gradient.options()),
        optimizer=_optimizer(config),
        schedule=SCHEDULES[config.optimizer.schedule.name](**config.optimizer.schedule.options()),
        batch_size=rows if full else min(int(training.batch_size), rows),
        shuffle=not full if training.shuffle is None else training.shuffle,
        seed=config.seed.training,
    )


def _class_weights(config: Config, dataset: Dataset) -> Array | None:
    """The weight of each class; balanced as in scikit-learn: n / (classes * rows of the class)."""
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


def _early_stopping(
    config: Config, metrics: Mapping[str, Metric], held_out: Mapping[Part, Dataset]
) -> EarlyStopping | None:
    given = config.training.early_stopping
    if given is None:
        return None
    monitor = given.monitor or ("val_loss" if "validation" in held_out else "loss")
    known = ["loss", *metrics]
    known += ["val_" + name for name in known] if "validation" in held_out else []
    if monitor not in known:
        hint = suggestion(monitor, known, "measured")
        if monitor.startswith("val_") and "validation" not in held_out:
            hint = "hold rows out for it: dataset.split.validation: 0.2"
        loc = ("training", "early_stopping", "monitor")
        raise config.error(Mistake(loc, f"'{shown(monitor)}' is not measured", hint))
    metric = metrics.get(monitor.removeprefix("val_"))
    return EarlyStopping(
        monitor,
        higher_is_better=metric is not None and metric.higher_is_better,
        settings=given,
    )


def _metric_names(config: Config, columns: Roles) -> list[str]:
    if config.metrics is not None:
        return config.metrics
    return ["mse"] if columns.task == "regression" else ["mse", "accuracy"]
