"""The gradcheck command, and the smoke run in CI that rests on the same check."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nncli.config import Override, load_config
from nncli.inspection.gradcheck import TOLERANCE, check_gradients
from nncli.inspection.smoke import smoke
from nncli.runs import Run
from nncli.scaffold import templates
from nncli.storage.resources import folder
from nncli.training.experiment import build
from tests.cli.conftest import Command
from tests.stepwise import train

SEEDS = 10


def test_gradcheck_agrees_on_config_and_run(trained: Command) -> None:
    for target in ("xor.yaml", "xor"):
        result = trained("gradcheck", target)
        assert result.code == 0
        assert result.out.splitlines()[-1].startswith("ok: 17 gradients agree")


def test_gradcheck_says_that_it_leaves_no_unit_out(trained: Command) -> None:
    result = trained("gradcheck", "xor.yaml", "--set", "network.layers[0].dropout=0.5")
    assert result.code == 0
    assert "dropout is turned off for the check" in result.err
    assert "dropout" not in trained("gradcheck", "xor.yaml").err


def test_gradcheck_beyond_tolerance_exits_with_4(trained: Command) -> None:
    result = trained("gradcheck", "xor.yaml", "--tolerance", "0")
    assert result.code == 4
    assert "layers." in result.err


def test_gradcheck_refuses_to_set_values_of_a_run(trained: Command) -> None:
    result = trained("gradcheck", "xor", "--set", "loss=mse")
    assert (result.code, result.out) == (2, "")
    assert "--set loss=mse: the config of a run cannot be changed\nhint: give the run's" in result.err
    assert trained("gradcheck", "runs/xor/config.yaml", "--set", "loss=mse").code == 0


def test_gradcheck_is_held_to_one_in_a_million(trained: Command) -> None:
    assert json.loads(trained("gradcheck", "xor", "--json").out)["tolerance"] == 1e-6


def test_readme_has_the_line_for_ci_that_is_tried_below() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert "To check a config in CI, run `nncli train config.yaml --smoke`" in readme.read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", templates.names())
def test_smoke_run_passes_on_every_template_whatever_the_seed(name: str, long: bool) -> None:
    # A check of digits takes a second.
    for seed in range(SEEDS if long or name != "digits" else 2):
        config = load_config(folder("configs") / f"{name}.yaml", [Override.parse(f"seed={seed}")])
        assert smoke(build(config)).worst <= TOLERANCE, seed


DIVERGING = {"linear_map_published", "broken_learning_rate"}


@pytest.mark.parametrize("name", [name for name in templates.names() if name not in DIVERGING])
def test_gradients_of_every_template_agree_untrained_and_trained(name: str) -> None:
    experiment = build(load_config(folder("configs") / f"{name}.yaml"))
    *_, last = train(experiment)
    for parameters in (None, last.parameters):
        assert max(check.worst for check in check_gradients(experiment, parameters)) <= TOLERANCE


@pytest.mark.parametrize("seed", range(10))
def test_units_at_a_kink_in_xor_are_no_mistake(trained: Command, seed: int) -> None:
    """Of the row (0, 0) every relu starts at exactly 0."""
    words = ["--set", "network.layers[0].activation=relu", "--set", "network.layers[0].units=8"]
    words += ["--set", "network.bias_init=zeros", "--set", f"seed={seed}"]
    result = trained("gradcheck", "xor.yaml", *words)
    assert result.code == 0
    assert "at a kink" in result.err


def test_verbose_lists_every_gradient_the_largest_error_first(trained: Command) -> None:
    _, entries = trained("gradcheck", "xor.yaml", "-v").out.split("\n\n")
    header, *rows, last = entries.splitlines()
    assert header.split() == ["parameter", "error", "backprop", "finite", "diff."]
    assert len(rows) == 17
    errors = [float(row.split()[1]) for row in rows]
    assert errors == sorted(errors, reverse=True)
    assert last.startswith("ok: 17 gradients agree")


def test_json_has_every_gradient_on_request(trained: Command) -> None:
    short = json.loads(trained("gradcheck", "xor", "--json").out)
    whole = json.loads(trained("gradcheck", "xor", "--json", "-v").out)
    model = Run(Path("runs/xor")).model
    for plain, tensor in zip(short["tensors"], whole["tensors"], strict=True):
        entries = tensor.pop("entries")
        assert tensor == plain
        assert {np.shape(values) for values in entries.values()} == {tuple(tensor["shape"])}
        assert np.shape(model.network.tensors(model.parameters)[tensor["name"]]) == tuple(tensor["shape"])
        at = tuple(tensor["index"])
        assert np.array(entries["error"])[at] == np.max(entries["error"]) == tensor["worst"]
        assert np.array(entries["finite_difference"])[at] == tensor["finite_difference"]


@pytest.mark.parametrize(("scheme", "order"), [("central", 2), ("forward", 1)])
def test_error_of_the_configured_differences_is_reported(trained: Command, scheme: str, order: int) -> None:
    words = [
        "gradcheck",
        "xor.yaml",
        "--set",
        "gradient=finite_difference",
        "--set",
        f"gradient.scheme={scheme}",
    ]
    far, near = (
        json.loads(trained(*words, "--set", f"gradient.epsilon={epsilon}", "--json").out)["configured"]
        for epsilon in (1e-2, 1e-3)
    )
    assert (far["scheme"], far["epsilon"]) == (scheme, 1e-2)
    assert far["worst"] / near["worst"] == pytest.approx(10**order, rel=0.3)  # the order of the scheme
    assert f"{scheme} differences, epsilon 1e-06" in trained(*words).err
    assert "differences, epsilon" not in trained("gradcheck", "xor.yaml").err


OWN = """\
import numpy as np

