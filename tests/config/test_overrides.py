"""`--set` lays values over a config, read and checked like those of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nncli.config import Config, Override, load_config, yaml12
from nncli.config.document import Document
from nncli.config.overrides import lay_over
from nncli.config.schema_tree import general, places_of_keys
from nncli.messages.errors import ConfigError
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GRADIENTS
from nncli.nn.initializers import BIAS_INITIALIZERS, WEIGHT_INITIALIZERS
from nncli.nn.losses import LOSSES
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES
from tests.golden import Golden, reported

CONFIG = """\
dataset: xor
seed: 3
optimizer: adam
network:
  layers:
    - &hidden {units: 2, activation: tanh}
    - *hidden
    - {units: 1, activation: sigmoid}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = Path("c.yaml")
    file.write_text(CONFIG)
    return file


def with_(file: Path, *settings: str) -> Config:
    return load_config(file, [Override.parse(setting) for setting in settings])


def test_a_value_replaces_the_one_of_the_file(file: Path) -> None:
    assert with_(file, "network.layers[0].units=8").network.layers[0].units == 8


def test_an_alias_elsewhere_keeps_its_value(file: Path) -> None:
    layers = with_(file, "network.layers[0].units=8", "network.layers[0].activation=relu").network.layers
    assert [layer.units for layer in layers] == [8, 2, 1]
    assert layers[1].activation.name == "tanh"


def test_values_are_read_as_yaml_1_2(file: Path) -> None:
    assert with_(file, "optimizer.learning_rate=1e-2").optimizer.options()["learning_rate"] == 0.01
    assert with_(file, "name=off").name == "off"
    assert with_(file, "metrics=[mse, r2]").metrics == ["mse", "r2"]
    assert with_(file, "loss={name: mse, reduction: sum}").loss.options() == {"reduction": "sum"}


def test_a_shorthand_is_written_out_where_a_value_goes_inside(file: Path) -> None:
    config = with_(file, "optimizer.beta1=0.5", "seed.data=5", "dataset.inputs=[x1]")
    assert (config.optimizer.name, config.optimizer.options()["beta1"]) == ("adam", 0.5)
    assert (config.seed.data, config.seed.training) == (5, 3)
    assert (config.dataset.name, config.dataset.inputs) == ("xor", ["x1"])
    activation = with_(
        file, "network.layers[0].activation=leaky_relu", "network.layers[0].activation.slope=1"
    )
    assert activation.network.layers[0].activation.options() == {"slope": 1}


