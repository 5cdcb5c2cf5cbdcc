"""Leaves of events that are in the log already: made for those that have none, opened for whoever sees an event."""

from collections.abc import Iterator, Mapping, Sequence

from eventsourcing.persistence import Notification

from events.commitments import Commitments, Leaf, Opening, as_lies
from events.event import Json, Position, RecordedEvent
from events.ledger import sent_digest
from events.ledger_tables import last_leaf, leaf_at, write_leaves
from events.log import LogRecorder, Row
from events.sealing import Sealing
from events.submission import Statement
from events.vault import Key, Vault

PAGE = 500


class Leaves:
    """Reads events for the ledger: the only part of it that opens personal fields."""

    def __init__(self, recorder: LogRecorder, sealing: Sealing, vault: Vault, made: Commitments) -> None:
        self._recorder = recorder
        self._sealing = sealing
        self._vault = vault
        self._made = made

    def complete(self) -> int:
        """Make leaves of events that were recorded before the log had any; return how many.

        What is erased by then is committed to as if it had never been there.
        """
        made = 0
        head = self._recorder.max_notification_id() or 0
        while self._last() < head:
            with self._recorder.unit() as unit:
                # Behind the lock of all writers: another process may be at it too.
                rows = self._recorder.select_notifications(
                    last_leaf(unit.run), PAGE, inclusive_of_start=False
                )
                write_leaves(unit.run, [*self._leaves(rows)])
                made += len(rows)
        return made

    def open(self, shown: Sequence[tuple[Position, Mapping[str, Json]]]) -> list[Opening | None]:
        """Return what opens the commitments of events to what somebody is shown of each, in the same order."""
        found = {row.id: row for row in self._recorder.select_at([place for place, _ in shown])}
        with self._recorder.looking() as run:
            kept = {place: leaf_at(run, place) for place in found}
        secrets = {row.id: (event, keys) for row, event, keys in self._with_secrets([*found.values()])}
        return [
            None
            if (stored := kept.get(place)) is None
            else self._made.open(
                as_lies(found[place]), (secrets[place][0].envelope, secrets[place][1], stored[1]), seen
            )
            for place, seen in shown
        ]

    def damaged(self, places: Sequence[Position]) -> int:
        """Count leaves that their event, with the commitments kept to its personal fields, does not make."""
        rows = self._recorder.select_at(places)
        with self._recorder.looking() as run:
            kept = {row.id: leaf_at(run, row.id) for row in rows}
        return sum(
            stored is not None
            and self._made.leaf(as_lies(row), event.envelope, secrets, stored[1]).hash != stored[0]
            for row, event, secrets in self._with_secrets(rows)
            for stored in (kept[row.id],)
        )

    def statement(self, row: Row, sent: bytes) -> Statement | None:
        """Return what a receipt says of an event that was just written."""
        if row.leaf is None:
            return None
        nonce = self._made.nonce(as_lies(row.stored)[0])
        return Statement(row.leaf.hash, sent_digest(nonce, sent), nonce)

    def statements(self, told: Mapping[Position, bytes]) -> dict[Position, Statement]:
        """Return what receipts say of recorded events; of each, what was sent."""
        found: dict[Position, Statement] = {}
        if not told:
            return found
        rows = self._recorder.select_at([*told])
        with self._recorder.looking() as run:
            for row in rows:
                place, leaf = Position(row.id), leaf_at(run, row.id)
                nonce = self._made.nonce(as_lies(row)[0])
                if leaf is not None:
                    found[place] = Statement(leaf[0], sent_digest(nonce, told[place]), nonce)
        return found

    def _last(self) -> int:
        with self._recorder.looking() as run:
            return last_leaf(run)

    def _leaves(self, rows: Sequence[Notification]) -> Iterator[tuple[int, Leaf]]:
        for row, event, secrets in self._with_secrets(rows):
            yield row.id, self._made.leaf(as_lies(row), event.envelope, secrets)

    def _with_secrets(
        self, rows: Sequence[Notification]
    ) -> Iterator[tuple[Notification, RecordedEvent, dict[str, bytes | None]]]:
        events = self._sealing.read(rows)
        kids = {kid for event in events for kid in event.kids.values()}
        keys = self._vault.open_all(kids) if kids else {}
        for row, event in zip(rows, events, strict=True):
            found = {at: keys.get(kid) for at, kid in event.kids.items()}
            yield row, event, {at: key.secret if isinstance(key, Key) else None for at, key in found.items()}
