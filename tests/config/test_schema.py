"""The JSON Schema says what the loader says, key by key."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nncli.config import json_schema, yaml12
from nncli.config.schema import Values

from .strategies import configs
from .test_bad_input import OTHERS, SCHEMA, unmarked
from .test_resolved import TEMPLATES

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def loads(values: Any) -> bool:
    try:
        Values.model_validate(values)
    except ValidationError:
        return False
    return True


def values_of(text: str) -> Any:
    node = yaml12.compose(text, "")
    assert node is not None
    return yaml12.construct(node)


def test_it_is_valid_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_is_valid(template: Any) -> None:
    VALIDATOR.validate(values_of(template.read_text()))


@given(configs())
@settings(max_examples=100, deadline=None)
def test_every_valid_config_is_valid(values: Any) -> None:
    VALIDATOR.validate(values)


# JSON knows neither NaN nor the limits of a float, and has no duplicate keys.
NOT_IN_JSON = {"no number", "a number no float holds", "a duplicate key"}


@pytest.mark.parametrize("name", sorted(SCHEMA.keys() - NOT_IN_JSON))
def test_mistakes_are_mistakes(name: str) -> None:
    text, _, _ = unmarked(SCHEMA[name])
    assert not VALIDATOR.is_valid(values_of(str(text)))


@pytest.mark.parametrize("line", OTHERS.values(), ids=OTHERS)
def test_keys_of_other_tools_are_mistakes(line: str) -> None:
    sound = "{dataset: xor, network: {layers: [{units: 1}]}"
    assert VALIDATOR.is_valid(values_of(sound + "}"))
    assert not VALIDATOR.is_valid(values_of(f"{sound}, {line}}}"))


ODD = [
    None,
    True,
    -1,
    0,
    1,
    1.5,
    10**13,
    "",
    "x",
    "full",
    "10%",
    [],
    [1],
    ["x"],
    {},
    {"name": "x"},
    {"name": "mse"},
]


def places(values: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    )
    return [at, *(place for key, child in children for place in places(child, (*at, key)))]


@given(configs(), st.data())
@settings(max_examples=150, deadline=None)
def test_both_agree_on_a_config_with_one_value_changed(values: Any, data: st.DataObject) -> None:
    values = copy.deepcopy(values)
    *around, key = data.draw(st.sampled_from(places(values)[1:]))
    parent = values
    for step in around:
        parent = parent[step]
    change = data.draw(st.sampled_from(["replace", "remove", "misspell"]))
    if change == "replace" or isinstance(parent, list):
        parent[key] = data.draw(st.sampled_from(ODD))
    else:
        value = parent.pop(key)
        if change == "misspell":
            parent[key + "s"] = value
    assert VALIDATOR.is_valid(values) == loads(values)


def test_every_key_is_explained() -> None:
    schema = json_schema()
    for part in [schema, *schema["$defs"].values()]:
        for key, rule in part.get("properties", {}).items():
            assert rule.get("description"), f"{part.get('title')}.{key}"
