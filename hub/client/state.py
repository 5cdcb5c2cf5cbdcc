"""How far a follower came, kept across runs."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class State(Protocol):
    """Where a follower keeps its cursor: a file, or a row in your database beside what you made of the messages."""

    def read(self) -> str | None:
        """Return the cursor kept last; None if there is none yet."""
        ...

    def write(self, cursor: str) -> None:
        """Keep a cursor for good: after this returns, no loss of power may bring the one before back."""
        ...


class FileState:
    """A cursor in a file of its own; the first line is the cursor.

    Args:
        file: written beside and put in its place, so that whoever reads finds the old one or the new one.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: tuple[str, int | None] | None = None
        self._is_synced = True

    def read(self) -> str | None:
        """Return the cursor; None if there is none yet."""
        lines = self._lines()
        return (lines[0].strip() or None) if lines else None

    def output_bytes(self) -> int | None:
        """Return how long the output was when the cursor was kept, if that was noted."""
        lines = self._lines()
        with suppress(IndexError, ValueError):
            return int(lines[1].removeprefix("output "))
        return None

    def write(self, cursor: str, output_bytes: int | None = None) -> None:
        """Keep a cursor, and how long the output is that holds everything up to it; the same again costs nothing."""
        if self._kept == (cursor, output_bytes) and self._is_synced:
            return
        text = cursor + "\n" + (f"output {output_bytes}\n" if output_bytes is not None else "")
        beside = self._file.with_name(self._file.name + ".new")
        with beside.open("w", encoding="ascii") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._kept, self._is_synced = (cursor, output_bytes), True

    def note(self, cursor: str) -> None:
        """Keep a cursor against a kill at once, and against a loss of power with the next `write`.

        A cursor of the same length is written over the one before: so few bytes change as one, and syncing each takes
        longer than the hub takes for a hundred messages.
        """
        if self._kept is None or len(self._kept[0]) != len(cursor) or self._kept[1] is not None:
            self.write(cursor)
        elif self._kept[0] != cursor:
            with self._file.open("r+b") as kept:
                kept.write(cursor.encode("ascii"))
            self._kept, self._is_synced = (cursor, None), False

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return []
