"""Tables, configs and commands as people write them: each once failed, or was answered badly."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from .conftest import Command

FILES = Path(__file__).parent / "cases"


class Step(NamedTuple):
    """A command, its exit code, what it must print in any order, and what it must not."""

    command: str
    code: int = 0
    printed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def init(file: str, target: str, *printed: str, absent: tuple[str, ...] = ()) -> Step:
    words = shlex.join(["init", "--from-csv", file, "--target", target, "--overwrite"])
    return Step(words, 0, printed, absent)


def works(name: str) -> list[Step]:
    return [Step(f"check {name}.yaml"), Step(f"train {name}.yaml -q --epochs 5"), Step(f"evaluate {name}")]


NUMBERS = "task regression"
CASES: dict[str, list[Step]] = {
    "ticket-column": [init("ship.csv", "Saved", r"left out Ticket \(text among its numbers"), *works("ship")],
    "invoice-prefix": [init("retail.csv", "Returned", r"left out InvoiceNo"), *works("retail")],
    "units-row": [
        init("units.csv", "y", r"skipped the line below the header.*s, N, mm", NUMBERS),
        *works("units"),
    ],
    "thousands-hint": [init("houses.csv", "price", r"340,058 is 340058"), *works("houses")],
    "decimal-comma-config": [Step("check rate.yaml", 2, (r"write 0\.01",), ("001$",))],
    "decimal-comma-flow": [Step("check flow.yaml", 2, (r"decimal comma", r"write 0\.01"), ("unknown key",))],
    "currency-target": [init("houses.csv", "price", NUMBERS, r"\$340058 is 340058"), *works("houses")],
    "currency-input-is-id": [
        init("houses.csv", "price", r"fee: numbers with €; €340\.06 is 340\.06", absent=("identifier fee",)),
        Step("check houses.yaml", 0, (r"inputs +area, rooms, fee",)),
    ],
    "blank-thousands": [
        *(
            init(f"{name}.csv", "price", r"81.900 is 81900", absent=("identifier area",))
            for name in ("blank", "nobreak", "apostrophe")
        ),
        *works("blank"),
    ],
    "hand-written-config": [
        Step("check hand.yaml", 0, (r"\$8,190\.00 is 8190", r"inputs +area, rooms, city"))
    ],
    "dots-as-thousands": [
        init(
            "umsatz.csv",
            "y",
            r"v \(line 16\): the point in 1\.018 is read as a decimal point; .* thousands \(1018\)",
        )
    ],
    "no-value-spellings": [
        step
        for name in ("excel", "dash", "sql", "unknown")
        for step in (init(f"{name}.csv", "price", NUMBERS), *works(name))
    ],
    "na-as-class": [init("pets.csv", "y", r"'NA' \(\d+ rows\) is read as a class")],
    "sep-line": [init("houses.csv", "price", "semicolons"), *works("houses")],
    "title-line": [init("houses.csv", "price", r"skipped line"), *works("houses")],
    "pandas-index": [
        init("houses.csv", "price", r"left out Unnamed: 0 \(the index of a data frame\)"),
        *works("houses"),
        Step("predict houses -i new.csv", 0, ("pred_price",)),
    ],
    "trailing-comma-header": [
        init("tumours.csv", "diag", "task binary"),
        *works("tumours"),
        init("houses.csv", "price", NUMBERS),
        *works("houses"),
    ],
    "header-one-short": [
        init("houses.csv", "price", r"one name short"),
        *works("houses"),
        init("comma.csv", "price", NUMBERS),
        *works("comma"),
    ],
    "no-header-with-text": [
        init("houses.data", "column_4", "no header row, so the columns are named column_1 to column_4"),
        Step("check houses.yaml", 0, (r"data +houses\.data, 24 rows for training, 6 held out",)),
    ],
    "commas-in-names": [init("flats.csv", "price (EUR, gross)", "semicolons", NUMBERS), *works("flats")],
    "pipes": [init("houses.csv", "price", "vertical bars"), *works("houses")],
    "workbook": [
        Step("init --from-csv houses.xlsx --target price", 2, ("Excel workbook", "CSV UTF-8"), ("NUL",))
    ],
    "json-array": [init("houses.json", "price", NUMBERS), *works("houses")],
    "arff": [
        init("houses.arff", "price", NUMBERS),
        *works("houses"),
        Step("init --from-csv houses.fann --target price -o fann.yaml", 2, ("FANN",)),
    ],
    "categorical-crossentropy": [
        Step("check keras.yaml", 2, ("did you mean cross_entropy",), ("mean binary",)),
        Step(
            "check keras.yaml --set loss=sparse_categorical_crossentropy", 2, ("did you mean cross_entropy",)
        ),
    ],
    "switch-optimizer": [Step("check b.yaml --set optimizer.name=adam", 0, ("momentum", "optimizer +adam"))],
    "text-for-list": [Step("check a.yaml", 0, (r"targets +price", r"network +2-8-1|network +\d+-8-1"))],
    "seed-null": [Step("check a.yaml", 2, ("expected a whole number or a mapping", "whole number such as"))],
    "yes-no-cases": [
        init("answers.csv", "y", "task binary \\(the target has 2"),
        Step("check answers.yaml", 0, (r"binary \(no, yes\)",)),
        init("flags.csv", "y", "task binary \\(the target has 2"),
        Step("check flags.yaml", 0, (r"binary \(false, true\)",)),
    ],
    "parquet-index": [init("houses.parquet", "price", r"left out __index_level_0__"), *works("houses")],
    "blank-before-quote": [
        init("old.csv", "y"),
        Step("check old.yaml", 0, (r"town \(2 categories\)",)),
        Step("train old.yaml -q --epochs 5"),
        Step("predict old -i new.csv", 0, absent=("no training row",)),
    ],
    "blank-after-quote": [init("towns.csv", "y", NUMBERS), *works("towns")],
    "one-hot-init": [
        Step(
            "init --from-csv levels.csv --target low --target mid --target high",
            0,
            (r"detected task multiclass \(0/1 columns, exactly one of them 1 in every row\)",),
        ),
        *works("levels"),
    ],
    "labels-one-two": [
        Step("check h.yaml", 2, ("task: binary",)),
        Step("check h.yaml --set dataset.task=binary"),
    ],
    "softmax-for-amounts": [Step("check h.yaml", 2, ("activation: identity",), ("set units: 54",))],
    "month-names": [
        init("d.csv", "y"),
        Step("check d.yaml", 0, (r"when \(date: ",)),
        init("d2.csv", "y"),
        Step("check d2.yaml", 0, (r"when \(date: ",)),
    ],
    "part-column": [
        init("t.csv", "y", "split by column part"),
        Step("check t.yaml", 0, (r"72 rows for training, 24 held out for validation, 24 held out for test",)),
    ],
    "target-and-input-gaps": [
        init("t.csv", "y", "8 rows without a target value"),
        *works("t"),
        Step("check t2.yaml", 0, (r"left out +8 rows",)),
    ],
    "only-a-date": [init("births.csv", "births"), Step("check births.yaml", 0, (r"date \(date: days",))],
    "plot-run": [init("t.csv", "y"), Step("train t.yaml -q --epochs 5"), Step("plot t", 0, ("loss",))],
    "unseen-ignored": [
        init("houses.csv", "price"),
        Step("train houses.yaml -q --epochs 5"),
        Step("predict houses -i new.csv", 0, (r"city.*linz.*Paris",)),
    ],
    "input-named-pred": [
        init("t.csv", "price"),
        Step("train t.yaml -q --epochs 5"),
        Step("predict t -i t.csv -o out.csv", 0, (r"pred_price_2",)),
        Step("predict t -i out.csv -o again.csv"),
    ],
    "xor-no-change-helps": [Step("train x.yaml -q", 0, (r"learning_rate",), ("no change tried",))],
    "xor-slow-no-word": [Step("train x.yaml -q", 0, ("no better than", "learning_rate"))],
    "evaluate-gaps": [
        Step("train b.yaml -q --epochs 5"),
        Step("evaluate b -i some.csv", 2, ("none of 3 rows has a usable target",)),
        Step("predict b -i some.csv", 0, ("pred_price",)),
    ],
    "sine": [
        init("sine.csv", "y"),
        Step('train sine.yaml -q --fail-if "test_r2 < 0.9"'),
    ],
    "other-separator-out": [
        init("houses.csv", "price"),
        Step("train houses.yaml -q --epochs 5"),
        Step("predict houses -i new.csv", 0, (r"area;rooms;city;note;pred_price",)),
        Step("predict houses -i new.csv -o out.tsv"),
    ],
    "f1-of-the-common-class": [
        init("fraud.csv", "y"),
        Step("train fraud.yaml -q"),
        Step('evaluate fraud --fail-if "f1 < 0.8"', 4, (r"f1 \(fraud\) is 0\.",)),
    ],
    "no-such-file": [
        Step("init --from-csv nofile.csv --target y", 2, ("current directory",), ("relative to the config",)),
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_what_people_write_is_understood_or_answered(
    name: str, nncli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (FILES / name).exists():
        shutil.copytree(FILES / name, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for step in CASES[name]:
        result = nncli(*shlex.split(step.command))
        said = " ".join(f"{result.out}\n{result.err}".split())
        assert result.code == step.code, (step.command, said)
        for pattern in step.printed:
            assert re.search(re.sub(r" \+", r"\\s+", pattern), said), (step.command, pattern, said)
        for pattern in step.absent:
            assert not re.search(pattern, said), (step.command, pattern, said)
