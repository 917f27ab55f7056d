"""A real Chromium without a network, and pages opened in it from disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
REQUIRED = "NNCLI_TEST_BROWSER"  # set where a missing browser must fail the tests


def executable() -> str:
    """The path of the browser; the test is skipped where there is none, unless one is required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium: install it, for example with apt-get install chromium"
        if os.environ.get(REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser for all tests of a process."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="python -m pip install playwright")
    path = executable()
    with sync_api.sync_playwright() as playwright:
        # Root, as in a container, has no sandbox.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page from disk, with everything it complained about or asked the network for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.route("**/*", self._refuse)

    def _refuse(self, route: Any) -> None:
        url = route.request.url
        if url.startswith("file:") and route.request.is_navigation_request():
            route.continue_()
        else:
            self.requests.append(url)
            route.abort()

    def value(self, script: str, argument: Any = None) -> Any:
        """What a script gives that may use `view`, what is shown now, and `run`."""
        body = f"(given) => {{ const {{page}} = window.nncli; const {{view, run}} = page; return {script}; }}"
        return self.page.evaluate(body, argument)

    def until_ready(self) -> None:
        """Wait until the page is drawn for the first time; later if it has much to compute."""
        for _ in range(400):
            if self.page.evaluate("Boolean(window.nncli?.page.view)"):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"the page was not drawn: {self.complaints}")

    def until(self, script: str) -> None:
        """Wait until a script gives true; the page's policy forbids Playwright's own way."""
        for _ in range(200):
            if self.value(script):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"not within 5 s: {script}")

    def settle(self) -> None:
        """Wait until what was changed is drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.value("page.drawStale()")  # what is outside of the window too

    def section(self, title: str) -> Any:
        """The section with a heading."""
        return self.page.locator("section").filter(has=self.page.locator("h2", has_text=title)).first

    def show(self, epoch_place: int) -> None:
        """Move the slider of epochs."""
        self.page.locator(".bar input").fill(str(epoch_place))
        self.settle()

    def picture(self, title: str) -> str:
        """The first canvas of a section as a PNG in text."""
        return str(self.section(title).locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()"))

    def color_count(self, title: str) -> int:
        """How many colors the first canvas of a section has."""
        count = """(canvas) => {
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        }"""
        return int(self.section(title).locator("canvas").first.evaluate(count))


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **context: Any) -> Iterator[Opened]:
    """A page in a window of its own."""
    given = {"viewport": {"width": 1280, "height": 900}, **context}
    window = browser.new_context(**given)
    page = Opened(window.new_page())
    page.page.goto(file.resolve().as_uri() + fragment)
    page.until_ready()
    try:
        yield page
    finally:
        window.close()
