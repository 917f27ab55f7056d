"""Names of other tools, keys at the wrong level and names in any case lead to what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from nncli.config import Config, parse_config, yaml12
from nncli.config.document import Document, dotted
from nncli.config.overrides import Override, lay_over
from nncli.config.schema_tree import places_of_keys, whole_schema
from nncli.messages.errors import ConfigError
from nncli.messages.synonyms import ABSENT, OUTSIDE_CONFIGS, REMARKS, SYNONYMS

SOUND = b"""\
dataset: {path: t.csv, targets: [y]}
network: {layers: [{units: 1}]}
"""

# Where values stand; metrics are a list.
PLACES = {
    "activation": "network.layers[0].activation",
    "loss": "loss",
    "metrics": "metrics",
    "optimizer": "optimizer",
    "schedule": "optimizer.schedule",
    "gradient": "gradient",
    "weight_init": "network.weight_init",
    "bias_init": "network.bias_init",
    "scale": "dataset.preprocessing.scale",
    "scale_targets": "dataset.preprocessing.scale_targets",
    "encode": "dataset.preprocessing.encode",
    "task": "dataset.task",
    "dtype": "training.dtype",
    "batch_size": "training.batch_size",
}
OPTIONS = {"step": {"every": 5}, "exponential": {"gamma": 0.9}, "constant": {"value": 1}}


def values_with(key: str, value: Any) -> dict[str, Any]:
    document = lay_over(
        Document.parse(SOUND, "c.yaml"),
        [Override(key, yaml12.dump_flow(value))],
        {"optimizer": "sgd", "loss": "mse", "gradient": "backprop"},
    )
    return document.values()


def errors(key: str, value: Any) -> list[ConfigError]:
    with pytest.raises(ConfigError) as caught:
        Config.of(values_with(key, value))
    return [caught.value, *caught.value.others]


def at(values: Any, key: str) -> Any:
    for step in re.findall(r"[^.\[\]]+", key):
        values = values[int(step)] if step.isdigit() else values[step]
    return values


def synonyms(of: set[str]) -> Iterator[tuple[str, str, str]]:
    for place in sorted(of):
        for own, others in SYNONYMS[place].items():
            yield from ((place, other, own) for other in others.split())


def written(place: str, name: str) -> Any:
    return [name] if place == "metrics" else name


VALUES = [case for case in synonyms(SYNONYMS.keys() - {"key", *OUTSIDE_CONFIGS}) if case[2] != "val_accuracy"]


@pytest.mark.parametrize(("place", "other", "own"), VALUES)
def test_a_name_of_another_tool_leads_to_the_one_of_the_same_meaning(
    place: str, other: str, own: str
) -> None:
    for spelling in {other, other.upper(), other.title().replace("_", "")}:
        if spelling.lower() == own:
            continue
        [error] = errors(PLACES[place], written(place, spelling))
        assert error.hint is not None
        assert error.hint.startswith(f"did you mean {own}?")


ODD = [
    *((place, name) for place, names in ABSENT.items() for name in names.split()),
    *(
        (place, name)
        for place, remarks in REMARKS.items()
        if place != "key"
        for names in remarks.values()
        for name in names.split()
    ),
]


@pytest.mark.parametrize(("place", "name"), ODD)
def test_a_name_without_counterpart_gets_no_similar_one(place: str, name: str) -> None:
    [error] = errors(PLACES[place], written(place, name))
    assert error.hint is not None
    assert error.hint.startswith(("nncli has no", "use ", "the loss"))
    assert "did you mean" not in error.hint


PLACES_OF_KEYS = places_of_keys()


@pytest.mark.parametrize(("other", "own"), [case[1:] for case in synonyms({"key"})])
def test_a_key_of_another_tool_leads_to_its_own_name_where_that_is_valid(other: str, own: str) -> None:
    assert own in PLACES_OF_KEYS
    for around, entries in PLACES_OF_KEYS[own].items():
        given = {other: 1} | ({"name": entries[0]} if entries else {})
        key = dotted(around)
        found = errors(key, given) if key else errors(other, 1)
        [error] = [error for error in found if f"{other}: unknown key" in error.message]
        assert error.hint == f"did you mean {own}?"


@pytest.mark.parametrize("names", list(REMARKS["key"].values()))
def test_a_key_without_counterpart_is_answered_by_a_remark(names: str) -> None:
    for name in names.split():
        for around in ("network.layers[0].", "network.", "training.", ""):
            found = errors(around + name, 1)
            [error] = [error for error in found if f"{name}: unknown key" in error.message]
            assert REMARKS["key"][str(error.hint)] == names


# Synonyms are keys of their own in other places.
BELOW = {key: around for key, around in PLACES_OF_KEYS.items() if () not in around and len(around) <= 2}


@pytest.mark.parametrize("key", sorted(BELOW.keys() - {"data", "test"}))
def test_a_key_at_the_top_is_sent_to_its_place(key: str) -> None:
    [error] = errors(key, 1)
    places = [dotted((*around, key)) for around in PLACES_OF_KEYS[key]]
    assert error.message == f"{key}: unknown key"
    assert error.hint == f"move it to {' or '.join(places)}"


def test_a_key_inside_a_layer_is_sent_to_a_place_in_the_same_layer() -> None:
    layers = [{"units": 2}, {"units": 1, "slope": 0.1}]
    [error] = errors("network.layers", layers)
    assert error.hint == "move it to network.layers[1].activation.slope"


def test_valid_keys_are_listed_once() -> None:
    found = errors("training", {"qqq": 1, "zzz": 2})
    assert [("valid keys" in str(error.hint)) for error in found] == [True, False]


@pytest.mark.parametrize("name", ["Adamm", "nonsense"])
def test_options_under_an_unknown_name_are_checked_too(name: str) -> None:
    found = errors("optimizer", {"name": name, "lr": 0.05})
    assert [error.message.split(":")[0] for error in found] == ["optimizer.name", "optimizer.lr"]


def choices(node: Any = None, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[str, str]]:
    from nncli.config.schema_tree import expanded

    for option in expanded(node or whole_schema(), whole_schema())["options"]:
        for name in [*option.get("enum", ()), option.get("const")]:
            if isinstance(name, str):
                yield dotted(loc), name
        for key, below in option.get("properties", {}).items():
            yield from choices(below, (*loc, key))
        if isinstance(option.get("items"), dict):
            yield from choices(option["items"], (*loc, 0))


CHOICES = sorted({(key.removesuffix(".name"), name) for key, name in choices()} - {("dataset", "")})


@pytest.mark.parametrize(("key", "name"), [case for case in CHOICES if case[0] != "dataset"])
@pytest.mark.parametrize("spell", [str.upper, str.title])
def test_every_choice_may_be_in_any_case(key: str, name: str, spell: Any) -> None:
    if key.endswith("[0]"):
        key, name = "metrics", name
    plain, spelled = values_with(key, written(key, name)), values_with(key, written(key, spell(name)))
    if "optimizer.schedule" in key or "_init" in key:
        options = OPTIONS.get(name, {}) if "schedule" not in key or name != "constant" else {}
        plain, spelled = (values_with(key, {"name": n, **options}) for n in (name, spell(name)))
    assert outcome(spelled) == outcome(plain)
    assert "unknown value" not in outcome(plain)


@pytest.mark.parametrize("name", [name for key, name in CHOICES if key == "dataset"])
def test_every_built_in_dataset_may_be_in_any_case(name: str) -> None:
    layers = {"layers": [{"units": 1}]}
    config = Config.of({"dataset": name.upper(), "network": layers})
    assert config.dataset.name == name.replace("-", "_")


def outcome(values: dict[str, Any]) -> Any:
    """The config, or its contradiction, such as a loss without its activation."""
    try:
        return Config.of(values).model_dump()
    except ConfigError as error:
        return error.message


def test_inputs_and_exclude_are_two_ways_to_say_the_same() -> None:
    text = b"dataset: {path: t.csv, targets: y, inputs: [a], exclude: [b]}\nnetwork: {hidden: [2]}\n"
    with pytest.raises(ConfigError, match=r"dataset\.exclude: inputs lists the input columns already"):
        parse_config(text, "c.yaml")
