"""Take the picture of a report page in README and docs.

Run it with `python docs/make_screenshot.py`. It needs Chromium and `python -m pip install playwright`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from nncli import load_config, report, train
from nncli.scaffold import templates

IMAGE = Path(__file__).resolve().parent / "images" / "report.png"
SIZE = {"width": 1280, "height": 1400}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> None:
    """Train XOR, write its report, and take a picture of the page in the middle of the training."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "xor.yaml")
        config.write_text(templates.text("xor"), encoding="utf-8")
        page = report(train(load_config(config), output=Path(folder, "xor"))).path
        executable = next(filter(None, map(shutil.which, BROWSERS)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            window = browser.new_page(viewport=SIZE, color_scheme="light")
            window.goto(f"{page.resolve().as_uri()}#epoch=700&row=2&open=0.1")
            window.wait_for_timeout(500)
            window.screenshot(path=IMAGE)
            browser.close()
    print(IMAGE)


if __name__ == "__main__":
    main()
