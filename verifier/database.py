"""Verifies the database of a log itself, or a backup of it: every row, every leaf, every signature."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any, NamedTuple
from uuid import UUID

from verifier.findings import Findings
from verifier.notes import Key, Unreadable, is_signed, read_head, read_key, read_note
from verifier.trees import Tree, leaf_hash, sheet_root

Fetch = Callable[[str], Iterable[Sequence[Any]]]
"""Runs a query, and returns its rows."""

_KEPT = 1440
"""So many checkpoints are kept with their signatures, and before them every so many-th: each signs all before it."""

_ROWS = """SELECT l.position, e.{place}, e.originator_id, e.originator_version, e.topic, e.state, l.hash, l.fields
 FROM log_leaves l LEFT JOIN stored_events e ON e.{place} = l.position ORDER BY l.position"""
_BARE = """SELECT count(*) FROM stored_events e WHERE NOT EXISTS
 (SELECT 1 FROM log_leaves l WHERE l.position = e.{place})"""
_SHEETS = "SELECT number, last, size, leaf, note FROM log_sheets ORDER BY number"


class _Sheet(NamedTuple):
    number: int
    last: int
    size: int
    leaf: bytes
    note: str


@dataclass(slots=True)
class _Audit:
    """One reading of a database."""

    found: Findings
    secret: bytes
    key: Key | None
    witnesses: list[Key]
    heads: dict[int, bytes] = field(default_factory=dict)
    events: Tree = field(default_factory=Tree)
    sheets: Tree = field(default_factory=Tree)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    newest: int = -1

    def close(self, sheet: _Sheet, leaves: Sequence[bytes]) -> None:
        """Check a sheet against what should be in it, and its checkpoint."""
        number = sheet.number
        if number != self.sheets.size:
            self.found.faults.append(f"Sheet {self.sheets.size} of the log is missing.")
        salt = self._keyed(b"head", number)
        head = sha256(b"\x03" + salt + self.events.size.to_bytes(8) + self.events.root()).digest()
        leaf = sheet_root(leaves, self._keyed(b"sheet", number)) + head
        if leaf != bytes(sheet.leaf) or self.events.size != sheet.size:
            self.found.faults.append(
                f"Sheet {number}: what lies up to place {sheet.last} is not what was closed: events were changed,"
                " removed, added, or put into another order."
            )
        for level, place, node in self.sheets.append(leaf_hash(bytes(sheet.leaf))):
            self.nodes[level, place] = node
        self.found.sheets += 1
        is_old = self.newest - number >= _KEPT and self.sheets.size % _KEPT != 0
        self._compare(sheet, may_lack=is_old)

    def _compare(self, sheet: _Sheet, *, may_lack: bool) -> None:
        root = self.sheets.root()
        self.heads[self.sheets.size] = root
        if may_lack and not sheet.note:
            return
        try:
            text, signatures = read_note(sheet.note)
            head = read_head(text)
        except Unreadable as odd:
            self.found.faults.append(f"The checkpoint of sheet {sheet.number} cannot be read: {odd}")
            return
        if (head.size, head.root) != (self.sheets.size, root):
            self.found.faults.append(f"The checkpoint of sheet {sheet.number} was signed over another tree.")
        if self.key is None or head.origin != self.key.name or not is_signed(text, signatures, self.key):
            self.found.faults.append(
                f"The checkpoint of sheet {sheet.number} is not signed with this log's key."
            )
        else:
            self.found.checkpoints += 1

    def _keyed(self, person: bytes, number: int) -> bytes:
        return blake2b(number.to_bytes(8), digest_size=32, key=self.secret, person=person).digest()


def audit(
    what: str, fetch: Fetch, place: str, key: Key | None = None, witnesses: Sequence[Key] = ()
) -> tuple[Findings, dict[int, bytes]]:
    """Read a whole log and verify it.

    Args:
        what: for the findings.
        fetch: runs queries.
        place: column of `stored_events` that holds the position.
        key: of the log, if somebody trusted told it; else the one in the database is taken.
        witnesses: whose cosignatures count; besides these, those that the database names.

    Returns:
        What was found; and the root of every tree there ever was, by its size.
    """
    found = Findings(what)
    secret = bytes(next(iter(fetch("SELECT salt FROM log_salt")))[0])
    own = _own_key(fetch, found, key)
    known = [read_key(row[0]) for row in fetch("SELECT vkey FROM log_witnesses")]
    state = _Audit(found, secret, own, [*dict.fromkeys([*witnesses, *known])])
    state.newest = next(iter(fetch("SELECT coalesce(max(number), -1) FROM log_sheets")))[0]
    waiting: list[bytes] = []
    coming = _sheets(fetch)
    sheet = next(coming, None)
    for row in fetch(_ROWS.format(place=place)):
        while sheet is not None and row[0] > sheet.last:
            state.close(sheet, waiting)
            waiting, sheet = [], next(coming, None)
        leaf = _leaf(found, secret, row)
        waiting.append(leaf)
        state.events.append(leaf)
    while sheet is not None:
        state.close(sheet, waiting)
        waiting, sheet = [], next(coming, None)
    found.pending = len(waiting)
    _finish(state, fetch, place)
    return found, state.heads


def holds(found: Findings, heads: dict[int, bytes], note: str, key: Key | None) -> None:
    """Check that a log still continues a checkpoint that somebody kept."""
    try:
        text, signatures = read_note(note)
        head = read_head(text)
    except Unreadable as odd:
        found.faults.append(f"The checkpoint that you kept cannot be read: {odd}")
        return
    if key is not None and not is_signed(text, signatures, key):
        found.faults.append("The checkpoint that you kept is not signed with this log's key.")
    if heads.get(head.size) != head.root:
        sentence = (
            "ends before it: what came last was cut off" if head.size not in heads else "has forked since"
        )
        found.faults.append(f"You kept a checkpoint of {head.size} leaves; this log {sentence}.")
    else:
        found.remarks.append(f"It continues the checkpoint of {head.size} leaves that you kept.")


def _leaf(found: Findings, secret: bytes, row: Sequence[Any]) -> bytes:
    """Return the leaf of a row; where the row does not fit, the one that was kept, so that each fault is told once."""
    position, place, stream, version, topic, state, kept, fields = row
    if place is None:
        found.faults.append(f"The event at place {position} is missing.")
        return bytes(kept)
    found.events += 1
    # Of a damaged row it may be negative.
    identity = UUID(str(stream)).bytes + version.to_bytes(8, signed=True)
    salt = blake2b(identity, digest_size=32, key=secret, person=b"row").digest()
    name = topic.encode()
    whole = salt + identity + len(name).to_bytes(4) + name + bytes(state)
    leaf = leaf_hash(sha256(b"\x05" + whole).digest() + bytes(fields))
    if leaf != bytes(kept):
        found.faults.append(f"The event at place {position} was changed.")
    return bytes(kept)


def _own_key(fetch: Fetch, found: Findings, told: Key | None) -> Key | None:
    rows = [str(row[0]) for row in fetch("SELECT vkey FROM log_key")]
    if not rows:
        found.remarks.append("This log was never closed, so that nothing in it is signed.")
        return told
    own = read_key(rows[0])
    if told is None:
        found.remarks.append(f"You trust the database about the key of the log: {rows[0]}")
    elif told != own:
        found.faults.append("The log names another key than yours.")
    return told or own


def _sheets(fetch: Fetch) -> Iterator[_Sheet]:
    for row in fetch(_SHEETS):
        yield _Sheet(*row)


def _finish(state: _Audit, fetch: Fetch, place: str) -> None:
    found = state.found
    bare = next(iter(fetch(_BARE.format(place=place))))[0]
    if bare:
        found.faults.append(f"{bare} events have no leaf: they were put in beside the hub.")
    kept = {(row[0], row[1]): bytes(row[2]) for row in fetch("SELECT level, place, hash FROM log_nodes")}
    if kept != state.nodes:
        found.faults.append("The nodes of the tree that are kept for proofs are not those of its leaves.")
    found.size, found.root = state.sheets.size, state.sheets.root().hex()
    for size, line in fetch("SELECT size, line FROM log_cosignatures ORDER BY size"):
        _cosigned(state, int(size), str(line))
    if found.sheets and not found.cosignatures:
        found.remarks.append("No witness has cosigned it: its operator could have written it anew.")


def _cosigned(state: _Audit, size: int, line: str) -> None:
    root = state.heads.get(size)
    if root is None or state.key is None:
        state.found.faults.append(
            f"A witness has cosigned a tree of {size} leaves, which this log no longer has."
        )
        return
    text = f"{state.key.name}\n{size}\n{b64encode(root).decode()}\n"
    _, signatures = read_note(f"{text}\n{line}")
    if any(is_signed(text, signatures, one) for one in state.witnesses):
        state.found.cosignatures += 1
    elif not any(one.name == name for one in state.witnesses for name, _ in signatures):
        said = "A witness has cosigned it that is asked no more: its key is not here."
        state.found.remarks += [] if said in state.found.remarks else [said]
    else:
        state.found.faults.append(
            f"A witness has cosigned another tree of {size} leaves than this: the log has forked."
        )