@pytest.mark.parametrize(("key", "name"), [("optimizer.learning_rate", "sgd"), ("loss.reduction", "auto")])
def test_a_default_is_written_out_where_the_file_leaves_it_out(tmp_path: Path, key: str, name: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("dataset: xor\nnetwork: {layers: [{units: 1}]}\n")
    value = {"optimizer.learning_rate": "0.5", "loss.reduction": "sum"}[key]
    entry = getattr(with_(file, f"{key}={value}"), key.partition(".")[0])
    assert entry.name == name
    assert str(entry.options()[key.partition(".")[2]]) == value


def test_missing_mappings_are_made(file: Path) -> None:
    assert with_(file, "training.epochs=7").training.epochs == 7
    assert with_(file, "network.weight_init={name: normal}", "network.weight_init.std=2").network


def test_the_last_override_wins(file: Path) -> None:
    assert with_(file, "training.epochs=7", "training.epochs=8").training.epochs == 8


def test_the_file_stays_as_it_is(file: Path) -> None:
    with_(file, "training.epochs=7")
    assert file.read_text() == CONFIG


DEEP = "[" * 5000
MISTAKES = [
    "training.epochs",
    "=3",
    "training..epochs=3",
    "layers[x]=3",
    "network.layers[3].units=3",
    "network[0]=3",
    "network.layers.units=3",
    "training.epocs=3",
    "training.epochs=many",
    "training.epochs=",
    "seed=-1",
    "metrics=[mse",
    f"metrics={DEEP}",
    "metrics=!!set {a}",
    "training.epochs=*a",
]


@pytest.mark.parametrize("setting", MISTAKES, ids=lambda setting: setting[:40])
def test_a_mistake_names_the_flag(file: Path, golden: Golden, setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_(file, setting)
    assert caught.value.message.startswith(f"--set {setting[:40]}")
    golden.check(reported(caught.value))
    assert caught.value.source is None


def test_a_flag_that_stands_for_a_key_is_named_itself(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(file, [Override("training.epochs", "-3", "--epochs")])
    assert caught.value.message == "--epochs -3: training.epochs: must be >= 0, found -3"


def test_mistakes_of_the_file_come_before_those_of_flags(file: Path) -> None:
    file.write_text(CONFIG + "sed: 3\n")
    with pytest.raises(ConfigError) as caught:
        with_(file, "training.epochs=-1", "training.shuffle=yes")
    heads = [error.message for error in (caught.value, *caught.value.others)]
    assert heads == [
        "c.yaml:9:1: sed: unknown key",
        "--set training.epochs=-1: training.epochs: must be >= 0, found -1",
        "--set training.shuffle=yes: training.shuffle: expected true or false, found text 'yes'",
    ]


def at(values: Any, key: str) -> Any:
    for step in Override(key, "").steps():
        values = values[step]
    return values


def problems(document: Document) -> str:
    try:
        Config.of(document.values(), document=document)
    except ConfigError as error:
        return reported(error)
    return ""


def values_of_options(key: str, entry: str) -> str:
    """An entry with every option of its own, written as in a config."""
    options = {
        option: OPTIONS.get(option, "0.5")
        for option, places in places_of_keys().items()
        if entry in places.get(general(tuple(Override(key, "").steps())), ())
    }
    return ", ".join([f"name: {entry}", *(f"{option}: {value}" for option, value in options.items())])


# Values that are valid, for options where 0.5 is not.
OPTIONS = {
    "schedule": "constant",
    "class_weight": "balanced",
    "reduction": "sum",
    "nesterov": "true",
    "centered": "true",
    "every": "5",
    "over": "5",
    "warmup": "5",
    "scheme": "central",
    "high": "1",
}
CHOICES = {
    "optimizer": OPTIMIZERS,
    "loss": LOSSES,
    "optimizer.schedule": SCHEDULES,
    "network.weight_init": WEIGHT_INITIALIZERS,
    "network.bias_init": BIAS_INITIALIZERS,
    "network.layers[0].activation": ACTIVATIONS,
    "gradient": GRADIENTS,
}


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [(key, old, new) for key, names in CHOICES.items() for old in names for new in names if old != new],
)
def test_a_new_name_drops_the_options_of_the_old_one(key: str, old: str, new: str) -> None:
    document = Document.parse(b"dataset: iris\nnetwork: {layers: [{units: 3}]}\n", "c.yaml")
    given = lay_over(document, [Override(key, f"{{{values_of_options(key, old)}}}")], {"optimizer": "sgd"})
    file = Document.parse(yaml12.dump(given.values()).encode(), "c.yaml")
    changed = lay_over(file, [Override(f"{key}.name", new.title())], {})
    assert "unknown key" not in problems(changed)
    entry_before, entry_after = (at(each.values(), key) for each in (file, changed))
    gone = [option for option in entry_before if option not in entry_after]
    assert changed.notes == (
        (f"--set {key}.name={new.title()}: dropped {' and '.join(gone)}, which {new} does not have",)
        if gone
        else ()
    )


def test_the_options_that_are_dropped_are_named(file: Path) -> None:
    file.write_text(CONFIG.replace("adam", "{name: sgd, momentum: 0.9, nesterov: true, learning_rate: 0.5}"))
    config = with_(file, "optimizer.name=adam")
    assert config.optimizer.options()["learning_rate"] == 0.5
    assert config.notes == (
        "--set optimizer.name=adam: dropped momentum and nesterov, which adam does not have",
    )


def test_an_option_that_was_set_itself_is_not_dropped(file: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        with_(file, "optimizer.momentum=0.9", "optimizer.name=adam")


@pytest.mark.parametrize("name", ["adamm", "3", "", "[a]"])
def test_an_unknown_name_drops_nothing(file: Path, name: str) -> None:
    file.write_text(CONFIG.replace("adam", "{name: sgd, momentum: 0.9}"))
    document = lay_over(Document.read(file), [Override("optimizer.name", name)], {})
    assert "momentum" in document.values()["optimizer"]
