"""`nncli init --from-csv`: a config for one's own table, its guesses reported, nothing overwritten."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.golden import Golden

PEOPLE = "name,age,city,income\n" + "".join(
    f"N{row},{20 + row * 7 % 41},{('Rome', 'Oslo')[row % 2]},{1000 + row * 13 % 97}.5\n" for row in range(40)
)
FROM = ("init", "--from-csv", "people.csv", "--target", "income")


@pytest.fixture
def people(nncli: Command) -> Command:
    """The command line in a folder with people.csv."""
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")
    return nncli


def test_the_config_of_a_table_trains_evaluates_and_predicts(people: Command) -> None:
    made = people(*FROM)
    assert (made.code, made.out) == (0, "wrote people.yaml\nnext: nncli train people.yaml\n")
    assert made.err.splitlines() == [
        "detected task regression (the target has 40 different numbers); use --task to change it",
        "detected identifier column 'name' (unique text in every row); use --id to choose another column",
    ]
    assert people("check", "people.yaml").code == 0
    assert people("train", "people.yaml", "-q").code == 0
    assert people("evaluate").code == 0
    new = people("predict", "--input", "-", stdin="city,age\nOslo,30\n").out
    assert new.splitlines()[0] == "city,age,pred_income"


def test_the_path_of_the_table_starts_at_the_config(people: Command) -> None:
    Path("configs").mkdir()
    assert people(*FROM, "-o", "configs/own.yaml").code == 0
    assert "  path: ../people.csv  #" in Path("configs/own.yaml").read_text(encoding="utf-8")
    assert people("check", "configs/own.yaml").code == 0


def test_any_table_that_can_be_read_will_do(nncli: Command) -> None:
    Path("t.csv.gz").write_bytes(gzip.compress(PEOPLE.replace(",", ";").encode()))
    made = nncli("init", "--from-csv", "t.csv.gz", "--target", "income")
    assert made.out.startswith("wrote t.yaml\n")
    assert "semicolons" in made.err
    assert nncli("check", "t.yaml").code == 0


def test_roles_are_taken_as_given(people: Command) -> None:
    made = people(*FROM[:-1], "city", "--id", "age", "--task", "multiclass", "-o", "-")
    assert made.err.splitlines() == ["left out name (unique text in every row)"]
    for line in (
        "  targets: [city]",
        "  id: age",
        "  task: multiclass",
        "    - {units: 2, activation: softmax",
    ):
        assert line in made.out


def test_json_has_what_was_guessed(people: Command) -> None:
    reported = json.loads(people(*FROM, "--json").out)
    assert reported.pop("notes")[0].startswith("detected task regression (")
    assert reported == {
        "schema": "nncli.init/1",
        "from": "people.csv",
        "task": "regression",
        "path": "people.yaml",
    }


def test_a_config_is_not_given_the_name_of_a_table(people: Command) -> None:
    for words in (("init", "xor", "-o", "people.txt"), (*FROM, "-o", "new.csv")):
        result = people(*words)
        assert "nncli would read this file as a table" in result.err
        assert result.code == 2
    assert not Path("people.txt").exists()


def test_a_file_is_not_replaced_unasked(people: Command) -> None:
    Path("people.yaml").write_text("mine", encoding="utf-8")
    assert people(*FROM).err.startswith("error: people.yaml: already exists\n")
    assert Path("people.yaml").read_text(encoding="utf-8") == "mine"
    assert people(*FROM, "--overwrite").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--from-csv", "nix.csv", "--target", "y"),
        ("--from-csv", "people.csv"),
        ("--from-csv", "people.csv", "--target", "incom"),
        ("xor", "--from-csv", "people.csv"),
        ("xor", "--list"),
        ("--target", "income"),
        (*FROM[1:], "-o", "no/p.yaml"),
        (*FROM[1:], "--task", "binary"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_reported_and_nothing_written(
    people: Command, golden: Golden, words: tuple[str, ...]
) -> None:
    result = people("init", *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert [path.name for path in Path().iterdir()] == ["people.csv"]
    golden.check(result.err)


@pytest.mark.parametrize(
    ("rows", "task", "layer", "loss", "metrics"),
    [
        (
            ["1,0,1", "2,1,1", "3,0,0", "4,1,0"],
            "multilabel",
            "{units: 2, activation: sigmoid}",
            "binary_cross_entropy",
            "[accuracy, f1, auc]",
        ),
        (
            ["1,0,1", "2,1,0", "3,0,1", "4,1,0"],
            "multiclass",
            "{units: 2, activation: softmax}",
            "cross_entropy",
            "[accuracy, f1]",
        ),
    ],
)
def test_the_config_of_flags_trains_evaluates_predicts_and_plots(
    rows: list[str], task: str, layer: str, loss: str, metrics: str, nncli: Command
) -> None:
    Path("t.csv").write_text("\n".join(["x,a,b", *rows * 10]), encoding="utf-8")
    made = nncli("init", "--from-csv", "t.csv", "--target", "a", "--target", "b")
    assert made.err.startswith(f"detected task {task} (0/1 columns")
    text = Path("t.yaml").read_text(encoding="utf-8")
    for part in (f"task: {task}", layer, f"loss: {loss}", f"metrics: {metrics}", "a (20), b (20)"):
        assert part in " ".join(text.replace("#", " ").split())
    assert "stratify" not in text
    assert "warning" not in nncli("check", "t.yaml").err
    assert nncli("train", "t.yaml", "-q", "--epochs", "2", "-o", "t").code == 0
    for words in (["evaluate", "t"], ["predict", "t"], ["plot", "confusion", "roc", "--run", "t"]):
        assert nncli(*words).code == 0


@pytest.mark.parametrize(
    ("header", "rows", "proposed", "others"),
    [
        ("a,b", "1.5,2\n3,4.5\n5,6\n" * 5, "b", " (other columns: a)"),
        ("a,b,note", "1.5,2,\n3,4.5,\n5,6,\n" * 5, "b", " (other columns: a, note)"),
        ("a,b,unit", "1.5,2,cm\n3,4.5,cm\n5,6,cm\n" * 5, "b", " (other columns: a, unit)"),
        ("a,b b", "1.5,2\n3,4.5\n5,6\n" * 5, "'b b'", " (other columns: a)"),
        ("a,b", "1,1\n1,1\n", "b", " (other columns: a)"),
    ],
)
def test_without_a_target_the_last_suitable_column_is_proposed(
    nncli: Command, header: str, rows: str, proposed: str, others: str
) -> None:
    Path("t.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    line = f"nncli init --from-csv t.csv --target {proposed}"
    error = f"--from-csv requires --target, the target column\nhint: for example: {line}{others}"
    for words in (("--from-csv", "t.csv"), ("t.csv",)):
        assert nncli("init", *words) == (2, "", f"error: {error}\n")
    assert nncli(*shlex.split(line)[1:]).code == (2 if rows.startswith("1,1") else 0)
