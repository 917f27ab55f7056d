"""The page's modules outside a browser, run by the Node.js that comes with Playwright or by the machine's."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nncli.reports import html_page
from nncli.reports.mathematics import module
from nncli.training.experiment import Experiment


def node() -> str:
    """The program that runs JavaScript; the test is skipped where there is none."""
    spec = find_spec("playwright")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "driver" / "node"
        if bundled.exists():
            return str(bundled)
    found = shutil.which("node")
    if found is None:
        pytest.skip("no Node.js: python -m pip install playwright")
    return found


def run_modules(folder: Path, experiments: Sequence[Experiment], script: str, given: Any) -> Any:
    """What a script prints as JSON that imports the page's modules and reads `given` from its input."""
    sources = {**html_page.modules(), html_page.GENERATED: module(experiments), "script.js": script}
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(
        [node(), "script.js"], cwd=folder, input=json.dumps(given), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
