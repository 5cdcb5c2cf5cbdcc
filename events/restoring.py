"""Copies of a log and of its keys, and what must be done once they are back in place."""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from eventsourcing.persistence import Notification

from events.acts import ACTED_STEM
from events.event import Json
from events.ledger import Ledger
from events.moments import read_moment
from events.moving import HAS_GAPS, copy_from_postgres
from events.read_only import read_only
from events.sealing import Destruction, destruction
from events.sqlite import SQLiteLogFactory
from events.submission import StoreUnavailable
from events.vault import KeyRecord, Vault
from events.vault_file import copy_database
from events.witness import Witness


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
    log = read_only(source)
    try:
        copy_database(log, target)
    except sqlite3.Error as fault:
        raise StoreUnavailable("The log cannot be copied.") from fault
    finally:
        log.close()


def save_log(url: str, target: Path) -> None:
    """Copy the log at `sqlite:///PATH` or `postgresql://...` as it is now into one new file, as SQLite has it.

    Raises:
        FileExistsError: the target exists.
        NotALog: it is no log, or is damaged.
        StoreUnavailable: the log cannot be read, or the copy not be written.
    """
    kind, _, rest = url.partition(":///")
    if kind == "sqlite":
        copy_log(Path(rest), target)
    else:
        copy_from_postgres(url, target)


def may_have_gaps(file: Path) -> bool:
    """Tell whether places of a log may be empty although nothing was taken from it: it was in PostgreSQL once."""
    with closing(read_only(file)) as db:
        return bool(db.execute("PRAGMA user_version").fetchone()[0] == HAS_GAPS)


@contextmanager
def evidence_in(file: Path) -> Iterator[tuple[Ledger, Witness]]:
    """Open the Merkle log in a file that no hub serves yet, with whoever cosigned it; it can sign nothing."""
    factory = SQLiteLogFactory(file, os.urandom)
    try:
        recorder = factory.application_recorder()
        yield (
            Ledger(recorder, recorder.salt, lambda shown: [None for _ in shown], None),
            Witness(recorder, None),
        )
    finally:
        factory.close()


def newest_moment(file: Path) -> str | None:
    """Return when the last event of a log was recorded (RFC 3339); None of an empty or damaged one."""
    with closing(read_only(file)) as db:
        row = db.execute("SELECT state FROM stored_events ORDER BY rowid DESC LIMIT 1").fetchone()
    try:
        return None if row is None else str(orjson.loads(row[0])["recordedtime"])
    except (ValueError, KeyError, TypeError):
        return None


def begin_anew(file: Path) -> None:
    """Let a log begin its evidence anew, under another key: it does not continue what others have seen of it.

    Events and leaves stay as they are; the next sheet covers all of them.
    """
    with closing(sqlite3.connect(file)) as db, db:
        for table in ("log_sheets", "log_nodes", "log_cosignatures", "log_key"):
            db.execute(f"DELETE FROM {table}")


def revoked_tokens(file: Path) -> set[str]:
    """Return the ids of the tokens that a log says were revoked."""
    asked = "SELECT state FROM stored_events WHERE topic = ?"
    with closing(read_only(file)) as db:
        acts = [orjson.loads(row[0])["data"] for row in db.execute(asked, (ACTED_STEM,))]
    return {str(act["subject"]) for act in acts if act["action"] == "token_revoked"}


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
    db = read_only(path)
    try:
        db.execute("SELECT originator_id, topic, state FROM stored_events LIMIT 1").fetchone()
        return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False
    finally:
        db.close()
