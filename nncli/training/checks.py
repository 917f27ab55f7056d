"""Checks of a config against its data, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nncli.config import Config
from nncli.config.contradictions import wrong_shape
from nncli.config.document import Mistake
from nncli.data.columns import Dataset, Roles
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, listed, shown
from nncli.nn.metrics import CLASS_METRICS
from nncli.training.recipe import loss_of, metric_names, network_of

MOST_PARAMETERS = 100_000_000  # 0.8 GB, and several times that while training


def require_fit(config: Config, data: Dataset) -> None:
    """Raise every mistake that shows once the data of a config are known."""
    found = [*_misfits(config, data.columns), *_wrong_sizes(config, len(data.columns.encoded))]
    if found := found or [*_bad_targets(config, data)]:
        raise config.error(*found)


def _misfits(config: Config, roles: Roles) -> Iterator[Mistake]:
    """Mistakes where the last layer and the metrics do not fit the roles."""
    layers = config.network.layers
    if layers[-1].units != roles.outputs:
        kind = "class" if roles.labelled else "target"
        target = "a binary target" if roles.task == "binary" else counted(roles.outputs, kind)
        names = roles.classes if roles.labelled else roles.targets
        yield Mistake(
            ("network", "layers", len(layers) - 1, "units"),
            f"the last layer has {counted(layers[-1].units, 'unit')} but needs {roles.outputs}"
            f" for {target} ({listed(names)})",
            f"set units: {roles.outputs}",
        )
    for position, name in enumerate(metric_names(config, roles)):
        if name in CLASS_METRICS and roles.task == "regression":
            yield Mistake(
                ("metrics", position),
                f"{name} is a classification metric, but the task is regression",
                "use mse, mae or r2",
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
        yield Mistake(loc, "class_weight needs a classification target", "remove the key")
    elif given != "balanced":
        for name in given:
            if name not in roles.classes:
                hint = suggestion(name, roles.classes, "classes")
                yield Mistake((*loc, name), f"no class named '{shown(name)}'", hint, at_key=True)
        for name in roles.classes:
            if name not in given:
                yield Mistake(loc, f"no weight for class '{shown(name)}'", "give every class a weight")


def _wrong_sizes(config: Config, inputs: int) -> Iterator[Mistake]:
    """Mistakes where the network does not fit its number of inputs."""
    first = config.network.layers[0]
    if first.weights is not None:
        yield from wrong_shape(("network", "layers", 0), first, inputs)
    if (size := network_of(config, inputs).parameter_count) > MOST_PARAMETERS:
        yield Mistake(
            ("network", "layers"),
            f"the network has {size:,} weights and biases; the limit is {MOST_PARAMETERS:,}",
            "use fewer units",
        )


def _bad_targets(config: Config, dataset: Dataset) -> Iterator[Mistake]:
    loss, low, high = loss_of(config), float(dataset.Y.min()), float(dataset.Y.max())
    least, most = loss.targets
    if low < least or high > most:
        words = f"between {least:g} and {most:g}" if np.isfinite(most) else f"of at least {least:g}"
        yield Mistake(
            ("loss",),
            f"{loss.name} needs targets {words}, found {low:g} to {high:g}",
            "set loss: mse, and activation: identity in the last layer",
        )
