"""What is checked of a log from a backup before any hub serves it: every row, and whether it is all there was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from events.ledger import Ledger
from events.notes import NoteRefused, VerifierKey, read_head, read_note, read_vkey
from events.restoring import evidence_in, newest_moment
from hub.backup.refusals import BackupNotProven
from hub.cosigning import Answer, submission_body, submit
from verifier.files import verify_database
from verifier.findings import MOST_SAID
from verifier.notes import Key, Unreadable, read_key

OTHER_KEY = "The log names another key than yours."
_SIZE = re.compile(r"[0-9]{1,18}\n?")


@dataclass(frozen=True, slots=True)
class Asking:
    """By what a log is checked.

    Args:
        checkpoint: text of a checkpoint that somebody kept.
        witnesses: addresses of witnesses to ask; none: those that the log itself names.
        key: `vkey` of the witnesses given, where the log does not name them.
        log_key: of the log, if its own key is at hand.
    """

    checkpoint: str | None = None
    witnesses: tuple[str, ...] = ()
    key: str | None = None
    log_key: str | None = None


@dataclass(slots=True)
class Proof:
    """What was found about a log from a backup.

    Args:
        size: leaves of its tree: one for each closing, a minute as a rule.
        until: when its last event was recorded; None of an empty one.
        faults: what was altered.
        missing: closings that somebody has seen and that it lacks.
        forked: it is not what somebody has seen.
        unheard: nobody could be asked whether this is all.
        remarks: what is no fault.
    """

    size: int
    until: str | None
    faults: list[str] = field(default_factory=list)
    missing: int = 0
    forked: bool = False
    unheard: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not (self.faults or self.missing or self.forked or self.unheard)

    @property
    def is_other(self) -> bool:
        """Tell whether this is not the log that others have seen: it cannot go on under the same name."""
        return bool(self.missing or self.forked)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it when somebody accepts the loss."""
        return {
            "closings": self.size,
            "until": self.until,
            "missing_closings": self.missing,
            "forked": self.forked,
            "altered": len(self.faults),
            "unproven": bool(self.unheard),
        }

    def refusal(self) -> BackupNotProven:
        """Return the refusal, with what is wrong and what to do."""
        said = [*self.faults[:MOST_SAID], *_more(self.faults), *self.unheard]
        if self.forked:
            said.append("It is ANOTHER HISTORY than the one that was witnessed: somebody has changed it.")
        if self.missing:
            said.append(
                f"IT IS NOT THE WHOLE LOG: it ends with closing {self.size}, its last event was recorded "
                f"{self.until or 'never'}; {self.missing} later closings were witnessed, and what was recorded in them "
                "is not here."
            )
        said.append(
            "Nothing was put back. Take a newer or another backup. If there is none, --accept-loss puts this one back, "
            "under a new key of the log, and records that; then have partners push again what they have published "
            f"since {self.until or 'the beginning'}: what is here is recognised."
        )
        return BackupNotProven("\n".join(said))


def prove(file: Path, asking: Asking) -> Proof:
    """Check a log that no hub serves yet.

    Raises:
        BackupNotProven: it cannot be read as a log at all.
    """
    try:
        key = None if asking.log_key is None else read_key(asking.log_key)
        found = verify_database(file, key, (), None)
        proof = Proof(found.size, newest_moment(file), [*found.faults], remarks=[*found.remarks])
        if OTHER_KEY in proof.faults:
            proof.faults.append(
                "keys/log.key in the new folder is not this log's: put the one from your safe there, or none."
            )
    except Unreadable as odd:
        raise BackupNotProven(f"{odd} Nothing was put back.") from odd
    if asking.checkpoint is not None:
        _compare(proof, file, asking.checkpoint, key)
    if not proof.faults:
        with evidence_in(file) as (ledger, witness):
            _ask_all(proof, ledger, witness.asked(), asking)
    return proof


def _compare(proof: Proof, file: Path, note: str, key: Key | None) -> None:
    found = verify_database(file, key, (), note)
    proof.remarks += [one for one in found.remarks if one not in proof.remarks]
    new = [one for one in found.faults if one not in proof.faults]
    try:
        size = read_head(read_note(note)[0]).size
    except NoteRefused:
        proof.faults += new
        return
    if size > proof.size:
        proof.missing = max(proof.missing, size - proof.size)
    elif new:
        proof.forked = True
        proof.faults += new


def _ask_all(proof: Proof, ledger: Ledger, known: Sequence[tuple[VerifierKey, str]], asking: Asking) -> None:
    told = [one.rstrip("/") for one in asking.witnesses]
    if not told and asking.checkpoint is None:
        told = [address for _, address in known]
    if not told:
        if asking.checkpoint is None:
            proof.remarks.append("No witness was asked: nobody can tell whether this is all that there was.")
        return
    keys = {address: key for key, address in known}
    for address in told:
        key = keys.get(address) if asking.key is None else read_vkey(asking.key)
        _ask(proof, ledger, (address, key))


def _ask(proof: Proof, ledger: Ledger, witness: tuple[str, VerifierKey | None]) -> None:
    """Offer the newest checkpoint to a witness: it answers how far it has seen the log, or cosigns."""
    address, key = witness
    note = ledger.newest()
    if note is None:
        proof.unheard.append("Nothing in this log was ever signed: no witness can know it.")
        return
    size = read_head(read_note(note)[0]).size
    try:
        answer = submit(address, submission_body(ledger, size, size, note))
        seen = int(answer.text) if answer.status_code == 409 and _SIZE.fullmatch(answer.text) else None
        if seen is not None and seen < size:
            answer = submit(address, submission_body(ledger, seen, size, note))
    except httpx.HTTPError as lost:
        proof.unheard.append(
            f"The witness at {address} cannot be asked ({type(lost).__name__}). Give a checkpoint that somebody kept "
            "(--checkpoint FILE; a partner's `hub witness list` prints the last one it has cosigned)."
        )
        return
    if seen is not None and seen > size:
        proof.missing = max(proof.missing, seen - size)
    elif answer.status_code in {409, 422}:
        proof.forked = True
    else:
        _take(proof, address, key, (note, answer))


def _take(proof: Proof, address: str, key: VerifierKey | None, said: tuple[str, Answer]) -> None:
    note, answer = said
    if answer.status_code != 200:
        proof.unheard.append(
            f"The witness at {address} does not know this log (status {answer.status_code}): it can prove nothing."
        )
        return
    text = read_note(note)[0]
    lines = [f"{line}\n" for line in answer.text.splitlines()]
    if key is None:
        proof.unheard.append(f"The key of the witness at {address} is not known: give it with --witness-key.")
    elif any(key.has_signed(text, line) for line in lines):
        proof.remarks.append(f"The witness {key.name} has seen nothing of this log that is not here.")
    else:
        proof.unheard.append(f"What the witness at {address} answered is not signed with its key.")


def _more(faults: Sequence[str]) -> list[str]:
    return [f"And {len(faults) - MOST_SAID} more."] if len(faults) > MOST_SAID else []
