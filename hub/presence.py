"""Tells whether a hub runs on a folder: it holds a lock that ends with its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "serving.lock"


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """Let others know that a hub runs on this folder, as long as the block lasts; several hubs may."""
    with _opened(data) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(data: Path) -> Iterator[bool]:
    """Tell whether no hub runs on this folder; if so none starts until the block ends."""
    with _opened(data) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _opened(data: Path) -> Iterator[int]:
    lock = os.open(data / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)
