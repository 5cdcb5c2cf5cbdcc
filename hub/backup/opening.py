"""Opens files of backups, encrypted or in the plain, into drafts."""

import io
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from events.read_only import read_only
from events.vault_file import copy_database
from hub.backup.age import Identity, decrypt, is_encrypted
from hub.backup.files import copy_pieces, private
from hub.backup.office import content_of
from hub.backup.refusals import BackupRefused


def open_into(file: Path, draft: Path, identities: Sequence[Identity]) -> None:
    """Write the plain content of a backup into a new file; of a database in the plain, as SQLite reads it.

    Raises:
        BackupRefused: there is no such file, or it does not open.
        OSError: the draft cannot be written.
    """
    is_sealed = needs_key(file, identities)
    if not is_sealed and _has_more(file):
        with _reading(file), closing(read_only(file)) as db:
            copy_database(db, draft)
        return
    with file.open("rb") as source, private(draft) as target:
        if is_sealed:
            decrypt(source, target, identities, str(file))
        else:
            copy_pieces(source, target)


def opened_whole(file: Path, identities: Sequence[Identity]) -> bytes:
    """Return the plain content of a backup, without any disk keeping it.

    Raises:
        BackupRefused: there is no such file, or it does not open.
    """
    if not needs_key(file, identities):
        with _reading(file):
            return content_of(file) if _has_more(file) else file.read_bytes()
    plain = io.BytesIO()
    with file.open("rb") as source:
        decrypt(source, plain, identities, str(file))
    return plain.getvalue()


def needs_key(file: Path, identities: Sequence[Identity]) -> bool:
    """Tell whether a file is encrypted; what is needs an identity.

    Raises:
        BackupRefused: there is no such file, or it is encrypted and no identity was given.
    """
    try:
        is_sealed = is_encrypted(file)
    except OSError as odd:
        raise BackupRefused(f"{file} cannot be read: {odd.strerror}.") from odd
    if is_sealed and not identities:
        raise BackupRefused(f"{file} is encrypted: give the file of its secret key with --identity.")
    return is_sealed


def _has_more(file: Path) -> bool:
    """Tell whether the newest rows of a database lie in a log beside it: a hub that was killed leaves them there."""
    beside = file.with_name(f"{file.name}-wal")
    return beside.is_file() and beside.stat().st_size > 0


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as odd:
        raise BackupRefused(
            f"{file} cannot be read together with {file.name}-wal, in which its newest rows are ({odd}). Copy both "
            "into a folder where you may write, with room for them, and take them from there."
        ) from odd
