"""Whatever a table holds, its rows are predicted whole or refused in plain words."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import BinaryIO, cast

import pytest

from nncli.config import Config
from nncli.inference import prediction
from nncli.messages.errors import DataError
from nncli.tables import writing
from nncli.tables.reading import read_parts, refuse
from nncli.tables.table import RowError
from nncli.training.experiment import build
from nncli.training.model import Model

from ..config.endings import mutated, read_or_refused
from ..tables.files import Trickle
from ..tables.test_fuzz import ENDS, ODD

CASES = 150

ROWS = [[20, "red", "yes", 1.5], [40, "blue", "no", 2.5], [60, 'dark, "matt"', "yes", 4]]
TEXTS = {
    "t.csv": 'age,colour,member,income\n20,red,yes,1\n4e1,"dark, ""matt""",NO,\n60,blue,no,NA\n',
    "t.tsv": "member\tnote\tage\tcolour\nyes\t\t20\tred\nno\tx\t-0.5\tblue\n",
    "t.jsonl": '{"age": 20, "colour": "red", "member": true, "income": 1}\n'
    '{"colour": "blue", "member": "No", "age": 4e1}\n'
    '{"age": "7", "colour": "red", "member": false, "x": null}\n',
}
JSON = [
    '"',
    "{",
    "}",
    "[1]",
    "null",
    "true",
    ":",
    ",",
    "\\u0000",
    "\\ud800",
    "NaN",
    '"age": 1,',
    "1e999",
    "{}",
]


@pytest.fixture(scope="module", params=["income", "member"])
def model(request: pytest.FixtureRequest) -> Model:
    regression = request.param == "income"
    layer = {"units": 1, "activation": "identity" if regression else "sigmoid"}
    values = {
        "dataset": {
            "columns": ["age", "colour", "member", "income"],
            "rows": ROWS,
            "targets": [request.param],
            "inputs": ["age", "colour", *(["member"] if regression else [])],
            "preprocessing": {"scale": "standard"},
        },
        "network": {"layers": [layer]},
        "loss": "mse" if regression else "binary_cross_entropy",
    }
    experiment = build(Config.of(values))
    return Model(experiment.network, experiment.initial, experiment.rows.training.columns)


@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
@pytest.mark.parametrize("skip", [False, True])
def test_a_damaged_table_is_predicted_in_whole_rows_or_refused(
    model: Model, form: writing.OutputFormat, skip: bool, tally: Callable[[str, Counter[str]], None]
) -> None:
    rng = random.Random(f"{form}{skip}")
    endings: Counter[str] = Counter(predicted=0, refused=0)
    for _ in range(CASES):
        name = rng.choice([*TEXTS])
        text = mutated(
            TEXTS[name], rng, JSON if name == "t.jsonl" else ODD, ["nan", "inf", "1,5", "2024-02-29"]
        )
        content = text.replace("\n", rng.choice(ENDS)).encode("utf-8", "surrogateescape")
        if rng.random() < 0.2:
            content = gzip.compress(content, mtime=0)
            content = content[: rng.choice([len(content), rng.randrange(len(content))])]
        bad: list[RowError] = []
        file = Trickle(content, rng.choice([3, 30, 1000]))
        out = io.StringIO()

        def answered(
            name: str = name, file: Trickle = file, bad: list[RowError] = bad, out: io.StringIO = out
        ) -> int:
            tables = read_parts(cast(BinaryIO, file), name, bad.append if skip else refuse)
            answers = prediction.in_parts(model, tables, proba=True, on_bad=bad.append if skip else None)
            return writing.write_stream(answers, form, out)

        count = read_or_refused(answered, content)
        endings["refused" if count is None else "predicted"] += 1
        written = whole_rows(out.getvalue(), form)
        assert count is None or written is None or written == count, content
        assert all(error.line >= 1 and error.problem for error in bad)
    tally(f"damaged tables predicted as {form}", endings)
    assert min(endings.values()) > CASES // 20


def whole_rows(text: str, form: str) -> int | None:
    """How many rows were written, all of one width; None where cells may break lines."""
    if form == "table":
        return None
    if form == "jsonl":
        for line in text.splitlines():
            assert "pred_income" in json.loads(line) or "pred_member" in json.loads(line)
        return text.count("\n")
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert len({len(row) for row in rows if row}) <= 1, text
    return max(0, len(rows) - 1)


def test_rows_left_out_are_reported_in_their_order(model: Model) -> None:
    text = 'age,colour,member,income\nx,red,yes,1\n20,red,yes,x\n20,violet,no,1\n20,"red"x\n20,red,maybe,z\n'
    bad: list[RowError] = []
    tables = read_parts(io.BytesIO(text.encode()), "t.csv", bad.append)
    list(prediction.in_parts(model, tables, proba=False, on_bad=bad.append))
    lines = [error.line for error in bad]
    assert lines == sorted(set(lines))
    assert {2, 4, 5} <= set(lines)


def test_a_row_without_any_key_gets_its_prediction() -> None:
    values = {
        "dataset": {
            "columns": ["a", "y"],
            "rows": [[1, 2], [3, 4]],
            "targets": ["y"],
            "preprocessing": {"missing": "median"},
        },
        "network": {"layers": [{"units": 1}]},
    }
    experiment = build(Config.of(values))
    model = Model(experiment.network, experiment.initial, experiment.rows.training.columns)
    out = io.StringIO()
    tables = read_parts(io.BytesIO(b'{"a": 2}\n{ }\n'), "t.jsonl")
    writing.write_stream(prediction.in_parts(model, tables, proba=False), "jsonl", out)
    given, empty = map(json.loads, out.getvalue().splitlines())
    assert empty == {"pred_y": given["pred_y"]}


def test_without_leave_to_skip_the_first_bad_row_ends_it(model: Model) -> None:
    tables = read_parts(io.BytesIO(b"age,colour,member\n20,red,yes\n20,violet,no\nx,red,no\n"), "t.csv")
    with pytest.raises(DataError, match=r"^t.csv:3:4: colour: unknown category 'violet'"):
        list(prediction.in_parts(model, tables, proba=False))
