"""Take tables of public data packages from init to plot, without a hand edit.

Run as `python -m benchmarks.public_tables` with the extra `bench`. Every CSV and JSON file that scikit-learn,
statsmodels and vega_datasets install is taken through `init` (with the target it proposes), `check`, `train`,
`evaluate`, `predict` on the file itself, and `plot`. Its output is the table in docs/public-tables.md.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {
    "sklearn": "datasets/data/*.csv*",
    "statsmodels": "datasets/**/*.csv",
    "vega_datasets": "_data/*.*",
}
FORMATS = (".csv", ".csv.gz", ".json")
EPOCHS = 20  # enough to see that it trains
SECONDS = 120


def files() -> Iterator[tuple[str, Path]]:
    """Yield the tables of each package that is installed."""
    for package, pattern in PACKAGES.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            sys.exit(f"install {package} first: pip install .[bench]")
        folder = Path(spec.submodule_search_locations[0])
        for path in sorted(folder.glob(pattern)):
            if path.name.endswith(FORMATS):
                yield package, path


def nncli(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a directory."""
    command = [sys.executable, "-m", "nncli", *words]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def outcome(path: Path, folder: Path) -> tuple[str, str]:
    """Return the target, and `ok` or the first error."""
    proposal = nncli(["init", "--from-csv", str(path)], folder)
    found = re.search(r"--target (.+?)(;|\n|$)", " ".join(proposal.stderr.split()).replace("; ", "\n"))
    if found is None:
        return "-", first_line(proposal.stderr)
    target = shlex.split(found[1])[0]
    steps = [
        ["init", "--from-csv", str(path), "--target", target, "-o", "table.yaml"],
        ["check", "table.yaml"],
        ["train", "table.yaml", "-q", "--epochs", str(EPOCHS), "--set", f"optimizer.schedule.over={EPOCHS}"],
        ["evaluate", "table"],
        ["predict", "table", "-i", str(path), "-o", "out.csv"],
        ["plot", "loss", "table"],
    ]
    for words in steps:
        done = nncli(words, folder)
        if done.returncode:
            return target, f"{words[0]}: {first_line(done.stderr)}"
    return target, "ok"


def first_line(text: str) -> str:
    """Return the message of an error, without the directory of its file."""
    line = next((line for line in text.splitlines() if line.startswith("error:")), text[:100])
    return re.sub(r"(?<=error: )\S*/", "", line).removeprefix("error: ")


def main() -> None:
    """Print the outcome of every table, and how many worked."""
    total = worked = 0
    print("| package | table | target | outcome |\n|---|---|---|---|")
    for package, path in files():
        with tempfile.TemporaryDirectory() as folder:
            target, found = outcome(path, Path(folder))
        total, worked = total + 1, worked + (found == "ok")
        print(f"| {package} | {path.name} | {target} | {found} |", flush=True)
    print(f"\n{worked} of {total} tables ({worked / total:.0%})")


if __name__ == "__main__":
    main()
