"""The five reference systems reproduce their published figures, from the configs alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.config import Override, load_config
from nncli.data.sources import BUILTIN
from nncli.storage.resources import folder
from nncli.tables.table import Table
from nncli.training.divergence import Diverged
from nncli.training.experiment import Experiment, build
from nncli.training.loop import Progress
from tests import stepwise

CONFIGS = Path(str(folder("configs")))
TEMPLATES = sorted(
    path.stem for path in CONFIGS.glob("*.yaml") if path.stem in {*BUILTIN, "linear_map_published"}
)
SCHEMA_LINE = "# yaml-language-server: $schema=nncli.schema.json"


def experiment(name: str, *overrides: str) -> Experiment:
    return build(load_config(CONFIGS / f"{name}.yaml", [Override.parse(text) for text in overrides]))


def last_report(system: Experiment, since: Progress | None = None) -> stepwise.Epoch:
    *_, last = stepwise.train(system, since)
    return last


def weights(system: Experiment, report: stepwise.Epoch) -> list[np.ndarray]:
    return [view.W for view in system.network.views(report.parameters)]


def outputs(system: Experiment, report: stepwise.Epoch, *row: float) -> np.ndarray:
    return system.network.predict(report.parameters, np.array([row]))[0]


def published(values: np.ndarray, digits: int) -> list[object]:
    """Numbers as they were printed."""
    return np.round(values, digits).tolist()


def test_every_built_in_dataset_has_a_template_of_its_name() -> None:
    # voices belongs to broken_leaking_split.
    assert set(BUILTIN) - {"voices"} <= set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_starts_with_the_editors_schema_line(name: str) -> None:
    assert (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0] == SCHEMA_LINE


@pytest.mark.parametrize("name", ["linear_map", "linear_map_nonlinear"])
def test_a_template_written_as_formula_draws_the_built_in_rows(name: str) -> None:
    written, built_in = experiment(name).rows.training, experiment(name, f"dataset={name}").rows.training
    np.testing.assert_array_equal(written.X, built_in.X)
    np.testing.assert_array_equal(written.Y, built_in.Y)


# R0, the linear map


@pytest.mark.parametrize("seed", range(10))
def test_linear_map_by_finite_differences_reaches_1e_10_within_300_epochs(seed: int) -> None:
    system = experiment("linear_map", f"seed={seed}")
    assert system.config.gradient.options() == {"scheme": "central", "epsilon": 1e-6}
    assert system.config.optimizer.options()["learning_rate"] == 1e-4
    first = next(report for report in stepwise.train(system) if report.metrics["mse"] < 1e-10)
    assert first.epoch <= 300
    # sqrt of (1000 rows x 2 outputs x 1e-10) bounds every error; the row is inside the data's range
    np.testing.assert_allclose(outputs(system, first, 0.5, 0.3), [-0.2, 1.2], atol=5e-4)


@pytest.mark.parametrize("seed", range(10))
def test_linear_map_as_published_diverges(seed: int) -> None:
    system = experiment("linear_map_published", f"seed={seed}")
    with pytest.raises(Diverged) as caught:
        last_report(system)
    assert caught.value.epoch <= 4
    assert caught.value.losses[-1] > 1e9  # 1e12 to 1e14 on most starts
    assert np.isfinite(caught.value.last_good.parameters).all()


def test_published_linear_map_with_the_mean_instead_of_the_sum_learns() -> None:
    system = experiment("linear_map_published", "loss.reduction=mean", "training.epochs=300")
    assert last_report(system).metrics["mse"] < 1e-10


def test_nonlinear_map_is_learned_better_than_any_linear_network_could() -> None:
    # The best linear fit leaves the variance of q2**2, 4/45, in one of two outputs: an MSE of 0.0444.
    assert last_report(experiment("linear_map_nonlinear")).metrics["mse"] < 0.03
    linear = [f"network.layers[{index}].activation=identity" for index in (0, 1)]
    report = last_report(experiment("linear_map_nonlinear", "gradient=backprop", *linear))
    assert report.metrics["mse"] > 0.04


# R1, the perceptron


def test_perceptron_reproduces_its_published_weights_and_outputs(tmp_path: Path) -> None:
    before_last = last_report(experiment("perceptron", "training.epochs=49999"))
    assert published(before_last.outputs[:, 0], 8) == [0.0042779, 0.99650925, 0.99715469, 0.00348742]

    system = experiment("perceptron")
    report = last_report(system, before_last.progress)
    assert report.epoch == 50_000
    assert published(weights(system, report)[0], 8) == [[11.30926129, -0.20509237, -5.45001623]]
    assert published(outputs(system, report, 1, 0, 0), 8) == [0.99998774]


def test_perceptron_starts_from_the_published_outputs() -> None:
    first = next(stepwise.train(experiment("perceptron")))
    assert published(first.outputs[:, 0], 8) == [0.2689864, 0.3262757, 0.23762817, 0.36375058]


# R2, NOT and XOR


@pytest.mark.parametrize("seed", range(10))
def test_not_is_learned_in_1000_epochs(seed: int) -> None:
    report = last_report(experiment("not", f"seed={seed}"))
    assert report.epoch == 1000
    assert report.metrics["mse"] < 0.01
    assert np.round(report.outputs[:, 0]).tolist() == [1, 0]


def xor_is_learnt(seed: int) -> bool:
    # No snapshots: they change no number, only how often the loop stops to look.
    system = experiment(
        "xor", f"seed={seed}", "training.epochs=5000", "record.weights=none", "record.errors=none"
    )
    return any(report.metrics["mse"] < 0.01 for report in stepwise.train(system))


def test_xor_is_learned_to_an_mse_of_001_within_5000_epochs_on_97_of_100_seeds(long: bool) -> None:
    seeds = range(100 if long else 25)
    failed = [seed for seed in seeds if not xor_is_learnt(seed)]
    assert len(failed) <= 0.03 * len(seeds), f"seeds {failed} did not learn"


def test_xor_template_as_shipped_predicts_its_four_rows(tmp_path: Path) -> None:
    run = runs.Run(tmp_path)
    *_, report = stepwise.epochs(runs.record(experiment("xor"), run))
    assert report.metrics["mse"] < 0.05
    table = Table("rows", {"x1": ["0", "0", "1", "1"], "x2": ["0", "1", "0", "1"]})
    assert run.model.predict(table)["pred_y"] == ["0", "1", "1", "0"]


def test_xor_with_the_true_gradient_of_the_mse_does_not_learn_in_1000_epochs() -> None:
    assert last_report(experiment("xor", "loss=mse")).metrics["mse"] > 0.2


# R3, the worked example


def test_worked_example_reproduces_every_published_figure(tmp_path: Path) -> None:
    system, run = experiment("worked_example"), runs.Run(tmp_path)
    *_, before_last, report = stepwise.epochs(runs.record(system, run))
    hidden, output = weights(system, report)
    assert published(hidden, 8) == [
        [0.78535854, -2.38635463, 2.12878488],
        [2.05894493, 1.10610087, -4.03536696],
        [0.30605228, -2.2491059, 0.41636863],
    ]
    assert published(output, 8) == [
        [-2.82735452, 2.6021329, -2.62164075],
        [-0.21514193, -1.04321128, 1.55538615],
    ]
    assert published(before_last.outputs[0], 8) == [0.87579945, 0.3024596]
    assert published(report.outputs[0], 8) == [0.87583121, 0.30244598]
    # The program printed the MSE before each update: the first 1,000 rows of the history.
    mse = run.history["mse"]
    assert mse[0] == pytest.approx(0.306532921277229, rel=0, abs=5e-16)
    assert mse[999] == pytest.approx(0.0002958580569928266, rel=1e-13)
    np.testing.assert_array_equal(run.model.parameters, report.parameters)


# R4, height and weight

NEURON = "{units: 1, activation: sigmoid, weights: [[0, 1]], biases: [4]}"
HIDDEN = "{units: 2, activation: sigmoid, weights: [[0, 1], [0, 1]], biases: [0, 0]}"
OUTPUT = "{units: 1, activation: sigmoid, weights: [[0, 1]], biases: [0]}"


@pytest.mark.parametrize(
    ("layers", "row", "value"),
    [
        (NEURON, (2, 3), 0.9990889488055994),
        (NEURON, (1, 1), 0.9933071490757153),
        (f"{HIDDEN}, {OUTPUT}", (2, 3), 0.7216325609518421),
    ],
)
def test_height_and_weight_building_blocks_have_the_published_values(
    layers: str, row: tuple[float, ...], value: float
) -> None:
    system = experiment("height_weight", f"network.layers=[{layers}]", "training.epochs=0")
    assert outputs(system, last_report(system), *row)[0] == pytest.approx(value, rel=1e-15)


def test_mse_of_all_zeros_against_the_published_targets_is_one_half() -> None:
    zeros = "[{units: 1, activation: identity, weights: [[0, 0]], biases: [0]}]"
    system = experiment("height_weight", f"network.layers={zeros}", "metrics=[mse]", "training.epochs=0")
    assert system.rows.training.Y[:, 0].tolist() == [1, 0, 0, 1]
    assert last_report(system).metrics["mse"] == 0.5


@pytest.mark.parametrize("seed", range(10))
def test_height_and_weight_end_at_the_published_mse(seed: int) -> None:
    report = last_report(experiment("height_weight", f"seed={seed}"))
    assert 0.0003 <= round(report.metrics["mse"], 4) <= 0.0004
    assert np.round(report.outputs[:, 0]).tolist() == [1, 0, 0, 1]


# What holds for every template


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "linear_map_published"])
def test_a_saved_config_trains_the_same_weights_again(name: str, tmp_path: Path) -> None:
    first, second = runs.Run(tmp_path / "first"), runs.Run(tmp_path / "second")
    for run in (first, second):
        run.path.mkdir()
    assert list(runs.record(experiment(name, "training.epochs=20"), first))[-1].epoch == 20
    assert list(runs.record(build(first.config), second))[-1].epoch == 20
    for file in ("weights.npz", "history.csv"):
        assert (first.path / file).read_bytes() == (second.path / file).read_bytes()
