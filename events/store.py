"""The store: the only thing that appends to the log, and how everybody reads it."""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    InterfaceError,
    Notification,
    OperationalError,
    PersistenceError,
)

from events.decisions.aggregate import Decision
from events.decisions.listed import deciders
from events.desk import Desk, Entry, Ruling
from events.event import Position, RecordedEvent
from events.group_commit import GroupCommit, Job
from events.ids import RandomBytes
from events.log import Log, LogRecorder
from events.mapper import read_envelope, write_envelope
from events.moments import stamp
from events.partners import Partner, PartnerRights
from events.postgres import PostgresLogFactory
from events.salt import Salt
from events.sqlite import SQLiteLogFactory
from events.submission import Checked, Outcome, StoreUnavailable
from events.watch import Watch
from schemas.registry import Registry

_ATTEMPTS = 5


class UndecidedType(Exception):
    """A contract says `decision`, but no aggregate decides it."""


class Store:
    """One log, open. Safe to share between threads; several processes may have the same log open."""

    def __init__(self, log: Log, deciders: Mapping[str, type[Decision]], random: RandomBytes) -> None:
        self._log = log
        self._recorder: LogRecorder = log.writer
        self._salt = Salt(self._recorder.salt)
        self._deciders = deciders
        self._random = random
        self._group = GroupCommit(self._commit)
        self._watch = Watch(self._recorder)

    def append(
        self, submissions: Sequence[Checked], moment: datetime, *, atomic: bool = False, dry_run: bool = False
    ) -> list[Outcome]:
        """Record submissions in order; durable when it returns.

        Args:
            submissions: checked by intake.
            moment: becomes `recordedtime`.
            atomic: all or none.
            dry_run: say what would happen, store nothing.

        Raises:
            StoreBusy: too much is waiting.
            StoreUnavailable: the database did not confirm; sending again is safe.
        """
        recorded = stamp(moment)
        entries = [
            Entry(
                checked=one,
                envelope={**one.envelope, "recordedtime": recorded},
                key=self._salt.of_event(one.publisher.source, one.id),
                digest=self._salt.of_content(one.content),
                moment=moment,
            )
            for one in submissions
        ]
        with self._watch.using():
            return self._group.submit(Job(entries, atomic, dry_run))

    def read(self, after: Position, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events after a position, in order; 0 is before the first."""
        with self._watch.using() as recorder:
            rows = recorder.select_notifications(after, limit, inclusive_of_start=False)
        return [_event(row) for row in rows]

    def at(self, positions: Sequence[Position]) -> list[RecordedEvent]:
        """Return the events at these positions, in the order asked for; positions without are left out."""
        with self._watch.using() as recorder:
            found = {row.id: _event(row) for row in recorder.select_at(positions)}
        return [found[position] for position in positions if position in found]

    def head(self) -> Position:
        """Return the last position; 0 when the log is empty."""
        with self._watch.using() as recorder:
            return Position(recorder.max_notification_id() or 0)

    def digest(self, event: RecordedEvent) -> str:
        """Return the salted digest that the event's receipt bears."""
        return self._salt.of_record(write_envelope(event.envelope))

    def version(self) -> int:
        """Return a number that changes when something was committed, by this process or another."""
        with self._watch.using() as recorder:
            return recorder.version()

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what a partner may do now, replayed from the log."""
        with self._watch.using():
            return self._log.decision(Partner, slug).rights(slug)

    def wait(self, after: Position, timeout: float) -> bool:
        """Sleep until there is an event after a position; False after `timeout` seconds, or when closed."""
        return self._watch.wait(after, timeout)

    def close(self) -> None:
        """Wake whoever waits, let whoever reads or writes finish, close every connection."""
        self._watch.close()
        self._log.close()

    def _commit(self, jobs: Sequence[Job]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                self._write(jobs)
            except (OperationalError, InterfaceError, IntegrityError):
                # It may have been stored although nobody said so: then the next attempt finds its keys.
                time.sleep(0.02 * 2**attempt)
            else:
                self._watch.nudge()
                return

    def _write(self, jobs: Sequence[Job]) -> None:
        with self._recorder.unit() as unit:
            desk = Desk(self._log, unit, self._salt, self._deciders, self._random)
            desk.learn([entry.key for job in jobs for entry in job.entries])
            rulings = [self._settle(desk, job) for job in jobs]
            positions = unit.insert(desk.rows)
        originals = [ruling.position for ruled in rulings for ruling in ruled if ruling.position is not None]
        rows = {row.id: row.state for row in self._recorder.select_at(originals)} if originals else {}
        rows.update({position: row.stored.state for position, row in zip(positions, desk.rows, strict=True)})
        for job, ruled in zip(jobs, rulings, strict=True):
            job.outcomes = [
                self._outcome(entry, ruling, positions, rows)
                for entry, ruling in zip(job.entries, ruled, strict=True)
            ]

    @staticmethod
    def _settle(desk: Desk, job: Job) -> list[Ruling]:
        if job.dry_run:
            return desk.rehearse(job.entries, atomic=job.atomic)
        return desk.settle_whole(job.entries) if job.atomic else desk.settle(job.entries)

    def _outcome(
        self, entry: Entry, ruling: Ruling, positions: Sequence[int], rows: Mapping[int, bytes]
    ) -> Outcome:
        position = ruling.position if ruling.row is None else positions[ruling.row]
        source, event_id = entry.checked.publisher.source, entry.checked.id
        if position is None:
            return Outcome(
                ruling.status, source, event_id, problems=ruling.problems, warnings=ruling.warnings
            )
        state = rows[position]
        recorded = (
            read_envelope(state)["recordedtime"]
            if ruling.status == "duplicate"
            else entry.envelope["recordedtime"]
        )
        return Outcome(
            ruling.status,
            source,
            event_id,
            Position(position),
            recorded,
            self._salt.of_record(state),
            ruling.problems,
            ruling.warnings,
        )


def open_store(url: str, registry: Registry, *, random: RandomBytes = os.urandom) -> Store:
    """Open the log at `sqlite:///PATH` or `postgresql://...`, making it if it is new.

    Args:
        url: of the database; `sqlite:////tmp/log.db` is an absolute path.
        registry: the contracts; each decision among them must have its aggregate.
        random: source of random bytes.

    Raises:
        UndecidedType: a decision has no aggregate.
        StoreUnavailable: the database cannot be opened.
        ValueError: the address is of neither kind.
    """
    decided = deciders()
    for stem in registry.stems:
        contract = registry.contract(stem)
        if contract.kind == "decision" and contract.type not in decided:
            raise UndecidedType(contract.type)
    try:
        factory = _factory(url, random)
        return Store(_open(factory), decided, random)
    except PersistenceError as fault:
        raise StoreUnavailable(str(fault)) from fault


def _open(factory: InfrastructureFactory[Any]) -> Log:
    try:
        return Log(factory)
    except PersistenceError:
        factory.close()
        raise


def _factory(url: str, random: RandomBytes) -> InfrastructureFactory[Any]:
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return SQLiteLogFactory(Path(rest[1:]), random)
    if kind in {"postgresql", "postgres"}:
        return PostgresLogFactory(url, random)
    raise ValueError("the store must be sqlite:///PATH or postgresql://...")


def _event(row: Notification) -> RecordedEvent:
    return RecordedEvent(Position(row.id), row.topic, read_envelope(row.state))
