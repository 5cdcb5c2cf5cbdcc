"""Runs what is measured as processes of their own, and reads their CPU time and memory from the system."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.payloads import ROLES, SLUG

ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """A process that listens.

    Args:
        port: on loopback.
        pid: of the process.
        token: of a publisher; empty where none is asked for.
    """

    port: int
    pid: int
    token: str = ""

    def cpu(self) -> float:
        """Return the seconds of CPU that it took so far, all threads."""
        return cpu_of(self.pid)


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process took so far; the system counts in hundredths."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int | str = "self") -> int:
    """Return the bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder on the disk of the temporary files, and remove it."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        yield Path(folder)


def run_json(module: str, *arguments: str) -> Any:
    """Run `python -m MODULE`, and return the JSON that it prints on its last line."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def listening(module: str, *arguments: str, token: str = "") -> Iterator[Server]:
    """Run `python -m MODULE`, which prints `{"address": ...}` once it listens, until the block ends."""
    command = [sys.executable, "-m", module, *arguments]
    # One account makes all the load here; what it may ask is not what is measured.
    unlimited = {**os.environ, "HUB_RATE_PER_SECOND": "1000000", "HUB_RATE_BURST": "1000000"}
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=nowhere, env=unlimited) as process:
        try:
            if process.stdout is None:
                raise RuntimeError(f"{module} has no output")
            line = process.stdout.readline()
            yield Server(int(json.loads(line)["address"].rpartition(":")[2]), process.pid, token)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@contextmanager
def hub(folder: Path, slugs: Sequence[str] = (SLUG,)) -> Iterator[Server]:
    """Found a hub in a folder, admit partners, and serve it; the token is the first partner's."""
    data = str(folder / "hub")
    run_json("hub", "init", "--data", data, "--json")
    roles = [word for role in ROLES for word in ("--role", role)]
    tokens = [
        run_json("hub", "partner", "add", slug, "--name", slug, *roles, "--data", data, "--json")["token"]
        for slug in slugs
    ]
    with listening("hub", "serve", "--data", data, "--port", "0", "--json", token=tokens[0]) as server:
        yield server


def wait_for_views(server: Server, seconds: float = 120.0) -> None:
    """Wait until every view of a hub has applied all that is in its log.

    Raises:
        RuntimeError: it took too long.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with urlopen(f"http://127.0.0.1:{server.port}/readyz") as answer:
            views = json.load(answer)["views"]
        if all(view["lag"] == 0 for view in views.values()):
            return
        time.sleep(0.05)
    raise RuntimeError("the views did not catch up")
