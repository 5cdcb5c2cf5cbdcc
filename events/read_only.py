"""Opens a SQLite file to look into it: nothing of it changes, also while others write it, and none is made."""

import sqlite3
from pathlib import Path


def read_only(file: Path) -> sqlite3.Connection:
    """Return a connection that only reads; whoever opened it closes it.

    Raises:
        sqlite3.OperationalError: there is no such file.
    """
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
