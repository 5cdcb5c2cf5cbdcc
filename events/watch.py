"""The watch over an open log: wakes whoever waits for events, and closes only when nobody is inside."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event

from eventsourcing.persistence import PersistenceError

from events.event import Position
from events.ledger_tables import Run
from events.log import LogRecorder, Unit
from events.postgres import PostgresLogRecorder
from events.postgres_listener import Listener
from events.submission import StoreUnavailable

POLL_SECONDS = 0.005
"""How often a waiting reader looks for commits of other processes on SQLite; a look costs microseconds."""

LISTENING_POLL_SECONDS = 0.5
"""The same where notifications arrive, for those that slip through."""


class Watch:
    """Counts who uses the log and tells them about commits."""

    def __init__(self, recorder: LogRecorder) -> None:
        self._recorder = recorder
        self._changed = Condition()
        self._commits = 0
        self._users = 0
        self._closing = Event()
        self._listener: Listener | None = None
        self._callbacks: list[Callable[[], None]] = []

    @contextmanager
    def using(self) -> Iterator[LogRecorder]:
        """Keep the log open meanwhile.

        Raises:
            StoreUnavailable: it is closed, or its database does not answer.
        """
        with self._changed:
            if self._closing.is_set():
                raise StoreUnavailable
            self._users += 1
        try:
            with _told():
                yield self._recorder
        finally:
            with self._changed:
                self._users -= 1
                if self._closing.is_set():
                    self._changed.notify_all()

    def nudge(self) -> None:
        """Wake whoever waits, to look again."""
        with self._changed:
            self._commits += 1
            self._changed.notify_all()
        for callback in self._callbacks:
            callback()

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call back whenever somebody is woken."""
        self._callbacks.append(callback)

    def wait(self, after: Position, timeout: float) -> bool:
        """Sleep until there is an event after a position; False after `timeout` seconds, or when closed."""
        deadline = time.monotonic() + timeout
        try:
            with self.using() as recorder:
                return self._wait(recorder, after, deadline, listens=self._listens())
        except StoreUnavailable:
            return False

    def close(self) -> None:
        """Wake whoever waits, let whoever reads or writes finish, and let nobody in any more."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._users == 0)
        if self._listener is not None:
            self._listener.close()

    def _wait(self, recorder: LogRecorder, after: Position, deadline: float, *, listens: bool) -> bool:
        poll = LISTENING_POLL_SECONDS if listens else POLL_SECONDS
        looked_at: int | None = None
        while not self._closing.is_set():
            seen = self._commits
            version = None if listens else recorder.version()
            if version is None or version != looked_at:
                looked_at = version
                if (recorder.max_notification_id() or 0) > after:
                    return True
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            with self._changed:
                if self._commits == seen and not self._closing.is_set():
                    self._changed.wait(min(poll, remaining))
        return False

    def _listens(self) -> bool:
        with self._changed:
            if self._listener is None and isinstance(self._recorder, PostgresLogRecorder):
                self._listener = Listener(self._recorder, self.nudge)
            return self._listener is not None


class Guarded:
    """The tables of the ledger, as long as the log is open."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Open a transaction that no other writer can come between.

        Raises:
            StoreUnavailable: the log is closed, or its database does not answer.
        """
        with self._watch.using() as recorder, recorder.unit() as unit:
            yield unit

    @contextmanager
    def looking(self) -> Iterator[Run]:
        """Open a transaction that only reads.

        Raises:
            StoreUnavailable: as for `unit`.
        """
        with self._watch.using() as recorder, recorder.looking() as run:
            yield run


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PersistenceError as fault:
        raise StoreUnavailable from fault
