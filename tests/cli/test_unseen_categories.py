"""Categories that no training row has: `predict` and `evaluate` warn of them, `plot --at` refuses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Result

ROWS = ["1,4,Linz,1.5", "2,3,Wien,2.5", "3,2,Linz,3.5", "4,1,Wien,4.5"]


@pytest.fixture
def town(nncli: Command) -> Command:
    Path("t.csv").write_text("\n".join(["a,b,city,y", *ROWS, ""]))
    Path("c.yaml").write_text(
        "dataset: {path: t.csv, targets: [y], preprocessing: {unseen: ignore}}\n"
        "network: {layers: [{units: 1}]}\ntraining: {epochs: 2}\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    return nncli


CITIES = ["linz", "Paris", "linz", "Linz", "Rome", "Oslo"]
SEEN = (
    "5 rows have categories that are not in the training set and are encoded as unknown "
    "(city: linz, Paris, Rome); the first such cell is at "
)


def checked(result: Result) -> None:
    assert result.code == 0
    assert result.err.count("not in the training set") == 1
    assert SEEN in result.err


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_rows_of_a_table_are_counted_with_examples(town: Command, command: str, form: str) -> None:
    mark = "\t" if form == "tsv" else ","
    if form == "jsonl":
        text = "".join(json.dumps({"a": 1, "b": 2, "city": city, "y": 1}) + "\n" for city in CITIES)
    else:
        text = "\n".join(["a,b,city,y", *(f"1,2,{city},1" for city in CITIES), ""]).replace(",", mark)
    Path(f"new.{form}").write_text(text)
    checked(town(command, "-i", f"new.{form}"))
    result = town(command, "-i", f"new.{form}", "--json")
    checked(result)
    values = json.loads(result.out)
    assert (values["unseen"], values["unseen_categories"]) == (5, {"city": ["linz", "Paris", "Rome"]})


def test_rows_of_values_are_counted_with_examples(town: Command) -> None:
    checked(town("predict", *(word for city in CITIES for word in ("--values", f"1,2,{city}"))))


def test_a_picture_at_such_a_category_is_refused(town: Command) -> None:
    words = ["plot", "output", "c", "-o", "p.svg"]
    assert town(*words, "--at", "city=Wien").code == 0
    result = town(*words, "--at", "city=wien")
    assert result.code == 2
    assert "--at city=wien: unknown category 'wien'\nhint: choose from Linz, Wien" in result.err
