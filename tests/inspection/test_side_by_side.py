"""Runs side by side: what differs, which is better, and when a target is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import NncliError, Run, compare, train
from nncli.inspection.compare.side_by_side import RunComparison
from nncli.plots.overlay import overlaid

XOR: dict[str, Any] = {
    "dataset": "xor",
    "network": {"layers": [{"units": 4, "activation": "sigmoid"}, {"units": 1, "activation": "sigmoid"}]},
    "loss": {"name": "binary_cross_entropy", "reduction": "sum"},
    "optimizer": {"name": "sgd", "learning_rate": 0.5},
    "training": {"epochs": 300},
}


def trained(folder: Path, name: str, **changes: Any) -> Run:
    return train({**XOR, "name": name, **changes}, output=folder / name)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    slow = {"optimizer": {"name": "sgd", "learning_rate": 0.05}}
    wide = {"layers": [{"units": 8, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]}
    deep = {"layers": [{"units": 2}, {"units": 2}, {"units": 1, "activation": "sigmoid"}]}
    split = {"name": "iris", "split": {"validation": 0.2, "test": 0.2}}
    softmax = {"layers": [{"units": 3, "activation": "softmax"}]}
    return {
        "fast": trained(folder, "fast"),
        "seed 1": trained(folder, "seed-1", seed=1),
        "seed 2": trained(folder, "seed-2", seed=2),
        "slow": trained(folder, "slow", **slow),
        "wide": trained(folder, "wide", network=wide),
        "deep": trained(folder, "deep", network=deep),
        "mse": trained(folder, "mse", loss="mse"),
        "iris": trained(folder, "iris", dataset=split, network=softmax, loss="cross_entropy"),
        "iris long": trained(
            folder, "long", dataset=split, network=softmax, loss="cross_entropy", training={"epochs": 400}
        ),
    }


def compared(runs: dict[str, Run], *names: str, target: str | None = None) -> RunComparison:
    return compare([runs[name] for name in names], target=target)


@pytest.mark.parametrize(
    ("names", "differing"),
    [
        (("fast", "slow"), ["optimizer.learning_rate"]),
        (("fast", "wide"), ["network.layers"]),
        (("fast", "deep"), ["network.layers"]),
        (("fast", "mse"), ["loss.name", "loss.reduction"]),
        (("fast", "seed 1"), []),
        (("slow", "seed 1"), ["optimizer.learning_rate"]),
        (("iris", "iris long"), ["training.epochs"]),
    ],
)
def test_only_keys_that_differ_are_named(
    runs: dict[str, Run], names: tuple[str, ...], differing: list[str]
) -> None:
    assert compared(runs, *names).differing == differing


def test_better_result_is_marked(runs: dict[str, Run]) -> None:
    comparison = compared(runs, "slow", "fast")
    assert comparison.metrics == ["loss", "mse", "accuracy"]
    assert [comparison.best(name) for name in comparison.metrics] == [{1}, {1}, {1}]
    header, slow, fast = comparison.table()
    assert header == ["run", "learning_rate", "loss", "mse", "accuracy"]
    assert [cell.endswith(" *") for cell in fast] == [False, False, True, True, True]
    assert not any("*" in cell for cell in slow)


def test_results_of_the_test_set_stand_for_a_run_that_has_one(runs: dict[str, Run]) -> None:
    comparison = compared(runs, "iris", "iris long")
    assert comparison.metrics == ["test_loss", "test_mse", "test_accuracy"]


def test_different_losses_or_data_are_not_ranked(runs: dict[str, Run]) -> None:
    comparison = compared(runs, "fast", "mse")
    assert comparison.best("loss") == set()
    assert comparison.best("mse") == {0}
    assert [*overlaid(comparison).panels] == ["mse", "accuracy"]
    other = compared(runs, "fast", "iris")
    assert other.incomparable
    assert not any(other.best(name) for name in other.metrics)


def test_runs_of_several_seeds_become_a_median_with_a_range(runs: dict[str, Run]) -> None:
    names = ("fast", "seed 1", "seed 2")
    comparison = compared(runs, "slow", *names)
    losses = np.array([runs[name].results["loss"] for name in names])
    assert [len(group.runs) for group in comparison.groups] == [1, 3]
    (_, group) = comparison.groups
    assert comparison.values(group, "loss").tolist() == losses.tolist()
    cell = comparison.table()[2][3]
    assert cell.rstrip(" *") == f"{np.median(losses):.4g} ({losses.min():.4g} to {losses.max():.4g})"
    _, curve = overlaid(comparison).panels["loss"]
    histories = np.array([runs[name].history["loss"] for name in names])
    assert np.array_equal(curve.middle, np.median(histories, axis=0))
    assert np.array_equal(curve.low, histories.min(axis=0))
    assert np.array_equal(curve.high, histories.max(axis=0))


def test_seeds_alone_are_listed_with_their_median(runs: dict[str, Run]) -> None:
    header, *rows = compared(runs, "fast", "seed 1", "seed 2").table()
    assert header[:3] == ["run", "seed", "loss"]
    assert [row[:2] for row in rows] == [["fast", "0"], ["seed-1", "1"], ["seed-2", "2"], ["median", ""]]


@pytest.mark.parametrize(("target", "name"), [("mse=0.1", "mse"), ("accuracy=1", "accuracy")])
def test_epochs_to_a_target_are_the_first_that_reaches_it(
    runs: dict[str, Run], target: str, name: str
) -> None:
    comparison = compared(runs, "fast", "slow", target=target)
    limit = float(target.partition("=")[2])
    for group in comparison.groups:
        (run,) = group.runs
        (found,) = comparison.values(group, comparison.target_name)
        values, epochs = run.history[name], run.history["epoch"]
        reached = [
            epoch
            for epoch, value in zip(epochs, values, strict=True)
            if (value >= limit if name == "accuracy" else value <= limit)
        ]
        assert found == min(reached, default=np.inf)
    assert comparison.table()[2][-1].strip() == "never"


def test_weights_part_at_the_first_epoch_that_differs(runs: dict[str, Run], tmp_path: Path) -> None:
    again = trained(tmp_path, "again")
    same = compare([runs["fast"], again]).parting
    assert (same.difference, same.last_equal) == (None, 300)
    other = trained(tmp_path, "other", optimizer={"name": "sgd", "learning_rate": 0.5, "momentum": 0.1})
    parting = compare([runs["fast"], other]).parting
    assert parting.difference is not None
    assert (parting.last_equal, parting.difference.epoch) == (1, 2)  # momentum acts from the second update on
    name, index = parting.difference.tensor, parting.difference.index
    for run, value in ((runs["fast"], parting.difference.before), (other, parting.difference.now)):
        model = run.model_at(2)
        assert model.network.tensors(model.parameters)[name][index] == value


def test_what_cannot_be_compared_is_refused(runs: dict[str, Run]) -> None:
    for names, words in (
        (("fast",), "compare needs two different runs, found "),
        (("fast", "fast"), "compare needs two different runs, found "),
    ):
        with pytest.raises(NncliError, match=words):
            compared(runs, *names)
    with pytest.raises(NncliError, match="target 'val_loss' is not in the history of"):
        compared(runs, "fast", "iris", target="val_loss=1")
    for text in ("mse", "mse=", "=1", "mse=nan", "mse<1"):
        with pytest.raises(NncliError, match="expected NAME=NUMBER"):
            compared(runs, "fast", "slow", target=text)
    with pytest.raises(NncliError, match="the networks have different shapes"):
        _ = compared(runs, "fast", "wide").parting
    with pytest.raises(NncliError, match="3 runs"):
        _ = compared(runs, "fast", "slow", "seed 1").parting


def test_a_notebook_shows_a_table(runs: dict[str, Run]) -> None:
    html = compared(runs, "fast", "slow")._repr_html_()
    assert "<th>learning_rate</th>" in html
    assert "<th>slow</th>" in html
