"""`nncli seeds -o DIR` keeps networks in one directory, with which `nncli predict DIR` predicts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import nncli as package
from tests.cli.conftest import Command

FILES = ["config.yaml", "members.npz", "seeds.csv", "seeds.json", "seeds.png"]
SHORT = ("--set", "training.epochs=20")


@pytest.fixture
def many(nncli: Command) -> Command:
    """The command line beside xor.yaml and three seeds of it in many/."""
    Path("xor.yaml").write_text(package.init("xor"), encoding="utf-8")
    done = nncli("seeds", "xor.yaml", "-n", "3", "-q", "-o", "many", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "many"
    return nncli


def contents(folder: str = "many") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def test_the_directory_holds_the_object_of_json_and_repeats_in_the_same_bytes(many: Command) -> None:
    before = contents()
    assert [*before] == FILES
    done = many("seeds", "xor.yaml", "-n", "3", "-o", "many", *SHORT, "--overwrite", "--json")
    assert contents() == before
    printed = json.loads(done.out)
    assert (printed.pop("schema"), printed.pop("output")) == ("nncli.seeds/1", "many")
    assert json.loads(before["seeds.json"]) == printed


def test_a_directory_that_is_not_empty_is_refused_before_training(many: Command) -> None:
    before = contents()
    refused = many("seeds", "xor.yaml", "-n", "3", "-o", "many")
    assert (refused.code, refused.out) == (2, "")
    assert "many: the directory is not empty" in refused.err
    assert "--overwrite" in refused.err
    Path("many/notes.txt").write_text("mine", encoding="utf-8")
    refused = many("seeds", "xor.yaml", "-n", "3", "-o", "many", "--overwrite")
    assert refused.code == 2
    assert "notes.txt was not written by nncli" in refused.err
    Path("many/notes.txt").unlink()
    assert contents() == before
    many("train", "xor.yaml", "-o", "run")
    for words in (["seeds", "xor.yaml", "-o", "run"], ["train", "xor.yaml", "-o", "many"]):
        assert "was not written by nncli" in many(*words, "--overwrite").err
    assert contents() == before


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_not_replaced(many: Command, name: str) -> None:
    path = Path("many", name)
    path.write_bytes(b"" if name == "seeds.png" else b"x" + path.read_bytes()[1:])
    if name == "seeds.csv":
        Path("many/seeds.png").unlink()
    before = contents()
    assert many("seeds", "xor.yaml", "-n", "2", "-o", "many", "--overwrite").code == 2
    assert contents() == before


def test_a_picture_that_fails_leaves_the_older_directory_whole(
    many: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents()
    real = os.fsync
    calls: list[int] = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    assert many("seeds", "xor.yaml", "-n", "2", "-o", "many", "--overwrite").code != 0
    assert contents() == before


def test_all_formats_and_sources_hold_the_same_predictions(many: Command) -> None:
    expected = package.predict("many", proba=True)
    assert [*expected] == ["pred_y", "proba_0", "std_0", "proba_1", "std_1"]
    table = "x1,x2\n0,0\n0,1\n1,0\n1,1\n"
    Path("new.csv").write_text(table, encoding="utf-8")
    own = json.loads(many("predict", "many", "--proba", "--json").out)["columns"]
    of_file = json.loads(many("predict", "--run", "many", "--proba", "-i", "new.csv", "--json").out)[
        "columns"
    ]
    piped = json.loads(many("predict", "many", "--proba", "-i", "-", "--json", stdin=table).out)["columns"]
    for found in (own, of_file, piped):
        assert np.allclose(found["std_1"], np.asarray(expected["std_1"], dtype=float), rtol=1e-12)
        assert np.allclose(found["proba_0"], np.asarray(expected["proba_0"], dtype=float), rtol=1e-12)
    rows = many("predict", "many", "--values", "0,0", "--values", "0,1").out.splitlines()
    assert rows[0] == "x1,x2,pred_y,proba_1,std_1"
    assert len(rows) == 3
    assert many("predict", "many", "-o", "out.npy", "--set").code == 2
    high = many("predict", "many", "--threshold", "1", "-q").out
    assert {line.split(",")[3] for line in high.splitlines()[1:]} == {"0"}


def test_one_network_has_no_deviation(many: Command) -> None:
    many("seeds", "xor.yaml", "-n", "1", "-o", "one", *SHORT)
    assert many("predict", "one", "--values", "0,1").out.splitlines()[1].endswith(",")
    assert json.loads(many("predict", "one", "--json").out)["columns"]["std_1"] == [None] * 4


def test_diverged_trainings_are_no_members(nncli: Command) -> None:
    Path("line.yaml").write_text(
        "dataset: {function: {inputs: {x: [-1, 1]}, targets: {y: x}, samples: 20}}\n"
        "network: {layers: [1]}\noptimizer: {learning_rate: 1.0e+6}\n",
        encoding="utf-8",
    )
    assert nncli("seeds", "line.yaml", "-n", "3", "-o", "none").code == 3
    assert not Path("none").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate"],
        ["resume"],
        ["export", "many", "-o", "x.json"],
        ["trace"],
        ["report"],
        ["reproduce"],
    ],
    ids=lambda words: str(words[0]),
)
def test_commands_for_one_run_say_what_the_directory_holds(many: Command, words: list[str]) -> None:
    command, *rest = words
    refused = many(command, *(rest or ["many"]))
    assert (refused.code, refused.out) == (2, "")
    assert "many: holds 3 trainings from different seeds, not a run" in refused.err
    assert "nncli predict many" in refused.err
    assert "seed.training=0" in refused.err


def test_an_epoch_is_refused(many: Command) -> None:
    refused = many("predict", "many", "--epoch", "3")
    assert refused.code == 2
    assert "nncli seeds keeps only the final weights" in refused.err


def test_an_output_cannot_replace_a_file_of_the_networks(many: Command) -> None:
    before = contents()
    refused = many("predict", "many", "-o", "many/seeds.csv")
    assert refused.code == 2
    assert contents() == before


def test_damaged_networks_are_named(many: Command) -> None:
    content = bytearray(Path("many/members.npz").read_bytes())
    content[len(content) // 2] ^= 1
    Path("many/members.npz").write_bytes(content)
    refused = many("predict", "many", "--values", "0,1")
    assert refused.code == 2
    assert "members.npz" in refused.err
