"""Copies of a log and of its keys, and what must be done once they are back in place."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from eventsourcing.persistence import Notification

from events.event import Json
from events.moments import read_moment
from events.sealing import Destruction, destruction
from events.submission import StoreUnavailable
from events.vault import KeyRecord, Vault
from events.vault_file import copy_database


class NotALog(Exception):
    """A file is no log of a hub, or is damaged."""

    def __init__(self) -> None:
        super().__init__("The file is no log of a hub, or is damaged.")


@dataclass(frozen=True, slots=True)
class Settled:
    """How a log and its keys fit together.

    Args:
        destroyed: keys that the log says are destroyed, but that were still there.
        missing: personal fields of the log whose keys the vault never had.
    """

    destroyed: int
    missing: int


def copy_log(source: Path, target: Path) -> None:
    """Copy a log as it is now, also while it is written, into one new file.

    Raises:
        FileExistsError: the target exists.
        NotALog: the source is no log.
        StoreUnavailable: the copy cannot be written.
    """
    if not _is_log(source):
        raise NotALog
    log = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    try:
        copy_database(log, target)
    except sqlite3.Error as fault:
        raise StoreUnavailable("The log cannot be copied.") from fault
    finally:
        log.close()


def settle(vault: Vault, pages: Iterable[Sequence[Notification]]) -> Settled:
    """Destroy again what the log says is destroyed: keys that came from a backup may be older than that.

    Args:
        vault: of the log.
        pages: the whole log.
    """
    known = {one.kid: one for one in vault.listing()}
    used: defaultdict[str, dict[str, KeyRecord]] = defaultdict(dict)
    destroyed = missing = 0
    for page in pages:
        for row in page:
            envelope = orjson.loads(row.state)
            kids = [box["key"] for box in envelope.get("sealed", ())]
            missing += sum(kid not in known for kid in kids)
            for one in (known[kid] for kid in kids if kid in known):
                used[one.subject][one.kid] = one
            ends = destruction(row.topic, envelope)
            if ends is not None:
                destroyed += _destroy(vault, ends, used[ends.subject].values(), envelope)
    return Settled(destroyed, missing)


def _destroy(vault: Vault, ends: Destruction, used: Iterable[KeyRecord], envelope: Json) -> int:
    # Only keys that were in use by then: what came after the erasure has keys of its own.
    own = [one.kid for one in used if ends.publisher in (None, one.publisher)]
    moment = read_moment(envelope["recordedtime"])
    return 0 if moment is None else len(vault.destroy([*own, *ends.kids], moment))


def _is_log(path: Path) -> bool:
    if not path.is_file():
        return False
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        db.execute("SELECT originator_id, topic, state FROM stored_events LIMIT 1").fetchone()
        return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False
    finally:
        db.close()
