"""How fast, and in how much memory, `nncli predict` goes from CSV to CSV, beside pandas in chunks.

Both are processes of their own that start cold, read the same file of 8 columns, send each part through
the same network with the same numpy, and write every input with its prediction. Predictions are compared.
pandas comes with the extra `bench`; without it only nncli is measured.

    python -m benchmarks.predict [--rows 5000000]
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from nncli import api
from nncli.config import Config

INPUTS = [f"x{index}" for index in range(8)]
CHUNK = 8_192  # rows
TOLERANCE = 1e-12  # relative: products of matrices may add in another order

PANDAS = """
import sys
import pandas
from nncli import open_run

source, target, folder, chunk = sys.argv[1:]
model = open_run(folder).model
with open(target, "w", newline="") as out:
    for number, frame in enumerate(pandas.read_csv(source, chunksize=int(chunk))):
        frame["pred_y"] = model.outputs(frame[list(model.columns.inputs)].to_numpy())[:, 0]
        frame.to_csv(out, index=False, header=number == 0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source, ours, theirs = (folder / name for name in ("rows.csv", "nncli.csv", "pandas.csv"))
        write_rows(source, rows)
        print(f"{rows:,} rows x {len(INPUTS)} columns, {source.stat().st_size / 1e6:,.0f} MB")
        api.train(network(), output=folder / "run")
        command = ["-m", "nncli", "predict", str(folder / "run"), "-i", str(source), "-o", str(ours), "-q"]
        report("nncli", rows, *measure(command))
        if importlib.util.find_spec("pandas") is None:
            print('pandas is not installed: python -m pip install ".[bench]"')
            return
        report("pandas", rows, *measure(["-c", PANDAS, *map(str, (source, theirs, folder / "run", CHUNK))]))
        compare(ours, theirs)


def write_rows(path: Path, rows: int) -> None:
    """Numbers of four to six digits, as measurements have."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write(",".join(INPUTS) + "\n")
        for start in range(0, rows, 100_000):
            block = rng.normal(size=(min(100_000, rows - start), len(INPUTS)))
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
print(time.perf_counter() - began, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(status != 0)
"""


def measure(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak memory, in bytes, of a Python process."""
    command = [sys.executable, "-S", "-c", MEASURE, sys.executable, *arguments]
    seconds, memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(memory)


def report(name: str, rows: int, seconds: float, memory: float) -> None:
    print(f"{name:8} {seconds:7.1f} s  {rows / seconds / 1e6:6.3f} M rows/s  peak {memory / 1e6:6.1f} MB")


def compare(ours: Path, theirs: Path) -> None:
    with ours.open(newline="") as one, theirs.open(newline="") as other:
        for mine, yours in itertools.zip_longest(csv.DictReader(one), csv.DictReader(other)):
            a, b = float(mine["pred_y"]), float(yours["pred_y"])
            if abs(a - b) > TOLERANCE * max(1.0, abs(b)):
                raise SystemExit(f"predictions differ: {a!r}, {b!r}")


if __name__ == "__main__":
    main()
