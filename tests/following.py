"""Followers that can be killed, and a line between them and their hub that can be cut.

Run as a program, this file forks one `hub follow` for each line on standard input: what a follower needs is read once.
"""

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PIECE = 2048


def main() -> None:
    """Fork a follower for every list of words; say its process id, and then how it ended."""
    from hub.__main__ import main as hub
    from hub.commands.follow import follow

    assert follow.name == "follow"
    for line in sys.stdin:
        child = os.fork()
        if not child:
            sys.argv = ["hub", "follow", *json.loads(line)]
            hub()
        print(child, flush=True)  # noqa: T201  # the protocol with the test
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


class Nursery:
    """The parent of the followers, as the test sees it."""

    def __init__(self, log: Path) -> None:
        environ = {name: text for name, text in os.environ.items() if not name.startswith("HUB_")}
        self._said = log.open("w")
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.following"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=ROOT,
            env=environ,
        )

    def start(self, words: Sequence[str]) -> int:
        """Have a follower forked and return its process id."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(json.dumps(list(words)) + "\n")
        self._parent.stdin.flush()
        return int(self._line())

    def end(self, child: int, by: signal.Signals) -> int:
        """Send a signal; return the exit code, or minus the signal that ended it."""
        with suppress(ProcessLookupError):
            os.kill(child, by)
        return int(self._line())

    def close(self) -> None:
        """End the parent."""
        self._parent.communicate()
        self._said.close()

    def _line(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline()


@contextmanager
def nursery(log: Path) -> Iterator[Nursery]:
    """Keep a parent of followers."""
    opened = Nursery(log)
    try:
        yield opened
    finally:
        opened.close()


class Line:
    """A relay on a port of its own that cuts connections, or lets them hang, as chance has it.

    Args:
        chance: decides after how many bytes, and how.
        hanging: the share of connections that hang instead of ending.
    """

    def __init__(self, chance: random.Random, hanging: float) -> None:
        self._chance = chance
        self._hanging = hanging
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.to: int | None = None
        self.is_faulty = True
        self.cut = self.hung = 0
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def run(self) -> None:
        """Relay until `close`."""
        self._listening.settimeout(0.05)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                near, _ = self._listening.accept()
                self._threads.append(threading.Thread(target=self._relay, args=(near,)))
                self._threads[-1].start()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def close(self) -> None:
        """Cut everything."""
        self._closing.set()

    def _relay(self, near: socket.socket) -> None:
        with near, socket.socket() as far:
            try:
                far.connect(("127.0.0.1", self.to or 1))
            except OSError:
                return
            with suppress(OSError):
                self._pump(near, far)

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        most = self._chance.randrange(400, 12_000) if self.is_faulty else sys.maxsize
        hangs = self._chance.random() < self._hanging
        while not self._closing.is_set():
            ready, _, _ = select.select([near, far], [], [], 0.05)
            for one in ready:
                said = one.recv(PIECE)
                (far if one is near else near).sendall(said)
                most -= len(said)
                if not said:
                    return
            if most < 0:
                self.hung, self.cut = self.hung + hangs, self.cut + (not hangs)
                if hangs:
                    self._hang(near)
                return

    def _hang(self, near: socket.socket) -> None:
        """Say nothing any more, until the other end gives up."""
        while not self._closing.is_set():
            if select.select([near], [], [], 0.05)[0] and not near.recv(PIECE):
                return


@contextmanager
def line(chance: random.Random, hanging: float = 0.0) -> Iterator[Line]:
    """Keep a line open."""
    opened = Line(chance, hanging)
    running = threading.Thread(target=opened.run)
    running.start()
    try:
        yield opened
    finally:
        opened.close()
        running.join()


def whole_lines(file: Path) -> list[Any]:
    """Return the messages of a file, without a torn last line."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]


if __name__ == "__main__":
    main()
