"""Verifies a file, whatever it is: a database, an export with its proofs, a receipt."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from verifier.database import audit, holds
from verifier.exports import PROOFS, verify_files
from verifier.findings import Findings
from verifier.notes import Key, Unreadable
from verifier.receipts import verify_receipt

_SQLITE = b"SQLite format 3\x00"


def verify_file(
    file: Path,
    key: Key | None,
    witnesses: Sequence[Key] = (),
    *,
    kept: str | None = None,
    sent: Path | None = None,
) -> Findings:
    """Verify a file.

    Args:
        file: a log or a backup of one, an export beside which lie its proofs, or a receipt.
        key: of the log, if somebody trusted told it.
        witnesses: whose cosignatures count.
        kept: a checkpoint that a database must continue.
        sent: of a receipt, what was sent.

    Raises:
        OSError: it cannot be read.
        Unreadable: it is nothing that can be verified.
    """
    with file.open("rb") as opened:
        start = opened.read(len(_SQLITE))
    if start == _SQLITE:
        return verify_database(file, key, witnesses, kept)
    if sent is not None:
        return verify_receipt(_object(file), [*_sent(sent)], key)
    proofs = file.with_name(file.name + PROOFS)
    if not proofs.is_file():
        raise Unreadable(
            f"There is no {proofs.name} beside it. `hub export events --proofs` writes it; a receipt is verified with "
            "--sent FILE."
        )
    return verify_files(file, proofs, key, witnesses)


def verify_database(
    file: Path, key: Key | None, witnesses: Sequence[Key] = (), kept: str | None = None
) -> Findings:
    """Verify a log in SQLite as it is now, also while a hub writes it.

    Raises:
        Unreadable: it is no log of a hub, or a damaged one.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        try:
            db.execute("BEGIN")
            damage = db.execute("PRAGMA integrity_check(1)").fetchone()[0]

            def fetch(query: str) -> Iterable[Sequence[Any]]:
                return db.execute(query)

            found, heads = audit(file.name, fetch, "rowid", key, witnesses)
        except (sqlite3.DatabaseError, StopIteration, TypeError, ValueError) as odd:
            raise Unreadable(f"{file.name} is no log of a hub, or its file is damaged: {odd}.") from odd
    if damage != "ok":
        found.faults.append("The file of the database is damaged.")
    if kept is not None:
        holds(found, heads, kept, key)
    return found


def _object(file: Path) -> Any:
    try:
        said = json.loads(file.read_text("utf-8"))
    except ValueError as odd:
        raise Unreadable(f"{file.name} is no JSON.") from odd
    if not isinstance(said, dict):
        raise Unreadable(f"{file.name} is no receipt.")
    return said


def _sent(file: Path) -> Iterator[Any]:
    text = file.read_text("utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        yield from (json.loads(line) for line in text.splitlines() if line.strip())
    else:
        yield from whole if isinstance(whole, list) else [whole]
