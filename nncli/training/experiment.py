"""Experiments: a checked config with its data, network, initial parameters and recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nncli import engines
from nncli.config import Config
from nncli.config.document import Mistake
from nncli.data.columns import Dataset
from nncli.data.split import Part
from nncli.engines import threads
from nncli.engines.contract import Engine, Plan, Recipe, updates_per_epoch
from nncli.messages.suggestions import nearest, suggestion
from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.nn.metrics import LABEL_METRICS, METRICS, Metric
from nncli.nn.network import Network
from nncli.training import checks
from nncli.training.early_stopping import EarlyStopping
from nncli.training.recipe import initial_parameters, metric_names, network_of, recipe_of
from nncli.training.rows import Rows, prepared, read_rows
from nncli.training.spelling import spelled_out


@dataclass(frozen=True)
class Experiment:
    """A config with its data read and its network drawn, ready to train.

    Attributes
    ----------
    initial : the parameters (P,) training starts from.
    early_stopping : ends training before its last epoch, if the config asks for it.
    engine_name : the engine that executes the updates, with `auto` resolved.
    threads : threads of the matrix products, with `auto` resolved.
    """

    config: Config
    rows: Rows
    network: Network
    initial: Array
    recipe: Recipe
    metrics: Mapping[str, Metric]
    early_stopping: EarlyStopping | None
    engine_name: str
    threads: int

    @property
    def engine(self) -> Engine:
        """The engine that executes the updates."""
        return engines.ENGINES[self.engine_name]

    def engine_estimates(self) -> dict[str, float | str]:
        """Each engine's estimated seconds for the training, or why it cannot be used."""
        return engines.estimates(self.network, self.recipe, len(self.rows.training), self.epochs)

    @property
    def broken_engine(self) -> str | None:
        """The engine that `auto` would have chosen if it could be imported, and why it cannot."""
        if self.config.training.engine != "auto":
            return None
        return engines.broken(
            self.engine_name, self.network, self.recipe, len(self.rows.training), self.epochs
        )

    def plan(self) -> Plan:
        """Return the engine's plan for the training rows."""
        return self.engine.plan(self.network, self.rows.training.X, self.rows.training.Y, self.recipe)

    @property
    def epochs(self) -> int:
        """Passes over the training rows."""
        return self.config.training.epochs

    @property
    def evaluate_every(self) -> int:
        """Epochs between two measurements of metrics and validation."""
        return self.config.training.evaluate_every or 1

    @property
    def updates_per_epoch(self) -> int:
        """Updates in one pass over the training rows."""
        return updates_per_epoch(len(self.rows.training), self.recipe)

    def shortened(self, *, epochs: int, rows: int) -> Experiment:
        """Return the same experiment with at most this many epochs and rows."""
        training = self.config.training.model_copy(update={"epochs": min(epochs, self.epochs)})
        few = np.arange(min(rows, len(self.rows.training)))
        return replace(
            self,
            config=self.config.model_copy(update={"training": training}),
            rows=self.rows._replace(training=self.rows.training.part(few)),
            recipe=replace(
                self.recipe, batch_size=min(self.recipe.batch_size, rows, len(self.rows.training))
            ),
        )

    def on_engine(self, name: str) -> Experiment:
        """Return the same experiment on the engine that began it, if the config leaves the engine open."""
        known = self.config.training.engine == "auto" and name in engines.ENGINES
        if not known or engines.ENGINES[name].supports(self.network, self.recipe, len(self.rows.training)):
            return self
        return replace(self, engine_name=name)

    def changed(self, config: Config) -> Experiment:
        """Return the experiment of another config on the same rows; it must name the same columns."""
        rows = self.rows
        if (config.dataset, config.training.dtype) != (self.config.dataset, self.config.training.dtype):
            rows = prepared(config, rows.whole.table, rows.whole.columns)
        return _experiment(config, rows)


def build(config: Config) -> Experiment:
    """Build the experiment of a config: read its data and initialize its network.

    Raises
    ------
    ConfigError, DataError
        If the data cannot be read, or config and data do not fit.
    """
    try:
        return on_rows(config, read_rows(config))
    except MemoryError:
        raise config.error(
            Mistake((), "the rows and the network do not fit in memory", "use fewer rows or units")
        ) from None


def on_rows(config: Config, rows: Rows) -> Experiment:
    """Build the experiment of a config on rows that are already read, whatever its `dataset` says.

    Raises
    ------
    ConfigError
        If config and rows do not fit.
    """
    config = spelled_out(config, rows.whole)
    checks.require_fit(config, rows.whole)
    return _experiment(config, rows)


def _experiment(config: Config, rows: Rows) -> Experiment:
    columns = rows.training.columns
    network = network_of(config, len(columns.encoded))
    functions = LABEL_METRICS if columns.task == "multilabel" else METRICS
    metrics = {name: functions[name] for name in metric_names(config, columns)}
    recipe = recipe_of(config, rows.training)
    return Experiment(
        config=config,
        rows=rows,
        network=network,
        initial=initial_parameters(config, network),
        recipe=recipe,
        metrics=metrics,
        early_stopping=_early_stopping(config, metrics, rows.held_out),
        engine_name=_engine_name(config, network, recipe, len(rows.training)),
        threads=threads.automatic(network) if config.training.threads == "auto" else config.training.threads,
    )


def _engine_name(config: Config, network: Network, recipe: Recipe, rows: int) -> str:
    asked = config.training.engine
    try:
        return engines.choose(asked, network, recipe, rows, config.training.epochs)
    except ValueError as reason:
        mistake = Mistake(("training", "engine"), str(reason), "set engine: auto")
        raise config.error(mistake) from None


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
        hint = suggestion(monitor, known, "measured", "metrics")
        if monitor.startswith("val_") and "validation" not in held_out:
            near = nearest(monitor, [f"val_{name}" for name in known])
            meant = f"did you mean {near}? " if near and near != monitor else ""
            hint = f"{meant}hold out validation rows: dataset.split.validation: 0.2"
        loc = ("training", "early_stopping", "monitor")
        raise config.error(Mistake(loc, f"'{shown(monitor)}' is not measured", hint))
    metric = metrics.get(monitor.removeprefix("val_"))
    return EarlyStopping(
        monitor,
        higher_is_better=metric is not None and metric.higher_is_better,
        settings=given,
    )
