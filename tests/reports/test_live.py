"""A training followed in the browser: real processes, a real server, a real page."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.runs import Run
from nncli.scaffold import templates
from tests.reports.browser import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LONG = ["--set", "training.engine=numpy", "--epochs", "2000000"]


@contextmanager
def training(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`nncli train --open` of XOR, and the address of its page."""
    config = folder / "xor.yaml"
    config.write_text(templates.text("xor"))
    command = [sys.executable, "-m", "nncli", "train", str(config), "--open", "--progress", "none", *words]
    started = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_without_browser()
    )
    try:
        yield started, _address(started)
    finally:
        started.kill()
        started.communicate()


def _without_browser() -> dict[str, str]:
    return {**os.environ, "BROWSER": "true", "PYTHONUNBUFFERED": "1"}


def _address(started: subprocess.Popen[str]) -> str:
    assert started.stderr is not None
    for line in started.stderr:
        if found := re.search(r"live page: (http://127\.0\.0\.1:\d+/\S+/)", line):
            return found[1]
    raise AssertionError("no address was printed")


def _opened(browser: Browser, url: str) -> Opened:
    page = Opened(browser.new_page())
    page.page.unroute("**/*")
    page.page.goto(url)
    page.until_ready()
    return page


def _status(url: str, method: str = "GET", **headers: str) -> int:
    _, _, authority, path = url.split("/", 3)
    connection = http.client.HTTPConnection(authority, timeout=5)
    connection.putrequest(method, f"/{path}", skip_host=True)
    for name, value in {"Host": authority, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_page_follows_pauses_and_stops_a_training(browser: Browser, tmp_path: Path) -> None:
    with training(tmp_path, *LONG) as (started, url):
        page, second = _opened(browser, url), _opened(browser, url)
        page.until("run.epochs.length > 20")
        second.until("run.epochs.length > 20")
        page.page.get_by_role("button", name="Pause training").click()
        page.page.wait_for_timeout(1500)
        before = page.value("run.epochs.length")
        page.page.wait_for_timeout(500)
        assert page.value("run.epochs.length") == before
        page.page.get_by_role("button", name="Go on training").click()
        page.page.get_by_role("button", name="Stop training").click()
        _, errors = started.communicate(timeout=20)
        assert started.returncode == 130
        assert "Resume with: nncli resume" in errors
        epochs, weights = page.value("run.epochs"), page.value("Array.from(run.weights)")
        assert second.value("run.epochs.length") > before
        assert page.complaints == second.complaints == []
        page.page.close()
        second.page.close()
    recorded = Run(tmp_path / "runs" / "xor").snapshots
    shown = dict(zip(epochs, np.array(weights).reshape(len(epochs), -1), strict=True))
    both = [epoch for epoch in recorded.weight_epochs.tolist() if epoch in shown]
    assert len(both) > 15
    for epoch, expected in zip(recorded.weight_epochs, recorded.weights, strict=True):
        if epoch in shown:
            assert np.array_equal(shown[epoch], expected)


def test_a_short_training_is_shown_to_its_end(browser: Browser, tmp_path: Path) -> None:
    with training(tmp_path) as (started, url):
        page = _opened(browser, url)
        page.until("document.body.innerText.includes('Training has ended (completed)')")
        assert page.value("run.epochs.at(-1)") == 1000
        epochs = page.value("Array.from(run.historyEpochs)")
        assert epochs == sorted({*epochs})
        assert page.value("view.losses.train") == pytest.approx(0.2549, abs=1e-3)
        assert page.complaints == []
        page.page.close()
        out, _ = started.communicate(timeout=20)
        assert started.returncode == 0
        assert out.splitlines()[-1] == "runs/xor"


def test_other_tokens_hosts_and_origins_are_refused(tmp_path: Path) -> None:
    with training(tmp_path, *LONG) as (_, url):
        origin = url.rsplit("/", 2)[0]
        assert _status(url) == 200
        assert _status(f"{origin}/") == 403
        assert _status(f"{origin}/wrong-token/") == 403
        assert _status(f"{origin}/wrong-token/stop", "POST") == 403
        assert _status(url, Host="evil.example") == 403
        assert _status(url, Host="localhost.evil.example:80") == 403
        assert _status(f"{url}stop", "POST", Origin="http://evil.example") == 403
        assert _status(f"{url}stop", "POST", Origin="null") == 403
        assert _status(f"{url}nothing") == 404
        assert _status(f"{url}../../etc/passwd") == 403
        assert _status(f"{url}pause", "POST", Origin=origin) == 200


@pytest.mark.skipif(os.name != "posix", reason="signals of other systems differ")
def test_nothing_listens_after_ctrl_c(tmp_path: Path) -> None:
    with training(tmp_path, *LONG) as (started, url):
        host, port = url.split("/")[2].split(":")
        reader = http.client.HTTPConnection(host, int(port), timeout=10)
        reader.request("GET", f"/{url.split('/')[3]}/events")
        assert json.loads(reader.getresponse().readline() and "{}") == {}
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=20)
        assert started.returncode == 130
        time.sleep(0.1)
        with pytest.raises(ConnectionRefusedError), socket.create_connection((host, int(port)), timeout=2):
            pass


def test_a_reader_that_comes_back_gets_what_it_missed(tmp_path: Path) -> None:
    with training(tmp_path, *LONG) as (_, url):
        host, token = url.split("/")[2:4]
        first = _events(host, token, 3)
        again = _events(host, token, 2, last=first[0])
        assert again[0] == first[1]


def _events(host: str, token: str, count: int, last: str | None = None) -> list[str]:
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", f"/{token}/events", headers={"Last-Event-ID": last} if last else {})
    response, numbers = connection.getresponse(), []
    while len(numbers) < count:
        line = response.readline().decode()
        if line.startswith("id: "):
            numbers.append(line[4:].strip())
    connection.close()
    return numbers
