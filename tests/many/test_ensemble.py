"""Seeds kept in a directory predict like the runs of the same seeds: their mean and standard deviation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.runs.ensemble import EnsembleRun

SEEDS = 4
RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (40, 2))
INPUTS = {"a": X[:, 0].tolist(), "b": X[:, 1].tolist()}
LINES = {"y": (3 + X @ [20.0, -5.0]).tolist()}
NAMES = ("low", "middle", "high")
NEW = {"a": [0.1, -0.7, 0.9], "b": [0.3, 0.2, -0.8]}


def config(targets: dict[str, Any], layers: list[Any], **dataset: Any) -> dict[str, Any]:
    """A config whose random seeds end at different networks."""
    return {
        "dataset": {
            "columns": ["a", "b", *targets],
            "rows": [[*row] for row in zip(*INPUTS.values(), *targets.values(), strict=True)],
            "targets": [*targets],
            **dataset,
        },
        "network": {"layers": [{"units": 3, "activation": "tanh"}, *layers]},
        "optimizer": {"name": "adam", "learning_rate": 0.05},
        "training": {"epochs": 30},
        "seed": {"data": 0, "training": 5},
    }


SCALED = {"preprocessing": {"scale": "standard", "scale_targets": "standard"}}
REGRESSION = config(LINES, [1], **SCALED)
TWO_CLASSES = config(
    {"y": ["yes" if a > b else "no" for a, b in X.tolist()]}, [{"units": 1, "activation": "sigmoid"}]
)
THREE_CLASSES = config(
    {"y": [NAMES[int(a > -0.3) + int(a > 0.3)] for a in X[:, 0]]}, [{"units": 3, "activation": "softmax"}]
)
SEVERAL = config({**LINES, "z": (X[:, 0] * X[:, 1]).tolist()}, [2], **SCALED)
VALUES = [REGRESSION, SEVERAL]  # which have no probabilities
LABELS = config(
    {name: (X[:, k] > 0.1 * k).astype(int).tolist() for k, name in enumerate(("p", "q"))},
    [{"units": 2, "activation": "sigmoid"}],
)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def of_single_runs(given: dict[str, Any], data: Any, seeds: range = range(5, 5 + SEEDS)) -> dict[str, Any]:
    """Predicted columns of a run for each seed, stacked."""
    each = []
    for seed in seeds:
        run = nncli.train({**given, "seed": {"data": 0, "training": seed}})
        each.append(nncli.predict(run, data, proba=given not in VALUES))
    return {name: np.array([columns[name] for columns in each]) for name in each[0]}


@pytest.mark.parametrize(
    "given",
    [REGRESSION, TWO_CLASSES, THREE_CLASSES, SEVERAL, LABELS],
    ids=lambda given: str(given["dataset"]["targets"]),
)
@pytest.mark.parametrize("data", [None, NEW], ids=["own rows", "new rows"])
def test_predictions_are_the_mean_and_deviation_of_single_runs(given: dict[str, Any], data: Any) -> None:
    nncli.seeds(given, n=SEEDS, output="many")
    found = nncli.predict("many", data, proba=given not in VALUES)
    single = of_single_runs(given, data)
    numbers = [name for name, values in single.items() if values.dtype.kind == "f"]
    assert numbers
    for name in numbers:
        scale = np.abs(single[name]).max()
        spread = found[f"std_{name.partition('_')[2]}"]
        assert np.allclose(found[name], single[name].mean(axis=0), rtol=0, atol=1e-12 * scale)
        assert np.allclose(spread, single[name].std(axis=0, ddof=1), rtol=0, atol=1e-12 * scale)
        assert np.min(np.asarray(spread, dtype=float)) > 0
    assert set(found) == set(single) | {f"std_{name.partition('_')[2]}" for name in numbers}


def test_the_class_has_the_largest_mean_probability() -> None:
    nncli.seeds(THREE_CLASSES, n=SEEDS, output="many")
    single = of_single_runs(THREE_CLASSES, None)
    classes = sorted(NAMES)
    means = np.array([single[f"proba_{name}"].mean(axis=0) for name in classes])
    assert nncli.predict("many")["pred_y"] == [classes[code] for code in means.argmax(axis=0)]
    nncli.seeds(TWO_CLASSES, n=SEEDS, output="two")
    share = np.asarray(nncli.predict("two")["proba_yes"], dtype=float)
    for threshold in (0.5, 0.2):
        chosen = nncli.predict("two", threshold=threshold)["pred_y"]
        assert chosen == ["yes" if value >= threshold else "no" for value in share]


def test_outputs_are_those_that_are_predicted() -> None:
    nncli.seeds(REGRESSION, n=SEEDS, output="many")
    model, rows = EnsembleRun(Path("many")).model, nncli.check(REGRESSION).rows.whole
    members = np.array([member.outputs(rows.X) for member in model.members])
    assert np.allclose(model.outputs(rows.X), members.mean(axis=0), rtol=1e-12, atol=0)


def test_the_weights_of_a_run_are_no_networks_of_several_seeds() -> None:
    nncli.seeds(REGRESSION, n=SEEDS, output="many")
    run = nncli.train(REGRESSION, output="one")
    Path("many/members.npz").write_bytes((run.path / "weights.npz").read_bytes())
    with pytest.raises(nncli.NncliError, match=r"members\.npz: damaged: its seeds are missing"):
        nncli.predict("many")
