"""May this user read and write what the hub needs, and is its log where it should be? Asked before all else."""

import os
from pathlib import Path

from hub.backup.unfinished import is_unfinished
from hub.commands.refusals import NotHere
from hub.keys import CURSOR_KEY, keys_folder
from hub.settings import Settings

_OWNERS = "The user of the hub owns them (chown), their disk takes writes, and commands run as that user (`hubctl`)."


def refuse_unfinished(settings: Settings) -> None:
    """Refuse a folder into which a restore was interrupted: who was erased or revoked may live in it again.

    Raises:
        NotHere: so it is.
    """
    if is_unfinished(settings.data):
        raise NotHere(
            f"A restore into {settings.data} was interrupted, or still goes on: this is no hub yet. If nobody restores "
            "there: empty this folder and that of keys (a database: make an empty one), put the four keys there "
            "again, and restore once more."
        )


def refuse_unreachable(settings: Settings) -> None:
    """Refuse a folder of which something cannot be used: what fails later says less, and may have made half of it.

    Raises:
        NotHere: it belongs to somebody else, its disk takes no writes, the log is not there, or not all of it yet.
    """
    refuse_unfinished(settings)
    keys = keys_folder(settings.data, settings.keys)
    files = [*settings.data.glob("*.sqlite*"), *keys.glob("*.key"), *keys.glob("*.sqlite*")]
    closed = [str(one) for one in (settings.data, keys, *files) if one.exists() and not _may_use(one)]
    if closed:
        raise NotHere(f"This user may not read and write {', '.join(closed)}. {_OWNERS}")
    log = settings.log_file
    if log is not None and (keys / CURSOR_KEY).exists() and not log.exists():
        raise NotHere(
            f"There is no log at {log}. Is HUB_STORE set, as the hub has it? If the log is lost: `hub restore` into "
            "a new folder; nothing was made anew."
        )


def _may_use(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0))
