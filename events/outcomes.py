"""What is told of submissions once their transaction is durable: outcomes, and what receipts say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from events.draft import Draft, Entry
from events.event import Position, RecordedEvent
from events.group_commit import Job
from events.leaves import Leaves
from events.log import Row
from events.mapper import write_envelope
from events.ruling import Ruling
from events.salt import Salt
from events.submission import Outcome, Statement

Originals = Mapping[Position, RecordedEvent]


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one transaction ruled and wrote.

    Args:
        jobs: whose submissions were ruled on.
        rulings: of each job, one for each entry.
        drafts: what was written.
        rows: of the drafts.
        positions: of the drafts.
    """

    jobs: Sequence[Job]
    rulings: Sequence[Sequence[Ruling]]
    drafts: Sequence[Draft]
    rows: Sequence[Row]
    positions: Sequence[int]


class Outcomes:
    """Tells outcomes of one log."""

    def __init__(self, salt: Salt, leaves: Leaves) -> None:
        self._salt = salt
        self._leaves = leaves

    def digest(self, event: RecordedEvent) -> str:
        """Return the salted digest of a recorded event."""
        return self._salt.of_record(write_envelope(event.envelope))

    def telling(self, done: Transaction, originals: Originals) -> Callable[[Entry, Ruling], Outcome]:
        """Return what tells the outcome of an entry by its ruling.

        Args:
            done: the transaction.
            originals: events that some of its entries repeat, or contradict.
        """
        known = self._leaves.statements(_resent(done, originals))

        def tell(entry: Entry, ruling: Ruling) -> Outcome:
            if ruling.draft is None:
                return self._left(entry, ruling, originals, known)
            draft, row = done.drafts[ruling.draft], done.rows[ruling.draft]
            return self._recorded(ruling, draft, done.positions[ruling.draft], row)

        return tell

    def _left(
        self, entry: Entry, ruling: Ruling, originals: Originals, known: Mapping[Position, Statement]
    ) -> Outcome:
        """Return the outcome of what was not written: refused, in conflict, or recorded long ago."""
        source, event_id = entry.checked.publisher.source, entry.checked.id
        if ruling.position is None:
            return Outcome(
                ruling.status, source, event_id, problems=ruling.problems, warnings=ruling.warnings
            )
        original = originals[Position(ruling.position)]
        return Outcome(
            ruling.status,
            source,
            event_id,
            original.position,
            original.envelope["recordedtime"],
            self.digest(original),
            ruling.problems,
            ruling.warnings,
            known.get(original.position),
        )

    def _recorded(self, ruling: Ruling, draft: Draft, position: int, row: Row) -> Outcome:
        """Return the outcome of what this transaction wrote; its digest is of all that was sent."""
        envelope = draft.fact.envelope
        return Outcome(
            ruling.status,
            draft.entry.checked.publisher.source,
            draft.entry.checked.id,
            Position(position),
            envelope["recordedtime"],
            self._salt.of_record(write_envelope(envelope)),
            ruling.problems,
            ruling.warnings,
            self._leaves.statement(row, draft.entry.checked.content),
        )


def _resent(done: Transaction, originals: Originals) -> dict[Position, bytes]:
    """Return what was sent of events that were recorded long ago, where it is known to be the same."""
    return {
        Position(ruling.position): entry.checked.content
        for job, ruled in zip(done.jobs, done.rulings, strict=True)
        for entry, ruling in zip(job.entries, ruled, strict=True)
        if ruling.position is not None
        and ruling.status == "duplicate"
        and not originals[Position(ruling.position)].erased
    }
