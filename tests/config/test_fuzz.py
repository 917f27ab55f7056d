"""Whatever stands in a config, the ending is a right result or an NncliError."""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.config import Config, Override, load_config, parse_config, yaml12
from nncli.training.experiment import Experiment, build

from .endings import mutated, read_or_refused
from .strategies import Values, configs
from .test_resolved import TEMPLATES, values_of

PARTS = 10  # tests that share the damaged configs, so that they run side by side

TYPED = """\
name: "típico 漢"
seed: {data: 3, training: 4}
dataset:
  columns: [a, 'b c', y]
  rows: [[0, 1e-3, 1], [1, "2", 0], [-1.5, .5, 1]]
  inputs: [a]
  targets: [y]
  id: b c
  task: auto
network:
  layers:
    - {units: 2, activation: {name: leaky_relu, slope: 0.1}, weights: [[0.5], [-0.5]], biases: [0, 0.1]}
    - &layer {units: 2, activation: tanh, weight_init: {name: uniform, low: -1, high: 1}}
    - {<<: *layer, units: 1, activation: sigmoid, bias: false}
  weight_init: {name: normal, mean: 0, std: 0.5}
  bias_init: {name: constant, value: 0.25}
loss: {name: binary_cross_entropy, reduction: sum}
metrics: [mse, accuracy]
gradient: {name: finite_difference, scheme: central, epsilon: 1e-6}
optimizer: {name: sgd, learning_rate: 0.1, momentum: 0.9, nesterov: true}
training: {epochs: 1e1, batch_size: 2, shuffle: false, log_every: 10%, engine: numpy}
record: {history: all, weights: none, errors: auto}
"""
FORMULA = """\
dataset:
  function:
    inputs:
      q1: [-1, 1]
      q2: [0, 2.5]
    targets: {X1: "q1 + q2**2 - 1", X2: where(q1 > 0, exp(q2), 1/3)}
    samples: 20
    noise: 0.01
network: {layers: [{units: 3, activation: relu, weight_init: he_normal}, {units: 2}]}
optimizer: {name: adam, learning_rate: 1e-2, beta1: 0.8}
loss: {name: huber, delta: 2}
training: {epochs: 3, log_every: 1}
"""
TEXTS = [*(re.sub(r" *#.*", "", path.read_text(encoding="utf-8")) for path in TEMPLATES), TYPED, FORMULA]
NUMBERS = [
    "0", "1", "2", "3", "-1", "0.5", "1e-3", "-0.0", "1e3", "007", "0x10", "0o17", "1_000", "1e309", "1e12",
    "100000", "9223372036854775808", "1" + "0" * 400, "1" * 1001, ".nan", "-.inf", "4.", ".5", "١٢", "1e-400",
]  # fmt: skip
ODD = [
    *NUMBERS, "null", "~", "[]", "{}", "true", "off", "yes", "*a", "&a ", "<<: *a", "!!binary x", "!!int 3",
    "'", '"', "|", ">", "- ", ": ", "? ", "#", "\t", "\n", "%YAML 1.1", "---", "...", "{", "}", "[", "]", ",",
    "漢", "\u2028", "\x85", "\ufeff", "\x1b[31m", "\0", "\r", "\u202e", "q1**q1", "1/0", "9**9**9", "q1 -",
    "softmax", "cross_entropy", "name", "[bold]", "2001-01-01", "12:30", "\\", '"\\e"', "a" * 300,
]  # fmt: skip


def from_file(content: bytes, *settings: str) -> Experiment:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "c.yaml")
        file.write_bytes(content)
        return build(load_config(file, [Override.parse(setting) for setting in settings]))


def survives(text: str | bytes, *settings: str) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    read_or_refused(lambda: from_file(content, *settings), (text, *settings))


def judge(text: str, experiment: Experiment) -> None:
    """The values are those in the text, and the resolved config says the same and starts the same."""
    values = values_of(experiment.config)
    if "<<" not in text:  # merging is YAML 1.1 beyond what the base loader does
        assert_same(yaml.load(text, yaml.BaseLoader), values)
    again = build(parse_config(experiment.config.to_yaml(Path()).encode(), "c.yaml"))
    assert values_of(again.config) == values
    assert again.initial.tobytes() == experiment.initial.tobytes()
    assert again.rows.training.X.tobytes() == experiment.rows.training.X.tobytes()
    assert again.rows.training.Y.tobytes() == experiment.rows.training.Y.tobytes()


def assert_same(written: Any, value: Any) -> None:
    """A value of a config is what was written, read as plain text by PyYAML's simplest loader."""
    if isinstance(written, dict):
        for key, below in written.items():
            assert_same(below, value[key])
    elif isinstance(written, list):
        for below, entry in zip(written, value, strict=True):
            assert_same(below, entry)
    elif isinstance(value, dict):  # a shorthand
        stands_for = {key: value[key] for key in ("data", "training", "name") if key in value}
        for entry in (stands_for if "data" in stands_for else {"name": value["name"]}).values():
            assert_same(written, entry)
    elif isinstance(value, str):
        assert value in (written, written.replace("-", "_"))
    elif value is None:
        assert written in ("", "~", "null", "Null", "NULL")
    elif isinstance(value, bool):
        assert written.lower() == str(value).lower()
    else:
        assert value == (int(written, 0) if written[:2] in ("0x", "0o") else float(written))


