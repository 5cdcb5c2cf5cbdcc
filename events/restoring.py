"""Copies of a log and of its keys, and what must be done once they are back in place."""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from events.sealing import destruction
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


def begin_epoch(file: Path) -> None:
    """Let hubs take nothing any more that others on the log told them by a bus before it was restored."""
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("DROP TABLE IF EXISTS log_epoch")


def revoked_tokens(file: Path) -> set[str]:
    """Return the ids of the tokens that a log says were revoked."""
    asked = "SELECT state FROM stored_events WHERE topic = ?"
    with closing(read_only(file)) as db:
        acts = [orjson.loads(row[0])["data"] for row in db.execute(asked, (ACTED_STEM,))]
    return {str(act["subject"]) for act in acts if act["action"] == "token_revoked"}


class Endings:
    """Hears a log in order, and says which keys it destroys: those that were in use by then.

    What comes after an erasure has keys of its own.
    """

    def __init__(self, known: Iterable[KeyRecord]) -> None:
        self._known = {one.kid: one for one in known}
        self._used: defaultdict[str, dict[str, KeyRecord]] = defaultdict(dict)

    def hear(self, stem: str, envelope: Mapping[str, Json], kids: Iterable[str]) -> list[str]:
        """Return the names of the keys that an event destroys; none for almost all.

        Args:
            stem: of the event.
            envelope: of it.
            kids: names of the keys of its own personal fields.
        """
        for one in (self._known[kid] for kid in kids if kid in self._known):
            self._used[one.subject][one.kid] = one
        ends = destruction(stem, envelope)
        if ends is None:
            return []
        used = self._used[ends.subject].values()
        return [*(one.kid for one in used if ends.publisher in (None, one.publisher)), *ends.kids]


def settle(vault: Vault, pages: Iterable[Sequence[Notification]]) -> Settled:
    """Destroy again what the log says is destroyed: keys that came from a backup may be older than that.

    Args:
        vault: of the log.
        pages: the whole log.
    """
    known = vault.listing()
    names, endings = {one.kid for one in known}, Endings(known)
    destroyed = missing = 0
    for page in pages:
        for row in page:
            envelope = orjson.loads(row.state)
            kids = [box["key"] for box in envelope.get("sealed", ())]
            missing += sum(kid not in names for kid in kids)
            ended, moment = endings.hear(row.topic, envelope, kids), read_moment(envelope["recordedtime"])
            destroyed += len(vault.destroy(ended, moment)) if ended and moment is not None else 0
    return Settled(destroyed, missing)


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
