"""Where `hub follow` writes: a file in which every message stands once, or a stream that somebody reads."""

import asyncio
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from hub.client.messages import FeedMessage, NoMessage, message_of
from hub.client.state import FileState

PIECE = 4096
"""A pipe that can be written to takes that much without blocking (PIPE_BUF)."""

BLOCK = 1 << 20


class StateInUse(Exception):
    """Another follower keeps its cursor there."""


class Output(Protocol):
    """Takes messages, one a line."""

    def resume(self, after: str) -> str:
        """Return where to go on; `after` is what to begin with if nothing is known."""
        ...

    async def write(self, message: FeedMessage) -> None:
        """Write one message."""
        ...

    def settle(self) -> None:
        """Make sure that a loss of power takes back nothing of what was written."""
        ...


class LineFile:
    """Lines at the end of a regular file.

    The state says how long the file was when its cursor was kept. What stands behind that was written by a run that was
    killed before it could keep its cursor: whole lines are counted in, a torn one is cut off. So a kill at any moment
    loses no line and doubles none. The file is synced before the state is, so that the state is never ahead of it.

    Args:
        file: open for appending.
        path: by which it can be read.
        state: where the cursor is kept; without it nothing is resumed, and nothing cut.
        is_ours: nobody else writes there, so that what is no message is cut off too.
    """

    def __init__(self, file: int, path: str, state: FileState | None, *, is_ours: bool) -> None:
        self._file = file
        self._path = path
        self._state = state
        self._is_ours = is_ours
        self._cursor = ""

    def resume(self, after: str) -> str:
        """Return the cursor of the last whole line, or of the state; leave the file ready for the next line."""
        self._cursor = after
        size = os.fstat(self._file).st_size
        with Path(self._path).open("rb") as kept:
            if self._state is not None:
                self._cursor = self._state.read() or after
                size = self._mend(kept, size, self._state.output_bytes())
            is_torn = not _is_line_end(kept, size)
        os.lseek(self._file, 0, os.SEEK_END)
        if is_torn:
            self._append(b"\n")
        self.settle()
        return self._cursor

    async def write(self, message: FeedMessage) -> None:
        """Append one line."""
        self._append(message.text.encode() + b"\n")
        self._cursor = message.cursor

    def settle(self) -> None:
        """Sync the file, then keep the cursor."""
        if self._state is not None:
            os.fsync(self._file)
            self._state.write(self._cursor, os.fstat(self._file).st_size)

    def _mend(self, kept: BinaryIO, size: int, known: int | None) -> int:
        """Count in the whole lines behind the first `known` bytes, cut off the rest; return the new size."""
        if known is None or known > size or not _is_line_end(kept, known):
            return size  # somebody has put another file there: the state alone says how far we came
        kept.seek(known)
        end = known
        for line in kept:
            cursor = _cursor_of(line)
            if cursor is not None:
                self._cursor = cursor
            elif self._is_ours or not line.endswith(b"\n"):
                break
            end += len(line)
        if end < size:
            os.ftruncate(self._file, end)
        return end

    def _append(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._file, line) :]


class LineStream:
    """Lines into a pipe, a terminal or a socket: whoever reads may have a line that the state does not know yet.

    Args:
        file: of the stream; None if `fallback` has none.
        fallback: takes the lines then.
        state: where the cursor is kept, after each line.
    """

    def __init__(self, file: int | None, fallback: BinaryIO, state: FileState | None) -> None:
        self._file = file
        self._fallback = fallback
        self._state = state
        self._cursor: str | None = None

    def resume(self, after: str) -> str:
        """Return the cursor of the state."""
        return (self._state and self._state.read()) or after

    async def write(self, message: FeedMessage) -> None:
        """Write one line, as its reader takes it; then keep the cursor."""
        line = message.text.encode() + b"\n"
        if self._file is None:
            self._fallback.write(line)
            self._fallback.flush()
        else:
            await self._write(self._file, line)
        self._cursor = message.cursor
        if self._state is not None:
            self._state.note(message.cursor)

    def settle(self) -> None:
        """Sync the cursor."""
        if self._state is not None and self._cursor is not None:
            self._state.write(self._cursor)

    async def _write(self, file: int, line: bytes) -> None:
        while line:
            # A reader that takes nothing must not keep us from hearing a signal.
            await _writable(file)
            line = line[os.write(file, line[:PIECE]) :]


def standard_output(stream: BinaryIO, state: FileState | None) -> Output:
    """Return what writes to standard output, whatever that is."""
    try:
        file = stream.fileno()
    except OSError:
        return LineStream(None, stream, state)
    path = f"/dev/fd/{file}"
    if stat.S_ISREG(os.fstat(file).st_mode) and os.access(path, os.R_OK):
        return LineFile(file, path, state, is_ours=False)
    return LineStream(file if _can_wait_for(file) else None, stream, state)


@contextmanager
def line_file(path: Path, state: FileState | None) -> Iterator[Output]:
    """Open a file of our own for lines."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        yield LineFile(file, str(path), state, is_ours=True)
    finally:
        os.close(file)


@contextmanager
def alone(file: Path) -> Iterator[FileState]:
    """Keep a state for ourselves: two who go on from one cursor would write every line twice.

    Raises:
        StateInUse: somebody has it.
    """
    lock = os.open(file.with_name(file.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUse(f"Another hub follow keeps its cursor in {file}.") from None
        yield FileState(file)
    finally:
        os.close(lock)


def _cursor_of(line: bytes) -> str | None:
    """Return the cursor of a whole line with a message; None for anything else."""
    if not line.endswith(b"\n"):
        return None
    try:
        return message_of(line.decode()).cursor
    except (NoMessage, UnicodeDecodeError):
        return None


def _is_line_end(kept: BinaryIO, at: int) -> bool:
    if at == 0:
        return True
    kept.seek(at - 1)
    return kept.read(1) == b"\n"


def _can_wait_for(file: int) -> bool:
    """Tell whether the event loop can say when a stream takes more; a device like /dev/null always does."""
    mode = os.fstat(file).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(file)


async def _writable(file: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(file, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_writer(file)
