"""Thousands come back to the feed at once, far behind; beside it a server in C that only writes as much to each."""

import os
import threading
import time
from pathlib import Path

from benchmarks.feed_crowd import Talking, built, crowd, loop_time, run_time, talking
from benchmarks.feed_hub import READY, Publisher, asking
from benchmarks.measure import Figure, median, percentile
from benchmarks.processes import Server

STORM = 5_000
BEHIND = 1_000
BURST = 50
"""Messages published at once."""

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def _bare(folder: Path, frame: bytes) -> tuple[float, float, float]:
    """Return the seconds until all have as much of a loop in C, its seconds of CPU, and those of the crowd."""
    path = folder / "behind"
    path.write_bytes(ACCEPTED + _framed(frame) * BEHIND + _framed(b'{"kind":"live"}'))
    with talking([built(folder, "fan_out")]) as process:
        limit = Talking(process)
        port = int(limit.hear()["address"].rpartition(":")[2])
        limit.ask(f"behind {path}")
        before, began = run_time(process.pid), time.monotonic()
        with crowd(folder, port, STORM, asking("ws", "none"), READY) as one:
            seconds, cpu = time.monotonic() - began, run_time(process.pid) - before
            return seconds, cpu, one.until(0).cpu


def _framed(text: bytes) -> bytes:
    """Return a frame of WebSocket, of at most 65,535 bytes."""
    size = bytes((len(text),)) if len(text) < 126 else b"\x7e" + len(text).to_bytes(2, "big")
    return b"\x81" + size + text


def storm(folder: Path, server: Server, frame: bytes) -> list[Figure]:
    """All come back at once, a thousand events behind, while somebody publishes.

    Args:
        folder: for the programs.
        server: the hub.
        frame: as large as a message of the feed.
    """
    bare, bare_cpu, bare_crowd = _bare(folder, frame)
    publisher = Publisher(server)
    _, cursor = publisher.publish()
    for _ in range(BEHIND // BURST):
        publisher.publish(BURST)
    looped = loop_time(server.pid)
    steady = [publisher.publish()[0] for _ in range(40)]
    looped = (loop_time(server.pid) - looped) / len(steady)
    request = asking("ws", server.token, cursor)
    took: list[float] = []
    loop: list[float] = []
    is_over = threading.Event()

    def publish() -> None:
        while not is_over.wait(0.2):
            before = loop_time(server.pid)
            took.append(publisher.publish()[0])
            loop.append((loop_time(server.pid) - before) * 1e3)

    thread = threading.Thread(target=publish)
    thread.start()
    before, began = server.cpu(), time.monotonic()
    try:
        with crowd(folder, server.port, STORM, request, READY) as one:
            seconds, cpu = time.monotonic() - began, server.cpu() - before
            # Before they all hang up: that is another storm.
            is_over.set()
            thread.join()
            crowd_cpu = one.until(0).cpu
    finally:
        is_over.set()
    normal, meanwhile = percentile(steady, 0.99) * 1e3, percentile(took, 0.99) * 1e3
    load = os.getloadavg()[0]
    # What the event loop did before a publisher had his answer: that does not depend on who else is at work.
    gone_before: dict[str, float | str] = {
        "published": float(len(took)), "loop CPU ms before": looped * 1e3,
        "loop CPU ms, median": median(loop), "loop CPU ms, p99": percentile(loop, 0.99), "load average": load,
    }  # fmt: skip
    return [
        Figure(f"{STORM:,} come back, {BEHIND:,} behind: all live", "s", seconds, "<= 10", bare, "C", seconds <= 10,
               {"CPU s": cpu, "of the crowd": crowd_cpu, "CPU s of the limit": bare_cpu,
                "of its crowd": bare_crowd, "load average": load}),
        Figure("publishing meanwhile, p99", "ms", meanwhile, "ratio <= 3", normal, "before",
               meanwhile <= 3 * normal, gone_before),
    ]  # fmt: skip
