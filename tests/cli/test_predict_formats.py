"""`nncli predict`: the formats it writes, and the cells and labels kept in them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_writes_every_format(trained: Command) -> None:
    share = [float(row["proba_1"]) for row in rows_of(trained("predict").out)]
    for file in ("p.csv", "p.jsonl", "p.npy", "p.txt"):
        assert trained("predict", "--output", file).code == 0
    assert [float(row["proba_1"]) for row in rows_of(Path("p.csv").read_text())] == share
    assert [json.loads(line)["proba_1"] for line in Path("p.jsonl").read_text().splitlines()] == share
    assert np.load("p.npy")[:, 1].tolist() == share
    assert len(Path("p.txt").read_text().splitlines()) == 5


IDS = ["007", "12345678901234567890", "Nan", "1_000", "1e400", "", "1.0"]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_predict_keeps_cells_that_the_network_does_not_read(trained: Command, form: str) -> None:
    table = "x1,id,x2,y\n" + "".join(f"1,{cell},0.10,01\n" for cell in IDS)
    words = ["--json"] if form == "json" else ["--format", "jsonl"]
    text = trained("predict", "-i", "-", *words, stdin=table).out
    if form == "json":
        columns = json.loads(text)["columns"]
    else:
        rows = [json.loads(line) for line in text.splitlines()]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert columns["id"] == IDS
    assert columns["x1"] == columns["y"] == columns["pred_y"] == [1] * len(IDS)
    assert columns["x2"] == [0.1] * len(IDS)
    assert all(isinstance(share, float) for share in columns["proba_1"] + columns["error_y"])


def test_predict_keeps_labels_of_text(nncli: Command) -> None:
    Path("c.yaml").write_text(
        "dataset: {columns: [q, side], rows: [[0, '1e3x'], [1, 'nan']], targets: [side]}\n"
        "network: {layers: [{units: 1, activation: sigmoid}]}\nloss: binary_cross_entropy\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    columns = json.loads(nncli("predict", "--json").out)["columns"]
    assert columns["side"] == ["1e3x", "nan"]
    assert set(columns["pred_side"]) <= {"1e3x", "nan"}
    assert "predictions are labels" in nncli("predict", "-o", "p.npy").err


def test_predict_leaves_columns_of_the_table_out_of_npy(trained: Command) -> None:
    table = "x1,x2,pred_other\n1,0,7\n"
    assert trained("predict", "-i", "-", "-o", "p.npy", stdin=table).code == 0
    assert np.load("p.npy").shape == (1, 2)


def test_predict_with_json_writes_the_file_it_names(trained: Command) -> None:
    values = json.loads(trained("predict", "--json", "-o", "p.csv").out)
    assert values == {
        "schema": "nncli.predict/1",
        "run": "runs/xor",
        "rows": 4,
        "unseen": 0,
        "output": "p.csv",
        "format": "csv",
    }
    assert len(rows_of(Path("p.csv").read_text())) == 4


def test_predict_refuses_endings_it_cannot_write(trained: Command) -> None:
    result = trained("predict", "-o", "p.xlsx")
    assert (result.code, result.out) == (2, "")
    assert "p.xlsx: cannot write '.xlsx' files\nhint: choose .csv, .jsonl," in result.err
    assert not Path("p.xlsx").exists()
    assert trained("predict", "-o", "p.data", "--format", "jsonl").code == 0
    assert trained("predict", "-o", "p").code == 0
    assert Path("p").read_text().startswith("x1,x2,")
