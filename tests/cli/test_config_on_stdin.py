"""A dash for the config: it is read from stdin."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command


def test_dash_is_a_config_on_stdin(nncli: Command) -> None:
    text = nncli("init", "xor", "-o", "-").out.replace("name: xor\n", "")
    assert nncli("check", "-", stdin=text).out.startswith("ok: stdin\n")
    assert nncli("gradcheck", "-", stdin=text).code == 0
    assert nncli("train", "-", "-q", "--epochs", "2", stdin=text).out == "runs/stdin\n"
    result = nncli("check", "-", stdin="dataset: xoor\nnetwork: {layers: [{units: 1}]}\n")
    assert "error: stdin:1:10: dataset.name: no built-in dataset 'xoor'" in result.err
    assert nncli("check", "-", stdin="").err.startswith("error: stdin: the file is empty")


def test_data_of_a_config_on_stdin_are_found_from_here(nncli: Command) -> None:
    Path("rows.csv").write_text("a,b\n1,2\n3,4\n")
    text = "dataset: {path: rows.csv, targets: [b]}\nnetwork: {layers: [{units: 1}]}\n"
    assert nncli("train", "-", "-q", "--epochs", "2", stdin=text).code == 0
    assert nncli("predict", "-q").code == 0
