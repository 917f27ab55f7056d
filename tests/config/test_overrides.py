"""`--set` lays values over a config, read and checked like those of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.config import Config, Override, load_config
from nncli.messages.errors import ConfigError
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


@pytest.mark.parametrize(("key", "name"), [("optimizer.learning_rate", "sgd"), ("loss.reduction", "mse")])
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
