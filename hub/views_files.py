"""The files of views under a hub's folder: each process that serves has one of its own, as long as it lives."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from projections.generations import in_use

VIEWS_FILE = "views.sqlite"
_NUMBER = re.compile(r"views-([0-9]+)\.sqlite")


@contextmanager
def own_views(data: Path) -> Iterator[Path]:
    """Give the first file of views that no other process has: two that fold into one would lose events."""
    for number in count(1):
        lock = _take(data, number)
        if lock is not None:
            try:
                yield _views(data, number)
            finally:
                os.close(lock)
            return


def views_files(data: Path) -> list[Path]:
    """Return the files of views that there are, the first one first."""
    numbers = sorted(_numbers(data))
    return [path for number in numbers if in_use(path := _views(data, number))]


def files_for(data: Path, count: int) -> list[Path]:
    """Return the files of views of so many processes, and what others there are; the first one first."""
    return [_views(data, one) for one in sorted({*range(1, count + 1), *map(number_of, views_files(data))})]


def number_of(views: Path) -> int:
    """Return the number of a file that `own_views` gave."""
    found = _NUMBER.fullmatch(views.name)
    return 1 if found is None else int(found[1])


def throw_away(data: Path, *, only_idle: bool) -> list[Path]:
    """Delete files of views, or only those that no process has; return those that are left."""
    left = []
    for number in sorted(_numbers(data)):
        lock = _take(data, number)
        if lock is None and only_idle:
            left.append(_views(data, number))
            continue
        for path in data.glob(f"{_views(data, number).name}*"):
            path.unlink()
        if lock is not None:
            os.close(lock)
    return left


def _views(data: Path, number: int) -> Path:
    return data / (VIEWS_FILE if number == 1 else f"views-{number}.sqlite")


def _numbers(data: Path) -> set[int]:
    found = (_NUMBER.match(one.name) for one in data.glob("views-*.sqlite*"))
    return {1, *(int(one[1]) for one in found if one is not None)}


def _take(data: Path, number: int) -> int | None:
    lock = os.open(data / f"views-{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
