"""One value where a list or a mapping is meant, and a mapping without the default name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nncli.config import Config, json_schema, parse_config, yaml12
from nncli.config.document import Loc
from nncli.config.overrides import Override
from nncli.config.schema_tree import places_of_keys, walk_down, whole_schema

SOUND = {"dataset": {"path": "t.csv", "targets": ["y"]}, "network": {"layers": [{"units": 1}]}}
SCALARS = {"string", "integer", "number"}
EXAMPLES: dict[str, Any] = {"metrics": "mae", "biases": 0.5, "hidden": 8, "columns": "y"}


def lists() -> list[tuple[Loc, str]]:
    """Places of the keys that hold a list of single values."""
    found = []
    for key, places in places_of_keys().items():
        for around in places:
            _, node, _ = walk_down(whole_schema(), (*around, key))
            items = [option["items"] for option in node["options"] if "items" in option]
            if any(item.get("type") in SCALARS for item in items):
                found.append((around, key))
    return found


def resolved(values: dict[str, Any], *overrides: Override) -> dict[str, Any]:
    return parsed(values, *overrides).resolved(Path())


def parsed(values: dict[str, Any], *overrides: Override) -> Config:
    text = yaml12.dump(values)
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(values)
    return parse_config(text.encode(), "c.yaml", overrides)


def with_value(around: Loc, key: str, value: Any) -> dict[str, Any]:
    """The sound config with one value; the lists on the way have one entry."""
    if (around, key) == (("network",), "hidden"):
        return {**SOUND, "network": {key: value}}
    if key == "columns":
        return {**SOUND, "dataset": {"columns": value, "rows": [[1]], "targets": ["y"]}}
    first, *_ = (*around, key)
    return {**SOUND, first: _laid(SOUND.get(str(first), {}), (*around, key)[1:], value)}


def _laid(held: Any, steps: Loc, value: Any) -> Any:
    if not steps:
        return value
    if isinstance(held, list):
        return [_laid(held[0], steps[1:], value)]
    return {**held, str(steps[0]): _laid(held.get(str(steps[0]), {}), steps[1:], value)}


def test_the_lists_are_found() -> None:
    assert {"metrics", "inputs", "targets", "columns", "biases"} <= {key for _, key in lists()}


@pytest.mark.parametrize(("around", "key"), lists(), ids=lambda part: str(part))
def test_one_value_where_a_list_is_meant(around: Loc, key: str) -> None:
    one = EXAMPLES.get(key, "x")
    shorthand, canonical = with_value(around, key, one), with_value(around, key, [one])
    if key == "targets":
        canonical = with_value(around, key, ["x"])
    assert resolved(shorthand) == resolved(canonical)


def test_one_value_can_be_replaced_by_position() -> None:
    values = {**SOUND, "dataset": {"path": "t.csv", "targets": "y"}}
    assert parsed(values, Override("dataset.targets[0]", "z")).dataset.targets == ["z"]


OFF: Any = None
SHORT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an optimizer without a name": (
        {"optimizer": {"learning_rate": 0.5}},
        {"optimizer": {"name": "sgd", "learning_rate": 0.5}},
    ),
    "the options of all optimizers": (
        {"optimizer": {"clip_norm": 1.0}},
        {"optimizer": {"name": "sgd", "clip_norm": 1.0}},
    ),
    "no options at all": ({"optimizer": {}}, {"optimizer": "sgd"}),
    "early stopping turned on": (
        {"training": {"early_stopping": True}},
        {"training": {"early_stopping": {"patience": 10}}},
    ),
    "early stopping turned off": ({"training": {"early_stopping": False}}, {}),
    "a patience": (
        {"training": {"early_stopping": 25}},
        {"training": {"early_stopping": {"patience": 25}}},
    ),
    "a loss to stop at": (
        {"training": {"stop_when": 0.01}},
        {"training": {"stop_when": {"loss_below": 0.01}}},
    ),
    "layers as numbers": (
        {"network": {"layers": [8, 1]}},
        {"network": {"layers": [{"units": 8}, {"units": 1}]}},
    ),
    "a mapping of loss options": (
        {"loss": {"reduction": "sum"}},
        {"loss": {"name": "auto", "reduction": "sum"}},
    ),
    "numbers and mappings": (
        {"network": {"layers": [{"units": 8, "activation": "tanh"}, 1]}},
        {"network": {"layers": [{"units": 8, "activation": "tanh"}, {"units": 1}]}},
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_shorthand_resolves_to_what_it_stands_for(name: str) -> None:
    short, canonical = SHORT[name]
    assert resolved({**SOUND, **short}) == resolved({**SOUND, **canonical})


@pytest.mark.parametrize(
    ("given", "key", "value", "expected"),
    [
        ({"layers": [8, 1]}, "network.layers[0].activation", "tanh", {"units": 8, "activation": "tanh"}),
        (True, "training.early_stopping.min_delta", "0.5", {"patience": 10, "min_delta": 0.5}),
        (25, "training.early_stopping.min_delta", "0.5", {"patience": 25, "min_delta": 0.5}),
    ],
)
def test_an_override_inside_a_shorthand_keeps_it(given: Any, key: str, value: str, expected: Any) -> None:
    short = {"network": given} if isinstance(given, dict) else {"training": {"early_stopping": given}}
    config = parsed({**SOUND, **short}, Override(key, value))
    changed = config.network.layers[0] if "layers" in key else config.training.early_stopping
    assert changed is not None
    canonical = type(changed).model_validate(expected)
    assert changed == canonical
