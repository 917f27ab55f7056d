"""The page about a training while it runs, served to this machine alone.

The server listens on 127.0.0.1 at a free port, with a random token in every address. It refuses requests with
another token, with a Host that is not its own (a page of another site whose name was made to point here), and
with an Origin that is not its own.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from nncli.reports.content import encoded_array, live_content
from nncli.reports.html_page import whole_page
from nncli.reports.mathematics import module
from nncli.training.experiment import Experiment
from nncli.training.loop import Report
from nncli.version import VERSION

HOST = "127.0.0.1"
INTERVAL = 0.1  # seconds between two events
VISITED = 5.0  # seconds that the end of a training waits for a browser that is about to open
DELIVERED = 2.0  # seconds that it waits for the last event to arrive


class LivePage:
    """A page that follows a training; a context that serves it.

    Attributes
    ----------
    stopped : True once the Stop button of the page was pressed.
    """

    def __init__(self, experiment: Experiment, name: str, folder: Path) -> None:
        self.stopped = False
        self._page = _page_of(experiment, name, folder)
        self._token = secrets.token_urlsafe(16)
        self._events: list[str] = []
        self._changed = threading.Condition()
        self._paused = self._ended = False
        self._visits, self._readers, self._informed = 0, 0, 0
        self._sent = 0.0
        self._waiting: list[Report] = []
        self._server = ThreadingHTTPServer((HOST, 0), _handler_of(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{self.authority}/{self._token}/"

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> LivePage:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def publish(self, report: Report) -> None:
        """Show the epochs of a report, and wait while the page is paused."""
        self._waiting.append(report)
        if time.monotonic() - self._sent >= INTERVAL:
            self._flush()
        with self._changed:
            while self._paused and not self.stopped:
                self._changed.wait(0.1)  # not for ever, so that signals are heard

    def finish(self, status: str) -> None:
        """Show how training ended, and wait a moment until a browser knows."""
        self._flush()
        self._append({"status": status})
        until = time.monotonic() + VISITED
        while not self._visits and time.monotonic() < until:
            time.sleep(0.05)
        until = time.monotonic() + DELIVERED
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            # A page that was fetched a moment ago asks for events in the next.
            while (self._readers or self._visits > self._informed) and time.monotonic() < until:
                self._changed.wait(0.05)

    def _flush(self) -> None:
        for report in self._waiting:
            if event := _event_of(report):
                self._append(event)
        self._waiting.clear()
        self._sent = time.monotonic()

    def _append(self, event: Mapping[str, Any]) -> None:
        with self._changed:
            self._events.append(json.dumps(event, separators=(",", ":")))
            self._changed.notify_all()

    def admits(self, path: str, host: str, origin: str | None) -> str | None:
        """Return what a request asks for, or None if it is refused."""
        _, token, asked, *rest = [*path.split("/"), ""]
        own = secrets.compare_digest(token.encode(), self._token.encode())
        if not own or host != self.authority or origin not in (None, f"http://{host}") or any(rest):
            return None
        return asked

    @property
    def content(self) -> bytes:
        """The page."""
        self._visits += 1
        return self._page

    def events_since(self, number: int) -> Iterator[str]:
        """Yield the events after a number as server-sent events, until training ends."""
        with self._changed:
            self._readers += 1
        try:
            while True:
                with self._changed:
                    while len(self._events) <= number and not self._ended:
                        self._changed.wait(0.5)
                    new = self._events[number:]
                    ended = self._ended
                for event in new:
                    number += 1
                    yield f"id: {number}\ndata: {event}\n\n"
                if ended:
                    self._informed += 1
                    return
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    def control(self, action: str) -> bool:
        """Do what a button of the page asks for; return False if there is no such button."""
        if action not in ("pause", "go-on", "stop"):
            return False
        with self._changed:
            self._paused = action == "pause"
            self.stopped = self.stopped or action == "stop"
            self._changed.notify_all()
        return True


def _page_of(experiment: Experiment, name: str, folder: Path) -> bytes:
    shown = {"version": VERSION, "live": True, "runs": [live_content(experiment, name, folder)]}
    text = whole_page(f"{name} - nncli", shown, module([experiment]), connects_to="'self'")
    return text.encode()


def _event_of(report: Report) -> dict[str, Any]:
    """Return the losses and the weights that are recorded of a report's epochs; empty if none is."""
    history, weights = report.recorded["history"], report.recorded["weights"]
    if not history.any() and not weights.any():
        return {}
    return {
        "historyEpochs": encoded_array(report.epochs[history]),
        "losses": encoded_array(report.losses[history]),
        "epochs": report.epochs[weights].tolist(),
        "weights": encoded_array(report.parameters[weights]),
    }


def _handler_of(page: LivePage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = self._asked()
            if asked == "":
                self._answer(page.content, "text/html; charset=utf-8")
            elif asked == "events":
                self._stream()
            else:
                self._refuse(HTTPStatus.FORBIDDEN if asked is None else HTTPStatus.NOT_FOUND)

        def do_POST(self) -> None:
            asked = self._asked()
            if asked is not None and page.control(asked):
                self._answer(b"", "text/plain")
            else:
                self._refuse(HTTPStatus.FORBIDDEN if asked is None else HTTPStatus.NOT_FOUND)

        def _asked(self) -> str | None:
            return page.admits(self.path, self.headers.get("Host", ""), self.headers.get("Origin"))

        def _answer(self, body: bytes, media_type: str) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            with suppress(OSError):  # the browser has gone
                self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Connection", "close")
            self.end_headers()
            seen = self.headers.get("Last-Event-ID", "0")
            with suppress(OSError):
                for event in page.events_since(int(seen) if seen.isdecimal() else 0):
                    self.wfile.write(event.encode())
                    self.wfile.flush()
            self.close_connection = True

        def _refuse(self, status: HTTPStatus) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal is the training's."""

    return Handler
