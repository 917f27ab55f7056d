"""`train --show-step`: the code that trains a tiny network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command


def test_the_code_is_printed_and_nothing_is_trained(nncli: Command) -> None:
    nncli("init", "xor")
    shown = nncli("train", "xor.yaml", "--show-step")
    assert shown.code == 0
    compile(shown.out, "step.py", "exec")
    assert "z1_0 = w12 * a0_0 + w13 * a0_1 + w14 * a0_2 + w15 * a0_3 + w16" in shown.out
    assert (
        json.loads(nncli("train", "xor.yaml", "--show-step", "--json").out)["source"].strip()
        == shown.out.strip()
    )
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("gradient=finite_difference", "gradient finite_difference"),
        ("network.layers[0].dropout=0.5", "dropout"),
        ("training.dtype=float32", "float32"),
    ],
)
def test_a_step_that_cannot_be_written_is_refused(nncli: Command, setting: str, words: str) -> None:
    nncli("init", "xor")
    refused = nncli("train", "xor.yaml", "--show-step", "--set", setting)
    assert refused.code == 2
    assert f"--show-step does not support {words}" in refused.err
