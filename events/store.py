"""The store: the only thing that appends to the log, and how everybody reads it."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PersistenceError,
)

from events.commitments import Commitments
from events.decisions.listed import deciders, gates, hearers
from events.desk import Desk
from events.draft import Entry
from events.event import Position, RecordedEvent
from events.group_commit import GroupCommit, Job
from events.hearing_again import complete_turns
from events.ids import RandomBytes, time_ordered
from events.leaves import Leaves
from events.ledger import Ledger
from events.log import Log, LogRecorder, TDecision, pages
from events.means import Means
from events.moments import stamp
from events.notes import Signer
from events.outcomes import Outcomes, Transaction
from events.partners import Partner, PartnerRights
from events.postgres import PostgresLogFactory
from events.postgres_line import Fence
from events.restoring import Settled, settle
from events.ruling import Ruling
from events.salt import Salt
from events.sealing import Sealing
from events.seals import Seals
from events.sqlite import SQLiteLogFactory
from events.submission import Checked, Outcome, StoreUnavailable
from events.travelling import Copies, RawRows, raw_rows_of
from events.vault import KeyRecord, Vault, VaultUnavailable
from events.watch import Guarded, Watch
from events.witness import Witness
from schemas.registry import Registry

_ATTEMPTS = 5
_PATIENCE_SECONDS = 15.0
"""How long whoever pushes waits for a database that fails, before it is told to send again later."""


EPOCH_BYTES = 32


class UndecidedType(Exception):
    """A contract says `decision`, but no aggregate decides it."""


class Store:
    """One log, open. Safe to share between threads; several processes may have the same log open."""

    def __init__(self, log: Log, vault: Vault, registry: Registry, random: RandomBytes) -> None:
        self._log = log
        self._vault = vault
        self._random = random
        self._recorder: LogRecorder = log.writer
        self._salt = Salt(self._recorder.salt)
        commitments = Commitments(registry, self._recorder.salt)
        self._sealing = Sealing(vault, Seals(registry), self._salt, random, commitments)
        self._leaves = Leaves(self._recorder, self._sealing, vault, commitments)
        self._outcomes = Outcomes(self._salt, self._leaves)
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

    def raw_rows(self, after: Position, limit: int) -> RawRows | None:
        """Return up to `limit` rows after a position as they are, for other hubs; None if there are none."""
        with self._watch.using() as recorder:
            return raw_rows_of(after, recorder.select_raw(after, limit))

    def epoch(self) -> bytes:
        """Return 32 bytes that no log had before under the same keys: one that was restored gets others.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._watch.using() as recorder, recorder.unit() as unit:
            found = unit.run("SELECT epoch FROM log_epoch", ())
            if not found:
                found = [(self._random(EPOCH_BYTES),)]
                unit.run("INSERT INTO log_epoch VALUES (?)", found[0])
            return bytes(found[0][0])

    def opened(self, copies: Copies) -> list[RecordedEvent]:
        """Return the events in rows that another hub on this log has read."""
        with self._watch.using():
            return self._sealing.read(copies.rows)

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
        return self._outcomes.digest(event)

    def fresh_id(self, moment: datetime) -> str:
        """Return an id that no event has yet, for what the hub itself records."""
        return str(time_ordered(moment, self._random))

    def ledger(self, signer: Signer | None = None) -> Ledger:
        """Return the Merkle log of this log; with the hub's key it can be closed and signed."""
        return Ledger(Guarded(self._watch), self._recorder.salt, self._leaves.open, signer)

    def witness(self, signer: Signer | None = None) -> Witness:
        """Return what cosigns the checkpoints of other logs, and knows who is asked to cosign those of this one."""
        return Witness(Guarded(self._watch), signer)

    def complete_leaves(self) -> int:
        """Make the leaves of events that were recorded before the log had any; return how many there were."""
        with self._watch.using():
            return self._leaves.complete()

    def damaged_leaves(self, places: Sequence[Position]) -> int:
        """Count events of which the leaf is not what they, and the commitments kept to their personal fields, make."""
        with self._watch.using():
            return self._leaves.damaged(places)

    def complete_turns(self) -> int:
        """Let decisions hear of events that were recorded before they could; return how many there were."""
        with self._watch.using() as recorder:
            return complete_turns(self._means, recorder)

    def keys(self) -> list[KeyRecord]:
        """Return what may be told of every key of the vault."""
        return self._vault.listing()

    def settle_keys(self) -> Settled:
        """Destroy again what the log says is destroyed; count what no key opens. For keys from a backup."""
        with self._watch.using() as recorder:
            return settle(self._vault, pages(recorder))

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

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call back whenever this process has written, or was told that somebody has; in whatever thread."""
        self._watch.on_commit(callback)

    def close(self) -> None:
        """Wake whoever waits, let whoever reads or writes finish, close every connection and the vault."""
        self._watch.close()
        self._log.close()
        self._vault.close()

    def _commit(self, jobs: Sequence[Job]) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        for attempt in range(_ATTEMPTS):
            try:
                self._write(jobs)
            except (OperationalError, InterfaceError, IntegrityError, VaultUnavailable):
                # It may have been stored although nobody said so: then the next attempt finds its keys.
                if time.monotonic() > until:
                    return
                time.sleep(0.02 * 2**attempt)
            else:
                self._watch.nudge()
                return

    def _write(self, jobs: Sequence[Job]) -> None:
        with self._recorder.unit() as unit:
            desk = Desk(self._means, unit)
            desk.learn([entry for job in jobs for entry in job.entries])
            rulings = [self._settle(desk, job) for job in jobs]
            rows = self._sealing.rows(desk.drafts)
            positions = unit.insert(rows)
        originals = {one.position: one for one in self._sealing.read([*desk.originals.values()])}
        tell = self._outcomes.telling(Transaction(jobs, rulings, desk.drafts, rows, positions), originals)
        for job, ruled in zip(jobs, rulings, strict=True):
            job.outcomes = [tell(entry, ruling) for entry, ruling in zip(job.entries, ruled, strict=True)]

    @staticmethod
    def _settle(desk: Desk, job: Job) -> list[Ruling]:
        if job.dry_run:
            return desk.rehearse(job.entries, atomic=job.atomic)
        return desk.settle_whole(job.entries) if job.atomic else desk.settle(job.entries)


def open_store(
    url: str,
    registry: Registry,
    vault: Vault,
    *,
    random: RandomBytes = os.urandom,
    fence: Path | None = None,
) -> Store:
    """Open the log at `sqlite:///PATH` or `postgresql://...`, making it if it is new.

    Args:
        url: of the database; `sqlite:////tmp/log.db` is an absolute path.
        registry: the contracts; each decision among them must have its aggregate.
        vault: holds the keys of personal fields; closed with the store, or here if this fails.
        random: source of random bytes.
        fence: file that remembers which PostgreSQL servers were replaced; None: known while this process lives.

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
            log = _open(_factory(url, random, Fence(fence)))
        except PersistenceError as fault:
            raise StoreUnavailable(str(fault)) from fault
        opened.pop_all()
    store = Store(log, vault, registry, random)
    try:
        store.complete_leaves()
        store.complete_turns()
    except StoreUnavailable:
        store.close()
        raise
    return store


def _open(factory: InfrastructureFactory[Any]) -> Log:
    try:
        return Log(factory)
    except PersistenceError:
        factory.close()
        raise


def _factory(url: str, random: RandomBytes, fence: Fence) -> InfrastructureFactory[Any]:
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return SQLiteLogFactory(Path(rest[1:]), random)
    if kind in {"postgresql", "postgres"}:
        return PostgresLogFactory(url, random, fence)
    raise ValueError("the store must be sqlite:///PATH or postgresql://...")
