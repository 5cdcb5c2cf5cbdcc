"""A log with a ledger for tests: events recorded, sheets closed, and what a reader would be shown."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from events.event import Position, RecordedEvent
from events.ledger import Ledger
from events.notes import Signer
from tests.archive_fixtures import Archive
from verifier.database import audit
from verifier.exports import Reading
from verifier.findings import Findings
from verifier.notes import Key, read_key

Json = Any
EVERY = timedelta(seconds=60)
SIGNER = Signer(b"h" * 32)
KEY: Key = read_key(SIGNER.key.text)


def close(archive: Archive, ledger: Ledger) -> bool:
    """Close a sheet a minute later."""
    archive.clock.turn(seconds=60)
    return ledger.close_due(archive.clock(), EVERY)


def prove(
    ledger: Ledger,
    events: Sequence[RecordedEvent],
    shown: Callable[[RecordedEvent], Mapping[str, Json]] | None = None,
) -> Findings:
    """Have the verifier check events as somebody is shown them."""
    seen = [(event.position, event.envelope if shown is None else shown(event)) for event in events]
    note, proofs = ledger.proofs(seen)
    reading = Reading("log", KEY)
    reading.checkpoint(note)
    for (_, event), proof in zip(seen, proofs, strict=True):
        reading.event(event, {**proof, "source": event["source"], "id": event["id"]})
    return reading.finish()


def audited(file: Path, key: Key | None = KEY) -> Findings:
    """Verify the file of a log."""
    with closing(sqlite3.connect(file)) as db:

        def fetch(query: str) -> Iterable[Sequence[Any]]:
            return db.execute(query)

        return audit("log", fetch, "rowid", key)[0]


def tamper(file: Path, *statements: str) -> None:
    """Change the file of a log behind the hub's back."""
    with closing(sqlite3.connect(file)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def at(archive: Archive, position: int) -> RecordedEvent:
    """Return one event."""
    [event] = archive.store.at([Position(position)])
    return event
