"""`kill -9` of `hub follow`, again and again, while hub and line break: each event stands there once."""

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.client import Hub, Unreachable
from tests.depth import in_depth
from tests.following import Line, Nursery, line, nursery, whole_lines
from tests.running import World, make_world, serving, threat

KILLS = in_depth(16, 32)
RESTARTS = 3
HANGING = in_depth(0.5, 0.3)
"""Share of the breaks at which a line is not cut, but says nothing more."""

BATCH = 15
BATCHES = 3
"""For each kill."""

VISIBLE = KILLS * BATCHES * BATCH * 2 // 3

pytestmark = pytest.mark.timeout(280)


class Publisher(threading.Thread):
    """Publishes through a bad line too what it is asked to; each third event is hidden from the follower."""

    def __init__(self, world: World, wire: Line, outbox: Path) -> None:
        super().__init__()
        self._hub = Hub(wire.url, world.tokens["publisher"], outbox=outbox, patience=0)
        self._asked = threading.Semaphore(0)
        self._closing = threading.Event()
        self.visible: list[str] = []

    def run(self) -> None:
        """Push batches, each until the hub has it."""
        number = 0
        while self._asked.acquire() and not self._closing.is_set():
            events = [
                threat(at, tlp="red" if at % 3 == 0 else "green") for at in range(number, number + BATCH)
            ]
            number += BATCH
            while not self._pushed(events) and not self._closing.is_set():
                events = []
            self.visible += [f"t-{at}" for at in range(number - BATCH, number) if at % 3]
        self._hub.close()

    def ask(self) -> None:
        """Ask for more."""
        self._asked.release(BATCHES)

    def close(self) -> None:
        """End."""
        self._closing.set()
        self._asked.release()
        self.join()

    def _pushed(self, events: list[dict[str, object]]) -> bool:
        try:
            assert self._hub.push(events).refused == ()
        except Unreachable:
            self._closing.wait(0.02)
            return False
        return True


def until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def lines_in(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def killed_again_and_again(
    parent: Nursery, words: list[str], feed: Path, chance: random.Random, publisher: Publisher
) -> None:
    """Let a follower write a few lines, or none, and kill it; the moment is chance's."""
    for _ in range(KILLS // (RESTARTS + 1)):
        publisher.ask()
        child = parent.start(words)
        grown = lines_in(feed) + chance.randrange(1, 40)
        deadline = time.monotonic() + chance.uniform(0.02, 1)
        while lines_in(feed) < grown and time.monotonic() < deadline:
            time.sleep(0.001)
        assert parent.end(child, signal.SIGKILL) == -signal.SIGKILL


def test_every_visible_event_is_in_the_file_once_and_in_order(tmp_path: Path) -> None:
    chance = random.Random("kill")
    world = make_world(tmp_path / "hub", beat_seconds=0.3)
    feed, state = tmp_path / "feed.ndjson", tmp_path / "state"
    with ExitStack() as opened:
        wire, other = (opened.enter_context(line(chance, hanging)) for hanging in (HANGING, 0.0))
        parent = opened.enter_context(nursery(tmp_path / "said"))
        publisher = Publisher(world, other, tmp_path / "outbox")
        opened.callback(publisher.close)
        words = [
            "--from",
            wire.url,
            "--token",
            world.tokens["observer"],
            "--after",
            "begin",
            "--silence",
            "0.6",
        ]
        words += ["--type", "threat.*", "--state", str(state), "--to", str(feed)]
        for at in range(RESTARTS + 1):
            with serving(world) as hub:
                wire.to = other.to = int(hub.url.rpartition(":")[2])
                if not at:
                    publisher.start()
                killed_again_and_again(parent, words, feed, chance, publisher)
                if at == RESTARTS:
                    wire.is_faulty = False
                    until(lambda: len(publisher.visible) == VISIBLE)
                    child = parent.start(words)
                    until(lambda: found(feed)[-1:] == publisher.visible[-1:])
                    assert parent.end(child, signal.SIGTERM) == 0
    assert found(feed) == publisher.visible
    cursors = [one["cursor"] for one in whole_lines(feed) if one["kind"] == "event"]
    assert len(set(cursors)) == len(cursors)
    assert min(wire.cut, wire.hung, other.cut) > in_depth(0, 2)


def found(feed: Path) -> list[str]:
    return [one["event"]["id"] for one in whole_lines(feed) if one["kind"] == "event"]
