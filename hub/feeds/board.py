"""Who listens to what, and stands where: all listeners, in groups or catching up. Pure, like the protocol."""

from collections.abc import Iterator

from events.audience import Reader
from events.event import Position
from hub.feeds.frames import Place
from hub.feeds.patience import Patience
from hub.feeds.protocol import MOST_TOGETHER, ByeReason, FeedBatch, Group, Listener
from projections.event_query import EventQuery

Key = tuple[Reader, EventQuery]
"""A class of readers and a question: who shares it is told the same."""


class Channel:
    """The listeners who share a class and a question; it lives as long as it has members."""

    __slots__ = ("groups", "idle", "key", "members", "waiting")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.members = 0
        self.groups: list[Group] = []
        self.waiting: dict[Place, list[Listener]] = {}
        self.idle: set[Listener] = set()


class Board:
    """Seats listeners, gives them their pages, and lets go of those who take nothing.

    Args:
        patience: how long a listener may take nothing.
        beat_seconds: of silence, after which a listener hears that the hub is there.
    """

    def __init__(self, patience: Patience, beat_seconds: float) -> None:
        self._patience = patience
        self._beat_seconds = beat_seconds
        self._channels: dict[Key, Channel] = {}
        self._of: dict[Listener, Channel] = {}
        self._paused: dict[Listener, float] = {}
        self._spoken: dict[Listener, float] = {}

    def __len__(self) -> int:
        return len(self._of)

    def __iter__(self) -> Iterator[Listener]:
        return iter(list(self._of))

    def key(self, listener: Listener) -> Key:
        """Return the class and the question of a listener that is here."""
        return self._of[listener].key

    def enter(self, listener: Listener, reader: Reader) -> None:
        """Seat somebody who has just come.

        Args:
            listener: that one.
            reader: the class of readers it belongs to.
        """
        key = (reader, listener.query)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(key)
        channel.members += 1
        self._of[listener] = channel
        self._want(listener)

    def left(self, listener: Listener) -> None:
        """Forget somebody who is not there any more."""
        channel = self._of.pop(listener, None)
        if channel is None:
            return
        if listener.group is not None:
            listener.group.part(listener)
        listener.state = "gone"
        self._paused.pop(listener, None)
        self._spoken.pop(listener, None)
        channel.idle.discard(listener)
        channel.members -= 1
        if channel.members:
            self._tidy(channel)
        else:
            del self._channels[channel.key]

    def wanted(self) -> list[tuple[Key, Place]]:
        """Return the pages that somebody who catches up waits for."""
        return [(key, place) for key, one in self._channels.items() for place in one.waiting]

    def serve(self, key: Key, place: Place, batch: FeedBatch, most: int, now: float) -> bool:
        """Give a page to up to `most` of those who wait for it; tell whether others still do."""
        channel = self._channels.get(key)
        waiting = channel.waiting.get(place) if channel is not None else None
        if channel is None or waiting is None:
            return False
        chosen = waiting[-most:]
        del waiting[-most:]
        if not waiting:
            del channel.waiting[place]
        for listener in chosen:
            if listener.state == "reading":
                listener.offer(batch)
                self.push(listener, now)
        self._tidy(channel)
        return bool(waiting)

    def behind(self, end: Position) -> list[tuple[Key, Place]]:
        """Return where groups stand that are not told all that the views have; who is in none waits for a page."""
        found: dict[tuple[Key, Place], None] = {}
        for key, channel in self._channels.items():
            for group in channel.groups:
                if group.place.position < end or group.place.part:
                    found[key, group.place] = None
            for listener in [one for one in channel.idle if one.place.position < end]:
                channel.idle.discard(listener)
                listener.state = "reading"
                channel.waiting.setdefault(listener.place, []).append(listener)
        return list(found)

    def backlog(self, end: Position) -> int:
        """Return how many have still to be told something, from whatever thread: about so many."""
        found = 0
        for channel in list(self._channels.values()):
            groups = list(channel.groups)
            told = sum(len(one) for one in groups if one.place.position >= end and not one.place.part)
            found += max(0, channel.members - told)
        return found

    def is_behind(self, end: Position) -> bool:
        """Tell whether somebody who has everything, as he thinks, was not told all that the views have."""
        return any(
            any(group.place.position < end or group.place.part for group in channel.groups)
            or any(listener.place.position < end for listener in channel.idle)
            for channel in self._channels.values()
        )

    def groups(self, key: Key, place: Place) -> list[Group]:
        """Return the groups that stand at a place."""
        channel = self._channels.get(key)
        return [] if channel is None else [one for one in channel.groups if one.place == place]

    def tidy(self, key: Key) -> None:
        """Let groups that stand at the same place become one, as far as they are small."""
        channel = self._channels.get(key)
        if channel is not None:
            self._tidy(channel)

    def paused(self, listener: Listener, now: float) -> None:
        """Note that somebody's line is full: from now on it goes on by itself."""
        if listener.state != "gone":
            self._paused.setdefault(listener, now)
            if listener.group is not None:
                listener.group.part(listener)

    def resumed(self, listener: Listener, now: float) -> None:
        """Go on with somebody who takes something again."""
        self._paused.pop(listener, None)
        if listener in self._of and listener.group is None:
            self.push(listener, now)

    def push(self, listener: Listener, now: float) -> None:
        """Write to somebody what it lacks of its page, as far as it takes it; then seat it anew."""
        line = listener.line
        if line.is_pulled:
            if listener.next() is None:
                # The page was empty: there is nothing to fetch after which it would be seated.
                self.seat(listener, now)
            line.kick()
            return
        while (waiting := listener.waiting()) and line.is_ready():
            for _ in range(line.pour([one.data for one in waiting])):
                listener.took()
        if not line.is_ready():
            self._paused.setdefault(listener, now)
        self.seat(listener, now)

    def seat(self, listener: Listener, now: float) -> None:
        """Let somebody wait for its next page, or join those who have everything."""
        if listener.state == "reading" and listener not in self._paused:
            self._want(listener)
        elif listener.state == "early" or (listener.state == "live" and listener.line.is_pulled):
            self._spoken[listener] = now
            self._channel(listener).idle.add(listener)
        elif listener.state == "live" and listener not in self._paused:
            self._join(listener, now)
        elif listener.state == "leaving" and listener.next() is None and not listener.line.is_pulled:
            self.left(listener)
            listener.line.end()

    def dismiss(self, listener: Listener, reason: ByeReason, now: float) -> None:
        """Let somebody hear a goodbye, as soon as it takes it; the end comes behind it."""
        if listener.group is not None:
            listener.group.part(listener)
        if listener.state in ("leaving", "gone"):
            return
        if listener.leave(reason):
            self.push(listener, now)
        else:
            self._drop(listener)

    def look(self, now: float) -> None:
        """Let go of those who take nothing, and break the silence of all others."""
        for listener, since in list(self._paused.items()):
            is_late = now - since >= self._patience.before_goodbye
            is_too_late = now - since >= self._patience.before_goodbye + self._patience.for_goodbye
            if is_too_late or (is_late and listener.state != "leaving" and not listener.leave("slow")):
                self._drop(listener)
        self._beat(now)

    def _beat(self, now: float) -> None:
        for channel in self._channels.values():
            for group in channel.groups:
                if now - group.spoke >= self._beat_seconds:
                    group.beat(now)
            for listener in [one for one in channel.idle if now - self._spoken[one] >= self._beat_seconds]:
                channel.idle.discard(listener)
                listener.beat()
                self.push(listener, now)

    def _drop(self, listener: Listener) -> None:
        self.left(listener)
        listener.line.drop()

    def _channel(self, listener: Listener) -> Channel:
        return self._of[listener]

    def _want(self, listener: Listener) -> None:
        self._channel(listener).waiting.setdefault(listener.place, []).append(listener)

    def _join(self, listener: Listener, now: float) -> None:
        channel = self._channel(listener)
        for group in channel.groups:
            if group.place == listener.place and len(group) < MOST_TOGETHER:
                group.join(listener)
                return
        group = Group(listener.place, now)
        group.join(listener)
        channel.groups.append(group)

    def _tidy(self, channel: Channel) -> None:
        kept: dict[Place, Group] = {}
        for group in sorted(channel.groups, key=len, reverse=True):
            first = kept.setdefault(group.place, group)
            if first is not group and len(first) + len(group) <= MOST_TOGETHER:
                _merge(first, group)
        channel.groups = [one for one in channel.groups if len(one)]


def _merge(first: Group, other: Group) -> None:
    for listener in other:
        other.part(listener)
        first.join(listener)
        listener.state = "live"
