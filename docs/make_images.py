"""Draw every picture of README and docs into docs/images.

Run as `python docs/make_images.py`. The pictures are those that `nncli init`, `nncli train` and
`nncli plot` make.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from nncli import load_config, plots, train
from nncli.config import templates
from nncli.plots import View

IMAGES = Path(__file__).resolve().parent / "images"

# template -> picture -> (kind, what to show)
PICTURES: Mapping[str, Mapping[str, tuple[str, View]]] = {
    "xor": {
        "xor-boundary": ("boundary", View()),
        "xor-network": ("network", View()),
        "xor-loss": ("loss", View()),
        "xor-weight-surface": ("weight-surface", View()),
        "xor-weights": ("weights", View()),
        "xor-confusion": ("confusion", View()),
        "xor-roc": ("roc", View()),
        "xor-calibration": ("calibration", View()),
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
    "worked_example": {
        "worked-example-network": ("network", View()),
        "worked-example-parity": ("parity", View()),
        "worked-example-residuals": ("residuals", View()),
    },
    "height_weight": {"height-weight-boundary": ("boundary", View())},
}


def draw(template: str, folder: Path) -> None:
    """Train a template and draw its pictures into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / f"{template}.yaml"
        config.write_text(templates.read(template), encoding="utf-8")
        run = train(load_config(config), output=Path(scratch) / template)
        for name, (kind, view) in PICTURES[template].items():
            picture = folder / f"{name}.svg"
            plots.save(plots.KINDS[kind].draw(run, view), picture)
            picture.with_suffix(".csv").unlink()  # the numbers: in a run they stay beside the picture


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for template in PICTURES:
        draw(template, IMAGES)
