"""Configs that are broken on purpose: each check fails as shipped, and passes with the fix of its page."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from nncli.scaffold import templates
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]
BROKEN = [name for name in templates.names() if templates.is_broken(name)]
SEEDS = range(5)
DIVERGED, FAILED = 3, 4

# The reason that nncli names; of these faults no other one is known to it.
REASONS = {
    "broken_dead_relu": r"all 8 relu units of layers\.0 are dead",
    "broken_learning_rate": r"loss\.reduction: sum adds up 200 terms per batch",
    "broken_no_hidden_layer": r"without a nonlinear hidden layer the network is a linear model",
    "broken_unscaled_inputs": r"layers\.0 is saturated: .*it is not scaled",
}


def check_of(name: str) -> list[str]:
    """Return the words of the check that a config names in its comments."""
    return shlex.split(re.findall(r"^# Check.*:  nncli (train .*)$", templates.text(name), re.MULTILINE)[0])


def page_of(name: str) -> Path:
    """Return the page that a config names in its comments."""
    return ROOT / re.findall(r"^# The page that solves it: (\S+)$", templates.text(name), re.MULTILINE)[0]


def fixes_of(name: str) -> list[list[str]]:
    """Return the words of each command that a page shows below "The fix" and that passes."""
    _, below = page_of(name).read_text(encoding="utf-8").split("\n## The fix\n")
    shown = [shlex.split(words) for words in re.findall(r"^\$ nncli (train .*)$", below, re.MULTILINE)]
    return [words for words in shown if "2>>" not in words]


@pytest.fixture
def program(nncli: Command) -> Command:
    for name in BROKEN:
        assert nncli("init", name.replace("_", "-"), "-q").code == 0
    return nncli


def test_there_are_six_and_they_are_listed_last() -> None:
    assert len(BROKEN) == 6
    assert templates.names()[-6:] == BROKEN


@pytest.mark.parametrize("name", BROKEN)
def test_summary_says_that_it_is_broken_and_the_page_shows_the_check(name: str) -> None:
    assert templates.summary(name).startswith("Broken on purpose: ")
    assert templates.summary(name).endswith(" Find out why.")
    condition = check_of(name)[-1]
    assert fixes_of(name)
    for words in fixes_of(name):
        assert words[:2] == check_of(name)[:2]
        assert words[-2:] == ["--fail-if", condition]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", BROKEN)
def test_check_fails_as_shipped_and_passes_once_fixed(program: Command, name: str, seed: int) -> None:
    shipped = program(*check_of(name), "--seed", str(seed), "--progress", "none")
    assert shipped.code == (DIVERGED if name == "broken_learning_rate" else FAILED)
    reason = re.search(r"^why: (.*)$", shipped.err, re.MULTILINE)
    if name in REASONS:
        assert reason is not None
        assert re.search(REASONS[name], reason[1])
    else:
        assert reason is None
    for words in fixes_of(name):
        fixed = program(*words, "--seed", str(seed))
        assert (fixed.code, fixed.err) == (0, "")


@pytest.mark.parametrize("name", ["broken_dead_relu", "broken_no_hidden_layer", "broken_unscaled_inputs"])
def test_predictions_are_nearly_all_the_same(program: Command, name: str) -> None:
    program(*check_of(name), "-q")
    columns = json.loads(program("predict", "--json").out)["columns"]
    answers = next(columns[key] for key in ("proba_1", "pred_price", "pred_progression") if key in columns)
    assert np.mean(np.abs(answers - np.median(answers)) < 0.001) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_hidden_units_that_start_at_zero_stay_equal(program: Command, seed: int) -> None:
    program(*check_of("broken_zero_weights"), "-q", "--seed", str(seed), "-o", "run")
    with np.load("run/weights.npz") as weights:
        hidden = weights["layers.0.weight"]
    assert np.ptp(hidden, axis=0).max() == 0
    assert np.abs(hidden).max() > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_leak_rewards_inputs_that_only_tell_the_patients_apart(program: Command, seed: int) -> None:
    identity = ["--set", "dataset.inputs=[age, pitch, loudness]", "--seed", str(seed), "--json"]
    leaking = json.loads(program("train", "broken_leaking_split.yaml", *identity).out)["metrics"]
    assert leaking["validation"]["accuracy"] > 0.85
    assert leaking["test"]["accuracy"] < 0.6
    identity += ["--set", "dataset.split.column=part_by_patient"]
    honest = json.loads(program("train", "broken_leaking_split.yaml", *identity).out)["metrics"]
    assert honest["validation"]["accuracy"] < 0.7


def test_voices_is_what_its_recipe_computes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(recipe, {})
    assert Path("voices.csv").read_bytes() == (ROOT / "datasets" / "voices.csv").read_bytes()


def test_each_patient_of_voices_is_in_one_set_by_patient_only() -> None:
    lines = (ROOT / "datasets" / "voices.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    patients = {row["patient"] for row in rows}
    for column, mixed in (("part_by_patient", False), ("part", True)):
        sets = [{row[column] for row in rows if row["patient"] == patient} for patient in patients]
        assert any(len(each) > 1 for each in sets) is mixed
    assert all((row["part"] == "test") == (row["part_by_patient"] == "test") for row in rows)
