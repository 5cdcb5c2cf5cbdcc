"""The store: the only thing that appends to the log, and how everybody reads it."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
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

from events.decisions.listed import deciders, gates, hearers
from events.desk import Desk, Means
from events.draft import Draft, Entry
from events.event import Position, RecordedEvent
from events.group_commit import GroupCommit, Job
from events.ids import RandomBytes, time_ordered
from events.log import Log, LogRecorder, TDecision
from events.mapper import write_envelope
from events.moments import stamp
from events.partners import Partner, PartnerRights
from events.postgres import PostgresLogFactory
from events.restoring import Settled, settle
from events.ruling import Ruling
from events.salt import Salt
from events.sealing import Sealing
from events.seals import Seals
from events.sqlite import SQLiteLogFactory
from events.submission import Checked, Outcome, StoreUnavailable
from events.vault import KeyRecord, Vault, VaultUnavailable
from events.watch import Watch
from schemas.registry import Registry

_ATTEMPTS = 5
_PAGE = 1_000


class UndecidedType(Exception):
    """A contract says `decision`, but no aggregate decides it."""


class Store:
    """One log, open. Safe to share between threads; several processes may have the same log open."""

    def __init__(self, log: Log, vault: Vault, seals: Seals, random: RandomBytes) -> None:
        self._log = log
        self._vault = vault
        self._random = random
        self._recorder: LogRecorder = log.writer
        self._salt = Salt(self._recorder.salt)
        self._sealing = Sealing(vault, seals, self._salt, random)
        self._means = Means(log, self._salt, self._sealing, deciders(), random, gates(), hearers())
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
                fields=self._sealing.fields(one.stem, one.envelope),
            )
            for one in submissions
        ]
        with self._watch.using():
            return self._group.submit(Job(entries, atomic, dry_run))

    def read(self, after: Position, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events after a position, in order; 0 is before the first."""
        with self._watch.using() as recorder:
            rows = recorder.select_notifications(after, limit, inclusive_of_start=False)
            return self._sealing.read(rows)

    def at(self, positions: Sequence[Position]) -> list[RecordedEvent]:
        """Return the events at these positions, in the order asked for; positions without are left out."""
        with self._watch.using() as recorder:
            found = {event.position: event for event in self._sealing.read(recorder.select_at(positions))}
        return [found[position] for position in positions if position in found]

    def head(self) -> Position:
        """Return the last position; 0 when the log is empty."""
        with self._watch.using() as recorder:
            return Position(recorder.max_notification_id() or 0)

    def digest(self, event: RecordedEvent) -> str:
        """Return the salted digest that the event's receipt bears; another one once fields were erased."""
        return self._salt.of_record(write_envelope(event.envelope))

    def fresh_id(self, moment: datetime) -> str:
        """Return an id that no event has yet, for what the hub itself records."""
        return str(time_ordered(moment, self._random))

    def keys(self) -> list[KeyRecord]:
        """Return what may be told of every key of the vault."""
        return self._vault.listing()

    def backup_keys(self, path: Path) -> None:
        """Copy the vault into a new file."""
        self._vault.backup(path)

    def settle_keys(self) -> Settled:
        """Destroy again what the log says is destroyed; count what no key opens. For keys from a backup."""
        with self._watch.using() as recorder:
            return settle(self._vault, _pages(recorder))

    def secret_name(self, text: str) -> str:
        """Return a name for a text, always the same for this log; nobody can tell the text from it, or guess."""
        return self._salt.of_claim(text).hex()

    def version(self) -> int:
        """Return a number that changes when something was committed, by this process or another."""
        with self._watch.using() as recorder:
            return recorder.version()

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what a partner may do now, replayed from the log."""
        with self._watch.using():
            return self._log.decision(Partner, slug).rights(slug)

    def decided(self, kind: type[TDecision], key: str) -> TDecision:
        """Return what was decided under a key, replayed from the log; blank when nothing was."""
        with self._watch.using():
            return self._log.decision(kind, key)

    def wait(self, after: Position, timeout: float) -> bool:
        """Sleep until there is an event after a position; False after `timeout` seconds, or when closed."""
        return self._watch.wait(after, timeout)

    def close(self) -> None:
        """Wake whoever waits, let whoever reads or writes finish, close every connection and the vault."""
        self._watch.close()
        self._log.close()
        self._vault.close()

    def _commit(self, jobs: Sequence[Job]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                self._write(jobs)
            except (OperationalError, InterfaceError, IntegrityError, VaultUnavailable):
                # It may have been stored although nobody said so: then the next attempt finds its keys.
                time.sleep(0.02 * 2**attempt)
            else:
                self._watch.nudge()
                return

    def _write(self, jobs: Sequence[Job]) -> None:
        with self._recorder.unit() as unit:
            desk = Desk(self._means, unit)
            desk.learn([entry for job in jobs for entry in job.entries])
            rulings = [self._settle(desk, job) for job in jobs]
            positions = unit.insert(self._sealing.rows(desk.drafts))
        originals = {one.position: one for one in self._sealing.read([*desk.originals.values()])}
        for job, ruled in zip(jobs, rulings, strict=True):
            job.outcomes = [
                self._outcome(entry, ruling, originals)
                if ruling.draft is None
                else self._recorded(ruling, desk.drafts[ruling.draft], positions[ruling.draft])
                for entry, ruling in zip(job.entries, ruled, strict=True)
            ]

    @staticmethod
    def _settle(desk: Desk, job: Job) -> list[Ruling]:
        if job.dry_run:
            return desk.rehearse(job.entries, atomic=job.atomic)
        return desk.settle_whole(job.entries) if job.atomic else desk.settle(job.entries)

    def _outcome(self, entry: Entry, ruling: Ruling, originals: Mapping[Position, RecordedEvent]) -> Outcome:
        """Return the outcome of what was not written: refused, in conflict, or recorded long ago."""
        source, event_id = entry.checked.publisher.source, entry.checked.id
        original = None if ruling.position is None else originals[Position(ruling.position)]
        return Outcome(
            ruling.status,
            source,
            event_id,
            None if original is None else original.position,
            None if original is None else original.envelope["recordedtime"],
            None if original is None else self.digest(original),
            ruling.problems,
            ruling.warnings,
        )

    def _recorded(self, ruling: Ruling, draft: Draft, position: int) -> Outcome:
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
        )


def open_store(url: str, registry: Registry, vault: Vault, *, random: RandomBytes = os.urandom) -> Store:
    """Open the log at `sqlite:///PATH` or `postgresql://...`, making it if it is new.

    Args:
        url: of the database; `sqlite:////tmp/log.db` is an absolute path.
        registry: the contracts; each decision among them must have its aggregate.
        vault: holds the keys of personal fields; closed with the store, or here if this fails.
        random: source of random bytes.

    Raises:
        UndecidedType: a decision has no aggregate.
        StoreUnavailable: the database cannot be opened.
        ValueError: the address is of neither kind.
    """
    with ExitStack() as opened:
        opened.callback(vault.close)
        decided = deciders()
        for stem in registry.stems:
            contract = registry.contract(stem)
            if contract.kind == "decision" and contract.type not in decided:
                raise UndecidedType(contract.type)
        try:
            log = _open(_factory(url, random))
        except PersistenceError as fault:
            raise StoreUnavailable(str(fault)) from fault
        opened.pop_all()
    return Store(log, vault, Seals(registry), random)


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


def _pages(recorder: LogRecorder) -> Iterator[Sequence[Notification]]:
    after = 0
    while page := recorder.select_notifications(after, _PAGE, inclusive_of_start=False):
        yield page
        after = page[-1].id
