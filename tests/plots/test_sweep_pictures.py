"""The pictures of a sweep show each trial at its values, mark the best, and count those without a result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.many.sweeps.folder import read_sweep
from nncli.many.sweeps.space import Axis
from nncli.plots import Look, saved_sweep
from nncli.plots.studies.sweep_parallel import MOST_LINES, drawn_trials
from nncli.plots.studies.sweep_values import SweepValues, key_names, sweep_values

RATE, UNITS = "optimizer.learning_rate", "network.layers[0].units"


def fields(grid: list[str], trials: list[tuple[list[str], str, float]], **goal: Any) -> dict[str, Any]:
    """What a sweep keeps; each trial has its values, its status and its metric."""
    keys = [axis.partition("=")[0] for axis in grid]
    return {
        "grid": grid,
        "metric": "val_loss",
        "higher_is_better": False,
        "trials": [
            {
                "number": number,
                "values": dict(zip(keys, values, strict=True)),
                "status": status,
                "metrics": {"val_loss": metric},
            }
            for number, (values, status, metric) in enumerate(trials, 1)
        ],
        **goal,
    }


def write(folder: Path, found: dict[str, Any]) -> Path:
    """Write the files of a sweep."""
    folder.mkdir()
    goal = {"metric": found["metric"], "higher_is_better": found["higher_is_better"], "trials": 20_000}
    (folder / "sweep.json").write_text(json.dumps({"grid": found["grid"], "goal": goal}))
    with (folder / "trials.jsonl").open("w") as file:
        for trial in found["trials"]:
            file.write(json.dumps(trial).replace("NaN", "null") + "\n")
    return folder


def of(grid: list[str], trials: list[tuple[list[str], str, float]], **goal: Any) -> SweepValues:
    return sweep_values(fields(grid, trials, **goal), "iris")


FOUR: list[tuple[list[str], str, float]] = [
    (["0.1", "16"], "finished", 0.5),
    (["0.01", "8"], "finished", 0.2),
    (["0.001", "8"], "pruned", 0.1),
    (["1", "4"], "diverged", float("nan")),
]
GRID = [f"{RATE}=log:0.001..1", f"{UNITS}=16,8,4"]


def test_a_log_range_has_a_log_axis_and_numbers_of_a_list_are_in_their_order() -> None:
    rate, units = of(GRID, FOUR).places
    assert (rate.key, rate.title, rate.scale.log) == ("learning_rate", "learning_rate, log scale", True)
    assert rate.places == pytest.approx([-1, -2, -3, 0])
    assert (rate.scale.low, rate.scale.high) == pytest.approx((-3, 0))
    assert (units.title, [*units.categories]) == ("units", ["4", "8", "16"])
    assert units.places.tolist() == [2, 1, 1, 0]


def test_words_keep_the_order_of_the_list_and_unknown_values_are_added() -> None:
    (place,) = of(
        ["network.activation=tanh,relu"], [(["relu"], "finished", 1.0), (["sine"], "finished", 2.0)]
    ).places
    assert [*place.categories] == ["tanh", "relu", "sine"]
    assert place.places.tolist() == [1, 2]


def test_the_best_is_a_finished_trial_and_the_caption_counts_the_others() -> None:
    found = of(GRID, FOUR)
    assert found.best == 1
    assert found.caption == (
        "best: trial 2, validation loss 0.2 at learning_rate 0.01, units 8; 1 trial pruned; 1 trial diverged"
    )
    assert of(GRID, FOUR, higher_is_better=True).best == 0
    assert [*found.columns] == ["trial", RATE, UNITS, "val_loss", "status"]


def test_without_a_finished_trial_there_is_no_best() -> None:
    found = of(GRID, [FOUR[3], (["1", "4"], "finished", float("nan")), (["1", "8"], "failed", 0.0)])
    assert found.best is None
    assert found.caption == (
        "no trial finished; 1 trial diverged; 1 trial failed; 1 trial without this metric"
    )


def test_a_metric_that_spans_decades_has_a_log_scale() -> None:
    assert not of(GRID, FOUR).scale.log
    assert of(GRID, [*FOUR, (["0.1", "8"], "finished", 100.0)]).scale.log


def test_of_many_trials_evenly_spaced_ones_are_drawn_with_the_best_on_top() -> None:
    values = [([f"{rate:.17g}"], "finished", rate) for rate in np.linspace(0.01, 0.99, 3 * MOST_LINES)]
    found = of([f"{RATE}=0..1"], values)
    drawn = drawn_trials(found)
    assert len(drawn) == MOST_LINES
    assert drawn[-1] == found.best == 0
    assert (np.diff(found.results[drawn]) < 0).all()


def test_keys_with_one_last_name_are_written_out() -> None:
    assert key_names(["a.units", "b.units", RATE]) == ["a.units", "b.units", "learning_rate"]


@pytest.mark.parametrize(
    "text", ["a.b=x,y", "a.b=1..8", "a.b=0.5..2", "a.b=log:1e-05..1", "a.b=log:1..64", "a.b=[8],[8, 16]"]
)
def test_an_axis_is_read_from_what_a_sweep_keeps(text: str) -> None:
    axis = Axis.parse(text)
    assert Axis.kept(str(axis)) == axis


def test_an_axis_of_real_numbers_with_whole_ends_stays_one() -> None:
    axis = Axis("a.b", low=1.0, high=3.0)
    assert Axis.kept(str(axis)) == axis


@pytest.mark.parametrize(
    ("grid", "count"),
    [
        ([f"{RATE}=log:0.001..1"], 1),
        (GRID, 4),
        ([*GRID, "seed.training=0..90", "training.batch_size=1..64", "optimizer.name=sgd,adam,rmsprop"], 300),
        ([f"{RATE}=0.1,1", f"seed.training={','.join(map(str, range(60)))}"], 1200),
    ],
)
def test_any_sweep_is_drawn_in_the_same_bytes(tmp_path: Path, grid: list[str], count: int) -> None:
    random, axes = np.random.default_rng(1), [Axis.parse(text) for text in grid]
    statuses = ["finished", "pruned", "diverged"]
    trials = [
        ([axis.draw(random) for axis in axes], statuses[number % 3], 10.0 ** random.uniform(-3, 3))
        for number in range(count)
    ]
    folder = write(tmp_path / "sweep", fields(grid, trials))
    pictures = saved_sweep(folder)
    assert [picture.kind for picture in pictures] == ["slices", "parallel"][: len(grid)]
    first = [picture.path.read_bytes() for picture in pictures]
    assert first == [picture.path.read_bytes() for picture in saved_sweep(folder)]
    assert all(content.startswith(b"\x89PNG") for content in first)
    assert (folder / "slices.csv").read_text().count("\n") == count + 1
    dark = saved_sweep(folder, tmp_path / "dark", "svg", Look("dark"))
    assert dark[0].path == tmp_path / "dark" / "slices.svg"


def test_a_line_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path / "sweep", fields(GRID, FOUR))
    with (folder / "trials.jsonl").open("a") as file:
        file.write('{"number": 5')
    before = (folder / "trials.jsonl").read_bytes()
    assert len(read_sweep(folder)["trials"]) == 4
    assert (folder / "trials.jsonl").read_bytes() == before


def test_a_sweep_draws_its_trials_beside_them(tmp_path: Path) -> None:
    config = {
        "dataset": {"name": "iris", "split": {"validation": 0.2}},
        "network": {"hidden": [4]},
        "metrics": ["accuracy"],
        "training": {"epochs": 3},
    }
    grid: dict[str, Any] = {RATE: "log:0.01..0.1", "seed.training": [1, 2]}
    nncli.sweep(config, grid=grid, trials=3, metric="accuracy", output=tmp_path / "sweep")
    kept = read_sweep(tmp_path / "sweep")
    assert (kept["metric"], kept["higher_is_better"], len(kept["trials"])) == ("val_accuracy", True, 3)
    names = {path.name for path in (tmp_path / "sweep").iterdir()}
    assert {"slices.png", "slices.csv", "parallel.png", "parallel.csv"} <= names
    nncli.sweep(config, grid=grid, trials=2, output=tmp_path / "sweep")
    assert len(read_sweep(tmp_path / "sweep")["trials"]) == 2
    assert (tmp_path / "sweep" / "slices.csv").read_text().splitlines()[0].endswith("val_loss,status")


def test_a_sweep_is_drawn_again_and_other_kinds_name_the_best_run(tmp_path: Path) -> None:
    folder = write(tmp_path / "sweep", fields(GRID, FOUR))
    drawn = nncli.plot(folder, theme="dark", format="svg")
    assert [picture.path.name for picture in drawn] == ["slices.svg", "parallel.svg"]
    with pytest.raises(nncli.NncliError, match=r"cannot plot loss for .*: it holds many trainings") as caught:
        nncli.plot(folder, ["loss"])
    assert str(caught.value.hint).startswith("type: nncli plot loss")
    for options in ({"grid": True}, {"format": "html"}):
        with pytest.raises(nncli.NncliError, match="holds many trainings"):
            nncli.plot(folder, **options)
    with pytest.raises(nncli.NncliError, match="one file cannot hold 2 plots"):
        nncli.plot(folder, output=tmp_path / "one.svg")


def test_trainings_from_seeds_are_drawn_again_and_can_be_replaced(tmp_path: Path) -> None:
    config = {"dataset": {"name": "xor"}, "network": {"hidden": [2]}, "training": {"epochs": 3}}
    nncli.seeds(config, n=2, output=tmp_path / "many")
    first = (tmp_path / "many" / "seeds.png").read_bytes()
    (again,) = nncli.plot(tmp_path / "many")
    assert (again.path, again.path.read_bytes()) == (tmp_path / "many" / "seeds.png", first)
    nncli.plot(tmp_path / "many", format="svg")
    nncli.seeds(config, n=2, output=tmp_path / "many", overwrite=True)
