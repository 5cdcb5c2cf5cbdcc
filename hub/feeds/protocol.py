"""The protocol of the feed, whatever carries it: what a listener is told, in which order. Pure: no sockets, no clock.

A listener catches up from its own place in the log, page by page, at its own speed. Once it has everything it joins a
group: those are told by one loop, from one page, without a copy for each. Whoever does not take what is written leaves
its group, keeps what of the page it lacks, and catches up again by itself. So nobody has a queue, and nobody waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from events.event import Position
from hub.access import Credential
from hub.feeds.bundle import Bundle
from hub.feeds.frames import Frame, Framing, Lump, Place, frame, lumps_of
from projections.event_query import EventQuery

ByeReason = Literal["slow", "revoked", "restart"]
State = Literal["reading", "taking", "early", "live", "leaving", "gone"]
"""Needs a page; has one, and takes it; has all that the views have, which are behind; has everything; is to hear a
goodbye; is not there any more."""

MOST_TOGETHER = 500
"""Members of a group: it is told without a pause, a few milliseconds, and whoever publishes waits for them."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a listener begins.

    Args:
        place: what is behind it already.
        cursor: the opaque form that it keeps until its first message.
        target: the end of the log when it came; `live` is said once this is behind it.
    """

    place: Place
    cursor: str
    target: Position


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Messages in order, and where a listener stands who has them all.

    Args:
        frames: the messages.
        place: behind them.
        is_whole: there was nothing more to tell when they were read.
        seen: how far the log went then.
        framed: what is written for them, by framing; filled when it is first asked for.
    """

    frames: tuple[Frame, ...]
    place: Place
    is_whole: bool
    seen: Position
    framed: dict[Framing, tuple[Lump, ...]]

    def lumps(self, framing: Framing) -> tuple[Lump, ...]:
        """Return what is written to a connection, framed once for all."""
        found = self.framed.get(framing)
        if found is None:
            found = self.framed[framing] = lumps_of(self.frames, framing)
        return found


class Line(Protocol):
    """What carries messages to one listener."""

    framing: Framing
    is_pulled: bool
    """It fetches by itself what it can send, when it is kicked; nothing is written to it."""
    file: int | None
    """Where bytes may be written straight to, as long as it is ready; None: nowhere."""

    def write(self, data: bytes) -> None:
        """Send bytes at once, or keep them until the far end takes them."""

    def pour(self, pieces: Sequence[bytes]) -> int:
        """Send as many pieces as go out now, at least one, of which the last may have to wait; return how many."""

    def is_ready(self) -> bool:
        """Tell whether it is open and little enough waits in it."""

    def kick(self) -> None:
        """Say that there is something to fetch."""

    def end(self) -> None:
        """Close in good order: the goodbye was said."""

    def drop(self) -> None:
        """End at once: the far end takes nothing."""


