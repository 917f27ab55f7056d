"""Files of a run with every value of their headers forged: each command ends in a result or in words."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.storage.npz import DIGEST, read_npz, write_npz
from tests.cli.conftest import Command

SAMPLE, LONG = 120, 1800
TABLE = "colour,size,y\n" + "".join(
    f"{c},{s},{y}\n" for s in range(12) for c, y in (("red", s), ("blue", -s))
)
CONFIGS = {
    "xor": """
        dataset: xor
        network: {layers: [{units: 3, activation: tanh}, {units: 1, activation: sigmoid}]}
        training: {epochs: 20}
        """,
    "table": """
        dataset:
          path: t.csv
          targets: [y]
          split: {validation: 0.25}
          preprocessing: {scale: standard, scale_targets: standard, missing: median, unseen: ignore}
        network: {layers: [{units: 3, activation: relu}, {units: 1}]}
        training: {epochs: 20, early_stopping: {patience: 30}}
        """,
}
NUMBERS: list[Any] = [-1, 0, 1, 3, 10**30, 1e308, -0.5, float("nan"), float("inf")]
TEXTS: list[Any] = ["", "x", "red", "size", "1e400"]
VALUES: list[Any] = [None, True, False, *NUMBERS, *TEXTS, [], [1], ["x", "x"], {}, {"x": 1}]
FILES = [runs.WEIGHTS, runs.CHECKPOINT, runs.SNAPSHOTS, runs.RUN, runs.RESULTS]
COMMANDS = [
    ["predict", "r", "-q"],
    ["predict", "r", "-q", "-i", "t.csv", "--proba"],
    ["predict", "r", "-q", "--epoch", "3"],
    ["evaluate", "r"],
    ["gradcheck", "r"],
    ["runs"],
    ["resume", "r"],
    ["resume", "r", "--epochs", "25"],
    ["reproduce", "r"],
    ["train", "c.yaml", "-o", "runs/r", "--resume"],
    ["train", "c.yaml", "-o", "runs/r", "--overwrite"],
    ["train", "c.yaml", "-o", "runs/r"],
    ["predict", "runs/r/weights.npz", "--values", "1,1"],
]
PICTURES = [
    ["plot", kind, "--run", "r"] for kind in ("loss", "weights", "errors", "network", "weight-surface")
]


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value inside an object or list, empty ones too."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for key, entry in inner:
        yield from leaves(entry, (*at, key))
        found = True
    if not found or isinstance(value, list):
        yield at


def forged(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value there; without the key for `...`, twice as long for a list and `...`."""
    copy = json.loads(json.dumps(value))
    *around, last = at
    inner = copy
    for step in around:
        inner = inner[step]
    if new is not ...:
        inner[last] = new
    elif isinstance(inner[last], list):
        inner[last] = 2 * inner[last]
    else:
        del inner[last]
    return copy


def header_of(path: Path) -> Any:
    if path.suffix == ".json":
        return json.loads(path.read_text())
    return json.loads(read_npz(path)["header"].tobytes())


def replace_header(path: Path, header: Any) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps(header))
        return
    arrays = read_npz(path)
    arrays.pop(DIGEST, None)
    write_npz(path, {**arrays, "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)})


@pytest.fixture
def folder(nncli: Command) -> Callable[[str], Path]:
    """Makes a run of a config anew, as often as one is wanted."""
    Path("t.csv").write_text(TABLE)
    for name, text in CONFIGS.items():
        Path(f"{name}.yaml").write_text(text)
        assert nncli("train", f"{name}.yaml", "-q", "-o", f"whole/{name}").code == 0

    def make(name: str) -> Path:
        shutil.rmtree("runs", ignore_errors=True)
        shutil.copytree(f"whole/{name}", "runs/r")
        shutil.copy(f"{name}.yaml", "c.yaml")
        return Path("runs/r")

    return make


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", CONFIGS)
def test_forged_headers_end_in_a_result_or_in_words(
    name: str,
    file: str,
    nncli: Command,
    folder: Callable[[str], Path],
    long: bool,
    tally: Callable[[str, Counter[str]], None],
) -> None:
    rng = random.Random(f"{name} {file}")
    sound = header_of(folder(name) / file)
    cases = [(at, new) for at in leaves(sound) for new in (*VALUES, ...) if at]
    rng.shuffle(cases)
    count = (LONG if long else SAMPLE) // (len(FILES) * len(CONFIGS))
    endings: Counter[str] = Counter()
    for number in range(count):
        at, new = cases[number % len(cases)]
        replace_header(folder(name) / file, forged(sound, at, new))
        words = rng.choice(PICTURES) if number % 12 == 11 else COMMANDS[number % len(COMMANDS)]
        result = nncli(*words)
        reported = f"{' '.join(words)} with {file}: {'.'.join(map(str, at))} = {new!r}: {result.err}"
        assert result.code in (0, 2, 4), reported
        assert "Traceback" not in result.err, reported
        endings[f"code {result.code}"] += 1
    tally("commands on forged headers", endings)
