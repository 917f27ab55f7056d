"""`nncli explain`: every key and value of the config, with an example that loads."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from nncli.config import Config, parse_config, yaml12
from nncli.config.effects import EFFECTS
from nncli.config.examples import EXAMPLES, INSIDE, NEEDED, example, example_text
from nncli.config.explanation import Topic, find_topics, key_topics, value_topics
from nncli.config.schema_tree import places_of_keys
from tests.cli.conftest import Command

TOPICS = [*key_topics(), *value_topics()]
HEAD = {"dataset": "xor"}


def network(output: str, units: int) -> dict[str, object]:
    return {"layers": [{"units": 4, "activation": "tanh"}, {"units": units, "activation": output}]}


def test_every_key_of_the_schema_is_a_topic() -> None:
    below_free_keys = {"kind", "values", "uniform", "log"}
    assert {topic.steps[-1] for topic in key_topics()} - {"name"} == set(places_of_keys()) | below_free_keys


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_example_loads_in_a_config(topic: Topic) -> None:
    output = network("softmax", 2) if topic.value == "cross_entropy" else network("sigmoid", 1)
    text = example_text({**HEAD, "network": output, **example(topic)})
    config = parse_config(text.encode(), "c.yaml")
    assert isinstance(config, Config)
    root = yaml12.compose(text, "c.yaml")
    assert root is not None
    assert (topic.value or topic.steps[-1]) in text


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_found_by_its_path_and_printed(nncli: Command, topic: Topic) -> None:
    result = nncli("explain", ".".join(topic.steps))
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{topic.name}\n\n{topic.meaning}\n")
    assert result.out.endswith(
        "\n".join(f"  {line}" for line in example_text(example(topic)).split("\n")) + "\n"
    )


def test_texts_about_keys_are_about_keys_that_exist() -> None:
    keys = {topic.key for topic in key_topics()}
    assert {*EFFECTS, *EXAMPLES, *NEEDED, *INSIDE} - {"network.layers[0]"} <= keys


def test_a_page_says_all_about_a_key(nncli: Command) -> None:
    assert (
        nncli("explain", "momentum").out
        == """\
optimizer.momentum

fraction of the previous velocity that is retained

with rmsprop  fraction of the previous step that is retained
values        a number >= 0 and < 1
default       0.0
only with     sgd, rmsprop
effect        Speeds up slow directions and damps oscillations. Steps grow by up to 1 / (1 - momentum), so \
reduce the learning rate if training becomes unstable.

Example
  optimizer:
    name: sgd
    momentum: 0.9
"""
    )


@pytest.mark.parametrize(
    ("word", "topics"),
    [
        ("learning_rate", ["optimizer.learning_rate"]),
        ("Learning-Rate", ["optimizer.learning_rate"]),
        ("network.layers[3].units", ["network.layers[0].units"]),
        ("layers.units", ["network.layers[0].units"]),
        ("adam", ["optimizer: adam"]),
        ("optimizer.adam", ["optimizer: adam"]),
        ("relu", ["network.activation: relu"]),
        ("scale", ["dataset.preprocessing.scale"]),
        ("epsilon", ["gradient.epsilon", "optimizer.epsilon"]),
        ("r2", ["metrics"]),
        ("standard", ["dataset.preprocessing.scale", "dataset.preprocessing.scale_targets"]),
        ("lr", ["optimizer.learning_rate"]),
        ("optimizer.lr", ["optimizer.learning_rate"]),
        ("bce", ["loss: binary_cross_entropy"]),
        ("linear", ["network.activation: identity"]),
    ],
)
def test_paths_last_parts_values_and_synonyms_are_found(word: str, topics: list[str]) -> None:
    assert [topic.name for topic in find_topics(word).topics] == topics


def test_a_name_of_another_tool_is_translated(nncli: Command) -> None:
    assert nncli("explain", "lr").err == "lr is called learning_rate in nncli\n"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("weigth_decay", "did you mean weight_decay? list all: nncli explain"),
        ("early", "similar keys: training.early_stopping; list all: nncli explain"),
        ("nadam", "nncli has no nadam; list all: nncli explain"),
        ("", "list all: nncli explain"),
        ("...", "list all: nncli explain"),
    ],
)
def test_what_is_unknown_is_answered_with_what_is_near(nncli: Command, word: str, hint: str) -> None:
    result = nncli("explain", word)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: no key or value named '{word}'\nhint: {hint}\n"


def test_without_a_key_the_tree_is_printed(nncli: Command) -> None:
    lines = nncli("explain").out.splitlines()
    keys = [line.split()[0] for line in lines]
    assert keys[:4] == ["name", "seed", "data", "training"]
    assert keys.index("optimizer") < keys.index("learning_rate") < keys.index("epochs")
    assert lines[2].startswith("  data  ")


def test_json_has_everything(nncli: Command) -> None:
    tree = json.loads(nncli("explain", "--json").out)
    assert tree["schema"] == "nncli.explain/1"
    assert tree["keys"]["optimizer.momentum"] == "fraction of the previous velocity that is retained"
    (topic,) = json.loads(nncli("explain", "momentum", "--json").out)["topics"]
    assert topic["values"] == "a number >= 0 and < 1"
    assert (topic["default"], topic["only_with"]) == (0, ["sgd", "rmsprop"])
    assert topic["example"] == {"optimizer": {"name": "sgd", "momentum": 0.9}}


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("word", ["", "loss", "layers", "adam", "weight_decay", "dataset", "early_stopping"])
def test_pages_fit_the_terminal(
    nncli: Command, monkeypatch: pytest.MonkeyPatch, word: str, columns: int
) -> None:
    monkeypatch.setattr("nncli.cli.output.columns_of", lambda stream: columns)
    result = nncli("explain", *word.split())
    assert result.code == 0
    assert max(map(cell_len, result.out.splitlines())) <= columns


@pytest.mark.parametrize(
    "topic", [topic for topic in key_topics() if topic.value_with_options], ids=lambda topic: topic.name
)
def test_a_choice_names_a_value_whose_keys_can_be_shown(nncli: Command, topic: Topic) -> None:
    page = nncli("explain", topic.name).out
    named = page.partition("To list the options of a value: nncli ")[2].partition("\n")[0]
    assert "\nKeys\n" in nncli(*named.split()).out


def test_a_value_without_keys_is_not_named(nncli: Command) -> None:
    assert "To list the options" not in nncli("explain", "training.engine").out
    assert "To list the options" not in nncli("explain", "adam").out
