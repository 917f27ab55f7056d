"""The network of a generated config is chosen on the training set alone, and follows the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli.config import Config, parse_config
from nncli.scaffold import cross_validation
from nncli.scaffold.choice import simplest
from nncli.scaffold.from_table import draft
from nncli.training.experiment import build

ROWS = 60


def table(folder: Path, formula: str) -> Path:
    """Write a table of two inputs and a target."""
    rng = np.random.default_rng(0)
    path = folder / "t.csv"
    lines = ["a,b,y"]
    for a, b, noise in zip(*rng.uniform(-1, 1, (2, ROWS)), rng.normal(size=ROWS), strict=True):
        y = {"line": a + b + noise / 2, "wave": np.sin(6 * a)}[formula]
        lines.append(f"{a:.6f},{b:.6f},{y:.6f}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def generated(path: Path, seed: int = 0) -> Config:
    """Return the generated config of a table."""
    return parse_config(draft(path, ["y"], None, None, seed=seed).text.encode(), "t.yaml")


def test_a_noisy_line_gets_a_linear_model_and_a_wave_without_noise_a_network(tmp_path: Path) -> None:
    assert len(generated(table(tmp_path, "line")).network.layers) == 1
    assert len(generated(table(tmp_path, "wave")).network.layers) > 1


def test_the_choice_is_the_same_every_time(tmp_path: Path) -> None:
    path = table(tmp_path, "line")
    assert draft(path, ["y"], None, None).text == draft(path, ["y"], None, None).text


def test_the_test_set_has_no_influence_on_the_choice(tmp_path: Path) -> None:
    path = table(tmp_path, "line")
    config = generated(path)
    before = draft(path, ["y"], None, None).text
    held_out = build(config).rows.held_out["test"].table.lines
    lines = path.read_text(encoding="utf-8").split("\n")
    for number in held_out:
        a, b, _ = lines[number - 1].split(",")
        lines[number - 1] = f"{a},{b},0.123"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert network_of(draft(path, ["y"], None, None).text) == network_of(before)


def network_of(text: str) -> str:
    """Return the network of a generated config, with the losses that were compared."""
    return text[text.index("network:") : text.index("loss:")]


def test_every_row_is_left_out_at_most_once_with_each_class_in_every_fold(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{number / 7},{'rare' if number % 10 == 0 else 'often'}" for number in range(100)]
    path.write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    training = build(generated(path)).rows.training
    folds = cross_validation.folds_of(training, seed=0)
    together = np.concatenate(folds)
    assert len(np.unique(together)) == len(together)
    assert all(0 < training.Y[fold].sum() < len(fold) for fold in folds)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([[1.0, 2.0], [1.0, 2.0]], 0),  # equal: the simpler one
        ([[1.0, 2.0], [0.5, 1.5]], 1),  # better in every row by the same
        ([[1.0, 2.0], [0.0, 2.9]], 0),  # better on average, but by less than it varies
        ([[np.inf, np.inf], [1.0, 1.0]], 1),
        ([[np.inf, np.inf]], None),
    ],
)
def test_the_simplest_of_those_close_to_the_best_is_chosen(
    losses: list[list[float]], expected: int | None
) -> None:
    assert simplest([np.array(each) for each in losses]) == expected
