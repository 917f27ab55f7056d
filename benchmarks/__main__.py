"""Train and predict with nncli and with other systems, in turn, and compare their times.

    python -m benchmarks [--only W1 W2] [--rounds 5] [--systems sklearn c] [--page docs/performance.md]

Each system runs in a process of its own on one thread, from the same initial weights, with the same order of
rows. A time counts only if the final losses agree. Systems that are not installed are left out; the extra
`bench` installs all of them but the C compiler.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import table
from benchmarks.machine import machine, versions
from benchmarks.measure import Measured, available, measured
from benchmarks.pages import replaced
from benchmarks.workloads import workloads

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
MARKS = "<!-- measured -->", "<!-- end of measured -->"
PACKAGES = {
    "numpy": "numpy",
    "numba": "numba",
    "scikit-learn": "scikit-learn",
    "PyTorch": "torch",
    "JAX": "jax",
    "pandas": "pandas",
}


def main() -> None:
    asked = arguments()
    os.environ.pop("OPENBLAS_CORETYPE", None)  # the children use the kernel of this processor
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nncli would be compiled anew in every process: 0.3 s
    os.environ.update(ONE_THREAD)
    chosen = [work for work in workloads() if not asked.only or work.name in asked.only]
    every = []
    for work in chosen:
        systems = [
            name
            for name in available(work)
            if not asked.systems or name.startswith("nncli") or name in asked.systems
        ]
        with tempfile.TemporaryDirectory() as folder:
            every.append(measured(work, asked.rounds, systems, Path(folder)))
        print(f"{work.name} is measured", file=sys.stderr, flush=True)
        if asked.page:
            write(Path(asked.page), every, asked.rounds)
    print(report(every, asked.rounds))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    names = [work.name for work in workloads()]
    parser.add_argument("--only", nargs="+", default=[], choices=names, help="workloads (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each system (default: 5)")
    parser.add_argument(
        "--systems",
        nargs="+",
        default=[],
        choices=list(table.TITLES),
        help="compare with these (default: all installed)",
    )
    parser.add_argument("--page", help="page in Markdown that takes tables and plot (default: print only)")
    return parser.parse_args()


def write(page: Path, every: list[Measured], rounds: int) -> None:
    """Replace the tables of a page, which stand between two marks, and the plot beside it."""
    picture = page.with_suffix(".svg")
    table.plot(every, picture)
    image = f"![Median times of each system, with the limit]({picture.name})"
    page.write_text(replaced(page, MARKS, f"{report(every, rounds)}\n\n{image}"), encoding="utf-8")


def report(every: list[Measured], rounds: int) -> str:
    """The date and the machine, the goals, and the details of each workload."""
    kernels = sorted({turn.kernel for one in every for turns in one.turns.values() for turn in turns} - {""})
    today = datetime.now(UTC).date()
    facts = [
        f"Measured on {today}, medians of {rounds} rounds, one thread.",
        f"{machine()}. {versions(PACKAGES)}.",
        f"Kernel of numpy's BLAS: {', '.join(kernels) or 'unknown'}.",
    ]
    return "\n\n".join(["\n".join(facts), table.goals(every), *map(table.details, every)])


if __name__ == "__main__":
    main()