class Listener:
    """One listener: where it stands, and what it has yet to take of the page that it reads."""

    __slots__ = (
        "_after", "_at", "_is_whole", "_lumps", "_place", "_said_live", "_sent", "_target", "_told", "_turn",
        "credential", "ended", "group", "line", "query", "state",
    )  # fmt: skip

    def __init__(self, credential: Credential | None, query: EventQuery, start: Start, line: Line) -> None:
        self.credential = credential
        self.query = query
        self.line = line
        self.state: State = "reading"
        self.ended: ByeReason = "restart"
        self.group: Group | None = None
        self._place = start.place
        self._told = start.cursor
        self._target = start.target
        self._sent = 0
        self._turn = 0
        self._said_live = False
        self._lumps: tuple[Lump, ...] = ()
        self._at = 0
        self._after = start.place
        self._is_whole = False

    @property
    def place(self) -> Place:
        """What it was told of the log."""
        return self._place if self.group is None else self.group.place

    @property
    def cursor(self) -> str:
        """From where it must resume: the cursor of the last message that it was given whole."""
        group = self.group
        return self._told if group is None or group.turn == self._turn else group.cursor

    @property
    def is_within_message(self) -> bool:
        """Tell whether it was given a part of a message: nothing else can follow that."""
        return self._at > 0 and self._lumps[self._at - 1].last is None

    def offer(self, batch: FeedBatch) -> None:
        """Give it the page that follows its place."""
        self._begin(batch, 0)

    def rest(self, batch: FeedBatch, at: int) -> None:
        """Leave it with what it lacks of a page of which its group was told: all from a lump on."""
        for lump in batch.lumps(self.line.framing)[:at]:
            self._note(lump)
        self._begin(batch, at)

    def _begin(self, batch: FeedBatch, at: int) -> None:
        self._lumps, self._at = batch.lumps(self.line.framing), at
        self._after, self._is_whole = batch.place, batch.is_whole
        self.state = "taking"
        self._turn_page()

    def next(self) -> Lump | None:
        """Return what is to be sent to it now."""
        return self._lumps[self._at] if self._at < len(self._lumps) else None

    def waiting(self) -> tuple[Lump, ...]:
        """Return all that is to be sent to it of the page that it has."""
        return self._lumps[self._at :]

    def took(self) -> None:
        """Note that it was given what `next` returned."""
        self._note(self._lumps[self._at])
        self._at += 1
        self._turn_page()

    def _note(self, lump: Lump) -> None:
        if lump.last is not None:
            self._told = lump.last.cursor
            self._place = lump.last.place or self._place
            self._sent += lump.count

    def _turn_page(self) -> None:
        if self._at < len(self._lumps) or self.state != "taking":
            return
        self._lumps, self._at = (), 0
        self._place = self._after
        if not self._is_whole:
            self.state = "reading"
        elif self._said_live:
            self.state = "live"
        elif self._place.position < self._target:
            self.state = "early"
        else:
            self._said_live = True
            self._say(frame("live", self._told, {"sent": self._sent}))

    def _say(self, said: Frame) -> None:
        self._lumps, self._at = lumps_of([said], self.line.framing), 0

    def beat(self) -> None:
        """Let it hear that the hub is there; only while it has everything."""
        self._say(frame("beat", self._told))
        self.state = "taking"

    def bye(self, reason: ByeReason) -> Frame:
        """Return the message before the end; its cursor says where to resume."""
        return frame("bye", self.cursor, {"reason": reason})

    def leave(self, reason: ByeReason) -> bool:
        """Let it hear a goodbye and nothing else; False if it is within a message, and can hear nothing."""
        if self.line.is_pulled:
            # It says so itself, behind what it is sending.
            self.ended, self.state = reason, "leaving"
            return True
        if self.is_within_message:
            return False
        self._say(self.bye(reason))
        self.ended, self.state = reason, "leaving"
        return True

    def settle(self, group: "Group | None") -> None:
        """Join a group that stands where it stands, or leave the one it is in, and stand by itself."""
        if self.group is not None:
            self._told, self._place = self.cursor, self.group.place
            # What comes next is read from here.
            self._after, self._is_whole = self._place, True
        self.group = group
        self._turn = 0 if group is None else group.turn


class Group:
    """Listeners with the same rights and the same question who have been told the same.

    Args:
        place: where they stand.
        now: seconds of some clock.
    """

    __slots__ = ("_members", "_telling", "cursor", "place", "spoke", "turn")

    def __init__(self, place: Place, now: float) -> None:
        self.place = place
        self.cursor = ""
        self.turn = 0
        self.spoke = now
        self._members: dict[Framing, Bundle] = {}
        self._telling: tuple[FeedBatch, int] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._members.values()))

    def __iter__(self) -> Iterator[Listener]:
        return iter([one for members in self._members.values() for one in members])

    def join(self, listener: Listener) -> None:
        """Take in a listener that stands here and has everything."""
        self._members.setdefault(listener.line.framing, Bundle()).join(listener)
        listener.settle(self)

    def part(self, listener: Listener) -> None:
        """Let a listener go on by itself; in the midst of being told, with what it lacks of it."""
        self._members[listener.line.framing].part(listener)
        listener.settle(None)
        if self._telling is None:
            listener.state = "reading"
        else:
            listener.rest(*self._telling)

    def tell(self, batch: FeedBatch, now: float) -> None:
        """Write a page to every member; whose line is full parts by `part` while this runs."""
        if batch.frames:
            for framing, members in self._members.items():
                for number, lump in enumerate(batch.lumps(framing), 1):
                    self._telling = (batch, number)
                    members.write(lump.data)
            self._telling = None
            self.cursor = batch.frames[-1].cursor
            self.turn += 1
            self.spoke = now
        self.place = batch.place

    def beat(self, now: float) -> None:
        """Let every member hear that the hub is there."""
        framed: dict[tuple[Framing, str], bytes] = {}
        for listener in self:
            key = (listener.line.framing, listener.cursor)
            if key not in framed:
                [lump] = lumps_of([frame("beat", key[1])], key[0])
                framed[key] = lump.data
            listener.line.write(framed[key])
        self.spoke = now
