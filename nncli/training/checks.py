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
    if layers[-1].units != roles.outputs and _are_amounts(config, roles):
        yield _softmax_of_amounts(roles, len(layers) - 1)
    elif layers[-1].units != roles.outputs:
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


def _are_amounts(config: Config, roles: Roles) -> bool:
    """Return True if the detected classes are numbers with fractions, which nobody uses as labels."""
    if config.dataset.task != "auto" or roles.task != "multiclass":
        return False
    numbers = [_number_or_nan(name) for name in roles.classes]
    return all(map(np.isfinite, numbers)) and not all(number.is_integer() for number in numbers)


def _softmax_of_amounts(roles: Roles, last: int) -> Mistake:
    numbers = [float(name) for name in roles.classes]
    low, high = min(numbers), max(numbers)
    activation = "identity or sigmoid" if low >= 0 and high <= 1 else "identity"
    return Mistake(
        ("network", "layers", last, "activation"),
        f"softmax is for classes, but the target has {len(numbers)} different values"
        f" from {low:g} to {high:g}, so it is a quantity, not a class",
        f"set activation: {activation} in the last layer, and loss: mse",
    )


def _number_or_nan(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


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
            _for_targets_out_of_range(config, dataset),
        )


def _for_targets_out_of_range(config: Config, dataset: Dataset) -> str:
    is_one_number = dataset.columns.task == "regression" and dataset.Y.shape[1] == 1
    two_labels = is_one_number and len(np.unique(dataset.Y)) == 2
    if two_labels and config.network.layers[-1].activation.name == "sigmoid":
        return "the target has two values; to learn them as classes, set dataset.task: binary"
    return "set loss: mse, and activation: identity in the last layer"
