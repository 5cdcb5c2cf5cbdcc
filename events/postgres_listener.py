"""Hears from PostgreSQL that somebody has written to the log."""

from collections.abc import Callable
from threading import Event, Lock, Thread

from eventsourcing.persistence import ApplicationRecorder, PersistenceError, Subscription

_RETRY_SECONDS = 0.5
"""Pause before listening again after the connection broke."""


class Listener:
    """Calls back whenever somebody, in this process or another, has written; survives a lost connection.

    Between the library's first pull and its LISTEN an event can slip through until the next NOTIFY: whoever
    waits must poll as well.
    """

    def __init__(self, recorder: ApplicationRecorder, nudge: Callable[[], None]) -> None:
        self._recorder = recorder
        self._nudge = nudge
        self._stopping = Event()
        self._lock = Lock()
        self._subscription: Subscription[ApplicationRecorder] | None = None
        self._thread = Thread(target=self._run, name="log-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._stopping.set()
            if self._subscription is not None:
                self._subscription.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except PersistenceError:
                self._stopping.wait(_RETRY_SECONDS)
            self._nudge()

    def _listen(self) -> None:
        with self._recorder.subscribe(gt=self._recorder.max_notification_id()) as subscription:
            with self._lock:
                self._subscription = subscription
                if self._stopping.is_set():
                    subscription.stop()
            for _ in subscription:
                self._nudge()
