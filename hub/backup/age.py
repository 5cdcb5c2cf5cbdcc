"""Encrypts and opens files by age (https://age-encryption.org/v1), in pieces of 64 KiB whatever their size."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from hub.backup.files import private, settle_folder
from hub.backup.refusals import BackupRefused

MAGIC = b"age-encryption.org/"
_COMMENT = "#"

Recipient = Any
Identity = Any
"""Of `pyrage.x25519`, which has no types."""


def read_recipients(said: Iterable[str]) -> list[Recipient]:
    """Return for whom to encrypt.

    Raises:
        BackupRefused: one is no recipient of age.
    """
    found = []
    for one in dict.fromkeys(said):
        try:
            found.append(pyrage.x25519.Recipient.from_str(one))
        except pyrage.RecipientError as odd:
            raise BackupRefused(
                "This is no recipient: it begins with age1, and `hub backup-key` prints it; its secret stays away."
            ) from odd
    return found


def read_identities(files: Iterable[Path]) -> list[Identity]:
    """Return the secret keys in files as `age-keygen` and `hub backup-key` write them.

    Raises:
        BackupRefused: a file cannot be read, or holds none.
    """
    found: list[Identity] = []
    for file in files:
        try:
            lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
            said = [line for line in lines if line and not line.startswith(_COMMENT)]
            found += [pyrage.x25519.Identity.from_str(line) for line in said]
        except OSError as fault:
            raise BackupRefused(
                f"{file} cannot be read: {fault.strerror}. A command reads as the user that runs it."
            ) from fault
        except (UnicodeDecodeError, pyrage.IdentityError) as odd:
            raise BackupRefused(f"{file} is no file of secret keys (AGE-SECRET-KEY-1...).") from odd
    return found


def key_beside(file: Path) -> Path:
    """Return where the secret key of a backup lies for which nobody named a recipient."""
    return file.with_name(f"{file.name}.key")


def identities_for(said: Sequence[Path], files: Iterable[Path]) -> list[Identity]:
    """Return the secret keys in the files that were said; if none was, in those that lie beside the backup.

    Raises:
        BackupRefused: a file cannot be read, or holds none.
    """
    return read_identities(said or [key for key in map(key_beside, files) if key.is_file()])


def write_identity(file: Path) -> str:
    """Draw a secret key into a new file that its owner alone may read; return its recipient.

    Raises:
        OSError: it cannot be written.
    """
    secret, recipient = new_identity()
    with private(file) as opened:
        opened.write(f"# recipient: {recipient}\n{secret}\n".encode())
    settle_folder(file.absolute().parent)
    return recipient


def new_identity() -> tuple[str, str]:
    """Draw a secret key; return it and its recipient."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def is_encrypted(file: Path) -> bool:
    """Tell whether a file begins as age's do.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


def encrypt(source: BinaryIO, target: BinaryIO, recipients: Sequence[Recipient]) -> None:
    """Encrypt all that can be read.

    Raises:
        OSError: it cannot be read or written.
    """
    writing = _Remembering(target.write)
    try:
        pyrage.encrypt_io(source, writing, recipients)
    except pyrage.EncryptError as fault:
        raise writing.fault or OSError(str(fault)) from fault


def decrypt(source: BinaryIO, target: BinaryIO, identities: Sequence[Identity], name: str) -> None:
    """Decrypt all that can be read; what was written until an error is to be thrown away.

    Args:
        source: encrypted.
        target: for the plain content.
        identities: one of which must be of a recipient.
        name: of the file, for the message.

    Raises:
        OSError: the target cannot be written.
        BackupRefused: no identity opens it, or it was damaged or cut off.
    """
    writing = _Remembering(target.write)
    try:
        pyrage.decrypt_io(source, writing, identities)
    except pyrage.DecryptError as fault:
        raise BackupRefused(
            f"{name} was not encrypted for this key, or its beginning is damaged: give the --identity whose recipient "
            "it was made for."
        ) from fault
    except OSError as fault:
        if writing.fault is not None:
            raise writing.fault from fault
        raise BackupRefused(
            f"{name} is damaged or cut off: its bytes are not those that were written. Take another copy of it, or an "
            "earlier backup."
        ) from fault


class _Remembering:
    """Writes, and remembers why it could not: age tells errors of its own and of the disk alike."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self._write = write
        self.fault: OSError | None = None

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        try:
            return self._write(piece)
        except OSError as fault:
            self.fault = fault
            raise

    def flush(self) -> None:
        """Do nothing: whoever opened the target flushes it."""
