"""Settings of how a table is read: in a config, in `init --read`, and for the tables predicted later."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nncli.config import load_config

from .conftest import Command

ROWS = [(f"{60.5 + 3 * row}", str(row % 4), str(1000 * row + 1)) for row in range(30)]


def cells(line: str) -> list[str]:
    return re.split("[,;:\t]", line)


def table(separator: str = ",", header: str = "area,rooms,price", decimal: str = ".") -> str:
    lines = [header.split(",")] if header else []
    lines += [[cell.replace(".", decimal) for cell in row] for row in ROWS]
    return "".join(separator.join(line) + "\n" for line in lines)


# Settings, a table that needs them, and the columns that it then has.
CASES = {
    "separator=tab": (table("\t"), "area, rooms, price"),
    "separator=semicolon": (table(";"), "area, rooms, price"),
    "separator=:": (table(":"), "area, rooms, price"),
    "header=false": (table(header=""), "column_1, column_2, column_3"),
    "header=true": (table(header="2019,2020.5,2020"), "2019, 2020.5, 2020"),
    "skip_rows=2": ("one,two\nthree,four,five\n" + table(), "area, rooms, price"),
    "comment=%": ("% made by hand\n" + table().replace("\n", "\n% a note\n", 3), "area, rooms, price"),
    "decimal=,": (table(";", decimal=","), "area, rooms, price"),
    "encoding=cp1252": (table(header="fläche,rooms,price"), "fläche, rooms, price"),
    "missing_values=[-999, n.d.]": (
        table().replace("63.5", "-999").replace("66.5", "n.d."),
        "area, rooms, price",
    ),
}


@pytest.mark.parametrize("setting", CASES)
def test_a_setting_of_init_is_written_and_applies_to_later_tables(nncli: Command, setting: str) -> None:
    text, names = CASES[setting]
    encoding = "cp1252" if "encoding" in setting else "utf-8"
    Path("t.csv").write_text(text, encoding=encoding)
    *inputs, target = names.split(", ")
    result = nncli("init", "t.csv", "--target", target, "--read", setting)
    assert result.code == 0, result.err
    key, value = setting.split("=", 1)
    assert str(getattr(load_config("t.yaml").dataset.read, key)).lower().replace("'", "") == value
    assert nncli("train", "t.yaml", "-q", "--epochs", "3").code == 0
    # Two rows alone tell little about the layout of a table.
    shown = "\n".join(text.splitlines()[: 2 if "header=false" in setting else 7]) + "\n"
    Path("few.csv").write_text(shown, encoding=encoding)
    predicted = nncli("predict", "t", "-i", "few.csv", "-o", "out.csv")
    assert predicted.code == 0, predicted.err
    whole = nncli("predict", "t", "-i", "t.csv", "-o", "all.csv")
    assert whole.code == 0
    few, every = (Path(name).read_text().splitlines() for name in ("out.csv", "all.csv"))
    assert [cells(line)[:3] for line in few] == [cells(line)[:3] for line in every[: len(few)]]
    assert len(few) > 1
    assert len(inputs) == 2


def test_decimal_and_thousands_settle_what_cells_leave_open(nncli: Command) -> None:
    Path("t.csv").write_text("x;y\n" + "".join(f"{row},125;{row}.250\n" for row in range(1, 40)))
    for settings, expected in (
        ([], (1125.0, 1.25)),
        (["--set", "dataset.read.decimal=,"], (1.125, 1250.0)),
        (["--set", "dataset.read.thousands=."], (1.125, 1250.0)),
        (["--set", "dataset.read.thousands=none"], (1.125, 1.25)),
    ):
        Path("c.yaml").write_text(
            "dataset: {path: t.csv, targets: y}\nnetwork: {layers: [1]}\noptimizer: {learning_rate: 1e-9}\n"
        )
        assert (
            nncli("train", "c.yaml", "-q", "--epochs", "1", "-o", "run", "--overwrite", *settings).code == 0
        )
        predicted = nncli("predict", "run", "-i", "t.csv", "--json")
        assert predicted.code == 0
        from nncli import api

        data = api.open_run("run").experiment.rows.whole
        assert (data.X[0, 0], data.expected[0, 0]) == expected


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("separator=ab", "expected auto, one character, or tab, space, comma, semicolon or bar"),
        ("separator='\"'", "expected auto, one character"),
        ("header=maybe", "expected auto, true or false"),
        ("skip_rows=-1", "expected 'auto' or a whole number of at least 0"),
        ("comment=##", "expected auto or one character"),
        ("encoding=klingon", "expected auto or an encoding such as utf-8"),
        ("encoding=base64", "expected auto or an encoding such as utf-8"),
        ("decimal=;", "unknown value ';'"),
        ("head=false", "unknown key"),
        ("separator", "expected KEY=VALUE"),
    ],
)
def test_wrong_settings_are_answered(nncli: Command, setting: str, problem: str) -> None:
    Path("t.csv").write_text(table())
    result = nncli("init", "t.csv", "--target", "price", "--read", setting)
    assert result.code == 2
    assert problem in " ".join(result.err.split())
    assert not Path("t.yaml").exists()
