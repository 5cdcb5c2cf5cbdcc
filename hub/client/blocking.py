"""`Hub`: publish, follow and read from a program that waits for its answers."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, Unpack

from hub.client.aio import BATCH, PATIENCE_SECONDS, address_for, following, silent, state_of
from hub.client.asking import EVENTS, PAGE, Filters, Pages
from hub.client.course import NOW, SILENCE_SECONDS
from hub.client.desk import Desk
from hub.client.messages import FeedMessage
from hub.client.published import Published, Pushed
from hub.client.pump import Pump
from hub.client.state import State

Json = Any


class Hub:
    """A hub, as one token sees it.

    Args:
        url: its address.
        token: whose eyes and hands; empty for the public's.
        outbox: folder where events wait for their receipt; by default that of `hub push`.
        patience: seconds to go on asking while the hub does not answer; 0 asks once.
        told: is called with a sentence whenever the hub is away.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        outbox: str | Path | None = None,
        patience: float = PATIENCE_SECONDS,
        told: Callable[[str], object] = silent,
    ) -> None:
        self._desk = Desk(address_for(url, token, outbox, patience, told), time.sleep)

    def push(
        self, events: Iterable[Mapping[str, Json]], *, batch: int = BATCH, dry_run: bool = False
    ) -> Pushed:
        """Send events, and all that waits in the outbox from before.

        Each event is on disk before the first byte leaves, and stays there until the hub has answered for it: after a
        crash or a loss of network, call this again; without events it sends what waits. An event without an id gets one
        from its content, so that sending it twice is harmless. Refused events are reported and stop nothing.

        Args:
            events: CloudEvents; `specversion`, `id` and `source` are filled in where they are missing.
            batch: most events in one request.
            dry_run: ask what the hub would say; nothing is stored, nothing is kept.

        Raises:
            Unreachable: no answer in time; what has none stays in the outbox.
            Turned: the hub refuses the token or the request as a whole; the same.
        """
        return self._desk.push(events, batch, dry_run=dry_run)

    def publish(self, event: Mapping[str, Json]) -> Published:
        """Send one event by way of the outbox, and return its receipt.

        Raises:
            Refused: with every reason; the event is not kept.
            Unreachable: no answer in time; the event waits in the outbox, and goes with the next `push`.
            Turned: the hub refuses the token; the same.
        """
        return self._desk.publish(event)

    def waiting(self) -> int:
        """Return how many events wait in the outbox for their receipt."""
        return self._desk.waiting()

    def get(self, path: str, **params: Json) -> Json:
        """Return the JSON of an address.

        Args:
            path: below `/api/v1`, as in `lawyers`, unless it begins with a slash.
            params: of the query; a list is several values.

        Raises:
            Unreachable: no answer in time.
            Turned: the hub refuses it, by any status of 400 or above.
        """
        return self._desk.get(path, params)

    def events(
        self, after: str | None = None, *, page: int = PAGE, **filters: Unpack[Filters]
    ) -> Iterator[Json]:
        """Yield the events that the token may see, in the order in which they were recorded; errors as for `get`."""
        pages = Pages(filters, after, page)
        while not pages.is_done:
            yield from self._desk.page(EVENTS, pages)

    def follow(
        self,
        after: str = NOW,
        *,
        state: State | str | Path | None = None,
        give_up_after: float | None = None,
        silence: float = SILENCE_SECONDS,
        **filters: Unpack[Filters],
    ) -> Generator[FeedMessage, None, None]:
        """Yield the messages of the feed, without end.

        When the connection breaks it is opened again where it broke off: no message is missed, none comes twice.
        With `state`, the cursor of a message is kept when you ask for the next one, so after a crash the message that
        you were at comes again. To have each exactly once, keep the cursor together with what you made of the message.

        Args:
            after: `begin`, `now` or a cursor; a cursor in `state` comes first.
            state: where to keep the cursor: a file, or anything with `read` and `write`.
            give_up_after: seconds to wait for the first connection; None waits for ever.
            silence: seconds without a byte after which a connection is taken for dead.
            filters: which messages.

        Raises:
            Unreachable: the hub was not reached once before we gave up.
            Turned: the hub refuses the token, the cursor or a filter, or has revoked the token.
        """
        kept = state_of(state)
        start = (kept and kept.read()) or after
        address = self._desk.address
        pump = Pump(following(address, start, filters, give_up_after=give_up_after, silence=silence))
        try:
            for message in pump.messages():
                yield message
                if kept is not None:
                    kept.write(message.cursor)
        finally:
            pump.close()

    def close(self) -> None:
        """Close the connections."""
        self._desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
