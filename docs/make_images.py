"""Draw every picture of README and docs into docs/images.

Run it with `python docs/make_images.py`. Each picture is what `nncli train` and `nncli plot` draw from a
template of `nncli init`, or from one of the configs below.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nncli import compare, load_config, plot, plots, sweep, train
from nncli.config import Override
from nncli.plots import Look, View
from nncli.scaffold import templates

IMAGES = Path(__file__).resolve().parent / "images"
DATASETS = IMAGES.parents[1] / "datasets"


def _of_table(file: str, target: str, outputs: int, activation: str, **changes: Any) -> dict[str, Any]:
    """Return a config for a table, with a fifth of the rows each for the validation and the test set."""
    dataset = {
        "path": str(DATASETS / file),
        "targets": [target],
        "split": {"validation": 0.2, "test": 0.2},
        "preprocessing": {"scale": "standard", **changes.pop("preprocessing", {})},
        **changes.pop("dataset", {}),
    }
    layers = [{"units": 16, "activation": "tanh"}, {"units": outputs, "activation": activation}]
    return {
        "dataset": dataset,
        "network": {"layers": layers},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 60, "batch_size": 32},
        **changes,
    }


TABLES: Mapping[str, Mapping[str, Any]] = {
    # With only two of the four inputs, because with all four there are hardly any mistakes to show.
    "two_of_iris": _of_table(
        "iris.csv",
        "species",
        3,
        "softmax",
        dataset={"inputs": ["sepal_length", "sepal_width"]},
        loss="cross_entropy",
    ),
    "diabetes_with_validation": _of_table(
        "diabetes.csv",
        "progression",
        1,
        "identity",
        preprocessing={"scale_targets": "standard"},
        metrics=["r2", "mae"],
    ),
}
# A formula of one input is in no template.
SINE: Mapping[str, Any] = {
    "dataset": {
        "function": {"inputs": {"x": [-3, 3]}, "targets": {"y": "sin(2 * x)"}, "samples": 60, "noise": 0.1},
        "split": {"test": 0.25},
    },
    "network": {"layers": [{"units": 16, "activation": "tanh"}, {"units": 1}]},
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "training": {"epochs": 600},
}
XOR_BY_DIFFERENCES: Mapping[str, Any] = {
    "seed": 1,
    "dataset": {"name": "xor"},
    "network": {"layers": [{"units": 4, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]},
    "gradient": {"name": "finite_difference", "scheme": "forward", "epsilon": 1e-6},
    "optimizer": {"name": "sgd", "learning_rate": 0.5},
    "training": {"epochs": 100},
}
SIX_SIGMOIDS: Mapping[str, Any] = {"units": 6, "activation": "sigmoid"}
DEEP: Mapping[str, Any] = {
    "dataset": {"name": "xor"},
    "network": {
        "layers": [{"units": 6, "activation": "sigmoid"}] * 5 + [{"units": 1, "activation": "sigmoid"}]
    },
    "optimizer": {"name": "sgd", "learning_rate": 0.5},
    "training": {"epochs": 300},
}
CONFIGS: Mapping[str, Mapping[str, Any]] = {
    **TABLES,
    "sine": SINE,
    "deep": DEEP,
    "xor_by_differences": XOR_BY_DIFFERENCES,
}

# template or config -> picture -> (kind, what to show)
PICTURES: Mapping[str, Mapping[str, tuple[str, View]]] = {
    "xor": {
        "xor-boundary": ("boundary", View()),
        "xor-network": ("network", View()),
        "xor-output-3d": ("output-3d", View()),
        "xor-neurons": ("neurons", View()),
        "xor-loss": ("loss", View()),
        "xor-loss-dark": ("loss", View()),
        "xor-weight-surface": ("weight-surface", View()),
        "xor-weights": ("weights", View()),
    },
    "linear_map": {
        "linear-map-loss": ("loss", View()),
        "linear-map-network": ("network", View()),
    },
    "linear_map_nonlinear": {
        "nonlinear-error-surface": ("error-surface", View()),
        "nonlinear-error-surface-3d": ("error-surface-3d", View()),
    },
    "perceptron": {
        "perceptron-errors": ("errors", View()),
        "perceptron-activations": ("activations", View()),
        "perceptron-network": ("network", View()),
        "perceptron-weights": ("weights", View()),
        "perceptron-boundary": ("boundary", View(features=("x1", "x2"), at={"x3": 1.0})),
    },
    "worked_example": {"worked-example-network": ("network", View())},
    "sine": {"sine-fit": ("fit", View())},
    "xor_by_differences": {"xor-epsilon": ("epsilon", View())},
    "height_weight": {
        "height-weight-boundary": ("boundary", View()),
        "height-weight-loss": ("loss", View()),
    },
    "deep": {"deep-gradients": ("gradients", View())},
    "two_of_iris": {
        "iris-confusion": ("confusion", View()),
        "iris-roc": ("roc", View()),
        "iris-precision-recall": ("precision-recall", View()),
        "iris-calibration": ("calibration", View()),
    },
    "iris": {
        "iris-boundary": ("boundary", View()),
        "iris-boundary-grid": ("boundary", View(grid=True)),
        "iris-importance": ("importance", View()),
        "iris-dependence": ("dependence", View()),
    },
    "diabetes_with_validation": {
        "diabetes-loss": ("loss", View()),
        "diabetes-output": ("output", View()),
        "diabetes-parity": ("parity", View()),
        "diabetes-residuals": ("residuals", View()),
        "diabetes-dependence": ("dependence", View()),
    },
}


COMPARISON = "perceptron-compare"
SWEEP = ("iris-sweep-slices", "iris-sweep-parallel")


def draw(template: str, folder: Path) -> None:
    """Train on a template or a config and draw its pictures into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / f"{template}.yaml"
        text = json.dumps(CONFIGS[template]) if template in CONFIGS else templates.text(template)
        config.write_text(text, encoding="utf-8")
        run = train(load_config(config), output=Path(scratch) / template)
        for name, (kind, view) in PICTURES[template].items():
            picture = folder / f"{name}.svg"
            look = Look(theme="dark") if name.endswith("-dark") else Look()
            plots.save(plots.draw(kind, run, view, look), picture)
            picture.with_suffix(".csv").unlink()  # the docs need only the picture


