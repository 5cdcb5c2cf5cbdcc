"""Files of views: the one that is served, one that is prepared beside it, and how the one takes the other's place.

A file in use is never replaced under its name: SQLite finds a write-ahead log by name, and would take it for that of
the file that came. So a hub that runs goes on with another name, and the next start gives it the usual one.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from events.read_only import read_only

PREPARED = ".prepared-"
PREPARING = ".preparing"
SECOND = ".second"
_BESIDE = ("", "-wal", "-shm", "-journal")


def prepared(path: Path, stamp: str) -> Path:
    """Return where views are that code of this stamp has prepared for the views at `path`."""
    return path.with_name(f"{path.name}{PREPARED}{stamp}")


def preparing(path: Path) -> Path:
    """Return where views are that are being prepared."""
    return path.with_name(path.name + PREPARING)


@contextmanager
def alone_preparing(path: Path) -> Iterator[bool]:
    """Tell whether nobody prepares views for those at `path`; if so nobody does until the block ends."""
    lock = os.open(path.with_name(f"{path.name}{PREPARING}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(lock)


def second(path: Path) -> Path:
    """Return the other name that the file in use may have."""
    return path.with_name(path.name + SECOND)


def in_use(path: Path) -> list[Path]:
    """Return the files of views that a hub may be serving from, or has served from until a moment ago."""
    return [one for one in (path, second(path)) if one.is_file()]


def remove(path: Path) -> None:
    """Remove a file of views with all that lies beside it, if it is there."""
    for name in _BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + name).unlink()


def harden(path: Path) -> None:
    """Have the disk hold a file before it gets the name by which others find it."""
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def hand_out(path: Path, also: Sequence[Path], stamp: str) -> Path:
    """Let views that are whole at `preparing(path)`, and hard, wait for whoever serves from `path`; return where.

    Args:
        path: usual name of the views of a process that serves.
        also: those of further processes, each of which gets a copy.
        stamp: of the code that has folded them.
    """
    with ExitStack() as alone:
        for one in also:
            # Whoever starts meanwhile leaves what is being copied for him.
            alone.enter_context(alone_preparing(one))
            remove(preparing(one))
            shutil.copyfile(preparing(path), preparing(one))
            harden(preparing(one))
        for one in (*also, path):
            preparing(one).rename(prepared(one, stamp))
    return prepared(path, stamp)


def forget_prepared(path: Path) -> None:
    """Remove what was prepared: it may hold what is erased now."""
    for one in path.parent.glob(f"{path.name}{PREPARED}*"):
        remove(one)
    _forget_draft(path)


def settle(path: Path, stamp: str) -> bool:
    """Let views take the usual name that were prepared, or served under another; tell whether prepared ones did.

    Only while nobody has any of them open. If this is killed halfway, the next start does the rest.

    Args:
        path: the usual name.
        stamp: of the code that is going to serve.
    """
    ready, other = prepared(path, stamp), second(path)
    is_ready = ready.is_file()
    found = ready if is_ready else other
    if found.is_file():
        remove(path)
        for name in reversed(_BESIDE):
            with suppress(FileNotFoundError):
                found.with_name(found.name + name).rename(path.with_name(path.name + name))
    remove(other)
    _forget_draft(path)
    return is_ready


def _forget_draft(path: Path) -> None:
    """Remove what a killed process left, which is nobody's; not what somebody is preparing."""
    with alone_preparing(path) as is_alone:
        if is_alone:
            remove(preparing(path))


def stamps(path: Path) -> list[tuple[str, str]]:
    """Return by which code each view in a file was folded; none if it cannot be read."""
    try:
        with closing(read_only(path)) as db:
            return stamps_in(db)
    except sqlite3.OperationalError:
        return []


def stamps_in(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the same of an open file."""
    return db.execute("SELECT name, stamp FROM tail_positions ORDER BY name").fetchall()
