"""How quickly a report is written, shows its first picture, and replays.

    python -m benchmarks.report_page

A network of 105 parameters is trained for 1,000 epochs on 200 rows. The page is opened from disk in Chromium,
and every recorded epoch is drawn once as a replay does.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from nncli import report, train
from nncli.runs import Run

CONFIG: dict[str, Any] = {
    "dataset": {
        "function": {"inputs": {"q1": [-1, 1], "q2": [-1, 1]}, "targets": {"X1": "q1 * q2"}, "samples": 200}
    },
    "network": {
        "layers": [{"units": 8, "activation": "tanh"}, {"units": 8, "activation": "tanh"}, {"units": 1}]
    },
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "training": {"epochs": 1000},
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

FRAMES = """() => {
  const {page} = window.nncli;
  const times = page.run.epochs.map((_, place) => {
    const began = performance.now();
    page.change(() => ({place, live: null}), {now: true});
    return performance.now() - began;
  });
  times.sort((a, b) => a - b);
  return [0.5, 0.95].map((share) => times[Math.floor(share * (times.length - 1))]);
}"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        run = train(CONFIG, output=Path(folder, "run"))
        report(run)
        fresh = Run(run.path)
        began = time.perf_counter()
        written = report(fresh)
        seconds = time.perf_counter() - began
        print(f"write the page        {1000 * seconds:6.0f} ms, {written.size / 1000:,.0f} kB")
        measure(written.path)


def measure(file: Path) -> None:
    """Open a page, and print the times of its first picture and of the frames of a replay."""
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(file.resolve().as_uri())
        page.wait_for_timeout(1000)
        paint = page.evaluate("performance.getEntriesByType('paint')[0].startTime")
        median, late = page.evaluate(FRAMES)
        browser.close()
    print(f"first paint           {paint:6.0f} ms after the page was opened")
    print(f"a frame of a replay   {median:6.1f} ms in the median, {late:.1f} ms in the 95th percentile")


if __name__ == "__main__":
    main()
