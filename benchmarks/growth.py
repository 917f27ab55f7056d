"""How time and memory grow with the table: `nncli check` and `nncli train` beside `pandas.read_csv`.

    python -m benchmarks.growth [--rounds 3] [--page docs/performance.md]

Tables of 20 columns up to 10,000,000 cells, each read by a process of its own, in turn, with the core
dependencies alone. Time in proportion to the cells is the same time for each million of them, beyond that
of a table of 10 rows, which is start-up.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import predict
from benchmarks.pages import replaced
from benchmarks.processes import COMMANDS, cost_of
from benchmarks.table import milliseconds
from benchmarks.workloads import CORE

COLUMNS, SMALLEST = 20, 10
CELLS = (COLUMNS * SMALLEST, 10_000, 100_000, 1_000_000, 3_000_000, 10_000_000)
TELLING = 1_000_000  # cells from which the time is not mostly start-up
PANDAS = "import pandas, sys; pandas.read_csv(sys.argv[1])"
MARKS = "<!-- growth -->", "<!-- end of growth -->"


class Point(NamedTuple):
    """Median seconds and peak bytes of one program on a table of so many cells."""

    cells: int
    seconds: float
    memory: float


def main() -> None:
    """Measure, print, and write the page and its plot if one is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each program (default: 3)")
    parser.add_argument("--page", type=Path, help="page in Markdown that takes the table and the plot")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), asked.rounds)
    text = table(found)
    print(text)
    if asked.page:
        picture = asked.page.with_name("growth.svg")
        plot(found, picture)
        image = f"![Time and memory by the number of cells]({picture.name})"
        asked.page.write_text(replaced(asked.page, MARKS, f"{text}\n\n{image}"), encoding="utf-8")


def measured(folder: Path, rounds: int) -> dict[str, list[Point]]:
    """The points of each program, one for each size of the table."""
    found: dict[str, list[Point]] = {"nncli check": [], "nncli train": [], "pandas.read_csv": []}
    for cells in CELLS:
        predict.write_rows(folder / "table.csv", cells // COLUMNS, [f"x{index}" for index in range(COLUMNS)])
        config = folder / "config.yaml"
        config.write_text(json.dumps(CONFIG), encoding="utf-8")
        programs = {
            "nncli check": [*COMMANDS[CORE], "check", config, "-q"],
            "nncli train": [*COMMANDS[CORE], "train", config, "-q", "--overwrite", "-o", folder / "run"],
            "pandas.read_csv": ["-c", PANDAS, folder / "table.csv"],
        }
        turns = [{name: cost_of(program) for name, program in programs.items()} for _ in range(rounds)]
        for name, points in found.items():
            seconds = median(turn[name].seconds for turn in turns)
            points.append(Point(cells, seconds, median(turn[name].memory for turn in turns)))
    return found


# One epoch of a small network: what grows is the table, not the training.
CONFIG = {
    "dataset": {"path": "table.csv", "targets": f"x{COLUMNS - 1}"},
    "network": {"hidden": [4]},
    "training": {"epochs": 1},
}


def table(found: dict[str, list[Point]]) -> str:
    """Time and memory, and the time for each million cells beyond start-up, in Markdown."""
    lines = ["| cells | program | time | for a million cells | peak memory |", "|--:|---|--:|--:|--:|"]
    for index, cells in enumerate(CELLS):
        for name, points in found.items():
            point, start = points[index], points[0]
            each = (point.seconds - start.seconds) / cells * 1e6 if cells >= TELLING else None
            row = [
                f"{cells:,}",
                name,
                milliseconds(point.seconds),
                "" if each is None else milliseconds(each),
                f"{point.memory / 1e6:,.0f} MB",
            ]
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def plot(found: dict[str, list[Point]], path: Path) -> None:
    """Draw time and memory by the number of cells, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    for axis, label, scale in zip(
        figure.subplots(1, 2), ("seconds", "peak memory (MB)"), (1.0, 1e-6), strict=True
    ):
        for name, points in found.items():
            values = [(point.seconds if label == "seconds" else point.memory) * scale for point in points]
            axis.loglog(CELLS, values, marker="o", label=name)
        axis.set_xlabel("cells")
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
