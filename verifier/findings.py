"""What a verification found: how much was checked, what is wrong, what to know besides."""

from dataclasses import asdict, dataclass, field
from typing import Any

from verifier.notes import Head, Key, Unreadable, is_signed, read_head, read_note

MOST_SAID = 20
"""Faults that are told one by one."""


@dataclass(slots=True)
class Findings:
    """Filled in while something is verified.

    Args:
        what: what was verified.
        events: events that were checked.
        sheets: leaves of the tree that were checked.
        checkpoints: signed tree heads whose signatures hold.
        cosignatures: of witnesses, that hold.
        pending: events that no checkpoint covers yet.
        faults: each one sentence; none means that all is well.
        remarks: what is no fault.
        size: leaves of the newest tree.
        root: of that tree, in hexadecimal.
    """

    what: str
    events: int = 0
    sheets: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    pending: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    size: int = 0
    root: str = ""

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return {**asdict(self), "whole": self.is_whole}

    def lines(self) -> list[str]:
        """Return sentences for people."""
        said = [
            f"{self.what}: {self.events} events, {self.checkpoints} checkpoints, {self.cosignatures} cosignatures "
            "checked.",
            *self.remarks,
        ]
        if self.pending:
            said.append(f"{self.pending} events are so new that no checkpoint covers them yet.")
        said += self.faults[:MOST_SAID]
        if len(self.faults) > MOST_SAID:
            said.append(f"And {len(self.faults) - MOST_SAID} more.")
        said.append("Nothing was changed." if self.is_whole else "THIS DOES NOT VERIFY.")
        return said

    def take(self, note: str, key: Key | None, witnesses: list[Key]) -> Head | None:
        """Check the signatures of a checkpoint; return what it says, None if it is not to be believed."""
        try:
            text, signatures = read_note(note)
            head = read_head(text)
        except Unreadable as odd:
            self.faults.append(f"A checkpoint cannot be read: {odd}")
            return None
        if key is None or not is_signed(text, signatures, key):
            self.faults.append(
                f"The checkpoint of {head.size} leaves is not signed with the key of this log."
            )
            return None
        if head.origin != key.name:
            self.faults.append(f"The checkpoint of {head.size} leaves is of another log.")
            return None
        self.checkpoints += 1
        self.cosignatures += sum(is_signed(text, signatures, one) for one in witnesses)
        if head.size == self.size and self.root and head.root.hex() != self.root:
            self.faults.append(f"Two checkpoints of {head.size} leaves differ: the log has forked.")
        if head.size >= self.size:
            self.size, self.root = head.size, head.root.hex()
        return head
