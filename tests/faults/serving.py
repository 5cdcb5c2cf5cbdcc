"""Hubs that are going to be hurt: the whole server, forked in a moment by a process that has read the contracts.

Run as a program, this file is that process: it forks one `hub serve` for each line on standard input.
"""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from hub.app import build
from hub.server import address_of, open_socket, server_for
from hub.settings import Settings
from tests.running import registry
from tests.surviving import ROOT, environ


def main(data: str) -> None:
    """Fork one server for every line; say `process address`, and how it ended."""
    registry().contract("threat.reported.v1")
    for _ in sys.stdin:
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            os.close(reads)
            serve(Path(data), writes)
            os._exit(0)
        os.close(writes)
        with os.fdopen(reads) as told:
            print(child, told.readline().strip(), flush=True)  # noqa: T201  # the protocol with the test
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


def serve(data: Path, writes: int) -> None:
    """Serve a hub as `hub serve` does, and say where."""
    settings = Settings(data=data, port=0, rate_burst=1_000_000, look_seconds=0.02)
    bound = open_socket(settings)

    def ready() -> None:
        os.write(writes, f"{address_of(bound)}\n".encode())
        os.close(writes)

    app = build(settings, lambda: datetime.now(UTC), random=os.urandom)
    server_for(app, ready).run(sockets=[bound])


class Nursery:
    """The parent of the servers, as a test sees it."""

    def __init__(self, data: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.serving", str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=environ(),
        )
        self.process = 0

    def start(self) -> str:
        """Have a server forked and return its address."""
        assert self._parent.stdin is not None
        self._parent.stdin.write("serve\n")
        self._parent.stdin.flush()
        process, *address = self._line().split()
        self.process = int(process)
        assert address, "the server did not start"
        return address[0]

    def end(self, number: signal.Signals = signal.SIGKILL, after: float = 0.0) -> threading.Timer:
        """Send the server a signal after a while."""
        timer = threading.Timer(after, os.kill, (self.process, number))
        timer.start()
        return timer

    def ended(self) -> int:
        """Wait for the end of the server; return its exit code, or minus the signal that ended it."""
        return int(self._line())

    def close(self) -> None:
        """End the parent."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(60)
        self._parent.stdout.close()

    def _line(self) -> str:
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, "the parent of the servers died"
        return line


if __name__ == "__main__":
    main(*sys.argv[1:])
