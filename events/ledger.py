"""The ledger: the Merkle log over all events, as far as it is closed, signed and cosigned.

An event's leaf is written with the event. From time to time a sheet is closed over all leaves that came since: a leaf
of the tree whose checkpoints everybody may see. How many there are says how often the hub closed one, and no more.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b, sha256
from typing import Any, Protocol

from events.commitments import Opening, text
from events.event import Json, Position
from events.ledger_tables import (
    Run,
    Sheet,
    forget_cosignatures,
    last_sheet,
    leaf_at,
    leaves_between,
    node_at,
    sheet_at,
    sheet_of,
    thin_out,
    write_sheet,
)
from events.merkle import Frontier, consistency, inclusion, leaf_hash, root_of
from events.moments import read_moment, stamp
from events.notes import Head, Signer, VerifierKey, checkpoint_text, read_head, read_note, read_vkey
from events.sheets import SheetTree, head_commitment
from events.submission import Statement

PATIENCE = 3
"""Checkpoints that may be newer than the one that is shown, while witnesses are asked."""

MOST_SIGNED = 16
"""Cosignatures that a checkpoint shows."""


class ForeignKey(Exception):
    """The log is signed with another key than this hub has: it can show what is there, and sign nothing."""

    def __init__(self) -> None:
        super().__init__(
            "This log is signed with another key: keys/log.key is not the one that it began with."
        )


class UnknownSize(Exception):
    """There is, or was, no tree of this size."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The tree has {size} leaves now; ask for sizes up to that, the smaller one first.")
        self.size = size


