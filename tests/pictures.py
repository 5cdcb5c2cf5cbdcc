"""Makes the pictures of the README from the demo: `make pictures`; needs Chromium."""

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chromium import Page, page

DOCS = Path(__file__).parents[1] / "docs"
WIDE, HIGH = 1280, 800
READY = {
    "explore": "/explore",
    "live": "/live?type=threat.*",
}
SETTLED = {
    "explore": "document.querySelector('[data-explore=state]').textContent.includes('ties')",
    "live": "document.querySelector('[data-state=live]') !== null",
}
LAYOUT_SECONDS = 6


@contextmanager
def demo(folder: Path) -> Iterator[dict[str, Any]]:
    """Run the demo on a free port, without the partner that keeps publishing."""
    command = [
        sys.executable,
        "-m",
        "hub",
        "demo",
        "--no-live",
        "--json",
        "--port",
        "0",
        "--data",
        str(folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as hub:
        try:
            assert hub.stdout is not None
            yield json.loads(hub.stdout.readline())
        finally:
            hub.terminate()


def take(shown: Page, address: str, name: str) -> None:
    """Open one page, wait until it has settled, and keep its picture."""
    shown.open(f"{address}{READY[name]}")
    shown.wait_for(SETTLED[name])
    shown.evaluate(f"new Promise((done) => setTimeout(done, {LAYOUT_SECONDS * 1000}))")
    drawn = shown.call("Page.captureScreenshot", format="png")
    (DOCS / f"{name}.png").write_bytes(base64.b64decode(drawn["data"]))


def main() -> None:
    """Make all pictures as a coordinator sees them."""
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder) / "hub") as started:
        link = next(one["link"] for one in started["accounts"] if one["role"] == "coordinator")
        with page(Path(folder) / "browser") as shown:
            size = {"width": WIDE, "height": HIGH, "deviceScaleFactor": 1, "mobile": False}
            shown.call("Emulation.setDeviceMetricsOverride", **size)
            shown.open(link)
            shown.evaluate("document.querySelector('main form').requestSubmit()")
            shown.wait_for("document.querySelector('.who strong') !== null")
            for name in READY:
                take(shown, started["address"], name)


if __name__ == "__main__":
    main()
