"""Crowds of listeners for the feed, as processes of their own: written in C where there is a compiler."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

NATIVE = Path(__file__).parent / "native"
MARK = "~"
STAMP = 16


class NoCompiler(RuntimeError):
    """There is no C compiler, and so no load that is not the bottleneck."""


def built(folder: Path, name: str) -> Path:
    """Compile one of the programs in `native/`.

    Raises:
        NoCompiler: the system has none.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompiler("no C compiler")
    program = folder / name
    if not program.exists():
        subprocess.run([compiler, "-O2", "-o", str(program), str(NATIVE / f"{name}.c")], check=True)
    return program


def run_time(pid: int) -> float:
    """Return the seconds of CPU that a process took so far, all threads, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int(task.joinpath("schedstat").read_text("ascii").split()[0])
        except FileNotFoundError:
            continue
    return total / 1e9


def loop_time(pid: int) -> float:
    """Return the seconds of CPU that the first thread of a process took so far: of the hub, its event loop."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9


@dataclass
class Said:
    """What a crowd has heard since its last reset.

    Args:
        arrived: messages, all listeners together.
        ready: listeners that are.
        bytes: of everything.
        cpu: seconds that the crowd itself took.
        p50: milliseconds from a message's stamp.
        p99: likewise.
        lost: connections that ended.
    """

    arrived: int
    ready: int
    bytes: int
    cpu: float
    p50: float
    p99: float
    lost: int


class Talking:
    """A process that is told lines, and answers each with one of JSON."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = process.pid

    def ask(self, line: str) -> dict[str, Any]:
        """Tell it a line, and return what it answers."""
        self.tell(line)
        return self.hear()

    def tell(self, line: str) -> None:
        """Tell it a line."""
        out: IO[bytes] | None = self._process.stdin
        if out is None:
            raise RuntimeError("no input")
        out.write(line.encode() + b"\n")
        out.flush()

    def hear(self) -> dict[str, Any]:
        """Return its next line."""
        said = self._process.stdout.readline() if self._process.stdout else b""
        if not said:
            raise RuntimeError("a crowd has died")
        found: dict[str, Any] = json.loads(said)
        return found


class Crowd(Talking):
    """Listeners: `reset`, then let something be sent, then `until` so many messages have come."""

    def reset(self) -> None:
        """Count anew."""
        self.ask("reset")

    def until(self, messages: int) -> Said:
        """Wait until so many messages have come since the reset, all listeners together."""
        return Said(**self.ask(f"wait {messages}"))

    def come_again(self, many: int) -> Said:
        """Let many hang up and come back, all at once; wait until they are ready."""
        self.ask(f"leave {many}")
        return Said(**self.ask(f"come {many}"))


@contextmanager
def crowd(
    folder: Path, port: int, count: int, request: bytes, ready: str, stalled: int = 0
) -> Iterator[Crowd]:
    """Let many listen, until the block ends; begins when all are ready.

    Args:
        folder: for the program.
        port: on loopback.
        count: how many.
        request: what each asks.
        ready: text in the answer from which on one is ready.
        stalled: how many of them read nothing from then on.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        command = [built(folder, "listen"), str(port), str(count), file.name, ready, str(stalled)]
        with talking(command) as process:
            one = Crowd(process)
            one.hear()
            yield one


@contextmanager
def talking(command: Sequence[str | Path]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program until the block ends."""
    pipe = subprocess.PIPE
    with subprocess.Popen([str(one) for one in command], stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()
