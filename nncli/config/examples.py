"""Examples of keys in a config, each of which loads together with the rest of a config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nncli.config import yaml12
from nncli.config.document import Loc, dotted
from nncli.config.explanation import Topic, key_topics, plain_names
from nncli.config.schema_tree import Node

OUTPUT_LAYER = {"units": 1, "activation": "sigmoid"}
LAYERS = [{"units": 4, "activation": "tanh"}, OUTPUT_LAYER]
ONLY_IN_OUTPUT = {"softmax": {"units": 3}}  # activation -> the rest of its layer

# Values for examples where the schema suggests none, or one without an effect.
EXAMPLES: Mapping[str, Any] = {
    "name": "first-try",
    "seed": 1,
    "seed.data": 1,
    "seed.training": 2,
    "dataset": "iris",
    "dataset.name": "iris",
    "dataset.path": "people.csv",
    "dataset.function": {"inputs": {"x": [-1, 1]}, "targets": {"y": "x**2"}},
    "dataset.function.inputs": {"x": [-1, 1]},
    "dataset.function.targets": {"y": "x**2"},
    "dataset.function.samples": 500,
    "dataset.function.noise": 0.1,
    "dataset.exclude": ["date"],
    "dataset.read": {"separator": ";", "decimal": ","},
    "dataset.read.separator": ";",
    "dataset.read.decimal": ",",
    "dataset.read.thousands": ".",
    "dataset.read.header": False,
    "dataset.read.skip_rows": 2,
    "dataset.read.comment": "#",
    "dataset.read.missing_values": ["n.d."],
    "dataset.read.encoding": "cp1252",
    "dataset.columns": ["x", "y"],
    "dataset.rows": [[0, 1], [1, 3]],
    "dataset.inputs": ["age", "city"],
    "dataset.targets": ["income"],
    "dataset.id": "name",
    "dataset.split": {"test": 0.2},
    "dataset.split.validation": 0.2,
    "dataset.split.test": 0.2,
    "dataset.split.column": "part",
    "dataset.preprocessing": {"scale": "standard"},
    "dataset.preprocessing.columns": {"age": {"missing": "median"}},
    "network": {"layers": LAYERS},
    "network.layers": LAYERS,
    "network.hidden": [64, 32],
    "network.layers[0].units": 8,
    "network.layers[0].l1": 0.001,
    "network.layers[0].l2": 0.001,
    "network.layers[0].dropout": 0.2,
    "network.layers[0].weights": [[0.5, -0.5], [1.0, 0.2]],
    "network.layers[0].biases": [0.0, 0.1],
    "loss.class_weight": "balanced",
    "metrics": ["accuracy", "f1"],
    "optimizer": "adam",
    "optimizer.learning_rate": 0.01,
    "optimizer.momentum": 0.9,
    "optimizer.weight_decay": 0.01,
    "optimizer.clip_norm": 1.0,
    "optimizer.schedule": {"name": "cosine", "over": 1000},
    "training": {"epochs": 500, "batch_size": 32},
    "training.epochs": 500,
    "training.batch_size": 32,
    "training.shuffle": True,
    "training.evaluate_every": 10,
    "training.early_stopping": {"patience": 20},
    "training.early_stopping.monitor": "val_loss",
    "training.early_stopping.patience": 20,
    "training.early_stopping.min_delta": 0.001,
    "training.stop_when": {"loss_below": 0.01},
    "training.stop_when.loss_below": 0.01,
    "training.log_every": 100,
    "training.checkpoint_every": 60,
    "training.threads": 2,
    "record": {"weights": "all"},
    "sweep": {"optimizer.learning_rate": {"log": [0.001, 1]}, "training.batch_size": [8, 32]},
    "sweep.NAME.values": [8, 32],
    "sweep.NAME.uniform": [0, 0.5],
    "sweep.NAME.log": [0.001, 1],
}

# Keys that stand beside a key of an example, because it needs them.
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "dataset.name": {},
    "dataset.function": {},
    "dataset.columns": {"rows": [[0, 1], [1, 3]], "targets": ["y"]},
    "dataset.rows": {"columns": ["x", "y"], "targets": ["y"]},
    "dataset.function.inputs": {"targets": {"y": "x**2"}},
    "dataset.function.targets": {"inputs": {"x": [-1, 1]}},
    "dataset.function.samples": {"inputs": {"x": [-1, 1]}, "targets": {"y": "x**2"}},
    "dataset.function.noise": {"inputs": {"x": [-1, 1]}, "targets": {"y": "x**2"}},
    "network.layers[0].weights": {"units": 2},
    "network.layers[0].biases": {"units": 2},
    "network.layers[0].units": {"activation": "tanh"},
    "network.layers": {},
    "network.hidden": {},
    "network.activation": {"hidden": [64, 32]},
    "loss.class_weight": {"name": "binary_cross_entropy"},
    "optimizer.nesterov": {"name": "sgd", "momentum": 0.9},
}

# Keys that a mapping has in every other example.
INSIDE: Mapping[str, Mapping[str, Any]] = {
    "dataset": {"path": "people.csv", "targets": ["income"]},
    "network": {"layers": LAYERS},
    "network.layers[0]": {"units": 4},
}
# Options of choices that have no default.
OPTIONS: Mapping[str, Any] = {
    "every": 100,
    "gamma": 0.99,
    "over": 1000,
    "low": -0.5,
    "high": 0.5,
    "value": 0.1,
}


def example(topic: Topic) -> dict[str, Any]:
    """Return a part of a config with a key, or with a value of a key."""
    if topic.value in ONLY_IN_OUTPUT:
        layer = {**ONLY_IN_OUTPUT[topic.value], "activation": topic.value}
        return {"network": {"layers": [LAYERS[0], layer]}}
    value = _value(topic)
    for depth in range(len(topic.loc) - 1, -1, -1):
        step = topic.loc[depth]
        value = [value, OUTPUT_LAYER] if step == 0 else {**_beside(topic.loc[: depth + 1]), str(step): value}
    return dict(value)


def example_text(values: Mapping[str, Any]) -> str:
    """Return an example as YAML, a key on each line."""
    return "\n".join(_lines(values))


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield f"{key}:"
            yield from (f"  {line}" for line in _lines(value))
        elif isinstance(value, list) and isinstance(value[0], dict):
            yield f"{key}:"
            for entry in value:
                first, *others = _lines(entry)
                yield from (f"  - {first}", *(f"    {line}" for line in others))
        else:
            yield yaml12.dump_flow({key: value})[1:-1]


def _beside(loc: Loc) -> Mapping[str, Any]:
    """Return the keys beside a key of an example."""
    if (own := NEEDED.get(dotted(loc))) is not None:
        return own
    entries = next((topic.entries for topic in key_topics() if topic.loc == loc), {})
    for entry, node in entries.items():
        return {"name": entry, **_required_options(node["around"])}
    return INSIDE.get(dotted(loc[:-1]), {}) if loc[1:] else {}


def _value(topic: Topic) -> Any:
    if topic.value:
        required = _required_options(topic.node)
        return {"name": topic.value, **required} if required else topic.value
    if topic.key in EXAMPLES:
        return EXAMPLES[topic.key]
    if topic.key.rpartition(".")[2] in OPTIONS:
        return OPTIONS[topic.key.rpartition(".")[2]]
    suggested = [value for option in topic.node["options"] for value in _suggested(option)]
    others = [value for value in suggested if value != topic.node.get("default")]
    nodes = [*topic.entries.values(), topic.node]
    defaults = [node["default"] for node in nodes if node.get("default") is not None]
    return [*others, *suggested, *defaults, 1][0]


def _suggested(option: Node) -> list[Any]:
    """Return the values that the schema lists for a key."""
    return [False, True] if option.get("type") == "boolean" else list(plain_names({"options": [option]}))


def _required_options(node: Node) -> dict[str, Any]:
    """Return values for the options of an entry that have no default."""
    return {key: OPTIONS[key] for key in node.get("required", ()) if key != "name"}
