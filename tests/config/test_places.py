"""A checked config knows where its values stand, and what it would be with another value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from nncli.config import Config, Override, load_config
from nncli.config.document import Loc
from nncli.messages.wording import excerpt

CONFIG = """\
dataset: xor
optimizer: adam
network:
  layers:
    - {units: 2, activation: tanh}
    - units: 1
      activation: sigmoid
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = Path("c.yaml")
    file.write_text(CONFIG)
    return file


@pytest.mark.parametrize(
    ("loc", "place"),
    [
        (("network", "layers", 1, "activation"), "c.yaml:7"),
        (("network", "layers", 0, "weight_init"), "c.yaml:5"),  # where it would be written
        (("network", "weight_init"), "c.yaml:4"),
        (("optimizer", "learning_rate"), "c.yaml:2"),
        (("loss", "reduction"), None),
    ],
)
def test_place_is_the_line_of_a_value_or_of_the_mapping_it_belongs_in(
    file: Path, loc: Loc, place: str | None
) -> None:
    assert load_config(file).place(loc) == place


def test_place_of_an_override_is_the_command_line(file: Path) -> None:
    config = load_config(file, [Override("optimizer.learning_rate", "5", "--learning-rate")])
    assert config.place(("optimizer", "learning_rate")) == "--learning-rate 5"
    assert config.place(("network", "layers", 1, "units")) == "c.yaml:6"


def test_a_config_from_plain_values_has_no_places() -> None:
    config = Config.of({"dataset": "xor", "network": {"layers": [{"units": 1}]}})
    assert config.place(("dataset", "name")) is None


@pytest.mark.parametrize(
    ("loc", "value", "settings"),
    [
        (("optimizer", "learning_rate"), 0.5, ["optimizer.learning_rate=0.5"]),
        (("network", "layers", 0, "activation"), "leaky_relu", ["network.layers[0].activation=leaky_relu"]),
        (("network", "weight_init"), {"name": "zeros"}, ["network.weight_init={name: zeros}"]),
        (("seed", "training"), 7, ["seed.training=7"]),
    ],
)
def test_changed_is_what_set_would_give_and_keeps_the_places(
    file: Path, loc: Loc, value: Any, settings: list[str]
) -> None:
    changed = load_config(file).changed(loc, value)
    overrides = [Override.parse(setting) for setting in settings]
    assert changed.model_dump() == load_config(file, overrides).model_dump()
    assert changed.run_name == "c"


def test_changed_leaves_the_config_as_it_was_and_checks_the_value(file: Path) -> None:
    config = load_config(file)
    config.changed(("network", "layers", 0, "units"), 5)
    assert config.model_dump() == load_config(file).model_dump()
    with pytest.raises(ValidationError):
        config.changed(("optimizer", "learning_rate"), -1.0)


def test_a_clipped_line_shows_that_it_is_clipped() -> None:
    line = "a" * 80 + " word " + "b" * 80
    source, carets = excerpt(line, 1, 81, 4).splitlines()
    assert source.startswith("1 | ...a")
    assert source.endswith("b...")
    assert source[carets.index("^") :].startswith("word b")
    assert carets.count("^") == 4
    assert "..." not in excerpt("key: word", 1, 5)
