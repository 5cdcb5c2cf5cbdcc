"""What a backup holds: the log, the keys of personal fields, and the hub's accounts and followers, each in a file.

Only the log is large: it is copied into the hub's own folder first. Keys and accounts are put together in memory, so
that no disk keeps a copy of a key that is destroyed later.
"""

import io
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from events.restoring import NotALog, save_log
from events.vault import FILE as VAULT_FILE
from events.vault_moving import save_from_postgres
from hub.backup.age import Recipient, encrypt
from hub.backup.files import copy_pieces, write_beside
from hub.backup.office import NAMES, content_of, saved_parts
from hub.backup.refusals import BackupRefused
from hub.backup.scratch import scratch
from hub.keys import keys_folder, vault_key
from hub.settings import Settings

_DRAFT = "log.sqlite"


@dataclass(frozen=True, slots=True)
class Saved:
    """A file of a backup.

    Args:
        file: where it is.
        digest: SHA-256 of its bytes as they lie there, in hexadecimal.
    """

    file: Path
    digest: str


def save_log_of(url: str, data: Path, target: Path, recipients: Sequence[Recipient]) -> Saved:
    """Save the log as it is now, also while hubs write it.

    Args:
        url: of the log.
        data: the hub's folder, in which the copy is made before it is encrypted.
        target: must not exist.
        recipients: for whom to encrypt; none: it stays in the plain.

    Raises:
        BackupRefused: the log is damaged, or another backup is being made.
        StoreUnavailable: the log cannot be read.
        OSError: the target cannot be written.
    """
    with scratch(data) as folder:
        draft = folder / _DRAFT
        try:
            save_log(url, draft)
        except NotALog as odd:
            raise BackupRefused(
                "The log in this folder is damaged: look at `hub doctor` and `hub verify`."
            ) from odd
        with draft.open("rb") as opened:
            return Saved(target, write_beside(target, _sealing(opened, recipients)))


def save_keys(settings: Settings, target: Path, recipients: Sequence[Recipient]) -> Saved:
    """Save the keys of personal fields as they are now; the file is the same wherever the hub keeps them.

    Raises:
        KeyMissing, VaultUnavailable: their database does not answer, or `vault.key` does not open it.
        OSError: the target cannot be written.
    """
    if settings.vault:
        content = save_from_postgres(settings.vault, vault_key(settings.data, settings.keys))
    else:
        content = content_of(keys_folder(settings.data, settings.keys) / VAULT_FILE)
    return Saved(target, write_beside(target, _sealing(io.BytesIO(content), recipients)))


def save_office(settings: Settings, target: Path, recipients: Sequence[Recipient]) -> Saved:
    """Save tokens, personal addresses, subscriptions and the agreements of mailboxes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in saved_parts(settings):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    return Saved(target, write_beside(target, _sealing(packed, recipients)))


def unpack_office(packed: BinaryIO, folder: Path) -> None:
    """Put what `save_office` has saved into a folder.

    Raises:
        BackupRefused: it is something else.
    """
    try:
        with tarfile.open(fileobj=packed, mode="r:") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() and entry.name in NAMES else None
                if content is None:
                    raise BackupRefused("This is no backup of accounts.")
                write_beside(folder / entry.name, lambda file, read=content: copy_pieces(read, file))  # type: ignore[misc]
    except tarfile.TarError as odd:
        raise BackupRefused("This is no backup of accounts.") from odd


def _sealing(source: BinaryIO, recipients: Sequence[Recipient]) -> Callable[[BinaryIO], None]:
    if not recipients:
        return lambda target: copy_pieces(source, target)
    return lambda target: encrypt(source, target, recipients)
