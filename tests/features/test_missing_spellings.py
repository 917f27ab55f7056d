"""Every spelling of a missing value means the same in an input, in a target and in a row to predict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nncli
from nncli.tables.column import NO_VALUE
from nncli.training.experiment import Experiment, build

CONFIG = """\
dataset:
  path: t.csv
  targets: [y]
  preprocessing: {missing: mean}
network: {layers: [{units: 2, activation: tanh}, {units: 1}]}
training: {epochs: 3}
"""
MARKS = sorted(NO_VALUE["number"] - {""})


def table(in_input: str, in_target: str) -> str:
    rows = [f"{x},{x % 3},{2 * x}" for x in range(1, 13)]
    return "\n".join(["x,z,y", *rows, f"{in_input},1,7", f"13,2,{in_target}", ""])


def experiment(in_input: str, in_target: str) -> Experiment:
    Path("t.csv").write_text(table(in_input, in_target))
    Path("c.yaml").write_text(CONFIG)
    return build(nncli.load_config("c.yaml"))


@pytest.mark.parametrize("spelled", [str.lower, str.upper], ids=["lower", "upper"])
@pytest.mark.parametrize("mark", MARKS)
def test_it_is_an_empty_cell_wherever_it_stands(
    mark: str, spelled: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cell = spelled(mark)
    empty, marked = experiment("", "").rows.training, experiment(cell, cell).rows.training
    assert len(marked) == 13  # without the row that has no target
    np.testing.assert_array_equal(marked.X, empty.X)
    np.testing.assert_array_equal(marked.Y, empty.Y)

    run = nncli.train("c.yaml", output=tmp_path / "run")
    for content in (cell, ""):
        Path("new.csv").write_text(f"x,z\n{content},1\n5,2\n")
        predicted = nncli.predict(run, "new.csv")["pred_y"]
        if content:
            expected = predicted
    np.testing.assert_array_equal(predicted, expected)
