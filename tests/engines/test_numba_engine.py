"""The compiled engine: machine code agrees and is kept, and no fault of the cache ends a training."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from nncli import engines
from nncli.advice.pairing import oddities
from nncli.engines import ENGINES, compilation, numba_engine
from nncli.engines.compilation import compiled
from nncli.engines.contract import Recipe, start
from nncli.messages.errors import ConfigError
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GRADIENTS
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS, Optimizer
from nncli.nn.schedules import SCHEDULES

from ..trained import xor
from .oracle import updates

RNG = np.random.default_rng(0)


def recipe(loss: Loss, optimizer: Optimizer, *, batch_size: int, shuffle: bool = True) -> Recipe:
    schedule = SCHEDULES["step"](every=3, gamma=0.5)
    return Recipe(loss, GRADIENTS["backprop"](), optimizer, schedule, batch_size, shuffle, 1)


def layer(inputs: int, units: int, activation: str, **options: float) -> Layer:
    return Layer(inputs, units, ACTIVATIONS[activation](), **options)


WEIGHTED = replace(LOSSES["cross_entropy"](), class_weights=np.array([1.0, 0.5, 2.0]))
CLIPPED = replace(OPTIMIZERS["adam"](learning_rate=0.01, weight_decay=0.01), clip_norm=0.1)
CASES = {
    "one row at a time": (
        [layer(3, 8, "tanh"), layer(8, 2, "sigmoid")],
        recipe(LOSSES["binary_cross_entropy"]("sum"), OPTIMIZERS["sgd"](), batch_size=1),
    ),
    "classes with weights": (
        [layer(3, 5, "silu", l1=0.01), layer(5, 4, "elu", bias=False, l2=0.1), layer(4, 3, "softmax")],
        recipe(WEIGHTED, CLIPPED, batch_size=4),
    ),
    "full batch": (
        [layer(3, 4, "gelu"), layer(4, 4, "softplus"), layer(4, 2, "leaky_relu")],
        recipe(
            LOSSES["huber"](),
            OPTIMIZERS["rmsprop"](momentum=0.5, centered=True),
            batch_size=10,
            shuffle=False,
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_machine_code_agrees_with_the_updates_one_after_the_other(name: str) -> None:
    layers, given = CASES[name]
    network = Network(tuple(layers))
    X = RNG.normal(size=(10, network.inputs))
    Y = np.eye(network.outputs)[RNG.integers(network.outputs, size=10)]
    state = start(network, RNG.normal(size=network.parameter_count), given)
    stops = [3, 10, 40]
    expected = updates(network, X, Y, given, state, stops)
    found = ENGINES["numba"].plan(network, X, Y, given).run(state, stops)
    for value, by_hand in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, by_hand, rtol=1e-10, atol=1e-10)


def test_functions_for_several_numbers_at_once_are_those_of_numpy() -> None:
    from nncli.engines.vector_math import exp, expm1, log1p, tanh

    odd = [0.0, 1e-300, -1e-9, 709.7, 710.0, -745.1, -746.0, 1e300, -1e300, np.inf, -np.inf]
    numbers = np.array([*odd, *(RNG.normal(size=2000) * 3.0), *np.linspace(-700.0, 700.0, 2001)])
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_max_ulp(np.array([exp(x) for x in numbers]), np.exp(numbers), 1)
        np.testing.assert_array_max_ulp(np.array([expm1(x) for x in numbers]), np.expm1(numbers), 2)
    np.testing.assert_array_max_ulp(np.array([tanh(x) for x in numbers]), np.tanh(numbers), 2)
    above = np.concatenate([[-1.0], numbers[numbers > -1.0], RNG.uniform(-1.0, 1.0, size=2000)])
    with np.errstate(divide="ignore"):
        np.testing.assert_array_max_ulp(np.array([log1p(x) for x in above]), np.log1p(above), 2)
    assert np.isnan([f(np.nan) for f in (exp, expm1, tanh, log1p)] + [log1p(-2.0), log1p(-np.inf)]).all()


SOURCE = """\
from nncli.engines.vector_math import exp


def doubled(x):
    return 2.0 * exp(x)
"""
COMPILE = f"""
from nncli.engines.compilation import compiled

