"""The tables of the Merkle log, the same on SQLite and on PostgreSQL, and how one transaction reads and writes them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from events.commitments import Leaf

Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs one statement with `?` for its parameters, and returns its rows."""

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS log_leaves (position BIGINT PRIMARY KEY, hash BLOB NOT NULL,"
    " fields BLOB NOT NULL, sealed BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_sheets (number BIGINT PRIMARY KEY, last BIGINT NOT NULL, size BIGINT NOT NULL,"
    " edge BLOB NOT NULL, leaf BLOB NOT NULL, crown BLOB NOT NULL, closed TEXT NOT NULL, note TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_nodes (level BIGINT NOT NULL, place BIGINT NOT NULL, hash BLOB NOT NULL,"
    " PRIMARY KEY (level, place))",
    "CREATE TABLE IF NOT EXISTS log_key (vkey TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS log_witnesses (vkey TEXT PRIMARY KEY, address TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_cosignatures (size BIGINT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (size, line))",
    "CREATE TABLE IF NOT EXISTS log_witnessed (origin TEXT PRIMARY KEY, vkey TEXT NOT NULL, size BIGINT NOT NULL,"
    " root BLOB NOT NULL, note TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_epoch (epoch BLOB NOT NULL)",
)
"""As SQLite reads them; PostgreSQL calls a BLOB `bytea`."""

KEPT = 1440
"""So many of the newest checkpoints are kept with their signatures, and of the older every so many-th."""

INSERT_LEAF = "INSERT INTO log_leaves VALUES (?, ?, ?, ?)"


class Sheet(NamedTuple):
    """A row of `log_sheets`: what one closing put into the tree.

    Args:
        number: from 0, its place among the leaves of the tree.
        last: position of the last event in it or before it.
        size: how many events are in it and before it.
        edge: right edge of the tree over all these events.
        leaf: what the tree holds of it: root of the sheet, and commitment to the tree over all events.
        crown: right edge of the tree after it.
        closed: when (RFC 3339).
        note: the signed checkpoint, without cosignatures.
    """

    number: int
    last: int
    size: int
    edge: bytes
    leaf: bytes
    crown: bytes
    closed: str
    note: str


def postgres(statement: str) -> str:
    """Return a statement as PostgreSQL takes it."""
    return statement.replace("%", "%%").replace("BLOB", "bytea").replace("?", "%s")


def write_leaves(run: Run, leaves: Sequence[tuple[int, Leaf]]) -> None:
    """Write leaves of events that have none."""
    for position, leaf in leaves:
        run(INSERT_LEAF, leaf_row(position, leaf))


def leaf_row(position: int, leaf: Leaf) -> tuple[int, bytes, bytes, bytes]:
    """Return the row of a leaf."""
    return position, leaf.hash, leaf.fields, leaf.sealed


def last_leaf(run: Run) -> int:
    """Return the position of the last event that has a leaf; 0 if none has."""
    return int(run("SELECT coalesce(max(position), 0) FROM log_leaves", ())[0][0])


def last_sheet(run: Run) -> Sheet | None:
    """Return the newest sheet."""
    return _sheet(run("SELECT * FROM log_sheets ORDER BY number DESC LIMIT 1", ()))


def sheet_of(run: Run, position: int) -> Sheet | None:
    """Return the sheet that holds an event; None if it is in none yet."""
    asked = "SELECT * FROM log_sheets WHERE last >= ? ORDER BY last, number LIMIT 1"
    return _sheet(run(asked, (position,)))


def sheet_at(run: Run, number: int) -> Sheet | None:
    """Return a sheet by its number."""
    return _sheet(run("SELECT * FROM log_sheets WHERE number = ?", (number,)))


def leaves_between(run: Run, after: int, until: int) -> list[bytes]:
    """Return the leaves behind a position, up to another."""
    asked = "SELECT hash FROM log_leaves WHERE position > ? AND position <= ? ORDER BY position"
    return [bytes(row[0]) for row in run(asked, (after, until))]


def leaf_at(run: Run, position: int) -> tuple[bytes, bytes] | None:
    """Return the leaf of an event, and its commitments to personal fields."""
    found = run("SELECT hash, sealed FROM log_leaves WHERE position = ?", (position,))
    return None if not found else (bytes(found[0][0]), bytes(found[0][1]))


def write_sheet(run: Run, sheet: Sheet, nodes: Sequence[tuple[int, int, bytes]]) -> None:
    """Write a sheet with the nodes of the tree that it completes."""
    run("INSERT INTO log_sheets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", sheet)
    for node in nodes:
        run("INSERT INTO log_nodes VALUES (?, ?, ?)", node)


def thin_out(run: Run, number: int) -> None:
    """Let go of what nobody needs of older sheets: edges of all but the newest, most old checkpoints.

    All of a sheet that counts is its leaf; every later checkpoint signs it again.
    """
    run("UPDATE log_sheets SET edge = ?, crown = ? WHERE number = ?", (b"", b"", number - 1))
    old = number - KEPT
    if old >= 0 and (old + 1) % KEPT:
        run("UPDATE log_sheets SET note = '' WHERE number = ?", (old,))


def forget_cosignatures(run: Run, size: int) -> None:
    """Let go of cosignatures of most old checkpoints."""
    run("DELETE FROM log_cosignatures WHERE size < ? AND size % ? <> 0", (size - KEPT, KEPT))


def node_at(run: Run, level: int, place: int) -> bytes:
    """Return the root of a complete subtree."""
    found = run("SELECT hash FROM log_nodes WHERE level = ? AND place = ?", (level, place))
    return bytes(found[0][0])


def _sheet(rows: list[tuple[Any, ...]]) -> Sheet | None:
    if not rows:
        return None
    sheet = Sheet(*rows[0])
    return sheet._replace(edge=bytes(sheet.edge), leaf=bytes(sheet.leaf), crown=bytes(sheet.crown))
