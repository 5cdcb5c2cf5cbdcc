"""Whose turn it is to do what is done once for all: of several hubs on one log one sends, and keeps time."""

import fcntl
import os
from pathlib import Path
from typing import Protocol

FILE = "webhooks.lock"


class Duty(Protocol):
    """Whose turn it is."""

    def is_mine(self) -> bool:
        """Take the turn if nobody has it, and tell whether this hub has it; blocks."""

    def close(self) -> None:
        """Leave the turn to others; whoever asks again may take it again."""


class Turn:
    """A lock on a folder that ends with its process, however that ends."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._lock: int | None = None

    def is_mine(self) -> bool:
        """Take the turn if nobody has it, and tell whether it is taken by this hub."""
        if self._lock is None:
            self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Leave the turn to others."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)
