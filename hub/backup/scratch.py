"""The folder in which a backup is put together: in the hub's own, where the same lies in the plain anyway."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.backup.refusals import BackupRefused

LOCK = "backup.lock"
FOLDER = "backup.part"


@contextmanager
def scratch(data: Path) -> Iterator[Path]:
    """Give an empty folder of one's own until the block ends; what a killed backup left is thrown away.

    Raises:
        BackupRefused: another backup is being made or put back.
    """
    lock = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    folder = data / FOLDER
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise BackupRefused("Another backup of this hub is being made or put back.") from busy
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
