"""How fast, and in how much memory, `nncli predict` goes from CSV to CSV, beside pandas in chunks.

Both are processes of their own that start cold, take turns, read the same file of 8 columns, send each part
through the same network with the same numpy, and write every input with its prediction. Their predictions are
compared. pandas, from the extra `bench`, reads chunks of each size of CHUNKS and needs nothing of nncli.

    python -m benchmarks.predict [--rows 5000000] [--pairs 3]

Measured 2026-11-24 on two cores shared with other work: medians of 3 turns, and of the ratios to nncli in
the same turn. Python 3.11, numpy 2.4, pandas 3.1; pyarrow is not installed.

    5,000,000 rows x 8 columns, 340 MB
    nncli                       17.7 s  processor  12.0 s  peak 63 MB   x 1.0, 1.0, 1.0
    pandas, chunks of 20,000    47.3 s  processor  28.1 s  peak 96 MB   x 2.7, 2.4, 1.5
    pandas, chunks of 100,000   30.0 s  processor  27.5 s  peak 166 MB   x 2.4, 2.3, 2.6
    same predictions
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import itertools
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nncli import api
from nncli.config import Config

INPUTS = [f"x{index}" for index in range(8)]
CHUNKS = (20_000, 100_000)  # rows; pandas is slower with fewer and with more
TOLERANCE = 1e-12  # relative: products of matrices may add in another order

HEAD = """
import sys
import numpy as np
import pandas

source, target, weights, chunk = sys.argv[1:]
saved = np.load(weights)
W1, b1, W2, b2 = (saved[f"layers.{layer}.{part}"] for layer in (0, 1) for part in ("weight", "bias"))
"""
PANDAS = f"""{HEAD}
with open(target, "w", newline="") as out:
    for number, frame in enumerate(pandas.read_csv(source, chunksize=int(chunk))):
        X = frame.to_numpy()
        frame["pred_y"] = np.tanh(X @ W1.T + b1) @ W2.T + b2
        frame.to_csv(out, index=False, header=number == 0)
"""
PANDAS_ALONE = f"""{HEAD}
parts = [frame.to_numpy() for frame in pandas.read_csv(source, chunksize=int(chunk))]
np.save(target, np.concatenate([np.tanh(X @ W1.T + b1) @ W2.T + b2 for X in parts]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source, ours, theirs = (folder / name for name in ("rows.csv", "nncli.csv", "pandas.csv"))
        write_rows(source, asked.rows)
        print(f"{asked.rows:,} rows x {len(INPUTS)} columns, {source.stat().st_size / 1e6:,.0f} MB")
        api.train(network(), output=folder / "run")
        commands = {"nncli": ["-m", "nncli", "predict", folder / "run", "-i", source, "-o", ours, "-q"]}
        if importlib.util.find_spec("pandas") is None:
            print('pandas is not installed: python -m pip install ".[bench]"')
        else:
            for chunk in CHUNKS:
                program = ["-c", PANDAS, source, theirs, folder / "run" / "weights.npz", chunk]
                commands[f"pandas, chunks of {chunk:,}"] = program
        taken = [{name: measure(command) for name, command in commands.items()} for _ in range(asked.pairs)]
        for name in commands:
            report(name, [turn[name] for turn in taken], [turn["nncli"] for turn in taken])
        if len(commands) > 1:
            compare(ours, theirs)
            print("same predictions")


def write_rows(path: Path, rows: int, names: Sequence[str] = INPUTS) -> None:
    """Numbers of four to six digits, as measurements have."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write(",".join(names) + "\n")
        for start in range(0, rows, 100_000):
            block = rng.normal(size=(min(100_000, rows - start), len(names)))
            np.savetxt(file, block, fmt="%.5f", delimiter=",")


def network() -> Config:
    return Config.of(
        {
            "dataset": {
                "columns": [*INPUTS, "y"],
                "rows": np.random.default_rng(1).normal(size=(50, len(INPUTS) + 1)).tolist(),
                "targets": ["y"],
            },
            "network": {"layers": [{"units": 32, "activation": "tanh"}, {"units": 1}]},
            "training": {"epochs": 1},
        }
    )


# Started from a small process, since Linux counts the memory of the one that starts another.
MEASURE = """
import os, subprocess, sys, time
began = time.perf_counter()
_, status, usage = os.wait4(subprocess.Popen(sys.argv[1:]).pid, 0)
processor = usage.ru_utime + usage.ru_stime
print(time.perf_counter() - began, processor, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(status != 0)
"""


class Cost(NamedTuple):
    """What a process took: seconds by the clock and of a processor, and at most so many bytes."""

    seconds: float
    processor: float
    memory: float


def measure(arguments: Sequence[object]) -> Cost:
    """What a Python process takes."""
    command = [sys.executable, "-S", "-c", MEASURE, sys.executable, *map(str, arguments)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Cost(*map(float, printed.splitlines()[-1].split()))  # what the process prints comes before


def report(name: str, taken: Sequence[Cost], ours: Sequence[Cost]) -> None:
    """The medians, and those of the ratios to nncli in the same turn."""
    cost, ratio = Cost(*np.median(taken, axis=0)), Cost(*np.median(np.divide(taken, ours), axis=0))
    print(
        f"{name:25} {cost.seconds:6.1f} s  processor {cost.processor:5.1f} s  peak {cost.memory / 1e6:.0f} MB"
        f"   x {ratio.seconds:.1f}, {ratio.processor:.1f}, {ratio.memory:.1f}"
    )


def compare(ours: Path, theirs: Path) -> None:
    with ours.open(newline="") as one, theirs.open(newline="") as other:
        for mine, yours in itertools.zip_longest(csv.DictReader(one), csv.DictReader(other)):
            a, b = float(mine["pred_y"]), float(yours["pred_y"])
            if abs(a - b) > TOLERANCE * max(1.0, abs(b)):
                raise SystemExit(f"predictions differ: {a!r}, {b!r}")


if __name__ == "__main__":
    main()