function = compiled({SOURCE!r}, "doubled", [1.0])
print(function(0.0), bool(function.stats.cache_hits))
"""


def process(folder: Path) -> subprocess.Popen[str]:
    """A process that compiles the source with that cache folder."""
    environment = {**os.environ, "NNCLI_CACHE_DIR": str(folder)}
    words = [sys.executable, "-c", COMPILE]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, env=environment, text=True, stdout=pipe, stderr=pipe)


def test_machine_code_is_kept_between_processes_and_two_may_start_at_once(tmp_path: Path) -> None:
    both = [process(tmp_path), process(tmp_path)]
    for each in both:
        out, errors = each.communicate(timeout=120)
        assert (out.split()[0], errors) == ("2.0", "")
    out, errors = process(tmp_path).communicate(timeout=120)
    assert (out, errors) == ("2.0 True\n", "")


def truncated(folder: Path) -> None:
    for file in (folder / "__pycache__").glob("*.nb?"):
        os.truncate(file, file.stat().st_size // 2)


def overwritten(folder: Path) -> None:
    for file in (folder / "__pycache__").glob("*.nb?"):
        file.write_bytes(b"\x80\x05nothing of the kind")


def other_source(folder: Path) -> None:
    for file in folder.glob("*.py"):
        file.write_text("doubled = None\n", encoding="utf-8")


def other_version(folder: Path) -> None:
    for file in (folder / "__pycache__").glob("*.nbi"):
        content = file.read_bytes()
        version = numba.__version__.encode()
        assert version in content
        file.write_bytes(content.replace(version, b"0" * len(version), 1))


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a file", encoding="utf-8")


def compiled_anew(source: str, name: str, arguments: list[float]) -> Any:
    """The function as in a new process."""
    compilation._functions.clear()
    return compiled(source, name, arguments)


@pytest.mark.parametrize("fault", [truncated, overwritten, other_source, other_version, no_folder])
def test_a_fault_of_the_cache_costs_no_more_than_compiling_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("NNCLI_CACHE_DIR", str(tmp_path / "cache"))
    assert not compiled_anew(SOURCE, "doubled", [1.0]).stats.cache_hits
    assert compiled_anew(SOURCE, "doubled", [1.0]).stats.cache_hits
    fault(tmp_path / "cache")
    assert compiled_anew(SOURCE, "doubled", [1.0])(0.0) == 2.0
    if fault is not no_folder:
        compiled_anew(SOURCE, "doubled", [1.0])
        assert compiled_anew(SOURCE, "doubled", [1.0]).stats.cache_hits  # it has been made anew


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    monkeypatch.setenv("NNCLI_CACHE_DIR", str(tmp_path))
    assert compiled_anew(SOURCE, "doubled", [1.0])(0.0) == 2.0
    tmp_path.chmod(0o700)


def test_without_a_home_the_function_is_compiled_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("NNCLI_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)
    assert compiled_anew(SOURCE, "doubled", [1.0])(0.0) == 2.0


def test_machine_code_stops_and_starts_again_at_the_same_bytes() -> None:
    system = xor("training.engine=numba", "training.batch_size=1")
    plan, begin = system.plan(), start(system.network, system.initial, system.recipe)
    whole = plan.run(begin, [5, 1500, 2001])
    part = plan.run(begin, [5, 700])
    rest = plan.run(part.state(), [1500, 2001])
    np.testing.assert_array_equal(rest.parameters, whole.parameters[1:])
    np.testing.assert_array_equal(np.append(part.losses, rest.losses), whole.losses)
    assert rest.state().partial_loss == whole.state().partial_loss


def test_without_numba_it_is_not_supported_and_auto_takes_another(monkeypatch: pytest.MonkeyPatch) -> None:
    long = xor("training.epochs=3000000")
    assert long.engine_name == "numba"
    monkeypatch.setattr(numba_engine, "unusable", lambda: "is not installed")
    assert xor("training.epochs=3000000").engine_name == "python"
    with pytest.raises(ConfigError, match=r"training\.engine: numba is not installed"):
        xor("training.engine=numba")


def test_a_numba_that_cannot_be_imported_is_not_used_and_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    compilation.unusable.cache_clear()
    monkeypatch.delattr(engines, "vector_math", raising=False)
    monkeypatch.setitem(sys.modules, "nncli.engines.vector_math", None)
    assert str(compilation.unusable()).startswith("cannot be imported: ")
    (warning,) = oddities(xor("training.epochs=3000000"))
    assert warning.message.startswith("numba cannot be imported: ")
    assert warning.message.endswith("; training uses python instead")
    assert oddities(xor()) == []
    compilation.unusable.cache_clear()
