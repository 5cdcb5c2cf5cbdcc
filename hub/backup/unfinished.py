"""A restore that puts things back and has not ended: until then what lies in the folder is no hub.

Keys that the log says are destroyed, and tokens that it says are revoked, live again for so long.
"""

from pathlib import Path

from hub.backup.files import private, settle_folder

FILE = "restore.unfinished"


def begin(data: Path) -> None:
    """Mark a folder, durably, before the first thing is put into it.

    Raises:
        OSError: it cannot be written.
    """
    with private(data / FILE):
        pass
    settle_folder(data)


def end(data: Path) -> None:
    """Take the mark away: all is put back and as the log says."""
    (data / FILE).unlink()
    settle_folder(data)


def is_unfinished(data: Path) -> bool:
    """Tell whether a restore into a folder has begun and not ended."""
    return (data / FILE).exists()
