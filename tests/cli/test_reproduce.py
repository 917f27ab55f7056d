"""`nncli reproduce`, as a person and a script meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nncli.runs import Run
from tests.cli.conftest import Command

IDENTICAL = "bit-identical: 1,000 epochs, weights, history and snapshots\n"
TABLE = "x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
CONFIG = "dataset: {path: t.csv, targets: [y]}\nnetwork: {layers: [{units: 1, activation: sigmoid}]}\n"


def change_history(by: float) -> None:
    """The last loss but one."""
    path = Path("runs/xor/history.csv")
    rows = path.read_text().splitlines()
    epoch, loss, *rest = rows[-2].split(",")
    rows[-2] = ",".join([epoch, repr(float(loss) + by), *rest])
    path.write_text("\n".join(rows) + "\n")


def test_the_latest_run_is_said_to_be_identical(trained: Command) -> None:
    result = trained("reproduce")
    assert (result.code, result.out) == (0, IDENTICAL)
    assert result.err.splitlines()[0] == "using runs/xor, the latest run"
    assert trained("reproduce", "xor", "--tolerance", "0", "-q") == (0, IDENTICAL, "")


def test_a_difference_beyond_the_tolerance_exits_with_4(trained: Command) -> None:
    change_history(by=0.5)
    result = trained("reproduce", "xor", "-q")
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith(
        "error: runs/xor: not reproduced: relative difference 1.1e-01, above the limit 1e-09\nhint: "
    )
    detailed = trained("reproduce", "xor", "--progress", "none")
    assert detailed.out.startswith("first  epoch 999, history.csv: loss was 0.756")
    assert len(detailed.out.splitlines()) == 1  # it is the worst, too, and the weights are the same


def test_a_difference_within_the_tolerance_is_reported_and_exits_with_0(trained: Command) -> None:
    change_history(by=1e-12)
    result = trained("reproduce", "xor", "-q")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        "reproduced: 1,000 epochs, weights, history and snapshots, relative difference 2.2e-13 ("
    )
    assert trained("reproduce", "xor", "--tolerance", "1e-13").code == 4
    assert trained("reproduce", "xor", "--tolerance", "0").code == 4


def test_json_holds_what_is_promised(trained: Command) -> None:
    reported = json.loads(trained("reproduce", "xor", "--json", "-q").out)
    assert reported == {
        "schema": "nncli.reproduce/1",
        "run": "runs/xor",
        "ok": True,
        "tolerance": 1e-9,
        "epochs": 1000,
        "identical": True,
        "first": None,
        "worst": None,
        "final": None,
        "mismatch": None,
        "versions": {},
    }
    loss = Run(Path("runs/xor")).history["loss"]
    change_history(by=0.5)
    result = trained("reproduce", "xor", "--json", "-q")
    reported = json.loads(result.out)
    assert (result.code, reported["ok"], reported["identical"], reported["final"]) == (4, False, False, None)
    assert reported["first"] == reported["worst"]
    assert reported["first"] == {
        "epoch": 999,
        "file": "history.csv",
        "tensor": "loss",
        "index": [],
        "before": loss[-2] + 0.5,
        "now": loss[-2],
        "difference": loss[-2] + 0.5 - loss[-2],
        "relative": (loss[-2] + 0.5 - loss[-2]) / loss.max(),
    }


def test_another_number_of_rows_is_a_mismatch(trained: Command) -> None:
    path = Path("runs/xor/history.csv")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    result = trained("reproduce", "xor", "--tolerance", "1", "--progress", "none")
    assert result.code == 4
    assert result.out == "mismatch  history.csv: nothing instead of epoch 1000\n"
    assert "not reproduced: history.csv: nothing instead of epoch 1000" in result.err


def test_other_versions_are_reported(trained: Command) -> None:
    path = Path("runs/xor/run.json")
    info = json.loads(path.read_text())
    info["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(info))
    result = trained("reproduce", "xor", "--progress", "none", "--json")
    assert json.loads(result.out)["versions"]["numpy"]["then"] == "1.0"
    assert result.err.startswith("numpy ")
    assert result.err.endswith(", trained with 1.0\n")


def test_a_run_of_an_earlier_nncli_comes_with_a_note(trained: Command) -> None:
    path = Path("runs/xor/run.json")
    info = json.loads(path.read_text())
    del info["data"]
    path.write_text(json.dumps(info))
    result = trained("reproduce", "xor", "--progress", "none")
    assert (result.code, result.out) == (0, IDENTICAL)
    assert (
        result.err
        == "an older version of nncli trained it and did not record its data: changes go undetected\n"
    )


@pytest.mark.parametrize("words", [("evaluate", "c", "-q"), ("gradcheck", "c")])
def test_changed_data_are_reported_by_all_and_stop_reproduce(words: tuple[str, ...], nncli: Command) -> None:
    Path("t.csv").write_text(TABLE)
    Path("c.yaml").write_text(CONFIG)
    nncli("train", "c.yaml", "--epochs", "5", "-q")
    assert nncli(*words).err == ""
    Path("t.csv").write_text(TABLE.replace("1,1,0", "3,1,0"))
    note = "the data have changed since training: input x1 has changed"
    result = nncli(*words)
    assert (result.code, result.err) == (0, f"warning: {note}\n")
    result = nncli("reproduce", "c")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: runs/c: {note}\nhint: ")


def test_data_given_by_hand_are_not_those_of_the_run(nncli: Command) -> None:
    Path("t.csv").write_text(TABLE)
    Path("other.csv").write_text(TABLE.replace("1,1,0", "3,1,0"))
    Path("c.yaml").write_text(CONFIG)
    nncli("train", "c.yaml", "--epochs", "5", "-q")
    Path("t.csv").write_text(TABLE.replace("1,1,0", "2,1,0"))
    assert nncli("evaluate", "c", "--input", "other.csv").err == ""


def test_a_diverged_run_diverges_again_and_that_is_right(nncli: Command) -> None:
    nncli("init", "linear_map_published")
    assert nncli("train", "linear_map_published.yaml", "-q").code == 3
    result = nncli("reproduce", "-q")
    assert result.code == 0
    assert result.out.startswith("bit-identical: training diverges at epoch ")
