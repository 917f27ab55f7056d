"""The machine and the versions that a measurement names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.systems import c
from nncli.engines.threads import processors


def machine() -> str:
    """The processor and how many cores this process may use."""
    found = Path("/proc/cpuinfo")
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {processors()} cores"


def versions(packages: Mapping[str, str]) -> str:
    """The versions of the packages that are installed, by distribution name."""
    found = []
    for title, distribution in packages.items():
        try:
            found.append(f"{title} {version(distribution)}")
        except PackageNotFoundError:
            continue
    compiler = c.compiler()
    if compiler:
        words = subprocess.run([compiler, "-dumpfullversion"], capture_output=True, text=True, check=False)
        found.append(f"gcc {words.stdout.strip()}")
    return f"Python {sys.version.split()[0]}, " + ", ".join(found)
