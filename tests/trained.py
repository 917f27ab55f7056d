"""A run of the example, trained for a moment."""

from __future__ import annotations

from pathlib import Path

from nncli import runs
from nncli.config import Override, load_config
from nncli.runs import Run
from nncli.training.experiment import Experiment, build

XOR = Path(__file__).parents[1] / "configs" / "xor.yaml"


def xor(*settings: str) -> Experiment:
    """The example, 40 epochs of it, with settings laid over."""
    return build(load_config(XOR, [Override.parse(text) for text in ("training.epochs=40", *settings)]))


def record(folder: Path, *settings: str) -> Run:
    """The example trained into a folder."""
    with runs.create_at(folder, overwrite=False) as run:
        for _ in runs.record(xor(*settings), run):
            pass
    return Run(folder)
