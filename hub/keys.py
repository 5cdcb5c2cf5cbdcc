"""The keys of a hub, each in a file that only its owner may read."""

import os
from collections.abc import Callable
from pathlib import Path

CURSOR_KEY = "cursor.key"


class HubNotInitialised(Exception):
    """The data folder has no keys; `hub init` makes them."""

    def __init__(self) -> None:
        super().__init__("This folder is not a hub yet: run `hub init --data DIR` first.")


def make_keys(data: Path, random: Callable[[int], bytes]) -> None:
    """Make what is missing under `data`/keys; keys that exist stay, since cursors live for ever.

    Args:
        data: the hub's folder; made if it is missing.
        random: gives that many unpredictable bytes, e.g. `secrets.token_bytes`.
    """
    folder = data / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / CURSOR_KEY
    if path.exists():
        return
    draft = folder / f"{CURSOR_KEY}.draft"
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(random(32))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def cursor_key(data: Path) -> bytes:
    """Return the key that makes cursors opaque.

    Raises:
        HubNotInitialised: there is none yet.
    """
    try:
        return (data / "keys" / CURSOR_KEY).read_bytes()
    except FileNotFoundError as error:
        raise HubNotInitialised from error