class Unit(Protocol):
    """A transaction that no other writer can come between."""

    def run(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement."""
        ...


class Tables(Protocol):
    """Where the ledger is."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Open a transaction that writes."""
        ...

    def looking(self) -> AbstractContextManager[Run]:
        """Open one that reads."""
        ...


Opener = Callable[[Sequence[tuple[Position, Mapping[str, Json]]]], list[Opening | None]]
"""Opens commitments of events: by position, what somebody is shown of each."""


class Ledger:
    """The Merkle log, open. Safe to share between threads and processes."""

    def __init__(self, tables: Tables, secret: bytes, opener: Opener, signer: Signer | None) -> None:
        """Take what the log is kept in, its secret, and the key of the hub, without which it closes nothing."""
        self._tables = tables
        self._secret = secret
        self._opener = opener
        self._signer = signer

    @property
    def signer(self) -> Signer | None:
        """The key of the hub, if it is the one that this log is signed with."""
        if self._signer is None:
            return None
        with self._tables.looking() as run:
            found = run("SELECT vkey FROM log_key", ())
        return self._signer if not found or found[0][0] == self._signer.key.text else None

    def key(self) -> str | None:
        """Return the public key of the log as a `vkey`; None before anything is signed."""
        with self._tables.looking() as run:
            found = run("SELECT vkey FROM log_key", ())
        return None if not found else str(found[0][0])

    def close_due(self, now: datetime, every: timedelta) -> bool:
        """Close a sheet if the last one was closed so long ago; of several hubs one does.

        Raises:
            ForeignKey: the log is signed with another key.
        """
        with self._tables.looking() as run:
            if not _is_due(last_sheet(run), now, every):
                return False
        with self._tables.unit() as unit:
            before = last_sheet(unit.run)
            if not _is_due(before, now, every):
                return False
            self._close(unit.run, before, now)
        return True

    def _close(self, run: Run, before: Sheet | None, now: datetime) -> None:
        signer = self._own(run)
        number, last, size = (0, 0, 0) if before is None else (before.number + 1, before.last, before.size)
        upto = int(run("SELECT coalesce(max(position), 0) FROM log_leaves", ())[0][0])
        leaves = leaves_between(run, last, upto)
        edge, crown = _edges(before, size)
        for leaf in leaves:
            edge.append(leaf)
        said = self._tree(number, leaves).root + head_commitment(self._salt(number), edge.size, edge.root())
        nodes = crown.append(leaf_hash(said))
        note = signer.sign(checkpoint_text(Head(signer.origin, crown.size, crown.root())))
        kept = edge.written(), said, crown.written()
        write_sheet(run, Sheet(number, max(upto, last), edge.size, *kept, stamp(now), note), nodes)
        thin_out(run, number)

    def newest(self) -> str | None:
        """Return the newest checkpoint, as it goes to witnesses; None before the first."""
        with self._tables.looking() as run:
            return _checkpoint(run, last_sheet(run))

    def checkpoint(self) -> str | None:
        """Return the checkpoint that is shown, with its cosignatures: the newest, unless one just before has more."""
        with self._tables.looking() as run:
            return _checkpoint(run, _shown(run))

    def consistency(self, old: int, new: int) -> list[str]:
        """Return the proof that the tree of one size continues that of another.

        Raises:
            UnknownSize: there is none of these sizes, or they are the wrong way round.
        """
        with self._tables.looking() as run:
            sheet = last_sheet(run)
            size = 0 if sheet is None else sheet.number + 1
            if not 0 <= old <= new <= size:
                raise UnknownSize(size)
            return [text(one) for one in consistency(old, new, partial(node_at, run))]

    def proofs(self, shown: Sequence[tuple[Position, Mapping[str, Json]]]) -> tuple[str | None, list[Json]]:
        """Return, for events as somebody is shown them, what proves that each is in the log as it is shown.

        Before them comes the checkpoint to which the proofs lead. `inclusion` is null where it does not cover an event.
        """
        openings = self._opener(shown)
        with self._tables.looking() as run:
            sheet = _shown(run)
            size = 0 if sheet is None else sheet.number + 1
            held: dict[int, tuple[Sheet, SheetTree]] = {}
            return _checkpoint(run, sheet), [
                self._proof(run, place, opening, (held, size))
                for (place, _), opening in zip(shown, openings, strict=True)
                if opening is not None
            ]

    def _proof(
        self, run: Run, shown: int, opening: Opening, known: tuple[dict[int, tuple[Sheet, SheetTree]], int]
    ) -> Json:
        held, size = known
        sheet = sheet_of(run, shown)
        if sheet is None or sheet.number >= size:
            return {**opening.as_json(), "inclusion": None}
        if sheet.number not in held:
            # Pages go through the log in order: one sheet at a time is enough.
            held.clear()
            before = run("SELECT last FROM log_sheets WHERE number = ?", (sheet.number - 1,))
            leaves = leaves_between(run, before[0][0] if before else 0, sheet.last)
            held[sheet.number] = (sheet, self._tree(sheet.number, leaves))
        tree = held[sheet.number][1]
        stored = leaf_at(run, shown)
        path = None if stored is None else tree.path(stored[0])
        if path is None:
            return {**opening.as_json(), "inclusion": None}
        way = [text(one) for one in inclusion(sheet.number, size, partial(node_at, run))]
        within = {
            "place": f"{path.place:06x}",  # always as long: not even the length of an answer tells
            "path": [text(one) for one in path.steps],
            "beside": text(sheet.leaf[32:]),
        }
        return {**opening.as_json(), "inclusion": {"sheet": within, "index": sheet.number, "path": way}}

    def receipt(self, statements: Sequence[tuple[Statement, str]]) -> str | None:
        """Return a signed note that the log holds these events, in this order; None if this hub signs nothing."""
        signer = self.signer
        if signer is None or not statements:
            return None
        root = root_of([leaf_hash(one.leaf + one.sent + recorded.encode()) for one, recorded in statements])
        said = f"{signer.origin} receipt\n{len(statements)}\n{b64encode(root).decode()}\n"
        return signer.sign(said)

    def cosigned(self, key: VerifierKey) -> int:
        """Return the size of the last checkpoint that a witness is known to have cosigned; 0 if it has none."""
        asked = "SELECT coalesce(max(size), 0) FROM log_cosignatures WHERE line LIKE ?"
        with self._tables.looking() as run:
            return int(run(asked, (f"% {key.name} %",))[0][0])

    def take_cosignatures(self, note: str, lines: Sequence[str]) -> int:
        """Keep the valid lines by which witnesses that this hub asks cosigned a checkpoint; return how many."""
        said, _ = read_note(note)
        size = read_head(said).size
        with self._tables.unit() as unit:
            keys = _witness_keys(unit.run)
            valid = [line for line in lines if any(key.has_signed(said, line) for key in keys)]
            for line in valid:
                unit.run("INSERT INTO log_cosignatures VALUES (?, ?) ON CONFLICT DO NOTHING", (size, line))
            forget_cosignatures(unit.run, size)
        return len(valid)

    def _own(self, run: Run) -> Signer:
        if self._signer is None:
            raise ForeignKey
        found = run("SELECT vkey FROM log_key", ())
        if not found:
            run("INSERT INTO log_key VALUES (?)", (self._signer.key.text,))
        elif found[0][0] != self._signer.key.text:
            raise ForeignKey
        return self._signer

    def _tree(self, number: int, leaves: Sequence[bytes]) -> SheetTree:
        return SheetTree(leaves, self._keyed(b"sheet", number))

    def _salt(self, number: int) -> bytes:
        return self._keyed(b"head", number)

    def _keyed(self, person: bytes, number: int) -> bytes:
        return blake2b(number.to_bytes(8), digest_size=32, key=self._secret, person=person).digest()


def sent_digest(nonce: bytes, content: bytes) -> bytes:
    """Return the hash of what was sent, as a receipt signs it."""
    return sha256(nonce + content).digest()


def _is_due(sheet: Sheet | None, now: datetime, every: timedelta) -> bool:
    closed = None if sheet is None else read_moment(sheet.closed)
    return closed is None or not closed <= now < closed + every


def _edges(before: Sheet | None, size: int) -> tuple[Frontier, Frontier]:
    if before is None:
        return Frontier(), Frontier()
    return Frontier(size, before.edge), Frontier(before.number + 1, before.crown)


def _shown(run: Run) -> Sheet | None:
    """Return the sheet whose checkpoint is shown: witnesses need a moment for the newest."""
    newest = last_sheet(run)
    if newest is None:
        return None
    asked = "SELECT max(size) FROM log_cosignatures WHERE size > ?"
    [(size,)] = run(asked, (newest.number + 1 - PATIENCE,))
    return newest if size is None else sheet_at(run, int(size) - 1) or newest


def _checkpoint(run: Run, sheet: Sheet | None) -> str | None:
    if sheet is None:
        return None
    asked = "SELECT line FROM log_cosignatures WHERE size = ? ORDER BY line LIMIT ?"
    return sheet.note + "".join(row[0] for row in run(asked, (sheet.number + 1, MOST_SIGNED)))


def _witness_keys(run: Run) -> list[VerifierKey]:
    return [read_vkey(row[0]) for row in run("SELECT vkey FROM log_witnesses", ())]
