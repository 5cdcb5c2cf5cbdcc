"""Chromium without a window, spoken to over its own debugging protocol; skipped loudly where it is not installed."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

Json = Any
SECONDS = 60
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)
PROGRAM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
needs_chromium = pytest.mark.skipif(
    PROGRAM is None, reason="CHROMIUM IS NOT INSTALLED: its tests did not run"
)


class Navigated(Exception):
    """The page went elsewhere while it was asked."""


class Page:
    """One page of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._events: deque[Json] = deque(maxlen=500)

    def call(self, method: str, **params: Json) -> Json:
        """Call the debugging protocol, and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(timeout=SECONDS))
            if said.get("id") == number:
                if "navigated" in said.get("error", {}).get("message", ""):
                    raise Navigated
                assert "error" not in said, said
                return said["result"]
            self._events.append(said)

    def told(self, method: str) -> list[Json]:
        """Return what the browser told by itself under a name while it was asked, oldest first."""
        return [one["params"] for one in self._events if one.get("method") == method]

    def wait_told(self, method: str, part: Callable[[Json], Json]) -> Json:
        """Wait until the browser told by itself what has some part that is not empty; return that part."""
        deadline = time.monotonic() + SECONDS
        while not (found := next(filter(None, map(part, self.told(method))), None)):
            assert time.monotonic() < deadline, method
            self._holds("true")  # what it tells comes while it is asked
            time.sleep(0.05)
        return found

    def evaluate(self, expression: str) -> Json:
        """Run a piece of JavaScript in the page; return its value as JSON."""
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def open(self, url: str) -> None:
        """Go to an address, and wait until it is loaded."""
        assert "errorText" not in self.call("Page.navigate", url=url)
        self.wait_for(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url)})")

    def wait_for(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + SECONDS
        while not self._holds(condition):
            assert time.monotonic() < deadline, condition
            time.sleep(0.05)

    def _holds(self, condition: str) -> bool:
        try:
            return bool(self.evaluate(condition))
        except Navigated:
            return False  # the page is on its way


@contextmanager
def page(folder: Path) -> Iterator[Page]:
    """Start a browser with a profile of its own in `folder`, and open a page."""
    assert PROGRAM is not None
    port = folder / "DevToolsActivePort"
    with subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": str(folder)},
    ) as browser:
        try:
            deadline = time.monotonic() + SECONDS
            while not (port.exists() and len(port.read_text().split()) == 2):
                assert time.monotonic() < deadline
                assert browser.poll() is None
                time.sleep(0.05)
            number, path = port.read_text().split()
            yield from _opened(number, path)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)


def _opened(port: str, path: str) -> Iterator[Page]:
    address = f"ws://127.0.0.1:{port}"
    with connect(address + path, proxy=None, max_size=None) as socket:
        target = Page(socket).call("Target.createTarget", url="about:blank")["targetId"]
        with connect(f"{address}/devtools/page/{target}", proxy=None, max_size=None) as own:
            yield Page(own)
