"""Opens files of backups, encrypted or in the plain, into drafts."""

import io
from collections.abc import Sequence
from pathlib import Path

from hub.backup.age import Identity, decrypt, is_encrypted
from hub.backup.files import copy_pieces, private
from hub.backup.refusals import BackupRefused


def open_into(file: Path, draft: Path, identities: Sequence[Identity]) -> None:
    """Write the plain content of a backup into a new file.

    Raises:
        BackupRefused: there is no such file, or it does not open.
        OSError: the draft cannot be written.
    """
    is_sealed = needs_key(file, identities)
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
        return file.read_bytes()
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
