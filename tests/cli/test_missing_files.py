"""Files named on the command line that are not there: the directory searched, and a file that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.storage.lookup import TABLES
from nncli.tables.reading import TABLE_FORMATS
from tests.cli.conftest import Command

READERS_OF_TABLES = [
    ("init", "--target", "y", "--from-csv"),
    ("predict", "xor", "-i"),
    ("evaluate", "xor", "-i"),
]
READERS_OF_CONFIGS = [("train",), ("check",), ("gradcheck",)]


@pytest.mark.parametrize("words", READERS_OF_TABLES, ids=" ".join)
@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (
            "hoses.csv",
            "hoses.csv: No such file or directory\n"
            "hint: did you mean houses.csv? it is the only table in the current directory\n",
        ),
        (
            "houses.tsv",
            "houses.tsv: No such file or directory\n"
            "hint: did you mean houses.csv? it is the only table in the current directory\n",
        ),
        (
            "nothing.csv",
            "nothing.csv: No such file or directory\nhint: tables in the current directory: houses.csv\n",
        ),
        (
            "data/old.csv",
            "data/old.csv: No such file or directory\n"
            "hint: tables in data: data/new.csv, data/second.csv.gz\n",
        ),
        (
            "data/news.csv",
            "data/news.csv: No such file or directory\n"
            "hint: did you mean data/new.csv? tables in data: data/new.csv, data/second.csv.gz\n",
        ),
        (
            "no/houses.csv",
            "no/houses.csv: No such file or directory\n"
            "hint: the directory no does not exist; check the path\n",
        ),
        (
            "data",
            "data: is a directory, not a table\nhint: tables in data: data/new.csv, data/second.csv.gz\n",
        ),
        ("runs", "runs: is a directory, not a table\nhint: no tables in runs; check the path\n"),
    ],
)
def test_table_that_is_not_there_is_answered_with_those_that_are(
    trained: Command, words: tuple[str, ...], typed: str, error: str
) -> None:
    Path("data").mkdir()
    for name in ("houses.csv", "data/new.csv", "data/second.csv.gz"):
        Path(name).write_text("x,y\n1,2\n")
    assert trained(*words, typed) == (2, "", f"error: {error}")


@pytest.mark.parametrize("words", READERS_OF_CONFIGS, ids=" ".join)
@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("xor.yml", "did you mean xor.yaml? configs in the current directory: linear_map.yaml, xor.yaml"),
        (
            "linear-map.yaml",
            "did you mean linear_map.yaml? configs in the current directory: linear_map.yaml, xor.yaml",
        ),
        ("nothing.yaml", "configs in the current directory: linear_map.yaml, xor.yaml"),
        ("empty/x.yaml", "no configs in empty; write one with: nncli init xor"),
    ],
)
def test_config_that_is_not_there_is_answered_with_those_that_are(
    nncli: Command, words: tuple[str, ...], typed: str, hint: str
) -> None:
    Path("empty").mkdir()
    for name in ("linear_map.yaml", "xor.yaml"):
        Path(name).touch()
    assert nncli(*words, typed) == (2, "", f"error: {typed}: No such file or directory\nhint: {hint}\n")


@pytest.mark.parametrize("words", [("train",), ("check",)], ids=" ".join)
def test_run_directory_in_place_of_a_config_is_answered_with_its_config(
    trained: Command, words: tuple[str, ...]
) -> None:
    assert trained(*words, "runs/xor").err == (
        "error: runs/xor: is a directory, not a config\n"
        "hint: did you mean runs/xor/config.yaml? it is the only config in runs/xor\n"
    )


@pytest.mark.parametrize(
    ("written", "problem", "meant"),
    [
        ("hose.csv", "no file 'hose.csv'", "did you mean house.csv? "),
        ("nothing.csv", "no file 'nothing.csv'", ""),
        (".", "'.' is a directory, not a table", ""),
    ],
)
def test_path_in_a_config_starts_at_the_config(
    nncli: Command, written: str, problem: str, meant: str
) -> None:
    Path("configs").mkdir()
    Path("configs/house.csv").write_text("x,y\n" + "1.5,2\n3,4.5\n5,6\n" * 5)
    nncli("init", "--from-csv", "configs/house.csv", "--target", "y", "-o", "configs/house.yaml")
    result = nncli("check", "configs/house.yaml", "--set", f"dataset.path={written}")
    assert result.code == 2
    assert problem in result.err
    assert f"hint: {meant}write the path relative to the directory of the config file" in result.err


def test_the_extensions_of_tables_are_those_that_can_be_read() -> None:
    assert set(TABLES.endings) == set(TABLE_FORMATS)