WITH_MINUS_ZERO = {
    "weight_init: {name: normal, std: -0.0}": "weight_init: {name: normal, std: 0.0}",
    "weight_init: {name: uniform, low: 0.0, high: -0.0}": "weight_init: {name: uniform, low: 0.0, high: 0.0}",
}


@pytest.mark.parametrize("line", WITH_MINUS_ZERO)
def test_minus_zero_is_zero_where_numpy_would_refuse_it(line: str) -> None:
    text = "dataset: xor\nnetwork:\n  layers: [{units: 1}]\n  "
    odd, even = (from_file((text + given).encode()) for given in (line, WITH_MINUS_ZERO[line]))
    assert odd.initial.tolist() == even.initial.tolist()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_config_is_refused_or_read_as_it_stands(
    part: int, long: bool, tally: Callable[[str, Counter[str]], None]
) -> None:
    rng = random.Random(part)
    endings: Counter[str] = Counter(read=0, refused=0)
    cases = (10_000 if long else 500) // PARTS
    for case in range(cases):
        text = mutated(TEXTS[case % len(TEXTS)], rng, ODD, NUMBERS)
        experiment = read_or_refused(lambda text=text: build(parse_config(text.encode(), "c.yaml")), text)
        if experiment is not None:
            judge(text, experiment)
        endings["refused" if experiment is None else "read"] += 1
    tally("mutated configs", endings)
    assert endings["read"] > cases // 10  # or nothing was judged


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_refused_or_read(text: str) -> None:
    survives(text.encode("utf-8", errors="surrogatepass"))


@given(st.binary(max_size=100))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    survives(content)


plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=10)
)
trees = st.recursive(
    plain | st.sampled_from(["xor", "softmax", "adam", "full"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "units", "layers", "weights", "rows", "inputs", "function", "learning_rate", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
KEYS = [
    "dataset",
    "network",
    "loss",
    "metrics",
    "gradient",
    "optimizer",
    "training",
    "record",
    "seed",
    "name",
]


@given(st.dictionaries(st.sampled_from(KEYS), trees))
@settings(max_examples=120, deadline=None)
def test_any_values_under_the_known_keys_are_refused_or_read(values: dict[str, object]) -> None:
    sound = {"dataset": "xor", "network": {"layers": [{"units": 1}]}}
    survives(yaml12.dump({**sound, **values}))


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.text(st.characters(codec="utf-8"), max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_override_is_refused_or_read(key: str, value: str) -> None:
    survives("dataset: xor\nnetwork: {layers: [{units: 1}]}\n", f"{key}={value}")


@given(configs())
@settings(max_examples=60, deadline=None)
def test_overrides_say_what_the_file_would_say(values: Values) -> None:
    settings = [
        Override(f"{key}.{below}", yaml12.dump(value))
        for key in values.keys() - {"dataset"}
        if isinstance(values[key], dict)
        for below, value in values[key].items()
    ]
    whole = [Override(key, yaml12.dump(values[key])) for key in values if not isinstance(values[key], dict)]
    whole.append(Override("dataset", yaml12.dump(values["dataset"])))
    base = b"dataset: xor\nnetwork: {layers: [{units: 1}]}\n"
    assert parse_config(base, "c.yaml", [*whole, *settings]).model_dump() == Config.of(values).model_dump()


@pytest.mark.parametrize(
    "setting",
    [
        "training.epochs=1e12",
        "training.batch_size=1e12",
        "network.layers=[{units: 100000}, {units: 100000}, {units: 1}]",
        "dataset={function: {inputs: {q: [0, 1]}, targets: {y: q}, samples: 1e12}}",
        "dataset={function: {inputs: {q: [0, 1]}, targets: {y: q}, noise: 1e308}}",
        "network.weight_init={name: normal, std: 1e308}",
        "network.weight_init={name: uniform, low: -1e308, high: 1e308}",
        "seed=9223372036854775807",
    ],
)
def test_sizes_are_bounded_before_memory_is_taken(setting: str) -> None:
    survives("dataset: xor\nnetwork: {layers: [{units: 1}]}\n", setting)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_path_and_any_formula_are_refused_or_read(text: str) -> None:
    written = yaml12.dump(text).removesuffix("...\n").strip()
    network = "network: {layers: [{units: 1}]}\n"
    survives(f"dataset:\n  targets: [y]\n  path: {written}\n{network}")
    survives(f"dataset:\n  function:\n    inputs: {{q: [0, 1]}}\n    targets:\n      y: {written}\n{network}")


@pytest.mark.parametrize(
    "name", ["a\nb.csv", "\x1b[31m.csv", "x" * 150 + ".csv", "[bold].csv", "a\u202eb.csv"]
)
@pytest.mark.parametrize("content", [b"", b"x,y\n1,a\n2,b\n", b"x,y\n1,\n2\n", b"\xff"])
def test_a_refused_file_is_named_in_printable_words(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    values = {"dataset": {"path": name, "targets": ["y"]}, "network": {"layers": [{"units": 1}]}}
    (tmp_path / name).with_suffix(".yaml").write_text(yaml12.dump(values))
    assert read_or_refused(lambda: build(load_config((tmp_path / name).with_suffix(".yaml"))), name) is None
