"""The resolved config saved with a run says the same as the one that was given."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings

from nncli import runs
from nncli.config import Config, load_config, yaml12
from nncli.storage import resources
from nncli.training.divergence import Diverged
from nncli.training.experiment import build

from .strategies import Values, configs

TEMPLATES = sorted(
    Path(str(entry)) for entry in resources.folder("configs").iterdir() if entry.name.endswith(".yaml")
)


def values_of(config: Config) -> Values:
    return {**config.model_dump(), "name": config.run_name}


def trained(config: Config, folder: Path) -> tuple[bytes, bytes] | None:
    """The bytes of weights and history, or None where training diverged."""
    folder.mkdir()
    run = runs.Run(folder)
    try:
        for _ in runs.record(build(config), run):
            pass
    except Diverged:
        return None
    return (folder / runs.WEIGHTS).read_bytes(), (folder / runs.HISTORY).read_bytes()


@given(configs())
@settings(max_examples=80, deadline=None)
def test_it_loads_back_to_the_same_values(values: Values) -> None:
    config = Config.of(values)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.yaml")
        file.write_bytes(config.to_yaml(Path(folder)).encode())
        again = load_config(file)
    assert values_of(again) == values_of(config)


@given(configs())
@settings(max_examples=40, deadline=None)
def test_training_from_it_gives_the_same_bytes(values: Values) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = trained(Config.of(values), Path(folder, "first"))
        second = trained(load_config(Path(folder, "first", runs.CONFIG)), Path(folder, "second"))
    assert first == second


@given(configs())
@settings(max_examples=50, deadline=None)
def test_a_valid_config_reads_the_same_from_yaml(values: Values) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "c.yaml")
        file.write_bytes(yaml12.dump(values).encode())
        assert load_config(file).model_dump() == Config.of(values).model_dump()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_resolves_to_the_same_training(template: Path, tmp_path: Path) -> None:
    config = load_config(template)
    short = config.model_copy(update={"training": config.training.model_copy(update={"epochs": 3})})
    first = trained(short, tmp_path / "first")
    assert first is None or first == trained(
        load_config(tmp_path / "first" / runs.CONFIG), tmp_path / "second"
    )


@pytest.mark.parametrize("run", ["runs/a", "../elsewhere/a"])
def test_the_data_are_found_from_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str) -> None:
    home = tmp_path / "home"
    (home / "project").mkdir(parents=True)
    (home / "data").mkdir()
    (home / "data" / "a b.csv").write_text("x,y\n1,2\n3,4\n")
    config = home / "project" / "c.yaml"
    config.write_text('dataset: {path: "../data/a b.csv", targets: [y]}\nnetwork: {layers: [{units: 1}]}\n')
    monkeypatch.chdir(home)
    folder = home / run
    folder.mkdir(parents=True)
    loaded = load_config("project/c.yaml")
    (folder / "config.yaml").write_text(loaded.to_yaml(folder))
    monkeypatch.chdir(tmp_path)
    again = load_config(folder / "config.yaml")
    assert build(again).rows.training.X.tolist() == [[1.0], [3.0]]
    assert again.dataset.path is not None
    assert not Path(again.dataset.path).is_absolute()


def test_the_name_of_a_long_file_is_cut_to_one_that_loads(tmp_path: Path) -> None:
    file = tmp_path / f"{'x' * 150}.yaml"
    file.write_text("dataset: xor\nnetwork: {layers: [{units: 1}]}\n")
    again = tmp_path / "again.yaml"
    again.write_text(load_config(file).to_yaml(tmp_path))
    assert load_config(again).name == "x" * 100


def test_nothing_warns(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for template in TEMPLATES:
            load_config(template).to_yaml(tmp_path)
