"""The tables and objects of a damaged run directory are read as they stand, or refused."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncli import runs
from nncli.runs import Run

from ..config.endings import mutated, read_or_refused

CASES = 600
READERS: dict[str, list[Callable[[Run], object]]] = {
    runs.HISTORY: [lambda run: run.history],
    runs.RESULTS: [lambda run: run.results, lambda run: run.baselines_by_part],
    runs.RUN: [
        lambda run: run.info,
        lambda run: run.status,
        lambda run: run.started,
        lambda run: run.other_versions,
    ],
    runs.CONFIG: [lambda run: run.config],
    runs.THRESHOLD: [runs.read_threshold],
}
NUMBERS = ["0", "-1", "1e400", "nan", "NaN", "inf", "Infinity", "1_0", "1" * 400, "1" * 5000, "true", "null"]
ODD = [
    *NUMBERS, "", ",", '"', '""', "\r", "\n", "\0", "[", "]", "{", "}", ":", '"loss"', "loss", "epoch",
    "\\ud800", '"\\ud800"', "\x1b[31m", "\ufeff", "漢", "x" * 140_000, "[" * 100_000, '{"a":' * 2000,
]  # fmt: skip


def survives(run: Run, file: str, content: bytes) -> bool:
    """Whether it was read; any ending but this and a refusal fails."""
    (run.path / file).write_bytes(content)
    found = [
        read_or_refused(lambda reader=reader: reader(Run(run.path)), content) for reader in READERS[file]
    ]
    if found[0] is not None and file in JUDGES:
        JUDGES[file](content.decode(), found[0])
    return found[0] is not None


def judge_history(text: str, history: object) -> None:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert isinstance(history, dict)
    assert list(history) == header, text
    for place, column in enumerate(history.values()):
        assert column.tolist() == pytest.approx([float(row[place] or "nan") for row in rows], nan_ok=True)


def judge_results(text: str, results: object) -> None:
    assert isinstance(results, dict)
    written = json.loads(text)["train"]
    assert results.keys() == written.keys()
    for name, value in written.items():
        assert not isinstance(value, bool), text
        assert results[name] == value or (value in (None, math.inf) or math.isnan(value)), text


JUDGES = {runs.HISTORY: judge_history, runs.RESULTS: judge_results}


@pytest.mark.parametrize("file", READERS)
def test_a_damaged_file_is_refused_or_read_as_it_stands(
    run: Run, file: str, tally: Callable[[str, Counter[str]], None]
) -> None:
    rng = random.Random(file)
    runs.store_threshold(run, 0.3, metric="f1", part="train", value=0.75)
    sound = (run.path / file).read_text(encoding="utf-8")
    assert survives(run, file, sound.encode())
    sound = "".join(sound.splitlines(keepends=True)[:40])
    endings: Counter[str] = Counter(read=0, refused=0)
    for _ in range(CASES // len(READERS)):
        content = mutated(sound, rng, ODD, NUMBERS).encode(errors="surrogatepass")
        endings["read" if survives(run, file, content) else "refused"] += 1
    tally("mutated files of runs", endings)


@pytest.mark.parametrize("file", READERS)
@given(content=st.binary(max_size=50) | st.text(max_size=50).map(lambda text: text.encode(errors="replace")))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_or_read(tmp_path: Path, file: str, content: bytes) -> None:
    survives(Run(tmp_path), file, content)


def objects(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    keys = st.sampled_from(
        ["train", "loss", "status", "started", "versions", "numpy", "format", "epochs", ""]
    )
    return st.dictionaries(keys, inner, max_size=4)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | objects(inner), max_leaves=6)


@pytest.mark.parametrize("file", [runs.RUN, runs.RESULTS, runs.THRESHOLD])
@given(found=objects(values))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_object_is_refused_or_read(tmp_path: Path, file: str, found: dict[str, object]) -> None:
    survives(Run(tmp_path), file, json.dumps(found).encode())
