"""`nncli train TABLE --target COL`: a generated config, trained at once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from nncli import api
from tests.cli.conftest import Command
from tests.cli.test_init import PEOPLE

TRAIN = ("train", "people.csv", "--target", "income", "--epochs", "2", "--progress", "none")
EDIT = "to edit the generated config, save it to a file: nncli init --from-csv people.csv --target income"


@pytest.fixture
def people(nncli: Command) -> Command:
    """The command line in a folder with people.csv."""
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")
    return nncli


def test_a_table_trains_and_the_guesses_are_reported(people: Command) -> None:
    result = people(*TRAIN)
    assert result.code == 0
    assert result.out.splitlines()[-1] == str(Path("runs/people"))
    assert result.err.splitlines() == [
        "detected task regression (the target has 40 different numbers); use --task to change it",
        "detected identifier column 'name' (unique text in every row); use --id to choose another column",
        EDIT,
    ]
    assert people("predict", "-q").out.startswith("name,age,city,income,pred_income")


def test_the_run_is_that_of_the_saved_config(people: Command) -> None:
    assert people(*TRAIN, "--seed", "3", "--set", "optimizer.learning_rate=0.2").code == 0
    assert people("init", "people.csv", "--target", "income", "-o", "people.yaml").code == 0
    words = ("train", "people.yaml", "--epochs", "2", "--seed", "3", "--set", "optimizer.learning_rate=0.2")
    assert people(*words, "-q").code == 0
    for name in ("config.yaml", "weights.npz"):
        assert Path("runs/people", name).read_bytes() == Path("runs/people-2", name).read_bytes()


def test_roles_of_columns_are_options(people: Command) -> None:
    result = people("train", "people.csv", "--target", "city", "--id", "age", "--task", "multiclass", "-v",
                    "--epochs", "1", "-o", "here")  # fmt: skip
    assert result.code == 0
    assert result.err.splitlines()[-1].endswith("people.csv --target city --id age --task multiclass")
    config = Path("here/config.yaml").read_text(encoding="utf-8")
    for line in ("path: ../people.csv", "id: age", "task: multiclass"):
        assert f"  {line}\n" in config


def test_a_compressed_table_gives_its_bare_name(nncli: Command) -> None:
    Path("t.csv.gz").write_bytes(gzip.compress(PEOPLE.encode()))
    assert nncli("train", "t.csv.gz", "--target", "income", "--epochs", "1", "-q").out == "runs/t\n"


def test_a_table_can_be_resumed_and_tried(people: Command) -> None:
    assert people(*TRAIN, "-o", "x").code == 0
    assert people(*TRAIN, "-o", "x", "--resume").code == 0
    assert people(*TRAIN, "--smoke").out.startswith("smoke ok: people")
    assert json.loads(people(*TRAIN, "--json").out)["run"] == "runs/people"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "people.csv",
            "a table requires --target, the target column\n"
            "hint: for example: nncli train people.csv --target income (other columns: name, age, city)",
        ),
        (
            "peple.csv --target income",
            "peple.csv: No such file or directory\n"
            "hint: did you mean people.csv? it is the only table in the current directory",
        ),
        (
            "xor.yaml --target y --task binary",
            "--target, --task: only for a table, and xor.yaml is a config\n"
            "hint: type: nncli train xor.yaml --set 'dataset.targets=[y]' --set dataset.task=binary",
        ),
        (
            "people.csv --target income --set loss=mes",
            "--set loss=mes: loss: unknown value 'mes'\n"
            "hint: did you mean mse? choose from: auto, mse, mae, huber, binary_cross_entropy,"
            " cross_entropy,\n"
            "      squared_error, half_squared_error",
        ),
    ],
)
def test_mistakes_are_answered_and_nothing_is_written(people: Command, words: str, message: str) -> None:
    result = people("train", *words.split(), "-q")
    assert (result.code, result.out, result.err) == (2, "", f"error: {message}\n")
    assert [path.name for path in Path().iterdir()] == ["people.csv"]


def test_python_trains_a_table_as_the_command_does(people: Command) -> None:
    assert people(*TRAIN[:4], "-q").code == 0
    run = api.train("people.csv", target="income")
    assert run.path == Path("runs/people-2")
    assert Path("runs/people/weights.npz").read_bytes() == (run.path / "weights.npz").read_bytes()
    with pytest.raises(api.NncliError, match="requires --target"):
        api.train("people.csv")
    with pytest.raises(api.ConfigError, match="require a table file"):
        api.train("people.yaml", target="income")