def draw_comparison(folder: Path) -> None:
    """Train the perceptron with and without a hidden layer, and draw both learning curves into a folder."""
    hidden = Override("network.layers", "[{units: 4, activation: sigmoid}, {units: 1, activation: sigmoid}]")
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "perceptron.yaml"
        config.write_text(templates.text("perceptron"), encoding="utf-8")
        runs = [
            train(load_config(config, changes), output=Path(scratch) / f"perceptron{suffix}")
            for suffix, changes in (("", []), ("-2", [hidden]))
        ]
        picture = folder / f"{COMPARISON}.svg"
        compare(runs, target="mse=0.001", output=picture)
        picture.with_suffix(".csv").unlink()  # the docs need only the picture


def draw_sweep(folder: Path) -> None:
    """Try 30 random pairs of a learning rate and a number of units for iris, and draw their results."""
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "iris.yaml"
        config.write_text(templates.text("iris"), encoding="utf-8")
        loaded = load_config(config, [Override("dataset.split.validation", "0.2")])
        grid = {"optimizer.learning_rate": "log:0.001..1", "network.layers[0].units": [4, 8, 16]}
        sweep(loaded, grid=grid, trials=30, output=Path(scratch) / "iris")
        for name, picture in zip(SWEEP, plot(Path(scratch) / "iris", format="svg"), strict=True):
            (folder / f"{name}.svg").write_bytes(picture.path.read_bytes())


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for template in PICTURES:
        draw(template, IMAGES)
    draw_comparison(IMAGES)
    draw_sweep(IMAGES)
