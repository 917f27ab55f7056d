"""Gradient norms of the layers over the epochs."""

from __future__ import annotations

import numpy as np
import pytest

from nncli import plots
from nncli.nn.gradients import central_differences
from nncli.plots import KINDS, View
from nncli.runs import Run


def test_the_norms_are_those_of_the_gradient_over_the_training_set(
    trained: dict[str, Run],
) -> None:
    run = trained["xor"]
    columns = dict(plots.draw("gradients", run, View()).numbers.columns)
    data, network = run.experiment.rows.training, run.model.network
    loss = run.experiment.recipe.loss
    for epoch in (0, 8):
        (place,) = np.flatnonzero(run.snapshots.weight_epochs == epoch)
        weights = run.snapshots.weights[place]
        gradient = central_differences(network, weights, data.X, data.Y, loss, np.full(len(weights), 1e-6))[1]
        for layer, block in enumerate(network.blocks(gradient)):
            row = list(columns["epoch"]).index(epoch)
            assert columns[f"layers.{layer}"][row] == pytest.approx(np.linalg.norm(block), rel=1e-5)


def test_the_whole_norm_is_that_of_the_history_for_full_batches(trained: dict[str, Run]) -> None:
    run = trained["xor"]
    columns = dict(plots.draw("gradients", run, View()).numbers.columns)
    # The history has the norm of the update before an epoch's end: the gradient at the epoch before.
    at = dict(zip(columns["epoch"], columns["whole"], strict=True))
    recorded = dict(zip(run.history["epoch"], run.history["gradient_norm"], strict=True))
    for epoch in range(1, 16):
        assert recorded[epoch] == pytest.approx(at[epoch - 1], rel=1e-9)


def test_each_layer_has_a_line_and_the_caption_names_the_rows(trained: dict[str, Run]) -> None:
    picture = plots.draw("gradients", trained["xor"], View())
    lines = [line for line in picture.figure.axes[0].get_lines() if line.get_gid() == "layer"]
    assert len(lines) == 2
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert picture.caption.startswith("gradient norm over the whole training set (4 rows): layers.0 from ")


def test_without_recorded_weights_the_reason_is_given(trained: dict[str, Run]) -> None:
    assert "record.weights is none" in (KINDS["gradients"].unfit(trained["nothing kept"], View()) or "")
