"""Whatever stands in a config, the ending is a right result or an NncliError."""

from __future__ import annotations

import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.config import Override, load_config, yaml12
from nncli.errors import NncliError
from nncli.experiment import build

from .test_resolved import TEMPLATES

TOKEN = re.compile(r"[\w.+%-]+|\s+|.")
ODD = [
    "null", "~", "[]", "{}", "-1", "0", "1e309", ".nan", "-.inf", "1e12", "100000", "true", "off", "*a",
    "&a ", "<<: *a", "!!binary x", "'", '"', "|", ">", "- ", ": ", "? ", "#", "\t", "\n", "%YAML 1.1", "---",
    "{", "}", "[", "]", ",", "漢", "\u2028", "\ufeff", "q1**q1", "1/0", "softmax", "cross_entropy", "name",
]  # fmt: skip


def survives(text: str | bytes, *sets: str) -> None:
    """Load and build, and print what is wrong; anything but an NncliError fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "c.yaml")
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            build(load_config(file, [Override.parse(setting) for setting in sets]))
        except NncliError as error:
            for block in error.blocks():
                assert len(block.splitlines()) <= 12
                block.encode()
                assert not re.search(r"pydantic|Traceback|Input should|validation error|<class", block)


def mutated(text: str, rng: random.Random) -> str:
    """A few lines or words deleted, doubled, swapped or replaced."""
    for _ in range(rng.randint(1, 3)):
        parts = rng.choice([text.splitlines(keepends=True), TOKEN.findall(text)])
        if not parts:
            return text
        here, there = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.choice(["delete", "double", "swap", "replace", "insert"]):
            case "delete":
                del parts[here]
            case "double":
                parts.insert(there, parts[here])
            case "swap":
                parts[here], parts[there] = parts[there], parts[here]
            case "replace":
                parts[here] = rng.choice([rng.choice(ODD), parts[there]])
            case "insert":
                parts.insert(here, rng.choice(ODD))
        text = "".join(parts)
    return text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_damaged_template_is_refused_or_read(template: Path) -> None:
    rng = random.Random(template.stem)
    text = re.sub(r" *#.*", "", template.read_text())
    for _ in range(40):
        survives(mutated(text, rng))


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
