"""Being a witness of other hubs' logs: cosign what continues what was cosigned before, and nothing else.

The protocol is C2SP's, https://c2sp.org/tlog-witness, so that any log may ask, and any witness be asked.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from events.event import Json
from events.ledger import ForeignKey, Tables
from events.ledger_tables import Run
from events.merkle import HASH_BYTES, continues
from events.notes import PLAIN, Head, NoteRefused, Signer, VerifierKey, read_head, read_note, read_vkey

MOST_STEPS = 63
MOST_BODY = 32_768


class UnknownOrigin(Exception):
    """This witness was not told to watch the log of this name."""

    def __init__(self) -> None:
        super().__init__("This hub is no witness of that log.")


class NotSigned(Exception):
    """No signature of the checkpoint is by the key that the witness was given for this log."""

    def __init__(self) -> None:
        super().__init__("The checkpoint is not signed with the key that is known for this log.")


class OutOfStep(Exception):
    """The checkpoint that was last cosigned is another than the asker says; `size` is that of the last."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The last checkpoint cosigned here has {size} leaves.")
        self.size = size


class Forked(Exception):
    """The checkpoint does not continue the one that was last cosigned: somebody was shown another history."""

    def __init__(self) -> None:
        super().__init__("This does not continue what was cosigned before: the log has forked.")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log hands in to be cosigned.

    Args:
        old: size of the tree that its proof starts from.
        proof: that the new tree continues it.
        text: of the checkpoint.
        lines: signatures of the checkpoint.
    """

    old: int
    proof: Sequence[bytes]
    text: str
    lines: Sequence[str]


def read_submission(body: str) -> Submission:
    """Return what a body of `add-checkpoint` hands in.

    Raises:
        NoteRefused: it has another form.
    """
    head, blank, note = body.partition("\n\n")
    first, *steps = head.split("\n")
    word, _, size = first.partition(" ")
    if not blank or word != "old" or not (size.isascii() and size.isdigit()) or str(int(size[:20])) != size:
        raise NoteRefused("The first line must be `old` and a size, before a blank line and a checkpoint.")
    if len(steps) > MOST_STEPS:
        raise NoteRefused(f"A proof has at most {MOST_STEPS} lines.")
    text, lines = read_note(note)
    return Submission(int(size), [_step(one) for one in steps], text, lines)


class Witness:
    """Cosigns for the logs that the operator of this hub chose. Safe to share between threads and processes."""

    def __init__(self, tables: Tables, signer: Signer | None) -> None:
        """Take where it remembers what it cosigned, and its key."""
        self._tables = tables
        self._signer = signer

    def watch(self, key: VerifierKey) -> bool:
        """Be a witness of the log with this key from now on; False if it was so before.

        Raises:
            NoteRefused: it is the key of a witness, or another key is known for this log.
        """
        if key.kind != PLAIN:
            raise NoteRefused("This is the key of a witness; give the key of a log.")
        with self._tables.unit() as unit:
            known = _known(unit.run, key.name)
            if known is not None and known[0].text != key.text:
                raise NoteRefused("Another key is known for this log.")
            values = (key.name, key.text, 0, b"", "")
            unit.run("INSERT INTO log_witnessed VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
        return known is None

    def ask(self, key: VerifierKey, address: str) -> bool:
        """Have the own checkpoints cosigned by a witness from now on; False if it was so before.

        Raises:
            NoteRefused: it is the key of a log.
        """
        if key.kind == PLAIN:
            raise NoteRefused("This is the key of a log; give the key of a witness.")
        with self._tables.unit() as unit:
            known = unit.run("SELECT address FROM log_witnesses WHERE vkey = ?", (key.text,))
            unit.run("DELETE FROM log_witnesses WHERE vkey = ?", (key.text,))
            unit.run("INSERT INTO log_witnesses VALUES (?, ?)", (key.text, address))
        return not known

    def drop(self, name: str) -> int:
        """Neither ask the witness, nor watch the log, of this name any more; return how many there were.

        A log is not forgotten: whoever is watched again goes on from where it was.
        """
        with self._tables.unit() as unit:
            asked = unit.run("SELECT vkey FROM log_witnesses", ())
            gone = [row[0] for row in asked if read_vkey(row[0]).name == name]
            for vkey in gone:
                unit.run("DELETE FROM log_witnesses WHERE vkey = ?", (vkey,))
        return len(gone)

    def asked(self) -> list[tuple[VerifierKey, str]]:
        """Return the witnesses that are asked, with their addresses."""
        with self._tables.looking() as run:
            rows = run("SELECT vkey, address FROM log_witnesses ORDER BY vkey", ())
        return [(read_vkey(row[0]), str(row[1])) for row in rows]

    def watched(self) -> list[Json]:
        """Return the logs that are watched, and how far each was cosigned."""
        with self._tables.looking() as run:
            rows = run("SELECT origin, vkey, size, note FROM log_witnessed ORDER BY origin", ())
        return [
            {"origin": origin, "key": vkey, "size": int(size), "checkpoint": note}
            for origin, vkey, size, note in rows
        ]

    def add(self, said: Submission, moment: datetime) -> str:
        """Cosign a checkpoint; what was cosigned is remembered before this returns.

        Raises:
            NoteRefused: the sizes are the wrong way round.
            UnknownOrigin: this log is not watched.
            NotSigned: the log did not sign it.
            OutOfStep: another checkpoint was cosigned last.
            Forked: it does not continue the one that was.
            ForeignKey: this hub has no key to sign with.
        """
        if self._signer is None:
            raise ForeignKey
        head = read_head(said.text)
        with self._tables.unit() as unit:
            known = _known(unit.run, head.origin)
            if known is None:
                raise UnknownOrigin
            key, size, root = known
            if not any(key.has_signed(said.text, line) for line in said.lines):
                raise NotSigned
            _check(said, head, (size, root))
            line = self._signer.cosign(said.text, int(moment.timestamp()))
            note = said.text + "\n" + "".join(one for one in said.lines if key.has_signed(said.text, one))
            values = (head.size, head.root, note, head.origin)
            unit.run("UPDATE log_witnessed SET size = ?, root = ?, note = ? WHERE origin = ?", values)
        return line


def _check(said: Submission, head: Head, before: tuple[int, bytes]) -> None:
    if said.old > head.size:
        raise NoteRefused("The old size is greater than that of the checkpoint.")
    if said.old != before[0]:
        raise OutOfStep(before[0])
    if head.size == before[0] and before[0] and head.root != before[1]:
        raise OutOfStep(before[0])
    if not continues(before, (head.size, head.root), said.proof):
        raise Forked


def _known(run: Run, origin: str) -> tuple[VerifierKey, int, bytes] | None:
    rows = run("SELECT vkey, size, root FROM log_witnessed WHERE origin = ?", (origin,))
    return None if not rows else (read_vkey(rows[0][0]), int(rows[0][1]), bytes(rows[0][2]))


def _step(line: str) -> bytes:
    try:
        step = b64decode(line, validate=True)
    except ValueError:
        step = b""
    if len(step) != HASH_BYTES:
        raise NoteRefused("A line of the proof is no hash in base64.")
    return step