print("a print of the student's own")

def forward(X, W, b):
    for w, c in zip(W, b):
        X = 1 / (1 + np.exp(-(X @ w.T + c)))
    return X

def backward(X, Y, W, b):
    hidden = forward(X, W[:1], b[:1])
    error = forward(X, W, b) - Y
    below = error @ W[1] * hidden * (1 - hidden)
    return [below.T @ X, error.T @ hidden], [below.sum(axis=0), error.sum(axis=0)]
"""


def test_own_code_is_checked(trained: Command) -> None:
    Path("own.py").write_text(OWN)
    for target in ("xor.yaml", "xor"):
        result = trained("gradcheck", target, "--code", "own.py")
        assert result.code == 0
        assert (
            "own.py takes one sample per row in numpy arrays, with weights of shape (units, inputs)"
            in result.err
        )
        assert result.out.splitlines()[-1].startswith("ok: no mistake found; 17 gradients agree")


def test_mistakes_in_own_code_exit_with_4(trained: Command) -> None:
    Path("own.py").write_text(OWN.replace("error @ W[1] * hidden", "error @ W[1] * 0.25"))
    result = trained("gradcheck", "xor.yaml", "--code", "own.py")
    assert result.code == 4
    assert "error: own.py: backward: the gradient is wrong\nhint: layers.1 is right, and the" in result.err
    Path("own.py").write_text(OWN.replace("- Y", "+ Y"))
    mistakes = json.loads(trained("gradcheck", "xor.yaml", "--code", "own.py", "--json").out)["mistakes"]
    assert [each["function"] for each in mistakes] == ["backward"]


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [
        (None, 2, "own.py: no such file"),
        ("def forward(:", 2, "own.py:1: SyntaxError: invalid syntax\nhint: fix this first"),
        ("import no_such_module", 2, "own.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
        (
            "def forward(X, W, b): return X",
            2,
            "own.py: no function 'backward'\nhint: define backward(",
        ),
        (
            OWN.replace("X @ w.T", "X @ W.T"),
            4,
            "own.py:7: AttributeError: 'list' object has no",
        ),
        (
            OWN.replace("return X\n", "return None\n", 1),
            4,
            "own.py: forward: it does not return 1",
        ),
        (OWN.replace("[below.T", "[below[9].T"), 4, "own.py: backward: own.py:14"),
        (OWN + "raise SystemExit(3)", 2, "own.py:15: SystemExit: 3"),
    ],
)
def test_unusable_own_code_is_one_message(trained: Command, text: str | None, code: int, error: str) -> None:
    if text is not None:
        Path("own.py").write_text(text)
    result = trained("gradcheck", "xor.yaml", "--code", "own.py")
    assert result.code == code
    assert error in result.err
    assert "Traceback" not in result.err


def test_own_code_that_never_ends_is_stopped(trained: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.inspection.student.process.TIME_LIMIT", 1.0)
    Path("own.py").write_text("while True: pass")
    result = trained("gradcheck", "xor.yaml", "--code", "own.py")
    assert result.code == 4
    assert "own.py: no answer within 1 s\nhint: look for an endless loop" in result.err


def test_large_networks_are_checked_along_directions(trained: Command) -> None:
    words = ["gradcheck", "xor.yaml", "--set", "network.layers[0].units=7000"]
    result = trained(*words)
    assert result.code == 0
    assert "checked along 3 random directions in each tensor" in result.err
    assert "ok: 12 derivatives along random directions agree" in result.out
    assert "ok: 8 derivatives" in trained(*words, "--directions", "2").out
    assert "ok: 17 gradients" in trained("gradcheck", "xor.yaml", "--directions", "0").out
    assert "along direction" in trained("gradcheck", "xor.yaml", "--directions", "1", "-v").out


def test_tensors_are_listed_by_their_errors(trained: Command) -> None:
    header, *rows, _ = trained("gradcheck", "xor").out.splitlines()
    assert header.split()[:2] == ["tensor", "shape"]
    errors = [float(row.split()[2]) for row in rows]
    assert errors == sorted(errors, reverse=True)
