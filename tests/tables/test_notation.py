"""Numbers as people write them: with currencies, units, separators of thousands and decimal commas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nncli import api
from nncli.tables.column import NO_VALUE, Column, no_number
from nncli.tables.notation import PLAIN_NOTATION, detect, readings

VALUES = [81.5, 1018.25, 7.0, 1_234_567.75, 340_058.0, -12.5, 999.0, 22.125]


def us(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def german(value: float) -> str:
    return us(value).translate(str.maketrans(",.", ".,"))


# How each value is written.
WRITTEN: dict[str, Callable[[float], str]] = {
    "commas between thousands": us,
    "points between thousands": german,
    "spaces between thousands": lambda value: us(value).replace(",", " "),
    "no-break spaces": lambda value: us(value).replace(",", "\N{NO-BREAK SPACE}"),
    "narrow spaces and decimal commas": lambda value: german(value).replace(".", "\N{NARROW NO-BREAK SPACE}"),
    "apostrophes": lambda value: us(value).replace(",", "'"),
    "typographic apostrophes": lambda value: us(value).replace(",", "\N{RIGHT SINGLE QUOTATION MARK}"),
    "decimal commas": lambda value: repr(value).replace(".", ","),
    "dollars": lambda value: f"${value}",
    "dollars after the sign": lambda value: f"-${-value}" if value < 0 else f"${value}",
    "dollars and commas": lambda value: f"${us(value)}",
    "euros behind": lambda value: f"{german(value)} €",
    "a currency code": lambda value: f"CHF {value}",
    "percent": lambda value: f"{value}%",
    "percent after a space": lambda value: f"{german(value)} %",
    "a unit": lambda value: f"{value} km",
    "a composed unit": lambda value: f"{value} km/h",
    "a squared unit": lambda value: f"{value}m²",
    "degrees": lambda value: f"{value}°C",
    "a minus sign": lambda value: f"{us(value)}".replace("-", "\N{MINUS SIGN}") + " €",
}


@pytest.mark.parametrize("written", WRITTEN)
def test_the_numbers_of_a_column_are_found_in_any_writing(written: str) -> None:
    column = Column([WRITTEN[written](value) for value in VALUES])
    assert column.kind == "number"
    assert column.numbers.tolist() == VALUES
    assert not column.is_text


@pytest.mark.parametrize("written", WRITTEN)
def test_a_single_cell_offers_the_right_number(written: str) -> None:
    for value in VALUES:
        offered = readings(WRITTEN[written](value))
        assert not offered or value in map(float, offered)


@pytest.mark.parametrize(
    "cells",
    [
        ["A12", "A13", "A14"],
        ["C536365", "536366", "536367", "C536368"],
        ["12A", "7B", "9C"],
        ["2023-01-05", "2023-01-06"],
        ["1/2", "3/4"],
        ["0x10", "0x11"],
        ["18-25", "26-35"],
        ["12:30", "13:45"],
        ["1st", "2nd", "3rd"],
        ["555 1234", "555 9876"],
        ["1,23,4", "5,6,7"],
        ["0,", "1,", "25,"],
        ["5k", "3M", "2G"],
        ["one", "two"],
    ],
    ids=lambda cells: cells[0],
)
def test_codes_dates_and_texts_are_no_numbers(cells: list[str]) -> None:
    assert detect(cells) == PLAIN_NOTATION


def test_thousands_are_not_taken_for_decimals() -> None:
    assert Column(["340,058", "563,805"]).numbers.tolist() == [340_058, 563_805]
    assert Column(["340,058", "563,80"]).numbers.tolist() == [340.058, 563.8]
    assert Column(["0,058", "563,805"]).numbers.tolist() == [0.058, 563.805]


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("340,058", "write 340058 or 340.058"),
        ("0,5", "write 0.5"),
        ("1.000,5", "write 1000.5"),
        ("$340,058.50", "write 340058.5"),
        ("81 900", "write 81900"),
        ("12 %", "write 12"),
        ("<5", "write a number, or leave the cell empty"),
        ("> 100", "write a number, or leave the cell empty"),
    ],
)
def test_a_cell_that_is_no_number_gets_a_hint_that_keeps_its_value(cell: str, hint: str) -> None:
    assert no_number(cell)[1] == hint


def test_points_that_may_separate_thousands_are_pointed_out() -> None:
    cells = [f"{value:,}".replace(",", ".") for value in range(500, 2000, 37)]
    assert Column(cells).doubtful == "1.018"
    for others in (["0.5", "1.018"], ["500", "1.01"], ["1.018", "1.055"], ["5000", "1.018"], ["5", "1.018"]):
        assert Column(others).doubtful == ""
    assert Column([f"{cell} €" for cell in cells]).doubtful == "1.018 €"


@pytest.mark.parametrize("mark", sorted(NO_VALUE["number"]))
@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title], ids=["lower", "upper", "title"])
def test_every_spelling_of_a_missing_value_is_one(mark: str, spelled: Callable[[str], str]) -> None:
    column = Column(["1.5", spelled(mark), "2,5".replace(",", "."), "3"])
    assert column.kind == "number"
    assert column.missing("number").tolist() == [False, True, False, False]
    assert np.isnan(column.numbers[1])
    dressed = Column(["$1.5", spelled(mark), "$2.5"])
    assert dressed.kind == "number"
    assert np.isnan(dressed.numbers[1])


@pytest.mark.parametrize("mark", sorted(NO_VALUE["category"] - {""}))
def test_spellings_of_programs_are_no_category(mark: str) -> None:
    column = Column(["Linz", mark, "Graz"])
    assert column.missing("category").tolist() == [False, True, False]
    assert column.labels(numeric=False) == ["Linz", "", "Graz"]


def table(write: Callable[[float], str]) -> str:
    out = io.StringIO()
    rows = [[write(x + 0.25), write(3 * x + 2.5)] for x in range(900, 1100, 7)]
    csv.writer(out, lineterminator="\n").writerows([["x", "y"], *rows])
    return out.getvalue()


CONFIG = """\
dataset:
  path: {name}.csv
  targets: [y]
  preprocessing: {{scale: standard, scale_targets: standard}}
network: {{layers: [{{units: 3, activation: tanh}}, {{units: 1}}]}}
training: {{epochs: 20}}
"""


@pytest.mark.parametrize("written", WRITTEN)
def test_inputs_and_targets_in_any_writing_train_and_predict_like_plain_numbers(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    for name, write in (("plain", str), ("written", WRITTEN[written])):
        Path(f"{name}.csv").write_text(table(write))
        Path(f"{name}.yaml").write_text(CONFIG.format(name=name))
        run = api.train(f"{name}.yaml")
        # Row by row: how numbers are written was learned in training, not from the table to predict.
        rows = csv.reader(io.StringIO(table(write)))
        header, *body = list(rows)
        each = [dict(zip(header, ([cell] for cell in row), strict=True)) for row in body[:5]]
        found.append((api.evaluate(run).metrics, [api.predict(run, row)["pred_y"][0] for row in each]))
    assert found[0] == found[1]
