"""Who listens to PostgreSQL stops also while the library is still connecting."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from events.postgres_listener import Listener


class Connecting:
    """Of the library: a recorder that takes its time to subscribe, and the subscription, of which nothing comes."""

    def __init__(self) -> None:
        self.asked, self.may_go_on, self.stopped = Event(), Event(), Event()

    def max_notification_id(self) -> int:
        return 0

    @contextmanager
    def subscribe(self, gt: int) -> Iterator[Any]:
        assert gt == 0
        self.asked.set()
        assert self.may_go_on.wait(10)
        yield self

    def stop(self) -> None:
        self.stopped.set()

    def __iter__(self) -> Iterator[Any]:
        assert self.stopped.is_set(), "it would wait for ever"
        return iter(())


def test_a_listener_that_is_closed_while_it_connects_stops_what_it_gets() -> None:
    library: Any = Connecting()
    listener = Listener(library, lambda: None)
    assert library.asked.wait(10)
    closing = Thread(target=listener.close)
    closing.start()
    assert listener._stopping.wait(10)
    library.may_go_on.set()
    closing.join(10)
    assert not closing.is_alive()
    assert library.stopped.is_set()
