"""Config and data together: what is trained, or why they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.config import Config, load_config
from nncli.messages.errors import ConfigError, DataError
from nncli.training.experiment import build


def config_on(folder: Path, table: str, output: str = "{units: 1}", rest: str = "") -> Config:
    (folder / "t.csv").write_text(table)
    (folder / "c.yaml").write_text(
        f"dataset: {{path: t.csv, targets: [y]{rest}}}\nnetwork: {{layers: [{output}]}}\n"
    )
    return load_config(folder / "c.yaml")


@pytest.mark.parametrize(
    ("cells", "output", "task", "classes", "Y"),
    [
        ("1 2 3", "{units: 1}", "regression", (), [[1], [2], [3]]),
        ("0 1 0", "{units: 1, activation: sigmoid}", "binary", ("0", "1"), [[0], [1], [0]]),
        ("1 1 1", "{units: 1, activation: sigmoid}", "binary", ("0", "1"), [[1], [1], [1]]),
        ("0 1 0.5", "{units: 1, activation: sigmoid}", "regression", (), [[0], [1], [0.5]]),
        ("no yes no", "{units: 1, activation: sigmoid}", "binary", ("no", "yes"), [[0], [1], [0]]),
        ("10 9 10", "{units: 2, activation: softmax}", "multiclass", ("9", "10"), [[0, 1], [1, 0], [0, 1]]),
        ("b a c", "{units: 3}", "multiclass", ("a", "b", "c"), [[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
    ],
)
def test_the_task_follows_from_output_and_targets(
    tmp_path: Path, cells: str, output: str, task: str, classes: tuple[str, ...], Y: list[list[float]]
) -> None:
    table = "x,y\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(cells.split()))
    dataset = build(config_on(tmp_path, table, output)).rows.training
    assert (dataset.columns.task, dataset.columns.classes) == (task, classes)
    assert dataset.Y.tolist() == Y


def test_a_slip_among_numbers_is_no_class(tmp_path: Path) -> None:
    for output in ("{units: 1}", "{units: 1, activation: sigmoid}"):
        with pytest.raises(DataError, match=r"t\.csv:4:3: y: 'O' is not a number"):
            build(config_on(tmp_path, "x,y\n1,0\n2,1\n3,O\n", output))


def test_a_row_without_a_class_is_left_out(tmp_path: Path) -> None:
    experiment = build(config_on(tmp_path, "x,y\n1,a\n2,\n3,b\n", "{units: 2, activation: softmax}"))
    assert experiment.rows.left_out == 1
    assert experiment.rows.whole.columns.classes == ("a", "b")


def test_a_thousand_classes_are_not_all_listed(tmp_path: Path) -> None:
    table = "x,y\n" + "".join(f"{row},c{row:04}\n" for row in range(1000))
    with pytest.raises(ConfigError) as caught:
        build(config_on(tmp_path, table, "{units: 2, activation: softmax}"))
    assert "the last layer has 2 units but needs 1000 for 1,000 classes (c0000, " in caught.value.message
    assert caught.value.message.endswith(" and 980 more)")


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "t.xls").touch()
    (tmp_path / "c.yaml").write_text(
        "dataset: {path: t.xls, targets: [y]}\nnetwork: {layers: [{units: 1}]}\n"
    )
    with pytest.raises(DataError, match=r"t\.xls: an old Excel workbook"):
        build(load_config(tmp_path / "c.yaml"))


def test_a_target_alone_leaves_no_input(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"dataset\.targets: no column is left as input; the only columns of t\.csv are y"
    ):
        build(config_on(tmp_path, "y\n1\n"))


def test_the_id_of_a_built_in_set_can_be_overruled() -> None:
    values = {
        "dataset": {"name": "height_weight", "inputs": ["weight"], "targets": ["name"]},
        "network": {"layers": [{"units": 4, "activation": "softmax"}]},
    }
    columns = build(Config.of(values)).rows.training.columns
    assert (columns.targets, columns.id) == (("name",), None)


def test_given_numbers_are_the_start_and_leave_other_layers_as_they_were() -> None:
    def start(**given: object) -> list[float]:
        layers = [{"units": 2, **given}, {"units": 1}]
        return build(Config.of({"dataset": "xor", "network": {"layers": layers}})).initial.tolist()

    drawn, given = start(), start(weights=[[1.0, 2.0], [3.0, 4.0]], biases=[5.0, 6.0])
    assert given[:6] == [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]
    assert given[6:] == drawn[6:]


def test_a_config_without_a_file_is_refused_without_a_place() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.of({"dataset": "xor", "network": {"layers": [{"units": 0}]}, "sed": 1})
    messages = [error.message for error in (caught.value, *caught.value.others)]
    assert messages == ["network.layers[0].units: must be >= 1, found 0", "sed: unknown key"]
