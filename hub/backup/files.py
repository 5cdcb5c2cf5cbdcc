"""Writes files of backups: beside their place, onto the disk, read back, and only then under their name."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from hub.backup.refusals import BackupRefused

_PIECE = 1 << 20


class _Counting:
    """Writes to a file and keeps the digest of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = sha256()

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        self._file.write(piece)
        self.digest.update(piece)
        return len(piece)


def write_beside(target: Path, fill: Callable[[BinaryIO], None]) -> str:
    """Make a file that has its name only once it is whole and on the disk; return its SHA-256 in hexadecimal.

    Args:
        target: where it will be; must not exist.
        fill: writes the content, piece by piece.

    Raises:
        OSError: it cannot be written.
        BackupRefused: the disk gives back other bytes than were written.
    """
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    try:
        with _private(draft) as file:
            counting = _Counting(file)
            fill(counting)  # type: ignore[arg-type]  # only `write` is asked for
            file.flush()
            os.fsync(file.fileno())
            digest = counting.digest.hexdigest()
            if _read_back(draft) != digest:
                raise BackupRefused(
                    f"{target}: the disk gives back other bytes than were written. Do not use this disk."
                )
        draft.rename(target)
        settle_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def copy_pieces(source: BinaryIO, target: BinaryIO) -> None:
    """Copy all that can be read, piece by piece."""
    while piece := source.read(_PIECE):
        target.write(piece)


def settle_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where its file system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def private(target: Path) -> Iterator[BinaryIO]:
    """Open a new file that its owner alone may read; it is on the disk when the block ends."""
    with _private(target) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _read_back(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as opened:
        # What the system still remembers of it says nothing about the disk.
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while piece := opened.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
