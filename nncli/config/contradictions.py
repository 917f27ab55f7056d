"""Contradictions between keys of a config that are valid on their own."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from nncli.config.document import Loc, Mistake
from nncli.config.schema import AUTO, DatasetConfig, Function, LayerConfig, NetworkConfig, Values
from nncli.data.sources import BUILTIN
from nncli.expressions import ExpressionError, parse
from nncli.messages.wording import counted, listed, shown
from nncli.nn.losses import LOSSES

LARGEST_TABLE = 1_000_000_000  # bytes of generated data


def contradictions(values: Values) -> Iterator[Mistake]:
    """Find every mistake that involves more than one key."""
    yield from _in_dataset(values.dataset)
    yield from _in_network(values)
    if values.network.layers:
        yield from in_loss(values)
    yield from _in_optimizer(values)
    yield from _in_training(values)


def in_loss(values: Values) -> Iterator[Mistake]:
    """Find a loss that does not fit the last layer; `auto` is chosen once the data are known."""
    if values.loss.name == AUTO:
        return
    output = values.network.layers[-1].activation.name
    link = LOSSES[values.loss.name](**values.loss.options()).link
    if values.loss.class_weight is not None and not link:
        yield Mistake(
            ("loss", "class_weight"),
            f"class_weight requires a classification loss, found {values.loss.name}",
            "set loss to binary_cross_entropy or cross_entropy",
        )
    if link and output != link:
        yield Mistake(
            ("loss",),
            f"{values.loss.name} needs a last layer with activation {link}, found {output}",
            f"set loss: auto (it follows the last layer), or set activation: {link} in the last layer",
        )


def _in_optimizer(values: Values) -> Iterator[Mistake]:
    options = values.optimizer.options()
    if options.get("nesterov") and not options["momentum"]:
        yield Mistake(("optimizer", "nesterov"), "nesterov requires a momentum above 0", "add momentum: 0.9")


def _in_training(values: Values) -> Iterator[Mistake]:
    if values.training.dtype != "float64" and values.gradient.name == "finite_difference":
        yield Mistake(
            ("training", "dtype"),
            f"finite differences require dtype float64, found {values.training.dtype}",
            "set dtype: float64, or gradient: backprop",
        )


def _in_network(values: Values) -> Iterator[Mistake]:
    network, loc = values.network, ("network",)
    yield from _in_range((*loc, "weight_init"), network.weight_init)
    yield from _in_range((*loc, "bias_init"), network.bias_init)
    yield from _in_hidden(network)
    below = None
    for index, layer in enumerate(network.layers):
        yield from _in_layer((*loc, "layers", index), layer, below)
        below = layer.units
        if layer.dropout and layer is network.layers[-1]:
            yield Mistake(
                (*loc, "layers", index, "dropout"),
                "dropout is not allowed in the output layer",
                "move dropout to a hidden layer",
            )
        elif layer.dropout and values.gradient.name != "backprop":
            yield Mistake(
                (*loc, "layers", index, "dropout"),
                f"dropout is not supported with gradient {values.gradient.name}",
                "set gradient: backprop",
            )
        if layer.activation.name == "softmax" and layer is not network.layers[-1]:
            yield Mistake(
                (*loc, "layers", index, "activation"),
                "softmax is only supported in the last layer",
                "use tanh, relu or sigmoid in hidden layers",
            )


def _in_hidden(network: NetworkConfig) -> Iterator[Mistake]:
    """Find mistakes of the short form of a network."""
    if network.hidden is not None and network.layers:
        yield Mistake(
            ("network", "hidden"),
            "hidden and layers cannot be given together",
            "remove one of the two; layers includes the output layer, hidden does not",
            at_key=True,
        )
    elif network.hidden is None and network.activation is not None:
        units = [layer.units for layer in network.layers[:-1]]
        yield Mistake(
            ("network", "activation"),
            "the key activation belongs to the key hidden, but this network has layers",
            f"write hidden: {units} instead of layers, or give each layer its own activation",
            at_key=True,
        )
    if network.activation is not None and network.activation.name == "softmax":
        yield Mistake(
            ("network", "activation"),
            "softmax is only supported in the last layer",
            "use tanh, relu or sigmoid in hidden layers; the output layer follows from the targets",
        )


def _in_layer(loc: Loc, layer: LayerConfig, inputs: int | None) -> Iterator[Mistake]:
    """Find mistakes of a layer; `inputs` is None for the first layer, whose inputs depend on the data."""
    yield from _in_range((*loc, "weight_init"), layer.weight_init)
    yield from _in_range((*loc, "bias_init"), layer.bias_init)
    if layer.weights is not None:
        yield from wrong_shape(loc, layer, inputs)
    if layer.biases is not None and not layer.bias:
        yield Mistake((*loc, "biases"), "cannot be given when bias is false", "remove one of the two")
    elif layer.biases is not None and len(layer.biases) != layer.units:
        yield Mistake(
            (*loc, "biases"),
            f"expected {counted(layer.units, 'number')}, one per unit, found {len(layer.biases)}",
            "write one number per neuron",
        )


def _in_range(loc: Loc, init: Any) -> Iterator[Mistake]:
    if init is None or init.name != "uniform":
        return
    if init.low > init.high:
        yield Mistake(loc, f"low {init.low!r} is above high {init.high!r}", "swap low and high")
    elif init.high - init.low == float("inf"):
        yield Mistake(
            loc, f"the range from {init.low!r} to {init.high!r} is too wide", "choose a narrower range"
        )


def wrong_shape(loc: Loc, layer: LayerConfig, inputs: int | None) -> Iterator[Mistake]:
    """Find a mistake if the weights of a layer are not (units, inputs); `inputs` is None if unknown."""
    assert layer.weights is not None
    first, *others = map(len, layer.weights)
    for index, length in enumerate(others, 1):
        if length != first:
            yield Mistake(
                (*loc, "weights", index),
                f"this row has {counted(length, 'number')}, but the first row has {first}",
                "write one row per neuron, with one number per input",
            )
            return
    found, needed = (len(layer.weights), first), (layer.units, inputs or first)
    if inputs is None and found[1] == layer.units:
        return  # perhaps transposed; checked again once the data are known
    if found != needed:
        hint = "write one row per neuron, with one number per input"
        if found == needed[::-1]:
            hint = "transpose the matrix: write one row per neuron, not one per input"
        yield Mistake((*loc, "weights"), f"expected shape (units, inputs) = {needed}, found {found}", hint)


def _in_dataset(dataset: DatasetConfig) -> Iterator[Mistake]:
    sources = ["name", "path", "function", "rows"]
    given = [key for key in sources if getattr(dataset, key) is not None]
    if (dataset.columns is None) != (dataset.rows is None):
        key = "columns" if dataset.rows is None else "rows"
        yield Mistake(
            ("dataset", key),
            "columns and rows must be given together",
            "write columns: [x, y] and rows: [[0, 1], [1, 0]]",
        )
    elif len(given) != 1:
        found = f"{len(given)}: {', '.join(given)}" if given else "none"
        yield Mistake(
            ("dataset",),
            f"expected one source of rows, found {found}",
            "give one of: name, path, function, columns + rows",
            at_key=True,
        )
    else:
        yield from _in_roles(dataset)
    if dataset.function is not None:
        yield from _in_function(dataset.function)
    if dataset.columns is not None and dataset.rows is not None:
        yield from _in_rows(dataset.columns, dataset.rows)


def _in_roles(dataset: DatasetConfig) -> Iterator[Mistake]:
    roles = {
        "inputs": dataset.inputs or [],
        "targets": dataset.targets or [],
        "id": [dataset.id] if dataset.id else [],
        "exclude": dataset.exclude or [],
    }
    if dataset.inputs and dataset.exclude:
        yield Mistake(
            ("dataset", "exclude"),
            "inputs lists the input columns already",
            "remove one of the two",
            at_key=True,
        )
    if dataset.function is not None or (dataset.name is not None and "function" in BUILTIN[dataset.name]):
        for key in (key for key, names in roles.items() if names):
            yield Mistake(
                ("dataset", key),
                "not allowed here, because the formulas define inputs and targets",
                "remove the key",
                at_key=True,
            )
    elif dataset.name is None and dataset.targets is None:
        yield Mistake(
            ("dataset",),
            "missing key 'targets'",
            "name the columns to predict: targets: [COLUMN]",
            at_key=True,
        )
    listed_under: dict[str, str] = {}
    for key, names in roles.items():
        for position, name in enumerate(names):
            if name in listed_under:
                loc: Loc = ("dataset", key) if key == "id" else ("dataset", key, position)
                yield Mistake(
                    loc,
                    f"'{shown(name)}' is already listed under {listed_under[name]}",
                    "list each column once",
                )
            listed_under.setdefault(name, key)


def _in_rows(columns: Sequence[str], rows: Sequence[Sequence[float | str]]) -> Iterator[Mistake]:
    for name, count in Counter(columns).items():
        if count > 1:
            last = len(columns) - 1 - columns[::-1].index(name)
            yield Mistake(
                ("dataset", "columns", last), f"{count} columns have the name '{shown(name)}'", "rename one"
            )
    for index, row in enumerate(rows):
        if len(row) != len(columns):
            yield Mistake(
                ("dataset", "rows", index),
                f"expected {counted(len(columns), 'value')}, found {len(row)}",
                f"write one value for each column: {listed(columns)}",
            )


def _in_function(function: Function) -> Iterator[Mistake]:
    loc: Loc = ("dataset", "function")
    size = 8 * function.samples * (len(function.inputs) + len(function.targets))
    if size > LARGEST_TABLE:
        yield Mistake(
            (*loc, "samples"),
            f"{function.samples:,} rows take {size / 1e9:,.0f} GB; the limit is {LARGEST_TABLE // 10**9} GB",
            "reduce samples",
        )
    for name, (low, high) in function.inputs.items():
        yield from _in_input((*loc, "inputs", name), name, low, high)
    for name, text in function.targets.items():
        if name in function.inputs:
            message = f"'{shown(name)}' is also the name of an input"
            yield Mistake((*loc, "targets", name), message, "rename one of the two", at_key=True)
        try:
            parse(text, function.inputs)
        except ExpressionError as error:
            yield Mistake((*loc, "targets", name), error.message, error.hint, column=error.column)


def _in_input(loc: Loc, name: str, low: float, high: float) -> Iterator[Mistake]:
    if not low < high:
        yield Mistake(loc, f"the range [{low!r}, {high!r}] is empty", "write [low, high] with low < high")
    elif high - low == float("inf"):
        yield Mistake(loc, f"the range [{low!r}, {high!r}] is too wide", "choose a narrower range")
    if not name.isidentifier() or keyword.iskeyword(name):
        message = f"'{shown(name)}' is not a valid variable name"
        yield Mistake(loc, message, "use letters, digits and _, starting with a letter", at_key=True)
